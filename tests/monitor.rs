//! The monitor agrees with what /proc says of the same time.
//!
//! A load of known kind goes on in this process: a thread burns a core, others write a file and speak
//! over the loopback. How much of it the machine lets happen is read from /proc by this test itself,
//! so that a busy machine changes both sides alike.

use control::monitor::{Monitor, Observation, Sample};
use control::report::{Spread, System};
use engine::plan::{Plan, Wishes};
use engine::run::Event;
use engine::time::{Clock, ClockSource, RunClock};
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::plan;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

/// Long enough for a reading of the processors at each look.
const PERIOD: Nanos = Nanos::from_millis(250);

/// How long the load lasts: of up to 19 looks the 95th percentile is the greatest.
const LOAD: Nanos = Nanos::from_secs(3);

/// What is written, and what is sent, in as many equal pieces.
const BYTES: usize = 100_000_000;
const PIECES: usize = 100;

/// One test, since the figures are the process's.
#[test]
fn the_monitor_agrees_with_proc() {
    let plan = plan(small("monitor", 1, 1_000), &Wishes::default());
    let clock = RunClock::anchored(ClockSource::Os);
    let monitor = Monitor::start(PERIOD, &plan, clock).expect("threads can be started");
    rest(clock, clock.now() + PERIOD);
    let before = Proc::read();
    monitor.hear(&Event::Measuring { from: clock.now(), length: LOAD });
    // The first look is at an idle process, so that all of the load lies between two looks.
    rest(clock, clock.now() + Nanos::from_millis(50));
    let from = clock.now();
    load(clock, from + LOAD);
    // By now all of it is over, also what waited for the disk.
    rest(clock, clock.now() + PERIOD);
    let seen = monitor.stop().expect("it answers");
    let after = Proc::read();
    the_check_is_able_to_fail(&seen, &before, &after);
    totals_agree(&seen, &before, &after);
    figures_agree(&plan, &seen, (&before, &after));
    the_order_holds(&plan, &seen, (from, from + LOAD));
}

/// All that flowed, summed over the looks, against the difference of two readings of /proc.
fn totals_agree(seen: &Observation, before: &Proc, after: &Proc) {
    let total = |read: &dyn Fn(&Sample) -> u64| seen.samples.iter().map(read).sum::<u64>();
    let cpu = total(&|of| of.process_cpu.0);
    // The kernel shows processor time in ticks of 10 ms.
    let tick = 2 * 10_000_000;
    near("processor time", cpu, after.cpu_nanos - before.cpu_nanos, tick);
    assert!(LOAD.0 / 20 < cpu, "a core was burnt, however little there was of it: {cpu} ns");
    let loopback = |of: &Sample| of.loopback.expect("there is a loopback");
    let (sent, received) = (total(&|of| loopback(of).sent.0), total(&|of| loopback(of).received.0));
    near("loopback sent", sent, after.sent - before.sent, 100_000);
    near("loopback received", received, after.received - before.received, 100_000);
    let all = u64::try_from(BYTES).expect("it fits");
    assert!(all <= sent && all <= received, "all of ours went through: {sent} and {received}");
    if let Some((was, is)) = before.written.zip(after.written) {
        let written = total(&|of| of.process_disk.expect("/proc/self/io is there").written.0);
        near("written by the process", written, is - was, 1_000_000);
    }
    // A file system in memory is on no device, and neither is one of another host.
    let devices = before.devices.zip(after.devices);
    if let Some((was, is)) = devices.filter(|_| seen.samples.iter().all(|of| of.disk.is_some())) {
        let written = total(&|of| of.disk.map_or(0, |disk| disk.written.0));
        near("written to devices", written, is - was, 4_000_000);
    }
}

