//! `GET /metrics` of a worker: what its tasks have done so far, for Prometheus.

use super::call::Answer;
use super::task::Task;
use crate::metrics::{self, COUNTERS, Exposition, HISTOGRAMS, Histogram, Labels};
use engine::measure::Phase;

/// The phases, as labels have them.
const PHASES: [(&str, Phase); 2] = [("warmup", Phase::Warmup), ("measured", Phase::Measured)];

/// A text as an answer.
pub(super) fn answer(text: String) -> Answer {
    Answer { content_type: metrics::CONTENT_TYPE.into(), ..Answer::text(200, text) }
}

/// All counters of all tasks, warm-up and measured phase apart, and the latencies of the measured phase. A
/// task whose streams have no due times says nothing of what begins there.
pub(super) fn text<'task>(tasks: impl Iterator<Item = &'task Task>) -> String {
    let seen: Vec<Seen<'_>> = tasks.map(Seen::of).collect();
    let mut text = Exposition::default();
    metrics::build(&mut text);
    for (index, (name, help, _)) in COUNTERS.iter().enumerate() {
        let samples: Vec<(Labels<'_>, u64)> =
            seen.iter().flat_map(|task| task.samples(index)).collect();
        if seen.is_empty() || !samples.is_empty() {
            text.counters((name, help), &samples);
        }
    }
    for (index, (name, help, _)) in HISTOGRAMS.iter().enumerate() {
        let samples: Vec<(Labels<'_>, Histogram)> = seen
            .iter()
            .filter_map(|task| Some((task.labels(), task.histograms[index].clone()?)))
            .collect();
        if seen.is_empty() || !samples.is_empty() {
            text.histograms((name, help), &samples);
        }
    }
    text.into_text()
}

/// A task's figures at one moment.
struct Seen<'task> {
    id: &'task str,
    role: String,
    /// By phase, in the order of [`COUNTERS`]; `None` for what the task's streams do not have.
    counts: [Vec<Option<u64>>; 2],
    /// In the order of [`HISTOGRAMS`]; `None` as above.
    histograms: Vec<Option<Histogram>>,
}

impl<'task> Seen<'task> {
    fn of(task: &'task Task) -> Self {
        let counters: Vec<_> = COUNTERS.iter().map(|(_, _, value)| *value).collect();
        let latencies: Vec<_> = HISTOGRAMS.iter().map(|(_, _, part)| *part).collect();
        Self {
            id: &task.id,
            role: task.role.to_string(),
            counts: PHASES.map(|(_, phase)| task.counts(phase, &counters)),
            histograms: task
                .latencies(&latencies)
                .iter()
                .map(|latency| latency.as_ref().map(Histogram::of))
                .collect(),
        }
    }

    /// A counter's, phase by phase.
    fn samples(&self, counter: usize) -> impl Iterator<Item = (Labels<'_>, u64)> {
        PHASES.iter().zip(&self.counts).filter_map(move |((phase, _), counts)| {
            let labels = self.labels().into_iter().chain([("phase", *phase)]);
            Some((labels.collect(), counts[counter]?))
        })
    }

    fn labels(&self) -> Labels<'_> {
        vec![("task", self.id), ("role", &self.role)]
    }
}
