//! What happened: errors, outages and marks.

use super::{Table, words};
use crate::report::Report;
use crate::report::errors::Errors;
use crate::report::marks::MarkPart;
use crate::report::outages::OutagePart;
use crate::report::text_table::count;

/// Errors by kind and by code; no rows where there were none.
pub(in crate::report) fn errors(report: &Report) -> Table {
    let of = |what: &str, errors: &Errors| -> Vec<Vec<String>> {
        let codes = errors.errors_by_code.iter().filter(|(_, number)| 0 < **number);
        codes.map(|(code, number)| vec![code.clone(), what.to_owned(), count(*number)]).collect()
    };
    let head = words(&["code", "where", "count"]);
    let rows = [
        vec![head],
        of("failed messages", &report.produced.by_cause),
        of("consumers and commits", &report.consumed.by_cause),
    ];
    Table::of("Errors by code", rows.concat()).cut()
}

/// The marks by the numbers under which charts show them, then the outages.
pub(in crate::report) fn events(report: &Report) -> Table {
    let mark = |(number, mark): (usize, &MarkPart)| {
        let when = mark.t_s.map_or_else(|| mark.at.clone(), |t_s| format!("{t_s:.3} s"));
        vec![format!("{number}"), when, format!("{} ({})", mark.text, mark.source)]
    };
    let outage = |outage: &OutagePart| {
        let when = format!("{:.3} s to {:.3} s", outage.from_s, outage.to_s);
        vec!["shaded".to_owned(), when, format!("acks stopped: {}", outage.words)]
    };
    let head = words(&["in the charts", "when", "what"]);
    let marks = (1..).zip(&report.marks).map(mark);
    let outages = report.outages.iter().map(outage);
    let rows = std::iter::once(head).chain(marks).chain(outages);
    let untold = report.outages_untold.map_or_else(String::new, |untold| {
        format!("And {} shorter times in which acks stopped.", count(untold))
    });
    Table::of("Marks and outages", rows.collect()).cut().noting(untold)
}
