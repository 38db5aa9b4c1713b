//! Laws of reading back: what is read is what was written, to the byte, and all that is made of it is the same.

use super::fixture::{self, Made};
use super::{FORMATS, Report, Suite, SweepPart, json, junit, text};
use engine::error::RunError;
use engine::measure::Tally;
use engine::plan::Pace;
use engine::run::Ending;
use engine::time::Arrival;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, proptest};
use serde_json::{Map, Value};
use std::iter::Cycle;
use std::path::Path;
use std::slice::Iter;
use std::sync::LazyLock;

/// A report of each kind of run, by name.
static ALL: LazyLock<Vec<(&str, Report)>> = LazyLock::new(|| {
    let changed = |mut made: Made, change: fn(&mut Made)| {
        change(&mut made);
        made
    };
    let made = [
        ("clean", Made::clean()),
        ("troubled", Made::troubled()),
        ("two streams", Made::two_streams()),
        ("fleet", Made::fleet()),
        ("search", super::search::made()),
        ("backlog", super::backlog::made()),
        ("ramp", super::shape::made(Arrival::Regular)),
        ("by chance", super::shape::made(Arrival::Poisson { seed: u64::MAX })),
        (
            "closed loop",
            changed(Made::clean(), |made| {
                made.plan.demand.streams[0].pace = Pace::Max { in_flight: None };
            }),
        ),
        (
            "interrupted and asserted",
            changed(Made::troubled(), |made| {
                made.outcome.ending = Ending::Interrupted;
                made.assertions = vec!["publish.p99 < 10ms", "duplicated == 0", "valid == true"];
            }),
        ),
        (
            "failed before the start",
            changed(Made::clean(), |made| {
                made.outcome.start = None;
                made.outcome.ending = Ending::Failed(RunError::Refused("no".to_owned()));
                made.outcome.tally = Tally::new(&made.plan.demand);
                made.outcome.lanes.clear();
                made.outcome.intervals.clear();
            }),
        ),
    ];
    let mut cell = fixture::report(&Made::clean());
    let values = Map::from_iter([("messageSize".to_owned(), Value::from("1KiB"))]);
    cell.sweep = Some(SweepPart { id: "sweep-w_1_ab".to_owned(), cell: 2, of: 4, values });
    let told = made.iter().map(|(name, of)| (*name, fixture::report(of)));
    told.chain([("cell of a sweep", cell)]).collect()
});

/// The first of them.
fn clean() -> String {
    String::from_utf8(json(&ALL[0].1)).expect("JSON is UTF-8")
}

