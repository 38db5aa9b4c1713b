//! The topic of a perf test: there already, or made by a broker that makes topics by itself.

use crate::interrupt::Interrupt;
use engine::kafka::KafkaTopics;
use engine::measure::constants::exit;
use engine::plan::Demand;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;

/// How long a broker may take to make a topic that it was asked about: three looks of a slow controller.
const MADE_WITHIN: Nanos = Nanos::from_secs(10);

/// Pause between two questions.
const PAUSE: Nanos = Nanos::from_millis(100);

/// Waits until the topic is there: as the tool's own client does, it asks in a way that has a broker make
/// it that does such things. Nothing else of kdyno's asks so.
///
/// # Errors
/// The exit code, and why: no answer, no topic, or the user wants an end.
pub(super) fn await_topic(
    demand: &Demand,
    name: &str,
    interrupt: &Interrupt,
) -> Result<(), (u8, String)> {
    let (topics, clock) = (KafkaTopics::new(&demand.clients), OsClock::anchored());
    let until = clock.now() + MADE_WITHIN;
    loop {
        let found = topics.partitions_or_made(name, demand.deadlines.reach);
        if found.map_err(|error| (exit::FAILED, error.to_string()))?.is_some() {
            return Ok(());
        }
        if interrupt.is_raised() {
            return Err((exit::INTERRUPTED, format!("interrupted while topic {name} was awaited")));
        }
        if until <= clock.now() {
            let words = format!(
                "--topic {name}: there is no such topic, and the brokers did not make it within {MADE_WITHIN}: \
                 create it, or set auto.create.topics.enable=true on the brokers"
            );
            return Err((exit::USAGE, words));
        }
        clock.park(PAUSE);
    }
}
