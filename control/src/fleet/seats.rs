//! How many connections there may be at once, and who goes first when another one comes.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// A coordinator needs two or three connections; the rest is for scrapers and people.
const SEATS: usize = 64;

/// Those shown out need their threads a little longer, on a busy host many of them: so many there
/// are at most.
const THREADS_MAX: usize = 4 * SEATS;

/// All connections of a server.
///
/// A connection is unproven until a call of it was allowed. When all seats are taken the oldest
/// unproven one is shown out, so that who opens connections and says nothing keeps nobody away.
#[derive(Debug, Default)]
pub(super) struct Seats {
    rows: Mutex<Rows>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct Rows {
    next: u64,
    /// The oldest first.
    taken: VecDeque<Row>,
    is_closed: bool,
}

#[derive(Debug)]
struct Row {
    id: u64,
    stream: Arc<TcpStream>,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Unproven,
    Proven,
    ShownOut,
}

/// One connection's place; dropped, it is free.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    id: u64,
    stream: Arc<TcpStream>,
}

impl Seats {
    /// A seat for the connection; the connection itself where there is none.
    pub(super) fn admit(self: &Arc<Self>, stream: TcpStream) -> Result<Seat, TcpStream> {
        let mut rows = self.rows();
        if rows.is_closed || THREADS_MAX <= rows.taken.len() {
            return Err(stream);
        }
        let seated = rows.taken.iter().filter(|row| row.standing != Standing::ShownOut).count();
        if SEATS <= seated {
            let oldest = rows.taken.iter_mut().find(|row| row.standing == Standing::Unproven);
            let Some(oldest) = oldest else { return Err(stream) };
            oldest.standing = Standing::ShownOut;
            show_out(&oldest.stream);
        }
        let (id, stream) = (rows.next, Arc::new(stream));
        rows.next += 1;
        let standing = Standing::Unproven;
        rows.taken.push_back(Row { id, stream: Arc::clone(&stream), standing });
        Ok(Seat { seats: Arc::clone(self), id, stream })
    }

    /// Shows everybody out and lets nobody in any more.
    pub(super) fn close(&self) {
        let mut rows = self.rows();
        rows.is_closed = true;
        rows.taken.iter().for_each(|row| show_out(&row.stream));
    }

    /// Waits until all seats are free, and tells how many are not.
    pub(super) fn wait_until_free(&self, within: Duration) -> usize {
        let waited =
            self.left.wait_timeout_while(self.rows(), within, |rows| !rows.taken.is_empty());
        let (rows, _timed_out) = waited.expect("no holder of this lock panics");
        rows.taken.len()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().expect("no holder of this lock panics")
    }
}

impl Seat {
    /// The connection.
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// A call of this connection was allowed: it keeps its seat.
    pub(super) fn prove(&self) {
        let mut rows = self.seats.rows();
        let ours = rows.taken.iter_mut().find(|row| row.id == self.id);
        if let Some(row) = ours.filter(|row| row.standing == Standing::Unproven) {
            row.standing = Standing::Proven;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.rows().taken.retain(|row| row.id != self.id);
        self.seats.left.notify_all();
    }
}

/// Its thread reads the end and leaves.
fn show_out(stream: &TcpStream) {
    // One that is closed already needs none.
    let _gone = stream.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::{SEATS, Seats, THREADS_MAX};
    use std::io::{ErrorKind, Read};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::time::Duration;

    /// A connection's two ends: ours, and theirs.
    fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let address = listener.local_addr().expect("it has one");
        let theirs = TcpStream::connect(address).expect("it listens");
        theirs.set_nonblocking(true).expect("it can");
        (listener.accept().expect("one came").0, theirs)
    }

    fn is_shown_out(mut theirs: &TcpStream) -> bool {
        match theirs.read(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }

    #[test]
    fn the_oldest_unproven_one_goes_when_another_comes_and_the_proven_stay() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let seats = Arc::new(Seats::default());
        let enter = || {
            let (ours, theirs) = pair(&listener);
            (seats.admit(ours), theirs)
        };
        let mut guests: Vec<_> = (0..SEATS).map(|_| enter()).collect();
        let seat = |guest: &(Result<super::Seat, TcpStream>, TcpStream)| {
            guest.0.as_ref().map(super::Seat::prove).is_ok()
        };
        assert!(seat(&guests[0]) && seat(&guests[2]), "they have seats, and keep them");
        guests.push(enter());
        assert!(guests[SEATS].0.is_ok() && is_shown_out(&guests[1].1), "the oldest unproven went");
        for stays in [0, 2, 3, SEATS] {
            assert!(!is_shown_out(&guests[stays].1), "{stays}");
        }
        assert!(guests.iter().all(seat), "all others prove themselves; who was shown out cannot");
        assert!(enter().0.is_err(), "then nobody can be shown out, and one more has no seat");
        drop(guests.remove(0));
        assert!(enter().0.is_ok(), "a seat that was left is free");
    }

    #[test]
    fn who_does_not_leave_is_counted_and_waited_for_by_a_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let seats = Arc::new(Seats::default());
        let enter = || {
            let (ours, theirs) = pair(&listener);
            seats.admit(ours).map(|seat| (seat, theirs))
        };
        // Only the last one's other end is needed.
        let guests: Vec<_> =
            (1..THREADS_MAX).map(|_| enter().expect("the oldest goes for it").0).collect();
        let (last, theirs) = enter().expect("the oldest goes for it");
        assert!(enter().is_err(), "those shown out have not left yet");
        seats.close();
        assert!(is_shown_out(&theirs), "everybody goes");
        drop(guests);
        assert_eq!(seats.wait_until_free(Duration::from_millis(1)), 1, "one is left");
        drop(last);
        assert_eq!(seats.wait_until_free(Duration::from_secs(60)), 0, "none is left");
        assert!(enter().is_err(), "it stays closed");
    }
}
