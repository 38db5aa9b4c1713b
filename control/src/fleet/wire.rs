//! Reads and writes of a connection, each by a deadline and within a limit.

use engine::time::{Clock, OsClock};
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The longest head, in bytes: a token and all headers of ours are below 1 KiB.
pub(super) const HEAD_MAX: usize = 16 << 10;

/// A body may stand still for so long at its beginning, and in all.
const GRACE: Nanos = Nanos::from_secs(10);

/// The least bytes a second beyond that: 64 MiB take 256 s at most, besides the grace.
const PACE_MIN: u64 = 256 << 10;

/// How much of a body is asked of the system at once.
const CHUNK: usize = 64 << 10;

/// How much of a head, and of what is forgotten: anybody may send that. A thread's first large block costs
/// 3 MiB with this allocator: measured, 60 strangers' connections took 174 MiB with 64 KiB here, and take 28.
const SIP: usize = 4 << 10;

/// What a closed connection may still send, and for how long: its answer would be lost if it were
/// cut while bytes are on the way.
const LINGER: (usize, Nanos) = (1 << 20, Nanos::from_secs(1));

/// Why a connection came to no good end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The other side has closed it.
    Gone,
    /// The other side was too slow.
    Late,
    /// A head longer than [`HEAD_MAX`].
    Full,
}

/// A stream whose reads and writes end in time.
pub(super) trait Socket {
    /// Reads what is there, waiting for it at most so long, which is not zero.
    fn read_within(&self, room: &mut [u8], span: Duration) -> io::Result<usize>;

    /// Writes what there is room for, waiting for it at most so long, which is not zero.
    fn write_within(&self, bytes: &[u8], span: Duration) -> io::Result<usize>;
}

impl Socket for TcpStream {
    fn read_within(&self, room: &mut [u8], span: Duration) -> io::Result<usize> {
        self.set_read_timeout(Some(span))?;
        (&*self).read(room)
    }

    fn write_within(&self, bytes: &[u8], span: Duration) -> io::Result<usize> {
        self.set_write_timeout(Some(span))?;
        (&*self).write(bytes)
    }
}

impl Socket for UnixStream {
    fn read_within(&self, room: &mut [u8], span: Duration) -> io::Result<usize> {
        self.set_read_timeout(Some(span))?;
        (&*self).read(room)
    }

    fn write_within(&self, bytes: &[u8], span: Duration) -> io::Result<usize> {
        self.set_write_timeout(Some(span))?;
        (&*self).write(bytes)
    }
}

/// One connection, with what was read of it and belongs to later.
#[derive(Debug)]
pub(super) struct Wire<'a, S> {
    socket: &'a S,
    clock: OsClock,
    kept: Vec<u8>,
}

impl<'a, S: Socket> Wire<'a, S> {
    /// A connection of which nothing has been read.
    pub(super) const fn new(socket: &'a S, clock: OsClock) -> Self {
        Self { socket, clock, kept: Vec::new() }
    }

