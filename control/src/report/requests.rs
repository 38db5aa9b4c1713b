//! Requests of the run's clients: how many, how many messages in each, and what one of them cost.
//!
//! librdkafka sends one produce request for each partition, so of many topics each request carries few
//! messages: what a message costs then says little, what a request costs says what the client did.

use super::Report;
use super::number::{float, ratio, thousandth};
use super::text::WIDTH;
use super::text_table::{count, span, wrapped};
use engine::measure::{ClientStats, Phase};
use engine::run::Outcome;
use serde::{Deserialize, Serialize};

/// Requests from the start line to the end of the drain, the warm-up's among them, and their cost: the
/// processor time of all threads in the same time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Requests {
    /// Produce requests that were answered; those that a client gave up are among them.
    pub produce: u64,
    /// Acked messages for each of them.
    pub messages_per_produce: Option<f64>,
    /// Processor time for each of them, that of reading included.
    pub cpu_us_per_produce: Option<f64>,
    /// Requests of any kind that all clients sent for each batch, in the time of which the clients'
    /// statistics tell: 1 would be produce requests alone, fetches come on top. Null where a role's
    /// clients tell nothing: with very many topics they write no statistics unless told to.
    pub all_per_produce: Option<f64>,
    /// Processor time for each request of any kind: that for a produce request ÷ how many there are for
    /// each; null where that is not known.
    pub cpu_us_per_request: Option<f64>,
}

impl Requests {
    /// `None` where no request with messages was answered: the link has none, or nothing was sent.
    pub(super) fn of(outcome: &Outcome, cpu_seconds: Option<f64>) -> Option<Self> {
        let produce = outcome.tally.answers;
        let phases = [Phase::Warmup, Phase::Measured].map(|phase| outcome.tally.total(phase));
        let acked = phases.iter().map(|of| of.acked.messages).sum();
        let is_read = !outcome.drained.is_empty();
        let all = outcome.client.as_ref().and_then(|said| all_per_produce(said, is_read));
        let cpu = cpu_seconds.map(|used| used * 1e6 / float(produce));
        (0 < produce).then(|| Self {
            produce,
            messages_per_produce: ratio(acked, produce).map(thousandth),
            cpu_us_per_produce: cpu.map(thousandth),
            all_per_produce: all.map(thousandth),
            cpu_us_per_request: cpu.zip(all).map(|(cpu, all)| thousandth(cpu / all)),
        })
    }
}

/// The windows of both roles are of the same length where the user did not ask for others.
fn all_per_produce(said: &ClientStats, is_read: bool) -> Option<f64> {
    let (producers, consumers) = (&said.measured.producers, &said.measured.consumers);
    let is_told = 0 < producers.samples && (!is_read || 0 < consumers.samples);
    let all = producers.done.requests + consumers.done.requests;
    ratio(all, producers.batch_messages.count).filter(|_| is_told)
}

/// How many requests there were, and what one took.
pub(super) fn in_words(report: &Report) -> String {
    let Some(of) = &report.engine.requests else { return String::new() };
    let messages = of.messages_per_produce.map(|mean| format!(", {mean:.1} messages in each"));
    let each =
        of.cpu_us_per_produce.map(|cpu| format!("; CPU {} for each of them", span(Some(cpu))));
    let any = of.cpu_us_per_request.zip(of.all_per_produce).map(|(cpu, all)| {
        let cpu = span(Some(cpu));
        format!(", {cpu} for each of any kind, of which there were {all:.1} times as many")
    });
    let used = report.engine.cpu_seconds_per_million_messages;
    let message =
        used.map(|used| format!("; {used:.2} s for a million messages acked or received"));
    let parts: Vec<String> = [messages, each, any, message].into_iter().flatten().collect();
    let text = format!("requests: {} with messages{}", count(of.produce), parts.concat());
    wrapped(&text, "", WIDTH)
}

#[cfg(test)]
mod tests {
    use super::Requests;
    use crate::report::fixture::{self, Made};

    fn of(made: &Made) -> Option<Requests> {
        fixture::report(made).engine.requests
    }

    #[test]
    fn a_request_costs_its_part_of_the_processor_time() {
        let made = Made::clean();
        let seen = of(&made).expect("its requests were answered");
        // 300,000 acked in both phases, ten to a request; 6 s.
        assert_eq!((seen.produce, seen.messages_per_produce), (30_000, Some(10.0)), "{seen:?}");
        assert_eq!(seen.cpu_us_per_produce, Some(200.0), "{seen:?}");
        assert_eq!((seen.all_per_produce, seen.cpu_us_per_request), (None, None), "nobody told");
    }

    #[test]
    fn what_clients_tell_of_other_requests_is_taken_in_proportion() {
        let mut made = Made::troubled();
        let seen = of(&made).expect("its requests were answered");
        // Both roles sent as many as there were batches.
        assert_eq!(seen.all_per_produce, Some(2.0), "{seen:?}");
        let halved = seen.cpu_us_per_produce.map(|cpu| cpu / 2.0).expect("known");
        let cost = seen.cpu_us_per_request.expect("known");
        assert!((cost - halved).abs() < 0.001, "{seen:?}");
        let stats = made.outcome.client.as_mut().expect("its clients spoke");
        stats.measured.consumers = engine::measure::ClientTally::default();
        let untold = of(&made).expect("its requests were answered");
        assert_eq!((untold.all_per_produce, untold.cpu_us_per_request), (None, None), "a role");
        made.outcome.drained.clear();
        assert_eq!(of(&made).expect("answered").all_per_produce, Some(1.0), "nobody reads");
        made.outcome.tally.answers = 0;
        assert!(of(&made).is_none(), "a link without requests");
    }
}
