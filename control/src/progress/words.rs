//! Seconds and steps of a run as lines: plain text, fit to be pasted.

use engine::plan::Demand;
use engine::run::{BacklogStep, Interval};
use engine::search::Step;
use engine::units::Nanos;

/// One second, ready to paste; `-` where nothing was measured.
pub(super) fn second(interval: &Interval, is_timed: IsTimed) -> String {
    let IsTimed(is_timed) = is_timed;
    let acked = |span| millis((is_timed && 0 < interval.acked).then_some(span));
    let read = |span| millis((is_timed && 0 < interval.consumed).then_some(span));
    format!(
        "{:>5} s | sent {:>8} | acked {:>8} | read {:>8} | backlog {:>6} | errors {} | publish p50 {} p99 {} max {} | end-to-end p50 {} p99 {}",
        interval.second,
        interval.produced,
        interval.acked,
        interval.consumed,
        interval.backlog,
        interval.errors,
        acked(interval.publish_p50),
        acked(interval.publish_p99),
        acked(interval.publish_max),
        read(interval.end_to_end_p50),
        read(interval.end_to_end_p99),
    )
}

/// Whether messages have due times: without there is neither publish nor end-to-end latency to tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct IsTimed(pub(super) bool);

/// A step of a search, ready to paste.
pub(super) fn step(step: &Step) -> String {
    let rate = step.rate;
    let held = match step.cause {
        None => "sustained".to_owned(),
        Some(cause) => format!("not sustained ({})", cause.word()),
    };
    format!(
        "{rate}/s for {} s: {held}, acked {:.0}/s | unanswered {:.2} s | backlog {} | publish p50 {} p99 {} max {}",
        step.seconds,
        step.acked_per_second(),
        step.lag_s,
        step.backlog,
        millis(step.publish_p50),
        millis(step.publish_p99),
        millis(step.publish_max),
    )
}

/// OMB's words for the steps of a backlog, with the numbers.
pub(super) fn tell_backlog(step: BacklogStep) {
    match step {
        BacklogStep::Held(asked) => tracing::info!(
            "Stopping all consumers to build backlog: {} messages, {}",
            asked.messages,
            asked.bytes
        ),
        BacklogStep::Stands(unread, after) => {
            tracing::info!(
                "--- Completed backlog build in {} --- {} messages are unread",
                seconds(after),
                unread.messages
            );
            tracing::info!("--- Start draining backlog ---");
        }
        BacklogStep::Drained(left, after) => tracing::info!(
            "--- Completed backlog draining in {} --- {} messages are left",
            seconds(after),
            left.messages
        ),
        BacklogStep::GivenUp(unread, after) => tracing::warn!(
            "the backlog is given up after {}, {} messages are unread: ending the run",
            seconds(after),
            unread.messages
        ),
    }
}

/// How many topics there are, and how they are named.
pub(super) fn topics(demand: &Demand) -> String {
    let all = demand.streams.iter().flat_map(|stream| &stream.topics);
    let names: Vec<&str> = all.map(|topic| topic.name.as_str()).collect();
    match names.as_slice() {
        [] => "topics: none".to_owned(),
        [one] => format!("topics: 1, {one}"),
        [first, .., last] => format!("topics: {}, {first} to {last}", names.len()),
    }
}

/// A latency in milliseconds; a dash where there is none.
pub(super) fn millis(span: Option<Nanos>) -> String {
    let in_millis = |known: Nanos| format!("{:.2} ms", known.as_micros_f64() / 1_000.0);
    span.map_or_else(|| "-".to_owned(), in_millis)
}

/// A span in seconds.
pub(super) fn seconds(span: Nanos) -> String {
    format!("{:.2} s", span.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{IsTimed, second};
    use engine::run::Interval;
    use engine::units::Nanos;

    #[test]
    fn what_was_not_measured_is_a_dash_and_no_zero() {
        let check = |acked: u64, is_timed: bool, expected: &str| {
            let publish_p50 = Nanos::from_millis(2);
            let interval = Interval { acked, publish_p50, ..Interval::default() };
            let told = second(&interval, IsTimed(is_timed));
            assert!(told.contains(expected), "{acked} acked, timed {is_timed}: {told}");
        };
        check(1, true, "publish p50 2.00 ms p99 0.00 ms");
        check(0, true, "publish p50 - p99 - max - | end-to-end p50 - p99 -");
        check(1, false, "publish p50 - p99 - max -");
    }
}
