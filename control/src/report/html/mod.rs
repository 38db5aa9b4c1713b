//! The run as a page for people: `report.html`, one file that needs no network and no script.

mod distribution;
mod figure;
mod fleet;
mod knee;
mod page;
mod seconds;
#[cfg(test)]
mod tests;
mod thin;

use super::Report;
use super::escape::html as escaped;
use super::tables::{self, Table};
use super::text::{load, verdict};
use figure::Figure;
use page::{block, document, section};

/// Colours, letters and measures, light, dark and on paper.
const STYLE: &str = include_str!("style.css");

/// Keeps browsers from loading anything, whatever the page says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A chart of the page: how it is made of a report.
type Chart = fn(&Report) -> Figure;

/// A part of the page: its name, its title, and how it is made of a report.
type Section = (&'static str, &'static str, fn(&Report) -> String);

/// The charts over time.
const OVER_TIME: [Chart; 7] = [
    seconds::throughput,
    seconds::publish,
    seconds::end_to_end,
    seconds::backlog,
    seconds::pauses,
    seconds::processors,
    seconds::errors,
];

/// The charts of distributions.
const DISTRIBUTIONS: [Chart; 2] = [distribution::omission, distribution::others];

/// The charts of a search.
const KNEE: [Chart; 2] = [knee::throughput, knee::latency];

/// The charts of a fleet.
const FLEET: [Chart; 2] = [fleet::throughput, fleet::latency];

/// The parts of the page, in their order. An empty one is left out.
const SECTIONS: [Section; 9] = [
    ("findings", "Findings", findings),
    ("figures", "Messages and latency", figures),
    ("search", "Search for the highest sustainable rate", search),
    ("time", "Over time", over_time),
    ("distribution", "Percentiles", |report| charts(report, &DISTRIBUTIONS)),
    ("workers", "Workers", workers),
    ("hosts", "Hosts and clients", hosts),
    ("tasks", "Tasks", |report| block(&tables::tasks(report))),
    ("setting", "What was run", setting),
];

/// The run as a page.
#[must_use]
pub fn html(report: &Report) -> Vec<u8> {
    let parts = SECTIONS.map(|(id, title, make)| (id, title, section(id, title, &make(report))));
    let filled = || parts.iter().filter(|(_, _, part)| !part.is_empty());
    let links: String =
        filled().map(|(id, title, _)| format!("<li><a href=\"#{id}\">{title}</a></li>")).collect();
    let sections: String = filled().map(|(_, _, part)| part.as_str()).collect();
    let (name, id) = (escaped(&report.test_name), escaped(&report.test_id));
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta name=\"generator\" content=\"kdyno {version}\"/>\n<link rel=\"icon\" href=\"data:,\"/>\n\
         <title>{name}: {word} - kdyno</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the findings</a>\n<header>\n{head}\
         <nav aria-label=\"Contents\"><ul>{links}</ul></nav>\n</header>\n<main id=\"main\" tabindex=\"-1\">\n\
         {sections}</main>\n<footer><p>Written by kdyno {version} for the run <code>{id}</code>. \
         <code>result.json</code> beside this file has everything, in figures for programs.</p></footer>\n\
         </body>\n</html>\n",
        version = escaped(&report.kdyno_version),
        word = if report.verdict.valid { "valid" } else { "invalid" },
        head = head(report),
    );
    page.into_bytes()
}

/// What is read first: the verdict, what was run, the main figures.
fn head(report: &Report) -> String {
    let verdict = verdict(report);
    let (word, rest) = verdict.trim_end().split_once(": ").unwrap_or((verdict.trim_end(), ""));
    let class = if report.verdict.valid { "valid" } else { "invalid" };
    let load = load(report);
    let load = load.trim_end();
    let load = load.strip_prefix(&format!("{}: ", report.test_name)).unwrap_or(load);
    let tile = |row: &Vec<String>| {
        let row: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        format!("<div><dt>{}</dt><dd>{}</dd></div>", row[0], row[1])
    };
    let tiles: String = tables::tiles(report).rows.iter().map(tile).collect();
    format!(
        "<p class=\"kind\">kdyno report, {started}</p>\n<h1>{name}</h1>\n\
         <p class=\"verdict {class}\"><strong>{word}</strong> {rest}</p>\n<p class=\"load\">{load}</p>\n\
         <dl class=\"tiles\">{tiles}</dl>\n",
        started = escaped(&report.started_at),
        name = escaped(&report.test_name),
        word = escaped(word),
        rest = escaped(rest),
        load = escaped(load),
    )
}

/// What was found, and what was asserted.
fn findings(report: &Report) -> String {
    let finding = |finding: &super::judgement::Finding| {
        let class = class_of(&finding.severity);
        let (severity, code) = (escaped(&finding.severity), escaped(&finding.code));
        let message = escaped(&finding.message);
        format!(
            "<li class=\"{class}\"><h3><span class=\"severity\">{severity}</span> <code>{code}</code></h3>\n\
             <p>{message}</p></li>\n"
        )
    };
    let found: String = report.verdict.findings.iter().map(finding).collect();
    let found = match found.as_str() {
        "" => "<p>Nothing was found that speaks against this run.</p>\n".to_owned(),
        found => format!("<ul class=\"findings\">\n{found}</ul>\n"),
    };
    found + &block(&asserted(report))
}

/// How a finding looks: a file that is read back may say any word, and the style knows these.
fn class_of(severity: &str) -> &'static str {
    match severity {
        "error" => "error",
        "warning" => "warning",
        _ => "info",
    }
}

fn asserted(report: &Report) -> Table {
    let rows = report.assertions.iter().map(|one| {
        let outcome = if one.held { "held" } else { "FAILED" };
        vec![one.assertion.clone(), outcome.to_owned(), one.message.clone()]
    });
    Table {
        caption: "Assertions".to_owned(),
        head: ["assertion", "outcome", "values"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        notes: Vec::new(),
    }
}

fn figures(report: &Report) -> String {
    let tables = [
        tables::counts(report),
        tables::streams(report),
        tables::stream_latencies(report),
        tables::latencies(report),
        tables::leaders(report),
        tables::transactions(report),
        tables::errors(report),
    ];
    tables.iter().map(block).collect()
}

fn search(report: &Report) -> String {
    if report.search.is_none() {
        return String::new();
    }
    let answer = tables::search(report).notes.join(" ");
    format!("<p>{}</p>\n{}", escaped(&answer), charts(report, &KNEE))
}

fn over_time(report: &Report) -> String {
    block(&tables::events(report)) + &charts(report, &OVER_TIME)
}

fn workers(report: &Report) -> String {
    if report.workers.is_none() {
        return String::new();
    }
    charts(report, &FLEET) + &block(&tables::workers(report))
}

fn hosts(report: &Report) -> String {
    let hosts: String = tables::hosts(report).iter().map(block).collect();
    hosts + &block(&tables::client(report))
}

fn setting(report: &Report) -> String {
    let tables = [tables::plan(report), tables::lanes(report), tables::environment(report)];
    let tables: String = tables.iter().map(block).collect();
    tables
        + &document("Workload as resolved", &report.workload)
        + &document("Driver as resolved", &report.driver)
}

fn charts(report: &Report, charts: &[Chart]) -> String {
    let figures: String = charts.iter().map(|chart| chart(report).html()).collect();
    format!("<div class=\"charts\">\n{figures}</div>\n")
}
