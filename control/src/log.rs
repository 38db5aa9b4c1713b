//! Logs: to stderr, coloured on a terminal, or as JSON.

use crate::cli::{Format, LogFlags};
use crate::spec::LogLevel;
use std::io::IsTerminal;
use tracing::{Dispatch, Level};
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
    /// As the flags have it.
    pub(crate) fn of(flags: &LogFlags) -> Self {
        let level = flags.log_level.unwrap_or_default();
        Self { level, format: flags.log_format, is_quiet: flags.quiet }
    }

    /// Only errors, as text.
    pub(crate) const fn errors() -> Self {
        Self { level: LogLevel::Error, format: Format::Text, is_quiet: true }
    }
}

/// Sends the log lines of all threads to stderr, from now on. Where that was done before it stays as it was.
pub(crate) fn begin(plan: LogPlan) {
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
    let all = match plan.format {
        Format::Json => Dispatch::new(lines.json().finish()),
        Format::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            Dispatch::new(lines.with_timer(TimeOfDay).with_ansi(is_terminal).finish())
        }
    };
    let _was_done_before = tracing::dispatcher::set_global_default(all);
}
