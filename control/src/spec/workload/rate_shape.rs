//! How people write a rate that changes: one line, the same in a file and on the command line.

use std::path::PathBuf;

use engine::time::{SHAPE_TIMES_MAX, Shape, Step};
use engine::units::{Bytes, Nanos, Rate};

use crate::spec::files::Files;

/// A recording's text: a million lines of 32 letters.
pub(super) const RECORDING_MAX: Bytes = Bytes(32 << 20);

/// How long the last step lasts: on and on, so it is the same whatever was written.
const LAST: Nanos = Nanos::from_secs(1);

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShapeWish {
    /// A shape.
    Drawn(Shape),
    /// Send times out of a file.
    Replay(Recording),
}

/// Send times in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recording {
    /// The file.
    pub file: PathBuf,
    /// When it begins anew; not at all, where none is given.
    pub every: Option<Nanos>,
}

/// The kinds and their forms.
const FORMS: [(&str, &str); 5] = [
    ("steps", "steps RATE for TIME, RATE for TIME, RATE: e.g. steps 10k for 30s, 20k for 30s, 5k"),
    ("ramp", "ramp RATE to RATE over TIME: e.g. ramp 1k to 50k over 2m"),
    ("wave", "wave MEAN +- AMPLITUDE every TIME: e.g. wave 20k +- 15k every 10m"),
    ("bursts", "bursts RATE for TIME, RATE for TIME: e.g. bursts 50k for 200ms, 0 for 800ms"),
    ("replay", "replay FILE, or replay FILE every TIME: e.g. replay trace.txt every 60s"),
];

/// Whether a text begins with a kind of shape.
pub(crate) fn is_shape(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(|first| FORMS.iter().any(|(word, _)| *word == first))
}

/// Reads a shape; `None` where the text begins with no kind of one.
///
/// # Errors
/// What was got, and the form that is needed.
pub(super) fn parse(text: &str) -> Option<Result<ShapeWish, String>> {
    let text = text.trim();
    let (kind, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (_, form) = FORMS.iter().find(|(word, _)| *word == kind)?;
    let rest = rest.trim();
    let read = match kind {
        "steps" => steps(rest),
        "ramp" => ramp(rest),
        "wave" => wave(rest),
        "bursts" => bursts(rest),
        _ => return Some(replay(rest).ok_or_else(|| format!("got \"{text}\", need {form}"))),
    };
    let Some(shape) = read else { return Some(Err(format!("got \"{text}\", need {form}"))) };
    Some(match shape.check() {
        Ok(()) => Ok(ShapeWish::Drawn(shape)),
        Err(problem) => Err(format!("{kind}: {problem}")),
    })
}

fn rate(text: &str) -> Option<u64> {
    let text = text.trim();
    if text == "0" { Some(0) } else { text.parse().ok().map(Rate::get) }
}

fn span(text: &str) -> Option<Nanos> {
    text.trim().parse().ok()
}

fn step(text: &str) -> Option<Step> {
    let (per_second, lasts) = text.split_once(" for ")?;
    Some(Step { rate: rate(per_second)?, lasts: span(lasts)? })
}

fn steps(text: &str) -> Option<Shape> {
    let (others, last) = match text.rsplit_once(',') {
        Some((others, last)) => (others.split(',').map(step).collect::<Option<Vec<Step>>>()?, last),
        None => (Vec::new(), text),
    };
    let last = match step(last) {
        Some(step) => step.rate,
        None => rate(last)?,
    };
    Some(Shape::Steps([others, vec![Step { rate: last, lasts: LAST }]].concat()))
}

fn ramp(text: &str) -> Option<Shape> {
    let (from, rest) = text.split_once(" to ")?;
    let (to, over) = rest.split_once(" over ")?;
    Some(Shape::Ramp { from: rate(from)?, to: rate(to)?, over: span(over)? })
}

fn wave(text: &str) -> Option<Shape> {
    let (mean, rest) = text.split_once("+-").or_else(|| text.split_once('±'))?;
    let (amplitude, period) = rest.split_once(" every ")?;
    Some(Shape::Wave { mean: rate(mean)?, amplitude: rate(amplitude)?, period: span(period)? })
}

fn bursts(text: &str) -> Option<Shape> {
    let (on, off) = text.split_once(',')?;
    Some(Shape::Bursts { on: step(on)?, off: step(off)? })
}

fn replay(text: &str) -> Option<ShapeWish> {
    let (file, every) = match text.rsplit_once(" every ") {
        Some((file, every)) => (file.trim(), Some(span(every)?)),
        None => (text, None),
    };
    (!file.is_empty()).then(|| ShapeWish::Replay(Recording { file: file.into(), every }))
}

impl Recording {
    /// The shape that the file holds.
    ///
    /// # Errors
    /// Where in it what was got, and what is needed.
    pub(crate) fn shape(&self, files: &mut Files) -> Result<Shape, String> {
        let name = self.file.display();
        let bytes = files.read(&self.file).map_err(|error| format!("{name}: {error}"))?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| format!("{name}: is no UTF-8 text, need one send time in each line"))?;
        let times = times(text).map_err(|problem| format!("{name}:{problem}"))?;
        let shape = Shape::Replay { times, every: self.every };
        shape.check().map_err(|problem| format!("{name}: {problem}"))?;
        Ok(shape)
    }
}

/// As it can be read again.
impl std::fmt::Display for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "replay {}", self.file.display())?;
        self.every.map_or(Ok(()), |every| write!(f, " every {every}"))
    }
}

