//! What must be added to a host's own clock to get the fleet's time: changed while lanes read it.

use super::{Clock, Line};
use crate::units::{Nanos, Timestamp};
use crossbeam::utils::CachePadded;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};
use std::sync::{Mutex, PoisonError};

/// How long after it was published a change takes effect: by then every lane must have seen it, and
/// the thread that publishes it may be interrupted for that long between two instructions.
pub(super) const LEAD: u64 = 50_000_000;

/// Changes do not take effect sooner than this after they were worked out.
const LEAD_MIN: u64 = 1_000_000;

/// What must be left of the lead at the moment of publishing. A reading of the time stamp counter
/// may be some tens of nanoseconds out of order, another core's counter some hundreds apart.
const MARGIN: u64 = 100_000;

/// How fast a wrong clock is led to its new line, beside that line's own drift: what Linux allows
/// itself (`MAXFREQ` of `adjtimex`). A latency of 10 ms is thereby off by 5 µs at most.
const SLEW_MAX_PPB: i64 = 500_000;

/// A small correction is spread over this long, so that it is smaller than the drift of a crystal.
pub(super) const SLEW_SPAN_MIN: u64 = 200_000_000;

/// A thread that is held up this often in a row is not going to be in time: the next setting is.
const TRIES: u32 = 8;

/// Slopes are kept in parts of 2^32: a product and a shift.
const SHIFT: u32 = 32;

/// What became of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Setting {
    /// The clock is on its way to the new line.
    Made,
    /// Nothing was changed: this thread was held up for longer than the lead, time and again.
    Missed,
    /// The change became visible so long after it should have taken effect: until then readings
    /// followed the line before, and a step of at most a thousandth of this span may lie in them.
    Late(Nanos),
}

/// The present correction of a host's clock.
///
/// It is kept twice: readers use the one copy while the other one is written, so nobody ever waits
/// (as with the kernel's latch, `seqcount_latch_t`). A change begins [`LEAD`] in the future, with the
/// value that the line before it has there: whoever reads sees no step, whichever copy was read.
#[derive(Debug, Default)]
pub struct Correction {
    latch: CachePadded<Latch>,
    /// Held by whoever writes.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Latch {
    /// Counts the changes; the copy to read is that of the lowest bit.
    version: AtomicU64,
    copies: [[Stored; 3]; 2],
}

/// A piece as readers find it.
#[derive(Debug, Default)]
struct Stored {
    from: AtomicU64,
    offset: AtomicI64,
    slope: AtomicI64,
}

/// A stretch of the correction, from a moment of the host's own clock to the next piece's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Piece {
    from: u64,
    offset: i64,
    slope: i64,
}

/// The line before the change, the way to the new line, the new line. The first has no beginning.
type Curve = [Piece; 3];

impl Correction {
    /// No correction: the fleet's time is this host's.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fleet's time by a host's own clock, which is read in here. Never steps back.
    #[inline]
    pub fn now<C: Clock>(&self, own: &C) -> Timestamp {
        loop {
            // Acquire: the copy that this version names was written before it.
            let version = self.latch.version.load(Ordering::Acquire);
            // After the version: an older moment than the version's might lie before its pieces.
            let own = own.now().as_nanos();
            let offset = offset(self.latch.copy(version), own);
            // Acquire: whoever saw a part of the version after the next sees here that there is one.
            fence(Ordering::Acquire);
            if self.latch.version.load(Ordering::Relaxed) == version {
                return Timestamp::from_nanos(own.saturating_add_signed(offset));
            }
        }
    }

    /// Takes a line over at once, with a step: for a clock by which nothing is measured yet.
    pub fn begin(&self, line: &Line) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.latch.prepare(&[Piece::of(line); 3]);
        self.latch.publish();
    }

    /// Leads the clock to a new line without a step: it goes faster or slower by at most 500 ppm for
    /// as long as that takes, 0.2 s at least.
    ///
    /// May park the calling thread for some milliseconds. `own` is the clock that readers read.
    pub fn set<C: Clock>(&self, own: &C, wanted: &Line) -> Setting {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..TRIES {
            let now = own.now().as_nanos();
            let present = self.latch.present();
            let switch = switch_after(now, &present);
            if switch - now < LEAD_MIN {
                own.park(Nanos(LEAD_MIN));
                continue;
            }
            self.latch.prepare(&led_to(wanted, piece_at(now, &present), switch));
            if own.now().as_nanos() + MARGIN <= switch {
                self.latch.publish();
                let late = Nanos(own.now().as_nanos().saturating_sub(switch));
                return if late == Nanos::ZERO { Setting::Made } else { Setting::Late(late) };
            }
        }
        Setting::Missed
    }
}

