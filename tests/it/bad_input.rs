//! Bad input: told at once and in whole, exit 2, nothing created, nobody contacted.

use crate::cli::Kdyno;
use crate::golden;
use crate::silent::Silent;

/// A workload that is fine.
const GOOD: &str = "name: good\ntopics: 1\npartitionsPerTopic: 4\nmessageSize: 100\n\
    producersPerTopic: 1\nsubscriptionsPerTopic: 1\nconsumerPerSubscription: 1\n\
    producerRate: 1000\ntestDurationMinutes: 1\n";

/// Bad input by name: the words after `kdyno run`, and the files beside it.
type Case<'case> = (&'case str, &'case [&'case str], &'case [(&'case str, &'case str)]);

/// Runs each case in a folder of its own and compares all that is said with a golden file.
fn check(golden: &str, cases: &[Case<'_>]) {
    let mut told = String::new();
    for (name, words, files) in cases {
        let stderr = refused(name, words, files);
        told += &format!("== {name}\n$ kdyno run {}\n{stderr}\n", words.join(" "));
    }
    golden::check(golden, &told);
}

/// What is said to bad input; nothing is created, nobody is contacted.
fn refused(name: &str, words: &[&str], files: &[(&str, &str)]) -> String {
    let silent = Silent::listen();
    let address = silent.address();
    let mut kdyno = Kdyno::new(&["run"]).and(words).with_file("good.yaml", GOOD);
    if !words.contains(&"--driver") {
        kdyno = kdyno.and(&["--bootstrap-server", &address]);
    }
    let mut there = vec!["good.yaml".to_owned()];
    for (file, text) in files {
        kdyno = kdyno.with_file(file, &text.replace("ADDRESS", &address));
        there.push((*file).to_owned());
    }
    there.sort();
    there.dedup();
    let ran = kdyno.run();
    assert_eq!(ran.code, 2, "{name}: exit code\n{}", ran.stderr);
    assert_eq!(ran.stdout, "", "{name}: stdout");
    assert_eq!(ran.files(), there, "{name}: nothing is created");
    silent.was_left_alone();
    golden::steady(&ran.stderr)
}

#[test]
fn every_fault_of_a_workload_is_told_at_once_and_nothing_is_created() {
    check(
        "bad-workloads.txt",
        &[
            (
                "every field wrong",
                &["w.yaml"],
                &[(
                    "w.yaml",
                    "name: bad\ntopics: 0\npartitionsPerTopic: 0\nmessageSize: 0\n\
                     producersPerTopic: one\nsubscriptionsPerTopic: [1]\n\
                     consumerPerSubscriptoin: 1\nproducerRate: -1\ntestDurationMinutes: 0\n",
                )],
            ),
            ("duplicate keys", &["w.yaml"], &[("w.yaml", &format!("{GOOD}topics: 2\n"))]),
            ("no such file", &["none.yaml"], &[]),
            ("an empty file", &["w.yaml"], &[("w.yaml", "")]),
            ("a list", &["w.yaml"], &[("w.yaml", "- topics: 1\n")]),
            ("no YAML", &["w.yaml"], &[("w.yaml", "topics: [1\n")]),
            (
                "a payload of the wrong length",
                &["w.yaml"],
                &[
                    (
                        "w.yaml",
                        &format!("{GOOD}payloadFile: p.data\nuseRandomizedPayloads: false\n"),
                    ),
                    ("p.data", "five\n"),
                ],
            ),
            (
                "a payload that is not there",
                &["w.yaml"],
                &[(
                    "w.yaml",
                    &format!("{GOOD}payloadFile: p.data\nuseRandomizedPayloads: false\n"),
                )],
            ),
            (
                "two files, both bad",
                &["v.yaml", "w.yaml", "--driver", "d.yaml"],
                &[
                    ("v.yaml", &GOOD.replace("topics: 1", "topics: none")),
                    ("w.yaml", &GOOD.replace("messageSize: 100", "messageSize: 1.5")),
                    ("d.yaml", "name: d\ndriverClass: pulsar\n"),
                ],
            ),
        ],
    );
}

/// A driver file with this text in its producer's properties.
fn driver(properties: &str) -> String {
    format!(
        "name: d\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers=ADDRESS\n\
         producerConfig: |\n  client.id=x\n  {}\n",
        properties.replace('\n', "\n  ")
    )
}

#[test]
fn every_fault_of_a_driver_is_told_at_once_with_its_line_and_nothing_is_created() {
    let words: &[&str] = &["good.yaml", "--driver", "d.yaml"];
    let one = |properties: &str| driver(properties);
    check(
        "bad-drivers.txt",
        &[
            (
                "every property wrong",
                words,
                &[(
                    "d.yaml",
                    &one("acks=2\nbatch.size=0\nenable.idempotence=maybe\nlingr.ms=1\n\
                         compression.type=brotli\nno separator=\n"),
                )],
            ),
            ("a size in words", words, &[("d.yaml", &one("batch.size=64K"))]),
            ("beyond 32 bits", words, &[("d.yaml", &one("batch.size=4294967396"))]),
            ("a unit", words, &[("d.yaml", &one("linger.ms=5 ms"))]),
            ("acks with a tail", words, &[("d.yaml", &one("acks=1abc"))]),
            ("no switch", words, &[("d.yaml", &one("enable.idempotence=maybe"))]),
            (
                "no bootstrap.servers",
                words,
                &[("d.yaml", "name: d\ndriverClass: kafka\nproducerConfig: |\n  acks=all\n")],
            ),
            (
                "an unknown class",
                words,
                &[("d.yaml", "name: d\ndriverClass: io.openmessaging.benchmark.driver.pulsar.P\n")],
            ),
            (
                "an unknown field and a duplicate",
                words,
                &[(
                    "d.yaml",
                    "name: d\ndriverClass: kafka\nreplicationFacto: 1\n\
                     commonConfig: |\n  bootstrap.servers=ADDRESS\ncommonConfig: |\n  client.id=x\n",
                )],
            ),
            ("no such driver", words, &[]),
            ("an empty driver", words, &[("d.yaml", "# nothing\n")]),
        ],
    );
}

#[test]
fn every_nonsense_of_workers_is_refused_and_nothing_is_created() {
    check(
        "bad-workers.txt",
        &[
            (
                "workers, each with what is wrong",
                &[
                    "good.yaml",
                    "--workers",
                    "https://a:1,b/x,c,C:9410",
                    "--workers-file",
                    "hosts",
                    "--config",
                    "b.yaml",
                ],
                &[
                    ("hosts", "# ours\nhttp://d:8080\n::1\nuser:hunter2@e\n"),
                    ("b.yaml", "workers: [ftp://f]\n"),
                ],
            ),
            (
                "what belongs to workers, without any",
                &["good.yaml", "--on-worker-loss", "fail", "--token-file", "token"],
                &[],
            ),
            ("no such loss", &["good.yaml", "--on-worker-loss", "wait"], &[]),
        ],
    );
}

#[test]
fn every_fault_of_every_cell_of_a_sweep_is_told_at_once_and_nothing_is_created() {
    check(
        "bad-sweeps.txt",
        &[
            (
                "a fault in some cells",
                &[
                    "good.yaml",
                    "--set",
                    "messageSize=100,0",
                    "--rate",
                    "10,fast",
                    "--set",
                    "driver.acks=1,2",
                ],
                &[],
            ),
            ("no list", &["good.yaml", "--set", "topics=1,,2"], &[]),
            ("the same value again", &["good.yaml", "--set", "topics=1..3,2"], &[]),
            (
                "no range",
                &["good.yaml", "--set", "topics=5..1", "--message-size", "100B..1KiB*2"],
                &[],
            ),
            (
                "too many",
                &["good.yaml", "--set", "topics=1..40", "--set", "producersPerTopic=1..40"],
                &[],
            ),
            ("secrets", &["good.yaml", "--set", "driver.sasl.password=[a,b]"], &[]),
            (
                "a file's sweep",
                &["w.yaml"],
                &[(
                    "w.yaml",
                    &format!(
                        "{GOOD}sweep:\n  topcs: [1, 2]\n  messageSize: [1, 0]\n  topics: 1,\n"
                    ),
                )],
            ),
            ("nothing to go on with", &["good.yaml", "--resume", "results/none"], &[]),
            (
                "no such folder",
                &["good.yaml", "--set", "topics=1,2", "--resume", "results/none"],
                &[],
            ),
        ],
    );
}

#[test]
fn every_nonsense_flag_is_refused_and_nothing_is_created() {
    check(
        "bad-flags.txt",
        &[
            ("a negative rate", &["good.yaml", "--rate", "-1"], &[]),
            ("several at once", &["good.yaml", "--rate", "fast", "--duration", "0s"], &[]),
            ("no workload", &[], &[]),
            ("an unknown flag", &["good.yaml", "--bogus"], &[]),
            ("no such wait", &["good.yaml", "--wait", "doze"], &[]),
            ("no window", &["good.yaml", "--in-flight", "0"], &[]),
            ("a window without max", &["good.yaml", "--in-flight", "10"], &[]),
            ("no assignment", &["good.yaml", "--set", "topics"], &[]),
            ("an unknown field", &["good.yaml", "--set", "topcs=1"], &[]),
            ("an unknown property", &["good.yaml", "--set", "driver.lingr.ms=1"], &[]),
            ("a bad property", &["good.yaml", "--set", "driver.linger.ms=soon"], &[]),
            (
                "assertions, each with all that is wrong",
                &[
                    "good.yaml",
                    "--assert",
                    "publish.p99 < 10",
                    "--assert",
                    "lsot == 0",
                    "--assert",
                    "rate >= 99% * due",
                    "--assert",
                    "lost = 0",
                ],
                &[],
            ),
            (
                "an early end that never comes",
                &["good.yaml", "--assert", "lost == 0", "--abort-on-fail", "5s"],
                &[],
            ),
            (
                "an early end after the end",
                &["good.yaml", "--assert", "errors == 0", "--abort-on-fail", "5m"],
                &[],
            ),
            ("a report without a name", &["good.yaml", "--junit", ".."], &[]),
            ("cores that run backwards", &["good.yaml", "--cores", "3-1"], &[]),
            ("a monitor without a unit", &["good.yaml", "--monitor", "5"], &[]),
            (
                "a monitor that is too fast, and its file",
                &["good.yaml", "--monitor", "10ms", "--config", "b.yaml"],
                &[("b.yaml", "enableMonitoring: perhaps\nmonitorInterval: 1000\n")],
            ),
        ],
    );
    // The cores that there are differ from machine to machine.
    let stderr = refused("cores", &["good.yaml", "--cores", "4000"], &[]);
    assert!(stderr.contains("--cores: got core 4000, this process may use"), "{stderr}");
}

#[test]
fn every_nonsense_of_streams_is_refused_and_nothing_is_created() {
    let streams = |streams: &str| format!("{GOOD}streams:\n{streams}");
    let two = streams("  bulk: {messageSize: 1KiB}\n  probe:\n    producerRate: 100\n");
    let one = streams("  bulk: {messageSize: 1KiB}\n");
    let wrong = streams(
        "  Bulk: {topics: 1}\n  bulk:\n    topics: 0\n    testDuration: 1m\n    messageSzie: 7\n  probe: 100\n",
    );
    let searches = streams("  bulk: {producerRate: 0}\n  probe: {producerRate: 100}\n");
    check(
        "bad-streams.txt",
        &[
            ("one stream", &["w.yaml"], &[("w.yaml", &one)]),
            ("all that is wrong with several", &["w.yaml"], &[("w.yaml", &wrong)]),
            ("a search", &["w.yaml"], &[("w.yaml", &searches)]),
            (
                "fields of streams on the command line",
                &[
                    "w.yaml",
                    "--set",
                    "streams.prob.producerRate=1",
                    "--set",
                    "streams.probe.warmupDuration=1s",
                    "--set",
                    "streams.probe.messageSize=none",
                ],
                &[("w.yaml", &two)],
            ),
            (
                "a stream of a workload that has none",
                &["good.yaml", "--set", "streams.probe.producerRate=1"],
                &[],
            ),
            ("topics that are there", &["w.yaml", "--topic", "t"], &[("w.yaml", &two)]),
            (
                "an assertion on a stream that is not there",
                &["w.yaml", "--assert", "streams.prob.acked == 100"],
                &[("w.yaml", &two)],
            ),
            (
                "a window without a closed loop",
                &["w.yaml", "--in-flight", "9"],
                &[("w.yaml", &two)],
            ),
        ],
    );
}

#[test]
fn every_nonsense_of_a_search_is_refused_and_nothing_is_created() {
    let ended = ["--assert", "publish.p99 < 50ms", "--abort-on-fail", "5s"];
    check(
        "bad-searches.txt",
        &[
            ("an objective without a search", &["good.yaml", "--slo", "publish.p99 < 20ms"], &[]),
            ("no objective", &["good.yaml", "--rate", "0", "--slo", "errors == 0"], &[]),
            ("no time", &["good.yaml", "--rate", "0", "--set", "searchTimeout=3s"], &[]),
            ("a short phase", &["good.yaml", "--rate", "0", "--duration", "2s"], &[]),
            ("an early end", &[&["good.yaml", "--rate", "0"][..], &ended].concat(), &[]),
        ],
    );
}
