//! The desk behind the gate: a `tiny_http` server on a private socket, whose few threads ask the
//! service.

use super::call::{Answer, Call, Method, Service};
use super::line::Lines;
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;
use tiny_http::{Header, Request, Response};

/// When the call arrived, in nanoseconds; only the gate writes it, which passes on no header of a
/// caller's.
pub(super) const ARRIVED: &str = "Kdyno-Arrived";

/// One slow call leaves three threads for the others; each has a line of its own.
const HANDLERS: usize = 4;

/// Threads that ask the service.
pub(super) struct Desk {
    http: Arc<tiny_http::Server>,
    handlers: Vec<JoinHandle<()>>,
    is_closing: Arc<AtomicBool>,
    clock: OsClock,
    /// Only its owner may enter it. Dropped last, it is deleted with the socket.
    _home: TempDir,
}

impl Desk {
    /// Starts the threads and opens the lines to them.
    pub(super) fn open(
        service: &Arc<dyn Service>,
        clock: OsClock,
    ) -> Result<(Self, Lines), String> {
        let home = tempfile::Builder::new().prefix("kdyno-").tempdir().map_err(|error| {
            format!(
                "a private directory for the control endpoint: {error}; set TMPDIR to a place \
                     where kdyno may write"
            )
        })?;
        let socket = home.path().join("desk");
        let fault = |error: String| {
            format!("{}: {error}; set TMPDIR to a short path on a local disk", socket.display())
        };
        let http =
            tiny_http::Server::http_unix(&socket).map_err(|error| fault(error.to_string()))?;
        let http = Arc::new(http);
        let is_closing = Arc::new(AtomicBool::new(false));
        let mut desk = Self { http, handlers: Vec::new(), is_closing, clock, _home: home };
        for _ in 0..HANDLERS {
            match desk.handler(service) {
                Ok(handler) => desk.handlers.push(handler),
                Err(error) => {
                    desk.close(Nanos::ZERO);
                    return Err(format!("a thread of the control endpoint: {error}"));
                }
            }
        }
        match Lines::open(socket.clone(), HANDLERS, clock) {
            Ok(lines) => Ok((desk, lines)),
            Err(error) => {
                desk.close(Nanos::ZERO);
                Err(fault(error.to_string()))
            }
        }
    }

    /// Ends the threads and waits so long for them.
    pub(super) fn close(&mut self, within: Nanos) {
        self.is_closing.store(true, Ordering::Release);
        // One call ends one wait.
        self.handlers.iter().for_each(|_| self.http.unblock());
        let until = self.clock.now() + within;
        while self.handlers.iter().any(|handler| !handler.is_finished()) && self.clock.now() < until
        {
            self.clock.park(Nanos::from_millis(1));
        }
        let open = self.handlers.iter().filter(|handler| !handler.is_finished()).count();
        if 0 < open && Nanos::ZERO < within {
            tracing::warn!("{open} calls of the control endpoint did not end within {within}");
        }
        self.handlers.clear();
    }

    fn handler(&self, service: &Arc<dyn Service>) -> std::io::Result<JoinHandle<()>> {
        let (http, service) = (Arc::clone(&self.http), Arc::clone(service));
        let is_closing = Arc::clone(&self.is_closing);
        let work = move || {
            // Ends with the desk: each wait ends with a call or with the closing.
            loop {
                match http.recv() {
                    Ok(request) => respond(request, &*service),
                    // Acquire: what the closer did before is seen by who ends after it.
                    Err(_) if is_closing.load(Ordering::Acquire) => return,
                    // It accepts no more; the lines that are open go on.
                    Err(error) => tracing::error!("the control endpoint opens no lines: {error}"),
                }
            }
        };
        thread::Builder::new().name("desk".to_owned()).spawn(work)
    }
}

/// Asks the service and passes on what it says.
fn respond(mut request: Request, service: &dyn Service) {
    let mut body = Vec::with_capacity(request.body_length().unwrap_or(0));
    let said = match request.as_reader().read_to_end(&mut body) {
        // The caller of the service's own is told; the hook of panics has told the log.
        Ok(_) => catch_unwind(AssertUnwindSafe(|| response(ask(&request, &body, service))))
            .unwrap_or_else(|_panic| {
                response(Answer::error(500, "the worker made a mistake; see its log"))
            }),
        Err(error) => response(Answer::error(500, &format!("the body broke off: {error}"))),
    };
    drop(body);
    if let Err(error) = request.respond(said) {
        tracing::debug!("an answer of the control endpoint went nowhere: {error}");
    }
}

fn ask(request: &Request, body: &[u8], service: &dyn Service) -> Answer {
    let header = |name: &'static str| {
        let found = request.headers().iter().find(|header| header.field.equiv(name));
        found.map(|header| header.value.as_str())
    };
    let arrived = header(ARRIVED).and_then(|nanos| nanos.parse().ok());
    let method = Method::named(request.method().as_str());
    let (Some(arrived), Some(method)) = (arrived, method) else {
        return Answer::error(500, "this call did not come through the gate");
    };
    let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
    service.answer(&Call {
        method,
        path,
        query,
        coordinator: header("Kdyno-Coordinator"),
        accept: header("Accept"),
        body,
        arrived: Timestamp::from_nanos(arrived),
    })
}

/// As the lines read it: always with its length.
fn response(answer: Answer) -> Response<std::io::Cursor<Vec<u8>>> {
    assert!((200..600).contains(&answer.status), "a service answers 200 to 599");
    // These statuses have no body, and a length of one would be waited for.
    let body = if matches!(answer.status, 204 | 304) { Vec::new() } else { answer.body };
    let content_type = Header::from_bytes("Content-Type", answer.content_type.as_bytes());
    Response::from_data(body)
        .with_status_code(answer.status)
        .with_header(content_type.expect("media types are ASCII"))
        .with_chunked_threshold(usize::MAX)
}
