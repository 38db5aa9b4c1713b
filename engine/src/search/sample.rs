//! One second of all lanes, both phases and all streams together, as a search sees it.

use crate::measure::{Latency, StreamTally, Tally};
use crate::plan::ObjectiveSpan;

/// What a second brought.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Which, counted from the start of the load.
    pub second: i64,
    /// Messages due in it by the schedule.
    pub due: u64,
    /// Sends begun in it.
    pub attempted: u64,
    /// Sends that were late although the client was not full.
    pub late_by_us: u64,
    /// Acked in it.
    pub acked: u64,
    /// Given up in it.
    pub failed: u64,
    /// Failed messages, failed commits and consumer errors in it.
    pub errors: u64,
    /// Acked × subscriptions − received at its end.
    pub backlog: u64,
    /// The share of it for which the client's busiest thread wanted a core; `None` where nobody knows.
    pub client_thread: Option<f64>,
    /// acked − due.
    pub publish: Latency,
    /// acked − sent.
    pub service: Latency,
    /// sent − due.
    pub send_delay: Latency,
    /// received − due.
    pub end_to_end: Latency,
    /// received − sent.
    pub transit: Latency,
}

impl Sample {
    /// What lanes saw in a second; what they do not see is left at nothing.
    #[must_use]
    pub fn of(second: i64, tally: &Tally) -> Self {
        let mut sample = Self { second, ..Self::default() };
        tally.streams.iter().for_each(|stream| sample.add(stream));
        sample
    }

    fn add(&mut self, stream: &StreamTally) {
        for phase in [&stream.warmup, &stream.measured] {
            self.attempted += phase.produced.attempted;
            self.late_by_us += phase.produced.late_by_us;
            self.acked += phase.acked.messages;
            self.failed += phase.acked.failed;
            self.errors += phase.errors();
            self.publish.merge(&phase.publish);
            self.service.merge(&phase.service);
            self.send_delay.merge(&phase.send_delay);
            self.end_to_end.merge(&phase.end_to_end);
            self.transit.merge(&phase.transit);
        }
    }

    /// Adds a later second's counts and latencies; backlog and busy thread are the later one's.
    pub(super) fn join(&mut self, later: &Self) {
        let Self {
            second,
            due,
            attempted,
            late_by_us,
            acked,
            failed,
            errors,
            backlog,
            client_thread,
            publish,
            service,
            send_delay,
            end_to_end,
            transit,
        } = later;
        self.second = *second;
        self.due += due;
        self.attempted += attempted;
        self.late_by_us += late_by_us;
        self.acked += acked;
        self.failed += failed;
        self.errors += errors;
        self.backlog = *backlog;
        self.client_thread = *client_thread;
        self.publish.merge(publish);
        self.service.merge(service);
        self.send_delay.merge(send_delay);
        self.end_to_end.merge(end_to_end);
        self.transit.merge(transit);
    }

    /// The latency that an objective is about.
    pub(super) const fn latency(&self, span: ObjectiveSpan) -> &Latency {
        match span {
            ObjectiveSpan::Publish => &self.publish,
            ObjectiveSpan::Service => &self.service,
            ObjectiveSpan::SendDelay => &self.send_delay,
            ObjectiveSpan::EndToEnd => &self.end_to_end,
            ObjectiveSpan::Transit => &self.transit,
        }
    }
}
