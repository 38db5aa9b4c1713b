//! Workload files of the tests, in OMB's spelling.

/// A workload; the fields are those of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'test> {
    pub(crate) name: &'test str,
    pub(crate) topics: u32,
    pub(crate) partitions: u32,
    pub(crate) size: u32,
    pub(crate) producers: u32,
    pub(crate) subscriptions: u32,
    pub(crate) consumers: u32,
    pub(crate) rate: u32,
    pub(crate) seconds: u32,
    pub(crate) warmup: u32,
    /// Further lines.
    pub(crate) more: &'test str,
}

/// 1,000 messages a second of 100 bytes on four partitions, one of everything, 2 s after 1 s.
pub(crate) const SMALL: Load<'_> = Load {
    name: "small",
    topics: 1,
    partitions: 4,
    size: 100,
    producers: 1,
    subscriptions: 1,
    consumers: 1,
    rate: 1_000,
    seconds: 2,
    warmup: 1,
    more: "",
};

impl Load<'_> {
    /// The file.
    pub(crate) fn yaml(&self) -> String {
        let Self { name, topics, partitions, size, producers, .. } = self;
        let Self { subscriptions, consumers, rate, seconds, warmup, more, .. } = self;
        format!(
            "name: {name}\ntopics: {topics}\npartitionsPerTopic: {partitions}\n\
             messageSize: {size}\nproducersPerTopic: {producers}\n\
             subscriptionsPerTopic: {subscriptions}\nconsumerPerSubscription: {consumers}\n\
             producerRate: {rate}\ntestDuration: {seconds}s\nwarmupDuration: {warmup}s\n{more}"
        )
    }

    /// How many messages are due in the measured phase.
    pub(crate) fn due(&self) -> i64 {
        i64::from(self.rate) * i64::from(self.seconds)
    }
}
