//! Calls of a worker's control endpoint, byte by byte, so that wrong ones can be made too.

use super::hosts::{TOKEN, Worker};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take: the longest of a worker's own deadlines, and a little.
const PATIENCE: Duration = Duration::from_secs(40);

/// Who calls a worker, and what is shown to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'call> {
    pub(crate) url: &'call str,
    pub(crate) token: Option<&'call str>,
    pub(crate) name: &'call str,
}

impl<'call> Caller<'call> {
    /// With the worker's token.
    pub(crate) fn of(worker: &'call Worker, name: &'call str) -> Self {
        Self { url: &worker.url, token: Some(TOKEN), name }
    }

    /// Asks: the status, and the body, null where it is no JSON.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, text) = self.send(method, path, &[], body);
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Asks and demands this status; the body.
    pub(crate) fn demand(&self, status: u16, (method, path): (&str, &str), body: &str) -> Value {
        let (got, told) = self.ask(method, path, body);
        assert_eq!(got, status, "{method} {path} {body}: {told}");
        told
    }

    /// Asks with further header lines: the status, and the body.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> (u16, String) {
        let mut lines = vec![format!("{method} {path} HTTP/1.1"), "Connection: close".to_owned()];
        lines.push(format!("Kdyno-Coordinator: {}", self.name));
        lines.extend(self.token.map(|token| format!("Authorization: Bearer {token}")));
        lines.extend(headers.iter().map(|line| (*line).to_owned()));
        if !headers.iter().any(|line| line.starts_with("Content-Length")) {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        heard(open(self.url), &format!("{}\r\n\r\n{body}", lines.join("\r\n")))
    }

    /// Asks until the answer fits; fails after so many seconds.
    pub(crate) fn until(&self, path: &str, seconds: u64, fits: impl Fn(&Value) -> bool) -> Value {
        let clock = OsClock::anchored();
        let until = clock.now() + Nanos::from_secs(seconds);
        loop {
            let (status, answer) = self.ask("GET", path, "");
            if status == 200 && fits(&answer) {
                return answer;
            }
            assert!(clock.now() < until, "{path} after {seconds} s: {status} {answer:#}");
            clock.park(Nanos::from_millis(100));
        }
    }
}

/// A connection to a worker.
pub(crate) fn open(url: &str) -> TcpStream {
    let address = url.trim_start_matches("http://");
    let stream = TcpStream::connect(address).expect("the worker listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can");
    stream.set_write_timeout(Some(PATIENCE)).expect("it can");
    stream
}

/// Sends bytes and hears the answer: status and body; status 0 where the worker only hung up.
pub(crate) fn heard(mut stream: TcpStream, call: &str) -> (u16, String) {
    // A worker that refuses does not wait for the rest.
    let _refused = stream.write_all(call.as_bytes());
    let mut bytes = Vec::new();
    // What came before it was cut is what it said.
    let _cut = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

/// The order of a task of a run of one existing topic, of four partitions.
pub(crate) fn order(task: &str, (broker, topic): (&str, &str), rate: u32) -> String {
    let workload = format!(
        "topics: 1\\npartitionsPerTopic: 4\\nmessageSize: 100\\nproducersPerTopic: 2\\n\
         subscriptionsPerTopic: 1\\nconsumerPerSubscription: 2\\nproducerRate: {rate}\\n\
         warmupDuration: 0s\\ntestDuration: 60s\\n"
    );
    format!(
        "{{\"task_id\": \"{task}\", \"order\": {{\"workloads\": [\"w.yaml\"], \"topics\": [\"{topic}\"], \
         \"driver\": {{\"bootstrap_servers\": \"{broker}\"}}}}, \"files\": {{\"texts\": {{\"w.yaml\": \
         \"{workload}\"}}}}, \"identity\": {{\"test_id\": \"{topic}\", \"run\": 7, \"partitions\": \
         {{\"{topic}\": 4}}}}}}"
    )
}
