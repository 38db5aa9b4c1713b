//! The gate: reads each call whole, within limits of time and memory, before anybody else sees it.

use super::budget::Budget;
use super::call::{Answer, Service};
use super::desk::ARRIVED;
use super::head::{self, Head, Refusal};
use super::line::Lines;
use super::seats::{Seat, Seats};
use super::token::Token;
use super::wire::{Cut, HEAD_MAX, Wire};
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// How long a head may take, from the connection's beginning or from its first byte.
const HEAD_WITHIN: Nanos = Nanos::from_secs(5);

/// How long a connection may wait for its next call.
const IDLE_MAX: Nanos = Nanos::from_secs(30);

/// Until connections are accepted again after one could not be.
const ACCEPT_PAUSE: Nanos = Nanos::from_millis(100);

/// A longer body is not joined with its head into one packet.
const JOINED_MAX: usize = 64 << 10;

/// What all connections share.
pub(super) struct Gate {
    pub(super) token: Option<Token>,
    pub(super) service: Arc<dyn Service>,
    pub(super) lines: Lines,
    pub(super) budget: Arc<Budget>,
    pub(super) seats: Arc<Seats>,
    pub(super) is_closing: AtomicBool,
    pub(super) clock: OsClock,
}

/// Why a connection is closed.
enum End {
    /// The client has left, is idle, takes no answer, or was shown out: there is nothing to tell.
    Gone,
    /// The last call has been answered.
    Done,
    Refused(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Cut> for End {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Gone => Self::Gone,
            Cut::Late => Self::Refused(Refusal::new(408, "the call came too slowly")),
            Cut::Full => {
                let words = format!("the head is too long: {HEAD_MAX} bytes are allowed");
                Self::Refused(Refusal::new(431, words))
            }
        }
    }
}

/// Serves each connection that comes on a thread of its own, until the server is closing.
pub(super) fn accept(gate: &Arc<Gate>, mut next: impl FnMut() -> io::Result<TcpStream>) {
    let mut is_failing = false;
    while !gate.is_closing.load(Ordering::Acquire) {
        match next() {
            Ok(stream) => {
                is_failing = false;
                welcome(gate, stream);
            }
            Err(error) if !gate.is_closing.load(Ordering::Acquire) => {
                // Told once: it may fail as often as this loop goes round.
                if !is_failing {
                    tracing::warn!("the control endpoint accepts no calls for now: {error}");
                }
                is_failing = true;
                gate.clock.park(ACCEPT_PAUSE);
            }
            Err(_) => {}
        }
    }
}

fn welcome(gate: &Arc<Gate>, stream: TcpStream) {
    let seat = match gate.seats.admit(stream) {
        Ok(seat) => seat,
        Err(stream) => return turn_away(&stream),
    };
    let gate = Arc::clone(gate);
    let work = move || serve(&gate, &seat);
    if let Err(error) = thread::Builder::new().name("gate".to_owned()).spawn(work) {
        tracing::warn!("a call of the control endpoint is not served: no thread: {error}");
    }
}

