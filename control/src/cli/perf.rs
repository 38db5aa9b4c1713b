//! The flags of `kdyno perf-test`: those of Kafka's own tools, letter for letter, so that scripts change a word.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::{ConsumerFlags, LogFlags};

/// librdkafka's greatest `message.max.bytes`.
const SIZE_MAX: u64 = 1_000_000_000;

/// Half of the longest time for which brokers leave a transaction open, `transaction.timeout.ms`.
const DURATION_MS_MAX: u64 = 1_073_741_823;

const PRODUCER: &str = "\
The same words as kafka-producer-perf-test's, and its lines on stdout: one about every 5 s, one at
the end. The rest (progress, findings, the verdict) goes to stderr, and everything that was
measured into a run directory, as of any run.

What is not the same:
  latency      in these lines is from the send to the ack, as the Java tool's, but of all records
               and not of a sample, and not rounded to milliseconds before it is averaged. With
               --throughput a record also has a time at which it is due: publish latency, in the
               run directory, counts from there, and so hides no stall
  records      are letters, as the Java tool's; in those of 48 bytes or more the first 48 are
               kdyno's stamp, with others and payload files it travels in a header. Payloads of a
               file are sent in turn, not at random
  properties   are the Java client's, translated for librdkafka with its defaults of Kafka 4.1;
               what has no equivalent is said, or refused where it would change the load
  transactions one ends when all its records are answered, and no record is sent meanwhile. An id is
               followed by the run's own, so that two runs do not fence each other; one is open for
               half of transaction.timeout.ms at most
  topic        one that does not exist is made by the broker if that makes topics by itself
  exit code    of kdyno run: 0 valid, 1 could not be finished, 2 usage, 11 client-limited, 12 target
               not reached, 13 verification failed, 15 timed out, 130 interrupted

Example:
  kdyno perf-test producer --topic perf --num-records 1000000 --record-size 100 --throughput -1 \\
      --producer-props bootstrap.servers=localhost:9092 acks=all linger.ms=5";

/// What `kdyno perf-test` can do.
#[derive(Debug, Subcommand)]
pub enum PerfCommand {
    /// Send records to a topic as kafka-producer-perf-test does, with its flags and its lines
    Producer(Box<ProducerFlags>),
    /// Read from a topic as kafka-consumer-perf-test does, with its flags and its lines
    Consumer(Box<ConsumerFlags>),
}

/// Flags of `kdyno perf-test producer`.
#[derive(Clone, Debug, Args)]
#[command(after_help = PRODUCER, group(ArgGroup::new("payload").required(true)))]
pub struct ProducerFlags {
    /// Topic to send to; never deleted
    #[arg(long, value_name = "TOPIC")]
    pub topic: String,
    /// Number of records to send: exactly so many, however long they take
    #[arg(long, value_name = "NUM-RECORDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub num_records: u64,
    /// Bytes of a record
    #[arg(long, value_name = "RECORD-SIZE", group = "payload", value_parser = clap::value_parser!(u64).range(1..=SIZE_MAX))]
    pub record_size: Option<u64>,
    /// File of payloads, UTF-8 text
    #[arg(long, value_name = "PAYLOAD-FILE", group = "payload")]
    pub payload_file: Option<PathBuf>,
    /// Not supported: bodies are made before the run
    #[arg(long, group = "payload")]
    pub payload_monotonic: bool,
    /// What stands between the payloads of a file; only with --payload-file
    #[arg(
        long,
        value_name = "PAYLOAD-DELIMITER",
        default_value = "\\n",
        allow_hyphen_values = true
    )]
    pub payload_delimiter: String,
    /// Records per second, a whole number; -1: as fast as the client takes them
    #[arg(long, value_name = "THROUGHPUT", allow_hyphen_values = true)]
    pub throughput: f64,
    /// Properties of the producer, e.g. bootstrap.servers=localhost:9092 acks=1 (they win over a file's)
    #[arg(long, visible_alias = "command-property", value_name = "NAME=VALUE", num_args = 1..)]
    pub producer_props: Vec<String>,
    /// Properties file of the producer
    #[arg(long = "producer.config", visible_alias = "command-config", value_name = "CONFIG-FILE")]
    pub producer_config: Option<PathBuf>,
    /// Brokers (they win over bootstrap.servers)
    #[arg(long, value_name = "HOST:PORT[,HOST:PORT]")]
    pub bootstrap_server: Option<String>,
    /// Has no effect: Java's metrics have no equivalent, the client's own statistics are in the run directory
    #[arg(long)]
    pub print_metrics: bool,
    /// How the id begins by which brokers know the transactions (it wins over transactional.id of the properties)
    /// [default with --transaction-duration-ms: performance-producer]
    #[arg(long, value_name = "TRANSACTIONAL-ID")]
    pub transactional_id: Option<String>,
    /// How long after its first record a transaction is committed [default with an id: 3000]
    #[arg(long, value_name = "TRANSACTION-DURATION", value_parser = clap::value_parser!(u64).range(1..=DURATION_MS_MAX))]
    pub transaction_duration_ms: Option<u64>,
    /// Not supported but 0: kdyno run warms up for a time
    #[arg(long, value_name = "WARMUP-RECORDS")]
    pub warmup_records: Option<u64>,
    /// Folder for run directories [default: results]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// What is logged.
    #[command(flatten)]
    pub log: LogFlags,
}

