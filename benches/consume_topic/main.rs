//! The engine's consuming lane alone, on a topic that is there already: our side of `scripts/versus`.
//!
//! `fill` sends messages with the engine's producing lane, `read` reads them all with its consuming
//! one: the loop, the client, the recorder and the collector of `kdyno run` as they are, on the same
//! cores, with full recording. Only the run around the lane is another: it reads as soon as the client
//! exists, not when a group has settled, and ends at the offsets that the topic had before. `create`
//! and `delete` make topics for other tools, without a JVM.

mod given;
mod read;

use engine::driver::{Refusal, find};
use engine::host::machine;
use engine::kafka::KafkaTopics;
use engine::link::{TopicSpec, Topics};
use engine::plan::{Demand, Pace, Plan, TopicPlan, Wishes};
use engine::run::{Ending, Event, Hooks};
use engine::time::{Clock, OsClock};
use engine::units::{Bytes, NANOS_PER_SECOND, Nanos, Rate};
use given::{Given, USAGE};
use kdyno_benches::run_clock;
use std::process::ExitCode;

/// As the binary `kdyno` has it: librdkafka's memory is mimalloc's too, and freed memory is kept.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How fast a topic is filled where the cluster takes it; what it does not take in time stays due.
const FILL_RATE: u64 = 500_000;

/// How long a cluster may take for each request about topics, and a reader without any message.
const DEADLINE: Nanos = Nanos::from_secs(30);

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool of its own")]
fn main() -> ExitCode {
    control::memory::keep_freed_memory();
    let given = match Given::parse(std::env::args().skip(1)) {
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

fn act(given: &Given) -> Result<String, String> {
    let topics = KafkaTopics::new(&given.settings());
    let spec = TopicSpec { name: given.topic.clone(), partitions: given.partitions };
    match given.command.as_str() {
        "create" => match topics.create(&[spec], DEADLINE, &mut |_| {}) {
            Ok(created) if created.is_empty() => Err("exists already".to_owned()),
            Ok(_) => Ok(String::new()),
            Err((error, _)) => Err(error.to_string()),
        },
        "delete" => match topics.delete(&[spec.name], DEADLINE).pop() {
            Some((_, reason)) => Err(reason),
            None => Ok(String::new()),
        },
        "fill" => fill(given),
        _ => {
            let logs = topics.logs(&given.topic, given.partitions, DEADLINE);
            let logs = logs.map_err(|error| error.to_string())?;
            let ends: Vec<i64> = logs.iter().map(|log| log.end).collect();
            read::read(demand(given), &ends)
        }
    }
}

/// One stream to or from the topic, without warm-up, in the name of a test that nobody else has.
fn demand(given: &Given) -> Demand {
    let mut demand = kdyno_benches::demand(Nanos::ZERO);
    demand.test_id = format!("{}-{}", given.topic, OsClock::anchored().now().as_nanos());
    demand.run = given.run;
    demand.clients = given.settings();
    demand.keep_topics = true;
    let (stream, partitions) = (&mut demand.streams[0], given.partitions);
    stream.message_size = Bytes(u64::try_from(given.size).expect("a size fits in 64 bits"));
    stream.bodies = vec![vec![7; given.size]];
    stream.topics = vec![TopicPlan { name: given.topic.clone(), partitions, existing: false }];
    demand
}

/// Sends exactly the messages asked for, to a new topic that stays.
fn fill(given: &Given) -> Result<String, String> {
    let mut demand = demand(given);
    demand.phases.measured = Nanos(given.messages * (NANOS_PER_SECOND / FILL_RATE));
    demand.streams[0].pace = Pace::At(Rate::per_second(FILL_RATE).expect("above zero"));
    demand.streams[0].subscriptions = 0;
    let plan = Plan::new(demand, &machine(), &Wishes::default());
    let plan = plan.map_err(|error| error.to_string())?;
    let driver = find("kafka").expect("the driver exists");
    let ready = (driver.prepare)(plan, run_clock(), &mut Silent);
    let ready = ready.map_err(|refusal| match refusal {
        Refusal::Target(error) => error.to_string(),
        Refusal::Run(failed) => match failed.0.ending {
            Ending::Failed(error) => error.to_string(),
            Ending::Finished | Ending::Interrupted | Ending::CutShort => "did not start".to_owned(),
        },
    })?;
    let (outcome, teardown) = ready.start(&mut Silent);
    drop(teardown.finish());
    match outcome.tally.streams[0].measured.acked.messages {
        acked if acked == given.messages => Ok(format!("messages {acked}\n")),
        acked => Err(format!("{acked} of {} messages acked", given.messages)),
    }
}

/// Listens to nothing and never interrupts: whoever started this ends it.
struct Silent;

impl Hooks for Silent {
    fn event(&mut self, _event: &Event<'_>) {}

    fn is_interrupted(&self) -> bool {
        false
    }
}
