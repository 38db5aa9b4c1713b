//! How well lanes add up, and what they share where they do not: named by what was seen, not guessed.

use super::document::{Ceiling, Shared, Throughput};
use crate::report::{float, thousandth};

/// Below this efficiency it is said what the lanes share (requirements R22).
pub(super) const EFFICIENT: f64 = 0.8;

/// Lanes that got less of their cores' time than this were held up by others: what is left to the
/// system on a quiet machine is a hundredth.
const OWN_SHARE: f64 = 0.9;

/// A thread that only spins and was away for more of the time than this had others on its core: what is
/// left to the system on a quiet machine is far less than a hundredth.
const LOST_SHARE: f64 = 0.02;

/// A thread that is on a core for more of the time than this has no time to spare.
const BUSY: f64 = 0.9;

/// From this share of what one thread copies per second on, memory is near its limit: on its way to the
/// embedded broker a byte is copied four times at least (into the client's message, into the socket, out
/// of it, into the broker's log), by several threads.
const COPY_SHARE: f64 = 0.5;

/// A look at a row: what it shows that lanes share.
type Clue = fn(&Throughput, Option<f64>) -> Option<Shared>;

/// All clues, in the order in which they are told.
const CLUES: [Clue; 6] = [siblings, quota, others, broker, clients, memory];

/// Gives every row its efficiency against the row of one lane, and says what is shared.
pub(super) fn judge(rows: &mut [Throughput], copy_bytes_per_second: Option<f64>) {
    let single = |row: &Throughput, of: &[Throughput]| {
        let mut same =
            of.iter().filter(|one| one.of == row.of && one.message_size == row.message_size);
        same.find(|one| one.lanes == 1).map(|one| one.messages_per_second).filter(|one| 0.0 < *one)
    };
    let before = rows.to_vec();
    for row in rows {
        let base = single(row, &before);
        let share = |one: f64| thousandth(row.messages_per_second / (float(row.lanes) * one));
        row.efficiency = base.map(share);
        if row.efficiency.is_some_and(|efficiency| efficiency < EFFICIENT) {
            row.shared = seen(row, copy_bytes_per_second);
        }
    }
}

/// Says so where the host was busy with other things: then the ceiling is too low.
pub(super) fn disturbance(ceiling: &Ceiling) -> Option<String> {
    let lost =
        ceiling.hiccups.as_ref().map(|seen| seen.lost_share).filter(|lost| LOST_SHARE < *lost);
    let away = lost
        .map(|lost| format!("a spinning thread was away for {:.0} % of the time", lost * 100.0));
    let shares = ceiling.throughput.iter().filter_map(|row| row.lanes_cpu_share);
    let least = shares.min_by(f64::total_cmp).filter(|least| *least < OWN_SHARE);
    let short = least.map(|least| format!("lanes got {:.0} % of their cores' time", least * 100.0));
    let clues: Vec<String> = away.into_iter().chain(short).collect();
    (!clues.is_empty()).then(|| {
        format!(
            "this host was busy with other things ({}), so the ceiling is too low and runs may stand \
             above it: measure again when nothing else runs",
            clues.join(", ")
        )
    })
}

fn seen(row: &Throughput, copy_bytes_per_second: Option<f64>) -> Vec<Shared> {
    let found: Vec<Shared> =
        CLUES.iter().filter_map(|clue| clue(row, copy_bytes_per_second)).collect();
    if found.is_empty() {
        return vec![shared("unknown", "nothing that was looked at explains it".to_owned())];
    }
    found
}

fn shared(code: &str, words: String) -> Shared {
    Shared { code: code.to_owned(), words }
}

fn siblings(row: &Throughput, _copy: Option<f64>) -> Option<Shared> {
    (row.physical_cores < row.lanes).then(|| {
        let words = format!(
            "{} lanes run on {} physical cores: threads of one share what it computes with",
            row.lanes, row.physical_cores
        );
        shared("physical_cores", words)
    })
}

fn quota(row: &Throughput, _copy: Option<f64>) -> Option<Shared> {
    let periods = row.throttled_periods.filter(|periods| 0 < *periods)?;
    let words = format!("the cgroup's quota was used up in {periods} periods");
    Some(shared("quota", words))
}

fn others(row: &Throughput, _copy: Option<f64>) -> Option<Shared> {
    let got = row.lanes_cpu_share.filter(|got| *got < OWN_SHARE)?;
    let words = format!(
        "the lanes got {:.0} % of their cores' time: other programs, or the host of this virtual \
         machine, had the rest",
        got * 100.0
    );
    Some(shared("other_programs", words))
}

fn broker(row: &Throughput, _copy: Option<f64>) -> Option<Shared> {
    let busy = row.broker_cpu_share.filter(|busy| BUSY < *busy)?;
    let words = format!(
        "the embedded broker has one thread for all lanes, and it was busy for {:.0} % of the time",
        busy * 100.0
    );
    Some(shared("broker_thread", words))
}

