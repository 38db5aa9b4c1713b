//! The command line: flags as they are typed, and what they ask of `spec`.

mod ceiling;
mod checks;
mod compare;
mod files;
mod fleet;
mod lanes;
mod marks;
mod perf;
mod perf_consumer;
mod repeat;
mod report;
mod topics;

pub use ceiling::CeilingFlags;
pub use checks::CheckFlags;
pub use compare::{CompareFlags, CompareFormat};
pub use files::{LibraryFlags, ValidateFlags};
pub use fleet::{FleetFlags, WorkerFlags};
pub use lanes::{ClockWord, Cores, LaneFlags, Wait};
pub use marks::MarkFlags;
pub use perf::{PerfCommand, ProducerFlags};
pub use perf_consumer::{ConsumerFlags, LineFlags};
pub use repeat::RepeatFlags;
pub use report::ReportFlags;
pub use topics::{CleanFlags, TopicsCommand};

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::spec::{DriverSource, FieldFlag, LogLevel, Order};

const EXAMPLES: &str = "\
Examples:
  kdyno run quick-test
  kdyno run latency-test-100b --driver kafka-latency --bootstrap-server localhost:9092
  kdyno run my.yaml --bootstrap-server localhost:9092 --rate 50k --duration 1m
  kdyno run quick-test --set messageSize=100,1KiB,10KiB --set driver.linger.ms=0,5
  kdyno run quick-test --driver before.yaml --repeat 5 --against after.yaml
  kdyno run omb/workloads/*.yaml --driver omb/driver-kafka/kafka-latency.yaml";

const EXIT_CODES: &str = "\
Exit codes: 0 valid, 1 could not be finished, 2 usage or configuration, 10 assertion failed,
11 client-limited, 12 target not reached, 13 verification failed, 14 a worker was lost, 15 timed
out, 130 interrupted";

const SET_HELP: &str = "\
Set any field (repeatable):
  topics=3                                   a field of the workload
  driver.replicationFactor=1                 a field of the driver
  driver.producerConfig.linger.ms=5          a property of one config, or short:
  driver.linger.ms=5                         of the config in which it is legal
In a value, ${env:NAME} and ${file:PATH} stand for what they hold.
Several values make a sweep, a run of every combination (at most 1,000), the first field slowest:
  messageSize=100,1KiB,10KiB                 a list
  producersPerTopic=1..32*2                  a range: 1 2 4 8 16 32
  topics=1..5 or topics=1..9+2               by 1, or by 2
  driver.bootstrap.servers=[a:1,b:2]         in brackets always a list
Without brackets a comma is a part of the value where text can hold one: names, files, rates
that change, and properties that are text or lists themselves, such as bootstrap.servers";

/// What `kdyno drivers` says of its name, in place of the words for workloads.
const DRIVERS_NAME: &str = "Print this one's file, e.g. to copy it and change the copy: kdyno drivers kafka-latency > my.yaml";

/// A dynamometer for Kafka: puts an exact load on a cluster and says what it really delivered.
#[derive(Debug, Parser)]
#[command(name = "kdyno", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What kdyno can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run workloads, one after the other, and report what was measured
    Run(Box<RunFlags>),
    /// Check workload, driver and benchmark files and say what they would do
    Validate(ValidateFlags),
    /// List the workloads that are built in, with the question that each answers, or print one
    Workloads(LibraryFlags),
    /// List the driver files that are built in, with the question that each answers, or print one
    #[command(mut_arg("name", |name| name.help(DRIVERS_NAME)))]
    Drivers(LibraryFlags),
    /// Measure what this host's engine can do by itself, for later runs to be set against
    Ceiling(Box<CeilingFlags>),
    /// Render the results of earlier runs again
    Report(ReportFlags),
    /// Compare runs, or groups of repeats: what differs, by how much, and how sure that is
    Compare(Box<CompareFlags>),
    /// Do shares of runs for coordinators (kdyno run --workers) until a signal ends it
    Worker(Box<WorkerFlags>),
    /// Stand in for Kafka's own perf tools: their flags, their lines
    #[command(subcommand)]
    PerfTest(PerfCommand),
    /// Handle topics that runs left behind
    #[command(subcommand)]
    Topics(TopicsCommand),
}

/// Flags of `kdyno run`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct RunFlags {
    /// Workload files (YAML, also OMB's), or names of those that are built in (kdyno workloads)
    #[arg(required = true, value_name = "WORKLOAD")]
    pub workloads: Vec<PathBuf>,
    /// Against what.
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// In place of fields of the workload.
    #[command(flatten)]
    pub fields: FieldFlags,
    /// On which threads.
    #[command(flatten)]
    pub lanes: LaneFlags,
    /// On which hosts.
    #[command(flatten)]
    pub fleet: FleetFlags,
    /// What the result is held to.
    #[command(flatten)]
    pub checks: CheckFlags,
    /// How often.
    #[command(flatten)]
    pub repeats: RepeatFlags,
    /// What is written and shown.
    #[command(flatten)]
    pub output: OutputFlags,
    /// What is marked on its time axis.
    #[command(flatten)]
    pub marks: MarkFlags,
    /// Benchmark file: workers, resultsDir, warmupEnabled, cleanupEnabled, consumerReadyTimeout,
    /// logLevel, enableMonitoring, monitorInterval
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Existing topic to use, never created and never deleted (repeatable)
    #[arg(long = "topic", value_name = "NAME")]
    pub topics: Vec<String>,
    /// At most N unanswered messages in all; only with --rate max, e.g. 1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub in_flight: Option<u64>,
    /// Leave the run's topics and groups in the cluster
    #[arg(long)]
    pub keep_topics: bool,
    /// Go on with a sweep in its folder: runs that are done stay, the others are done (again); give the
    /// command that began it beside
    #[arg(long, value_name = "DIR")]
    pub resume: Option<PathBuf>,
    /// Show the plan and end, without touching the cluster
    #[arg(long)]
    pub dry_run: bool,
}

/// The cluster; without any of these the embedded broker.
#[derive(Clone, Debug, Args)]
pub struct ClusterFlags {
    /// Driver file (YAML, also OMB's for Kafka), or the name of one that is built in (kdyno drivers)
    /// [default: the embedded broker]
    #[arg(long, value_name = "FILE")]
    pub driver: Option<PathBuf>,
    /// Brokers, e.g. localhost:9092 (wins over the driver file's)
    #[arg(long, value_name = "HOST:PORT[,HOST:PORT]")]
    pub bootstrap_server: Option<String>,
}

/// Flags that stand for fields of every workload.
#[derive(Clone, Debug, Args)]
pub struct FieldFlags {
    /// Messages per second over all producers, e.g. 50k or 50000/s; max: as fast as possible; 0: search
    /// the highest rate that is sustained; or a rate that changes, e.g. 'ramp 1k to 50k over 2m' (README,
    /// Rate shapes)
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    pub rate: Option<String>,
    /// Length of the measured phase, e.g. 30s or 5m
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub duration: Option<String>,
    /// Length of the warm-up before it, e.g. 10s; 0s: none; auto: until rate and latency are steady, at
    /// most 60s, or as auto:90s says
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub warmup: Option<String>,
    /// Bytes of a message, e.g. 100 or 1KiB
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub message_size: Option<String>,
    /// Set any field, e.g. topics=3 or driver.linger.ms=5 (repeatable); several values make a sweep, e.g.
    /// topics=1,2,4 or topics=1..32*2
    #[arg(long = "set", value_name = "FIELD=VALUE", long_help = SET_HELP)]
    pub sets: Vec<String>,
}

/// What is written and shown.
#[derive(Clone, Debug, Args)]
pub struct OutputFlags {
    /// Folder for run directories [default: results]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// How often to look at host and process, e.g. 500ms; off: not at all [default: 1s]
    #[arg(long, value_name = "TIME|off", allow_hyphen_values = true)]
    pub monitor: Option<String>,
    /// Form of the result on stdout
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
    /// What is logged.
    #[command(flatten)]
    pub log: LogFlags,
}

/// What is logged on stderr.
#[derive(Clone, Debug, Args)]
pub struct LogFlags {
    /// Least level that is logged on stderr [default: info]
    #[arg(long, value_name = "LEVEL", value_parser = log_level())]
    pub log_level: Option<LogLevel>,
    /// Form of the log
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub log_format: Format,
    /// No progress and no log on stderr, only faults
    #[arg(long)]
    pub quiet: bool,
}

/// The form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Reads the command line.
///
/// # Errors
/// A fault of usage (exit code 2, for stderr), or a demand for help or the version (exit code 0,
/// for stdout): `clap::Error` knows both and prints itself.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    Cli::try_parse_from(args).map(|cli| cli.command)
}

impl ClusterFlags {
    /// Where the driver comes from.
    pub fn source(&self) -> DriverSource {
        let Self { driver, bootstrap_server } = self.clone();
        DriverSource { file: driver, bootstrap_servers: bootstrap_server }
    }
}

impl RunFlags {
    /// What is asked of `spec`.
    pub fn order(&self) -> Order {
        Order {
            workloads: self.workloads.clone(),
            driver: self.cluster.source(),
            benchmark: self.config.clone(),
            flags: self.fields.flags(),
            sets: self.fields.sets.clone(),
            topics: self.topics.clone(),
            in_flight: self.in_flight,
            keep_topics: self.keep_topics,
            wishes: self.lanes.wishes(),
            clock: self.lanes.clock(),
            monitor: self.output.monitor.clone(),
            checks: self.checks.order(),
            results_dir: self.output.output.clone(),
            log_level: self.output.log.log_level,
            fleet: self.fleet.order(self.marks.listen.or(self.marks.metrics)),
            repeat: self.repeats.order(),
        }
    }
}

impl FieldFlags {
    fn flags(&self) -> Vec<FieldFlag> {
        let Self { rate, duration, warmup, message_size, sets: _ } = self;
        let pairs = [
            ("--rate", "producerRate", rate),
            ("--duration", "testDuration", duration),
            ("--warmup", "warmupDuration", warmup),
            ("--message-size", "messageSize", message_size),
        ];
        let flag = |(flag, field, value): (&str, &str, &Option<String>)| {
            let value = value.clone()?;
            Some(FieldFlag { flag: flag.to_owned(), field: field.to_owned(), value })
        };
        pairs.into_iter().filter_map(flag).collect()
    }
}

fn log_level() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LogLevel::WORDS.map(|(word, _)| word))
        .map(|word| LogLevel::of_word(&word).expect("only words of levels are possible"))
}

#[cfg(test)]
mod tests;
