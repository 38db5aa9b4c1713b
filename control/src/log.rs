//! Logs: to stderr, coloured on a terminal, or as JSON.

use crate::cli::Format;
use crate::spec::LogLevel;
use std::io::IsTerminal;
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{self, format::Writer};

/// The time of day, UTC, to the millisecond.
struct TimeOfDay;

impl FormatTime for TimeOfDay {
    #[expect(clippy::disallowed_methods, reason = "a log line's time is no measurement")]
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        out.write_str(now.get(11..23).unwrap_or(&now))
    }
}

/// How much is logged, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogPlan {
    pub(crate) level: LogLevel,
    pub(crate) format: Format,
    pub(crate) is_quiet: bool,
}

impl LogPlan {
    /// Only errors, as text.
    pub(crate) const fn errors() -> Self {
        Self { level: LogLevel::Error, format: Format::Text, is_quiet: true }
    }
}

/// Sends this thread's log lines to stderr until the guard is dropped.
pub(crate) fn begin(plan: LogPlan) -> DefaultGuard {
    let level = match plan.level {
        _ if plan.is_quiet => Level::ERROR,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Info => Level::INFO,
        LogLevel::Warning => Level::WARN,
        LogLevel::Error => Level::ERROR,
    };
    let lines = fmt::Subscriber::builder()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false);
    match plan.format {
        Format::Json => tracing::subscriber::set_default(lines.json().finish()),
        Format::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            tracing::subscriber::set_default(
                lines.with_timer(TimeOfDay).with_ansi(is_terminal).finish(),
            )
        }
    }
}
