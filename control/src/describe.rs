//! The plan in words: what a dry run shows, and every run before it starts.

use crate::spec::{Repeats, Request, Side};
use engine::plan::{
    Backlog, CoreList, Demand, LaneWork, MILLION, Pace, Plan, SearchDemand, StreamDemand,
    TransactionLength, Transactions, Warmup,
};
use engine::time::{ClockSource, WaitMode};
use engine::units::Nanos;
use std::fmt::Write;

/// What a remark of the plan begins with.
pub(crate) const NOTE: &str = "note: ";

/// Of more turns the first ones show how it goes on.
const TURNS_MAX: usize = 8;

/// What repeats will do: how many runs in which order, of what, and how long they send in all.
pub(crate) fn repeats(repeats: &Repeats, requests: &[Request]) -> String {
    let total = requests.iter().map(longest).fold(Nanos::ZERO, |sum, one| sum + one);
    let is_open = |request: &Request| {
        let demand = &request.demand;
        let is_auto = matches!(demand.phases.warmup, Warmup::Auto { .. });
        is_auto || demand.search.is_some() || demand.backlog.is_some()
    };
    let most = if requests.iter().any(is_open) { "at most " } else { "" };
    let of = requests.len();
    let side = |request: &Request| request.cell.repeat.and_then(|repeat| repeat.side);
    let turns = requests.iter().filter_map(side).map(|side| side.letter().to_string());
    let shown: Vec<String> = turns.take(TURNS_MAX).collect();
    let more = if shown.len() < of { " ..." } else { "" };
    let order = match shown.as_slice() {
        [] => String::new(),
        some => format!(", {} of each: {}{more}", repeats.each, some.join(" ")),
    };
    let mut text = format!("{}: {of} runs{order}; {most}{total} of load in all\n", repeats.id);
    for (of_side, role) in Side::BOTH.into_iter().zip(["baseline", "candidate"]) {
        let first = requests.iter().find(|request| side(request) == Some(of_side));
        text.extend(first.map(|request| {
            let (letter, driver) = (of_side.letter(), &request.driver.name);
            let workload = request.resolved.workload_file.display();
            format!("{letter} ({role}): {workload}, driver {driver}\n")
        }));
    }
    text
}

/// How long a run sends at most.
fn longest(request: &Request) -> Nanos {
    let phases = request.demand.phases;
    phases.warmup.longest() + phases.measured
}

/// The plan in a few lines: what `--dry-run` shows, and every run before it starts.
pub(crate) fn describe(plan: &Plan, clock: ClockSource) -> String {
    let mut text = String::new();
    let groups = plan.groups.len();
    let topics: usize = plan.demand.streams.iter().map(|stream| stream.topics.len()).sum();
    let mut push = |line: String| {
        // Writing to a string does not fail.
        let _written = writeln!(text, "{line}");
    };
    push(format!(
        "plan: {} logical producers, {} logical consumers, {groups} groups, {topics} topics",
        plan.logical_producers(),
        plan.logical_consumers(),
    ));
    for stream in &plan.demand.streams {
        let name = if 1 < plan.demand.streams.len() {
            format!("stream {}, ", stream.name)
        } else {
            String::new()
        };
        push(name + &load(&plan.demand, stream));
    }
    plan.demand.clients.transactions.iter().for_each(|asked| push(transactions(asked)));
    two_clusters(&plan.demand).into_iter().for_each(&mut push);
    // Without lanes it is not known yet who carries them.
    if !plan.lanes.is_empty() {
        push(format!("machine: {}", plan.machine));
    }
    for lane in &plan.lanes {
        let of_stream = if 1 < plan.demand.streams.len() {
            format!(" of stream {}", plan.demand.streams[plan.stream_of(lane)].name)
        } else {
            String::new()
        };
        let load = match &lane.work {
            LaneWork::Produce { clients, .. } => {
                let logical: usize = clients.iter().map(|client| client.producers.len()).sum();
                format!("{} clients for {logical} logical producers", clients.len())
            }
            LaneWork::Consume { clients } => {
                let logical: u64 = clients.iter().map(|client| share(plan, client.group)).sum();
                format!("{} clients for {logical} logical consumers", clients.len())
            }
        };
        let wait = match (lane.wait, plan.tick(lane)) {
            (WaitMode::Spin, _) => "spins".to_owned(),
            (WaitMode::Sleep, None) => "sleeps".to_owned(),
            (WaitMode::Sleep, Some(tick)) => format!("sleeps (tick {tick})"),
        };
        let place = match lane.cores.as_slice() {
            [core] if lane.shares_core => format!("core {core}, shared"),
            [core] => format!("core {core}"),
            many => format!("any of cores {}, shared", CoreList(many)),
        };
        push(format!(
            "lane {}: {place}, node {}, {wait}, {load}{of_stream}, client threads on cores {}",
            lane.name,
            lane.node,
            CoreList(&lane.io_cores)
        ));
    }
    push(match clock {
        ClockSource::Os => "clock: os, the kernel's".to_owned(),
        ClockSource::Tsc => "clock: tsc, the processor's counter".to_owned(),
    });
    for remark in &plan.remarks {
        push(format!("{NOTE}{remark}"));
    }
    text
}

