//! Goes through the steps, one after the other, and fills the document.

use super::document::Ceiling;
use super::drive::{Stage, Stop, best_cores, drive};
use super::steps::{self, Sink, Step};
use super::{probe, rows, sharing};
use engine::units::{Bytes, Nanos};

/// The user wants the end.
pub(super) struct Interrupted;

/// Measures everything. What fails is told in the document, and the next step is tried all the same.
///
/// # Errors
/// When the user interrupts it; what was measured until then is in the document.
pub(super) fn measure(
    stage: &Stage<'_>,
    document: &mut Ceiling,
    step: Nanos,
) -> Result<(), Interrupted> {
    let ended = go(stage, document, step);
    sharing::judge(&mut document.throughput, document.copy_bytes_per_second);
    if let Some(remark) = sharing::disturbance(document) {
        tracing::warn!("{remark}");
        document.remarks.push(remark);
    }
    document.complete = ended.is_ok() && document.failures.is_empty();
    ended
}

fn go(stage: &Stage<'_>, document: &mut Ceiling, step: Nanos) -> Result<(), Interrupted> {
    let size = Bytes(document.message_size);
    probes(stage, document, step)?;
    throughput(stage, document, (size, step))?;
    pacing(stage, document, (size, step))
}

/// Notes a fault, and lets the next step be tried; an interrupt ends everything.
fn note<T>(
    document: &mut Ceiling,
    what: &str,
    result: Result<T, Stop>,
) -> Result<Option<T>, Interrupted> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Interrupted) => Err(Interrupted),
        Err(Stop::Failed(words)) => {
            tracing::error!("{what}: {words}");
            document.failures.push(format!("{what}: {words}"));
            Ok(None)
        }
    }
}

/// What the machine does by itself, on the core that the first lane will have.
fn probes(stage: &Stage<'_>, document: &mut Ceiling, length: Nanos) -> Result<(), Interrupted> {
    let clock = stage.clock;
    let core = best_cores(&stage.machine, 1).first().copied().unwrap_or(0);
    tracing::info!("core {core}: clock, timers and hiccups, for {length}");
    let is_over = || stage.interrupt.is_raised();
    let look = || (probe::timer(clock, core), probe::hiccups(clock, core, length, is_over));
    let probed = probe::on_core(core, look).map_err(Stop::Failed);
    let probed = note(document, "timer and hiccups", probed)?;
    (document.timer, document.hiccups) = probed.unzip();
    if stage.interrupt.is_raised() {
        return Err(Interrupted);
    }
    let copied = probe::on_core(core, || probe::copy_bytes_per_second(clock));
    let copied = note(document, "copying of memory", copied.map_err(Stop::Failed))?;
    document.copy_bytes_per_second = copied.flatten();
    Ok(())
}

/// As fast as it goes.
fn throughput(
    stage: &Stage<'_>,
    document: &mut Ceiling,
    (size, measured): (Bytes, Nanos),
) -> Result<(), Interrupted> {
    for step in steps::throughput(stage.machine.cores.len(), size, measured) {
        let row = run(stage, &step, rows::throughput);
        if let Some(row) = note(document, &step.to_string(), row)? {
            tracing::info!("{step}: {:.0} messages per second", row.messages_per_second);
            document.throughput.push(row);
        }
    }
    Ok(())
}

/// At given rates, up to what one lane does against the null sink.
fn pacing(
    stage: &Stage<'_>,
    document: &mut Ceiling,
    (size, measured): (Bytes, Nanos),
) -> Result<(), Interrupted> {
    let Some(most) = most_of_one_lane(document) else {
        let words = "what one lane does at most against the null sink is not known".to_owned();
        return note::<()>(document, "pacing", Err(Stop::Failed(words))).map(|_| ());
    };
    for step in steps::pacing(most, size, measured) {
        let row = run(stage, &step, rows::pacing);
        if let Some(row) = note(document, &step.to_string(), row)? {
            let delay = row.send_delay.p99_us.unwrap_or_default();
            tracing::info!("{step}: {} sent, send delay p99 {delay} us", row.sent);
            document.pacing.push(row);
        }
    }
    Ok(())
}

fn run<R>(
    stage: &Stage<'_>,
    step: &Step,
    row: fn(&Step, &super::drive::Came) -> Result<R, String>,
) -> Result<R, Stop> {
    let came = drive(step, stage)?;
    row(step, &came).map_err(Stop::Failed)
}

/// Whole messages per second of one lane against the null sink, at the size that was asked for.
fn most_of_one_lane(document: &Ceiling) -> Option<u64> {
    let of = Sink::Null.driver();
    let mut rows = document.throughput.iter().filter(|row| row.of == of && row.lanes == 1);
    let speed = rows.find(|row| row.message_size == document.message_size)?.messages_per_second;
    // Through its text: there is no lossless way from a float, and a rate is far below 2^53.
    format!("{speed:.0}").parse().ok().filter(|most| 0 < *most)
}

#[cfg(test)]
mod tests {
    use super::super::document::Ceiling;
    use super::super::fixture::ceiling;
    use super::{Interrupted, Stop, most_of_one_lane, note};

    #[test]
    fn the_rates_go_up_to_the_null_sinks_row_of_one_lane_and_the_asked_size() {
        let check = |change: fn(&mut Ceiling), expected: Option<u64>| {
            let mut document = ceiling();
            change(&mut document);
            assert_eq!(most_of_one_lane(&document), expected, "messages per second");
        };
        check(|_| {}, Some(9_700_000));
        check(|of| of.throughput[0].messages_per_second = 1_234.567, Some(1_235));
        check(|of| of.throughput[0].messages_per_second = 0.2, None);
        check(|of| of.throughput[0].lanes = 2, None);
        check(|of| of.message_size = 65_536, Some(7_900_000));
        check(|of| of.throughput.clear(), None);
    }

    #[test]
    fn a_fault_is_noted_and_an_interrupt_ends_everything() {
        let mut document = ceiling();
        let mut check = |result: Result<u64, Stop>, expected: Result<Option<u64>, &str>| {
            let got = note(&mut document, "a step", result).map_err(|Interrupted| "interrupted");
            assert_eq!(got, expected, "what goes on");
            document.failures.clone()
        };
        assert_eq!(check(Ok(7), Ok(Some(7))), [""; 0], "as it is");
        let broke = Err(Stop::Failed("it broke".to_owned()));
        assert_eq!(check(broke, Ok(None)), ["a step: it broke"], "and the next is tried");
        assert_eq!(check(Err(Stop::Interrupted), Err("interrupted")).len(), 1, "no fault");
    }
}
