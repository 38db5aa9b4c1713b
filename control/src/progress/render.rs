//! A view in lines, for a terminal of any width.

use super::phases::Length;
use super::standing::Weight;
use super::view::{Figures, Spread, View};
use super::words::millis;
use crate::log::{Ink, Surface};
use crate::report::count;
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};

/// From so many columns on there is room for more figures on a line, and for the run's name.
const WIDE: usize = 120;

/// Parts of a line stand this far apart.
const GAP: &str = "  ";

/// A shorter bar says nothing.
const BAR_LEAST: usize = 8;

/// A longer one says no more.
const BAR_MOST: usize = 60;

/// Three lines, or four where there is less room; none is as wide as the surface: a terminal may begin a new
/// line after its last column.
pub(super) fn lines(view: &View, now: Timestamp, surface: Surface) -> Vec<String> {
    let room = surface.columns.saturating_sub(1);
    let is_wide = WIDE <= surface.columns;
    let (publish, end_to_end) = latencies(view.last.as_ref());
    let mut lines = vec![head(view, now, surface), rates(view, surface)];
    if is_wide {
        lines.push(format!("{publish}{GAP}{GAP}{end_to_end}"));
    } else {
        lines.extend([publish, end_to_end]);
    }
    let mut lines: Vec<String> =
        lines.into_iter().map(|line| line.chars().take(room).collect()).collect();
    if surface.ink == Ink::Colour {
        lines[0] = coloured(&lines[0], view);
    }
    lines
}

/// What it is at, for how long still, and how it stands.
fn head(view: &View, now: Timestamp, surface: Surface) -> String {
    let gone = now.since(view.since).unwrap_or_default();
    let (time, whole) = match view.length {
        Length::Open => (format!("for {}", span(gone)), None),
        Length::Of(whole) => {
            (format!("{} left of {}", span(whole.less(gone)), span(whole)), Some(whole))
        }
        Length::AtMost(whole) => (format!("at most {} left", span(whole.less(gone))), Some(whole)),
    };
    let name = if WIDE <= surface.columns {
        format!("{}: {}", view.test_id, view.phase.word())
    } else {
        view.phase.word().to_owned()
    };
    let standing = view.standing.as_ref().map(|standing| standing.words.clone());
    let others = [Some(&name), Some(&time), standing.as_ref()];
    let taken: usize = others.iter().flatten().map(|part| part.chars().count() + GAP.len()).sum();
    let left = surface.columns.saturating_sub(1).saturating_sub(taken);
    let bar = whole.and_then(|whole| bar(gone, whole, left));
    let parts = [Some(name), bar, Some(time), standing];
    parts.into_iter().flatten().collect::<Vec<String>>().join(GAP)
}

/// How much of a phase is over, in so many columns; none where there are too few.
fn bar(gone: Nanos, whole: Nanos, columns: usize) -> Option<String> {
    let cells = columns.saturating_sub("[]".len()).min(BAR_MOST);
    if cells < BAR_LEAST || whole == Nanos::ZERO {
        return None;
    }
    let all = u128::try_from(cells).expect("a few columns");
    let full = all * u128::from(gone.0.min(whole.0)) / u128::from(whole.0);
    let full = usize::try_from(full).expect("no more than there are columns");
    Some(format!("[{}{}]", "#".repeat(full), ".".repeat(cells - full)))
}

/// What is asked for and what is reached, per second.
fn rates(view: &View, surface: Surface) -> String {
    let asked = view.asked.map(|rate| format!("asked {}/s", count(rate)));
    let asked = asked.unwrap_or_else(|| "as fast as it goes".to_owned());
    let of = |name: &str, figure: fn(&Figures) -> u64| {
        let told = view.last.as_ref().map(|last| format!("{name} {}/s", count(figure(last))));
        told.unwrap_or_else(|| format!("{name} -"))
    };
    let backlog = view.last.map_or(0, |last| last.backlog);
    let mut parts = vec![asked];
    if WIDE <= surface.columns {
        parts.push(of("sent", |last| last.sent));
    }
    parts.push(of("acked", |last| last.acked));
    if WIDE <= surface.columns {
        parts.push(of("read", |last| last.read));
    }
    parts.push(format!("backlog {}", count(backlog)));
    parts.push(format!("errors {}", count(view.errors)));
    parts.join(GAP)
}

/// Of publish and of end-to-end latency, in the last second.
fn latencies(last: Option<&Figures>) -> (String, String) {
    let line = |name: &str, spread: Option<Spread>| {
        let part = |of: fn(Spread) -> Nanos| millis(spread.map(of));
        let (p50, p99, max) = (part(|of| of.p50), part(|of| of.p99), part(|of| of.max));
        format!("{name:<10}{GAP}p50 {p50}{GAP}p99 {p99}{GAP}max {max}")
    };
    let publish = line("publish", last.and_then(|last| last.publish));
    (publish, line("end-to-end", last.and_then(|last| last.end_to_end)))
}

/// The first line with its last words in a colour: they say the same without.
fn coloured(head: &str, view: &View) -> String {
    let Some(standing) = &view.standing else { return head.to_owned() };
    let Some(rest) = head.strip_suffix(&standing.words) else { return head.to_owned() };
    let colour = match standing.weight {
        Weight::Good => 32,
        Weight::Care => 33,
        Weight::Bad => 31,
    };
    format!("{rest}\u{1b}[{colour}m{}\u{1b}[0m", standing.words)
}