/// The figures of the report, averages over all looks.
fn figures_agree(plan: &Plan, seen: &Observation, (before, after): (&Proc, &Proc)) {
    let (first, last) = (&seen.samples[0], &seen.samples[seen.samples.len() - 1]);
    let begun = first.at.before(first.span);
    let time = begun.until(last.at).as_secs_f64();
    let system = System::of(plan, seen, (begun, last.at));
    assert_eq!(system.samples, seen.samples.len(), "all looks are in it");
    let known = |spread: Option<Spread>| spread.expect("it was measured");
    let cpu = Nanos(after.cpu_nanos - before.cpu_nanos).as_secs_f64();
    let process = known(system.cpu.whole.process_cpu_cores);
    close("cores of the process", process.avg, cpu / time, 0.02);
    let loopback = known(system.network.loopback_sent_bytes_per_second);
    close("loopback sent", loopback.avg, figure(after.sent - before.sent) / time, 1e5);
    let host = known(system.cpu.whole.cpu_cores);
    close("cores of the host", host.avg, (after.busy_s - before.busy_s) / time, 0.2);
    let resident = known(system.memory.resident_bytes);
    close("resident", resident.max, figure(after.resident), 16e6);
    let memory = known(system.memory.host_memory_bytes);
    close("memory of the host", memory.avg, figure(after.host_memory), 2e8);
    let lanes = &system.cpu.lane_cores;
    assert!(!lanes.is_empty(), "lanes have cores: {system:?}");
    for lane in lanes {
        let busy = lane.cpu_cores.expect("it was measured");
        assert!((0.0..=1.0).contains(&busy.min) && busy.max <= 1.0, "a share: {lane:?}");
    }
}

/// Of the looks during the load alone, so that it is steady.
fn the_order_holds(plan: &Plan, seen: &Observation, phase: (Timestamp, Timestamp)) {
    let system = System::of(plan, seen, phase);
    assert!((4..=19).contains(&system.samples), "as many as there were periods: {system:?}");
    let mut spreads = 0;
    let json = serde_json::to_value(&system).expect("a system is JSON");
    each_spread(&json, &mut |min, avg, p95, max| {
        spreads += 1;
        assert!(min <= avg && avg <= p95 && p95 <= max, "{min} {avg} {p95} {max}: {json:#}");
    });
    assert!(10 <= spreads, "most figures are there: {json:#}");
}

/// What would be seen of a wrong monitor.
fn the_check_is_able_to_fail(seen: &Observation, before: &Proc, after: &Proc) {
    let mut wrong = seen.clone();
    wrong.samples.iter_mut().for_each(|sample| sample.process_cpu.0 *= 2);
    let caught = std::panic::catch_unwind(|| totals_agree(&wrong, before, after));
    assert!(caught.is_err(), "twice the processor time is not what /proc says");
}

/// Every object that has the four numbers.
fn each_spread(value: &Value, check: &mut dyn FnMut(f64, f64, f64, f64)) {
    let number = |name: &str| value.get(name).and_then(Value::as_f64);
    let all = [number("min"), number("avg"), number("p95"), number("max")];
    if let [Some(min), Some(avg), Some(p95), Some(max)] = all {
        check(min, avg, p95, max);
    }
    let inner: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    };
    inner.into_iter().for_each(|of| each_spread(of, check));
}

/// Within a tenth, and what the kernel rounds or others did in the moments at both ends.
fn near(what: &str, monitor: u64, proc: u64, slack: u64) {
    assert!(
        monitor.abs_diff(proc) <= proc / 10 + slack,
        "{what}: {monitor} by the monitor, {proc} by /proc"
    );
}

/// The same for figures.
fn close(what: &str, monitor: f64, proc: f64, slack: f64) {
    assert!(
        (monitor - proc).abs() <= proc / 10.0 + slack,
        "{what}: {monitor} by the monitor, {proc} by /proc"
    );
}

/// A count as a figure, through its digits: no cast says when it rounds.
fn figure(count: u64) -> f64 {
    count.to_string().parse().expect("digits are a number")
}

fn rest(clock: RunClock, until: Timestamp) {
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
}

