//! Where and how the run was done: environment, plan, lanes, the client's own statistics.

use super::{Table, span, words};
use crate::report::Report;
use crate::report::client::Side;
use crate::report::number::{float, mib};
use crate::report::text_table::count;

/// The machine, the versions and the command.
pub(in crate::report) fn environment(report: &Report) -> Table {
    let place = &report.environment;
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let cores = match place.quota_cores {
        Some(quota) => format!("{}, of which a quota grants {quota}", place.cores),
        None => place.cores.to_string(),
    };
    let pairs = vec![
        ("kdyno", report.kdyno_version.to_string()),
        ("librdkafka", place.librdkafka.clone()),
        ("operating system", known(&place.os)),
        ("kernel", known(&place.kernel)),
        ("processor", known(&place.cpu)),
        ("cores", cores),
        ("memory", format!("{:.0} MiB", mib(float(place.memory_bytes)))),
        ("clock", report.engine.clock.source.to_string()),
        ("allocator", report.engine.allocator.to_string()),
        ("command", place.command.clone()),
        ("started", report.started_at.clone()),
        ("ended", report.ended_at.clone()),
        ("test id", report.test_id.clone()),
    ];
    Table::of_pairs("Environment", pairs)
}

/// What was planned.
pub(in crate::report) fn plan(report: &Report) -> Table {
    let plan = &report.plan;
    let streams = plan.streams.iter().map(|stream| {
        let rate = stream.messages_per_second.map_or_else(
            || "as fast as it goes".to_owned(),
            |rate| format!("{} messages/s", count(rate)),
        );
        format!("{}: {rate} of {} bytes", stream.name, count(stream.message_size))
    });
    let cores: Vec<String> = plan.machine.cores.iter().map(ToString::to_string).collect();
    let groups =
        plan.groups.iter().map(|group| format!("{} ({} members)", group.name, group.members));
    let mut pairs = vec![
        ("streams", streams.collect::<Vec<_>>().join("; ")),
        ("topics", plan.topics.to_string()),
        ("partitions", count(plan.partitions)),
        ("producers", count(plan.producers)),
        ("consumers", count(plan.consumers)),
        ("warm-up", format!("{} s", plan.warmup_s)),
        ("measured phase", format!("{} s", plan.measured_s)),
        ("usable cores", cores.join(", ")),
        ("consumer groups", groups.take(20).collect::<Vec<_>>().join("; ")),
    ];
    pairs.extend(plan.remarks.iter().map(|remark| ("remark", remark.clone())));
    Table::of_pairs("Plan", pairs)
}

/// The threads and what they carry.
pub(in crate::report) fn lanes(report: &Report) -> Table {
    let head = ["lane", "role", "core", "clients", "stands for", "waits by"];
    let rows = report.plan.lanes.iter().map(|lane| {
        vec![
            lane.name.clone(),
            lane.role.clone(),
            lane.core.to_string(),
            lane.clients.to_string(),
            count(lane.logical),
            lane.wait.clone().into_owned(),
        ]
    });
    Table::of("Lanes", std::iter::once(words(&head)).chain(rows).collect()).cut()
}

/// One figure of the clients, by its name.
type Figure = (&'static str, fn(&Side) -> String);

/// What is shown of the clients of either role.
const CLIENT: [Figure; 14] = [
    ("requests", |side| count(side.requests)),
    ("sent (MiB)", |side| format!("{:.2}", mib(float(side.bytes_sent)))),
    ("received (MiB)", |side| format!("{:.2}", mib(float(side.bytes_received)))),
    ("messages per batch, mean", |side| number(side.batch_messages_mean)),
    ("bytes per batch, mean", |side| number(side.batch_bytes_mean)),
    ("wait in the client's queue, mean", |side| span(side.queue_wait_mean_us)),
    ("wait for the socket, mean", |side| span(side.transmit_wait_mean_us)),
    ("round trip, mean", |side| span(side.round_trip_mean_us)),
    ("requests in flight, most", |side| count(side.in_flight_max)),
    ("requests in flight, allowed", |side| count(side.in_flight_allowed)),
    ("retries", |side| count(side.retries)),
    ("timeouts", |side| count(side.timeouts)),
    ("disconnects", |side| count(side.disconnects)),
    ("times throttled by a broker", |side| count(side.throttled)),
];

/// librdkafka's own statistics; no rows where none were collected.
pub(in crate::report) fn client(report: &Report) -> Table {
    let caption = "librdkafka's own statistics over the measured phase";
    let Some(client) = &report.client else { return Table::of(caption, Vec::new()) };
    let of = |side: &Option<Side>, read: fn(&Side) -> String| {
        side.as_ref().map_or_else(|| "-".to_owned(), read)
    };
    let rows = CLIENT.iter().map(|(name, read)| {
        vec![(*name).to_owned(), of(&client.producers, *read), of(&client.consumers, *read)]
    });
    let head = words(&["", "producers", "consumers"]);
    Table::of(caption, std::iter::once(head).chain(rows).collect())
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}
