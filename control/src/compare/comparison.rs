//! The comparison: each candidate against the baseline, figure by figure, and what may be said of it.

use super::difference::{Difference, Interval};
use super::differs::{self, Differs};
use super::estimate::{Known, REPEATS_MIN, by_repeats, by_seconds, own};
use super::figure::{Figure, Seconds};
use super::holm::levels;
use super::recorded::Recorded;
use super::variant::Variant;
use engine::measure::constants::exit;

/// How often all rows of all candidates together may say "difference" by chance. Half of what is allowed (one
/// comparison of twenty), since how much seconds depend on each other is itself estimated.
pub(super) const FAMILY: f64 = 0.02;

/// Everything that is said of some variants.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// What was compared; the first is the baseline.
    pub(super) variants: Vec<Variant>,
    /// How much worse is still no regression, as a part.
    pub(super) tolerance: f64,
    /// One for each candidate.
    pub(super) pairs: Vec<Pair>,
}

/// A candidate against the baseline.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// Which variant it is.
    pub(super) candidate: usize,
    /// By what it was judged.
    pub(super) basis: Basis,
    /// What else differs.
    pub(super) differs: Vec<Differs>,
    /// Its figures.
    pub(super) rows: Vec<Row>,
}

/// What is one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// A second.
    Seconds,
    /// A whole run.
    Repeats,
}

/// One figure of a candidate against the baseline's.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Which.
    pub(super) figure: Figure,
    /// The baseline's value.
    pub(super) baseline: Option<f64>,
    /// The candidate's value.
    pub(super) candidate: Option<f64>,
    /// By which part it is more; below 0 less.
    pub(super) difference: Option<f64>,
    /// From where to where that may be; `None` where nothing is known of it.
    pub(super) interval: Option<Interval>,
    /// Where the typical seconds' difference may be, where the whole runs' is more than is tolerated and
    /// not in it, so that nobody knows which of them is to be believed.
    pub(super) typical: Option<Interval>,
    /// The least difference that would have been found, as a part.
    pub(super) detectable: Option<f64>,
    /// As how many independent samples those of baseline and candidate count.
    pub(super) effective: Option<[f64; 2]>,
    /// What may be said.
    pub(super) told: Told,
}

/// What may be said of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It may be the same.
    NoDifference,
    /// It is better.
    Better,
    /// It is worse, and may be so by no more than is tolerated.
    Worse,
    /// It is worse by more than is tolerated.
    Regression,
    /// Too few independent seconds, or whole runs say something else than their seconds.
    CannotTell,
    /// Nothing but the values is known.
    NotJudged,
}

/// What may be said of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Some figure is worse by more than is tolerated.
    Regression,
    /// Some figure is better or worse.
    Difference,
    /// None is, as far as can be told.
    NoDifference,
    /// Nothing was judged, or runs differ as wholes while their seconds do not.
    CannotTell,
}

/// What is known of a figure's difference.
#[derive(Clone, Copy, Debug)]
enum Found {
    Difference(Difference),
    TooFew([f64; 2]),
    Nothing,
}

/// The rows of a candidate while they are put together.
struct Draft {
    candidate: usize,
    basis: Basis,
    found: Vec<(Figure, Found)>,
}

impl Comparison {
    /// Compares variants, at least two, with the first of them.
    pub(crate) fn of(variants: Vec<Variant>, tolerance: f64) -> Self {
        let drafts: Vec<Draft> =
            (1..variants.len()).map(|candidate| Draft::of(&variants, candidate)).collect();
        let judged = drafts.iter().flat_map(Draft::judged).map(Difference::p);
        let levels = levels(&judged.collect::<Vec<f64>>(), FAMILY);
        let (mut pairs, mut rest) = (Vec::new(), levels.as_slice());
        for draft in drafts {
            let (ours, others) = rest.split_at(draft.judged().count());
            rest = others;
            pairs.push(draft.pair(&variants, ours, tolerance));
        }
        Self { variants, tolerance, pairs }
    }

    /// 10 where something is worse by more than is tolerated, else 0.
    pub(crate) fn exit_code(&self) -> u8 {
        let is_worse = self.pairs.iter().any(|pair| pair.verdict() == Verdict::Regression);
        // To scripts it is what a failed assertion is: what was to hold does not.
        if is_worse { exit::ASSERTION } else { exit::VALID }
    }
}

