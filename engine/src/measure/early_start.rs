//! Was the run steady when its measured phase began? If not, that is told.

use super::facts::{count, number};
use super::verdict::{Case, Found};
use crate::plan::Warmup;
use crate::units::Nanos;

/// How steadiness is told, by what it is held against.
const STEADY: &str = "five seconds in a row at one rate, the due one where there is one, with no \
                      median publish latency that stands out";

/// The measured phase began before the run was steady. Silent where it never was: shorter runs than
/// five seconds and unsteady ones have their own findings.
pub(super) fn early_start(case: &Case<'_>, found: &mut Found) {
    let Some(since) = case.evidence.steady_since.filter(|since| 0 < *since) else { return };
    if waited(case).is_some() {
        return;
    }
    let since = since.unsigned_abs();
    found.warn(
        "not_steady_at_the_start",
        format!(
            "The run became steady {since} s into the measured phase ({STEADY}). What came before \
             is in every figure. Make the warm-up longer by that (--warmup), or let it end by \
             itself (--warmup auto)."
        ),
        vec![count("steady_s", since)],
    );
}

/// A warm-up that was to last until the run is steady came to its bound before that.
pub(super) fn bound_reached(case: &Case<'_>, found: &mut Found) {
    let Some(waited) = waited(case) else { return };
    let mut facts = vec![number("warmup_s", waited.as_secs_f64())];
    let after = match case.evidence.steady_since {
        // It was about to be, and nothing unsteady was measured.
        Some(..=0) => return,
        Some(since) => {
            let since = since.unsigned_abs();
            facts.push(count("steady_s", since));
            format!("It became steady {since} s into the measured phase")
        }
        None => "It was not steady in the measured phase either".to_owned(),
    };
    found.warn(
        "warmup_bound_reached",
        format!(
            "The warm-up ended at its bound of {waited}: the run was not steady until then \
             ({STEADY}). {after}. What was not steady is in every figure. Raise the bound \
             (--warmup auto:TIME), or lower the rate."
        ),
        facts,
    );
}

/// How long a warm-up without a length of its own waited for the run, where it came to its bound.
fn waited(case: &Case<'_>) -> Option<Nanos> {
    let asked = case.plan.demand.phases.warmup;
    let waited = case.evidence.warmed_up.filter(|length| asked.longest() <= *length)?;
    matches!(asked, Warmup::Auto { .. }).then_some(waited)
}

#[cfg(test)]
mod tests {
    use crate::measure::Severity;
    use crate::measure::verdict::{Evidence, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{ClientCount, Warmup};
    use crate::units::Nanos;

    const FIXED: Warmup = Warmup::Fixed(Nanos::from_secs(20));
    const AUTO: Warmup = Warmup::Auto { bound: Nanos::from_millis(19_500) };

    /// What is found of a run that warmed up for so many seconds and was steady since that second,
    /// and what it says; the run stays valid.
    fn found(asked: Warmup, warmed_up: Option<u64>, steady: Option<i64>) -> Vec<(String, String)> {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.phases.warmup = asked;
        let warmed_up = warmed_up.map(Nanos::from_secs);
        let seen = Evidence { steady_since: steady, warmed_up, ..evidence() };
        let verdict = Verdict::of(&plan, &tally(&plan), &seen);
        assert!(verdict.valid && verdict.exit_code == 0, "a warning never changes `valid`");
        let told = verdict.findings.into_iter().map(|finding| {
            assert_eq!(finding.severity, Severity::Warning, "{finding:?}");
            (finding.code.to_owned(), finding.message)
        });
        told.collect()
    }

    fn check(
        (asked, warmed_up, steady): (Warmup, Option<u64>, Option<i64>),
        code: &str,
        words: &[&str],
    ) {
        let told = found(asked, warmed_up, steady);
        assert_eq!(told.len(), 1, "{asked:?}, {steady:?}: {told:?}");
        assert_eq!(told[0].0, code, "{asked:?}, {steady:?}");
        words.iter().for_each(|word| assert!(told[0].1.contains(word), "{word}: {told:?}"));
    }

    #[test]
    fn a_measured_phase_that_began_too_early_is_told() {
        check((FIXED, Some(20), Some(3)), "not_steady_at_the_start", &["steady 3 s into"]);
        for fine in [Some(0), Some(-4), None] {
            assert_eq!(found(FIXED, Some(20), fine), [], "{fine:?}");
        }
    }

    #[test]
    fn a_warm_up_that_came_to_its_bound_is_told_with_its_numbers() {
        let code = "warmup_bound_reached";
        check((AUTO, Some(20), None), code, &["its bound of 20s", "not steady in the measured"]);
        check((AUTO, Some(20), Some(4)), code, &["its bound of 20s", "became steady 4 s into"]);
        // Steady in time; interrupted before it was measured; ended early, whatever came later.
        for (warmed_up, steady) in [(Some(20), Some(-2)), (None, None), (Some(9), Some(-6))] {
            assert_eq!(found(AUTO, warmed_up, steady), [], "{warmed_up:?}, {steady:?}");
        }
    }
}
