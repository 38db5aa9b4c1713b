//! The engine's consuming lane alone, on a topic that is there already: our side of `scripts/versus`.
//!
//! `fill` sends messages with the engine's producing lane, `read` reads them all with its consuming
//! lane: the loop, the client, the recorder and the collector of `kdyno run` as they are, full
//! recording included. Only the run around the lane is another one: it begins to read when the client
//! exists, not when a group has settled, and ends at the offsets that the topic had before. `create`
//! and `delete` spare other tools a JVM for it.

use engine::driver::{Refusal, find};
use engine::kafka::{KafkaTarget, KafkaTopics};
use engine::lane::{Board, Go, LaneSetup, Signal, Stage, StartLine, Timeline, machine, spawn};
use engine::link::{TopicSpec, Topics};
use engine::measure::{Collector, PhaseTally, Tally, mailboxes};
use engine::plan::{ClientSettings, Demand, Pace, Phases, Plan, TopicPlan, Wishes};
use engine::run::{Event, Hooks};
use engine::time::{Clock, OsClock};
use engine::units::{Bytes, NANOS_PER_SECOND, Nanos, Rate};
use std::process::ExitCode;
use std::sync::Arc;

/// As the binary has it: librdkafka's memory is mimalloc's too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: consume-topic create|delete|fill|read --bootstrap-server HOST:PORT --topic NAME
  --partitions N    of the topic (default 4)
  --messages N      fill: how many (default 100000)
  --message-size N  fill: bytes of each (default 100)
  --run N           the run's number in every stamp; what was filled under another is foreign (default 1)
  -X NAME=VALUE     a property of librdkafka (repeatable)";

/// How fast a topic is filled, if the cluster takes it: what it does not take in time stays due.
const FILL_RATE: u64 = 500_000;

/// How long a cluster may take for each request about topics, and a reader without any message.
const DEADLINE: Nanos = Nanos::from_secs(30);

/// How often a reader's position is looked at.
const TURN: Nanos = Nanos::from_millis(20);

/// What the command line says.
struct Given {
    command: String,
    bootstrap: String,
    topic: String,
    partitions: u32,
    messages: u64,
    size: u64,
    run: u64,
    properties: Vec<(String, String)>,
}

/// Listens to nothing and never interrupts: whoever started this ends it.
struct Silent;