/// That messages come from another cluster than they are sent to, and what of that is the run's own work.
fn two_clusters(demand: &Demand) -> Option<String> {
    let far = demand.clients.consumer_cluster.as_ref()?;
    let (near, there) = (demand.clients.address(), demand.clients.consumer_address());
    let names = match far.topic_prefix.as_str() {
        "" => String::new(),
        prefix => format!(", where topics' names begin with \"{prefix}\""),
    };
    let mut topics = demand.streams.iter().flat_map(|stream| &stream.topics);
    let made = if topics.any(|topic| !topic.existing) {
        "topics are made at both and deleted at both"
    } else {
        "topics must be there at both"
    };
    Some(format!(
        "two clusters: producers send to {near}, consumers read from {there}{names}; {made}; \
         whatever carries messages from one to the other is yours"
    ))
}

/// What is sent, and for how long.
fn load(demand: &Demand, stream: &StreamDemand) -> String {
    let phases = demand.phases;
    if let Some(search) = &demand.search {
        return searching(search, stream, phases.measured);
    }
    if stream.is_read_only() {
        return reading(demand);
    }
    let pace = match &stream.pace {
        Pace::At(rate) => format!("{rate} in all"),
        Pace::Varied(varied) => varied.to_string(),
        Pace::Max { in_flight: None } => "as fast as the clients take them".to_owned(),
        Pace::Max { in_flight: Some(window) } => {
            format!("as fast as acks come, at most {window} unanswered")
        }
    };
    let by_time = || phases.measured.to_string();
    let measured = match (demand.messages, demand.ends_after()) {
        (_, Some(count)) => format!("until {count} messages are sent"),
        (Some(count), None) => format!("{} and until {count} messages are sent", by_time()),
        (None, None) => demand.backlog.map_or_else(by_time, of_backlog),
    };
    format!(
        "load: messages of {}, {pace}, warm-up {}, measured {measured}",
        stream.message_size, phases.warmup
    )
}

/// When transactions end, and how many are aborted.
fn transactions(asked: &Transactions) -> String {
    let length = match asked.length {
        TransactionLength::Messages(count) => format!("{count} messages each"),
        TransactionLength::Span(span) => format!("{span} each"),
    };
    let percent = 100.0 * f64::from(asked.aborts_per_million) / f64::from(MILLION);
    let (seed, longest) = (asked.seed, asked.longest);
    format!("transactions: {length}, open for at most {longest}, {percent} % aborted (seed {seed})")
}

/// What is read where nobody sends, and for how long at most.
fn reading(demand: &Demand) -> String {
    let from = if demand.clients.start_at_the_end() { "what comes" } else { "what is there" };
    let length = demand.messages.map_or_else(
        || format!("at most {}", demand.phases.measured),
        |count| format!("at most {count} messages"),
    );
    format!("load: none, {from} is read as fast as it is given, {length}")
}

