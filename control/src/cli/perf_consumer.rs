//! The flags of `kdyno perf-test consumer`: those of kafka-consumer-perf-test, letter for letter.

use std::path::PathBuf;

use clap::Args;

use super::LogFlags;

/// Java's greatest int, in which the tool keeps these numbers.
const INT_MAX: u64 = 2_147_483_647;

const CONSUMER: &str = "\
The same words as kafka-consumer-perf-test's, and its lines on stdout. The rest (progress, findings,
the verdict) goes to stderr, and everything that was measured into a run directory, as of any run.

What is not the same:
  end          after exactly so many messages, or when all is read that was there at the start,
               which is said; the tool waits for more until its --timeout
  rebalance    the time in which the consumer joins, with the half second that kdyno waits for its
               group to stay as it is; it reads nothing before that. end.time is that of the last
               message
  MB           are of the values; the tool adds the keys
  times        are UTC
  group        each run has a group of its own that is deleted after it: --group has no effect
  properties   are the Java client's, translated for librdkafka with its defaults of Kafka 4.1;
               what has no equivalent is said, or refused where it would change the load
  topic        one that does not exist is missed at once and never made
  left out     --include and --date-format are not taken
  exit code    of kdyno run: 0 valid, 1 could not be finished, 2 usage, 15 timed out, 130 interrupted

Example:
  kdyno perf-test consumer --topic perf --messages 1000000 --bootstrap-server localhost:9092";

/// Flags of `kdyno perf-test consumer`.
#[derive(Clone, Debug, Args)]
#[command(after_help = CONSUMER)]
pub struct ConsumerFlags {
    /// Topic to read from
    #[arg(long, value_name = "TOPIC")]
    pub topic: String,
    /// Number of messages to read: exactly so many, if there are
    #[arg(long, visible_alias = "num-records", value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub messages: u64,
    /// Brokers (they win over bootstrap.servers)
    #[arg(long, value_name = "HOST:PORT[,HOST:PORT]")]
    pub bootstrap_server: Option<String>,
    /// Has no effect: each run has a group of its own
    #[arg(long, value_name = "GID")]
    pub group: Option<String>,
    /// Begin at the end of each partition, not at the first message
    #[arg(long)]
    pub from_latest: bool,
    /// Bytes fetched of a partition at once (max.partition.fetch.bytes)
    #[arg(long, value_name = "SIZE", value_parser = clap::value_parser!(u64).range(1..=INT_MAX), default_value = "1048576")]
    pub fetch_size: u64,
    /// Bytes of the socket's receive buffer (receive.buffer.bytes)
    #[arg(long, value_name = "SIZE", value_parser = clap::value_parser!(u64).range(1..=INT_MAX), default_value = "2097152")]
    pub socket_buffer_size: u64,
    /// Properties file of the consumer
    #[arg(long = "consumer.config", visible_alias = "command-config", value_name = "CONFIG-FILE")]
    pub consumer_config: Option<PathBuf>,
    /// Properties of the consumer, e.g. fetch.min.bytes=100000 (they win over a file's)
    #[arg(long, value_name = "NAME=VALUE", num_args = 1..)]
    pub command_property: Vec<String>,
    /// Which lines are written.
    #[command(flatten)]
    pub lines: LineFlags,
    /// Milliseconds without any message after which it ends
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=INT_MAX), default_value = "10000")]
    pub timeout: u64,
    /// Has no effect: Java's metrics have no equivalent, the client's own statistics are in the run directory
    #[arg(long)]
    pub print_metrics: bool,
    /// Folder for run directories [default: results]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// What is logged.
    #[command(flatten)]
    pub log: LogFlags,
}

/// Which lines are written.
#[derive(Clone, Copy, Debug, Args)]
pub struct LineFlags {
    /// A line for about every --reporting-interval in place of the one at the end
    #[arg(long)]
    pub show_detailed_stats: bool,
    /// Milliseconds between those lines, rounded up to whole seconds
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=INT_MAX), default_value = "5000")]
    pub reporting_interval: u64,
    /// Leave the line of names out
    #[arg(long)]
    pub hide_header: bool,
}

#[cfg(test)]
mod tests {
    use super::super::{Command, PerfCommand, parse};
    use super::ConsumerFlags;
    use std::path::PathBuf;

    fn flags(line: &str) -> Result<ConsumerFlags, String> {
        match parse(line.split_whitespace().map(Into::into)) {
            Ok(Command::PerfTest(PerfCommand::Consumer(flags))) => Ok(*flags),
            Ok(other) => panic!("{line}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    /// A line of the Java tool's with one word changed.
    const LINE: &str = "kdyno perf-test consumer --topic t --messages 1000 --bootstrap-server h:1";

    #[test]
    fn a_line_of_the_java_tool_is_taken_as_it_is() {
        let plain = flags(LINE).expect("legal");
        assert_eq!((plain.topic.as_str(), plain.messages), ("t", 1_000));
        assert_eq!(plain.bootstrap_server.as_deref(), Some("h:1"));
        let sizes = (plain.fetch_size, plain.socket_buffer_size);
        assert_eq!(sizes, (1_048_576, 2_097_152), "the tool's own");
        assert_eq!(
            (plain.timeout, plain.lines.reporting_interval),
            (10_000, 5_000),
            "the tool's own"
        );
        let on = [plain.from_latest, plain.lines.show_detailed_stats, plain.lines.hide_header];
        assert_eq!(on, [false; 3], "none of them");

        let full = format!(
            "{LINE} --group g --from-latest --fetch-size 9 --socket-buffer-size 8 --hide-header \
             --consumer.config c.properties --show-detailed-stats --reporting-interval 1000 \
             --timeout 7 --print-metrics --command-property a=b c=d --quiet --output out"
        );
        let given = flags(&full).expect("legal");
        assert_eq!((given.group.as_deref(), given.fetch_size), (Some("g"), 9));
        assert_eq!((given.socket_buffer_size, given.timeout), (8, 7));
        assert_eq!(given.consumer_config, Some(PathBuf::from("c.properties")));
        assert_eq!(given.command_property, ["a=b", "c=d"], "the next flag ends the list");
        let lines = &given.lines;
        assert!(given.from_latest && lines.show_detailed_stats && lines.hide_header, "all of them");
        assert_eq!(lines.reporting_interval, 1_000);
        assert!(given.log.quiet && given.output == Some(PathBuf::from("out")), "kdyno's own");
    }

    #[test]
    fn the_spellings_of_kafka_4_2_mean_the_same() {
        let line =
            "kdyno perf-test consumer --topic t --num-records 5 --command-config c.properties";
        let given = flags(line).expect("legal");
        assert_eq!(given.messages, 5);
        assert_eq!(given.consumer_config, Some(PathBuf::from("c.properties")));
    }

    #[test]
    fn what_the_java_tool_demands_is_demanded() {
        let check = |line: String, words: &str| {
            let error = flags(&line).expect_err(&line);
            assert!(error.contains(words), "{line}: {error}");
        };
        for needed in ["--topic t ", "--messages 1000 "] {
            let flag = needed.split_whitespace().next().expect("a flag");
            check(LINE.replace(needed, ""), flag);
        }
        check(LINE.replace("messages 1000", "messages 0"), "1..");
        check(format!("{LINE} --timeout 0"), "1..");
        check(format!("{LINE} --fetch-size many"), "many");
    }
}
