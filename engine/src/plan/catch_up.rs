//! A catch-up: a run that sends nothing and reads what is there.

use super::demand::{ClientSettings, Demand, StreamDemand, Verification, Warmup};

/// Consumers are told where a partition ends for now: its last offsets may hold no message, and then no
/// message says that all was read.
const TELL_ENDS: (&str, &str) = ("enable.partition.eof", "true");

impl Demand {
    /// Whether it sends nothing and reads what is there.
    #[must_use]
    pub fn is_catch_up(&self) -> bool {
        self.streams.iter().all(StreamDemand::is_read_only)
    }
}

impl StreamDemand {
    /// Whether nobody sends: what is read is what others have sent.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.producers_per_topic == 0
    }
}

impl ClientSettings {
    /// Whether consumers of a new group begin at the end of each partition.
    #[must_use]
    pub fn start_at_the_end(&self) -> bool {
        let latest = |(name, value): &(String, String)| {
            name == "auto.offset.reset" && matches!(value.as_str(), "latest" | "largest" | "end")
        };
        self.consumer.iter().any(latest)
    }
}

/// What follows for a run that sends nothing: others' messages have no numbers of ours, whatever a warm-up
/// read would be missing from what is measured, and consumers must say where partitions end.
pub(super) fn settle(demand: &mut Demand) {
    if !demand.is_catch_up() {
        return;
    }
    demand.verification = Verification::Counts;
    demand.phases.warmup = Warmup::NONE;
    let (name, value) = TELL_ENDS;
    demand.clients.consumer.push((name.to_owned(), value.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::{TELL_ENDS, settle};
    use crate::plan::samples::{demand, stream};
    use crate::plan::{ClientCount, ClientSettings, Role, StreamDemand, Verification, Warmup};
    use crate::units::Nanos;

    fn only_read() -> StreamDemand {
        StreamDemand { producers_per_topic: 0, consumers_per_subscription: 2, ..stream(1_000) }
    }

    fn settings(name: &str, value: &str) -> ClientSettings {
        let consumer = vec![(name.to_owned(), value.to_owned())];
        ClientSettings { consumer, ..ClientSettings::default() }
    }

    #[test]
    fn who_sends_nothing_has_lanes_that_read_and_no_others() {
        let plan = crate::plan::samples::plan(only_read(), ClientCount::Each);
        assert!(plan.demand.is_catch_up(), "nobody sends");
        assert!(!plan.lanes.is_empty(), "somebody reads");
        assert!(plan.lanes.iter().all(|lane| lane.role() == Role::Consumer), "{:?}", plan.lanes);
        assert_eq!((plan.logical_producers(), plan.logical_consumers()), (0, 2));
    }

    #[test]
    fn nothing_is_numbered_nothing_is_warmed_up_and_ends_are_told() {
        let mut asked = demand(only_read());
        asked.phases.warmup = Warmup::Fixed(Nanos::from_secs(9));
        settle(&mut asked);
        assert_eq!(asked.verification, Verification::Counts, "others' messages");
        assert_eq!(asked.phases.warmup, Warmup::NONE, "it would read what is to be measured");
        let told = (TELL_ENDS.0.to_owned(), TELL_ENDS.1.to_owned());
        assert!(asked.clients.consumer.contains(&told), "{:?}", asked.clients);

        let mut sends = demand(stream(1_000));
        sends.phases.warmup = Warmup::Fixed(Nanos::from_secs(9));
        settle(&mut sends);
        assert!(!sends.is_catch_up() && sends.clients.consumer.is_empty(), "as it was");
        assert_eq!(sends.verification, Verification::Numbers, "as it was");
        assert_eq!(sends.phases.warmup, Warmup::Fixed(Nanos::from_secs(9)), "as it was");
    }

    #[test]
    fn where_a_new_group_begins_is_a_setting_of_its_consumers() {
        for at_end in ["latest", "largest", "end"] {
            assert!(settings("auto.offset.reset", at_end).start_at_the_end(), "{at_end}");
        }
        assert!(!settings("auto.offset.reset", "earliest").start_at_the_end(), "at the first");
        assert!(!settings("client.id", "latest").start_at_the_end(), "of another name");
    }
}
