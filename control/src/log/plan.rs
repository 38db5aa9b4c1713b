//! What is logged, and what stderr can show of it.

use super::screen::Ink;
use crate::cli::{Format, LogFlags};
use crate::spec::LogLevel;
use std::io::IsTerminal;
use tracing_subscriber::filter::LevelFilter;

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

    /// What a run's own log holds.
    pub(super) const fn kept(&self) -> LevelFilter {
        match self.level {
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Warning => LevelFilter::WARN,
            LogLevel::Error => LevelFilter::ERROR,
        }
    }

    /// What goes to stderr.
    pub(super) const fn shown(&self) -> LevelFilter {
        if self.is_quiet { LevelFilter::ERROR } else { self.kept() }
    }

    /// Whether a display may stand below the lines: those of JSON are for programs.
    pub(super) fn has_display(&self, stderr: &Terminal) -> bool {
        !self.is_quiet && self.format == Format::Text && stderr.can_redraw
    }
}

/// What stderr and stdout are, as far as it matters to what is written there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    /// Whether lines that were written can be written over.
    pub(super) can_redraw: bool,
    /// Whether colours are seen and wanted.
    pub(super) ink: Ink,
    /// Whether the result is read in the same place, below the log.
    pub(super) is_beside_result: bool,
}

impl Terminal {
    /// As it is here and now.
    pub(super) fn here() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_terminal = std::io::stderr().is_terminal();
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        let is_coloured = is_terminal && !is_dumb && !is_set("NO_COLOR");
        Self {
            can_redraw: is_terminal && !is_dumb,
            ink: if is_coloured { Ink::Colour } else { Ink::Plain },
            is_beside_result: is_terminal && std::io::stdout().is_terminal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ink, LogPlan, Terminal};
    use crate::cli::Format;
    use crate::spec::LogLevel;
    use tracing_subscriber::filter::LevelFilter;

    #[test]
    fn quiet_leaves_faults_on_stderr_and_everything_in_the_runs_log() {
        let check = |is_quiet, shown| {
            let plan = LogPlan { level: LogLevel::Debug, format: Format::Text, is_quiet };
            assert_eq!((plan.shown(), plan.kept()), (shown, LevelFilter::DEBUG), "{is_quiet}");
        };
        check(false, LevelFilter::DEBUG);
        check(true, LevelFilter::ERROR);
    }

    #[test]
    fn a_display_is_for_people_at_a_terminal_that_did_not_ask_for_quiet() {
        let check = |(format, is_quiet, can_redraw), expected| {
            let plan = LogPlan { level: LogLevel::Info, format, is_quiet };
            let stderr = Terminal { can_redraw, ink: Ink::Plain, is_beside_result: false };
            assert_eq!(plan.has_display(&stderr), expected, "{format:?} {is_quiet} {can_redraw}");
        };
        check((Format::Text, false, true), true);
        check((Format::Text, false, false), false);
        check((Format::Text, true, true), false);
        check((Format::Json, false, true), false);
    }
}
