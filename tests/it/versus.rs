//! The arithmetic of `scripts/versus`: medians of pairs, their interval, and the exit code. Whole
//! comparisons need a release build and a broker: `.ci/run` makes them.

use kdyno_tests::tidy::root;
use std::process::Command;

/// The exit code and stdout of a script, by its name, on a file of turns.
pub(crate) fn judge(script: &str, turns: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("turns.tsv");
    std::fs::write(&file, turns).expect("the folder is ours");
    let ran = Command::new("perl").arg(root().join("scripts").join(script)).arg(&file).output();
    let ran = ran.expect("there is a perl, which librdkafka's build needs too");
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    (ran.status.code(), String::from_utf8(ran.stdout).expect("text"))
}

fn tell(turns: &str) -> (Option<i32>, String) {
    judge("versus.pl", turns)
}

/// Pairs of turns of a million messages: theirs takes 1 CPU second and makes 1,000,000 a second, ours
/// as given, in hundredths.
fn turns(comparison: &str, ours: &[(u64, u64)]) -> String {
    let mut text = "# a head\ncomparison\tpair\n".to_owned();
    let line = |pair: usize, side: &str, (cpu, rate): (u64, u64)| {
        let (user, system) = (cpu / 2, cpu - cpu / 2);
        let rate = rate * 10_000;
        format!(
            "{comparison}\t{pair}\t1\t{side}\t1000000\t{rate}\t0.{user:02}\t0.{system:02}\t2048\t1.5\n"
        )
    };
    for (index, figures) in ours.iter().enumerate() {
        text += &line(index + 1, "ours", *figures);
        text += &line(index + 1, "theirs", (100, 100));
    }
    text
}

#[test]
fn versus_tells_the_median_pair_its_interval_and_what_holds() {
    let ours = [(90, 120), (104, 99), (80, 130), (70, 90), (99, 101), (60, 140), (85, 110)];
    let (code, told) = tell(&turns("produce-c", &ours));
    assert_eq!(code, Some(0), "every hard limit holds: {told}");
    for line in [
        "a head\n",
        "0.850 (0.600 .. 1.040)           1.000 (1.000 .. 1.000)           0.850 (0.600 .. 1.040)  [0.600 .. 1.040] 98.4 %",
        "1.100 (0.900 .. 1.400)  [0.900 .. 1.400] 98.4 %",
        "2.0 (2.0 .. 2.0)",
        "produce-c     CPU per message  0.850  aim <= 1.00: holds, hard limit <= 1.05: holds",
        "produce-c     msg/s            1.100  aim >= 1.00: holds, hard limit >= 0.95: holds",
    ] {
        assert!(told.contains(line), "'{line}' in:\n{told}");
    }
}

#[test]
fn versus_fails_by_hard_limits_alone() {
    for (comparison, (cpu, rate), expected, words) in [
        ("produce-c", (104, 96), 0, "CPU per message  1.040  aim <= 1.00: does not hold, hard"),
        ("produce-c", (106, 96), 1, "hard limit <= 1.05: does not hold"),
        ("produce-c", (104, 94), 1, "hard limit >= 0.95: does not hold"),
        (
            "consume-c",
            (99, 99),
            0,
            "consume-c     msg/s            0.990  aim >= 1.10: does not hold\n",
        ),
        ("consume-c", (101, 120), 1, "hard limit <= 1.00: does not hold"),
        ("produce-java", (90, 90), 0, "aim <= 0.35: does not hold\n"),
        ("consume-java", (90, 90), 0, "aim <= 0.60: does not hold\n"),
    ] {
        let (code, told) = tell(&turns(comparison, &[(cpu, rate); 2]));
        assert_eq!(code, Some(expected), "{comparison} {cpu} {rate}:\n{told}");
        assert!(told.contains(words), "'{words}' in:\n{told}");
    }
}

#[test]
fn the_interval_leaves_out_the_extremes_once_there_are_pairs_enough() {
    for (pairs, words) in [
        (1, "one pair, no interval"),
        (6, "[0.100 .. 0.600] 96.9 %"),
        (8, "[0.100 .. 0.800] 99.2 %"),
        (9, "[0.200 .. 0.800] 96.1 %"),
    ] {
        let ours: Vec<(u64, u64)> = (1..=pairs).map(|place| (10 * place, 100)).collect();
        let (_, told) = tell(&turns("produce-java", &ours));
        assert!(told.contains(words), "'{words}' in:\n{told}");
    }
}

#[test]
fn versus_says_what_is_wrong_with_its_options_before_it_builds_anything() {
    for (words, told) in [
        (
            &["--only", "produce-go"][..],
            "--only: got 'produce-go', need some of: produce-c consume-c",
        ),
        (&["--pairs", "0"], "--pairs: got '0', need 1 to 999"),
        (&["--messages"], "--messages: no value given"),
        (&["--fast"], "unknown option --fast"),
    ] {
        assert_misuse("versus", words, told);
    }
}

/// Demands that a script, by its name, refuses its options and says why.
pub(crate) fn assert_misuse(script: &str, words: &[&str], told: &str) {
    let ran = Command::new(root().join("scripts").join(script)).args(words).output();
    let ran = ran.expect("there is a bash");
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(told) && ran.stdout.is_empty(), "{stderr}");
}
