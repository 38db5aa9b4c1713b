//! Is there a cluster? Asked before anything is created, and when messages are missing at the end.

use super::admission;
use super::config::client_config;
use super::context::Quiet;
use super::native::{Event, EventKind, Handle, Queue};
use crate::error::RunError;
use crate::kafka::errors::ALL_BROKERS_DOWN;
use crate::plan::ClientSettings;
use crate::time::{Clock, OsClock};
use crate::units::{Nanos, Timestamp};
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, Producer};

/// Events that a client may have piled up while it tried to connect.
const EVENTS: usize = 1_000;

/// Who asks, in messages to people.
const ASKER: &str = "the handler of topics";

/// How long the first question lasts before the client's words are listened to; each other twice as long
/// as the one before, since an answer that comes after its question is lost.
const QUESTION: Nanos = Nanos::from_millis(100);

/// Pause between two looks at brokers that are there and do not answer.
const LOOK_EVERY: Nanos = Nanos::from_secs(3);

/// How many brokers the cluster has.
///
/// # Errors
/// Unreachable, with the client's own words, e.g. that its connection was refused; not admitted, as soon
/// as that is known: the client itself would try again for ever.
pub(super) fn brokers(settings: &ClientSettings, deadline: Nanos) -> Result<usize, RunError> {
    let metadata = metadata(settings, None, super::admin::MAKES_NOTHING, deadline)?;
    Ok(metadata.brokers().len())
}

/// What the cluster says of one topic or of all, asked by a client of its own: one for topics does not
/// pass on what it hears.
///
/// # Errors
/// As of [`brokers`].
pub(super) fn metadata(
    settings: &ClientSettings,
    topic: Option<&str>,
    makes: (&str, &str),
    deadline: Nanos,
) -> Result<Metadata, RunError> {
    let refused = |reason: String| RunError::Client { client: ASKER.to_owned(), reason };
    let mut config = client_config(&settings.admin);
    config.set(makes.0, makes.1);
    let producer: BaseProducer<Quiet> =
        config.create_with_context(Quiet).map_err(|error| refused(error.to_string()))?;
    let queue = Handle::of_client(producer.client()).main_queue();
    let ask = |wait: Nanos| producer.client().fetch_metadata(topic, wait.duration());
    Ear::new(settings, queue).ask(deadline, ask)
}

/// Listens to a client while somebody waits for its answer.
struct Ear<'run> {
    settings: &'run ClientSettings,
    queue: Queue,
    last_words: Option<String>,
    looked: Option<Timestamp>,
}

impl<'run> Ear<'run> {
    /// For the client with this main queue; must go before the client does.
    fn new(settings: &'run ClientSettings, mut queue: Queue) -> Self {
        queue.log_in();
        Self { settings, queue, last_words: None, looked: None }
    }

    /// Asks again and again until there is an answer, the deadline, or a reason why there will be none.
    fn ask(
        &mut self,
        deadline: Nanos,
        question: impl Fn(Nanos) -> Result<Metadata, rdkafka::error::KafkaError>,
    ) -> Result<Metadata, RunError> {
        let clock = OsClock::anchored();
        let until = clock.now() + deadline;
        let mut wait = QUESTION;
        loop {
            let left = clock.now().until(until);
            let error = match question(left.min(wait)) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => error,
            };
            if let Some(reason) = self.hear(&clock) {
                return Err(RunError::NotAdmitted(reason));
            }
            if left <= wait {
                let words = self.last_words.take().unwrap_or_else(|| error.to_string());
                return Err(unreachable(self.settings, deadline, words));
            }
            wait = wait + wait;
        }
    }

    /// Reads what the client said; why it is not let in, if that can be told.
    fn hear(&mut self, clock: &OsClock) -> Option<String> {
        let mut is_troubled = false;
        for _ in 0..EVENTS {
            let Some(event) = self.queue.next() else { break };
            if event.kind() != EventKind::Trouble {
                continue;
            }
            is_troubled = true;
            if let Some(reason) = self.understand(&event) {
                return Some(reason);
            }
        }
        let now = clock.now();
        let is_due = self.looked.is_none_or(|looked| looked + LOOK_EVERY <= now);
        if !is_troubled || !is_due {
            return None;
        }
        self.looked = Some(now);
        admission::look(&self.settings.admin)
    }

    fn understand(&mut self, event: &Event) -> Option<String> {
        let (code, words) = (event.code(), event.words());
        let reason = admission::understood(&self.settings.admin, code, &words);
        if code != ALL_BROKERS_DOWN || self.last_words.is_none() {
            self.last_words = Some(words);
        }
        reason
    }
}

/// The cluster that did not answer.
pub(super) fn unreachable(settings: &ClientSettings, deadline: Nanos, reason: String) -> RunError {
    RunError::Unreachable {
        address: address(settings),
        seconds: deadline.duration().as_secs(),
        reason,
    }
}

/// The bootstrap servers, as configured.
pub(super) fn address(settings: &ClientSettings) -> String {
    settings.address().to_owned()
}
