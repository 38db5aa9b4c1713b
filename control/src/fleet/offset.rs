//! How far a worker's clock is off the coordinator's, and how far that may be wrong: rigorous bounds
//! from exchanges of the time.
//!
//! A worker that heard a question at `heard` did so after it was asked: at the coordinator's moment
//! `asked` its clock showed no more than `heard`. And it answered before the answer was there: at
//! `returned` its clock showed no less than `answered`. Its offset as a line over the coordinator's
//! time thus passes below all points of the first kind and above all of the second: that holds for
//! any delays, however unequal. What the lines that do so have in common is the result.

use super::exchanges::{Exchange, Exchanges};
use engine::time::Line;
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};

/// The most by which two hosts' clocks are taken to differ in their rates: what the kernel lets a time
/// server make of a clock's rate (500 ppm, `MAXFREQ`); crystals differ by 100 ppm at most.
pub const MAX_DRIFT_PPB: i64 = 500_000;

/// By how much the drift is taken to change while exchanges are remembered: a crystal that gets warm
/// under load, a time server that leads a clock that is right on the whole. The older an exchange is
/// the less it says: one of a minute ago is good to 60 µs.
const WANDER_PPB: i128 = 1_000;

/// For how long an estimate holds: a second until the next one, and as long as it takes to lead a clock
/// over to that.
pub(super) const HORIZON: Nanos = Nanos::from_millis(1_500);

/// Drifts are counted in parts in 10^12, so that an hour's rounding is a few nanoseconds.
const PARTS: i128 = 1_000_000_000_000;

/// What is known of one worker's clock.
#[derive(Clone, Debug, Default)]
pub struct Offsets {
    exchanges: Exchanges,
    dropped: u64,
}

/// Where a worker's clock is, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// The coordinator's moment of the estimate.
    pub at: Timestamp,
    /// The worker's clock less the coordinator's, at that moment.
    pub offset_ns: i64,
    /// How many nanoseconds more that becomes with each of the coordinator's seconds.
    pub drift_ppb: i64,
    /// How far the line may be off the truth, from its moment on for 1.5 seconds.
    pub error: Nanos,
    /// Exchanges that the estimate rests on.
    pub exchanges: usize,
    /// Exchanges that were forgotten because no one line agrees with them and with newer ones: the
    /// drift has changed, or the clock has jumped.
    pub dropped: u64,
    /// The shortest round trip among the exchanges.
    pub round_trip_min: Nanos,
}

/// The lines that agree with all exchanges, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    /// Least offset.
    low: i128,
    /// Greatest offset.
    high: i128,
}

/// What one stamp says: the offset is not above, or not below, so much at a moment.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Nanoseconds after the moment of the question: never above zero.
    x: i128,
    offset: i128,
}

impl Offsets {
    /// Learns from an exchange; forgets the oldest ones that contradict it.
    ///
    /// # Errors
    /// When its stamps contradict one another, or it is older than the last one. It is then not used.
    pub fn note(&mut self, exchange: Exchange) -> Result<(), String> {
        self.exchanges.keep(exchange)?;
        // One alone always has a line, so this ends.
        while self.exchanges.newest().is_some_and(|newest| self.bounds(newest).is_none()) {
            self.exchanges.drop_oldest();
            self.dropped += 1;
        }
        Ok(())
    }

    /// The offset at one of the coordinator's moments, not before the last exchange; `None` without
    /// any exchange.
    ///
    /// # Panics
    /// When the clocks are more than a century apart.
    #[must_use]
    pub fn estimate(&self, at: Timestamp) -> Option<Offset> {
        let at = at.max(self.exchanges.newest()?);
        let (now, then) = (self.bounds(at)?, self.bounds(at + HORIZON)?);
        let (middle, later) = (now.middle(), then.middle());
        let drift = (later - middle) * i128::from(NANOS_PER_SECOND) / i128::from(HORIZON.0);
        // A middle is rounded by a nanosecond, and so is the drift for each second.
        let error = now.half().max(then.half()) + 4;
        Some(Offset {
            at,
            offset_ns: i64::try_from(middle).expect("clocks less than a century apart"),
            drift_ppb: i64::try_from(drift).expect("lines within the greatest drift"),
            error: Nanos(u64::try_from(error).expect("bounds have an order")),
            exchanges: self.exchanges.len(),
            dropped: self.dropped,
            round_trip_min: self.exchanges.round_trip_min()?,
        })
    }

