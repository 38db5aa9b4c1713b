//! The lines from the gate to the desk: few, opened at the start, each carrying one call at a time.
//!
//! The HTTP library behind them accepts connections in a loop that one failure ends for ever, e.g.
//! one file descriptor too many. So none is opened while calls come in, unless one broke.

use super::budget::{Budget, Held};
use super::call::Answer;
use super::head::Refusal;
use super::wire::{Cut, Wire};
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// The longest answer, in bytes.
const ANSWER_MAX: usize = 64 << 20;

/// Shorter answers are not counted: every connection may hold one.
const SMALL: usize = 64 << 10;

/// How long a call waits until another one has been answered.
const LINE_WITHIN: Nanos = Nanos::from_secs(10);

/// How long the service may think: it may have to wait for a broker, see ARCHITECTURE.md.
const ANSWER_WITHIN: Nanos = Nanos::from_secs(120);

/// All lines to one desk.
#[derive(Debug)]
pub(super) struct Lines {
    /// Those that nobody uses; `None` is one that broke.
    free: Mutex<Vec<Option<UnixStream>>>,
    freed: Condvar,
    socket: PathBuf,
    clock: OsClock,
}

/// What the desk said, and the memory that it takes.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) answer: Answer,
    _held: Option<Held>,
}

/// What could not be told, and whether the line can be used again.
struct Failed(Refusal, State);

#[derive(PartialEq, Eq)]
enum State {
    Whole,
    Broken,
}

impl Lines {
    /// Opens so many lines to the socket.
    pub(super) fn open(socket: PathBuf, count: usize, clock: OsClock) -> std::io::Result<Self> {
        let lines: std::io::Result<Vec<_>> =
            (0..count).map(|_| UnixStream::connect(&socket).map(Some)).collect();
        Ok(Self { free: Mutex::new(lines?), freed: Condvar::new(), socket, clock })
    }

    /// Passes a call on and takes the answer, whole, so that a slow caller holds no line.
    pub(super) fn ask(
        &self,
        head: &str,
        body: Vec<u8>,
        budget: &Arc<Budget>,
    ) -> Result<Told, Refusal> {
        let line = self.take()?;
        let mut wire = Wire::new(&line, self.clock);
        let told = match wire.send(head.as_bytes()).and_then(|()| wire.send(&body)) {
            Ok(()) => {
                drop(body);
                hear(&mut wire, self.clock.now() + ANSWER_WITHIN, budget)
            }
            Err(cut) => Err(broken(cut)),
        };
        let is_broken = matches!(told, Err(Failed(_, State::Broken))) || wire.has_rest();
        self.give_back((!is_broken).then_some(line));
        told.map_err(|Failed(refusal, _)| refusal)
    }

    fn take(&self) -> Result<UnixStream, Refusal> {
        let waited = self
            .freed
            .wait_timeout_while(self.free(), LINE_WITHIN.duration(), |free| free.is_empty());
        let (mut free, _timed_out) = waited.expect("no holder of this lock panics");
        let line = free.pop();
        drop(free);
        match line {
            Some(Some(line)) => Ok(line),
            Some(None) => UnixStream::connect(&self.socket).map_err(|error| {
                self.give_back(None);
                tracing::error!("the control endpoint cannot serve: {error}; restart the worker");
                Refusal::new(503, format!("cannot serve: {error}; restart the worker"))
            }),
            None => Err(Refusal::new(
                503,
                format!("other calls have kept the worker busy for {LINE_WITHIN}; try again"),
            )),
        }
    }

    fn give_back(&self, line: Option<UnixStream>) {
        let mut free = self.free();
        match line {
            // Whole lines are taken first.
            Some(_) => free.push(line),
            None => free.insert(0, None),
        }
        self.freed.notify_one();
    }

    fn free(&self) -> MutexGuard<'_, Vec<Option<UnixStream>>> {
        self.free.lock().expect("no holder of this lock panics")
    }
}

