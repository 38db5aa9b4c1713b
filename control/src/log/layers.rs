//! From events to lines: which of them are written where, and in which form.

use super::plan::{LogPlan, Terminal};
use super::run_log::{KeptLine, RunLog};
use super::screen::{self, Ink};
use super::time::{DateAndTime, TimeOfDay};
use crate::cli::Format;
use std::fmt::Debug;
use std::io::{self, Write};
use tracing::field::Field;
use tracing::{Dispatch, Metadata};
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

/// The target of a second's line: below it, or in its place, a display tells the same.
pub(crate) const SECOND: &str = "kdyno::second";

/// The target of a finding's line: the result tells the same, for people.
pub(crate) const FINDING: &str = "kdyno::finding";

/// One destination of lines.
type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// Sends the log lines of all threads to stderr and to the run's log, from now on. Where that was done before
/// it stays as it was.
pub(crate) fn begin(plan: LogPlan) {
    let stderr = Terminal::here();
    let conversation = Conversation { is_beside_result: stderr.is_beside_result };
    let shown = lines(plan.format, conversation, (TimeOfDay, stderr.ink));
    let kept = lines(plan.format, || KeptLine, (DateAndTime, Ink::Plain));
    let both: Vec<Lines> =
        vec![shown.with_filter(plan.shown()).boxed(), kept.with_filter(plan.kept()).boxed()];
    let all = Dispatch::new(Registry::default().with(both));
    if tracing::dispatcher::set_global_default(all).is_ok() {
        RunLog::in_form(plan.format);
        screen::allow(plan.has_display(&stderr).then_some(stderr.ink));
    }
}

/// Lines in a form, for a writer.
fn lines<W, T>(format: Format, writer: W, (timer, ink): (T, Ink)) -> Lines
where
    W: for<'line> MakeWriter<'line> + Send + Sync + 'static,
    T: FormatTime + Send + Sync + 'static,
{
    let lines = fmt::layer().with_target(false).with_writer(writer);
    match format {
        Format::Json => lines.with_ansi(false).json().boxed(),
        Format::Text => {
            let is_coloured = ink == Ink::Colour;
            lines.with_ansi(is_coloured).with_timer(timer).fmt_fields(debug_fn(words)).boxed()
        }
    }
}

/// An event's words; its other fields are for programs, which read JSON. What could move a terminal's cursor,
/// as a broker's words may, is escaped.
fn words(out: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    if field.name() != "message" {
        return Ok(());
    }
    for letter in format!("{value:?}").chars() {
        if letter.is_control() && letter != '\n' {
            out.write_str(&letter.escape_default().to_string())?;
        } else {
            out.write_char(letter)?;
        }
    }
    Ok(())
}

/// Opens a way to stderr for each line.
struct Conversation {
    is_beside_result: bool,
}

/// The way of one line.
enum Way {
    /// To stderr.
    Open,
    /// To nowhere: it is shown in another way.
    Shut,
}

impl<'line> MakeWriter<'line> for Conversation {
    type Writer = Way;

    fn make_writer(&'line self) -> Way {
        Way::Open
    }

    fn make_writer_for(&'line self, line: &Metadata<'_>) -> Way {
        let is_told_otherwise = match line.target() {
            SECOND => screen::is_open(),
            FINDING => self.is_beside_result,
            _ => false,
        };
        if is_told_otherwise { Way::Shut } else { Way::Open }
    }
}

impl Write for Way {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open => screen::above(|| io::stderr().write_all(line))?,
            Self::Shut => {}
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{DateAndTime, Format, Ink, Lines, TimeOfDay, lines};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::Dispatch;
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt;

    /// Keeps what is written to it.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(paper: &Paper, lines: Lines, tell: fn()) -> String {
        let all: Vec<Lines> = vec![lines];
        tracing::dispatcher::with_default(&Dispatch::new(Registry::default().with(all)), tell);
        let bytes = paper.0.lock().expect("nobody panics with it").clone();
        String::from_utf8(bytes).expect("text")
    }

    fn tell() {
        tracing::warn!(phase = "drain", length_s = 1.5, "red \u{1b}[31m, back\r, {}", "new\nline");
    }

    #[test]
    fn text_has_the_words_alone_and_nothing_that_moves_a_cursor() {
        let paper = Paper::default();
        let out = paper.clone();
        let lines = lines(Format::Text, move || out.clone(), (TimeOfDay, Ink::Plain));
        let text = written(&paper, lines, tell);
        let (time, rest) = text.split_at(12);
        assert_eq!(time.as_bytes()[2], b':', "the time of day: {text}");
        assert_eq!(rest, "  WARN red \\u{1b}[31m, back\\r, new\nline\n", "escaped");
    }

    #[test]
    fn json_has_the_fields_too_and_one_line_for_each_event() {
        let paper = Paper::default();
        let out = paper.clone();
        let lines = lines(Format::Json, move || out.clone(), (DateAndTime, Ink::Colour));
        let text = written(&paper, lines, tell);
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&line["level"], &line["fields"]["phase"]), (&"WARN".into(), &"drain".into()));
        assert_eq!(line["fields"]["length_s"], 1.5, "a number");
        let words = "red \u{1b}[31m, back\r, new\nline";
        assert_eq!(line["fields"]["message"], words, "as it was");
        assert!(!text.contains(['\u{1b}', '\r']), "escaped: {text}");
    }
}