/// Tells that there is no room. Waits for nothing: this is the thread that accepts.
fn turn_away(mut stream: &TcpStream) {
    let full = Refusal::new(503, "too many connections; try again").answer();
    if stream.set_nonblocking(true).is_ok() {
        // What was sent already is taken, or else closing would take the answer back.
        let _request = stream.read(&mut [0; HEAD_MAX]);
        let _answer = stream.write(&[head_of(&full, Stay::Close).as_bytes(), &full.body].concat());
        let _end = stream.shutdown(Shutdown::Write);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stay {
    Open,
    Close,
}

/// Serves one connection to its end.
fn serve(gate: &Gate, seat: &Seat) {
    // Answers are small and whole: waiting for more to send with them is of no use.
    let _slower = seat.stream().set_nodelay(true);
    let mut wire = Wire::new(seat.stream(), gate.clock);
    let soon = || gate.clock.now() + HEAD_WITHIN;
    let mut first = Some(soon());
    // Ends with the client, with its idleness, or with the server, which closes the stream.
    let end = loop {
        let until = first.take();
        if wire.stir(until.unwrap_or_else(|| gate.clock.now() + IDLE_MAX)).is_err() {
            break End::Gone;
        }
        match call(gate, seat, &mut wire, until.unwrap_or_else(soon)) {
            Ok(Stay::Open) => {}
            Ok(Stay::Close) => break End::Done,
            Err(end) => break end,
        }
    };
    let refusal = match end {
        End::Gone => return,
        End::Done => return wire.close(),
        End::Refused(refusal) => refusal,
    };
    if let Ok(peer) = seat.stream().peer_addr() {
        tracing::debug!("{peer}: {} {}", refusal.status, refusal.words);
    }
    if send(&wire, &refusal.answer(), Stay::Close).is_ok() {
        wire.close();
    }
}

/// Reads one call, whose head must be there in time, has it answered, and writes the answer.
fn call(
    gate: &Gate,
    seat: &Seat,
    wire: &mut Wire<'_, TcpStream>,
    until: Timestamp,
) -> Result<Stay, End> {
    let bytes = wire.head(until)?;
    // First of all: between hosts the clocks are compared by it.
    let arrived = gate.service.now();
    let head = head::read(&bytes, gate.token.as_ref())?;
    seat.prove();
    // A body lies here, and for the time of its passage at the desk too.
    let held = gate.budget.hold(head.length).ok_or_else(|| {
        Refusal::new(503, "other calls' bodies take all the memory there is for them; try again")
    })?;
    if head.expects_word && 0 < head.length && !wire.has_rest() {
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = wire.take(head.length)?;
    let told = gate.lines.ask(&passed_on(&head, arrived), body, &gate.budget)?;
    drop(held);
    let stay = if head.stays { Stay::Open } else { Stay::Close };
    send(wire, &told.answer, stay)?;
    Ok(stay)
}

/// The head as the desk gets it: written anew, so that nothing passes that was not checked.
fn passed_on(head: &Head, arrived: Timestamp) -> String {
    let (method, path, query) = (head.method.as_str(), &head.path, &head.query);
    let mark = if query.is_empty() { "" } else { "?" };
    let mut text = format!(
        "{method} {path}{mark}{query} HTTP/1.1\r\nContent-Length: {}\r\n{ARRIVED}: {}\r\n",
        head.length,
        arrived.as_nanos()
    );
    let named = [("Kdyno-Coordinator", &head.coordinator), ("Accept", &head.accept)];
    for (name, value) in named {
        if let Some(value) = value {
            write!(text, "{name}: {value}\r\n").expect("a string has room");
        }
    }
    text + "\r\n"
}

/// Writes an answer. Nothing can be told behind one that was not taken whole.
fn send(wire: &Wire<'_, TcpStream>, answer: &Answer, stay: Stay) -> Result<(), End> {
    let mut head = head_of(answer, stay).into_bytes();
    let sent = if answer.body.len() <= JOINED_MAX {
        head.extend_from_slice(&answer.body);
        wire.send(&head)
    } else {
        wire.send(&head).and_then(|()| wire.send(&answer.body))
    };
    sent.map_err(|_cut| End::Gone)
}

fn head_of(answer: &Answer, stay: Stay) -> String {
    let status = answer.status;
    let reason = tiny_http::StatusCode(status).default_reason_phrase();
    let connection = if stay == Stay::Open { "keep-alive" } else { "close" };
    let more = match status {
        401 => "WWW-Authenticate: Bearer\r\n",
        405 => "Allow: GET, POST, PUT, DELETE\r\n",
        _ => "",
    };
    let length = match status {
        204 => String::new(),
        _ => format!("Content-Length: {}\r\n", answer.body.len()),
    };
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {}\r\n{length}Connection: {connection}\r\n\
         {more}\r\n",
        answer.content_type
    )
}

#[cfg(test)]
mod tests {
    use super::{Gate, accept};
    use crate::fleet::budget::Budget;
    use crate::fleet::desk::Desk;
    use crate::fleet::seats::Seats;
    use crate::fleet::{Answer, Call, Service};
    use engine::time::{Clock, OsClock};
    use engine::units::{Nanos, Timestamp};
    use std::io::{Error, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    struct Hello(OsClock);

    impl Service for Hello {
        fn answer(&self, call: &Call<'_>) -> Answer {
            Answer::text(200, format!("hello {}", call.path))
        }

        fn now(&self) -> Timestamp {
            self.0.now()
        }
    }

    #[test]
    fn accepting_goes_on_after_it_failed_and_without_memory_bodies_are_refused() {
        let clock = OsClock::anchored();
        let service: Arc<dyn Service> = Arc::new(Hello(clock));
        let (mut desk, lines) = Desk::open(&service, clock).expect("a place for its socket");
        let gate = Arc::new(Gate {
            token: None,
            service,
            lines,
            budget: Budget::of(9),
            seats: Arc::new(Seats::default()),
            is_closing: AtomicBool::new(false),
            clock,
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has one");
        let say = |length: usize| {
            let mut client = TcpStream::connect(address).expect("it listens");
            client.set_read_timeout(Some(Duration::from_secs(20))).expect("it can");
            let call = format!("PUT /x HTTP/1.0\nContent-Length: {length}\n\n0123456789");
            client.write_all(call.as_bytes()).expect("it is open");
            client
        };
        let clients = [say(9), say(10)];
        let mut tries = 0;
        accept(&gate, || {
            tries += 1;
            match tries {
                1 | 3 => Err(Error::other("too many open files")),
                2 | 4 => Ok(listener.accept()?.0),
                _ => {
                    gate.is_closing.store(true, Ordering::Release);
                    Err(Error::other("it is closing"))
                }
            }
        });
        let told = clients.map(|mut client| {
            let mut told = String::new();
            client.read_to_string(&mut told).expect("an answer");
            told
        });
        assert!(told[0].starts_with("HTTP/1.1 200 ") && told[0].ends_with("hello /x"), "{told:?}");
        assert!(told[1].starts_with("HTTP/1.1 503 "), "ten bytes are too many: {told:?}");
        assert_eq!(gate.seats.wait_until_free(Duration::from_secs(20)), 0, "they have left");
        desk.close(Nanos::from_secs(20));
    }
}