/// How long is measured with a backlog.
fn of_backlog(asked: Backlog) -> String {
    let meanwhile = asked.drain_rate.map_or_else(String::new, |rate| format!(" at {rate} in all"));
    format!(
        "while a backlog of {} messages ({}) is built, at most {}, and drained{meanwhile} to {}, at most \
         {}, and {} more",
        asked.messages,
        asked.bytes,
        asked.build_within,
        asked.left,
        asked.drain_within,
        asked.after
    )
}

/// What a search will do, and how long it may take.
fn searching(search: &SearchDemand, stream: &StreamDemand, measured: Nanos) -> String {
    let objectives: String = search.objectives.iter().map(|one| format!(", {one}")).collect();
    format!(
        "search: messages of {}, from {} on, each rate held for {} and looked at for {} or longer, within \
         {:.1} %, confirmed {} x {measured}{objectives}\nsearch: takes at most {} and the last {measured}, \
         a third of it as a rule",
        stream.message_size,
        search.start,
        search.settle,
        search.window,
        permille(search.precision_permille),
        search.confirmations,
        search.latest(measured),
    )
}

/// Thousandths in percent.
fn permille(thousandths: u64) -> f64 {
    let tenths = u32::try_from(thousandths).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}

/// The logical consumers that one member of a group stands for, rounded down.
fn share(plan: &Plan, group: usize) -> u64 {
    let group = &plan.groups[group];
    group.logical / u64::from(group.members.max(1))
}

#[cfg(test)]
mod tests {
    use super::describe;
    use crate::spec::{Order, load};
    use engine::plan::{Core, Machine, Plan, Wishes};
    use engine::time::ClockSource;
    use engine::units::{Millicores, Timestamp};
    use std::path::PathBuf;

    /// Nodes of physical cores of threads, numbered as Linux numbers them: first threads first.
    fn machine(nodes: usize, physical: usize, threads: usize) -> Machine {
        let all = nodes * physical;
        let core = |id| Core { id, node: id % all / physical, physical: id % all };
        Machine { cores: (0..all * threads).map(core).collect(), quota: None }
    }

    /// What users are told of a load of ten producers and ten consumers on a machine.
    fn check(name: &str, machine: &Machine, pace: &str) {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let sets = ["topics=10", "partitionsPerTopic=16", pace].map(str::to_owned);
        let workloads = vec![root.join("../workloads/quick-test.yaml")];
        let order = Order { workloads, sets: sets.to_vec(), ..Order::default() };
        let job = load(&order, Timestamp::from_nanos(0)).expect("these fields exist");
        let demand = job.requests[0].demand.clone();
        let plan = Plan::new(demand, machine, &Wishes::default()).expect("nothing is wished");
        let (got, path) = (describe(&plan, ClockSource::Os), root.join("src/golden").join(name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &got).expect("the folder of golden files is there");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(got, expected, "{name}: UPDATE_GOLDEN=1 rewrites it");
    }

    #[test]
    fn the_plan_tells_transactions() {
        let workloads =
            vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workloads/quick-test.yaml")];
        let sets = vec!["transactionMessages=100".to_owned(), "transactionSeed=7".to_owned()];
        let order = Order { workloads, sets, ..Order::default() };
        let job = load(&order, Timestamp::from_nanos(0)).expect("these fields exist");
        let demand = job.requests[0].demand.clone();
        let plan = Plan::new(demand, &machine(1, 2, 1), &Wishes::default()).expect("few producers");
        let told = describe(&plan, ClockSource::Os);
        let line = "transactions: 100 messages each, open for at most 30s, 0 % aborted (seed 7)";
        assert!(told.lines().any(|one| one == line), "{told}");
    }

    #[test]
    fn the_plan_tells_cores_nodes_and_quota() {
        check("plan-2-cores.txt", &machine(1, 2, 1), "producerRate=10k");
        check("plan-8-cores.txt", &machine(1, 8, 1), "producerRate=max");
        check("plan-64-cores.txt", &machine(2, 16, 2), "producerRate=1800k");
        let limited = Machine { quota: Some(Millicores(1_500)), ..machine(1, 8, 1) };
        check("plan-8-cores-quota.txt", &limited, "producerRate=10k");
    }
}
