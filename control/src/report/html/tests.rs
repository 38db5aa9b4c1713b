//! The laws of the page: whole, safe, small, and with words for everything that it draws.

use super::{DISTRIBUTIONS, FLEET, KNEE, OVER_TIME, SECTIONS, html};
use crate::report::fixture::{self, Made};
use crate::report::{Report, SCHEMA, search, transactions};
use engine::plan::Pace;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;
use std::collections::BTreeSet;

fn page(report: &Report) -> String {
    String::from_utf8(html(report)).expect("it is text")
}

/// The page is written such that a reader of XML takes it, which finds what is not closed.
fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).expect("the page is well-formed")
}

fn made() -> Vec<Made> {
    let mut closed = Made::clean();
    closed.plan.demand.streams[0].pace = Pace::Max { in_flight: None };
    vec![
        Made::clean(),
        Made::troubled(),
        Made::two_streams(),
        Made::fleet(),
        search::made(),
        transactions::made("read_committed"),
        closed,
        Made { assertions: vec!["publish.p99 < 1ms"], ..Made::clean() },
    ]
}

fn by_id<'doc, 'text>(document: &'doc Document<'text>, id: &str) -> Option<Node<'doc, 'text>> {
    document.descendants().find(|node| node.attribute("id") == Some(id))
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

#[test]
fn every_page_is_well_formed_names_each_thing_once_and_leads_nowhere_else() {
    for report in made().iter().map(fixture::report) {
        let page = page(&report);
        let document = parsed(&page);
        let ids: Vec<&str> =
            document.descendants().filter_map(|node| node.attribute("id")).collect();
        let once: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), once.len(), "each once: {ids:?}");
        for node in document.descendants().filter(Node::is_element) {
            for name in ["aria-labelledby", "href"] {
                let Some(value) = node.attribute(name) else { continue };
                let is_here = |id: &str| once.contains(id.trim_start_matches('#'));
                let is_known = value == "data:," || value.split(' ').all(is_here);
                assert!(is_known, "{name}={value} of {:?}", node.tag_name());
            }
            for loading in ["src", "srcset", "action", "onload", "onclick", "style"] {
                assert_eq!(node.attribute(loading), None, "{:?}", node.tag_name());
            }
            let name = node.tag_name().name();
            assert!(!["script", "iframe", "object", "img", "embed"].contains(&name), "{name}");
        }
        let style = document.descendants().find(|node| node.has_tag_name("style"));
        let style = style.map(text_of).expect("it has one");
        for word in ["http:", "https:", "url(", "@import"] {
            assert!(!style.contains(word), "{word} in the style");
        }
        assert!(page.contains("default-src 'none'"), "browsers are told as well");
    }
}

#[test]
fn headings_go_down_one_by_one_and_the_verdict_comes_first() {
    for report in made().iter().map(fixture::report) {
        let page = page(&report);
        let document = parsed(&page);
        let level = |node: Node<'_, '_>| match node.tag_name().name() {
            "h1" => Some(1),
            "h2" => Some(2),
            "h3" => Some(3),
            _ => None,
        };
        let levels: Vec<i32> = document.descendants().filter_map(level).collect();
        assert_eq!(levels.iter().filter(|one| **one == 1).count(), 1, "one title");
        assert!(levels.windows(2).all(|two| two[1] - two[0] <= 1), "{levels:?}");
        let verdict = document.descendants().find(|node| {
            node.attribute("class").is_some_and(|class| class.starts_with("verdict "))
        });
        let told = text_of(verdict.expect("it is there"));
        let word = if report.verdict.valid { "VALID" } else { "INVALID" };
        assert!(told.starts_with(word), "{told}");
        assert_eq!(document.root_element().attribute("lang"), Some("en"));
    }
}

