//! Properties that only producers have, those of their topics included.

use super::{PRODUCER as P, Property, boolean, decimal, integer, one_of, text};

const PARTITIONERS: &[&str] = &[
    "random",
    "consistent",
    "consistent_random",
    "murmur2",
    "murmur2_random",
    "fnv1a",
    "fnv1a_random",
];

/// Properties that only producers have, those of their topics included.
pub(super) const PRODUCERS: &[Property] = &[
    text("transactional.id", P, ""),
    integer("transaction.timeout.ms", P, (1_000, 2_147_483_647), "60000"),
    boolean("enable.idempotence", P, "false"),
    boolean("enable.gapless.guarantee", P, "false"),
    integer("queue.buffering.max.messages", P, (0, 2_147_483_647), "100000"),
    integer("queue.buffering.max.kbytes", P, (1, 2_147_483_647), "1048576"),
    decimal("queue.buffering.max.ms", P, (0.0, 900000.0), "5"),
    integer("message.send.max.retries", P, (0, 2_147_483_647), "2147483647"),
    integer("queue.buffering.backpressure.threshold", P, (1, 1_000_000), "1"),
    one_of("compression.codec", P, &["none", "gzip", "snappy", "lz4", "zstd"], "none"),
    integer("batch.num.messages", P, (1, 1_000_000), "10000"),
    integer("batch.size", P, (1, 2_147_483_647), "1000000"),
    boolean("delivery.report.only.error", P, "false"),
    integer("sticky.partitioning.linger.ms", P, (0, 900_000), "10"),
    one_of("request.required.acks", P, &["0", "1", "all", "-1>all"], "-1"),
    integer("request.timeout.ms", P, (1, 900_000), "30000"),
    integer("message.timeout.ms", P, (0, 2_147_483_647), "300000"),
    one_of("queuing.strategy", P, &["fifo", "lifo"], "fifo"),
    boolean("produce.offset.report", P, "false"),
    one_of("partitioner", P, PARTITIONERS, "consistent_random"),
    integer("compression.level", P, (-1, 12), "-1"),
];
