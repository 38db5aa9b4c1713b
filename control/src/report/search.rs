//! A search for the highest sustainable rate, as the file and the summary write it.

use super::number::micros;
use super::text_table::{table, wrapped};
use engine::run::Outcome;
use engine::search::{Cause, Step, StepKind};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A search.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Search {
    /// The answer: the highest rate that was sustained; null where none was.
    pub sustainable_messages_per_second: Option<u64>,
    /// How far the limit may lie from it: to the next rate that was not sustained, or what confirmations
    /// differ by, whichever is more; null where no rate was too much.
    pub error: Option<f64>,
    /// Whether every confirmation held.
    pub confirmed: bool,
    /// What keeps the rate from being higher: `throughput`, `slo` or `client`; null where nothing did.
    pub bound_by: Option<Cow<'static, str>>,
    /// The same in full: `throughput`, `backlog` (readers), `errors`, `slo` or `client`.
    pub cause: Option<Cow<'static, str>>,
    /// How often the cluster took less than it had sustained before.
    pub capacity_changes: u32,
    /// Why there is no answer; null where there is one.
    pub gave_up: Option<Cow<'static, str>>,
    /// Every rate that was held, in the order of time: by rate, the knee.
    pub steps: Vec<SearchStep>,
}

/// A rate that was held.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SearchStep {
    /// `bracket`, `probe`, `confirm` or `measured`.
    pub kind: Cow<'static, str>,
    /// Seconds from the start of the load to the first that was looked at.
    pub t_s: i64,
    /// How many seconds were looked at.
    pub seconds: u32,
    /// Due per second.
    pub rate: u64,
    /// Acked per second.
    pub acked_per_second: f64,
    /// Errors.
    pub errors: u64,
    /// Unanswered at the end, in seconds of this load.
    pub unanswered_s: f64,
    /// Unread at the end.
    pub backlog: u64,
    /// Publish latency, median; null where nothing was acked, here and below.
    pub publish_p50_us: Option<f64>,
    /// Publish latency, 99th percentile.
    pub publish_p99_us: Option<f64>,
    /// Publish latency, 99.9th percentile.
    pub publish_p99_9_us: Option<f64>,
    /// Publish latency, maximum.
    pub publish_max_us: Option<f64>,
    /// End-to-end latency, 99th percentile; null where nothing was read.
    pub end_to_end_p99_us: Option<f64>,
    /// Whether the rate was sustained.
    pub sustainable: bool,
    /// Why it was not; null where it was.
    pub cause: Option<Cow<'static, str>>,
}

impl Search {
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let end = outcome.search.as_ref()?;
        let is_answer = |step: &&Step| {
            let kind = matches!(step.kind, StepKind::Confirm | StepKind::Measured);
            kind && step.rate == end.sustainable
        };
        let confirmations: Vec<f64> =
            end.steps.iter().filter(is_answer).map(Step::acked_per_second).collect();
        let most = confirmations.iter().copied().reduce(f64::max).unwrap_or(0.0);
        let least = confirmations.iter().copied().reduce(f64::min).unwrap_or(0.0);
        let gap = |above: u64| float(above.abs_diff(end.sustainable));
        Some(Self {
            sustainable_messages_per_second: Some(end.sustainable).filter(|rate| 0 < *rate),
            error: end.above.map(gap).map(|gap| gap.max(most - least)),
            confirmed: end.confirmed,
            bound_by: end.bound_by.map(bound_by),
            cause: end.bound_by.map(word),
            capacity_changes: end.changes,
            gave_up: end.gave_up.map(Cow::Borrowed),
            steps: end.steps.iter().map(SearchStep::of).collect(),
        })
    }
}

impl SearchStep {
    fn of(step: &Step) -> Self {
        Self {
            kind: step.kind.word().into(),
            t_s: step.from_s,
            seconds: step.seconds,
            rate: step.rate,
            acked_per_second: step.acked_per_second(),
            errors: step.errors,
            unanswered_s: step.lag_s,
            backlog: step.backlog,
            publish_p50_us: step.publish_p50.map(micros),
            publish_p99_us: step.publish_p99.map(micros),
            publish_p99_9_us: step.publish_p999.map(micros),
            publish_max_us: step.publish_max.map(micros),
            end_to_end_p99_us: step.end_to_end_p99.map(micros),
            sustainable: step.is_sustained(),
            cause: step.cause.map(word),
        }
    }
}

