//! Spans as runs see them: the logarithms of each kind of latency lie on a bell curve.

use engine::measure::PhaseTally;
use engine::units::Nanos;
use std::time::Duration;

/// The middle of each of the five, and how wide the bell curve of their natural logarithms is.
const SPREADS: [(Nanos, f64); 5] = [
    (Nanos(4_000), 0.8),
    (Nanos(3_000_000), 0.6),
    (Nanos(2_990_000), 0.6),
    (Nanos(5_000_000), 0.7),
    (Nanos(4_990_000), 0.7),
];

/// Spans that look drawn, the same in each run.
#[derive(Debug)]
pub struct Spans(u64);

impl Default for Spans {
    fn default() -> Self {
        Self(1)
    }
}

impl Spans {
    /// Records the spans of one message, and returns its publish latency.
    pub fn record(&mut self, phase: &mut PhaseTally) -> Nanos {
        let spans = SPREADS.map(|spread| self.draw(spread));
        let kinds = [
            &mut phase.send_delay,
            &mut phase.publish,
            &mut phase.service,
            &mut phase.end_to_end,
            &mut phase.transit,
        ];
        kinds.into_iter().zip(spans).for_each(|(kind, span)| kind.record(Some(span)));
        spans[1]
    }

    /// Evenly from 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits are left")) / f64::from(u32::MAX)
    }

    /// A span whose logarithm lies on a bell curve: twelve shares add up to nearly one.
    fn draw(&mut self, (middle, width): (Nanos, f64)) -> Nanos {
        let bell = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        let seconds = middle.as_secs_f64() * (bell * width).exp();
        let nanos = Duration::from_secs_f64(seconds).as_nanos();
        Nanos(u64::try_from(nanos).expect("far below 584 years"))
    }
}