impl Pair {
    /// What may be said of the candidate.
    pub(super) fn verdict(&self) -> Verdict {
        let has = |told: &[Told]| self.rows.iter().any(|row| told.contains(&row.told));
        if has(&[Told::Regression]) {
            return Verdict::Regression;
        }
        if has(&[Told::Worse, Told::Better]) {
            return Verdict::Difference;
        }
        // Runs that differ as wholes are not called the same because some of their figures are.
        if self.rows.iter().any(|row| row.typical.is_some()) {
            return Verdict::CannotTell;
        }
        if has(&[Told::NoDifference]) { Verdict::NoDifference } else { Verdict::CannotTell }
    }
}

impl Draft {
    fn of(variants: &[Variant], candidate: usize) -> Self {
        let (ours, theirs) = (&variants[0].runs, &variants[candidate].runs);
        let is_group = REPEATS_MIN <= ours.len().min(theirs.len());
        let basis = if is_group { Basis::Repeats } else { Basis::Seconds };
        let runs: Vec<_> = ours.iter().chain(theirs).collect();
        let found = |figure: Figure| {
            let known = match basis {
                Basis::Repeats if figure.is_judged() => {
                    [ours, theirs].map(|side| by_repeats(figure, side))
                }
                Basis::Repeats => [Known::Nothing; 2],
                Basis::Seconds => [ours, theirs].map(|side| by_seconds(figure, side)),
            };
            (figure, Found::of(known))
        };
        Self { candidate, basis, found: Figure::all(&runs).into_iter().map(found).collect() }
    }

    /// Whether a row of its own is judged by what was found of the figure. Maxima have seconds, and these only
    /// bound the percentile below.
    fn is_judged(&self, figure: Figure) -> bool {
        self.basis == Basis::Repeats || figure.by_seconds() == Seconds::Own
    }

    /// What was found of a figure; of one between two others, whether these had too few seconds.
    fn seen(&self, figure: Figure, found: Found) -> Found {
        let Seconds::Between(one, other) = figure.by_seconds() else { return found };
        if self.basis == Basis::Repeats {
            return found;
        }
        let beside = self.found.iter().filter(|(beside, _)| [one, other].contains(beside));
        let few = beside.map(|(_, of)| *of).find(|of| matches!(of, Found::TooFew(_)));
        few.unwrap_or(found)
    }

    /// The differences that are judged, in the order of their rows.
    fn judged(&self) -> impl Iterator<Item = &Difference> {
        self.found.iter().filter_map(|(figure, found)| match found {
            Found::Difference(difference) if self.is_judged(*figure) => Some(difference),
            _ => None,
        })
    }

    /// The rows, each decided at its level.
    fn pair(self, variants: &[Variant], levels: &[f64], tolerance: f64) -> Pair {
        let (ours, theirs) = (&variants[0].runs, &variants[self.candidate].runs);
        let mut levels = levels.iter().copied();
        let mut decided: Vec<(Figure, Found, Option<f64>)> = Vec::new();
        for (figure, found) in &self.found {
            let is_judged = self.is_judged(*figure) && matches!(found, Found::Difference(_));
            let level = if is_judged { levels.next() } else { None };
            decided.push((*figure, self.seen(*figure, *found), level));
        }
        let row = |(figure, found, level): &(Figure, Found, Option<f64>)| {
            let span = match (self.basis, figure.by_seconds()) {
                (Basis::Seconds, Seconds::Between(one, other)) => between(&decided, one, other),
                _ => match (found, level) {
                    (Found::Difference(of), Some(level)) => Some(Span::of(of, *level)),
                    _ => None,
                },
            };
            Row::of(*figure, [ours, theirs], (found, span), tolerance)
        };
        let rows = decided.iter().map(row).collect();
        let differs = differs::between(&ours[0], &theirs[0]);
        Pair { candidate: self.candidate, basis: self.basis, differs, rows }
    }
}