#[test]
fn every_chart_is_drawn_somewhere_with_its_title_its_words_and_its_table() {
    let reports: Vec<Report> = made().iter().map(fixture::report).collect();
    let pages: Vec<String> = reports.iter().map(page).collect();
    let charts = OVER_TIME.iter().chain(&DISTRIBUTIONS).chain(&KNEE).chain(&FLEET);
    for chart in charts {
        let mut drawn = 0;
        for (report, page) in reports.iter().zip(&pages) {
            let figure = chart(report);
            let document = parsed(page);
            // Charts of searches and of fleets are only in their pages.
            let Some(shown) = by_id(&document, figure.id) else { continue };
            assert!(shown.has_tag_name("figure"), "{}", figure.id);
            let find = |name: &str| shown.descendants().find(|node| node.has_tag_name(name));
            assert!(
                find("figcaption").map(text_of).is_some_and(|text| text.contains(figure.title))
            );
            if let Err(reason) = figure.plot {
                assert!(text_of(shown).contains(reason), "{}: it says why", figure.id);
                continue;
            }
            drawn += 1;
            let is_chart = |node: &Node<'_, '_>| node.attribute("class") == Some("chart");
            let svg = shown.descendants().find(is_chart).expect("it is drawn");
            assert_eq!(svg.attribute("role"), Some("img"), "{}", figure.id);
            let told = |name: &str| {
                svg.children().find(|node| node.has_tag_name(name)).map(text_of).unwrap_or_default()
            };
            assert!(!told("title").is_empty() && !told("desc").is_empty(), "{}", figure.id);
            let rows = find("details").map_or(0, |details| {
                details.descendants().filter(|node| node.has_tag_name("tr")).count()
            });
            assert_eq!(rows, figure.table.rows.len() + 1, "{}: its text table", figure.id);
            assert!(1 < rows, "{}: something is in it", figure.id);
        }
        assert!(0 < drawn, "{}: no page shows it", chart(&reports[0]).id);
    }
}

#[test]
fn sections_without_anything_in_them_are_left_out() {
    let has = |made: &Made, id: &str| by_id(&parsed(&page(&fixture::report(made))), id).is_some();
    for (id, ..) in SECTIONS {
        let expected = !["search", "workers", "hosts"].contains(&id);
        assert_eq!(has(&Made::clean(), id), expected, "{id}");
    }
    assert!(
        has(&Made::fleet(), "workers") && has(&search::made(), "search"),
        "where there is something"
    );
    assert!(has(&Made::troubled(), "hosts"), "where there is something");
}

#[test]
fn marks_and_outages_stand_on_the_time_axis() {
    let page = page(&fixture::report(&Made::troubled()));
    let document = parsed(&page);
    let figure = by_id(&document, "chart-throughput").expect("it is there");
    let count = |class: &str| {
        figure.descendants().filter(|node| node.attribute("class") == Some(class)).count()
    };
    assert_eq!(count("mark"), 1, "the other one was in the warm-up");
    assert_eq!(count("band"), 2, "both outages");
    assert_eq!(count("end"), 1, "the load ends before the drain");
    let number = figure.descendants().find(|node| node.attribute("class") == Some("number"));
    assert_eq!(number.map(text_of).map(|text| text.trim().to_owned()).as_deref(), Some("2"));
    let time = by_id(&document, "time").map(text_of).expect("the section");
    assert!(time.contains("broker 2 killed") && time.contains("signal 1"), "the table has both");
}

