//! The checks of a search: whether it found a limit, whose it is, and whether it stands.

use super::constants::exit;
use super::facts::{count, text};
use super::verdict::{Case, Found};

/// A search as the verdict sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchSeen {
    /// The highest rate that was sustained; 0 where none was.
    pub sustainable: u64,
    /// The next one that was not; `None` where all were.
    pub above: Option<u64>,
    /// Whether it lies as near as was asked.
    pub is_close: bool,
    /// Whether every confirmation held, the measured phase included; `None` where the run did not come to
    /// that by the search's word.
    pub confirmed: Option<bool>,
    /// Whether this host, and not the cluster, keeps the rate from being higher.
    pub by_client: bool,
    /// How often the cluster took less than it had sustained before.
    pub changes: u32,
    /// Why nothing was found.
    pub gave_up: Option<&'static str>,
}

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] =
    &[nothing_found, by_client, not_confirmed, changed, coarse, no_limit];

fn nothing_found(case: &Case<'_>, found: &mut Found) {
    let Some(reason) = case.evidence.search.and_then(|of| of.gave_up) else { return };
    found.fail(
        exit::TARGET,
        "search_found_nothing",
        format!(
            "The search gave up: {reason}. There is no answer, and nothing was measured. See the steps \
             for what was tried; begin lower (searchStartRate) or allow more time (searchTimeout)."
        ),
        vec![text("reason", reason)],
    );
}

fn by_client(case: &Case<'_>, found: &mut Found) {
    let Some(of) = case.evidence.search.filter(|of| of.by_client) else { return };
    found.fail(
        exit::CLIENT_LIMITED,
        "search_client_limited",
        format!(
            "Above {} messages per second it was this host that did not keep up, not the cluster: \
             sends were late while the client had room, or its own thread was at its end. The cluster's \
             limit lies higher. Use more cores, more clients (--clients) or more hosts (--workers).",
            of.sustainable
        ),
        vec![count("sustainable", of.sustainable)],
    );
}

fn not_confirmed(case: &Case<'_>, found: &mut Found) {
    let is_open = |of: &&SearchSeen| of.confirmed == Some(false) && of.gave_up.is_none();
    let Some(of) = case.evidence.search.filter(is_open) else { return };
    found.fail(
        exit::TARGET,
        "search_not_confirmed",
        format!(
            "{} messages per second were sustained while searching and not in the measured phase: the \
             answer lies at the edge, or the cluster became slower. Run it again, or measure a lower \
             rate by itself (--rate).",
            of.sustainable
        ),
        vec![count("sustainable", of.sustainable)],
    );
}

fn changed(case: &Case<'_>, found: &mut Found) {
    let Some(of) = case.evidence.search.filter(|of| 0 < of.changes) else { return };
    found.warn(
        "capacity_changed",
        format!(
            "While it was searched the cluster took at least a tenth less than it had sustained before, \
             {} times. The answer is of what it sustained last. Look for what else it did then: \
             compaction, a burst credit used up, another load.",
            of.changes
        ),
        vec![count("changes", u64::from(of.changes))],
    );
}

fn coarse(case: &Case<'_>, found: &mut Found) {
    let is_coarse = |of: &&SearchSeen| !of.is_close && of.above.is_some() && 0 < of.sustainable;
    let Some(of) = case.evidence.search.filter(is_coarse) else { return };
    let above = of.above.unwrap_or(0);
    found.warn(
        "search_coarse",
        format!(
            "The time for searching was over before the limit was known as closely as asked: it lies \
             between {} and {above} messages per second. Allow more time (searchTimeout).",
            of.sustainable
        ),
        vec![count("sustainable", of.sustainable), count("above", above)],
    );
}

fn no_limit(case: &Case<'_>, found: &mut Found) {
    let is_free =
        |of: &&SearchSeen| of.above.is_none() && 0 < of.sustainable && of.confirmed.is_some();
    let Some(of) = case.evidence.search.filter(is_free) else { return };
    found.warn(
        "search_no_limit",
        format!(
            "Every rate up to the highest that was to be tried, {} messages per second, was sustained: \
             the limit lies above it. Raise searchMaxRate.",
            of.sustainable
        ),
        vec![count("sustainable", of.sustainable)],
    );
}
