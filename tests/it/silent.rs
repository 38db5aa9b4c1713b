//! An address that must never be contacted.

use std::io::ErrorKind;
use std::net::TcpListener;

/// Listens, and knows whether anybody came.
#[derive(Debug)]
pub(crate) struct Silent(TcpListener);

impl Silent {
    /// On a loopback port of its own.
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        listener.set_nonblocking(true).expect("the listener is ours");
        Self(listener)
    }

    /// Where.
    pub(crate) fn address(&self) -> String {
        self.0.local_addr().expect("it is bound").to_string()
    }

    /// Nobody came: a connection would wait in the backlog even if its client has gone.
    pub(crate) fn was_left_alone(&self) {
        let came = self.0.accept().map(|(_, from)| from).map_err(|error| error.kind());
        assert_eq!(came, Err(ErrorKind::WouldBlock), "nobody connects");
    }
}
