//! A sweep as a table: one line for each run, for the terminal and as Markdown.

use super::document::{Document, Figures, Row, Spans, State};
use crate::report::{escape, rate, span, table};
use engine::measure::constants::exit;

/// Characters of the longest bar.
const BAR: u32 = 20;

/// The table for a terminal, with a bar for each rate.
pub(super) fn text(document: &Document) -> String {
    let mut rows = rows(document);
    let rates = document.cells.iter().map(messages_per_second);
    let greatest = rates.clone().fold(0.0, f64::max);
    let bars = rates.map(|rate| bar(rate, greatest));
    let bars = std::iter::once("msg/s, drawn".to_owned()).chain(bars);
    for (row, bar) in rows.iter_mut().zip(bars) {
        row.push(format!("{bar:<width$}", width = 20));
    }
    table(&rows)
}

/// The same for documents, with the command and the chart.
pub(super) fn markdown(document: &Document) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape::markdown(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rows = rows(document);
    let (head, rest) = rows.split_first().expect("a table has a head");
    let rule: String = head.iter().map(|_| "---:|").collect();
    let lines: String = rest.iter().map(|row| line(row)).collect();
    let Document { id, name, command, .. } = document;
    format!(
        "# Sweep {}\n\n{}, by {}\n\n{}|{rule}\n{lines}\n![acked messages per second and latency over the \
         swept values](sweep.svg)\n",
        escape::markdown(name),
        escape::markdown(id),
        escape::code(command),
        line(head)
    )
}

/// A head, and a row for each run in order.
fn rows(document: &Document) -> Vec<Vec<String>> {
    let latency = latency(document);
    let several = document.has_several_workloads();
    let mut head = vec!["cell".to_owned()];
    head.extend(several.then(|| "workload".to_owned()));
    head.extend(document.fields.iter().map(|field| field.field.clone()));
    let figures =
        ["msg/s", "MiB/s", latency.name(), "p99", "p99.9", "e2e p99", "cpu s/M", "verdict"];
    head.extend(figures.map(str::to_owned));
    let row = |row: &Row| {
        let mut cells = vec![row.cell.to_string()];
        cells.extend(several.then(|| row.workload.clone()));
        cells.extend(document.fields.iter().map(|field| row.value(&field.field).to_owned()));
        cells.extend(figures_of(row.figures.as_ref(), latency));
        cells.push(verdict(row));
        cells
    };
    std::iter::once(head).chain(document.cells.iter().map(row)).collect()
}

/// Which latency is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// From the due time.
    Publish,
    /// From the send, where no run had due times.
    Service,
}

impl Shown {
    /// Its median's name.
    const fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish p50",
            Self::Service => "service p50",
        }
    }

    /// That of a run.
    pub(super) fn of(self, figures: &Figures) -> Option<Spans> {
        match self {
            Self::Publish => figures.publish,
            Self::Service => figures.service,
        }
    }
}

/// Publish latency, unless all runs are closed loops.
pub(super) fn latency(document: &Document) -> Shown {
    let mut figures = document.cells.iter().filter_map(|row| row.figures.as_ref()).peekable();
    let is_closed = figures.peek().is_some() && figures.all(|figures| figures.publish.is_none());
    if is_closed { Shown::Service } else { Shown::Publish }
}

fn figures_of(figures: Option<&Figures>, shown: Shown) -> [String; 7] {
    let Some(figures) = figures else {
        return [const { String::new() }; 7].map(|_| "-".to_owned());
    };
    let spans = shown.of(figures);
    let decimal =
        |figure: Option<f64>| figure.map_or("-".to_owned(), |figure| format!("{figure:.2}"));
    [
        rate(figures.messages_per_second),
        decimal(figures.mib_per_second),
        span(spans.and_then(|spans| spans.p50_us)),
        span(spans.and_then(|spans| spans.p99_us)),
        span(spans.and_then(|spans| spans.p99_9_us)),
        span(figures.end_to_end_p99_us),
        decimal(figures.cpu_seconds_per_million_messages),
    ]
}

fn messages_per_second(row: &Row) -> f64 {
    row.figures.and_then(|figures| figures.messages_per_second).unwrap_or(0.0)
}

fn bar(value: f64, greatest: f64) -> String {
    let marks = (1..=BAR).filter(|mark| f64::from(*mark) / f64::from(BAR) * greatest <= value);
    if 0.0 < value { marks.map(|_| '#').collect() } else { String::new() }
}

fn verdict(row: &Row) -> String {
    let words = match row.exit_code {
        None => return "open".to_owned(),
        Some(exit::VALID) => return "valid".to_owned(),
        Some(exit::FAILED) => "failed",
        Some(exit::USAGE) => "refused",
        Some(exit::ASSERTION) => "assertion",
        Some(exit::CLIENT_LIMITED) => "client-limited",
        Some(exit::TARGET) => "target",
        Some(exit::VERIFICATION) => "verification",
        Some(exit::PARTIAL) => "partial",
        Some(exit::TIMED_OUT) => "timed out",
        Some(exit::INTERRUPTED) => "interrupted",
        Some(_) => "see result",
    };
    let again = if row.state == State::Open { ", open" } else { "" };
    format!("{words} ({}{again})", row.exit_code.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::document::samples;
    use super::{bar, markdown, text};

    #[test]
    fn each_run_has_a_line_and_a_bar_as_long_as_its_rate() {
        let mut document = samples::two_by_two();
        document.cells[1].end("w_2", 12, Some(samples::figures(1_000.0)));
        let table = text(&document);
        let words: Vec<String> = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let expected = [
            "cell messageSize driver.linger.ms msg/s MiB/s publish p50 p99 p99.9 e2e p99 cpu s/M verdict msg/s, drawn",
            "1 10KiB 0 500 0.50 500 us 1.00 ms 1.50 ms 2.00 ms 1.25 valid #####",
            "2 10KiB 5 1,000 1.00 1.00 ms 2.00 ms 3.00 ms 4.00 ms 1.25 target (12) ##########",
            "3 100 0 2,000 2.00 2.00 ms 4.00 ms 6.00 ms 8.00 ms 1.25 valid ####################",
            "4 100 5 - - - - - - - open",
        ];
        assert_eq!(words, expected);
        let page = markdown(&document);
        assert!(page.contains("\n| 3 | 100 | 0 | 2,000 | 2.00 | 2.00 ms |"), "{page}");
        assert!(page.contains("](sweep.svg)"), "{page}");
        document.name = "<b> *all*".to_owned();
        document.command = "kdyno run `w`".to_owned();
        let odd = markdown(&document);
        assert!(odd.starts_with("# Sweep \\<b> \\*all\\*\n"), "names are text: {odd}");
        assert!(odd.contains(", by `` kdyno run `w` ``\n"), "as typed: {odd}");
    }

    #[test]
    fn closed_loops_show_service_latency_and_several_workloads_their_names() {
        let mut document = samples::two_by_two();
        for row in &mut document.cells {
            row.figures = row.figures.map(|figures| super::Figures { publish: None, ..figures });
        }
        document.cells[3].workload_file = "v.yaml".to_owned();
        let table = text(&document);
        assert!(table.starts_with("cell  workload  messageSize"), "{table}");
        assert!(table.contains("service p50") && table.contains("5.00 ms"), "{table}");
    }

    #[test]
    fn a_bar_never_promises_more_than_there_was() {
        assert_eq!(
            [bar(0.0, 0.0), bar(0.0, 9.0), bar(9.0, 9.0)],
            ["", "", "#".repeat(20).as_str()]
        );
        assert_eq!(bar(99.0, 100.0).len(), 19, "rounded down");
    }
}
