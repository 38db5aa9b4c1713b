//! Properties that only consumers have, those of their topics included.

use super::{CONSUMER as C, Property, boolean, integer, list_of, one_of, text};

const ASSIGNORS: &[&str] = &["range", "roundrobin", "cooperative-sticky"];

/// librdkafka knows three words for each end of a partition; one of them is enough to compare with.
const OFFSET_RESETS: &[&str] = &[
    "earliest",
    "latest",
    "error",
    "smallest>earliest",
    "beginning>earliest",
    "largest>latest",
    "end>latest",
];

/// Properties that only consumers have, those of their topics included.
pub(super) const CONSUMERS: &[Property] = &[
    text("group.id", C, ""),
    text("group.instance.id", C, ""),
    list_of("partition.assignment.strategy", C, ASSIGNORS, "range,roundrobin"),
    integer("session.timeout.ms", C, (1, 3_600_000), "45000"),
    integer("heartbeat.interval.ms", C, (1, 3_600_000), "3000"),
    text("group.protocol.type", C, "consumer"),
    one_of("group.protocol", C, &["classic", "consumer"], "classic"),
    text("group.remote.assignor", C, ""),
    integer("coordinator.query.interval.ms", C, (1, 3_600_000), "600000"),
    integer("max.poll.interval.ms", C, (1, 86_400_000), "300000"),
    boolean("enable.auto.commit", C, "true"),
    integer("auto.commit.interval.ms", C, (0, 86_400_000), "5000"),
    boolean("enable.auto.offset.store", C, "true"),
    integer("queued.min.messages", C, (1, 10_000_000), "100000"),
    integer("queued.max.messages.kbytes", C, (1, 2_097_151), "65536"),
    integer("fetch.wait.max.ms", C, (0, 300_000), "500"),
    integer("fetch.queue.backoff.ms", C, (0, 300_000), "1000"),
    integer("fetch.message.max.bytes", C, (1, 1_000_000_000), "1048576"),
    integer("fetch.max.bytes", C, (0, 2_147_483_135), "52428800"),
    integer("fetch.min.bytes", C, (1, 100_000_000), "1"),
    integer("fetch.error.backoff.ms", C, (0, 300_000), "500"),
    one_of("offset.store.method", C, &["none", "file", "broker"], "broker"),
    one_of("isolation.level", C, &["read_uncommitted", "read_committed"], "read_committed"),
    boolean("enable.partition.eof", C, "false"),
    boolean("check.crcs", C, "false"),
    boolean("auto.commit.enable", C, "true"),
    one_of("auto.offset.reset", C, OFFSET_RESETS, "largest"),
    text("offset.store.path", C, "."),
    integer("offset.store.sync.interval.ms", C, (-1, 86_400_000), "-1"),
    integer("consume.callback.max.messages", C, (0, 1_000_000), "0"),
];
