//! The judgement of `scripts/shape`: what very many topics, partitions or clients may cost beside one. Whole turns need a broker.

use crate::versus::{assert_misuse, judge};

/// What is noted of a turn, beside what is always the same.
struct Noted {
    kind: &'static str,
    read: u32,
    left: u32,
    all_s: u32,
    cpu_request_us: &'static str,
    cpu_produce_us: &'static str,
    result: u64,
}

const ONE: Noted = Noted {
    kind: "one",
    read: 60_000,
    left: 0,
    all_s: 40,
    cpu_request_us: "100",
    cpu_produce_us: "200",
    result: 90 << 10,
};

/// Ten thousand topics, within all bounds.
const MANY: Noted =
    Noted { kind: "many", all_s: 299, cpu_request_us: "150", result: 9 << 20, ..ONE };

fn tell(turns: &[Noted]) -> (Option<i32>, String) {
    let line = |of: &Noted| {
        let Noted { kind, read, left, all_s, cpu_request_us, cpu_produce_us, result } = of;
        format!(
            "{kind}\t1\t1\tcode=11 plan_s=0.2 all_s={all_s} preparing_s=20.5 readiness_s=3.00 drain_s=0.1 \
             clean-up_s=9 due=60000 acked=60000 read={read} lost=0 created=8 deleted=8 left={left} \
             requests=60000 messages_each=1 cpu_produce_us={cpu_produce_us} cpu_request_us={cpu_request_us} \
             cpu_message_us=90 publish_p99_us=8000 rss=104857600 result={result} limited_by=client\n"
        )
    };
    judge("shape.pl", &turns.iter().map(line).fold("# a head\n".to_owned(), |all, one| all + &one))
}

#[test]
fn what_is_within_all_bounds_is_told_with_its_figures() {
    let (code, told) = tell(&[ONE, MANY]);
    assert_eq!(code, Some(0), "{told}");
    for line in [
        "a head\n",
        "topics created              20.50 s          20.50 s  1.00\n",
        "CPU/request               150.00 us        100.00 us  1.50\n",
        "many: limited by client, exit 11\n",
        "60000 due, 60000 acked, 60000 read, 0 lost, 8 topics created, 8 deleted, exact: holds\n",
        "many took 299.0 s in all, below 300 s: holds\n",
        "result.json: 9.00 MiB, below 10 MiB: holds\n",
        "CPU for each request, many / one: 1.50, at most 1.5: holds\n",
    ] {
        assert!(told.contains(line), "'{line}' in:\n{told}");
    }
}

#[test]
fn each_bound_can_be_broken() {
    for (many, words) in [
        (Noted { read: 59_999, ..MANY }, "exact: does not hold"),
        (Noted { left: 1, ..MANY }, "exact: does not hold"),
        (Noted { all_s: 300, ..MANY }, "below 300 s: does not hold"),
        (Noted { result: 10 << 20, ..MANY }, "below 10 MiB: does not hold"),
        (Noted { cpu_request_us: "151", ..MANY }, "1.51, at most 1.5: does not hold"),
        (
            Noted { cpu_request_us: "-", cpu_produce_us: "302", ..MANY },
            "CPU for each produce request, many / one: 1.51, at most 1.5: does not hold",
        ),
        (
            Noted { cpu_request_us: "-", cpu_produce_us: "-", ..MANY },
            "is not known of any pair: a bound of it: does not",
        ),
    ] {
        let (code, told) = tell(&[ONE, many]);
        assert_eq!(code, Some(1), "{words}:\n{told}");
        assert!(told.contains(words), "'{words}' in:\n{told}");
    }
}

#[test]
fn shape_says_what_is_wrong_with_its_options_before_it_builds_anything() {
    for (words, told) in [
        (&["--topics", "0"][..], "--topics: got '0', need 1 to 99999"),
        (&["--partitions", "many"], "--partitions: got 'many', need 1 to 99999"),
        (&["--rate", "max"], "--rate: got 'max', need 1 to 9999999"),
        (&["--pairs"], "--pairs: no value given"),
        (&["--fast"], "unknown option --fast"),
    ] {
        assert_misuse("shape", words, told);
    }
}