    /// Whether something was read that nobody has taken.
    pub(super) const fn has_rest(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Waits for the next byte.
    pub(super) fn stir(&mut self, until: Timestamp) -> Result<(), Cut> {
        if self.has_rest() {
            return Ok(());
        }
        self.fill(SIP, until)
    }

    /// Takes a head with its empty line; or what is there, as soon as it cannot become a head.
    pub(super) fn head(&mut self, until: Timestamp) -> Result<Vec<u8>, Cut> {
        let mut searched = 0;
        // Ends with the deadline or the longest head.
        loop {
            // Some clients end a body with an empty line that is no part of it.
            let blank = self.kept.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.kept.drain(..blank);
            if self.kept.first().is_some_and(|byte| !byte.is_ascii_alphabetic()) {
                return Ok(std::mem::take(&mut self.kept));
            }
            match head_end(&self.kept, searched) {
                Some(end) if end <= HEAD_MAX => return Ok(self.kept.drain(..end).collect()),
                None if self.kept.len() < HEAD_MAX => {}
                _ => return Err(Cut::Full),
            }
            searched = self.kept.len();
            self.fill(SIP, until)?;
        }
    }

    /// Takes so many bytes, which must come at the least pace.
    pub(super) fn take(&mut self, length: usize) -> Result<Vec<u8>, Cut> {
        let mut body = Vec::with_capacity(length);
        self.each(length, CHUNK, |bytes| body.extend_from_slice(bytes))?;
        Ok(body)
    }

    /// Takes so many bytes and forgets them.
    pub(super) fn skip(&mut self, length: usize) -> Result<(), Cut> {
        self.each(length, SIP, |_bytes| {})
    }

    /// Writes all of it, which the other side must take at the least pace.
    pub(super) fn send(&self, bytes: &[u8]) -> Result<(), Cut> {
        let begun = self.clock.now();
        let mut sent = 0;
        while sent < bytes.len() {
            let span = self.left(begun + due(sent))?;
            let rest = &bytes[sent..bytes.len().min(sent + CHUNK)];
            sent += again(self.socket.write_within(rest, span))?;
        }
        Ok(())
    }

    fn each(&mut self, length: usize, gulp: usize, mut eat: impl FnMut(&[u8])) -> Result<(), Cut> {
        let begun = self.clock.now();
        let mut taken = 0;
        while taken < length {
            if self.kept.is_empty() {
                self.fill(gulp, begun + due(taken))?;
            }
            let count = self.kept.len().min(length - taken);
            eat(&self.kept[..count]);
            self.kept.drain(..count);
            taken += count;
        }
        Ok(())
    }

    /// Reads something, so many bytes at most.
    fn fill(&mut self, most: usize, until: Timestamp) -> Result<(), Cut> {
        let before = self.kept.len();
        // Ends with the deadline.
        loop {
            let span = self.left(until)?;
            self.kept.resize(before + most, 0);
            let read = self.socket.read_within(&mut self.kept[before..], span);
            let is_end = matches!(read, Ok(0));
            let count = again(read);
            self.kept.truncate(before + count.unwrap_or(0));
            if is_end {
                return Err(Cut::Gone);
            }
            if 0 < count? {
                return Ok(());
            }
        }
    }

    fn left(&self, until: Timestamp) -> Result<Duration, Cut> {
        match self.clock.now().until(until) {
            Nanos::ZERO => Err(Cut::Late),
            span => Ok(span.duration()),
        }
    }
}

impl Wire<'_, TcpStream> {
    /// Closes it so that what was written arrives.
    pub(super) fn close(&mut self) {
        let (bytes_max, within) = LINGER;
        let until = self.clock.now() + within;
        if self.socket.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut eaten = 0;
        while eaten < bytes_max {
            self.kept.clear();
            if self.fill(SIP, until).is_err() {
                return;
            }
            eaten += self.kept.len();
        }
    }
}

/// How long after the beginning the next byte is late, when so many have passed.
fn due(bytes: usize) -> Nanos {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    GRACE + Nanos(bytes.saturating_mul(NANOS_PER_SECOND) / PACE_MIN)
}

/// Nothing was moved, and another try is right: whether there is time for it, the deadline says.
fn again(moved: io::Result<usize>) -> Result<usize, Cut> {
    match moved {
        Ok(count) => Ok(count),
        Err(error) => match error.kind() {
            ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(0),
            _ => Err(Cut::Gone),
        },
    }
}