#[test]
fn nothing_that_comes_from_outside_becomes_markup() {
    let evil = "<script>alert('1')</script>&\"\u{1b}[31m]]>";
    let mut report = fixture::report(&Made::troubled());
    for text in [
        &mut report.test_name,
        &mut report.test_id,
        &mut report.marks[1].text,
        &mut report.verdict.findings[0].message,
        &mut report.outages[0].words,
        &mut report.environment.command,
        &mut report.tasks[0].task_id,
    ] {
        evil.clone_into(text);
    }
    evil.clone_into(&mut report.verdict.findings[0].code);
    report.verdict.findings[0].severity = evil.into();
    report.kdyno_version = evil.into();
    report.tasks[0].error = Some(evil.to_owned());
    report.workload = serde_json::json!({ evil: evil });
    let page = page(&report);
    let document = parsed(&page);
    assert!(!document.descendants().any(|node| node.has_tag_name("script")), "{page}");
    let shown = evil.replace('\u{1b}', "\u{fffd}");
    let found = document.descendants().filter(Node::is_text);
    let found = found.filter(|node| node.text().is_some_and(|text| text.contains(&shown))).count();
    assert!(12 <= found, "all of them are shown as text: {found}");
}

/// The names of a page's elements, and the words of their classes.
fn markup(page: &str) -> BTreeSet<String> {
    let document = parsed(page);
    let elements = document.descendants().filter(Node::is_element);
    let words = elements.flat_map(|node| {
        let classes = node.attribute("class").unwrap_or_default().split(' ');
        let classes = classes.map(|class| format!(".{class}"));
        std::iter::once(node.tag_name().name().to_owned()).chain(classes)
    });
    words.collect()
}

/// Writes a text in the place of every one of a document.
fn overwrite(document: &mut Value, text: &str) {
    match document {
        Value::String(old) => text.clone_into(old),
        Value::Array(items) => items.iter_mut().for_each(|item| overwrite(item, text)),
        Value::Object(fields) => fields.values_mut().for_each(|field| overwrite(field, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn a_result_whose_every_text_is_markup_has_the_elements_and_classes_of_any_other() {
    let reports: Vec<Report> = made().iter().map(fixture::report).collect();
    let usual: BTreeSet<String> = reports.iter().flat_map(|report| markup(&page(report))).collect();
    for report in reports {
        let mut document = serde_json::to_value(&report).expect("a report is JSON");
        overwrite(&mut document, "\"/><script>'1'</script><b class=\"evil\"><!--");
        document["schema"] = SCHEMA.into();
        let bytes = serde_json::to_vec(&document).expect("a document in memory is written");
        let read = Report::read(&bytes).expect("whatever its texts are");
        let shown = page(&read);
        let more: Vec<String> = markup(&shown).difference(&usual).cloned().collect();
        assert!(more.is_empty(), "{more:?} in {shown}");
        assert!(shown.contains("&lt;script&gt;"), "they are shown: {shown}");
    }
}

#[test]
fn an_hour_fits_into_a_mebibyte_and_so_does_a_large_fleet() {
    let mut report = fixture::report(&Made::troubled());
    let second = report.intervals[3].clone();
    let noisy = |t_s: u32| {
        let noise = f64::from(t_s.wrapping_mul(2_654_435_761) >> 12);
        let mut second = second.clone();
        (second.t_s, second.acked) = (t_s, u64::from(t_s % 977) * 31);
        (second.backlog, second.errors) = (u64::from(t_s % 613) * 1_000, u64::from(t_s % 7));
        for span in [
            &mut second.publish_p50_us,
            &mut second.publish_p99_us,
            &mut second.publish_max_us,
            &mut second.end_to_end_p50_us,
            &mut second.end_to_end_p99_us,
            &mut second.end_to_end_max_us,
            &mut second.send_delay_p99_us,
            &mut second.hiccup_max_us,
        ] {
            *span = Some(1.0 + noise);
        }
        second
    };
    report.intervals = (0..3_600).map(noisy).collect();
    report.plan.measured_s = 3_600.0;
    report.produced.flow.duration_s = Some(3_600.0);
    report.tasks = vec![report.tasks[0].clone(); 2_000];
    report.marks = vec![report.marks[1].clone(); 1_000];
    report.workers = fixture::report(&Made::fleet()).workers.map(|all| vec![all[0].clone(); 500]);
    let page = page(&report);
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    parsed(&page);
    assert!(page.contains("Each step stands for 20 seconds"), "it says so");
}
