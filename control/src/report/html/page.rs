//! The parts of a page: tables, sections, documents.

use crate::report::escape::html as escaped;
use crate::report::tables::Table;
use serde_json::Value;

/// Longer documents stand in `result.json` alone, so that the page keeps its size.
const DOCUMENT_MAX: usize = 64 << 10;

/// Words of more letters than this stand on several lines.
const LONG: usize = 40;

/// A section of the page with its heading; nothing where nothing is in it.
pub(super) fn section(id: &str, title: &str, inner: &str) -> String {
    if inner.is_empty() {
        return String::new();
    }
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n\
         {inner}</section>\n"
    )
}

/// A table with its notes, in a part that scrolls by itself where the page is narrow; nothing without rows.
pub(super) fn block(table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let caption = escaped(&table.caption);
    let kind = |column: usize, text: &str| match text.chars().count() {
        _ if table.has_figures(column) => " class=\"figure\"",
        long if LONG < long => " class=\"long\"",
        _ => "",
    };
    let head = table.head.iter().enumerate().map(|(column, text)| match text.as_str() {
        // A heading without words would be read out as one.
        "" => "<td></td>".to_owned(),
        text => format!("<th scope=\"col\"{}>{}</th>", kind(column, ""), escaped(text)),
    });
    let cell = |(column, text): (usize, &String)| match column {
        0 => format!("<th scope=\"row\">{}</th>", escaped(text)),
        _ => format!("<td{}>{}</td>", kind(column, text), escaped(text)),
    };
    let row = |row: &Vec<String>| {
        let cells: String = row.iter().enumerate().map(cell).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = table.rows.iter().map(row).collect();
    let notes = table.notes.iter().map(|note| format!("<p class=\"note\">{}</p>\n", escaped(note)));
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"Table: {caption}\" tabindex=\"0\">\n\
         <table><caption>{caption}</caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n\
         </div>\n{}",
        head.collect::<String>(),
        notes.collect::<String>()
    )
}

/// A document as it was understood, folded away.
pub(super) fn document(title: &str, value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a document in memory is written");
    if DOCUMENT_MAX < text.len() {
        return format!("<p>{title}: too long for a page, result.json has it.</p>\n");
    }
    format!(
        "<details><summary>{title}</summary>\n<pre tabindex=\"0\">{}</pre></details>\n",
        escaped(&text)
    )
}

#[cfg(test)]
mod tests {
    use super::{DOCUMENT_MAX, block, document, section};
    use crate::report::tables::Table;
    use serde_json::json;

    #[test]
    fn a_table_names_its_columns_and_rows_and_nothing_is_drawn_of_nothing() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let table = Table {
            caption: "a<b".to_owned(),
            head: words(&["", "count"]),
            rows: vec![words(&["acked", "1,000"])],
            notes: vec!["a note".to_owned()],
        };
        let text = block(&table);
        assert!(text.contains("<caption>a&lt;b</caption>"), "{text}");
        assert!(
            text.contains("<th scope=\"row\">acked</th><td class=\"figure\">1,000</td>"),
            "{text}"
        );
        assert!(text.contains("<td></td><th scope=\"col\" class=\"figure\">count</th>"), "{text}");
        assert!(text.ends_with("<p class=\"note\">a note</p>\n"), "{text}");
        assert_eq!(block(&Table::default()), "", "no rows");
        assert_eq!(section("a", "b", ""), "", "nothing in it");
    }

    #[test]
    fn a_document_that_is_too_long_is_left_out() {
        assert!(document("t", &json!({"a": "<"})).contains("&lt;"), "shown");
        assert!(
            document("t", &json!("x".repeat(DOCUMENT_MAX))).contains("result.json"),
            "left out"
        );
    }
}
