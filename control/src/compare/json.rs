//! A comparison for programs: `kdyno.compare/1`.
//!
//! The types of this file are the format. Parts are of the baseline's value: 0.05 is five percent more.

use super::comparison::{Basis, Comparison, FAMILY, Pair, Row, Told, Verdict};
use super::difference::Interval;
use super::differs::Differs;
use super::recorded::Recorded;
use super::variant::Variant;
use super::words;
use serde::Serialize;

/// The name and version of the format.
const SCHEMA: &str = "kdyno.compare/1";

/// A comparison.
#[derive(Debug, Serialize)]
struct Document<'of> {
    /// [`SCHEMA`].
    schema: &'static str,
    /// The version that compared.
    kdyno_version: &'static str,
    /// What the process told its caller: 10 where something is worse by more than is tolerated.
    exit_code: u8,
    /// How much worse is tolerated, as a part.
    tolerance: f64,
    /// How sure all intervals are together.
    confidence: f64,
    /// What was compared, the baseline first.
    variants: Vec<VariantPart<'of>>,
    /// Each candidate against the baseline.
    comparisons: Vec<PairPart<'of>>,
    /// What a reader should know.
    notes: Vec<String>,
}

/// A variant.
#[derive(Debug, Serialize)]
struct VariantPart<'of> {
    name: char,
    runs: Vec<RunPart<'of>>,
    /// How many more were killed or go on, where it is a folder.
    unfinished: usize,
}

/// A run.
#[derive(Debug, Serialize)]
pub(super) struct RunPart<'of> {
    path: String,
    test_id: &'of str,
    test_name: &'of str,
    kdyno_version: &'of str,
    started_at: &'of str,
    valid: bool,
    exit_code: u8,
    limited_by: &'of str,
    measured_s: f64,
    /// How many of its seconds were looked at.
    steady_seconds: usize,
}

/// A candidate against the baseline.
#[derive(Debug, Serialize)]
struct PairPart<'of> {
    baseline: char,
    candidate: char,
    /// `regression`, `difference`, `no_difference` or `cannot_tell`.
    verdict: &'static str,
    /// The same in words.
    message: String,
    /// `seconds` or `repeats`: what is one sample.
    by: &'static str,
    /// In which fields their first runs differ.
    differs: &'of [Differs],
    figures: Vec<RowPart>,
}

/// A figure.
#[derive(Debug, Serialize)]
struct RowPart {
    /// Its path in `result.json`.
    figure: String,
    /// The baseline's value; of several runs the geometric mean, of maxima the greatest.
    baseline: Option<f64>,
    candidate: Option<f64>,
    /// By which part the candidate's is more.
    difference: Option<f64>,
    /// Where that lies; null where nothing is known of it.
    interval: Option<IntervalPart>,
    /// Where that of the typical second lies, where whole runs and their typical seconds disagree.
    typical: Option<IntervalPart>,
    /// The least difference that would have been found in four of five cases.
    detectable: Option<f64>,
    /// As how many independent samples those of the two sides count.
    independent: Option<IndependentPart>,
    /// `no_difference`, `better`, `worse`, `regression`, `cannot_tell` or `not_judged`.
    verdict: &'static str,
}

/// From where to where.
#[derive(Debug, Serialize)]
struct IntervalPart {
    low: f64,
    high: f64,
}

/// Of either side.
#[derive(Debug, Serialize)]
struct IndependentPart {
    baseline: f64,
    candidate: f64,
}

/// The comparison as an indented document with a line end.
pub(super) fn json(comparison: &Comparison) -> Vec<u8> {
    let document = Document {
        schema: SCHEMA,
        kdyno_version: env!("CARGO_PKG_VERSION"),
        exit_code: comparison.exit_code(),
        tolerance: comparison.tolerance,
        confidence: 1.0 - FAMILY,
        variants: comparison.variants.iter().map(variant).collect(),
        comparisons: comparison.pairs.iter().map(|pair| of_pair(comparison, pair)).collect(),
        notes: words::notes(comparison),
    };
    let mut bytes = serde_json::to_vec_pretty(&document).expect("a document in memory is written");
    bytes.push(b'\n');
    bytes
}

fn variant(variant: &Variant) -> VariantPart<'_> {
    VariantPart {
        name: variant.name,
        runs: variant.runs.iter().map(run).collect(),
        unfinished: variant.unfinished,
    }
}

pub(super) fn run(run: &Recorded) -> RunPart<'_> {
    RunPart {
        path: run.path.display().to_string(),
        test_id: &run.test_id,
        test_name: &run.test_name,
        kdyno_version: &run.kdyno_version,
        started_at: &run.started_at,
        valid: run.verdict.valid,
        exit_code: run.verdict.exit_code,
        limited_by: &run.verdict.limited_by,
        measured_s: run.plan.measured_s,
        steady_seconds: run.steady().count(),
    }
}

fn of_pair<'of>(comparison: &Comparison, pair: &'of Pair) -> PairPart<'of> {
    PairPart {
        baseline: comparison.variants[0].name,
        candidate: comparison.variants[pair.candidate].name,
        verdict: match pair.verdict() {
            Verdict::Regression => "regression",
            Verdict::Difference => "difference",
            Verdict::NoDifference => "no_difference",
            Verdict::CannotTell => "cannot_tell",
        },
        message: words::headline(comparison, pair),
        by: match pair.basis {
            Basis::Seconds => "seconds",
            Basis::Repeats => "repeats",
        },
        differs: &pair.differs,
        figures: pair.rows.iter().map(row).collect(),
    }
}

fn row(row: &Row) -> RowPart {
    let part = |interval: Interval| IntervalPart {
        low: interval.low.exp_m1(),
        high: interval.high.exp_m1(),
    };
    let independent = |[baseline, candidate]: [f64; 2]| IndependentPart { baseline, candidate };
    RowPart {
        figure: row.figure.path(),
        baseline: row.baseline,
        candidate: row.candidate,
        difference: row.difference,
        interval: row.interval.map(part),
        typical: row.typical.map(part),
        detectable: row.detectable,
        independent: row.effective.map(independent),
        verdict: match row.told {
            Told::NoDifference => "no_difference",
            Told::Better => "better",
            Told::Worse => "worse",
            Told::Regression => "regression",
            Told::CannotTell => "cannot_tell",
            Told::NotJudged => "not_judged",
        },
    }
}
