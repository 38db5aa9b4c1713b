//! From a step that was run to its row of the document.

use super::document::{Pacing, Spans, Throughput};
use super::drive::{Came, physical};
use super::steps::{Sink, Step, word};
use crate::report::{float, micros, per_second, thousandth};
use engine::measure::{Latency, Phase, PhaseTally, Produced};
use engine::plan::{LanePlan, Machine, Pace};
use engine::run::Outcome;
use engine::units::Nanos;

/// Acked messages per second from the start of the measured phase to the last ack; `None` where
/// nothing was acked. The report's `acked.messages_per_second` is the same.
pub(super) fn acked_per_second(outcome: &Outcome, seen: &PhaseTally) -> Option<f64> {
    let last = seen.acked.window.last()?;
    per_second(seen.acked.messages, outcome.start?.measured.until(last))
}

/// The row of a closed loop; in words why there is none.
pub(super) fn throughput(step: &Step, came: &Came) -> Result<Throughput, String> {
    let Came { plan, outcome, broker_cpu_share } = came;
    let seen = outcome.tally.total(Phase::Measured);
    let speed = acked_per_second(outcome, &seen).ok_or("nothing was acked")?;
    let lanes = count(plan.lanes.len());
    let bytes_per_second = speed * float(step.size.0);
    let cores: Vec<usize> = plan.lanes.iter().map(|lane| lane.core).collect();
    let is_null = step.sink == Sink::Null;
    let shares = |lane: &LanePlan| !is_null && has_company(lane, &plan.machine);
    Ok(Throughput {
        of: step.sink.driver().to_owned(),
        lanes,
        message_size: step.size.0,
        messages: seen.acked.messages,
        messages_per_second: speed,
        bytes_per_second: thousandth(bytes_per_second),
        messages_per_second_per_lane: thousandth(speed / float(lanes)),
        bytes_per_second_per_lane: thousandth(bytes_per_second / float(lanes)),
        cpu_seconds_per_million_messages: cost_per_million(outcome),
        efficiency: None,
        shared: Vec::new(),
        physical_cores: count(physical(&plan.machine, &cores)),
        shares_cores: plan.lanes.iter().any(shares),
        cores,
        wait: plan.lanes.first().map_or("", |lane| word(lane.wait)).to_owned(),
        lanes_cpu_share: if is_null { lanes_cpu_share(outcome, lanes) } else { None },
        broker_cpu_share: broker_cpu_share.map(thousandth),
        throttled_periods: outcome.throttled.map(|of| of.periods),
    })
}

/// Whether other lanes, or the clients' own threads, run on the lane's physical core.
fn has_company(lane: &LanePlan, machine: &Machine) -> bool {
    let place =
        |id: usize| machine.cores.iter().find(|core| core.id == id).map(|core| core.physical);
    let own = place(lane.core);
    lane.shares_core || lane.io_cores.iter().any(|core| own.is_some() && place(*core) == own)
}

/// The process's time, which is counted from the start line, over the messages of both phases.
fn cost_per_million(outcome: &Outcome) -> Option<f64> {
    let acked = |phase| outcome.tally.total(phase).acked.messages;
    let all = acked(Phase::Warmup) + acked(Phase::Measured);
    let used = outcome.cost.cpu.as_secs_f64() * 1e6;
    (0 < all && Nanos::ZERO < outcome.cost.cpu).then(|| thousandth(used / float(all)))
}

/// What part of their cores' time the lanes got, from the start line to the planned end: they do nothing
/// but run.
fn lanes_cpu_share(outcome: &Outcome, lanes: u64) -> Option<f64> {
    let start = outcome.start?;
    let span = start.at.until(start.end);
    let all = span.as_secs_f64() * float(lanes);
    (0.0 < all).then(|| thousandth(outcome.cost.cpu.as_secs_f64() / all))
}

