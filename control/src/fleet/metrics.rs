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

/// All counters of all tasks, warm-up and measured phase apart, and the latencies of the measured phase.
pub(super) fn text<'task>(tasks: impl Iterator<Item = &'task Task>) -> String {
    let seen: Vec<Seen<'_>> = tasks.map(Seen::of).collect();
    let mut text = Exposition::default();
    metrics::build(&mut text);
    for (index, (name, help, _)) in COUNTERS.iter().enumerate() {
        let samples: Vec<(Labels<'_>, u64)> =
            seen.iter().flat_map(|task| task.samples(index)).collect();
        text.counters((name, help), &samples);
    }
    for (index, (name, help, _)) in HISTOGRAMS.iter().enumerate() {
        let samples: Vec<(Labels<'_>, Histogram)> =
            seen.iter().map(|task| (task.labels(), task.histograms[index].clone())).collect();
        text.histograms((name, help), &samples);
    }
    text.into_text()
}

/// A task's figures at one moment.
struct Seen<'task> {
    id: &'task str,
    role: String,
    /// By phase, in the order of [`COUNTERS`].
    counts: [Vec<u64>; 2],
    /// In the order of [`HISTOGRAMS`].
    histograms: Vec<Histogram>,
}

impl<'task> Seen<'task> {
    fn of(task: &'task Task) -> Self {
        let counters: Vec<_> = COUNTERS.iter().map(|(_, _, value)| *value).collect();
        let latencies: Vec<_> = HISTOGRAMS.iter().map(|(_, _, part)| *part).collect();
        Self {
            id: &task.id,
            role: task.role.to_string(),
            counts: PHASES.map(|(_, phase)| task.counts(phase, &counters)),
            histograms: task.latencies(&latencies).iter().map(Histogram::of).collect(),
        }
    }

    /// A counter's, phase by phase.
    fn samples(&self, counter: usize) -> [(Labels<'_>, u64); 2] {
        let sample = |phase: usize| {
            let labels = self.labels().into_iter().chain([("phase", PHASES[phase].0)]);
            (labels.collect(), self.counts[phase][counter])
        };
        [sample(0), sample(1)]
    }

    fn labels(&self) -> Labels<'_> {
        vec![("task", self.id), ("role", &self.role)]
    }
}