#[cfg(test)]
mod tests {
    use super::super::{Command, parse};
    use super::{PerfCommand, ProducerFlags};
    use std::path::PathBuf;

    fn flags(line: &str) -> Result<ProducerFlags, String> {
        match parse(line.split_whitespace().map(Into::into)) {
            Ok(Command::PerfTest(PerfCommand::Producer(flags))) => Ok(*flags),
            Ok(other) => panic!("{line}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    /// A line of the Java tool's with one word changed.
    const LINE: &str = "kdyno perf-test producer --topic t --num-records 1000 --record-size 100 \
                        --throughput -1 --producer-props bootstrap.servers=h:1 acks=1";

    #[test]
    fn a_line_of_the_java_tool_is_taken_as_it_is() {
        let plain = flags(LINE).expect("legal");
        assert_eq!((plain.topic.as_str(), plain.num_records), ("t", 1_000));
        assert_eq!((plain.record_size, plain.payload_file), (Some(100), None));
        assert!((plain.throughput + 1.0).abs() < 1e-12, "{}", plain.throughput);
        assert_eq!(plain.producer_props, ["bootstrap.servers=h:1", "acks=1"]);
        assert_eq!((plain.payload_delimiter.as_str(), plain.print_metrics), ("\\n", false));

        let full = "kdyno perf-test producer --producer-props a=b c=d --print-metrics --topic t \
                    --num-records 5 --throughput 1000.0 --payload-file p.txt --payload-delimiter - \
                    --producer.config c.properties --producer-props e=f --quiet --output out";
        let given = flags(full).expect("legal");
        assert_eq!(given.producer_props, ["a=b", "c=d", "e=f"], "the next flag ends the list");
        assert_eq!(given.payload_file, Some(PathBuf::from("p.txt")));
        assert_eq!(given.producer_config, Some(PathBuf::from("c.properties")));
        assert_eq!((given.payload_delimiter.as_str(), given.print_metrics), ("-", true));
        assert!(given.log.quiet && given.output == Some(PathBuf::from("out")), "kdyno's own");
    }

    #[test]
    fn the_spellings_of_kafka_4_2_mean_the_same() {
        let line = "kdyno perf-test producer --topic t --num-records 1 --record-size 1 --throughput 1 \
                    --bootstrap-server h:1 --command-property a=b --command-config c.properties";
        let given = flags(line).expect("legal");
        assert_eq!(given.bootstrap_server.as_deref(), Some("h:1"));
        assert_eq!(given.producer_props, ["a=b"]);
        assert_eq!(given.producer_config, Some(PathBuf::from("c.properties")));
    }

    #[test]
    fn what_the_java_tool_demands_is_demanded() {
        let check = |line: String, words: &str| {
            let error = flags(&line).expect_err(&line);
            assert!(error.contains(words), "{line}: {error}");
        };
        for needed in ["--topic t ", "--num-records 1000 ", "--throughput -1 "] {
            let flag = needed.split_whitespace().next().expect("a flag");
            check(LINE.replace(needed, ""), flag);
        }
        check(LINE.replace("--record-size 100 ", ""), "--payload-file");
        check(LINE.replace("--throughput", "--payload-file p --throughput"), "cannot be used with");
        check(LINE.replace("records 1000", "records 0"), "1..");
        check(LINE.replace("size 100", "size 0"), "1..=1000000000");
        check(LINE.replace("throughput -1", "throughput fast"), "fast");
    }
}