/// The row of a lane at a rate; in words why there is none.
pub(super) fn pacing(step: &Step, came: &Came) -> Result<Pacing, String> {
    let Pace::At(rate) = step.pace else { return Err("it has no rate".to_owned()) };
    let seen = came.outcome.tally.total(Phase::Measured);
    let produced = &seen.produced;
    Ok(Pacing {
        wait: word(step.wait).to_owned(),
        messages_per_second: rate.get(),
        due: produced.due,
        sent: produced.messages,
        unsent: produced.unsent,
        rate_error_ppm: rate_error_ppm(produced, rate.get()),
        send_delay: spans(&seen.send_delay),
    })
}

/// Between the first send and the last lie one message less than were sent.
fn rate_error_ppm(produced: &Produced, asked: u64) -> Option<f64> {
    let (first, last) = (produced.window.first()?, produced.window.last()?);
    let between = produced.messages.checked_sub(1)?;
    let span = first.until(last).as_secs_f64();
    (0.0 < span).then(|| thousandth((float(between) / span / float(asked) - 1.0) * 1e6))
}

/// A distribution as the document has it.
pub(super) fn spans(latency: &Latency) -> Spans {
    let some = 0 < latency.count();
    let at = |percent: f64| some.then(|| micros(latency.percentile(percent)));
    Spans {
        count: latency.count(),
        p50_us: at(50.0),
        p99_us: at(99.0),
        p99_9_us: at(99.9),
        max_us: some.then(|| micros(latency.max())),
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).expect("a count fits in 64 bits")
}

#[cfg(test)]
mod tests {
    use super::{has_company, rate_error_ppm, spans};
    use engine::measure::{Latency, Produced};
    use engine::plan::{Core, LanePlan, LaneWork, Machine};
    use engine::time::WaitMode;
    use engine::units::{Nanos, Timestamp};

    #[test]
    fn the_rates_error_is_between_the_first_send_and_the_last() {
        let check = |messages: u64, micros: u64, asked: u64, expected: Option<f64>| {
            let mut produced = Produced { messages, ..Produced::default() };
            let begun = Timestamp::from_nanos(1_700_000_000_000_000_000);
            produced.window.include(begun);
            produced.window.include(begun + Nanos(micros * 1_000));
            let got = rate_error_ppm(&produced, asked);
            let is_near = match (got, expected) {
                (Some(got), Some(expected)) => (got - expected).abs() < 0.01,
                (got, expected) => got == expected,
            };
            assert!(is_near, "{messages} in {micros} us at {asked}/s: {got:?}");
        };
        check(11, 1_000_000, 10, Some(0.0));
        check(11, 1_000_100, 10, Some(-99.99));
        check(11, 999_990, 10, Some(10.0));
        check(1_001, 2_000_000, 1_000, Some(-500_000.0));
        check(1, 0, 10, None);
        assert_eq!(rate_error_ppm(&Produced::default(), 10), None, "nothing was sent");
    }

    #[test]
    fn company_is_a_thread_on_the_same_physical_core() {
        let core = |id| Core { id, node: 0, physical: id % 2 };
        let machine = Machine { cores: (0..4).map(core).collect(), quota: None };
        let check = |io_cores: &[usize], shares_core: bool, expected: bool| {
            let lane = LanePlan {
                name: "produce-0".to_owned(),
                core: 1,
                node: 0,
                cores: vec![1],
                shares_core,
                io_cores: io_cores.to_vec(),
                wait: WaitMode::Spin,
                work: LaneWork::Consume { clients: Vec::new() },
            };
            assert_eq!(has_company(&lane, &machine), expected, "{io_cores:?}, {shares_core}");
        };
        check(&[0, 2], false, false);
        check(&[0, 3], false, true);
        check(&[0, 2], true, true);
        check(&[9], false, false);
    }

    #[test]
    fn a_distribution_without_samples_has_no_percentiles() {
        let mut latency = Latency::default();
        let none = spans(&latency);
        assert_eq!((none.count, none.p50_us, none.max_us), (0, None, None), "null, never zero");
        latency.record(Some(Nanos(1_500)));
        let one = spans(&latency);
        assert_eq!((one.count, one.max_us), (1, Some(1.5)), "in microseconds");
    }
}
