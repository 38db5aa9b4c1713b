//! Where a run stood against what this host's engine does at most.

use super::constants::NEAR_CEILING;
use super::facts::{count, number, text};
use super::verdict::{Case, Found};

/// A run's speed set against a ceiling that was measured on this host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing<'run> {
    /// The run's acked messages per second ÷ the ceiling's.
    pub share: f64,
    /// The ceiling, acked messages per second.
    pub messages_per_second: f64,
    /// How many producing lanes it was measured with.
    pub lanes: u64,
    /// What it was measured against, in words.
    pub against: &'run str,
    /// Bytes that one lane of this host copies per second; `None` where it was not measured, or nothing
    /// is copied.
    pub copied_per_second: Option<f64>,
}

/// Told, and never judged by: a ceiling bounds what a host can do, not what it did.
pub(super) fn near_ceiling(case: &Case<'_>, found: &mut Found) {
    let Some(standing) = case.evidence.standing else { return };
    if standing.share < NEAR_CEILING {
        return;
    }
    let Standing { share, messages_per_second, lanes, against, copied_per_second: _ } = standing;
    found.note(
        "near_ceiling",
        format!(
            "The run went at {:.0} % of what this host's engine does at most ({messages_per_second:.0} \
             messages per second with {lanes} producing lanes against {against}). From here on it is \
             this host that decides how fast a run goes, so a faster cluster would not show. Use more \
             cores or larger messages, or spread the load over several hosts.",
            share * 100.0
        ),
        vec![
            number("share", share),
            number("ceiling_messages_per_second", messages_per_second),
            count("lanes", lanes),
            text("against", against),
            number("noted_from", NEAR_CEILING),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::Standing;
    use crate::measure::verdict::{Evidence, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::ClientCount;

    #[test]
    fn a_run_near_this_hosts_ceiling_is_told_and_stays_valid() {
        let plan = plan(ClientCount::Shared);
        let tally = tally(&plan);
        let check = |share: Option<f64>, codes: &[&str]| {
            let against = "the null sink";
            let standing = share.map(|share| Standing {
                share,
                messages_per_second: 1_900_000.4,
                lanes: 1,
                against,
                copied_per_second: None,
            });
            let verdict = Verdict::of(&plan, &tally, &Evidence { standing, ..evidence() });
            let got: Vec<&str> = verdict.findings.iter().map(|finding| finding.code).collect();
            assert_eq!(got, codes, "{share:?}");
            assert!(verdict.valid && verdict.exit_code == 0, "{share:?}: never judged by it");
            for finding in &verdict.findings {
                assert_eq!(finding.severity, Severity::Info, "good to know");
                let words = "of what this host's engine does at most (1900000 messages";
                assert!(finding.message.contains(words), "{}", finding.message);
            }
        };
        check(None, &[]);
        check(Some(0.05), &[]);
        check(Some(0.699), &[]);
        check(Some(0.7), &["near_ceiling"]);
        check(Some(1.2), &["near_ceiling"]);
    }
}