fn read(name: &str, result: &[u8]) -> Report {
    Report::read(result).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_result_is_read_back_to_the_byte_and_all_that_is_made_of_it_is_the_same() {
    let directory = Path::new("results/made-up");
    for (name, report) in ALL.iter() {
        let read = read(name, &json(report));
        for (file, format) in FORMATS {
            assert!(format(&read) == format(report), "{name}: {file} differs");
        }
        assert_eq!(text(&read, directory), text(report, directory), "{name}");
        assert_eq!(junit(&[Suite::of(&read)]), junit(&[Suite::of(report)]), "{name}");
    }
}

#[test]
fn a_result_without_what_may_be_null_is_read_as_if_it_were_null() {
    fn leave_nulls_out(value: &mut Value) {
        let Value::Object(fields) = value else { return };
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(leave_nulls_out);
    }
    for name in ["clean", "closed loop", "failed before the start"] {
        let (_, report) = ALL.iter().find(|of| of.0 == name).expect("it is there");
        let mut earlier = serde_json::to_value(report).expect("a report is JSON");
        leave_nulls_out(&mut earlier);
        for second in earlier["intervals"].as_array_mut().into_iter().flatten() {
            leave_nulls_out(second);
        }
        let written = serde_json::to_vec(&earlier).expect("JSON");
        assert!(written.len() < serde_json::to_vec(report).expect("JSON").len(), "{name}");
        assert!(json(&read(name, &written)) == json(report), "{name}");
    }
}

#[test]
fn whole_numbers_without_their_point_are_read_too() {
    let rewritten = clean().replace(".0,\n", ",\n");
    assert!(rewritten.contains("\"duration_s\": 10,"), "{rewritten}");
    let read = read("rewritten", rewritten.as_bytes());
    let directory = Path::new("results/made-up");
    assert_eq!(text(&read, directory), text(&ALL[0].1, directory));
}

#[test]
fn what_is_no_result_of_this_version_is_refused_and_says_where_and_what_is_needed() {
    let check = |text: &str, part: &str| {
        let error = Report::read(text.as_bytes()).expect_err(part).to_string();
        assert!(error.contains(part), "{part}: {error}");
    };
    let (written, own) = (clean(), env!("CARGO_PKG_VERSION"));
    check("", "is no JSON: EOF while parsing a value at line 1 column 0");
    check(&written[..written.len() / 2], "is no JSON: ");
    check(&written[..written.len() - 3], "is no JSON: EOF while parsing an object at line ");
    for other in ["[7]", "{}", "null"] {
        check(other, "got the schema nothing, need \"kdyno.result/1\"");
    }
    check(
        &written.replace("result/1", "result/2"),
        &format!("got the schema \"kdyno.result/2\" of kdyno {own}, need \"kdyno.result/1\""),
    );
    check("{\"schema\": 1}", "got the schema 1, need \"kdyno.result/1\"");
    check(&written.replace("\"verdict\":", "\"judgement\":"), "missing field `verdict` at line ");
    check(
        &written.replace("\"exit_code\": 0", "\"exit_code\": \"none\""),
        "is no result: invalid type: string \"none\", expected u8 at line ",
    );
    let unknown = format!("got a field of kdyno {own} that kdyno {own} does not know");
    let with = |place: &str, more: &str| written.replace(place, &format!("{more}{place}"));
    check(&with("\"test_name\"", "\"tide\": 7, "), &format!("tide: {unknown}"));
    let second = with("\"t_s\":3,", "\"tide\": {\"of\": [7]}, ");
    check(&second, &format!("intervals[3].tide: {unknown}"));
    check(&with("\"due\":", "\"tide\": \"\", "), &format!("produced.tide: {unknown}"));
}

#[test]
fn an_unknown_null_says_nothing_and_is_no_loss() {
    let written = clean().replace("\"test_name\"", "\"tide\": null, \"test_name\"");
    assert!(json(&read("with a null", written.as_bytes())) == json(&ALL[0].1), "as without it");
}

/// Other floats, counts and words, taken in turn.
struct Others<'all> {
    floats: Cycle<Iter<'all, f64>>,
    counts: Cycle<Iter<'all, u64>>,
    words: Cycle<Iter<'all, String>>,
}

impl Others<'_> {
    /// Puts them in the place of all there are, but the schema and counts of fewer bits.
    fn put_into(&mut self, name: &str, value: &mut Value) {
        let is_wide = ["messages", "bytes", "due"].contains(&name) || name.ends_with("_ns");
        let turn = "it goes round";
        match value {
            Value::Object(fields) => {
                fields.iter_mut().for_each(|(below, field)| self.put_into(below, field));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_into(name, item)),
            Value::Number(number) if number.is_f64() => {
                *value = Value::from(*self.floats.next().expect(turn));
            }
            Value::Number(_) if is_wide => *value = Value::from(*self.counts.next().expect(turn)),
            Value::String(_) if name != "schema" => {
                *value = Value::from(self.words.next().expect(turn).as_str());
            }
            _ => {}
        }
    }
}

/// Finite ones of every size.
fn floats() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_numbers_and_words_are_read_back_as_they_were_written(
        which in any::<prop::sample::Index>(),
        floats in prop::collection::vec(floats(), 1..40),
        counts in prop::collection::vec(any::<u64>(), 1..20),
        words in prop::collection::vec(".{0,20}", 1..20),
    ) {
        let (name, report) = which.get(ALL.as_slice());
        let mut value = serde_json::to_value(report).expect("a report is JSON");
        let (floats, counts, words) = (&floats, &counts, &words);
        let mut others = Others {
            floats: floats.iter().cycle(),
            counts: counts.iter().cycle(),
            words: words.iter().cycle(),
        };
        others.put_into("", &mut value);
        let written = serde_json::to_vec_pretty(&value).expect("JSON");
        let read = Report::read(&written);
        prop_assert!(read.is_ok(), "{name}: {read:?}");
        let read = read.expect("it is read");
        let again: Value = serde_json::from_slice(&json(&read)).expect("JSON");
        prop_assert!(again == value, "{name}");
        prop_assert!(text(&read, Path::new("d")).ends_with("results: d\n"), "{name}");
    }
}
