//! `kdyno worker`: serves coordinators until a signal ends it.

use super::server::Server;
use super::token::Token;
use super::worker::Worker;
use crate::cli::WorkerFlags;
use crate::interrupt::Interrupt;
use engine::measure::constants::exit;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::io::Write;
use std::sync::Arc;

/// How often signals and leases are looked at.
const TURN: Nanos = Nanos::from_millis(200);

/// Serves coordinators until a signal ends it.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn work(
    flags: &WorkerFlags,
    interrupt: &Interrupt,
    out: &mut dyn Write,
) -> std::io::Result<u8> {
    let token = match Token::told(flags.token_file.as_deref()) {
        Ok(token) => token,
        Err(words) => {
            tracing::error!("{words}");
            return Ok(exit::USAGE);
        }
    };
    let instance = format!("{:016x}", SmallRng::from_os_rng().random::<u64>());
    let worker = Arc::new(Worker::new(instance));
    if token.is_none() {
        tracing::info!("without a token: whoever reaches this host's loopback may use this worker");
    }
    let listen = flags.listen.to_string();
    let server = match Server::start(&listen, token, Arc::clone(&worker) as Arc<_>) {
        Ok(server) => server,
        Err(words) => {
            tracing::error!("{words}");
            return Ok(exit::USAGE);
        }
    };
    // The result of its start, for scripts that let the system choose the port.
    writeln!(out, "http://{}", server.address())?;
    out.flush()?;
    tracing::info!("listening on {}", server.address());
    let clock = OsClock::anchored();
    while !interrupt.is_raised() {
        clock.park(TURN);
        if let Some(holder) = worker.expire() {
            tracing::warn!("{holder}: not heard of any more, its tasks are ended");
        }
    }
    tracing::info!("a signal: ending all tasks");
    server.stop();
    worker.close();
    Ok(exit::VALID)
}