    /// How far a worker's clock, corrected by that line, may be off at one of the coordinator's
    /// moments, not before the last exchange: by all that is known now, so also by what has come to
    /// light since the line was set. `None` without any exchange.
    #[must_use]
    pub fn error_of(&self, line: &Line, at: Timestamp) -> Option<Nanos> {
        let at = at.max(self.exchanges.newest()?);
        let bounds = self.bounds(at)?;
        let off = |offset: i128| {
            let own = u64::try_from(i128::from(at.as_nanos()) + offset).ok()?;
            let off = offset + i128::from(line.offset_at(Timestamp::from_nanos(own)));
            u64::try_from(off.unsigned_abs()).ok().map(Nanos)
        };
        Some(off(bounds.low)?.max(off(bounds.high)?))
    }

    /// Whether a worker's clock that is led by that line is, for as long as the estimate holds, hardly
    /// worse than one that is led by the estimate: by a tenth of its error.
    #[must_use]
    pub fn is_served_by(&self, line: &Line, estimate: &Offset) -> bool {
        let most = Nanos(estimate.error.0 + estimate.error.0 / 10);
        [estimate.at, estimate.at + HORIZON]
            .into_iter()
            .all(|at| self.error_of(line, at).is_some_and(|error| error <= most))
    }

    /// The offsets at a moment of all lines that agree with the exchanges; `None` if there is none.
    fn bounds(&self, at: Timestamp) -> Option<Bounds> {
        let time = |moment: Timestamp| i128::from(moment.as_nanos());
        let point = |moment: Timestamp, own: Timestamp, side: i128| {
            let x = time(moment) - time(at);
            // Both readings are cut to whole nanoseconds: a difference is off by less than one.
            let doubt = 1 + (-x * WANDER_PPB) / 1_000_000_000;
            Point { x, offset: time(own) - time(moment) + side * doubt }
        };
        let exchanges = self.exchanges.iter();
        let (highs, lows): (Vec<Point>, Vec<Point>) = exchanges
            .map(|of| (point(of.asked, of.heard, 1), point(of.returned, of.answered, -1)))
            .unzip();
        let (least, most) = drifts(&highs, &lows)?;
        // All points lie before the moment: the steeper the line, the higher it gets.
        let high = highs.iter().map(|of| of.offset + (-of.x * most).div_euclid(PARTS) + 1).min()?;
        let low = lows.iter().map(|of| of.offset + (-of.x * least).div_euclid(PARTS)).max()?;
        Some(Bounds { low, high })
    }
}

/// The least and the greatest drift, in parts in 10^12, of a line below all of `highs` and above all
/// of `lows`; `None` if there is no such line.
fn drifts(highs: &[Point], lows: &[Point]) -> Option<(i128, i128)> {
    let most = i128::from(MAX_DRIFT_PPB) * 1_000;
    let (mut least, mut most) = (-most, most);
    for low in lows {
        for high in highs {
            let (run, rise) = (high.x - low.x, high.offset - low.offset);
            // Rounded outwards; divided only where it matters, which is seldom.
            if 0 < run && rise * PARTS < most * run {
                most = (rise * PARTS).div_euclid(run) + 1;
            } else if run < 0 && rise * PARTS < least * run {
                least = (-rise * PARTS).div_euclid(-run);
            } else if run == 0 && rise < 0 {
                return None;
            }
        }
    }
    (least <= most).then_some((least, most))
}

impl Bounds {
    const fn middle(self) -> i128 {
        self.low + (self.high - self.low) / 2
    }

    const fn half(self) -> i128 {
        (self.high - self.low) / 2 + 1
    }
}

impl Offset {
    /// What the worker must add to its clock, as a line over that clock.
    ///
    /// # Errors
    /// When the clocks are more than 36 years apart: one of them is not set.
    pub fn line(&self) -> Result<Line, String> {
        let own = self.at.as_nanos().saturating_add_signed(self.offset_ns);
        let (drift, second) = (i128::from(self.drift_ppb), i128::from(NANOS_PER_SECOND));
        // Per time of the worker's clock, which goes by 1 + drift while the coordinator's goes by 1.
        let own_drift = -drift * second / (second + drift);
        let own_drift = i64::try_from(own_drift).expect("a drift of at most 500 ppm");
        Line::new(Timestamp::from_nanos(own), self.offset_ns.saturating_neg(), own_drift)
    }
}
