//! Real runs for the tests of comparisons: 24 repeats of one workload on one broker, as a table of figures.
//!
//! Recorded on 2026-11-26 one after the other: 20,000 messages of 1 KiB a second to eight partitions, one
//! subscription, 20 s each after 3 s of warm-up, on a broker that shared a quiet host's two cores with kdyno.
//! `KDYNO_RECORDED_RUNS=FOLDER cargo test -p kdyno recorded_runs` makes the table of a folder's runs anew.

use super::comparison::Comparison;
use super::figure::{At, Figure, Span};
use super::fixture::{Made, made};
use super::recorded::{Block, Recorded, Second};
use super::variant::Variant;

/// One line for each run as a whole, its second empty, and one for each of its measured seconds.
const TABLE: &str = include_str!("recorded_runs.csv");

/// What begins in a line before the figures.
const PLACE: [&str; 2] = ["run", "t_s"];

/// All runs, in the order in which they were recorded.
pub(super) fn recorded_runs() -> Vec<Recorded> {
    read(TABLE)
}

/// A run against another, or a group against another.
pub(super) fn compared(baseline: Vec<Recorded>, candidate: Vec<Recorded>) -> Comparison {
    let variants = [baseline, candidate].into_iter().enumerate();
    Comparison::of(variants.map(|(at, runs)| Variant::new(at, runs)).collect(), 0.01)
}

fn read(table: &str) -> Vec<Recorded> {
    let mut lines = table.lines();
    let head = lines.next().expect("a table has a head").split(',');
    let figures = figures();
    let names = figures.iter().map(|figure| figure.path());
    assert!(head.eq(PLACE.map(str::to_owned).into_iter().chain(names)), "the columns there are");
    let mut runs: Vec<Recorded> = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let values = cells[PLACE.len()..].iter().map(|cell| cell.parse::<f64>().ok());
        let values = figures.iter().copied().zip(values);
        if cells[1].is_empty() {
            runs.push(whole(cells[0], values));
            continue;
        }
        let run = runs.last_mut().expect("a run's own line is its first");
        let mut second = Second { t_s: cells[1].parse().expect("a second"), ..Second::default() };
        values.for_each(|(figure, value)| put(&mut second, figure, value));
        run.intervals.push(second);
    }
    for run in &mut runs {
        run.plan.measured_s = super::number(run.intervals.len());
        run.produced.duration_s = Some(run.plan.measured_s);
    }
    runs
}

fn write(runs: &[Recorded]) -> String {
    let figures = figures();
    let cell = |value: Option<f64>| {
        value.map_or_else(String::new, |value| format!("{}", (value * 1_000.0).round() / 1_000.0))
    };
    let line = |place: [String; 2], of: &dyn Fn(Figure) -> Option<f64>| {
        let values = figures.iter().map(|figure| cell(of(*figure)));
        place.into_iter().chain(values).collect::<Vec<_>>().join(",") + "\n"
    };
    let names = figures.iter().map(|figure| figure.path());
    let head = PLACE.map(str::to_owned).into_iter().chain(names);
    let mut table = head.collect::<Vec<_>>().join(",") + "\n";
    for (run, number) in runs.iter().zip(1_u32..) {
        let number = number.to_string();
        table += &line([number.clone(), String::new()], &|figure| figure.of(run));
        for second in run.measured() {
            let place = [number.clone(), second.t_s.to_string()];
            table += &line(place, &|figure| figure.second(second));
        }
    }
    table
}

/// The figures of a run with due times.
fn figures() -> Vec<Figure> {
    Figure::all(&[&made(&Made::plain("a"))])
}

/// A run of which so far only the figures as a whole are known.
fn whole(name: &str, figures: impl Iterator<Item = (Figure, Option<f64>)>) -> Recorded {
    let mut run = made(&Made::plain(name));
    run.intervals.clear();
    for (figure, value) in figures {
        match figure {
            Figure::Acked => run.acked.messages_per_second = value,
            Figure::Consumed => run.consumed.messages_per_second = value,
            Figure::Cpu => run.engine.cpu_seconds_per_million_messages = value,
            Figure::Span(span, at) => {
                let block = match span {
                    Span::Publish => &mut run.latency.publish,
                    Span::Service => &mut run.latency.service,
                    Span::EndToEnd => &mut run.latency.end_to_end,
                    Span::Transit => &mut run.latency.transit,
                };
                *part(block.get_or_insert_default(), at) = value;
            }
        }
    }
    run
}

fn part(block: &mut Block, at: At) -> &mut Option<f64> {
    match at {
        At::P50 => &mut block.p50_us,
        At::P95 => &mut block.p95_us,
        At::P99 => &mut block.p99_us,
        At::P999 => &mut block.p99_9_us,
        At::Max => &mut block.max_us,
    }
}

/// Puts a figure where a second has it. Rates come before the cost, which is made of them.
fn put(second: &mut Second, figure: Figure, value: Option<f64>) {
    match figure {
        Figure::Acked => second.acked = value.expect("each second has its count"),
        Figure::Consumed => second.consumed = value.expect("each second has its count"),
        Figure::Cpu => {
            let messages = second.acked + second.consumed;
            second.process_cpu_cores = value.map(|cost| cost * messages / 1e6);
        }
        Figure::Span(Span::Publish, At::P50) => second.publish_p50_us = value,
        Figure::Span(Span::Publish, At::P99) => second.publish_p99_us = value,
        Figure::Span(Span::Publish, At::Max) => second.publish_max_us = value,
        Figure::Span(Span::EndToEnd, At::P50) => second.end_to_end_p50_us = value,
        Figure::Span(Span::EndToEnd, At::P99) => second.end_to_end_p99_us = value,
        Figure::Span(Span::EndToEnd, At::Max) => second.end_to_end_max_us = value,
        Figure::Span(..) => assert_eq!(value, None, "no second has {figure:?}"),
    }
}

#[test]
fn the_table_holds_what_comparisons_read_of_24_runs() {
    if let Some(folder) = std::env::var_os("KDYNO_RECORDED_RUNS") {
        let entries = std::fs::read_dir(folder).expect("a folder of run directories");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.join("result.json").is_file());
        paths.sort();
        let runs = paths.iter().map(|path| Recorded::read(&path.join("result.json"), None));
        let runs: Vec<Recorded> = runs.collect::<Result<_, _>>().expect("results");
        assert!(runs.iter().all(|run| run.verdict.valid && run.was_steady()), "all are valid");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/compare/recorded_runs.csv");
        std::fs::write(path, write(&runs)).expect("the folder of the source is there");
        return;
    }
    let runs = recorded_runs();
    assert!(write(&runs) == TABLE, "what is read is what is written");
    assert_eq!(runs.len(), 24, "repeats");
    for run in &runs {
        assert_eq!(run.steady().count(), 20, "{}: all of its seconds", run.test_id);
        for figure in figures() {
            assert!(figure.of(run).is_some(), "{}: {figure:?}", run.test_id);
        }
    }
}
