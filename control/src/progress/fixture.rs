//! A demand of 1,000 messages per second, for tests of what is told of it.

use crate::spec::{Order, load};
use engine::plan::Demand;
use engine::units::Timestamp;
use std::path::PathBuf;

/// That of the first command of the README, at another rate.
pub(super) fn demand() -> Demand {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let workloads = vec![root.join("../workloads/quick-test.yaml")];
    let sets = vec!["producerRate=1000".to_owned()];
    let order = Order { workloads, sets, ..Order::default() };
    let job = load(&order, Timestamp::from_nanos(0)).expect("these fields exist");
    job.requests[0].demand.clone()
}