/// Burns a core, writes and sends, each by a thread, evenly until a moment.
fn load(clock: RunClock, until: Timestamp) {
    let began = clock.now();
    let step = Nanos(began.until(until).0 / u64::try_from(PIECES).expect("it fits"));
    let pieces = || {
        (0_u64..).take(PIECES).map(move |piece| {
            rest(clock, began + Nanos(step.0 * piece));
            vec![7_u8; BYTES / PIECES]
        })
    };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut burnt = 0_u64;
            while clock.now() < until {
                burnt = (0..10_000).fold(burnt, |sum, turn| black_box(sum.wrapping_mul(3) + turn));
            }
        });
        scope.spawn(move || {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
            let file = tempfile::NamedTempFile::new_in(folder).expect("the folder is ours");
            for (number, piece) in pieces().enumerate() {
                file.as_file().write_all(&piece).expect("there is room");
                // Now and then, so that the device is busy meanwhile and not only at the end.
                if number % 10 == 9 {
                    file.as_file().sync_all().expect("the file is ours");
                }
            }
        });
        scope.spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody connects");
            let mut read = vec![0; 1 << 16];
            let mut all = 0;
            while let Ok(count @ 1..) = stream.read(&mut read) {
                all += count;
            }
            assert_eq!(all, BYTES, "all that was sent");
        });
        let mut stream = TcpStream::connect(address).expect("somebody listens");
        pieces().for_each(|piece| stream.write_all(&piece).expect("somebody reads"));
    });
}

/// What /proc says so far.
struct Proc {
    /// User and system time of this process.
    cpu_nanos: u64,
    /// The same of everybody, in seconds, with what the hypervisor kept.
    busy_s: f64,
    /// Bytes through the loopback.
    received: u64,
    sent: u64,
    /// Bytes that this process wrote to storage; `None` where that is not counted.
    written: Option<u64>,
    /// Bytes written to mounted devices; `None` where none is counted.
    devices: Option<u64>,
    resident: u64,
    host_memory: u64,
}

impl Proc {
    fn read() -> Self {
        let stat = text("/proc/self/stat").expect("Linux");
        // The program's name may hold blanks; what follows it is field 3.
        let (_, fields) = stat.rsplit_once(')').expect("the name is in parentheses");
        let fields: Vec<&str> = fields.split_whitespace().collect();
        // utime and stime, fields 14 and 15, by 100 ticks a second.
        let ticks = [fields[11], fields[12]].map(|field| field.parse::<u64>().expect("a number"));
        let cpu_nanos = (ticks[0] + ticks[1]) * (NANOS_PER_SECOND / 100);
        let all = text("/proc/stat").expect("Linux");
        let cpu = numbers(all.lines().next().expect("a line").trim_start_matches("cpu"));
        // Without idle and iowait; guests are in user and nice already.
        let busy = cpu[0] + cpu[1] + cpu[2] + cpu[5] + cpu[6] + cpu[7];
        let net = text("/proc/net/dev").expect("Linux");
        let lo = net.lines().find_map(|line| line.trim_start().strip_prefix("lo:"));
        let lo = numbers(lo.expect("there is a loopback"));
        let status = text("/proc/self/status").expect("Linux");
        let memory = text("/proc/meminfo").expect("Linux");
        let io = text("/proc/self/io");
        let kibibytes = |text: &str, name: &str| 1_024 * value(text, name).expect("Linux");
        Self {
            cpu_nanos,
            busy_s: figure(busy) / 100.0,
            received: lo[0],
            sent: lo[8],
            written: io.and_then(|io| value(&io, "write_bytes:")),
            devices: devices(),
            resident: kibibytes(&status, "VmRSS:"),
            host_memory: kibibytes(&memory, "MemTotal:") - kibibytes(&memory, "MemAvailable:"),
        }
    }
}

fn text(path: &str) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.read_to_string(&mut text).ok().map(|_| text)
}

fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace().map_while(|word| word.parse().ok()).collect()
}

/// The number behind a name at the beginning of a line.
fn value(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Bytes written to every mounted device so far.
fn devices() -> Option<u64> {
    let mounts = text("/proc/mounts")?;
    let mounted: BTreeSet<String> = mounts
        .lines()
        .filter_map(|line| std::fs::canonicalize(line.split_whitespace().next()?).ok())
        .filter_map(|path| Some(path.strip_prefix("/dev").ok()?.to_str()?.to_owned()))
        .collect();
    let stats = text("/proc/diskstats")?;
    let written = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let sectors: u64 = words.get(9)?.parse().ok()?;
        mounted.contains(*words.get(2)?).then_some(sectors * 512)
    };
    let all: Vec<u64> = stats.lines().filter_map(written).collect();
    (!all.is_empty()).then(|| all.iter().sum())
}
