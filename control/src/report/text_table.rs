//! Aligned columns and numbers for people: plain text, no control characters, fit to be pasted.

use super::number::float;

/// Columns after the first stand this far apart.
const GAP: usize = 2;

/// Rows as lines: the first column to the left, the others to the right.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if column == 0 {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("{cell:>width$}", width = width + GAP));
            }
        }
        line.trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Text in lines of at most `width` characters, each after `indent`.
pub(crate) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let full = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && width < full {
            lines.push_str(&format!("{indent}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.is_empty() { lines } else { format!("{lines}{indent}{line}\n") }
}

/// A count with commas between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if 0 < index && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A rate, to a tenth where it is small; a dash where there is none.
pub(crate) fn rate(per_second: Option<f64>) -> String {
    let Some(rate) = per_second else { return "-".to_owned() };
    let rounded = format!("{rate:.1}");
    if 10_000.0 <= rate {
        let whole = format!("{rate:.0}");
        return whole.parse::<u64>().map_or(whole, count);
    }
    let (whole, tenth) = rounded.split_once('.').unwrap_or((&rounded, "0"));
    match whole.parse::<u64>() {
        Ok(whole) if tenth == "0" => count(whole),
        Ok(whole) => format!("{}.{tenth}", count(whole)),
        Err(_) => rounded,
    }
}

/// A part of a whole in percent, rounded down: only all of it reads as 100.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let percent = float(part) / float(whole) * 100.0;
    let down = if part == whole { 100.0 } else { (percent * 1_000.0).floor() / 1_000.0 };
    format!("{down:.3} %")
}

/// A span in the unit that gives it three digits; a dash where there is none.
pub(crate) fn span(micros: Option<f64>) -> String {
    let Some(micros) = micros else { return "-".to_owned() };
    let (value, unit) = match micros {
        // Below the half that would round up to four digits.
        _ if micros < 999.5 => (micros, "us"),
        _ if micros < 999_500.0 => (micros / 1e3, "ms"),
        _ => (micros / 1e6, "s"),
    };
    match value {
        _ if value < 9.995 => format!("{value:.2} {unit}"),
        _ if value < 99.95 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, percent, rate, span, table, wrapped};

    #[test]
    fn numbers_read_at_a_glance() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"],
            "counts"
        );
        let rates = [None, Some(0.5), Some(10_000.04), Some(9_999.96), Some(1_234_567.8)].map(rate);
        assert_eq!(rates, ["-", "0.5", "10,000", "10,000", "1,234,568"], "rates");
        let nearest = [Some(298_561.741), Some(1_010_449.61), Some(10_000.6)].map(rate);
        assert_eq!(nearest, ["298,562", "1,010,450", "10,001"], "never cut off");
        let spans =
            [None, Some(0.4), Some(12.34), Some(999.6), Some(47_000.0), Some(2.1e6)].map(span);
        assert_eq!(spans, ["-", "0.40 us", "12.3 us", "1.00 ms", "47.0 ms", "2.10 s"], "spans");
    }

    #[test]
    fn only_all_of_it_is_100_percent() {
        let check =
            |part: u64, whole: u64, expected: &str| assert_eq!(percent(part, whole), expected);
        check(300_000_000, 300_000_000, "100.000 %");
        check(299_999_999, 300_000_000, "99.999 %");
        check(998_999, 1_000_000, "99.899 %");
        check(3, 2, "150.000 %");
        check(0, 0, "-");
    }

    #[test]
    fn columns_align_and_long_text_wraps() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [row(&["", "p50"]), row(&["publish", "1 ms"])];
        assert_eq!(table(&rows), "          p50\npublish  1 ms\n", "aligned, no blanks at the end");
        assert_eq!(wrapped("one two three", "  ", 9), "  one two\n  three\n", "wrapped");
        assert_eq!(wrapped("", "  ", 9), "", "nothing");
    }
}
