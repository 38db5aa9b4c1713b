//! Rates that change and arrivals by chance, as a user asks for them and reads of them.

use crate::cli::{Kdyno, alone, findings, number, workload};
use engine::plan::{Pace, PhaseTimes, Varied};
use engine::time::{Arrival, Schedule, Shape, Shaped, Step, Tempo};
use engine::units::{Nanos, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// When the phases of the schedule are that is counted here; a run's are as far apart.
const TIMES: PhaseTimes = PhaseTimes {
    at: Timestamp::from_nanos(1_000_000_000),
    measured: Timestamp::from_nanos(2_000_000_000),
    end: Timestamp::from_nanos(6_000_000_000),
};

/// Bursts by chance, after one second of warm-up, over four.
fn schedule(seed: u64) -> Schedule {
    let step = |rate, millis| Step { rate, lasts: Nanos::from_millis(millis) };
    let bursts = Shape::Bursts { on: step(3_000, 500), off: step(0, 1_000) };
    let tempo = Tempo::Shape(Shaped::new(bursts).expect("it is sound"));
    let varied = Varied::new(tempo, Arrival::Poisson { seed }, Nanos::from_secs(4));
    let pace = Pace::Varied(Arc::new(varied.expect("it sends")));
    pace.schedule(TIMES).expect("it has due times")
}

#[test]
fn bursts_by_chance_are_due_as_their_schedule_has_them_in_every_second() {
    let _alone = alone();
    let ran = Kdyno::new(&["run", "w.yaml", "--rate", "bursts 3k for 500ms, 0 for 1s"])
        .and(&["--warmup", "1s", "--set", "arrival=poisson", "--set", "seed=7"])
        .with_file("w.yaml", &workload("bursts", 5, "4s"))
        .run();
    // On a busy machine sends may be late, which is told; what is due is the same.
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    let schedule = schedule(7);
    let before = |secs| schedule.count_before(TIMES.measured + Nanos::from_secs(secs));
    let warm = schedule.count_before(TIMES.measured);
    let expected = before(4) - warm;
    assert_eq!(result["produced"]["due"], expected, "as the schedule has it");
    assert_eq!(result["produced"]["messages"], expected, "all of it was sent");
    assert_eq!(result["warmup"]["messages"], warm, "at the rate of a burst, by chance too");

    let shape = &result["shape"];
    assert_eq!(shape["kind"], "bursts", "{shape:#}");
    assert_eq!(shape["rate"], "bursts 3k/s for 500ms, 0 for 1s", "{shape:#}");
    assert_eq!((shape["arrival"].as_str(), shape["seed"].as_u64()), (Some("poisson"), Some(7)));
    assert_eq!(shape["asked_messages"], expected, "{shape:#}");
    assert_eq!(shape["due_messages"], expected, "{shape:#}");
    assert_eq!(shape["seconds"], 4, "{shape:#}");
    let seconds = result["intervals"].as_array().expect("a list").iter().take(4);
    let asked: Vec<u64> = seconds.filter_map(|second| second["asked"].as_u64()).collect();
    let due = [0, 1, 2, 3].map(|second| before(second + 1) - before(second));
    assert_eq!(asked, due, "second by second");
    assert_ne!(due[0], 1_500, "it came by chance");
    let target = number(&result, "/produced/target_messages_per_second");
    assert!((target - 1_125.0).abs() < 1.0, "the mean over the four seconds: {target}");
    assert_eq!(result["workload"]["arrival"], "poisson");
    let told = "shape: bursts 3k/s for 500ms, 0 for 1s, poisson, seed 7; ";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    let silent = |code: &String| code.starts_with("second_without");
    assert!(
        !findings(&result).iter().any(silent),
        "a pause is no silence: {:#}",
        result["verdict"]
    );
}

#[test]
fn a_recording_is_replayed_message_by_message() {
    let _alone = alone();
    let trace: String = (0..300).map(|nth| format!("{}ms\n", nth * nth / 50)).collect();
    let ran = Kdyno::new(&["run", "w.yaml", "--rate", "replay trace.txt"])
        .with_file("w.yaml", &workload("trace", 5, "2s"))
        .with_file("trace.txt", &trace)
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    assert_eq!(result["produced"]["due"], 300, "each line of it");
    // 0 to 999 ms, and 1,000 ms and on.
    let asked = |second: usize| result["intervals"][second]["asked"].as_u64();
    assert_eq!((asked(0), asked(1)), (Some(224), Some(76)), "when it was recorded");
    assert_eq!(result["shape"]["kind"], "replay");
    assert_eq!(result["shape"]["seed"], Value::Null, "nothing comes by chance");
}
