//! A comparison in words: what every form of it says, whatever it looks like.

use super::between::{CLOSED, COST, MEDIANS, PACED, TAILS};
use super::comparison::{Basis, Comparison, FAMILY, Pair, Row, Told, Verdict};
use super::difference::Interval;
use super::differs;
use super::estimate::REPEATS_MIN;
use super::figure::{At, Figure};
use super::recorded::Recorded;
use super::variant::Variant;
use std::path::PathBuf;

/// The columns of the table; the first is named after the variants.
pub(super) const COLUMNS: [&str; 7] =
    ["baseline", "candidate", "difference", "interval", "independent", "found from", "it says"];

/// More fields that differ are counted and not told.
const FIELDS_MAX: usize = 12;
/// More runs of a variant are counted and not named.
const RUNS_MAX: usize = 10;
/// A longer value of a field is cut.
const VALUE_MAX: usize = 60;

/// The cells of a figure's line: its name, then one for each column.
pub(super) fn cells(row: &Row) -> Vec<String> {
    let dash = || "-".to_owned();
    let both = |[ours, theirs]: [f64; 2]| format!("{ours:.0} / {theirs:.0}");
    vec![
        row.figure.name(),
        row.figure.shown(row.baseline),
        row.figure.shown(row.candidate),
        row.difference.map_or_else(dash, signed),
        interval(row).unwrap_or_else(dash),
        row.effective.map_or_else(dash, both),
        row.detectable.map_or_else(dash, percent),
        row.told.words().to_owned(),
    ]
}

/// The name of a table's first column.
pub(super) fn title(comparison: &Comparison, pair: &Pair) -> String {
    let (candidate, baseline) = names(comparison, pair);
    format!("{candidate} against {baseline}")
}

/// What is said of a candidate, in one sentence, the verdict first.
pub(super) fn headline(comparison: &Comparison, pair: &Pair) -> String {
    let (candidate, baseline) = names(comparison, pair);
    let all = |word: &str, told: Told| list(pair, told).map(|list| format!("{word}: {list}"));
    let tolerance = percent(comparison.tolerance);
    let head = match pair.verdict() {
        Verdict::Regression => {
            let words = format!(
                "REGRESSION: {candidate} is worse than {baseline} by more than {tolerance}"
            );
            let lists = [
                all("", Told::Regression),
                all("also worse", Told::Worse),
                all("better", Told::Better),
            ];
            let lists: Vec<String> = lists.into_iter().flatten().collect();
            format!("{words}{}", lists.join("; "))
        }
        Verdict::Difference => {
            let worse = format!("worse, though not surely by more than {tolerance}");
            let lists = [all(&worse, Told::Worse), all("better", Told::Better)];
            let lists: Vec<String> = lists.into_iter().flatten().collect();
            format!("DIFFERENCE between {candidate} and {baseline}: {}", lists.join("; "))
        }
        Verdict::NoDifference => {
            let seen = seen(pair).map(|seen| format!("; one would have been found from {seen} on"));
            format!("NO DIFFERENCE between {candidate} and {baseline}{}", seen.unwrap_or_default())
        }
        Verdict::CannotTell => {
            let why = match apart(pair) {
                None => "too few independent seconds; run longer, or".to_owned(),
                Some(list) => format!(
                    "as wholes they differ in {list}, and their typical seconds say otherwise; run"
                ),
            };
            format!("CANNOT TELL {candidate} from {baseline}: {why} {REPEATS_MIN} repeats of each")
        }
    };
    let untold = match (pair.verdict(), list_names(pair, Told::CannotTell)) {
        (Verdict::CannotTell, _) | (_, None) => String::new(),
        (_, Some(names)) => format!("; cannot tell: {names}"),
    };
    head + &untold
}

