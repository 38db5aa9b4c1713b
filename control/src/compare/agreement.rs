//! How far the repeats of one run agree: each figure's mean, how well that is known, and how much runs vary.

use super::certainty::mean;
use super::estimate::variance;
use super::figure::Figure;
use super::group::{Forms, Group};
use super::json::{self, RunPart};
use super::markdown::escaped;
use super::recorded::Recorded;
use super::student::quantile;
use super::text::WIDTH;
use super::{number, words};
use crate::report::{table, wrapped};
use engine::measure::constants::exit;
use serde::Serialize;

/// The name and version of the format.
const SCHEMA: &str = "kdyno.repeats/1";
/// How sure the interval of each mean is.
const CONFIDENCE: f64 = 0.95;
/// The columns after the figure's name.
const COLUMNS: [&str; 5] = ["mean", "± (95 %)", "least", "most", "varies by"];
const HOW_TO_READ: &str = "\"± (95 %)\": within this part of the mean, to either side, lies the mean of all such runs, \
    with 95 % confidence and each figure by itself (Student's t, each run one sample). \"varies by\": the coefficient of \
    variation, the standard deviation of runs as a part of their mean.";

/// What repeats say of a figure.
#[derive(Clone, Debug)]
struct Row {
    figure: Figure,
    /// How many runs have it.
    runs: usize,
    mean: f64,
    /// How far that of all such runs may lie from the mean; `None` for one run, which says nothing of others.
    half: Option<f64>,
    least: f64,
    most: f64,
    /// The standard deviation as a part of the mean.
    variation: Option<f64>,
}

/// The document for programs.
#[derive(Debug, Serialize)]
struct Document<'of> {
    /// [`SCHEMA`].
    schema: &'static str,
    /// The version that made the table.
    kdyno_version: &'static str,
    test_name: &'of str,
    /// How many runs were to be made.
    planned: usize,
    /// How sure each interval is.
    confidence: f64,
    /// Those that came to their end.
    runs: Vec<RunPart<'of>>,
    figures: Vec<RowPart>,
    /// What a reader should know.
    notes: Vec<String>,
}

/// A figure, in the unit of `result.json`.
#[derive(Debug, Serialize)]
struct RowPart {
    /// Its path in `result.json`.
    figure: String,
    /// How many runs have it.
    runs: usize,
    mean: f64,
    /// Where the mean of all such runs lies; null for one run.
    interval: Option<IntervalPart>,
    least: f64,
    most: f64,
    /// The standard deviation as a part of the mean; null for one run and for a mean of 0.
    variation: Option<f64>,
}

/// From where to where.
#[derive(Debug, Serialize)]
struct IntervalPart {
    low: f64,
    high: f64,
}

/// What is told of repeats, at least one.
pub(crate) fn agreement(group: &Group) -> Forms {
    let all: Vec<&Recorded> = group.runs.iter().collect();
    let judged = Figure::all(&all).into_iter().filter(|figure| figure.is_judged());
    let rows: Vec<Row> = judged.filter_map(|figure| Row::of(figure, &group.runs)).collect();
    let files = vec![("md", markdown(group, &rows).into_bytes()), ("json", document(group, &rows))];
    Forms { exit_code: exit::VALID, text: text(group, &rows), name: "repeats", files }
}

impl Row {
    /// By the runs as wholes; `None` where none has the figure.
    fn of(figure: Figure, runs: &[Recorded]) -> Option<Self> {
        let own = |run| figure.of(run).or_else(|| figure.zero(run));
        let values: Vec<f64> = runs.iter().filter_map(own).collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        let (middle, count) = (mean(&values), number(values.len()));
        let deviation = (1 < values.len()).then(|| variance(&values).sqrt());
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let half = |of: f64| quantile(tail, count - 1.0) * of / count.sqrt();
        Some(Self {
            figure,
            runs: values.len(),
            mean: middle,
            half: deviation.map(half),
            least,
            most,
            variation: deviation.filter(|_| 0.0 < middle).map(|of| of / middle),
        })
    }

    fn cells(&self) -> Vec<String> {
        let shown = |value: f64| self.figure.shown(Some(value));
        let part = |part: Option<f64>| part.map_or_else(|| "-".to_owned(), words::percent);
        let half = self.half.filter(|_| 0.0 < self.mean).map(|half| half / self.mean);
        let [mean, least, most] = [self.mean, self.least, self.most].map(shown);
        vec![self.figure.name(), mean, part(half), least, most, part(self.variation)]
    }

    fn part(&self) -> RowPart {
        let interval = |half: f64| IntervalPart { low: self.mean - half, high: self.mean + half };
        RowPart {
            figure: self.figure.path(),
            runs: self.runs,
            mean: self.mean,
            interval: self.half.map(interval),
            least: self.least,
            most: self.most,
            variation: self.variation,
        }
    }
}

/// What it is of, in one line.
fn headline(group: &Group) -> String {
    let (there, planned) = (group.runs.len(), group.runs.len() + group.missing);
    let runs = if 0 < group.missing { format!("{there} of {planned}") } else { there.to_string() };
    let name = group.runs.first().map_or("", |run| run.test_name.as_str());
    let length = group.runs.first().map_or(0.0, |run| run.plan.measured_s);
    format!("{runs} repeats of {name}, {length} s")
}

