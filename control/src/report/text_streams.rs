//! Several streams, a row each: what each was asked and did, and how long its messages took.

use super::Report;
use super::latency::Block;
use super::streams::StreamPart;
use super::text_table::{count, rate, span, table};

/// What came of each stream's messages: rows under their heads; none where there is one stream.
pub(super) fn count_rows(report: &Report) -> Vec<Vec<String>> {
    let head = ["stream", "bytes", "asked msg/s", "acked msg/s", "due", "acked", "received"];
    rows(report, &head, |part| {
        let sent = &part.produced;
        vec![
            part.name.clone(),
            count(part.message_size),
            sent.target_messages_per_second.map_or_else(|| "max".to_owned(), count),
            rate(part.acked.flow.messages_per_second),
            // Of a closed loop nothing is due: what it tried.
            count(sent.due.unwrap_or(sent.attempted)),
            count(part.acked.messages),
            count(part.consumed.messages),
        ]
    })
}

/// How long each stream's messages took, likewise.
pub(super) fn latency_rows(report: &Report) -> Vec<Vec<String>> {
    let head = [
        "stream",
        "publish p50",
        "p99",
        "max",
        "service p50",
        "p99",
        "end-to-end p50",
        "p99",
        "max",
    ];
    rows(report, &head, |part| {
        let of = &part.latency;
        let at = |block: &Option<Block>, figure: fn(&Block) -> Option<f64>| {
            span(block.as_ref().filter(|block| 0 < block.count).and_then(figure))
        };
        vec![
            part.name.clone(),
            at(&of.publish, |block| block.p50_us),
            at(&of.publish, |block| block.p99_us),
            at(&of.publish, |block| block.max_us),
            at(&of.service, |block| block.p50_us),
            at(&of.service, |block| block.p99_us),
            at(&of.end_to_end, |block| block.p50_us),
            at(&of.end_to_end, |block| block.p99_us),
            at(&of.end_to_end, |block| block.max_us),
        ]
    })
}

fn rows(
    report: &Report,
    head: &[&str],
    row: impl Fn(&StreamPart) -> Vec<String>,
) -> Vec<Vec<String>> {
    if report.streams.is_empty() {
        return Vec::new();
    }
    let head = head.iter().map(|name| (*name).to_owned()).collect();
    std::iter::once(head).chain(report.streams.iter().map(row)).collect()
}

/// Both as text, before the latencies of all streams together; nothing where there is one stream.
pub(super) fn text(report: &Report) -> String {
    if report.streams.is_empty() {
        return String::new();
    }
    format!(
        "{}\n{}Below, the latencies of all streams together.\n",
        table(&count_rows(report)),
        table(&latency_rows(report))
    )
}

#[cfg(test)]
mod tests {
    use super::{count_rows, latency_rows, text};
    use crate::report::fixture::{self, Made};
    use engine::plan::Pace;

    #[test]
    fn each_stream_has_a_row_of_its_own_figures() {
        let made = Made::two_streams();
        fixture::golden("summary-streams.txt", &text(&fixture::report(&made)));
        let mut closed = Made::two_streams();
        closed.plan.demand.streams[1].pace = Pace::Max { in_flight: None };
        let report = fixture::report(&closed);
        let [counts, latencies] = [count_rows(&report), latency_rows(&report)];
        assert_eq!((counts[2][0].as_str(), counts[2][2].as_str()), ("side", "max"), "no rate");
        assert_eq!(latencies[2][1..4], ["-", "-", "-"], "no due times, no publish latency");
        assert_ne!(latencies[2][4], "-", "what it waited since it was sent");
        assert_ne!(latencies[1][1], "-", "the other has both");
    }

    #[test]
    fn one_stream_needs_no_rows() {
        assert_eq!(text(&fixture::report(&Made::clean())), "", "the summary has it all");
    }
}