/// A span as people read a clock, in seconds begun.
fn span(span: Nanos) -> String {
    let seconds = span.0.div_ceil(NANOS_PER_SECOND);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes}:{:02} min", seconds % 60),
        (hours, minutes) => format!("{hours}:{minutes:02}:{:02} h", seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{lines, span};
    use crate::log::{Ink, Surface};
    use crate::progress::phases::{Length, Phase};
    use crate::progress::standing::{Standing, Weight};
    use crate::progress::view::{Figures, Spread, View};
    use engine::units::{Nanos, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(7_000_000_000);

    fn spread(micros: u64) -> Option<Spread> {
        let micros = |times: u64| Nanos(times * micros * 1_000);
        Some(Spread { p50: micros(1), p99: micros(3), max: micros(12) })
    }

    fn view(figure: u64) -> View {
        let last = Figures {
            sent: figure,
            acked: figure,
            read: figure,
            backlog: figure,
            publish: spread(1_200),
            end_to_end: spread(1_500),
        };
        View {
            test_id: "quick-test_2026-11-26T10-00-00Z_0a1b2c".to_owned(),
            phase: Phase::Measured,
            since: START,
            length: Length::Of(Nanos::from_secs(30)),
            asked: Some(figure),
            last: Some(last),
            errors: 0,
            standing: Some(Standing { words: "on time".to_owned(), weight: Weight::Good }),
        }
    }

    fn drawn(view: &View, after_s: u64, columns: usize, ink: Ink) -> Vec<String> {
        lines(view, START + Nanos::from_secs(after_s), Surface { columns, ink })
    }

    #[test]
    fn at_80_columns_four_lines_tell_all() {
        let expected = [
            "measured phase  [###############..................]  16 s left of 30 s  on time",
            "asked 10,000/s  acked 10,000/s  backlog 10,000  errors 0",
            "publish     p50 1.20 ms  p99 3.60 ms  max 14.40 ms",
            "end-to-end  p50 1.50 ms  p99 4.50 ms  max 18.00 ms",
        ];
        assert_eq!(drawn(&view(10_000), 14, 80, Ink::Plain), expected, "half of it is over");
    }

    #[test]
    fn at_200_columns_three_lines_tell_more() {
        let got = drawn(&view(10_000), 15, 200, Ink::Plain);
        let bar = format!("[{}{}]", "#".repeat(30), ".".repeat(30));
        let expected = [
            format!(
                "quick-test_2026-11-26T10-00-00Z_0a1b2c: measured phase  {bar}  15 s left of 30 s  on time"
            ),
            "asked 10,000/s  sent 10,000/s  acked 10,000/s  read 10,000/s  backlog 10,000  errors 0"
                .to_owned(),
            "publish     p50 1.20 ms  p99 3.60 ms  max 14.40 ms    \
             end-to-end  p50 1.50 ms  p99 4.50 ms  max 18.00 ms"
                .to_owned(),
        ];
        assert_eq!(got, expected, "and the run's name");
    }

    #[test]
    fn no_line_is_as_wide_as_the_terminal_however_large_its_figures() {
        let mut large = view(12_345_678_901_234);
        large.standing = Some(Standing { words: "x".repeat(90), weight: Weight::Bad });
        (large.errors, large.length) = (u64::MAX, Length::AtMost(Nanos(u64::MAX)));
        for columns in 0..250 {
            for after_s in [0, 5, 50_000] {
                for of in [&view(7), &large] {
                    let lines = drawn(of, after_s, columns, Ink::Plain);
                    let widest = lines.iter().map(|line| line.chars().count()).max();
                    assert!(widest < Some(columns.max(1)), "{columns}: {lines:#?}");
                    assert!((2..=4).contains(&lines.len()), "{columns}: {lines:#?}");
                }
            }
        }
    }

    #[test]
    fn colour_is_put_on_words_that_are_there_without_it() {
        let coloured = drawn(&view(10), 3, 80, Ink::Colour);
        let plain = drawn(&view(10), 3, 80, Ink::Plain);
        assert!(coloured[0].ends_with("  \u{1b}[32mon time\u{1b}[0m"), "{}", coloured[0]);
        let stripped = coloured[0].replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
        assert_eq!((stripped, &coloured[1..]), (plain[0].clone(), &plain[1..]), "the same");
    }

    #[test]
    fn before_the_load_there_are_dashes_and_no_zeros() {
        let early = View {
            phase: Phase::Readiness,
            length: Length::Open,
            asked: None,
            last: None,
            standing: None,
            ..view(1)
        };
        let lines = drawn(&early, 2, 80, Ink::Colour);
        assert_eq!(lines[0], "readiness  for 2 s", "as long as it takes");
        assert_eq!(lines[1], "as fast as it goes  acked -  backlog 0  errors 0", "nothing yet");
        assert_eq!(lines[2], "publish     p50 -  p99 -  max -", "nothing yet");
    }

    #[test]
    fn a_span_reads_as_a_clock() {
        let check = |millis, expected| assert_eq!(span(Nanos::from_millis(millis)), expected);
        check(0, "0 s");
        check(1, "1 s");
        check(59_000, "59 s");
        check(59_001, "1:00 min");
        check(245_000, "4:05 min");
        check(3_600_000, "1:00:00 h");
    }
}
