//! The judgement of `scripts/soak`: what memory, files and exit code of a run must be. Whole runs need a
//! release build and an hour.

use crate::versus::{assert_misuse, judge};

const MIB: u64 = 1 << 20;

/// What is noted of a run: its memory in KiB, read every 30 s from its start to after its end.
struct Notes {
    minutes: u64,
    code: u32,
    memory: fn(u64) -> u64,
    result: u64,
    page: u64,
}

/// An hour without a fault.
const FINE: Notes =
    Notes { minutes: 60, code: 0, memory: |_| 100 << 10, result: 7 * MIB, page: MIB / 4 };

/// In KiB: 100 MiB in the second quarter of an hour, `then` in the last, and other times far more.
fn grown(second: u64, then: u64) -> u64 {
    match second {
        905..1805 => 100 << 10,
        2705..3605 => then,
        _ => 1 << 20,
    }
}

fn tell(notes: &Notes) -> (Option<i32>, String) {
    let Notes { minutes, code, memory, result, page } = notes;
    let mut text = "# a head\n".to_owned();
    for second in (0..minutes * 60 + 120).step_by(30) {
        text += &format!("memory\t{second}\t{}\n", memory(second));
    }
    text += &format!("run\t5\t{}\t{code}\n", minutes * 60);
    text += &format!("size\tresult.json\t{result}\nsize\treport.html\t{page}\n");
    judge("soak.pl", &text)
}

#[test]
fn soak_tells_memory_by_its_quarters_and_the_sizes() {
    let (code, told) = tell(&Notes { memory: |second| grown(second, 104 << 10), ..FINE });
    assert_eq!(code, Some(0), "{told}");
    for line in [
        "a head\n",
        "a run of 60 minutes, exit code 0: holds\n",
        "100.0 MiB in the second quarter, 104.0 MiB in the last (+4.0 MiB, 2330 bytes a second), \
         at most 109.0 MiB: holds\n",
        "result.json: 7.00 MiB, below 10 MiB: holds\n",
        "report.html: 0.25 MiB, below 1 MiB: holds\n",
    ] {
        assert!(told.contains(line), "'{line}' in:\n{told}");
    }
}

#[test]
fn soak_fails_by_each_of_its_bounds() {
    for (notes, expected, words) in [
        (Notes { memory: |second| grown(second, 109 << 10), ..FINE }, 0, "109.0 MiB: holds"),
        (Notes { memory: |second| grown(second, (109 << 10) + 1), ..FINE }, 1, "does not hold"),
        (Notes { result: 10 * MIB, ..FINE }, 1, "below 10 MiB: does not hold"),
        (Notes { page: MIB, ..FINE }, 1, "below 1 MiB: does not hold"),
        (Notes { page: MIB - 1, ..FINE }, 0, "below 1 MiB: holds"),
        (Notes { code: 11, ..FINE }, 0, "exit code 11: holds"),
        (Notes { code: 12, ..FINE }, 1, "exit code 12: does not hold"),
    ] {
        let (code, told) = tell(&notes);
        assert_eq!(code, Some(expected), "{told}");
        assert!(told.contains(words), "'{words}' in:\n{told}");
    }
    let (code, told) = judge("soak.pl", "memory\t0\t5000\nrun\t5\t3600\t1\n");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("nothing was read in the second quarter or in the last"), "{told}");
}

#[test]
fn sizes_are_bounds_of_an_hour_alone() {
    let (code, told) = tell(&Notes { minutes: 30, result: 20 * MIB, ..FINE });
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("20.00 MiB, judged at 60 minutes: below 10 MiB\n"), "{told}");
    let growing = tell(&Notes { minutes: 30, memory: |second| second << 10, ..FINE });
    assert_eq!(growing.0, Some(1), "memory is judged all the same: {}", growing.1);
}

#[test]
fn soak_says_what_is_wrong_with_its_options_before_it_builds_anything() {
    for (words, told) in [
        (&["--minutes", "0"][..], "--minutes: got '0', need 1 to 9999"),
        (&["--rate", "fast"], "--rate: got 'fast', need messages a second, e.g. 1k"),
        (&["--bootstrap-server"], "--bootstrap-server: no value given"),
        (&["--fast"], "unknown option --fast"),
    ] {
        assert_misuse("soak", words, told);
    }
}