fn word(cause: Cause) -> Cow<'static, str> {
    cause.word().into()
}

/// What bounds a rate that has this cause.
fn bound_by(cause: Cause) -> Cow<'static, str> {
    match cause {
        Cause::Throughput | Cause::Backlog | Cause::Errors => "throughput",
        Cause::Slo => "slo",
        Cause::Client => "client",
    }
    .into()
}

/// The search in the summary: the answer in a sentence, and the knee as a table by rate.
pub(super) fn in_words(search: Option<&Search>) -> String {
    let Some(search) = search else { return String::new() };
    let (answer, rows) = (wrapped(&answer(search), "", 100), knee_rows(search));
    format!("{answer}knee, by rate (each step's own seconds):\n{}", table(&rows))
}

/// A row for each rate that was held, by rate, under their heads.
pub(super) fn knee_rows(search: &Search) -> Vec<Vec<String>> {
    let mut steps: Vec<&SearchStep> = search.steps.iter().collect();
    steps.sort_by_key(|step| (step.rate, step.t_s));
    let head =
        ["rate/s", "step", "acked/s", "publish p50", "p99", "max", "unanswered", "backlog", ""];
    let rows = steps.into_iter().map(|step| {
        let millis = |micros: Option<f64>| {
            micros.map_or("-".to_owned(), |micros| format!("{:.2} ms", micros / 1_000.0))
        };
        let held =
            step.cause.as_ref().map_or("sustained".to_owned(), |cause| format!("no: {cause}"));
        vec![
            step.rate.to_string(),
            format!("{} {} s", step.kind, step.seconds),
            format!("{:.0}", step.acked_per_second),
            millis(step.publish_p50_us),
            millis(step.publish_p99_us),
            millis(step.publish_max_us),
            format!("{:.2} s", step.unanswered_s),
            step.backlog.to_string(),
            held,
        ]
    });
    std::iter::once(head.map(str::to_owned).to_vec()).chain(rows).collect()
}

/// What it came to, in a sentence.
pub(super) fn answer(search: &Search) -> String {
    let Some(rate) = search.sustainable_messages_per_second else {
        let why = search.gave_up.as_deref().unwrap_or("it did not come to an end");
        return format!("search: no sustainable rate was found: {why}");
    };
    let error = search.error.map_or(String::new(), |error| format!(" +/- {error:.0}"));
    let stands = if search.confirmed { "confirmed" } else { "NOT confirmed" };
    let bound = match search.bound_by.as_deref() {
        None => "nothing bounds it up to the highest rate that was tried",
        Some("client") => "bound by this host, not by the cluster",
        Some("slo") => "bound by the objective",
        Some(_) => match search.cause.as_deref() {
            Some("backlog") => "bound by how fast it is read",
            Some("errors") => "bound by errors",
            _ => "bound by throughput",
        },
    };
    format!("search: {rate} messages per second are sustained{error}, {stands}; {bound}")
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 messages a rate is told to 16 digits")]
const fn float(count: u64) -> f64 {
    count as f64
}

/// A made-up run that found its rate, bounded by throughput, for tests.
#[cfg(test)]
pub(super) fn made() -> super::fixture::Made {
    use engine::search::SearchEnd;
    use engine::units::Nanos;
    let mut made = super::fixture::Made::clean();
    let step = |kind: StepKind, (from_s, rate): (i64, u64), cause: Option<Cause>| Step {
        kind,
        rate,
        from_s,
        seconds: 3,
        due: rate * 3,
        acked: if cause.is_none() { rate * 3 } else { rate * 2 },
        errors: 0,
        lag_s: 0.25,
        backlog: 12,
        publish_p50: Some(Nanos::from_millis(1)),
        publish_p99: Some(Nanos::from_millis(4)),
        publish_p999: Some(Nanos::from_millis(6)),
        publish_max: Some(Nanos::from_millis(9)),
        end_to_end_p99: Some(Nanos::from_millis(5)),
        cause,
    };
    made.outcome.search = Some(SearchEnd {
        sustainable: 20_000,
        above: Some(21_000),
        confirmed: true,
        bound_by: Some(Cause::Throughput),
        changes: 0,
        gave_up: None,
        steps: vec![
            step(StepKind::Probe, (5, 21_000), Some(Cause::Throughput)),
            step(StepKind::Confirm, (12, 20_000), None),
        ],
    });
    made
}
