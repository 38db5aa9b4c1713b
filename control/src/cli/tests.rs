//! Lines as they are typed.

use super::lanes::cores;
use super::{Command, Format, LogLevel, RunFlags, TopicsCommand, parse};
use crate::assertion;
use crate::spec::FieldFlag;
use engine::plan::{ClientCount, WaitChoice};
use engine::time::{ClockChoice, WaitMode};
use std::path::PathBuf;

fn command(line: &str) -> Result<Command, clap::Error> {
    parse(line.split_whitespace().map(Into::into))
}

fn run(line: &str) -> RunFlags {
    match command(line).expect(line) {
        Command::Run(flags) => *flags,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn flags_become_an_order() {
    let order = run(
        "kdyno run a.yaml b.yaml --driver d.yaml --bootstrap-server h:1 --rate 50k/s --duration 30s \
         --warmup 0s --message-size 1KiB --set topics=3 --set driver.linger.ms=5 --cores 2-4,7 \
         --io-cores 0 --clock os --wait sleep --clients 3 --config b.yaml --output out --keep-topics --topic t \
         --topic u --in-flight 10 --monitor 5s --log-level warning --assert lost==0 --assert rate>=1 \
         --abort-on-fail 5s --junit j.xml",
    )
    .order();
    assert_eq!(order.workloads, ["a.yaml", "b.yaml"].map(PathBuf::from));
    assert_eq!(order.driver.file, Some("d.yaml".into()));
    assert_eq!(order.driver.bootstrap_servers.as_deref(), Some("h:1"));
    assert_eq!(order.benchmark, Some("b.yaml".into()));
    let flag = |flag: &str, field: &str, value: &str| FieldFlag {
        flag: flag.to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
    };
    let expected = [
        flag("--rate", "producerRate", "50k/s"),
        flag("--duration", "testDuration", "30s"),
        flag("--warmup", "warmupDuration", "0s"),
        flag("--message-size", "messageSize", "1KiB"),
    ];
    assert_eq!(order.flags, expected);
    assert_eq!(order.sets, ["topics=3", "driver.linger.ms=5"]);
    assert_eq!(order.topics, ["t", "u"]);
    assert_eq!((order.in_flight, order.keep_topics), (Some(10), true));
    assert_eq!(order.wishes.cores, Some(vec![2, 3, 4, 7]));
    assert_eq!(order.wishes.io_cores, Some(vec![0]));
    assert_eq!(order.wishes.wait, WaitChoice::Fixed(WaitMode::Sleep));
    assert_eq!(order.wishes.clients, ClientCount::Number(3));
    assert_eq!(order.clock, ClockChoice::Os);
    assert_eq!(order.monitor.as_deref(), Some("5s"));
    assert_eq!(order.checks.assertions, ["lost==0", "rate>=1"]);
    assert_eq!(order.checks.abort_on_fail.as_deref(), Some("5s"));
    assert_eq!(order.checks.junit, Some("j.xml".into()));
    assert_eq!(order.results_dir, Some("out".into()));
    assert_eq!(order.log_level, Some(LogLevel::Warning));
}

#[test]
fn without_flags_everything_is_at_its_default() {
    let flags = run("kdyno run w.yaml");
    assert_eq!((flags.output.format, flags.output.log.log_format), (Format::Text, Format::Text));
    assert!(!flags.dry_run && !flags.output.log.quiet && !flags.keep_topics, "no switch is on");
    let order = flags.order();
    assert!(
        order.flags.is_empty() && order.sets.is_empty() && order.topics.is_empty(),
        "no fields"
    );
    assert_eq!((order.driver.file, order.driver.bootstrap_servers), (None, None));
    assert_eq!((order.wishes.wait, order.wishes.clients), (WaitChoice::Auto, ClientCount::Shared));
    assert_eq!(order.clock, ClockChoice::Auto);
    assert_eq!(order.monitor, None);
    assert!(order.checks.assertions.is_empty() && order.checks.junit.is_none(), "no checks");
    assert_eq!(order.checks.abort_on_fail, None);
    assert_eq!((order.results_dir, order.log_level), (None, None));
}

#[test]
fn a_negative_rate_reaches_the_check_of_fields() {
    assert_eq!(run("kdyno run w.yaml --rate -1").order().flags[0].value, "-1");
}

#[test]
fn other_commands_are_read() {
    let Command::Validate(flags) = command("kdyno validate a b").expect("legal") else {
        panic!("validate");
    };
    assert_eq!(flags.files, ["a", "b"].map(PathBuf::from));
    let line = "kdyno topics clean t_1_00ff --bootstrap-server h:1";
    let Command::Topics(TopicsCommand::Clean(clean)) = command(line).expect("legal") else {
        panic!("topics clean");
    };
    assert_eq!(clean.test_id.as_deref(), Some("t_1_00ff"));
    assert_eq!(clean.source().bootstrap_servers.as_deref(), Some("h:1"));
    let Command::Workloads(one) = command("kdyno workloads simple").expect("legal") else {
        panic!("workloads");
    };
    assert_eq!((one.name.as_deref(), one.format), (Some("simple"), Format::Text));
    let Command::Drivers(list) = command("kdyno drivers --format json").expect("legal") else {
        panic!("drivers");
    };
    assert_eq!((list.name.as_deref(), list.format), (None, Format::Json));
}

#[test]
fn usage_faults_exit_2_and_help_exits_0() {
    let check = |line: &str, exit_code: i32, word: &str| {
        let error = command(line).expect_err(line);
        assert_eq!(error.exit_code(), exit_code, "{line}");
        assert_eq!(error.use_stderr(), exit_code != 0, "{line}");
        assert!(error.to_string().contains(word), "{line}: {error}");
    };
    check("kdyno", 2, "Usage: kdyno");
    check("kdyno run", 2, "WORKLOAD");
    check("kdyno fly", 2, "fly");
    check("kdyno run w --rte 5", 2, "--rate");
    check("kdyno run w --wait never", 2, "auto, spin, sleep");
    check("kdyno run w --clients 0", 2, "need shared, each or a number above 0");
    check("kdyno run w --cores 4-2", 2, "runs backwards");
    check("kdyno run w --clock sun", 2, "os, tsc");
    check("kdyno run w --in-flight 0", 2, "in-flight");
    check("kdyno run w --format xml", 2, "text, json");
    check("kdyno run w --log-level loud", 2, "debug, info, warning, error");
    check("kdyno run w --on-worker-loss wait", 2, "fail, degrade, reassign");
    check("kdyno worker --listen x", 2, "need an IP address and a port");
    check("kdyno worker --help", 0, "KDYNO_TOKEN");
    check("kdyno validate", 2, "FILE");
    check("kdyno workloads simple --format json", 2, "cannot be used with");
    check("kdyno workloads --help", 0, "kdyno workloads simple > my.yaml");
    check("kdyno drivers --help", 0, "kdyno drivers kafka-latency > my.yaml");
    check("kdyno topics", 2, "clean");
    check("kdyno --help", 0, "Examples:");
    check("kdyno run --help", 0, "Exit codes:");
    check("kdyno --version", 0, concat!("kdyno ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_says_all_that_a_run_answers() {
    let help = command("kdyno run --help").expect_err("help").to_string();
    let (_, listen) = help.split_once("--listen <ADDRESS:PORT>").expect("the flag");
    let (listen, metrics) = listen.split_once("--metrics <ADDRESS:PORT>").expect("the next flag");
    assert!(listen.contains("POST /mark") && listen.contains("GET /metrics"), "{listen}");
    assert!(metrics.contains("GET /metrics"), "{metrics}");
}

#[test]
fn help_names_every_metric_and_every_exit_code() {
    let help = command("kdyno run --help").expect_err("help").to_string();
    let mut words: Vec<&str> =
        help.split(|c: char| !(c.is_alphanumeric() || "._".contains(c))).collect();
    words.sort_unstable();
    for (name, _) in assertion::short_names() {
        let (span, statistic) = name.split_once('.').unwrap_or((name.as_str(), "p99"));
        // In a name a point may stand as an underscore, which is not repeated.
        let statistic = statistic.replacen("p99_", "p99.", 1);
        for word in [span, statistic.as_str()] {
            assert!(words.binary_search(&word).is_ok(), "{word} of {name} in {help}");
        }
    }
    for code in [0, 1, 2, 10, 11, 12, 13, 15, 130] {
        assert!(words.binary_search(&code.to_string().as_str()).is_ok(), "{code} in {help}");
    }
}

#[test]
fn cores_are_numbers_and_ranges() {
    let check = |text: &str, expected: Option<&[usize]>| {
        assert_eq!(cores(text).ok().map(|cores| cores.0).as_deref(), expected, "{text}");
    };
    check("3", Some(&[3]));
    check("2-4", Some(&[2, 3, 4]));
    check("0, 2,4-5", Some(&[0, 2, 4, 5]));
    check("", None);
    check("1,", None);
    check("1-", None);
    check("-1", None);
    check("1,1", None);
    check("0-2,1", None);
    check("0-4096", None);
    check("a", None);
}
