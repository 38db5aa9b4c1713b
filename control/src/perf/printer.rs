//! Writes the tool's lines while a run goes on: one for about every five seconds, one for the whole.

use super::lines::Acked;
use crate::listeners::Ear;
use engine::measure::Tally;
use engine::run::Event;
use engine::units::{Nanos, Timestamp};
use std::cell::RefCell;
use std::fmt;
use std::io::{self, Write};

/// A window's least length in seconds, the tool's own.
const WINDOW: u32 = 5;

/// Listens to a run and writes what kafka-producer-perf-test would write of it.
pub(super) struct Printer<'out> {
    printing: RefCell<Printing<'out>>,
}

/// What was heard so far.
struct Printing<'out> {
    out: &'out mut dyn Write,
    /// When the first record was due.
    from: Option<Timestamp>,
    window: Acked,
    /// The second with which the window begins.
    begins: u32,
    total: Acked,
    last_ack: Option<Timestamp>,
    written: io::Result<()>,
}

impl fmt::Debug for Printer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").finish_non_exhaustive()
    }
}

impl<'out> Printer<'out> {
    /// Writes to `out`.
    pub(super) fn new(out: &'out mut dyn Write) -> Self {
        let (window, total) = (Acked::default(), Acked::default());
        let printing =
            Printing { out, from: None, window, begins: 0, total, last_ack: None, written: Ok(()) };
        Self { printing: RefCell::new(printing) }
    }

    /// The run is over: writes the line of the whole, if it began at all.
    ///
    /// # Errors
    /// When this line or one before it could not be written.
    pub(super) fn end(self) -> io::Result<()> {
        let Printing { out, from, total, last_ack, written, .. } = self.printing.into_inner();
        written?;
        let Some(from) = from else { return Ok(()) };
        let elapsed = last_ack.map_or(Nanos::ZERO, |last| from.until(last));
        writeln!(out, "{}", total.total(elapsed))
    }
}

impl Ear for Printer<'_> {
    fn hear(&self, event: &Event<'_>) {
        let mut printing = self.printing.borrow_mut();
        match event {
            Event::Measuring { from, .. } => printing.from = Some(*from),
            Event::Second(interval, tally) => printing.second(interval.second, tally),
            _ => {}
        }
    }
}

impl Printing<'_> {
    fn second(&mut self, number: u32, tally: &Tally) {
        let seen = || tally.streams.iter().map(|stream| &stream.measured);
        // As the tool, whose windows end with an ack: none that the end of the run cuts short has a line.
        if seen().any(|of| 0 < of.acked.messages) {
            self.end_window_before(number);
        }
        for of in seen() {
            for sum in [&mut self.window, &mut self.total] {
                sum.records += of.acked.messages;
                sum.bytes += of.acked.bytes;
                sum.service.merge(&of.service);
            }
            self.last_ack = self.last_ack.max(of.acked.window.last());
        }
    }

    /// Writes the line of the window where it is long enough and not empty: an empty one goes on.
    fn end_window_before(&mut self, number: u32) {
        let seconds = number.saturating_sub(self.begins);
        if seconds < WINDOW || self.window.records == 0 {
            return;
        }
        let line = self.window.window(Nanos::from_secs(u64::from(seconds)));
        (self.window, self.begins) = (Acked::default(), number);
        // Whoever reads along has it at once; after a failure nothing more is tried.
        if self.written.is_ok() {
            self.written = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Printer;
    use crate::listeners::Ear;
    use engine::measure::Tally;
    use engine::plan::Demand;
    use engine::run::{Event, Interval};
    use engine::units::{Nanos, Timestamp};
    use std::io::{Error, ErrorKind, Write};

    const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);

    fn demand() -> Demand {
        crate::report::made_up_plan().demand
    }

    /// A second in which so many records of 1 KiB were acked, 2 ms after their send.
    fn second(demand: &Demand, number: u32, records: u64) -> (Interval, Tally) {
        let mut tally = Tally::of_a_second(demand);
        let seen = &mut tally.streams[0].measured;
        (seen.acked.messages, seen.acked.bytes) = (records, 1_024 * records);
        for _ in 0..records {
            seen.service.record(Some(Nanos::from_millis(2)));
        }
        if 0 < records {
            let middle = Nanos::from_millis(1_000 * u64::from(number) + 500);
            seen.acked.window.include(START + middle);
        }
        (Interval { second: number, ..Interval::default() }, tally)
    }

    /// Plays seconds of so many acked records; what was written.
    fn played(seconds: &[(u32, u64)]) -> String {
        let (demand, mut out) = (demand(), Vec::new());
        let printer = Printer::new(&mut out);
        printer.hear(&Event::Joining);
        printer.hear(&Event::Measuring { from: START, length: Nanos::from_secs(60) });
        for (number, records) in seconds {
            let (interval, tally) = second(&demand, *number, *records);
            printer.hear(&Event::Second(&interval, &tally));
        }
        printer.hear(&Event::Draining);
        printer.end().expect("memory takes it");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn every_five_seconds_have_a_line_and_the_whole_has_one() {
        let seconds: Vec<(u32, u64)> =
            (0..12).map(|number| (number, 100 + u64::from(number))).collect();
        let expected = "\
510 records sent, 102.0 records/sec (0.10 MB/sec), 2.0 ms avg latency, 2.0 ms max latency.
535 records sent, 107.0 records/sec (0.10 MB/sec), 2.0 ms avg latency, 2.0 ms max latency.
1266 records sent, 110.1 records/sec (0.11 MB/sec), 2.00 ms avg latency, 2.00 ms max latency, \
2 ms 50th, 2 ms 95th, 2 ms 99th, 2 ms 99.9th.
";
        assert_eq!(played(&seconds), expected);
    }

    #[test]
    fn a_window_without_an_ack_goes_on_until_one_comes() {
        let seconds = [(0, 10), (4, 0), (5, 0), (9, 0), (10, 0), (12, 40), (17, 6)];
        let told = played(&seconds);
        let lines: Vec<&str> =
            told.lines().map(|line| line.split(" (").next().expect("a line")).collect();
        let expected = [
            "10 records sent, 0.8 records/sec",
            "40 records sent, 8.0 records/sec",
            "56 records sent, 3.2 records/sec",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_window_that_the_end_cuts_short_has_no_line() {
        let lines = |seconds: u32| {
            let seconds: Vec<(u32, u64)> = (0..seconds).map(|number| (number, 7)).collect();
            played(&seconds).lines().count()
        };
        // Of the fifth second nobody knows here how much of it there was.
        assert_eq!([1, 4, 5, 6, 10, 11].map(lines), [1, 1, 1, 2, 2, 3], "windows and the whole");
    }

    #[test]
    fn a_run_that_never_began_has_no_line() {
        let mut out = Vec::new();
        let printer = Printer::new(&mut out);
        printer.hear(&Event::Joining);
        printer.end().expect("nothing is written");
        assert!(out.is_empty(), "{out:?}");
    }

    #[test]
    fn who_reads_no_longer_is_told_once_the_run_is_over() {
        #[derive(Debug)]
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(Error::from(ErrorKind::BrokenPipe))
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (demand, mut out) = (demand(), Gone);
        let printer = Printer::new(&mut out);
        printer.hear(&Event::Measuring { from: START, length: Nanos::from_secs(60) });
        for number in 0..11 {
            let (interval, tally) = second(&demand, number, 1);
            printer.hear(&Event::Second(&interval, &tally));
        }
        let error = printer.end().expect_err("nobody reads");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}