/// The runs of a variant: `A (baseline): made, 30 s, 2026-…, results/a`.
pub(super) fn runs(comparison: &Comparison, at: usize) -> String {
    let variant = &comparison.variants[at];
    let role = if at == 0 { "baseline" } else { "candidate" };
    let told: Vec<String> = variant.runs.iter().take(RUNS_MAX).map(run).collect();
    let all = variant.runs.len();
    let count = if 1 < all { format!("{all} runs, ") } else { String::new() };
    let more = if told.len() < all { "; ..." } else { "" };
    format!("{} ({role}): {count}{}{more}", variant.name, told.join("; "))
}

fn run(run: &Recorded) -> String {
    let invalid = if run.verdict.valid { "" } else { "NOT VALID, " };
    format!(
        "{invalid}{}, {} s, {}, {}",
        run.test_name,
        run.plan.measured_s,
        run.started_at,
        directory(run).display()
    )
}

/// What else differs between a candidate's first run and the baseline's; `None`: nothing.
pub(super) fn differing(comparison: &Comparison, pair: &Pair) -> Option<String> {
    if pair.differs.is_empty() {
        return None;
    }
    let (candidate, baseline) = names(comparison, pair);
    let field = |of: &differs::Differs| {
        format!("{} {} -> {}", of.field, short(&of.baseline), short(&of.candidate))
    };
    let told: Vec<String> = pair.differs.iter().take(FIELDS_MAX).map(field).collect();
    let more = match pair.differs.len() - told.len() {
        0 => String::new(),
        more => format!(", and {more} more (--format json has all)"),
    };
    let fields = told.join(", ");
    Some(format!(
        "these differ from {baseline} to {candidate}, and may be the reason: {fields}{more}"
    ))
}

/// What a reader should know of the comparison.
pub(super) fn notes(comparison: &Comparison) -> Vec<String> {
    let stream = comparison.variants.iter().flat_map(|variant| &variant.runs);
    let stream = stream.filter_map(|run| run.stream.as_deref()).next();
    let mut notes: Vec<String> = stream.map(one_stream).into_iter().collect();
    for (at, variant) in comparison.variants.iter().enumerate() {
        notes.extend(of_variant(variant));
        let has = |pair: &Pair| pair.basis == Basis::Seconds && [0, pair.candidate].contains(&at);
        if comparison.pairs.iter().any(has) {
            notes.extend(variant.each_once(looked_at));
        }
    }
    for pair in &comparison.pairs {
        notes.extend(disagreeing(comparison, pair));
        let (ours, theirs) = (&comparison.variants[0], &comparison.variants[pair.candidate]);
        let same = |run: &&Recorded| ours.runs.iter().any(|other| other.test_id == run.test_id);
        let twice = theirs.runs.iter().filter(same);
        notes.extend(twice.map(|run| {
            format!(
                "{} and {} have the run {} in common: it is no other than itself",
                ours.name, theirs.name, run.test_id
            )
        }));
    }
    notes.extend(by_what(comparison));
    let confidence = percent(1.0 - FAMILY);
    notes.push(format!(
        "Intervals hold with {confidence} confidence for all rows together (Holm). \"found from\": the least \
         difference that four of five such comparisons would have found. \"independent\": as how many independent \
         samples those of baseline and candidate count."
    ));
    notes
}

/// What is compared where it is one stream of each run.
fn one_stream(name: &str) -> String {
    format!(
        "Of the stream {name} alone: rates, latencies and seconds are its own. Verdicts on runs, their warm-ups \
         and steadiness are those of all streams together, and so is kdyno's CPU time, which is left out."
    )
}

