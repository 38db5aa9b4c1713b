//! The figures that are compared: what each is called, where a run has it, and which way is worse.

use super::recorded::{Block, Recorded, Second};
use crate::report::{rate, span};

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// Acked messages per second.
    Acked,
    /// Received messages per second.
    Consumed,
    /// A percentile of a latency, or its maximum.
    Span(Span, At),
    /// Processor seconds of kdyno for a million messages acked or received.
    Cpu,
}

/// A latency, by its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// Due to acked.
    Publish,
    /// Sent to acked.
    Service,
    /// Due to received.
    EndToEnd,
    /// Sent to received.
    Transit,
}

/// Where in a latency's distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The median.
    P50,
    /// 95 %.
    P95,
    /// 99 %.
    P99,
    /// 99.9 %.
    P999,
    /// The longest, which is one message's luck.
    Max,
}

/// What seconds say of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seconds {
    /// Each second has it.
    Own,
    /// None has it; it lies between these two, which seconds have.
    Between(Figure, Figure),
    /// Nothing.
    Silent,
}

const EACH: [At; 5] = [At::P50, At::P95, At::P99, At::P999, At::Max];

impl Figure {
    /// Those that some of the runs have. Latencies begin when messages are due, or where not all runs have
    /// due times, when they are sent.
    pub(super) fn all(runs: &[&Recorded]) -> Vec<Self> {
        let has = |span: Span| runs.iter().all(|run| Self::Span(span, At::P50).of(run).is_some());
        let either = |due: Span, sent: Span| if has(due) { due } else { sent };
        let spans = [either(Span::Publish, Span::Service), either(Span::EndToEnd, Span::Transit)];
        let spans = spans.into_iter().flat_map(|span| EACH.map(|at| Self::Span(span, at)));
        let all = [Self::Acked, Self::Consumed].into_iter().chain(spans).chain([Self::Cpu]);
        all.filter(|figure| runs.iter().any(|run| figure.of(run).is_some())).collect()
    }

    /// That of a run as a whole; `None` where it has none, or zero, of which there is no ratio.
    pub(super) fn of(self, run: &Recorded) -> Option<f64> {
        self.recorded(run).filter(|value| 0.0 < *value)
    }

    /// That of a run as a whole where it is zero.
    pub(super) fn zero(self, run: &Recorded) -> Option<f64> {
        self.recorded(run).filter(|value| *value <= 0.0)
    }

    /// Whether a run did nothing of what a throughput counts, though it was to; it has none where it never
    /// came to that.
    pub(super) fn is_nothing(self, run: &Recorded) -> bool {
        let is_asked = match self {
            Self::Acked => true,
            Self::Consumed => run.has_readers(),
            Self::Span(..) | Self::Cpu => false,
        };
        is_asked && self.of(run).is_none()
    }

    fn recorded(self, run: &Recorded) -> Option<f64> {
        match self {
            Self::Acked => run.acked.messages_per_second,
            Self::Consumed => run.consumed.messages_per_second,
            Self::Span(span, at) => span.block(run).and_then(|block| at.of(&block)),
            Self::Cpu => run.engine.cpu_seconds_per_million_messages,
        }
    }

    /// That of one second.
    pub(super) fn second(self, second: &Second) -> Option<f64> {
        match self {
            Self::Acked => Some(second.acked),
            Self::Consumed => Some(second.consumed),
            Self::Span(span, at) => {
                let [p50, p99, max] = span.second(second);
                match at {
                    At::P50 => p50,
                    At::P99 => p99,
                    At::Max => max,
                    At::P95 | At::P999 => None,
                }
            }
            Self::Cpu => {
                let messages = Some(second.acked + second.consumed).filter(|of| 0.0 < *of)?;
                Some(second.process_cpu_cores? * 1e6 / messages)
            }
        }
    }

    /// What seconds say of it.
    pub(super) fn by_seconds(self) -> Seconds {
        match self {
            Self::Acked | Self::Consumed | Self::Cpu => Seconds::Own,
            Self::Span(_, At::Max) => Seconds::Silent,
            Self::Span(_, At::P50 | At::P99) => Seconds::Own,
            Self::Span(span, At::P95) => {
                Seconds::Between(Self::Span(span, At::P50), Self::Span(span, At::P99))
            }
            Self::Span(span, At::P999) => {
                Seconds::Between(Self::Span(span, At::P99), Self::Span(span, At::Max))
            }
        }
    }

    /// Whether it can be judged at all: a maximum is one message's luck, also of repeats.
    pub(super) fn is_judged(self) -> bool {
        !matches!(self, Self::Span(_, At::Max))
    }

    /// Whether it counts messages, of which more is better; of all others less is.
    pub(super) fn is_throughput(self) -> bool {
        matches!(self, Self::Acked | Self::Consumed)
    }

    /// Its name for people.
    pub(super) fn name(self) -> String {
        match self {
            Self::Acked => "acked msg/s".to_owned(),
            Self::Consumed => "consumed msg/s".to_owned(),
            Self::Span(span, at) => format!("{} {}", span.names().0, at.names().0),
            Self::Cpu => "cpu s per million".to_owned(),
        }
    }

