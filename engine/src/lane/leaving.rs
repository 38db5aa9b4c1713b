//! How a lane's consumers leave their groups at the end.

use super::consume::{EVENTS_AT_ONCE, Member, PATIENCE};
use crate::link::{Delivery, Failure, Inlet, InletSink};
use crate::time::Clock;
use crate::units::{Nanos, Timestamp};

/// How long leaving the groups may take, within the run's deadline for closing clients.
const LEAVE_DEADLINE: Nanos = Nanos::from_secs(10);

/// Takes what clients still have to say when nobody counts any more.
struct Nobody;

impl InletSink for Nobody {
    fn delivery(&mut self, _now: Timestamp, _delivery: &Delivery<'_>) {}

    fn committed(&mut self, _result: Result<(), Failure>) {}

    fn trouble(&mut self, _failure: Failure, _fatal: bool) {}
}

/// Lets all members leave their groups at once; what has not left by the deadline does so when it is
/// dropped.
pub(super) fn leave<I: Inlet>(members: &mut [Member<I>], clock: &impl Clock) {
    for member in members.iter_mut().filter(|member| !member.is_leaving) {
        member.inlet.iter_mut().for_each(Inlet::leave);
    }
    let until = clock.now() + LEAVE_DEADLINE;
    let is_there =
        |member: &Member<I>| member.inlet.as_ref().is_some_and(|inlet| !inlet.has_left());
    while members.iter().any(is_there) && clock.now() < until {
        for inlet in members.iter_mut().filter_map(|member| member.inlet.as_mut()) {
            inlet.poll(clock, EVENTS_AT_ONCE, &mut Nobody);
        }
        clock.park(PATIENCE);
    }
}
