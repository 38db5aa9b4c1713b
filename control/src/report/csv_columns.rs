//! The columns of `summary.csv`, and where the result has the value of each.

/// A column: its name with its unit, and where the result has its value.
pub(super) type Column = (&'static str, &'static str);

/// What was run, and what to think of it.
pub(super) const RUN: [Column; 24] = [
    ("test_id", "/test_id"),
    ("test_name", "/test_name"),
    ("started_at", "/started_at"),
    ("ended_at", "/ended_at"),
    ("kdyno_version", "/kdyno_version"),
    ("valid", "/verdict/valid"),
    ("exit_code", "/verdict/exit_code"),
    ("limited_by", "/verdict/limited_by"),
    ("workload", "/workload/name"),
    ("driver", "/driver/name"),
    ("topics", "/plan/topics"),
    ("partitions", "/plan/partitions"),
    ("producers", "/plan/producers"),
    ("consumers", "/plan/consumers"),
    // Of the first stream; of several each has columns of its own at the end.
    ("message_size_bytes", "/plan/streams/0/message_size"),
    ("warmup_s", "/warmup/duration_s"),
    ("planned_s", "/plan/measured_s"),
    // What the rates of sending are divided by: less than planned where the run was cut short, more where
    // debt was paid after the phase.
    ("measured_s", "/produced/duration_s"),
    ("target_messages_per_second", "/produced/target_messages_per_second"),
    ("sustainable_messages_per_second", "/search/sustainable_messages_per_second"),
    ("sustainable_error_messages_per_second", "/search/error"),
    ("sustainable_confirmed", "/search/confirmed"),
    ("sustainable_bound_by", "/search/bound_by"),
    ("sustainable_cause", "/search/cause"),
];

/// What was sent, acked and received.
pub(super) const COUNTS: [Column; 32] = [
    ("due_messages", "/produced/due"),
    ("unsent_messages", "/produced/unsent"),
    ("produced_messages", "/produced/messages"),
    ("produced_bytes", "/produced/bytes"),
    ("produced_messages_per_second", "/produced/messages_per_second"),
    ("produced_mib_per_second", "/produced/mib_per_second"),
    ("produce_errors", "/produced/errors"),
    ("acked_messages", "/acked/messages"),
    ("acked_bytes", "/acked/bytes"),
    ("acked_messages_per_second", "/acked/messages_per_second"),
    ("acked_mib_per_second", "/acked/mib_per_second"),
    ("failed_messages", "/acked/failed"),
    ("unanswered_messages", "/acked/outstanding"),
    ("consumed_messages", "/consumed/messages"),
    ("consumed_bytes", "/consumed/bytes"),
    ("consumed_messages_per_second", "/consumed/messages_per_second"),
    ("consumed_mib_per_second", "/consumed/mib_per_second"),
    ("consume_errors", "/consumed/errors"),
    ("commits", "/consumed/commits"),
    ("commits_failed", "/consumed/commits_failed"),
    ("rebalances", "/consumed/rebalances"),
    ("read_again_at_most", "/consumed/groups/read_again_at_most"),
    ("without_partitions_max_us", "/consumed/groups/without_partitions/max_us"),
    ("verified_by", "/verification/mode"),
    ("lost_messages", "/verification/lost"),
    ("redelivered_messages", "/verification/redelivered"),
    ("duplicated_messages", "/verification/duplicated"),
    ("reordered_messages", "/verification/reordered"),
    ("corrupted_messages", "/verification/corrupted"),
    ("foreign_messages", "/verification/foreign"),
    ("outstanding_messages", "/verification/outstanding"),
    ("unattributed_messages", "/verification/unattributed"),
];

/// What became of transactions; empty where there were none.
pub(super) const TRANSACTIONS: [Column; 17] = [
    ("isolation", "/transactions/isolation"),
    ("transactions_begun", "/transactions/begun"),
    ("transactions_committed", "/transactions/committed"),
    ("transactions_aborted", "/transactions/aborted"),
    ("transactions_forced_to_abort", "/transactions/forced_to_abort"),
    ("transactions_undecided", "/transactions/undecided"),
    ("messages_per_transaction", "/transactions/messages_per_transaction"),
    ("committed_messages", "/transactions/committed_messages"),
    ("aborted_messages", "/transactions/aborted_messages"),
    ("undecided_messages", "/transactions/undecided_messages"),
    ("aborted_but_delivered_messages", "/transactions/aborted_but_delivered"),
    ("begin_p99_us", "/transactions/begin/p99_us"),
    ("drain_p99_us", "/transactions/drain/p99_us"),
    ("commit_p50_us", "/transactions/commit/p50_us"),
    ("commit_p99_us", "/transactions/commit/p99_us"),
    ("abort_p99_us", "/transactions/abort/p99_us"),
    ("visible_p99_us", "/transactions/visible/p99_us"),
];

/// Each latency in each of its figures: `publish_p99_us` stands at `/latency/publish/p99_us`.
pub(super) const LATENCIES: [&str; 5] =
    ["publish", "service", "send_delay", "end_to_end", "transit"];
/// The figures.
pub(super) const FIGURES: [&str; 12] = [
    "count",
    "min_us",
    "mean_us",
    "stddev_us",
    "p50_us",
    "p75_us",
    "p90_us",
    "p95_us",
    "p99_us",
    "p99_9_us",
    "p99_99_us",
    "max_us",
];

/// What each of several streams did, under its name: `stream_probe_acked_messages` stands at
/// `/streams/1/acked/messages`. Then come its latencies.
pub(super) const STREAM: [Column; 14] = [
    ("message_size_bytes", "/message_size"),
    ("target_messages_per_second", "/produced/target_messages_per_second"),
    ("due_messages", "/produced/due"),
    ("unsent_messages", "/produced/unsent"),
    ("produced_messages", "/produced/messages"),
    ("produced_messages_per_second", "/produced/messages_per_second"),
    ("acked_messages", "/acked/messages"),
    ("acked_messages_per_second", "/acked/messages_per_second"),
    ("acked_mib_per_second", "/acked/mib_per_second"),
    ("failed_messages", "/acked/failed"),
    ("unanswered_messages", "/acked/outstanding"),
    ("consumed_messages", "/consumed/messages"),
    ("consumed_messages_per_second", "/consumed/messages_per_second"),
    ("consumed_mib_per_second", "/consumed/mib_per_second"),
];

/// What it took, and where it was done.
pub(super) const COST: [Column; 14] = [
    ("cpu_seconds", "/engine/cpu_seconds"),
    ("cpu_seconds_per_million_messages", "/engine/cpu_seconds_per_million_messages"),
    ("peak_rss_bytes", "/engine/peak_rss_bytes"),
    ("hiccup_p99_us", "/engine/hiccup/p99_us"),
    ("hiccup_max_us", "/engine/hiccup/max_us"),
    // Of this host; empty in a fleet, whose hosts stand in result.json.
    ("host_cpu_cores", "/system/0/cpu/cpu_cores/avg"),
    ("process_cpu_cores", "/system/0/cpu/process_cpu_cores/avg"),
    ("ceiling_share", "/engine/ceiling/share"),
    ("os", "/environment/os"),
    ("kernel", "/environment/kernel"),
    ("cpu", "/environment/cpu"),
    ("cores", "/environment/cores"),
    ("librdkafka", "/environment/librdkafka"),
    ("command", "/environment/command"),
];