fn of_variant(variant: &Variant) -> Vec<String> {
    let (name, unfinished) = (variant.name, variant.unfinished);
    let mut notes = Vec::new();
    if 0 < variant.missing {
        let (missing, of) = (variant.missing, variant.missing + variant.runs.len());
        notes.push(format!(
            "Not in the comparison: {missing} of {of} runs of {name}, which did not come to their end."
        ));
    }
    if 0 < unfinished {
        notes.push(format!(
            "Not in the comparison: {unfinished} of {name} in unfinished/, killed or still going on."
        ));
    }
    for run in &variant.runs {
        let (verdict, id) = (&run.verdict, &run.test_id);
        if !verdict.valid {
            notes.push(format!(
                "NOT VALID: {id} of {name} (exit code {}, limited by {}): its figures are not those of what was asked.",
                verdict.exit_code, verdict.limited_by
            ));
        }
    }
    notes.extend(variant.each_once(never_steady));
    for other in variant.runs.iter().skip(1) {
        let fields: Vec<String> =
            differs::between(&variant.runs[0], other).into_iter().map(|of| of.field).collect();
        if !fields.is_empty() {
            let shown = fields[..fields.len().min(FIELDS_MAX)].join(", ");
            let (first, id) = (&variant.runs[0].test_id, &other.test_id);
            notes.push(format!(
                "{first} and {id} are not repeats of one {name}: they differ in {shown}."
            ));
        }
    }
    notes
}

/// Which seconds were looked at of a run that was not steady, or too short to know.
fn never_steady(run: &Recorded) -> Option<String> {
    let why = match run.was_steady() {
        true => return None,
        false if run.is_too_short() => "too short to know whether it was steady (five seconds)",
        false => "never steady for five seconds",
    };
    // Those that count are all of them where no second is known from which on it was steady.
    let taken = match run.measured().count() - run.steady().count() {
        0 => "all measured seconds are taken",
        _ => "all measured seconds but the first, which had no warm-up before it, are taken",
    };
    Some(format!("{why}; {taken}."))
}

/// Which seconds of a run that was steady were looked at, where not all were.
fn looked_at(run: &Recorded) -> Option<String> {
    let (steady, all) = (run.steady().count(), run.measured().count());
    (run.was_steady() && steady < all).then(|| {
        format!(
            "{steady} of {all} measured seconds were steady, and only those are looked at; figures as a whole hold \
             all of them."
        )
    })
}

/// Where whole runs say something else than their seconds.
fn disagreeing(comparison: &Comparison, pair: &Pair) -> Option<String> {
    let seconds = |row: &Row| Some(format!("{} ({})", row.figure.name(), range(row.typical?)));
    let list: Vec<String> = pair.rows.iter().filter_map(seconds).collect();
    let (candidate, wholes, typical) = (names(comparison, pair).0, apart(pair)?, list.join(", "));
    Some(format!(
        "{candidate}: whole runs and their typical seconds disagree. As wholes they differ in {wholes}; the typical \
         seconds in {typical}. What is rare, or came before a run was steady, is in the wholes alone."
    ))
}

