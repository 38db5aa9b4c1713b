//! The judgement of `scripts/readers`: when what a tool read in an interval log is what the result says.
//! The tools themselves come from Maven and `PyPI`.

use crate::versus::assert_misuse;
use kdyno_tests::tidy::root;
use std::fs::write;
use std::process::Command;

/// What a tool says of a log of two lines in which 1 to 100 ms came once each.
fn all_ranks() -> String {
    let row = |rank: u32| format!("{rank}000000 {rank} {rank}\n");
    "intervals 2\ncount 100\n".to_owned() + &(1..=100).map(row).collect::<String>()
}

/// The exit code and stdout of the judgement on `block` of a result and on what a tool says of its log.
fn tell(block: &str, said: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let at = |name: &str| folder.path().join(name);
    let result = format!(r#"{{"latency":{{"send_delay":{block}}}}}"#);
    write(at("result.json"), result).expect("the folder is ours");
    write(at("send-delay.hlog"), "#[a head]\n0.000,1.0,9,H\n1.000,1.0,9,H\n").expect("as above");
    write(at("java-send-delay.txt"), said).expect("as above");
    let mut perl = Command::new("perl");
    perl.arg(root().join("scripts/readers.pl")).arg(folder.path()).arg(at("java-send-delay.txt"));
    let ran = perl.output().expect("there is a perl, which librdkafka's build needs too");
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    (ran.status.code(), String::from_utf8(ran.stdout).expect("text"))
}

/// Four figures of 100 spans; `p99` and `max` in microseconds.
fn block(p99: u32, max: u32) -> String {
    format!(
        r#"{{"count":100,"p50_us":50000,"p99_us":{p99},"p99_9_us":100000.0,"max_us":{max},"mean_us":1}}"#
    )
}

#[test]
fn a_tool_agrees_where_every_figure_is_its_value_at_the_rank_or_one_beside() {
    let fine = "java    send-delay.hlog  agrees: 2 intervals, 100 messages, 4 figures, 0 of them at \
                the rank beside\n";
    assert_eq!(tell(&block(99_000, 100_000), &all_ranks()), (Some(0), fine.to_owned()));
    for (p99, max, expected, words) in [
        (99_098, 99_901, 0, "0 of them at"),
        (98_000, 100_000, 0, "1 of them at"),
        (100_000, 100_000, 0, "1 of them at"),
        (97_000, 100_000, 1, "p99_us: 97000 in the result, and 98000 to 98000 at rank 98, 99000"),
        (98_500, 100_000, 1, "p99_us: 98500"),
        (99_000, 99_000, 1, "max_us: 99000 in the result, and 100000 to 100000 at rank 100\n"),
    ] {
        let (code, told) = tell(&block(p99, max), &all_ranks());
        assert_eq!(code, Some(expected), "{p99} {max}:\n{told}");
        assert!(told.contains(words), "'{words}' in:\n{told}");
    }
}

#[test]
fn a_rank_that_the_tool_leaves_out_lies_between_its_lines() {
    let rows = "intervals 2\ncount 100\n10000000 1 10\n50000000 50 50\n90000000 90 90\n\
                100000000 100 100\n";
    for (p99, expected) in [(89_000, 1), (91_000, 0), (97_000, 0), (102_000, 1)] {
        let (code, told) = tell(&block(p99, 100_000), rows);
        assert_eq!(code, Some(expected), "{p99}:\n{told}");
    }
}

#[test]
fn counts_intervals_and_nulls_must_agree_too() {
    let fine = block(99_000, 100_000);
    let fine = fine.as_str();
    for (block, said, expected, words) in [
        (
            fine,
            all_ranks().replace("count 100", "count 99"),
            1,
            "count: 99, and the result has 100",
        ),
        (
            fine,
            all_ranks().replace("intervals 2", "intervals 1"),
            1,
            "intervals: 1, and the log has 2",
        ),
        ("null", "intervals 2\ncount 0\n".to_owned(), 0, "agrees: 2 intervals, 0 messages"),
        ("null", all_ranks(), 1, "count: 100, and the result has 0"),
        (r#"{"count":100,"max_us":100000}"#, all_ranks(), 1, "the result has no percentiles"),
        (
            r#"{"count":100,"p50_us":null,"p99_us":99000,"max_us":100000}"#,
            all_ranks(),
            1,
            "p50_us: null",
        ),
    ] {
        let (code, told) = tell(block, &said);
        assert_eq!(code, Some(expected), "{block}:\n{told}");
        assert!(told.contains(words), "'{words}' in:\n{told}");
    }
}

#[test]
fn readers_says_what_is_wrong_with_its_options_before_it_builds_anything() {
    for (words, told) in [
        (&["--only", "go"][..], "--only: got 'go', need some of: java python"),
        (&["--only"], "--only: no value given"),
        (&["one", "two"], "got two directories, one and two"),
        (&["scripts"], "scripts: has no result.json"),
        (&["--fast"], "unknown option --fast"),
    ] {
        assert_misuse("readers", words, told);
    }
}