impl Hooks for Silent {
    fn event(&mut self, _event: &Event<'_>) {}

    fn is_interrupted(&self) -> bool {
        false
    }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool of its own")]
fn main() -> ExitCode {
    let given = match parse(std::env::args().skip(1)) {
        Ok(given) => given,
        Err(fault) => {
            eprintln!("consume-topic: {fault}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match act(&given) {
        Ok(words) => {
            print!("{words}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("consume-topic: {} {}: {fault}", given.command, given.topic);
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Given, String> {
    let command = words.next().unwrap_or_default();
    if !["create", "delete", "fill", "read"].contains(&command.as_str()) {
        return Err(format!("got '{command}', need create, delete, fill or read"));
    }
    let mut given = Given {
        command,
        bootstrap: String::new(),
        topic: String::new(),
        partitions: 4,
        messages: 100_000,
        size: 100,
        run: 1,
        properties: Vec::new(),
    };
    while let Some(flag) = words.next() {
        let value = words.next().ok_or_else(|| format!("{flag}: no value given"))?;
        let number =
            || value.parse::<u64>().map_err(|_| format!("{flag}: got '{value}', need a number"));
        match flag.as_str() {
            "--bootstrap-server" => given.bootstrap = value,
            "--topic" => given.topic = value,
            "--partitions" => given.partitions = u32::try_from(number()?).unwrap_or(u32::MAX),
            "--messages" => given.messages = number()?,
            "--message-size" => given.size = number()?,
            "--run" => given.run = number()?,
            "-X" => {
                let (name, of) =
                    value.split_once('=').ok_or_else(|| format!("-X {value}: need NAME=VALUE"))?;
                given.properties.push((name.to_owned(), of.to_owned()));
            }
            _ => return Err(format!("unknown option {flag}")),
        }
    }
    let missing = given.bootstrap.is_empty() || given.topic.is_empty();
    if missing { Err("--bootstrap-server and --topic must be given".to_owned()) } else { Ok(given) }
}

fn act(given: &Given) -> Result<String, String> {
    let topics = KafkaTopics::new(&settings(given));
    let spec = TopicSpec { name: given.topic.clone(), partitions: given.partitions };
    match given.command.as_str() {
        "create" => match topics.create(&[spec], DEADLINE, &mut |_| {}) {
            Ok(created) if created.is_empty() => Err("exists already".to_owned()),
            Ok(_) => Ok(String::new()),
            Err((error, _)) => Err(error.to_string()),
        },
        "delete" => match topics.delete(&[spec.name], DEADLINE).into_iter().next() {
            Some((_, reason)) => Err(reason),
            None => Ok(String::new()),
        },
        "fill" => fill(given),
        _ => read(given, &topics),
    }
}

fn settings(given: &Given) -> ClientSettings {
    let bootstrap = ("bootstrap.servers".to_owned(), given.bootstrap.clone());
    let with = [vec![bootstrap.clone()], given.properties.clone()].concat();
    ClientSettings {
        producer: with.clone(),
        consumer: with,
        admin: vec![bootstrap],
        replication_factor: -1,
        ..ClientSettings::default()
    }
}

/// One stream to or from the topic, without warm-up.
fn demand(given: &Given) -> Demand {
    let mut demand = kdyno_benches::demand(Nanos::ZERO);
    demand.test_id = format!("{}-{}", given.topic, OsClock::anchored().now().as_nanos());
    demand.run = given.run;
    demand.clients = settings(given);
    demand.keep_topics = true;
    let stream = &mut demand.streams[0];
    stream.message_size = Bytes(given.size);
    stream.bodies = vec![vec![7; usize::try_from(given.size).expect("a body fits in memory")]];
    stream.topics = vec![TopicPlan {
        name: given.topic.clone(),
        partitions: given.partitions,
        existing: false,
    }];
    demand
}

/// Sends exactly the messages asked for, to a new topic that stays.
fn fill(given: &Given) -> Result<String, String> {
    let mut demand = demand(given);
    let rate = Rate::per_second(FILL_RATE).expect("above zero");
    demand.phases = Phases {
        warmup: Nanos::ZERO,
        measured: Nanos(given.messages * (NANOS_PER_SECOND / FILL_RATE)),
    };
    demand.streams[0].pace = Pace::At(rate);
    demand.streams[0].subscriptions = 0;
    let plan =
        Plan::new(demand, &machine(), &Wishes::default()).map_err(|error| error.to_string())?;
    let driver = find("kafka").expect("the driver exists");
    let ready =
        (driver.prepare)(plan, kdyno_benches::run_clock(), &mut Silent).map_err(|refusal| {
            match refusal {
                Refusal::Target(error) => error.to_string(),
                Refusal::Run(failed) => format!("{:?}", failed.0.ending),
            }
        })?;
    let (outcome, teardown) = ready.start(&mut Silent);
    drop(teardown.finish());
    let acked = outcome.tally.streams[0].measured.acked.messages;
    if acked == given.messages {
        Ok(format!("messages {acked}\n"))
    } else {
        Err(format!("{acked} of {} messages acked", given.messages))
    }
}

/// Reads the topic from its beginning to the end that it has now, as a group of one.
fn read(given: &Given, topics: &KafkaTopics) -> Result<String, String> {
    let mut demand = demand(given);
    demand.streams[0].topics[0].existing = true;
    demand.streams[0].producers_per_topic = 0;
    let plan =
        Plan::new(demand, &machine(), &Wishes::default()).map_err(|error| error.to_string())?;
    assert!(plan.lanes.len() == 1, "one consumer makes one lane");
    let ends = topics
        .end_offsets(&given.topic, given.partitions, DEADLINE)
        .map_err(|error| error.to_string())?;
    let clock = kdyno_benches::run_clock();
    let (mut boxes, mut collector) = mailboxes(&plan.demand, 1);
    let setup = LaneSetup {
        target: Arc::new(KafkaTarget::new(&plan.demand.clients)),
        plan: Arc::new(plan),
        clock,
        signal: Arc::new(Signal::new(1)),
        board: Arc::new(Board::new(1)),
    };
    // Draining from the start: then the lane says how far it has come.
    setup.signal.advance(Stage::Draining);
    let line = StartLine::new(1);
    let lane = spawn(&setup, 0, boxes.pop().expect("one lane"), line.ticket())
        .map_err(|error| error.to_string())?;
    let now = clock.now();
    line.release(Go::Run(Timeline { start: now, measured: now, end: now, grace: Nanos::ZERO }));
    let gave_up = follow(&setup.board, &mut collector, &ends);
    setup.signal.advance(Stage::Closing);
    let until = clock.now() + DEADLINE;
    while collector.end(0).is_none() && clock.now() < until {
        let _complete = collector.collect(TURN);
    }
    lane.join().map_err(|error| error.to_string())?;
    gave_up?;
    told(&collector.total(), ends.iter().sum())
}

/// Follows a lane until it has passed all the ends.
fn follow(board: &Board, collector: &mut Collector, ends: &[i64]) -> Result<(), String> {
    let clock = OsClock::anchored();
    let (mut read, mut moved_at) = (0, clock.now());
    loop {
        let _complete = collector.collect(TURN);
        let slot = board.slot(0).clone();
        if let Some(words) = slot.failed {
            return Err(words);
        }
        let position = slot
            .members
            .iter()
            .flat_map(|member| &member.position)
            .map(|moved| moved.next)
            .sum::<i64>();
        if ends.iter().sum::<i64>() <= position {
            return Ok(());
        }
        if read < position {
            (read, moved_at) = (position, clock.now());
        }
        if moved_at + DEADLINE < clock.now() {
            return Err(format!(
                "nothing came for {DEADLINE}, after offsets that add up to {read} of {ends:?}"
            ));
        }
    }
}

/// What was read, if it is all that there was and all ours.
fn told(total: &Tally, expected: i64) -> Result<String, String> {
    // Messages were due when they were sent, long before the start line: all are of the warm-up.
    let PhaseTally { consumed, end_to_end, transit, .. } = &total.streams[0].warmup;
    let consumed = &consumed[0];
    let strange = consumed.foreign + consumed.corrupted;
    let recorded = (end_to_end.count(), transit.count());
    if strange != 0
        || i64::try_from(consumed.messages) != Ok(expected)
        || recorded != (consumed.messages, consumed.messages)
    {
        return Err(format!(
            "{} messages of {expected}, {} foreign, {} corrupted, latencies of {recorded:?}",
            consumed.messages, consumed.foreign, consumed.corrupted
        ));
    }
    let (first, last) =
        consumed.window.first().zip(consumed.window.last()).ok_or("the topic is empty")?;
    Ok(format!("messages {}\nseconds {:.6}\n", consumed.messages, first.until(last).as_secs_f64()))
}
