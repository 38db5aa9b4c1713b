//! A sweep's chart: throughput and tail latency over the first swept field that is a number.

use super::document::{Document, Figures, Row};
use super::table::{Shown, latency};
use crate::report::chart::{Chart, Line, Panel};
use engine::units::{Bytes, Nanos, Rate};

/// Values further apart than this are drawn by their logarithms.
const LINEAR_MAX: f64 = 10.0;

/// The chart of what is done so far.
pub(super) fn of(document: &Document) -> Chart {
    let numbers = |values: &[String]| -> Option<Vec<f64>> {
        values.iter().map(|value| quantity(value)).collect()
    };
    let numeric = document.fields.iter().find_map(|field| {
        let numbers = numbers(&field.values).filter(|numbers| 1 < numbers.len())?;
        Some((field, spread(&numbers)))
    });
    let in_order = |field: &super::document::Field| {
        (0_u32..).map(f64::from).take(field.values.len()).collect()
    };
    // Words stand in the order in which they were given.
    let found = numeric.or_else(|| document.fields.first().map(|field| (field, in_order(field))));
    let Some((field, positions)) = found else {
        return Chart { x_label: String::new(), ticks: Vec::new(), panels: Vec::new() };
    };
    let mut ticks: Vec<(f64, String)> =
        positions.into_iter().zip(field.values.iter().cloned()).collect();
    ticks.sort_by(|one, other| one.0.total_cmp(&other.0));
    let shown = latency(document);
    let (span, rate) = (
        |figures: &Figures| Some(shown.of(figures)?.p99_us? / 1e3),
        |figures: &Figures| figures.messages_per_second,
    );
    let name = match shown {
        Shown::Publish => "publish latency p99 (ms)",
        Shown::Service => "service latency p99 (ms)",
    };
    let panel = |label: &str, figure: &dyn Fn(&Figures) -> Option<f64>| Panel {
        y_label: label.to_owned(),
        lines: lines(document, &field.field, &ticks, figure),
    };
    Chart {
        x_label: format!("{}{}", field.field, unit(&field.field)),
        panels: vec![panel("acked (msg/s)", &rate), panel(name, &span)],
        ticks,
    }
}

/// One line for each combination of the other fields.
fn lines(
    document: &Document,
    field: &str,
    ticks: &[(f64, String)],
    figure: &dyn Fn(&Figures) -> Option<f64>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in &document.cells {
        let at = ticks.iter().find(|(_, value)| value == row.value(field)).map(|(at, _)| *at);
        let Some(point) = at.zip(row.figures.as_ref().and_then(figure)) else { continue };
        let name = others(document, row, field);
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { name, points: vec![point] }),
        }
    }
    for line in &mut lines {
        line.points.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    lines
}

/// What tells a row's line from the others.
fn others(document: &Document, row: &Row, field: &str) -> String {
    let workload = document.has_several_workloads().then(|| row.workload.clone());
    let fields =
        document.fields.iter().filter(|other| other.field != field && 1 < other.values.len());
    let told = fields.map(|other| format!("{}={}", other.field, row.value(&other.field)));
    workload.into_iter().chain(told).collect::<Vec<_>>().join(" ")
}

/// Where numbers stand: by themselves, or by their logarithms where they lie far apart.
fn spread(numbers: &[f64]) -> Vec<f64> {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = numbers.iter().copied().fold(0.0, f64::max);
    let is_wide = 0.0 < least && LINEAR_MAX < greatest / least;
    numbers.iter().map(|number| if is_wide { number.log2() } else { *number }).collect()
}

/// The number that a value stands for, in the smallest unit of its kind.
fn quantity(value: &str) -> Option<f64> {
    let value = value.trim();
    let number = value.parse().ok().filter(|number: &f64| number.is_finite());
    let whole = |digits: String| digits.parse().ok();
    number
        .or_else(|| whole(value.parse::<Bytes>().ok()?.0.to_string()))
        .or_else(|| whole(value.parse::<Rate>().ok()?.get().to_string()))
        .or_else(|| value.parse::<Nanos>().ok().map(Nanos::as_secs_f64))
}

/// The unit of bare numbers.
fn unit(field: &str) -> &'static str {
    match field {
        "messageSize" => " (bytes)",
        "producerRate" => " (msg/s)",
        _ if field.ends_with(".ms") => " (ms)",
        _ if field.ends_with(".bytes") || field.ends_with("batch.size") => " (bytes)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::samples;
    use super::{of, quantity, spread};

    #[test]
    fn each_other_combination_is_a_line_over_the_first_number() {
        let chart = of(&samples::two_by_two());
        assert_eq!(chart.x_label, "messageSize (bytes)");
        let ticks: Vec<&str> = chart.ticks.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(ticks, ["100", "10KiB"], "in the order of their numbers");
        let [rates, spans] = &chart.panels[..] else { panic!("{chart:?}") };
        let names: Vec<&str> = rates.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["driver.linger.ms=0", "driver.linger.ms=5"]);
        let heights =
            |points: &[(f64, f64)]| points.iter().map(|point| point.1).collect::<Vec<_>>();
        assert_eq!(heights(&rates.lines[0].points), [2_000.0, 500.0], "from left to right");
        assert_eq!(heights(&rates.lines[1].points), [1_000.0], "what is open has no point");
        assert_eq!(heights(&spans.lines[0].points), [4.0, 1.0], "in milliseconds");
    }

    #[test]
    fn words_stand_in_their_order_where_no_field_is_a_number() {
        let mut document = samples::two_by_two();
        document.fields[0].values = vec!["max".to_owned(), "100".to_owned()];
        document.fields.remove(1);
        let ticks = of(&document).ticks;
        assert_eq!(ticks, [(0.0, "max".to_owned()), (1.0, "100".to_owned())]);
    }

    #[test]
    fn values_are_read_with_their_units_and_far_ones_by_their_logarithms() {
        let read = ["5", "0.5", "1KiB", "10k", "100B", "500ms", "max", "", "inf"].map(quantity);
        let expected = [
            Some(5.0),
            Some(0.5),
            Some(1024.0),
            Some(1e4),
            Some(100.0),
            Some(0.5),
            None,
            None,
            None,
        ];
        assert_eq!(read, expected);
        assert_eq!(spread(&[1.0, 5.0, 10.0]), [1.0, 5.0, 10.0], "near");
        assert_eq!(spread(&[1.0, 4.0, 32.0]), [0.0, 2.0, 5.0], "far");
        assert_eq!(spread(&[0.0, 5.0, 100.0]), [0.0, 5.0, 100.0], "0 has no logarithm");
    }
}
