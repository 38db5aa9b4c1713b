//! Writes the lines of kafka-consumer-perf-test while a run goes on.

use super::read_lines::{DETAILED_HEADER, HEADER, Read, Stretch};
use crate::cli::LineFlags;
use crate::listeners::Ear;
use engine::measure::Tally;
use engine::run::Event;
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use std::cell::RefCell;
use std::fmt;
use std::io::{self, Write};

const MILLIS_PER_SECOND: u64 = 1_000;

/// Listens to a run and writes what kafka-consumer-perf-test would write of it.
pub(super) struct ReadPrinter<'out> {
    printing: RefCell<Printing<'out>>,
}

/// What was heard so far.
struct Printing<'out> {
    out: &'out mut dyn Write,
    lines: LineFlags,
    clock: OsClock,
    /// When the consumer began to join.
    joining: Option<Timestamp>,
    /// How long it took until its partitions were assigned for good.
    rebalance: Nanos,
    /// When it began to read.
    from: Option<Timestamp>,
    /// When the last message came.
    last: Option<Timestamp>,
    /// Since the last line, and the second with which that begins.
    window: Read,
    begins: u32,
    total: Read,
    written: io::Result<()>,
}

impl fmt::Debug for ReadPrinter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadPrinter").finish_non_exhaustive()
    }
}

impl<'out> ReadPrinter<'out> {
    /// Writes to `out`.
    pub(super) fn new(out: &'out mut dyn Write, lines: LineFlags) -> Self {
        let printing = Printing {
            out,
            lines,
            clock: OsClock::anchored(),
            joining: None,
            rebalance: Nanos::ZERO,
            from: None,
            last: None,
            window: Read::default(),
            begins: 0,
            total: Read::default(),
            written: Ok(()),
        };
        Self { printing: RefCell::new(printing) }
    }

    /// The run is over: writes the line of the whole, if it began at all and no others were asked for.
    /// Returns how many messages were read.
    ///
    /// # Errors
    /// When this line or one before it could not be written.
    pub(super) fn end(self) -> io::Result<u64> {
        let Printing { out, lines, rebalance, from, last, total, written, .. } =
            self.printing.into_inner();
        written?;
        if let Some(from) = from.filter(|_| !lines.show_detailed_stats) {
            let end = last.unwrap_or(from);
            let whole = Stretch { start: from.before(rebalance), end, rebalance };
            writeln!(out, "{}", whole.total(total))?;
        }
        Ok(total.messages)
    }
}

impl Ear for ReadPrinter<'_> {
    fn hear(&self, event: &Event<'_>) {
        let mut printing = self.printing.borrow_mut();
        match event {
            Event::Joining => {
                printing.joining = Some(printing.clock.now());
                printing.name_columns();
            }
            Event::Ready(_) => {
                let now = printing.clock.now();
                printing.rebalance = printing.joining.map_or(Nanos::ZERO, |at| at.until(now));
            }
            Event::Measuring { from, .. } => printing.from = Some(*from),
            Event::Second(interval, tally) => printing.second(interval.second, tally),
            _ => {}
        }
    }
}

