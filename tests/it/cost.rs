//! The arithmetic of `scripts/cost`: ratios of pairs, their interval, and when an aim holds. Whole turns
//! need a release build and a broker.

use crate::versus::{assert_misuse, judge};

/// Pairs of turns: without a part a million messages take 1 CPU second and 1,000,000 come a second;
/// with it as given, in hundredths.
fn turns(load: &str, part: &str, with: &[(u64, u64)]) -> String {
    let mut text = "# a head\nload\tpart\tpair\n".to_owned();
    let line = |pair: usize, side: &str, (cpu, rate): (u64, u64)| {
        let (whole, hundredths) = (cpu / 100, cpu % 100);
        let rate = rate * 10_000;
        format!("{load}\t{part}\t{pair}\t1\t{side}\t{whole}.{hundredths:02}\t{rate}\n")
    };
    for (index, figures) in with.iter().enumerate() {
        text += &line(index + 1, "with", *figures);
        text += &line(index + 1, "without", (100, 100));
    }
    text
}

fn tell(load: &str, part: &str, with: &[(u64, u64)]) -> (Option<i32>, String) {
    judge("cost.pl", &turns(load, part, with))
}

#[test]
fn what_a_part_costs_is_the_median_of_its_pairs_with_its_interval() {
    let with = [(104, 98), (101, 99), (107, 90), (102, 97), (99, 101), (103, 100), (106, 96)];
    let (code, told) = tell("closed", "verification", &with);
    assert_eq!(code, Some(0), "the interval reaches down to the aim: {told}");
    for line in [
        "a head\n",
        "closed load, verification: pairs: 7, median (least .. most)\n",
        "1.030 (0.990 .. 1.070)  [0.990 .. 1.070] 98.4 %",
        "0.980 (0.900 .. 1.010)  [0.900 .. 1.010] 98.4 %",
        "closed  verification  CPU per message 1.030 [0.990 .. 1.070] 98.4 %  aim <= 1.03: holds\n",
    ] {
        assert!(told.contains(line), "'{line}' in:\n{told}");
    }
    let (_, paced) = tell("paced", "verification", &with);
    assert!(!paced.contains("msg/s"), "a schedule's rate is what was asked:\n{paced}");
}

#[test]
fn an_aim_fails_where_no_end_of_the_interval_reaches_it() {
    for (part, least, expected, words) in [
        ("verification", 103, 0, "[1.030 .. 1.150] 98.4 %  aim <= 1.03: holds\n"),
        ("verification", 104, 1, "[1.040 .. 1.150] 98.4 %  aim <= 1.03: does not hold\n"),
        ("all", 105, 0, "[1.050 .. 1.150] 98.4 %  aim <= 1.05: holds\n"),
        ("all", 106, 1, "[1.060 .. 1.150] 98.4 %  aim <= 1.05: does not hold\n"),
    ] {
        let with = [115, 110, least, 109, 111, 112, 113].map(|cpu| (cpu, 100));
        let (code, told) = tell("paced", part, &with);
        assert_eq!(code, Some(expected), "{part} {least}:\n{told}");
        assert!(told.contains(words), "'{words}' in:\n{told}");
    }
    let (code, told) = tell("paced", "hiccups", &[(200, 100); 7]);
    assert_eq!(code, Some(0), "it has no aim: {told}");
    assert!(told.contains("2.000") && !told.contains("aim"), "{told}");
}

#[test]
fn cost_says_what_is_wrong_with_its_options_before_it_builds_anything() {
    for (words, told) in [
        (&["--only", "slack"][..], "--only: got 'slack', need some of: all verification hiccups"),
        (&["--load", "open"], "--load: got 'open', need some of: closed paced"),
        (&["--pairs", "0"], "--pairs: got '0', need 1 to 999"),
        (&["--seconds"], "--seconds: no value given"),
        (&["--fast"], "unknown option --fast"),
    ] {
        assert_misuse("cost", words, told);
    }
}
