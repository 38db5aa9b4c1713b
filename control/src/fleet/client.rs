//! Asks workers: HTTP with a deadline for every call.

use super::names::Names;
use super::protocol::{
    ClockOrder, CourseOrder, Deleted, Frames, Health, Moments, StartOrder, Started, Status,
    StopOrder, TaskOrder,
};
use super::token::Token;
use crate::spec::WorkerUrl;
use engine::plan::Role;
use engine::units::Nanos;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::io::ErrorKind;
use ureq::unversioned::transport::DefaultConnector;

/// How long most calls may take, the connection included.
const CALL: Nanos = Nanos::from_secs(3);

/// How long the end of a task may take: its clients close.
const DELETE: Nanos = Nanos::from_secs(35);

/// How long a question for the time may take: what takes longer says nothing.
const CLOCK: Nanos = Nanos::from_secs(1);

/// The longest answer, in bytes.
const ANSWER_MAX: u64 = 80 << 20;

/// Why a worker did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It could not be asked, or did not answer in time.
    Unreachable(String),
    /// Its host is there, and nobody listens: its process has gone, and its tasks with it.
    Gone(String),
    /// It answered, with this status and these words.
    Refused(u16, String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(words) | Self::Gone(words) => f.write_str(words),
            Self::Refused(status, words) => write!(f, "{words} (HTTP {status})"),
        }
    }
}

type Result<T> = std::result::Result<T, Trouble>;

/// Who asks one worker. A copy has connections of its own.
#[derive(Clone)]
pub(crate) struct Client {
    url: String,
    agent: ureq::Agent,
    names: Names,
    bearer: Option<String>,
    /// Who asks, for the worker's lease.
    name: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Client {
    /// Asks that worker in that name.
    pub(crate) fn new(url: &WorkerUrl, token: Option<&Token>, name: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        let names = Names::default();
        Self {
            url: url.to_string(),
            agent: ureq::Agent::with_parts(config, DefaultConnector::new(), names.clone()),
            names,
            bearer: token.map(Token::bearer),
            name: name.to_owned(),
        }
    }

    /// Where it asks.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `GET /health`.
    pub(crate) fn health(&self) -> Result<Health> {
        self.get("/health", CALL)
    }

    /// `GET /clock`.
    pub(crate) fn moments(&self, source: &str) -> Result<Moments> {
        self.get(&format!("/clock?source={source}"), CLOCK)
    }

    /// `PUT /clock`; whether the clock goes by that line now. If not, it goes by the one before.
    pub(crate) fn correct(&self, order: &ClockOrder) -> Result<bool> {
        let told: serde_json::Value = self.send("PUT", "/clock", order, CALL)?;
        Ok(told["setting"] != "Missed")
    }

    /// `POST /producer/start` or `POST /consumer/start`.
    pub(crate) fn start_task(
        &self,
        role: Role,
        order: &TaskOrder,
        within: Nanos,
    ) -> Result<Started> {
        self.send("POST", &format!("/{role}/start"), order, within)
    }

    /// `GET /task/{id}/status`.
    pub(crate) fn status(&self, task: &str) -> Result<Status> {
        self.get(&format!("/task/{task}/status"), CALL)
    }

    /// `GET /task/{id}/result`: frames from a number on; those before may be forgotten.
    pub(crate) fn frames(&self, task: &str, from: u64) -> Result<Frames> {
        let path = format!("/task/{task}/result?from={from}");
        let bytes = self.bytes("GET", &path, None, CALL)?;
        postcard::from_bytes(&bytes)
            .map_err(|error| Trouble::Refused(200, format!("frames that cannot be read: {error}")))
    }

    /// `POST /start`.
    pub(crate) fn start(&self, order: &StartOrder) -> Result<()> {
        self.send("POST", "/start", order, CALL).map(|_: serde_json::Value| ())
    }

    /// `PUT /course`.
    pub(crate) fn lead(&self, order: &CourseOrder) -> Result<()> {
        self.send("PUT", "/course", order, CALL).map(|_: serde_json::Value| ())
    }

    /// `POST /stop`.
    pub(crate) fn stop(&self, order: &StopOrder) -> Result<()> {
        self.send("POST", "/stop", order, CALL).map(|_: serde_json::Value| ())
    }

    /// `DELETE /task/{id}`; a task that is not there is deleted.
    pub(crate) fn delete(&self, task: &str) -> Result<Deleted> {
        match self.bytes("DELETE", &format!("/task/{task}"), None, DELETE) {
            Ok(bytes) => self.read(&bytes),
            Err(Trouble::Refused(404, _)) => Ok(Deleted::default()),
            Err(trouble) => Err(trouble),
        }
    }

    fn get<T: DeserializeOwned>(&self, path: &str, within: Nanos) -> Result<T> {
        self.read(&self.bytes("GET", path, None, within)?)
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &impl Serialize,
        within: Nanos,
    ) -> Result<T> {
        let body = serde_json::to_vec(body).expect("an order is JSON");
        self.read(&self.bytes(method, path, Some(body), within)?)
    }

    fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|error| {
            Trouble::Refused(200, format!("an answer that cannot be read: {error}"))
        })
    }

    fn bytes(
        &self,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
        within: Nanos,
    ) -> Result<Vec<u8>> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("Kdyno-Coordinator", &self.name);
        if let Some(bearer) = &self.bearer {
            request = request.header("Authorization", bearer);
        }
        let request = request
            .header("Content-Type", "application/json")
            .body(body.unwrap_or_default())
            .map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let timed = self.agent.configure_request(request);
        let timed = timed.timeout_global(Some(within.duration())).build();
        let unreachable = |error: &ureq::Error| {
            self.names.forget();
            trouble(error, within)
        };
        let mut response = self.agent.run(timed).map_err(|error| unreachable(&error))?;
        let status = response.status().as_u16();
        let answer = response.body_mut().with_config().limit(ANSWER_MAX).read_to_vec();
        let answer = answer.map_err(|error| unreachable(&error))?;
        if status < 300 {
            return Ok(answer);
        }
        let told = serde_json::from_slice::<serde_json::Value>(&answer).ok();
        let told = told.and_then(|value| value.get("error")?.as_str().map(str::to_owned));
        Err(Trouble::Refused(status, told.unwrap_or_else(|| "no reason given".to_owned())))
    }
}

/// What went wrong on the way, in words for people.
fn trouble(error: &ureq::Error, within: Nanos) -> Trouble {
    Trouble::Unreachable(match error {
        ureq::Error::Timeout(_) => format!("no answer within {within}"),
        ureq::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => {
            return Trouble::Gone("nobody listens there (is kdyno worker running?)".to_owned());
        }
        ureq::Error::HostNotFound => "no such host".to_owned(),
        other => other.to_string(),
    })
}