/// By what candidates were judged.
fn by_what(comparison: &Comparison) -> Vec<String> {
    let of = |basis: Basis| {
        let of_basis = comparison.pairs.iter().filter(|pair| pair.basis == basis);
        let names: Vec<String> =
            of_basis.map(|pair| comparison.variants[pair.candidate].name.to_string()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let [paced, closed, medians, tails, cost] = [PACED, CLOSED, MEDIANS, TAILS, COST].map(percent);
    let seconds = of(Basis::Seconds).map(|names| {
        format!(
            "{names}: judged by the seconds of the runs. A percentile's interval is that of the typical second's, \
             stretched to the difference of the runs as wholes; p95 and p99.9 are bounded by their neighbours. What \
             repeats differ by though their seconds look the same is taken to be {paced} in throughput \
             ({closed} in a closed loop), {medians} in medians, {tails} in other percentiles and {cost} in processor \
             time (standard deviation): {REPEATS_MIN} repeats of each or more are judged by what they really differ by."
        )
    });
    let repeats = of(Basis::Repeats).map(|names| {
        format!("{names}: judged by repeats: each run is one sample (Welch's t-test).")
    });
    [seconds, repeats].into_iter().flatten().collect()
}

/// The names of candidate and baseline.
fn names(comparison: &Comparison, pair: &Pair) -> (char, char) {
    (comparison.variants[pair.candidate].name, comparison.variants[0].name)
}

/// The figures of which something is told, with their differences.
fn list(pair: &Pair, told: Told) -> Option<String> {
    let rows = pair.rows.iter().filter(|row| row.told == told);
    let words: Vec<String> = rows
        .map(|row| {
            let difference = row.difference.map_or_else(String::new, signed);
            let interval = interval(row).map(|words| format!(" ({words})")).unwrap_or_default();
            format!("{} {difference}{interval}", row.figure.name())
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn list_names(pair: &Pair, told: Told) -> Option<String> {
    let rows = pair.rows.iter().filter(|row| row.told == told);
    let names: Vec<String> = rows.map(|row| row.figure.name()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The figures in which whole runs differ and their typical seconds say something else.
fn apart(pair: &Pair) -> Option<String> {
    let rows = pair.rows.iter().filter(|row| row.typical.is_some());
    let whole = |row: &Row| Some(format!("{} ({})", row.figure.name(), signed(row.difference?)));
    let words: Vec<String> = rows.filter_map(whole).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// From which difference on the figures that matter most would have shown one.
fn seen(pair: &Pair) -> Option<String> {
    let main =
        |figure: Figure| matches!(figure, Figure::Acked | Figure::Span(_, At::P50 | At::P99));
    let rows = pair.rows.iter().filter(|row| main(row.figure));
    let told: Vec<String> = rows
        .filter_map(|row| Some(format!("{} ({})", percent(row.detectable?), row.figure.name())))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Where a figure's difference lies, in words.
fn interval(row: &Row) -> Option<String> {
    row.interval.map(range)
}

fn range(interval: Interval) -> String {
    format!("{} to {}", signed(interval.low.exp_m1()), signed(interval.high.exp_m1()))
}

/// A difference in percent, with its sign.
fn signed(part: f64) -> String {
    let percents = part * 100.0;
    match percents.abs() {
        // What rounds to nothing has no sign.
        size if size < 0.005 => "0.00 %".to_owned(),
        size if size < 0.995 => format!("{percents:+.2} %"),
        size if size < 99.95 => format!("{percents:+.1} %"),
        _ => format!("{percents:+.0} %"),
    }
}

/// A part of a whole in percent.
pub(super) fn percent(part: f64) -> String {
    let text = format!("{:.2}", part * 100.0);
    let digits = if part < 0.1 { text.as_str() } else { &text[..text.len() - 1] };
    format!("{} %", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A run's directory, or its file where that is named otherwise.
fn directory(run: &Recorded) -> PathBuf {
    let is_usual = run.path.file_name().is_some_and(|name| name == "result.json");
    let parent = run.path.parent().filter(|parent| is_usual && !parent.as_os_str().is_empty());
    parent.unwrap_or(&run.path).to_owned()
}

/// A field's value, cut where it is long.
fn short(value: &str) -> String {
    if value.is_empty() {
        return "(none)".to_owned();
    }
    let cut: String = value.chars().take(VALUE_MAX).collect();
    if cut.len() < value.len() { format!("{cut}...") } else { cut }
}

impl Told {
    /// For people.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::NoDifference => "no difference",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Regression => "REGRESSION",
            Self::CannotTell => "cannot tell",
            Self::NotJudged => "not judged",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{percent, short, signed};

    #[test]
    fn differences_have_a_sign_unless_they_round_to_nothing() {
        let told = [0.000_01, -0.004_6, 0.031, -0.5, 12.5].map(signed);
        assert_eq!(told, ["0.00 %", "-0.46 %", "+3.1 %", "-50.0 %", "+1250 %"]);
        assert_eq!(
            [0.01, 0.002, 0.025, 0.98, 0.123_4, 0.0].map(percent),
            ["1 %", "0.2 %", "2.5 %", "98 %", "12.3 %", "0 %"]
        );
    }

    #[test]
    fn long_values_are_cut_and_missing_ones_named() {
        assert_eq!(short(""), "(none)");
        assert_eq!(short("7"), "7");
        assert_eq!(short(&"x".repeat(99)), format!("{}...", "x".repeat(60)));
    }
}
