//! Any shape that may be, for the laws of all of them.

use super::curve::{approximate, whole};
use super::shape::{Shape, Step};
use crate::units::Nanos;
use proptest::prelude::{Strategy, prop, prop_oneof};

/// Any shape that may be.
pub(super) fn shapes() -> impl Strategy<Value = Shape> {
    let rate = || 0_u64..200_000;
    let span = || (1_u64..3_000_000_000).prop_map(Nanos);
    let step = move || (rate(), span()).prop_map(|(rate, lasts)| Step { rate, lasts });
    prop_oneof![
        prop::collection::vec(step(), 1..6).prop_map(Shape::Steps),
        (rate(), rate(), span()).prop_map(|(from, to, over)| Shape::Ramp { from, to, over }),
        (1_u64..100_000, 0.0..=1.0, 1_000_u64..5_000_000).prop_map(|(mean, share, micros)| {
            let amplitude = whole(approximate(u128::from(mean)) * share);
            Shape::Wave { mean, amplitude, period: Nanos(micros * 1_000) }
        }),
        (step(), step()).prop_map(|(on, off)| Shape::Bursts { on, off }),
        (prop::collection::vec(0_u64..2_000_000_000, 1..300), prop::option::of(1_u64..999))
            .prop_map(|(mut times, more)| {
                times.sort_unstable();
                let last = times[times.len() - 1];
                let times = times.into_iter().map(Nanos).collect();
                Shape::Replay { times, every: more.map(|more| Nanos(last + more)) }
            }),
    ]
    .prop_filter("some rate is above 0", |shape| shape.check().is_ok())
}