impl Printing<'_> {
    fn name_columns(&mut self) {
        let LineFlags { show_detailed_stats, hide_header, .. } = self.lines;
        if !hide_header {
            self.write(if show_detailed_stats { DETAILED_HEADER } else { HEADER });
        }
    }

    fn second(&mut self, number: u32, tally: &Tally) {
        self.end_window_before(number);
        let seen = tally.streams.iter().flat_map(|of| &of.measured.consumed);
        for consumed in seen {
            for sum in [&mut self.window, &mut self.total] {
                sum.messages += consumed.messages;
                sum.bytes += consumed.bytes;
            }
            self.last = self.last.max(consumed.window.last());
        }
    }

    /// Writes the line of the window where lines are asked for and it is long enough.
    fn end_window_before(&mut self, number: u32) {
        let length = u64::from(number.saturating_sub(self.begins));
        let wanted = self.lines.reporting_interval.div_ceil(MILLIS_PER_SECOND);
        let Some(from) = self.from.filter(|_| self.lines.show_detailed_stats) else { return };
        if length < wanted {
            return;
        }
        let at = |second: u32| from + Nanos::from_secs(u64::from(second));
        // The tool's first line counts from before its consumer joined.
        let rebalance = if self.begins == 0 { self.rebalance } else { Nanos::ZERO };
        let start = at(self.begins).before(rebalance);
        let line = Stretch { start, end: at(number), rebalance }.detailed(self.window, self.total);
        (self.window, self.begins) = (Read::default(), number);
        self.write(&line);
    }

    /// Whoever reads along has it at once; after a failure nothing more is tried.
    fn write(&mut self, line: &str) {
        if self.written.is_ok() {
            self.written = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ReadPrinter;
    use crate::cli::LineFlags;
    use crate::listeners::Ear;
    use crate::perf::read_lines::{DETAILED_HEADER, HEADER};
    use engine::measure::Tally;
    use engine::run::{Event, Interval};
    use engine::units::{Nanos, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);
    const PLAIN: LineFlags =
        LineFlags { show_detailed_stats: false, reporting_interval: 2_000, hide_header: false };

    /// Plays seconds in which each of the two subscriptions read so many messages of 1 KiB; what was written,
    /// and how many messages it says.
    fn played(lines: LineFlags, seconds: &[u64]) -> (Vec<String>, u64) {
        let (demand, mut out) = (crate::report::made_up_plan().demand, Vec::new());
        let printer = ReadPrinter::new(&mut out, lines);
        printer.hear(&Event::Joining);
        printer.hear(&Event::Measuring { from: START, length: Nanos::from_secs(60) });
        for (number, messages) in (0_u32..).zip(seconds) {
            let mut tally = Tally::of_a_second(&demand);
            let consumed = &mut tally.streams[0].measured.consumed[0];
            (consumed.messages, consumed.bytes) = (*messages, 1_024 * messages);
            consumed.window.include(START + Nanos::from_millis(1_000 * u64::from(number) + 500));
            let interval = Interval { second: number, ..Interval::default() };
            printer.hear(&Event::Second(&interval, &tally));
        }
        let messages = printer.end().expect("memory takes it");
        let text = String::from_utf8(out).expect("text");
        (text.lines().map(str::to_owned).collect(), messages)
    }

    #[test]
    fn a_run_has_its_columns_named_and_one_line() {
        let (told, messages) = played(PLAIN, &[512, 0, 512]);
        assert_eq!((told.len(), told[0].as_str(), messages), (2, HEADER, 1_024));
        let expected = "2023-11-14 22:13:20:000, 2023-11-14 22:13:22:500, 1.0000, 0.4000, 1024, 409.6000, 0, \
                        2500, 0.4000, 409.6000";
        assert_eq!(told[1], expected, "to the last message");
        let bare = played(LineFlags { hide_header: true, ..PLAIN }, &[512]).0;
        assert_eq!(bare.len(), 1, "{bare:?}");
    }

    #[test]
    fn detailed_lines_come_as_often_as_asked_and_in_place_of_the_last() {
        let detailed = LineFlags { show_detailed_stats: true, ..PLAIN };
        let (told, messages) = played(detailed, &[100, 100, 300, 300, 7]);
        assert_eq!((told[0].as_str(), messages), (DETAILED_HEADER, 807));
        let lines: Vec<Vec<&str>> =
            told[1..].iter().map(|line| line.split(", ").collect()).collect();
        let columns = |line: &Vec<&str>| [line[1], line[4], line[5]].map(str::to_owned);
        let got: Vec<[String; 3]> = lines.iter().map(columns).collect();
        let expected = [["0", "200", "100.0000"], ["0", "800", "300.0000"]];
        assert_eq!(got, expected.map(|line| line.map(str::to_owned)), "{told:?}");
    }

    #[test]
    fn a_run_that_never_began_has_no_line() {
        let mut out = Vec::new();
        let printer = ReadPrinter::new(&mut out, PLAIN);
        assert_eq!(printer.end().expect("nothing is written"), 0);
        assert!(out.is_empty(), "{out:?}");
    }
}
