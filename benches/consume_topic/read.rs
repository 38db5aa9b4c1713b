//! Reads a topic to its end with one consuming lane, and tells what the recorder saw.

use crate::DEADLINE;
use engine::host::machine;
use engine::kafka::KafkaTarget;
use engine::lane::{Board, Go, LaneSetup, Signal, Stage, StartLine, Timeline, spawn};
use engine::measure::{Collector, PhaseTally, Tally, mailboxes};
use engine::plan::{Demand, Plan, Wishes};
use engine::time::{Border, Clock, RunClock};
use engine::units::Nanos;
use kdyno_benches::run_clock;
use std::sync::Arc;

/// How often the lane's position is looked at.
const TURN: Nanos = Nanos::from_millis(20);

/// Reads the demand's topic from its beginning up to `ends`, as a group of one.
pub(crate) fn read(demand: Demand, ends: &[i64]) -> Result<String, String> {
    let mut alone = demand.clone();
    alone.streams[0].producers_per_topic = 0;
    let plan = Plan::new(alone, &machine(), &Wishes::default());
    let plan = plan.map_err(|error| error.to_string())?;
    assert!(plan.lanes.len() == 1, "one consumer makes one lane");
    // Of messages that nobody of a plan sends a recorder takes counts alone: these are this run's own.
    let plan = Plan { demand, ..plan };
    let (mut boxes, mut collector) = mailboxes(&plan.demand, 1);
    let clock = run_clock();
    let setup = LaneSetup {
        target: Arc::new(KafkaTarget::new(&plan.demand.clients)),
        plan: Arc::new(plan),
        clock,
        signal: Arc::new(Signal::new(1)),
        board: Arc::new(Board::new(1)),
    };
    // From the start, because a draining lane says how far it has come.
    setup.signal.advance(Stage::Draining);
    let line = StartLine::new(1);
    let lane = spawn(&setup, 0, boxes.pop().expect("one lane"), line.ticket());
    let lane = lane.map_err(|error| error.to_string())?;
    let now = clock.now();
    let (border, none) = (Border::fixed(now, now), Nanos::ZERO);
    line.release(Go::Run(Timeline { from: border.start(), border, measured: none, grace: none }));
    let followed = follow(&setup.board, &mut collector, ends, clock);
    setup.signal.advance(Stage::Closing);
    let until = clock.now() + DEADLINE;
    while collector.end(0).is_none() && clock.now() < until {
        let _complete = collector.collect(TURN);
    }
    followed?;
    lane.join().map_err(|error| error.to_string())?;
    told(&collector.total(), ends.iter().sum())
}

/// Collects what the lane hands over until its positions have reached the ends.
fn follow(
    board: &Board,
    collector: &mut Collector,
    ends: &[i64],
    clock: RunClock,
) -> Result<(), String> {
    let end: i64 = ends.iter().sum();
    let (mut reached, mut moved_at) = (0, clock.now());
    while reached < end {
        let _complete = collector.collect(TURN);
        let slot = board.slot(0).clone();
        if let Some(words) = slot.failed {
            return Err(words);
        }
        let positions = slot.members.iter().flat_map(|member| &member.position);
        let position = positions.map(|moved| moved.next).sum();
        if reached < position {
            (reached, moved_at) = (position, clock.now());
        } else if moved_at + DEADLINE < clock.now() {
            return Err(format!("nothing came for {DEADLINE}, after {reached} messages of {end}"));
        }
    }
    Ok(())
}

/// What was read, if it is all that there was, all ours, and recorded.
fn told(total: &Tally, expected: i64) -> Result<String, String> {
    // What is ours was due before this run began, so to the recorder it is warm-up; what is not ours
    // was due at no time that anybody knows, so it belongs to the present.
    let PhaseTally { consumed, end_to_end, transit, .. } = &total.streams[0].warmup;
    let (consumed, present) = (&consumed[0], &total.streams[0].measured.consumed[0]);
    let foreign = consumed.foreign + present.foreign;
    let corrupted = consumed.corrupted + present.corrupted;
    let recorded = [consumed.messages, end_to_end.count(), transit.count()];
    let window = consumed.window.first().zip(consumed.window.last());
    match window {
        Some((first, last))
            if foreign + corrupted == 0
                && recorded.iter().all(|count| i64::try_from(*count) == Ok(expected)) =>
        {
            let seconds = first.until(last).as_secs_f64();
            Ok(format!("messages {expected}\nseconds {seconds:.6}\n"))
        }
        _ => Err(format!(
            "{expected} messages should be ours: {} are, {foreign} foreign, {corrupted} corrupted, latencies of {} and {}",
            recorded[0], recorded[1], recorded[2],
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::told;
    use engine::measure::Tally;
    use engine::units::{Nanos, Timestamp};

    fn total(messages: u64, foreign: u64, corrupted: u64) -> Tally {
        let mut total = Tally::new(&kdyno_benches::demand(Nanos::ZERO));
        let warmup = &mut total.streams[0].warmup;
        for at in 0..messages {
            warmup.consumed[0].messages += 1;
            warmup.consumed[0].window.include(Timestamp::from_nanos(at * 500_000_000));
            warmup.end_to_end.record(Some(Nanos(1)));
            warmup.transit.record(Some(Nanos(1)));
        }
        total.streams[0].measured.consumed[0].foreign = foreign;
        total.streams[0].measured.consumed[0].corrupted = corrupted;
        total
    }

    #[test]
    fn only_a_topic_read_in_whole_and_all_ours_passes() {
        let told_of = |messages, foreign, corrupted| told(&total(messages, foreign, corrupted), 4);
        assert_eq!(told_of(4, 0, 0).as_deref(), Ok("messages 4\nseconds 1.500000\n"), "all");
        for (messages, foreign, corrupted) in
            [(3, 0, 0), (5, 0, 0), (4, 1, 0), (3, 0, 1), (0, 4, 0)]
        {
            let fault =
                told_of(messages, foreign, corrupted).expect_err("not all, or not all ours");
            let words = format!("{messages} are, {foreign} foreign, {corrupted} corrupted");
            assert!(fault.contains(&words), "{fault}");
        }
    }
}
