//! The control endpoint as a whole: where it listens, and how it begins and ends.

use super::budget::Budget;
use super::call::{BODY_MAX, Service};
use super::desk::Desk;
use super::gate::{self, Gate};
use super::seats::Seats;
use super::token::Token;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use rustix::net::Shutdown;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Two of the longest bodies at once, in bytes. Each may lie in memory twice while it is passed on.
const BUDGET: usize = 2 * BODY_MAX;

/// How long connections and calls have to end, each.
const STOP_WITHIN: Nanos = Nanos::from_secs(3);

/// A control endpoint at work; dropped, it stops.
pub struct Server {
    address: SocketAddr,
    gate: Arc<Gate>,
    listener: Arc<TcpListener>,
    /// `None` once it has stopped.
    accepting: Option<JoinHandle<()>>,
    desk: Desk,
}

impl Server {
    /// Listens at `listen`, `HOST:PORT`, where port 0 is any free one, and lets the service answer
    /// what comes. Without a token only addresses of this host are allowed.
    ///
    /// # Errors
    /// The address is none, is not allowed without a token, or is in use; the system gives no
    /// threads or no private directory. In words, with what to do.
    pub fn start(
        listen: &str,
        token: Option<Token>,
        service: Arc<dyn Service>,
    ) -> Result<Self, String> {
        Self::start_for("--listen", listen, token, service)
    }

    /// The same, for an address that another flag gave, which faults then name.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn start_for(
        flag: &str,
        listen: &str,
        token: Option<Token>,
        service: Arc<dyn Service>,
    ) -> Result<Self, String> {
        let place = format!("{flag} {listen}");
        let addresses = resolve(listen, &place)?;
        if token.is_none() {
            stay_at_home(&place, &addresses)?;
        }
        let bound = TcpListener::bind(&*addresses);
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?, Arc::new(listener))));
        let (address, listener) = bound.map_err(|error| unbound(&place, &error))?;
        let clock = OsClock::anchored();
        let (mut desk, lines) = Desk::open(&service, clock)?;
        let gate = Arc::new(Gate {
            token,
            service,
            lines,
            budget: Budget::of(BUDGET),
            seats: Arc::new(Seats::default()),
            is_closing: AtomicBool::new(false),
            clock,
        });
        let (ours, theirs) = (Arc::clone(&gate), Arc::clone(&listener));
        let work = move || gate::accept(&ours, || theirs.accept().map(|(stream, _peer)| stream));
        match thread::Builder::new().name("accept".to_owned()).spawn(work) {
            Ok(thread) => Ok(Self { address, gate, listener, accepting: Some(thread), desk }),
            Err(error) => {
                desk.close(STOP_WITHIN);
                Err(format!("a thread of the control endpoint: {error}"))
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections and ends all threads; those that do not end within seconds are left
    /// with a warning.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        // Release, as the one who accepts is woken right after it.
        self.gate.is_closing.store(true, Ordering::Release);
        // An accept that waits ends with an error.
        if let Err(error) = rustix::net::shutdown(&self.listener, Shutdown::Both) {
            tracing::debug!("the control endpoint's listener: {error}");
        }
        let until = self.gate.clock.now() + STOP_WITHIN;
        while !accepting.is_finished() && self.gate.clock.now() < until {
            self.gate.clock.park(Nanos::from_millis(1));
        }
        if !accepting.is_finished() {
            tracing::warn!("the control endpoint still listens at {}", self.address);
        }
        self.gate.seats.close();
        // Those that have a call at the desk leave when it is answered.
        let open = self.gate.seats.wait_until_free(STOP_WITHIN.duration());
        if 0 < open {
            tracing::warn!("{open} connections of the control endpoint did not end");
        }
        self.desk.close(STOP_WITHIN);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

fn resolve(listen: &str, place: &str) -> Result<Vec<SocketAddr>, String> {
    let fault = |why: &str| {
        format!("{place}: {why}; give an address of this host and a port, e.g. 127.0.0.1:0")
    };
    let addresses: Vec<SocketAddr> =
        listen.to_socket_addrs().map_err(|error| fault(&error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(fault("the name has no address"));
    }
    Ok(addresses)
}

/// Who reaches the endpoint drives this host's load: without a token nobody else may reach it.
fn stay_at_home(place: &str, addresses: &[SocketAddr]) -> Result<(), String> {
    match addresses.iter().find(|address| !address.ip().to_canonical().is_loopback()) {
        None => Ok(()),
        Some(foreign) => Err(format!(
            "{place}: {foreign} can be reached from other hosts, and there is no token; give \
             --token-file, or listen at 127.0.0.1"
        )),
    }
}

fn unbound(place: &str, error: &io::Error) -> String {
    let cure = match error.kind() {
        ErrorKind::AddrInUse => "another process listens there: end it, or take another port",
        ErrorKind::AddrNotAvailable => "this host has no such address: take one it has",
        ErrorKind::PermissionDenied => "take a port of 1024 or more",
        _ => "take another address",
    };
    format!("{place}: {error}; {cure}")
}

#[cfg(test)]
mod tests {
    use super::stay_at_home;

    #[test]
    fn without_a_token_every_address_must_be_of_this_host_only() {
        let check = |addresses: &[&str], expected: bool| {
            let parsed: Vec<_> =
                addresses.iter().map(|text| text.parse().expect("an address")).collect();
            let found = stay_at_home("here", &parsed);
            assert_eq!(found.is_ok(), expected, "{addresses:?}: {found:?}");
            assert!(found.err().is_none_or(|words| words.contains("--token-file")), "the cure");
        };
        check(&["127.0.0.1:80", "127.9.9.9:0", "[::1]:80", "[::ffff:127.0.0.1]:80"], true);
        check(&["0.0.0.0:80"], false);
        check(&["[::]:80"], false);
        check(&["10.0.0.1:80"], false);
        check(&["[fe80::1]:80"], false);
        check(&["[::ffff:10.0.0.1]:80"], false);
        check(&["127.0.0.1:80", "192.168.0.1:80"], false);
    }
}