fn hear(
    wire: &mut Wire<'_, UnixStream>,
    until: Timestamp,
    budget: &Arc<Budget>,
) -> Result<Told, Failed> {
    let head = wire.head(until).map_err(broken)?;
    let (status, content_type, length) = read(&head).ok_or_else(|| broken(Cut::Gone))?;
    let held = if length <= SMALL { None } else { budget.hold(length) };
    if ANSWER_MAX < length || (SMALL < length && held.is_none()) {
        wire.skip(length).map_err(broken)?;
        let words =
            format!("no memory for an answer of {length} bytes; try again, or ask for less");
        return Err(Failed(Refusal::new(503, words), State::Whole));
    }
    let body = wire.take(length).map_err(broken)?;
    Ok(Told { answer: Answer { status, content_type: content_type.into(), body }, _held: held })
}

/// Status, media type and length of the body of an answer.
fn read(head: &[u8]) -> Option<(u16, String, usize)> {
    let mut room = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut room);
    if !response.parse(head).ok()?.is_complete() {
        return None;
    }
    let value = |name: &str| {
        let header = response.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    let content_type = value("Content-Type").unwrap_or("application/octet-stream").to_owned();
    Some((response.code?, content_type, value("Content-Length")?.parse().ok()?))
}

fn broken(cut: Cut) -> Failed {
    let refusal = match cut {
        Cut::Late => Refusal::new(504, format!("the worker gave no answer for {ANSWER_WITHIN}")),
        Cut::Gone | Cut::Full => Refusal::new(502, "the worker's answer broke off"),
    };
    Failed(refusal, State::Broken)
}

#[cfg(test)]
mod tests {
    use super::{Lines, Refusal, SMALL};
    use crate::fleet::budget::Budget;
    use engine::time::OsClock;
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::thread;

    /// Asks a desk that says these answers, one a call, each on a line of its own if it breaks.
    fn ask(answers: &[&str], bytes: usize) -> Vec<Result<String, Refusal>> {
        let home = tempfile::tempdir().expect("a place for files");
        let socket = home.path().join("desk");
        let listener = UnixListener::bind(&socket).expect("a new socket");
        let lines = Lines::open(socket, 1, OsClock::anchored()).expect("it listens");
        let budget = Budget::of(bytes);
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut line = listener.accept().expect("one came").0;
                for answer in answers {
                    take_call(&listener, &mut line);
                    line.write_all(answer.as_bytes()).expect("it is read");
                }
            });
            let ask = |_: &&str| {
                let told = lines.ask("he", b"ad".to_vec(), &budget)?;
                Ok(String::from_utf8_lossy(&told.answer.body).into_owned())
            };
            answers.iter().map(ask).collect()
        })
    }

    /// Takes the next call, on the next line where this one has ended.
    fn take_call(listener: &UnixListener, line: &mut UnixStream) {
        let mut call = [0; 4];
        if line.read_exact(&mut call).is_err() {
            *line = listener.accept().expect("another came").0;
            line.read_exact(&mut call).expect("a call");
        }
        assert_eq!(&call, b"head", "of each call");
    }

    #[test]
    fn a_line_that_broke_is_replaced_and_the_others_are_used_again() {
        let good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        let told = ask(&[good, good, "nonsense\r\n\r\n", good], 0);
        let [first, second, third, fourth] = &told[..] else { panic!("{told:?}") };
        for hi in [first, second, fourth] {
            assert_eq!(hi.as_deref(), Ok("hi"), "{told:?}");
        }
        assert_eq!(third.as_ref().map_err(|refusal| refusal.status), Err(502), "{told:?}");
    }

    #[test]
    fn an_answer_without_memory_for_it_is_skipped_and_the_line_goes_on() {
        let of_length = |length: usize| {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length))
        };
        let told =
            ask(&[&of_length(SMALL + 2), &of_length(SMALL), &of_length(SMALL + 1)], SMALL + 1);
        let found: Vec<_> = told
            .iter()
            .map(|told| told.as_ref().map(String::len).map_err(|refusal| refusal.status))
            .collect();
        assert_eq!(found, [Err(503), Ok(SMALL), Ok(SMALL + 1)], "two bytes more are too many");
    }
}
