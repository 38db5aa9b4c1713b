//! A comparison as Markdown, to be pasted into an issue or a pull request.

use super::comparison::{Comparison, Pair};
use super::words;
use crate::report::escape::markdown as escaped;

/// A comparison as Markdown.
pub(super) fn markdown(comparison: &Comparison) -> String {
    let mut text = "# kdyno compare\n\n".to_owned();
    for pair in &comparison.pairs {
        text.push_str(&format!("**{}**\n\n", escaped(&words::headline(comparison, pair))));
    }
    for at in 0..comparison.variants.len() {
        text.push_str(&format!("- {}\n", escaped(&words::runs(comparison, at))));
    }
    for pair in &comparison.pairs {
        if let Some(differing) = words::differing(comparison, pair) {
            text.push_str(&format!("- {}\n", escaped(&differing)));
        }
    }
    for pair in &comparison.pairs {
        text.push_str(&of_pair(comparison, pair));
    }
    text.push('\n');
    for note in words::notes(comparison) {
        text.push_str(&format!("- {}\n", escaped(&note)));
    }
    text
}

fn of_pair(comparison: &Comparison, pair: &Pair) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let columns = words::COLUMNS.map(str::to_owned);
    let head: Vec<String> =
        std::iter::once(words::title(comparison, pair)).chain(columns).collect();
    let rule: String = words::COLUMNS.iter().map(|_| "---:|").collect();
    let rows: String = pair.rows.iter().map(|row| line(&words::cells(row))).collect();
    format!("\n{}|:---|{rule}\n{rows}", line(&head))
}
