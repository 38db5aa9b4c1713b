//! A comparison as one self-contained page: no script, nothing that is fetched.

use super::chart::chart;
use super::comparison::{Comparison, Pair, Told};
use super::words;
use crate::report::chart::svg;
use crate::report::escape::html as escaped;

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
.verdict { font-size: 1.1rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
th, td { padding: 0.3rem 0.7rem; text-align: right; border-bottom: 1px solid #8886; white-space: nowrap; }
th:first-child { text-align: left; }
tr.told td:last-child { font-weight: 700; }
svg { max-width: 100%; height: auto; }
li { margin: 0.3rem 0; }
";

/// A comparison as a page.
pub(super) fn html(comparison: &Comparison) -> String {
    let pairs = || comparison.pairs.iter();
    let head = |pair: &Pair| {
        format!("<p class=\"verdict\">{}</p>\n", escaped(&words::headline(comparison, pair)))
    };
    let heads: String = pairs().map(head).collect();
    let runs = (0..comparison.variants.len()).map(|at| words::runs(comparison, at));
    let differing = pairs().filter_map(|pair| words::differing(comparison, pair));
    let runs = list(runs.chain(differing));
    let tables: String = pairs().map(|pair| table(comparison, pair)).collect();
    let chart = figure(comparison);
    let notes = list(words::notes(comparison).into_iter());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>kdyno compare</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>kdyno compare</h1>\n{heads}{runs}{tables}{chart}<h2>How to read this</h2>\n{notes}\
         </main>\n</body>\n</html>\n"
    )
}

fn table(comparison: &Comparison, pair: &Pair) -> String {
    let head = |name: &str| format!("<th scope=\"col\">{}</th>", escaped(name));
    let title = words::title(comparison, pair);
    let heads: String = std::iter::once("figure").chain(words::COLUMNS).map(head).collect();
    let mut rows = String::new();
    for row in &pair.rows {
        let cells = words::cells(row);
        let (name, rest) = cells.split_first().expect("a row begins with its name");
        let rest: String = rest.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        let is_told = matches!(row.told, Told::Better | Told::Worse | Told::Regression);
        let class = if is_told { " class=\"told\"" } else { "" };
        rows.push_str(&format!("<tr{class}><th scope=\"row\">{}</th>{rest}</tr>\n", escaped(name)));
    }
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">\n<table>\n\
         <caption>{title}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

/// The chart; nothing where no run has a second.
fn figure(comparison: &Comparison) -> String {
    let chart = chart(comparison);
    if chart.panels.is_empty() {
        return String::new();
    }
    let labels: Vec<&str> = chart.panels.iter().map(|panel| panel.y_label.as_str()).collect();
    let words = format!("second by second, above each other: {}", labels.join(", "));
    let svg = svg(&chart).replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(&words)),
        1,
    );
    format!("<figure>\n{svg}\n<figcaption>{}</figcaption>\n</figure>\n", escaped(&words))
}

fn list(entries: impl Iterator<Item = String>) -> String {
    let entries: String = entries.map(|entry| format!("<li>{}</li>\n", escaped(&entry))).collect();
    format!("<ul>\n{entries}</ul>\n")
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Comparison;
    use super::super::fixture::{Made, variants};
    use super::html;

    #[test]
    fn a_page_is_well_formed_whole_and_fetches_nothing() {
        let mut made = variants(&[&[Made::plain("a")], &[Made::plain("b")]]);
        made[1].runs[0].test_name = "<script>alert('&')</script>".to_owned();
        let page = html(&Comparison::of(made, 0.01));
        let body = page.strip_prefix("<!doctype html>\n").expect("a page begins so");
        // Void elements have no end in HTML.
        let body = body.replace("charset=\"utf-8\">", "charset=\"utf-8\"/>");
        let body = body.replace("initial-scale=1\">", "initial-scale=1\"/>");
        let document = roxmltree::Document::parse(&body).expect("well-formed");
        let count =
            |tag: &str| document.descendants().filter(|node| node.has_tag_name(tag)).count();
        assert_eq!((count("script"), count("link"), count("img")), (0, 0, 0), "nothing is fetched");
        assert_eq!((count("table"), count("tr"), count("figcaption")), (1, 14, 1));
        let svg = "http://www.w3.org/2000/svg";
        assert!(document.descendants().any(|node| node.has_tag_name((svg, "svg"))), "a chart");
        let remote = page.replace(svg, "");
        assert!(!remote.contains("http") && !remote.contains("url("), "no address");
        assert!(page.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"), "escaped");
    }
}