impl Row {
    /// By what was found of a figure, and by the runs as wholes.
    fn of(
        figure: Figure,
        [ours, theirs]: [&[Recorded]; 2],
        (found, span): (&Found, Option<Span>),
        tolerance: f64,
    ) -> Self {
        let (baseline, candidate) = (own(figure, ours), own(figure, theirs));
        let ln = baseline.zip(candidate).map(|(from, to)| (to / from).ln());
        let is_few = matches!(found, Found::TooFew(_)) && figure.is_judged();
        let row = Self {
            figure,
            baseline,
            candidate,
            difference: ln.map(f64::exp_m1),
            interval: None,
            typical: None,
            detectable: span.as_ref().map(|span| span.detectable.exp_m1()),
            effective: effective(figure, found, span.as_ref()),
            told: if is_few { Told::CannotTell } else { Told::NotJudged },
        };
        if baseline.is_some() && theirs.iter().any(|run| figure.is_nothing(run)) {
            // No ratio to nothing has a logarithm, and no doubt either: all of it is gone.
            return Self {
                candidate: theirs.iter().find_map(|run| figure.zero(run)),
                difference: Some(-1.0),
                told: Told::Regression,
                ..row
            };
        }
        let Some((span, ln)) = span.zip(ln) else { return row };
        // What seconds say is the middle of the run: it and the run as a whole must agree.
        let interval = span.interval.and(ln);
        let row = Self { interval: Some(interval), ..row };
        if !interval.has_zero() {
            return Self { told: direction(figure, interval, tolerance), ..row };
        }
        if span.interval.has(ln) {
            return Self { told: Told::NoDifference, ..row };
        }
        let is_more = limit(figure, tolerance) < ln.abs();
        Self {
            typical: is_more.then_some(span.interval),
            // This one was there, and is not told.
            detectable: Some(span.detectable.max(ln.abs()).exp_m1()),
            told: Told::CannotTell,
            ..row
        }
    }
}

/// What a row shows of a difference.
struct Span {
    interval: Interval,
    detectable: f64,
    effective: [f64; 2],
}

impl Span {
    /// Of a figure that was judged, at its level.
    fn of(of: &Difference, level: f64) -> Self {
        Self {
            interval: of.interval(level),
            detectable: of.detectable(level),
            effective: of.effective,
        }
    }
}

/// Of a percentile that no second has: what the one below and the one above it say together. Both must say the
/// same of it, so it is never told where they are not, and it needs no level of its own.
fn between(decided: &[(Figure, Found, Option<f64>)], one: Figure, other: Figure) -> Option<Span> {
    let find = |figure: Figure| decided.iter().find(|(of, ..)| *of == figure);
    let (below, above) = (find(one)?, find(other)?);
    // A maximum has no level: the 99th percentile's is taken for it.
    let level = below.2?;
    let (Found::Difference(least), Found::Difference(most)) = (below.1, above.1) else {
        return None;
    };
    let (least, most) = (Span::of(&least, level), Span::of(&most, above.2.unwrap_or(level)));
    let fewer = |side: usize| least.effective[side].min(most.effective[side]);
    Some(Span {
        interval: least.interval.with(most.interval),
        detectable: least.detectable.max(most.detectable),
        effective: [0, 1].map(fewer),
    })
}

impl Found {
    fn of([ours, theirs]: [Known; 2]) -> Self {
        let few = |known: Known| match known {
            Known::TooFew(effective) => effective,
            Known::Estimate(estimate) => estimate.effective,
            Known::Nothing => 0.0,
        };
        match (ours, theirs) {
            (Known::Estimate(ours), Known::Estimate(theirs)) => {
                Self::Difference(Difference::between(&ours, &theirs))
            }
            (Known::Nothing, _) | (_, Known::Nothing) => Self::Nothing,
            _ => Self::TooFew([few(ours), few(theirs)]),
        }
    }
}

fn effective(figure: Figure, found: &Found, span: Option<&Span>) -> Option<[f64; 2]> {
    match found {
        Found::TooFew(effective) if figure.is_judged() => Some(*effective),
        _ => span.map(|span| span.effective),
    }
}

/// From which difference on, in logarithms, worse is more than is tolerated.
fn limit(figure: Figure, tolerance: f64) -> f64 {
    if figure.is_throughput() { -(-tolerance).ln_1p() } else { tolerance.ln_1p() }
}

/// What may be said of a figure whose difference lies in an interval without 0.
fn direction(figure: Figure, interval: Interval, tolerance: f64) -> Told {
    // Throughput is worse where it is less, all others where they are more; from here on more is worse.
    let (least, most) = if figure.is_throughput() {
        (-interval.high, -interval.low)
    } else {
        (interval.low, interval.high)
    };
    if most < 0.0 {
        return Told::Better;
    }
    if limit(figure, tolerance) < least { Told::Regression } else { Told::Worse }
}