    /// Its path in `result.json`.
    pub(super) fn path(self) -> String {
        match self {
            Self::Acked => "acked.messages_per_second".to_owned(),
            Self::Consumed => "consumed.messages_per_second".to_owned(),
            Self::Span(span, at) => format!("latency.{}.{}", span.names().1, at.names().1),
            Self::Cpu => "engine.cpu_seconds_per_million_messages".to_owned(),
        }
    }

    /// A value of it for people; a dash where there is none.
    pub(super) fn shown(self, value: Option<f64>) -> String {
        match self {
            Self::Acked | Self::Consumed => rate(value),
            Self::Span(..) => span(value),
            Self::Cpu => value.map_or("-".to_owned(), |value| format!("{value:.3}")),
        }
    }
}

impl Span {
    fn block(self, run: &Recorded) -> Option<Block> {
        match self {
            Self::Publish => run.latency.publish,
            Self::Service => run.latency.service,
            Self::EndToEnd => run.latency.end_to_end,
            Self::Transit => run.latency.transit,
        }
    }

    /// Median, 99th percentile and maximum of one second.
    const fn second(self, of: &Second) -> [Option<f64>; 3] {
        match self {
            Self::Publish => [of.publish_p50_us, of.publish_p99_us, of.publish_max_us],
            Self::Service => [of.service_p50_us, of.service_p99_us, of.service_max_us],
            Self::EndToEnd => [of.end_to_end_p50_us, of.end_to_end_p99_us, of.end_to_end_max_us],
            Self::Transit => [of.transit_p50_us, of.transit_p99_us, of.transit_max_us],
        }
    }

    /// For people, and in the file.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Publish => ("publish", "publish"),
            Self::Service => ("service", "service"),
            Self::EndToEnd => ("end-to-end", "end_to_end"),
            Self::Transit => ("transit", "transit"),
        }
    }
}

impl At {
    fn of(self, block: &Block) -> Option<f64> {
        match self {
            Self::P50 => block.p50_us,
            Self::P95 => block.p95_us,
            Self::P99 => block.p99_us,
            Self::P999 => block.p99_9_us,
            Self::Max => block.max_us,
        }
    }

    /// For people, and in the file.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::P50 => ("p50", "p50_us"),
            Self::P95 => ("p95", "p95_us"),
            Self::P99 => ("p99", "p99_us"),
            Self::P999 => ("p99.9", "p99_9_us"),
            Self::Max => ("max", "max_us"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Made, closed, made};
    use super::{At, Figure, Seconds, Span};

    #[test]
    fn a_closed_loop_is_compared_by_what_begins_at_the_send() {
        let open = made(&Made::plain("open"));
        let names = |runs: &[&super::Recorded]| -> Vec<String> {
            Figure::all(runs).iter().map(|figure| figure.name()).collect()
        };
        let all = names(&[&open, &open]);
        assert_eq!(all.len(), 13, "two rates, five of each latency, the cost: {all:?}");
        assert_eq!(all[2..4], ["publish p50", "publish p95"]);
        let mut closed = closed(open.clone());
        let mixed = names(&[&closed, &open]);
        assert_eq!((mixed[2].as_str(), mixed[11].as_str()), ("service p50", "transit max"));
        closed.latency.transit = None;
        closed.consumed.messages_per_second = Some(0.0);
        closed.engine.cpu_seconds_per_million_messages = None;
        assert_eq!(names(&[&closed]).len(), 6, "what nobody has is left out");
    }

    #[test]
    fn a_percentile_without_seconds_lies_between_two_that_have_some() {
        let (open, closed) = (made(&Made::plain("a")), closed(made(&Made::plain("a"))));
        let of = |run: &super::Recorded| {
            let figures = Figure::all(&[run]).into_iter();
            figures.map(|figure| (figure, run.intervals[3])).collect::<Vec<_>>()
        };
        let mut own = 0;
        for (figure, second) in of(&open).into_iter().chain(of(&closed)) {
            match figure.by_seconds() {
                Seconds::Own => {
                    own += 1;
                    assert!(figure.second(&second).is_some(), "{figure:?}");
                }
                Seconds::Between(one, other) => {
                    assert_eq!(figure.second(&second), None, "{figure:?}");
                    let both = one.second(&second).zip(other.second(&second));
                    assert!(both.is_some_and(|(least, most)| least < most), "{figure:?}");
                }
                Seconds::Silent => assert!(matches!(figure, Figure::Span(_, At::Max))),
            }
        }
        assert_eq!(own, 14, "two rates, two of each latency, the cost, of either run");
    }

    #[test]
    fn names_are_those_of_people_and_of_the_file() {
        let of = |figure: Figure| (figure.name(), figure.path());
        let pair = |name: &str, path: &str| (name.to_owned(), path.to_owned());
        let far = Figure::Span(Span::EndToEnd, At::P999);
        assert_eq!(of(far), pair("end-to-end p99.9", "latency.end_to_end.p99_9_us"));
        assert_eq!(of(Figure::Acked), pair("acked msg/s", "acked.messages_per_second"));
        let shown = [Figure::Acked, far, Figure::Cpu].map(|figure| figure.shown(Some(1_234.5)));
        assert_eq!(shown, ["1,234.5", "1.23 ms", "1234.500"]);
        assert_eq!(Figure::Cpu.shown(None), "-");
    }
}