/// When a change can take effect: on the stretch that the clock is on now, or at its end.
fn switch_after(now: u64, present: &Curve) -> u64 {
    let end = present[1..].iter().map(|piece| piece.from).find(|from| now < *from);
    end.unwrap_or(u64::MAX).min(now.saturating_add(LEAD))
}

fn piece_at(own: u64, curve: &Curve) -> Piece {
    let [before, slew, after] = *curve;
    if own < slew.from {
        before
    } else if own < after.from {
        slew
    } else {
        after
    }
}

/// From a piece to a line, beginning at `switch` with the value that the piece has there.
fn led_to(wanted: &Line, before: Piece, switch: u64) -> Curve {
    let target = Piece::of(wanted);
    let offset = before.offset(switch);
    let gap = i128::from(wanted.offset_at(Timestamp::from_nanos(switch))) - i128::from(offset);
    let parts = i128::from(1_000_000_000 / SLEW_MAX_PPB);
    let span =
        (gap.abs() * parts).clamp(i128::from(SLEW_SPAN_MIN), i128::from(Line::OFFSET_MAX_NS));
    let most = i128::from(slope(SLEW_MAX_PPB));
    let lead = ((gap << SHIFT) / span).clamp(-most, most);
    let lead = i64::try_from(lead).expect("clamped to 500 ppm");
    let slew = Piece { from: switch, offset, slope: target.slope + lead };
    let end = switch.saturating_add(u64::try_from(span).expect("clamped between positive numbers"));
    // What rounding left of the gap, a nanosecond for each 4 s, stays: a step would be worse.
    let after = Piece { from: end, offset: slew.offset(end), slope: target.slope };
    [before, slew, after]
}

/// Parts in 10^9 as parts of 2^32.
fn slope(ppb: i64) -> i64 {
    let slope = (i128::from(ppb) << SHIFT) / 1_000_000_000;
    i64::try_from(slope).expect("a rate below 1")
}

impl Piece {
    fn of(line: &Line) -> Self {
        Self {
            from: line.at().as_nanos(),
            offset: line.offset_ns(),
            slope: slope(line.drift_ppb()),
        }
    }

    /// Rounded down, so that a later moment's corrected time is never the earlier one.
    #[inline]
    fn offset(self, own: u64) -> i64 {
        let span = own.wrapping_sub(self.from).cast_signed();
        let rise = (i128::from(self.slope) * i128::from(span)) >> SHIFT;
        self.offset + i64::try_from(rise).expect("a thousandth of 64 bits")
    }
}

impl Latch {
    #[inline]
    fn copy(&self, version: u64) -> &[Stored; 3] {
        &self.copies[usize::from(version & 1 == 1)]
    }

    /// The curve in force. For the writing thread: nobody else changes it.
    fn present(&self) -> Curve {
        let [before, slew, after] = self.copy(self.version.load(Ordering::Relaxed));
        [before.load(), slew.load(), after.load()]
    }

    /// Writes the copy that nobody reads, but for who has been reading it since two versions ago.
    fn prepare(&self, curve: &Curve) {
        let version = self.version.load(Ordering::Relaxed);
        // Release: whoever sees any of this sees the version before it too, and reads again.
        fence(Ordering::Release);
        for (stored, piece) in self.copy(version.wrapping_add(1)).iter().zip(curve) {
            stored.from.store(piece.from, Ordering::Relaxed);
            stored.offset.store(piece.offset, Ordering::Relaxed);
            stored.slope.store(piece.slope, Ordering::Relaxed);
        }
    }

    /// Release: whoever sees the version sees the copy that it names.
    fn publish(&self) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Release);
    }
}

/// What a curve adds at a moment; loads only the piece it needs.
#[inline]
fn offset(curve: &[Stored; 3], own: u64) -> i64 {
    let [before, slew, after] = curve;
    let piece = if after.from.load(Ordering::Relaxed) <= own {
        after
    } else if slew.from.load(Ordering::Relaxed) <= own {
        slew
    } else {
        before
    };
    piece.load().offset(own)
}

impl Stored {
    /// Relaxed: the version orders it.
    #[inline]
    fn load(&self) -> Piece {
        Piece {
            from: self.from.load(Ordering::Relaxed),
            offset: self.offset.load(Ordering::Relaxed),
            slope: self.slope.load(Ordering::Relaxed),
        }
    }
}