fn times(text: &str) -> Result<Vec<Nanos>, String> {
    let mut times: Vec<Nanos> = Vec::new();
    for (line, whole) in (1..).zip(text.lines()) {
        let time = whole.split('#').next().unwrap_or_default().trim();
        if time.is_empty() {
            continue;
        }
        let is_bare = time.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
        let read = if is_bare { span(&format!("{time}s")) } else { span(time) };
        let Some(at) = read else {
            return Err(format!(
                "{line}: got \"{time}\", need the time of a send since the first moment: seconds with at \
                 most 9 decimals, or a number with its unit, e.g. 0.25 or 250ms"
            ));
        };
        if let Some(last) = times.last().filter(|last| at < **last) {
            return Err(format!(
                "{line}: got \"{time}\" after {last}, need times that do not go back"
            ));
        }
        if times.len() == SHAPE_TIMES_MAX {
            return Err(format!("{line}: got more than {SHAPE_TIMES_MAX} send times, need fewer"));
        }
        times.push(at);
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::{Recording, ShapeWish, parse, times};
    use engine::time::{Shape, Step};
    use engine::units::Nanos;

    fn step(rate: u64, secs: u64) -> Step {
        Step { rate, lasts: Nanos::from_secs(secs) }
    }

    #[test]
    fn every_kind_is_read_and_shown_as_it_can_be_read_again() {
        let check = |text: &str, expected: Shape, shown: &str| {
            let drawn = ShapeWish::Drawn(expected.clone());
            assert_eq!(parse(text), Some(Ok(drawn.clone())), "{text}");
            assert_eq!(expected.to_string(), shown);
            assert_eq!(parse(shown), Some(Ok(drawn)), "{shown}");
        };
        let secs = Nanos::from_secs;
        check(
            "steps 10k for 30s, 0 for 1m,5k for 20s",
            Shape::Steps(vec![step(10_000, 30), step(0, 60), step(5_000, 1)]),
            "steps 10k/s for 30s, 0 for 1m, 5k/s",
        );
        check(" steps 7 ", Shape::Steps(vec![step(7, 1)]), "steps 7/s");
        let ramp = Shape::Ramp { from: 0, to: 1_500_000, over: secs(120) };
        check("ramp 0 to 1.5M/s over 2m", ramp, "ramp 0 to 1500k/s over 2m");
        let wave = Shape::Wave { mean: 20_000, amplitude: 20_000, period: secs(600) };
        check("wave 20k +-20k every 10m", wave.clone(), "wave 20k/s +- 20k/s every 10m");
        check("wave 20k ± 20k every 10m", wave, "wave 20k/s +- 20k/s every 10m");
        let bursts = Shape::Bursts { on: step(50_000, 1), off: step(0, 4) };
        check("bursts 50k for 1s, 0 for 4s", bursts, "bursts 50k/s for 1s, 0 for 4s");
    }

    #[test]
    fn a_recording_names_its_file() {
        let check = |text: &str, file: &str, every: Option<u64>| {
            let every = every.map(Nanos::from_secs);
            let recording = Recording { file: file.into(), every };
            assert_eq!(recording.to_string(), text);
            assert_eq!(parse(text), Some(Ok(ShapeWish::Replay(recording))), "{text}");
        };
        check("replay trace.txt", "trace.txt", None);
        check(
            "replay my traces/one every day.txt every 1m",
            "my traces/one every day.txt",
            Some(60),
        );
        assert_eq!(parse("50k"), None, "a rate is no shape");
        assert_eq!(parse("stepladder"), None);
    }

    #[test]
    fn a_slip_is_told_with_the_form_that_is_needed() {
        let check = |text: &str, expected: &str| {
            let words = parse(text).and_then(Result::err).unwrap_or_default();
            assert_eq!(words, expected, "{text}");
        };
        for (text, kind) in [
            ("steps", 0),
            ("steps 10k, 20k", 0),
            ("steps 10k for 30, 20k", 0),
            ("ramp 1k 50k over 2m", 1),
            ("ramp 1k to fast over 2m", 1),
            ("wave 20k every 10m", 2),
            ("bursts 50k for 200ms", 3),
            ("bursts 1.5 for 1s, 2 for 1s", 3),
            ("replay", 4),
            ("replay a.txt every day", 4),
        ] {
            check(text, &format!("got \"{text}\", need {}", super::FORMS[kind].1));
        }
        check(
            "wave 1k +- 2k every 1m",
            "wave: got 1000 +- 2000, need an amplitude of at most the mean, so that no rate is below 0",
        );
        check("steps 0 for 1s, 0", "steps: got no rate above 0, need one");
        check(
            "ramp 1k to 10M over 1m",
            "ramp: got 10000000 messages per second, need 0 to 9999999",
        );
    }

    #[test]
    fn send_times_stand_one_in_a_line() {
        let trace = "# a trace\n0\n 0.25 # quarter\n\n250ms\n0.250000001\n1m\n";
        let sends = [0, 250_000_000, 250_000_000, 250_000_001, 60_000_000_000].map(Nanos);
        assert_eq!(times(trace), Ok(sends.to_vec()));
        let check = |text: &str, expected: &str| {
            let words = times(text).err().unwrap_or_default();
            assert!(words.starts_with(expected), "{text}: {words}");
        };
        check("0\nx\n", "2: got \"x\", need the time of a send since the first moment");
        check("0.0000000001", "1: got \"0.0000000001\", need the time");
        check("-1", "1: got \"-1\", need the time");
        check("1\n# later\n0.5\n", "3: got \"0.5\" after 1s, need times that do not go back");
    }
}