/// Where a head ends: behind the first empty line, of which nothing lies before `searched`.
fn head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    (searched..bytes.len())
        .find(|at| {
            let (before, byte) = (&bytes[..*at], bytes[*at]);
            byte == b'\n' && (before.ends_with(b"\n") || before.ends_with(b"\n\r"))
        })
        .map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Cut, HEAD_MAX, Socket, Wire, due};
    use engine::time::OsClock;
    use engine::units::{Nanos, Timestamp};
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::io::{Error, ErrorKind, Result};
    use std::time::Duration;

    /// Gives these pieces, one a read, then ends; takes three bytes a write.
    #[derive(Default)]
    struct Script {
        pieces: RefCell<VecDeque<Vec<u8>>>,
        written: RefCell<Vec<u8>>,
    }

    impl Script {
        fn of(pieces: &[&str]) -> Self {
            let pieces = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
            Self { pieces: RefCell::new(pieces), written: RefCell::default() }
        }
    }

    impl Socket for Script {
        fn read_within(&self, room: &mut [u8], _span: Duration) -> Result<usize> {
            let Some(piece) = self.pieces.borrow_mut().pop_front() else { return Ok(0) };
            if piece.is_empty() {
                return Err(Error::from(ErrorKind::WouldBlock));
            }
            let count = piece.len().min(room.len());
            room[..count].copy_from_slice(&piece[..count]);
            if count < piece.len() {
                self.pieces.borrow_mut().push_front(piece[count..].to_vec());
            }
            Ok(count)
        }

        fn write_within(&self, bytes: &[u8], _span: Duration) -> Result<usize> {
            let count = bytes.len().min(3);
            self.written.borrow_mut().extend_from_slice(&bytes[..count]);
            Ok(count)
        }
    }

    /// In 2554.
    const SOON: Timestamp = Timestamp::from_nanos(u64::MAX - 1);
    const PAST: Timestamp = Timestamp::from_nanos(1);

    #[test]
    fn heads_and_bodies_are_found_however_they_are_cut() {
        let check = |pieces: &[&str]| {
            let script = Script::of(pieces);
            let mut wire = Wire::new(&script, OsClock::anchored());
            assert_eq!(wire.head(SOON).expect("a head"), b"GET /a\r\nb: c\r\n\r\n", "{pieces:?}");
            assert_eq!(wire.take(4).expect("a body"), b"\n\r\nx", "{pieces:?}");
            assert_eq!(wire.head(SOON).expect("a head"), b"PUT /\n\n", "{pieces:?}");
            assert!(!wire.has_rest(), "{pieces:?}");
            assert_eq!(wire.stir(SOON), Err(Cut::Gone), "{pieces:?}");
        };
        let whole = "\r\nGET /a\r\nb: c\r\n\r\n\n\r\nx\r\nPUT /\n\n";
        check(&[whole]);
        (1..whole.len()).for_each(|at| check(&[&whole[..at], "", &whole[at..]]));
        let letters: Vec<&str> = (0..whole.len()).map(|at| &whole[at..=at]).collect();
        check(&letters);
    }

    #[test]
    fn a_head_has_a_longest_length_and_garbage_is_not_waited_for() {
        let head = |text: &str| {
            let script = Script::of(&[text]);
            Wire::new(&script, OsClock::anchored()).head(SOON)
        };
        let of_length = |length: usize| format!("{}\r\n\r\n", "a".repeat(length - 4));
        assert_eq!(head(&of_length(HEAD_MAX)).map(|head| head.len()), Ok(HEAD_MAX), "the longest");
        assert_eq!(head(&of_length(HEAD_MAX + 1)), Err(Cut::Full), "one byte more");
        assert_eq!(head(&"a".repeat(CHUNK)), Err(Cut::Full), "without an end");
        assert_eq!(head("\u{16}\u{3}\u{1}"), Ok(vec![0x16, 3, 1]), "TLS");
        assert_eq!(head("GET /"), Err(Cut::Gone), "half of one");
    }

    #[test]
    fn who_sends_nothing_is_late_and_nothing_is_kept_of_it() {
        let script = Script::of(&["GET"]);
        let mut wire = Wire::new(&script, OsClock::anchored());
        assert_eq!(wire.stir(PAST), Err(Cut::Late), "no time at all");
        assert!(!wire.has_rest(), "and nothing read");
        assert_eq!(wire.stir(SOON), Ok(()), "there is something");
        assert!(wire.has_rest(), "which is kept");
    }

    #[test]
    fn a_body_must_come_at_a_pace() {
        assert_eq!(due(0), Nanos::from_secs(10), "the grace");
        assert_eq!(due(256 << 10), Nanos::from_secs(11), "a second's worth");
        assert_eq!(due(64 << 20), Nanos::from_secs(266), "the longest body");
        assert!(Nanos::from_secs(266) < due(usize::MAX), "no overflow");
    }

    #[test]
    fn all_of_it_is_sent_in_as_many_writes_as_it_takes() {
        let script = Script::default();
        Wire::new(&script, OsClock::anchored()).send(b"12345678").expect("it is taken");
        assert_eq!(*script.written.borrow(), b"12345678", "in its order");
    }
}