fn head() -> Vec<String> {
    std::iter::once("figure").chain(COLUMNS).map(str::to_owned).collect()
}

fn notes(group: &Group, rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    let (there, missing) = (group.runs.len(), group.missing);
    if 0 < missing {
        let of = there + missing;
        notes.push(format!(
            "Not in the table: {missing} of {of} runs, which did not come to their end."
        ));
    }
    let invalid = group.invalid();
    notes.extend(
        invalid
            .map(|run| format!("NOT VALID: {run}: its figures are not those of what was asked.")),
    );
    let some = rows.iter().filter(|row| row.runs < there);
    notes.extend(
        some.map(|row| {
            format!("{}: only {} of {there} runs have it.", row.figure.name(), row.runs)
        }),
    );
    notes.push(HOW_TO_READ.to_owned());
    notes
}

fn text(group: &Group, rows: &[Row]) -> String {
    let line = |told: &str| wrapped(&words::printable(told), "", WIDTH);
    let lines = std::iter::once(head()).chain(rows.iter().map(Row::cells));
    let told: String = notes(group, rows).iter().map(|note| line(note)).collect();
    [line(&headline(group)), table(&lines.collect::<Vec<_>>()), told].join("\n")
}

fn markdown(group: &Group, rows: &[Row]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule: String = COLUMNS.iter().map(|_| "---:|").collect();
    let body: String = rows.iter().map(|row| line(&row.cells())).collect();
    let told: String =
        notes(group, rows).iter().map(|note| format!("- {}\n", escaped(note))).collect();
    let title = escaped(&headline(group));
    format!("# {title}\n\n{}|:---|{rule}\n{body}\n{told}", line(&head()))
}

fn document(group: &Group, rows: &[Row]) -> Vec<u8> {
    let document = Document {
        schema: SCHEMA,
        kdyno_version: env!("CARGO_PKG_VERSION"),
        test_name: group.runs.first().map_or("", |run| run.test_name.as_str()),
        planned: group.runs.len() + group.missing,
        confidence: CONFIDENCE,
        runs: group.runs.iter().map(json::run).collect(),
        figures: rows.iter().map(Row::part).collect(),
        notes: notes(group, rows),
    };
    let mut bytes = serde_json::to_vec_pretty(&document).expect("a document in memory is written");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::super::fixture::{Made, made};
    use super::super::forms_tests::golden;
    use super::super::recorded::Recorded;
    use super::{Group, Row, agreement};

    fn runs(names: &[&str]) -> Vec<Recorded> {
        names.iter().map(|name| made(&Made::plain(name))).collect()
    }

    /// Runs that acked so many a second.
    fn acked(rates: &[f64]) -> Option<Row> {
        let of = |rate: &f64| {
            let mut run = made(&Made::plain("a"));
            run.acked.messages_per_second = Some(*rate);
            run
        };
        Row::of(Figure::Acked, &rates.iter().map(of).collect::<Vec<_>>())
    }

    #[test]
    fn a_figures_row_is_that_of_the_textbook() {
        let row = acked(&[98.0, 100.0, 102.0]).expect("every run has it");
        assert_eq!((row.runs, row.mean, row.least, row.most), (3, 100.0, 98.0, 102.0));
        let is = |got: Option<f64>, expected: f64| {
            assert!(got.is_some_and(|got| (got - expected).abs() < 1e-4), "{got:?}, {expected}");
        };
        is(row.variation, 0.02);
        // 2 / sqrt(3) times 4.302653, Student's t of two degrees of freedom.
        is(row.half, 4.968_275);
        let two = acked(&[99.0, 101.0]).expect("every run has it");
        // sqrt(2) / sqrt(2) times 12.706205, of one.
        is(two.half, 12.706_205);
    }

    #[test]
    fn one_run_says_nothing_of_others_and_nothing_is_no_part_of_itself() {
        let one = acked(&[50.0]).expect("the run has it");
        assert_eq!((one.half, one.variation, one.cells()[2].as_str()), (None, None, "-"));
        let none = acked(&[0.0, 0.0]).expect("zero is a value");
        assert_eq!((none.mean, none.variation), (0.0, None));
        assert_eq!(none.cells()[5], "-", "no part of zero");
    }

    #[test]
    fn the_table_reads_as_expected_in_every_form() {
        let mut group = Group { runs: runs(&["a1", "a2", "a3", "a4"]), missing: 1 };
        let verdict = &mut group.runs[1].verdict;
        (verdict.valid, verdict.exit_code) = (false, 11);
        verdict.limited_by = "client".to_owned();
        group.runs[2].engine.cpu_seconds_per_million_messages = None;
        let told = agreement(&group);
        assert_eq!((told.exit_code, told.name), (0, "repeats"), "a table judges nothing");
        golden("agreement.txt", &told.text);
        for (ending, file) in &told.files {
            let file = String::from_utf8(file.clone()).expect("text");
            golden(&format!("agreement.{ending}"), &file);
        }
    }
}
