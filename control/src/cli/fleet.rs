//! The flags of fleets: which workers do a run, and those of `kdyno worker`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::LogFlags;
use crate::spec::{FleetOrder, OnLoss};

const EXIT_CODES: &str = "\
Exit codes: 0 ended by a signal, 1 could not serve, 2 usage or configuration";

const TOKEN_HELP: &str = "\
File with the token that workers ask of coordinators [default: the variable KDYNO_TOKEN, else none]";

const OWN_TOKEN_HELP: &str = "\
File with the token that workers ask of this run, and --listen and --metrics of callers; read once \
[default: the variable KDYNO_TOKEN, else none]";

/// Other hosts that do the runs.
#[derive(Clone, Debug, Args)]
pub struct FleetFlags {
    /// Workers that do the run in place of this host, each running kdyno worker, e.g.
    /// http://load-1:9410,http://load-2:9410 (wins over the benchmark file's)
    #[arg(long, value_name = "URL[,URL]")]
    pub workers: Vec<String>,
    /// The same from a file: one URL a line, a list in YAML, or OMB's workers.yaml
    #[arg(long, value_name = "FILE")]
    pub workers_file: Option<PathBuf>,
    /// What is shown to the workers, and asked of callers.
    #[arg(long, value_name = "FILE", help = OWN_TOKEN_HELP)]
    pub token_file: Option<PathBuf>,
    /// When a worker is lost: end the run (fail), go on without its share (degrade), or let the others
    /// take it over (reassign) [default: reassign]
    #[arg(long, value_name = "fail|degrade|reassign", hide_possible_values = true,
          value_parser = on_loss())]
    pub on_worker_loss: Option<OnLoss>,
}

/// Flags of `kdyno worker`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct WorkerFlags {
    /// Address and port to listen on, e.g. 0.0.0.0:9410; port 0: any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9410", value_parser = address)]
    pub listen: SocketAddr,
    /// What coordinators must show.
    #[arg(long, value_name = "FILE", help = TOKEN_HELP)]
    pub token_file: Option<PathBuf>,
    /// What is logged.
    #[command(flatten)]
    pub log: LogFlags,
}

impl FleetFlags {
    /// What is asked of `spec`.
    pub(super) fn order(&self, listen: Option<SocketAddr>) -> FleetOrder {
        let Self { workers, workers_file, token_file, on_worker_loss } = self.clone();
        FleetOrder { workers, workers_file, token_file, listen, on_loss: on_worker_loss }
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| {
        "need an IP address and a port, e.g. 127.0.0.1:9410, 0.0.0.0:9410 or [::]:9410".to_owned()
    })
}

fn on_loss() -> impl TypedValueParser<Value = OnLoss> {
    PossibleValuesParser::new(OnLoss::WORDS.map(|(word, _)| word))
        .map(|word| OnLoss::of_word(&word).expect("only words of choices are possible"))
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Format, LogLevel, parse};
    use super::{FleetOrder, OnLoss, WorkerFlags};
    use crate::spec::WORKER_PORT;

    fn command(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(Into::into)).map_err(|error| error.to_string())
    }

    fn fleet(words: &str) -> FleetOrder {
        match command(&format!("kdyno run w.yaml {words}")) {
            Ok(Command::Run(flags)) => flags.order().fleet,
            other => panic!("{words}: {other:?}"),
        }
    }

    fn worker(words: &str) -> WorkerFlags {
        match command(&format!("kdyno worker {words}")) {
            Ok(Command::Worker(flags)) => *flags,
            other => panic!("{words}: {other:?}"),
        }
    }

    #[test]
    fn workers_are_carried_to_the_order_as_written() {
        assert_eq!(fleet(""), FleetOrder::default(), "this host");
        let listed = fleet("--workers http://a:1,b --workers [::1] --token-file t");
        assert_eq!(listed.workers, ["http://a:1,b", "[::1]"]);
        assert_eq!(listed.token_file, Some("t".into()));
        assert_eq!(fleet("--workers-file w.txt").workers_file, Some("w.txt".into()));
        for (word, meaning) in
            [("fail", OnLoss::Fail), ("degrade", OnLoss::Degrade), ("reassign", OnLoss::Reassign)]
        {
            assert_eq!(fleet(&format!("--on-worker-loss {word}")).on_loss, Some(meaning), "{word}");
        }
        let error = command("kdyno run w.yaml --on-worker-loss wait").expect_err("no such word");
        assert!(error.contains("fail, degrade, reassign"), "{error}");
    }

    #[test]
    fn a_worker_listens_where_only_its_own_host_reaches_it_unless_told_otherwise() {
        let plain = worker("");
        assert_eq!(plain.listen.to_string(), format!("127.0.0.1:{WORKER_PORT}"));
        assert!(plain.listen.ip().is_loopback(), "{}", plain.listen);
        assert_eq!((plain.token_file, plain.log.log_level, plain.log.quiet), (None, None, false));
        let given =
            worker("--listen 0.0.0.0:0 --token-file t --log-level debug --log-format json --quiet");
        assert_eq!(given.listen.to_string(), "0.0.0.0:0");
        assert_eq!(given.token_file, Some("t".into()));
        assert_eq!(given.log.log_level, Some(LogLevel::Debug));
        assert_eq!((given.log.log_format, given.log.quiet), (Format::Json, true));
        assert_eq!(worker("--listen [::]:1").listen.to_string(), "[::]:1");
        for words in ["--listen host:1", "--listen 9410", "--listen 127.0.0.1", "--listen :9410"] {
            let error = command(&format!("kdyno worker {words}")).expect_err(words);
            assert!(error.contains("need an IP address and a port"), "{words}: {error}");
        }
        assert!(command("kdyno worker --output x").is_err(), "a worker writes no results");
    }
}