fn clients(row: &Throughput, _copy: Option<f64>) -> Option<Shared> {
    row.shares_cores.then(|| {
        let words = "the clients' own threads, or other lanes, run on the lanes' cores".to_owned();
        shared("client_threads", words)
    })
}

/// The null sink leaves bodies where they are: only bytes that are copied can be too many.
fn memory(row: &Throughput, copy: Option<f64>) -> Option<Shared> {
    let copy =
        copy.filter(|copy| row.of != "loopback" && COPY_SHARE * copy <= row.bytes_per_second)?;
    let words = format!(
        "{:.1} GB/s are {:.0} % of what one thread copies on this host, and each byte is copied \
         several times",
        row.bytes_per_second / 1e9,
        row.bytes_per_second / copy * 100.0
    );
    Some(shared("memory", words))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ceiling, row};
    use super::{Ceiling, Throughput, disturbance, judge};

    /// The codes of what two lanes share that do `speed` where one does a million.
    fn codes(speed: f64, change: impl Fn(&mut Throughput)) -> Vec<String> {
        let mut two = row("embedded", 2, 1_000, speed);
        change(&mut two);
        let mut rows = [row("embedded", 1, 1_000, 1e6), two];
        judge(&mut rows, Some(10e9));
        assert_eq!(
            (rows[0].efficiency, rows[0].shared.len()),
            (Some(1.0), 0),
            "one lane is itself"
        );
        rows[1].shared.iter().map(|shared| shared.code.clone()).collect()
    }

    #[test]
    fn efficiency_is_what_lanes_do_together_against_as_many_times_one() {
        let mut rows = [
            row("loopback", 1, 100, 8e6),
            row("loopback", 2, 100, 15e6),
            row("loopback", 4, 100, 16e6),
            row("loopback", 2, 65_536, 8e6),
            row("embedded", 1, 100, 1e6),
            row("embedded", 2, 100, 1.6e6),
        ];
        judge(&mut rows, None);
        let got: Vec<Option<f64>> = rows.iter().map(|row| row.efficiency).collect();
        let expected = [Some(1.0), Some(0.938), Some(0.5), None, Some(1.0), Some(0.8)];
        assert_eq!(got, expected, "within sink and size; without one lane there is none");
        let named: Vec<usize> = rows.iter().map(|row| row.shared.len()).collect();
        assert_eq!(named, [0, 0, 1, 0, 0, 0], "named below 0.8 alone");
    }

    #[test]
    fn what_is_shared_is_named_by_what_was_seen() {
        let check = |change: fn(&mut Throughput), expected: &[&str]| {
            assert_eq!(codes(1e6, change), expected, "half as good as one");
            assert_eq!(codes(1.6e6, change), [""; 0], "good enough: nothing is named");
        };
        check(|_| {}, &["unknown"]);
        check(|row| row.physical_cores = 1, &["physical_cores"]);
        check(|row| row.throttled_periods = Some(3), &["quota"]);
        check(|row| row.throttled_periods = Some(0), &["unknown"]);
        check(|row| row.lanes_cpu_share = Some(0.7), &["other_programs"]);
        check(|row| row.lanes_cpu_share = Some(0.97), &["unknown"]);
        check(|row| row.broker_cpu_share = Some(0.97), &["broker_thread"]);
        check(|row| row.broker_cpu_share = Some(0.6), &["unknown"]);
        check(|row| row.shares_cores = true, &["client_threads"]);
        check(|row| row.bytes_per_second = 6e9, &["memory"]);
        check(|row| row.bytes_per_second = 4e9, &["unknown"]);
        let both = |row: &mut Throughput| {
            (row.shares_cores, row.broker_cpu_share) = (true, Some(0.99));
        };
        check(both, &["broker_thread", "client_threads"]);
    }

    #[test]
    fn a_host_that_was_busy_with_other_things_is_told() {
        let check = |change: fn(&mut Ceiling), words: &[&str]| {
            let mut measured = ceiling();
            change(&mut measured);
            let told = disturbance(&measured);
            assert_eq!(told.is_some(), !words.is_empty(), "{told:?}");
            let told = told.unwrap_or_default();
            assert!(words.iter().all(|word| told.contains(word)), "{told}");
        };
        check(|_| {}, &[]);
        check(|of| of.hiccups = None, &[]);
        check(|of| of.throughput[0].lanes_cpu_share = Some(0.96), &[]);
        check(|of| of.throughput[0].lanes_cpu_share = Some(0.26), &["lanes got 26 %", "too low"]);
        let lose = |of: &mut Ceiling| {
            of.throughput[1].lanes_cpu_share = Some(0.5);
            of.hiccups.iter_mut().for_each(|seen| seen.lost_share = 0.483);
        };
        check(lose, &["away for 48 % of the time, lanes got 50 %"]);
    }

    #[test]
    fn the_null_sink_copies_nothing_and_is_never_short_of_memory() {
        let mut rows = [row("loopback", 1, 65_536, 9e6), row("loopback", 2, 65_536, 9e6)];
        judge(&mut rows, Some(10e9));
        assert_eq!(rows[1].shared[0].code, "unknown", "590 GB/s that nobody touched");
    }
}
