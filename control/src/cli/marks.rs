//! Flags of what goes in and out while a run goes on: marks and figures.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::fleet::address;

/// Marks on the time axis of the result, and figures for Prometheus. Signal USR1 sets a mark too.
#[derive(Clone, Debug, Args)]
pub struct MarkFlags {
    /// File whose new lines are marks on the time axis of the result, as they come; a line may begin with
    /// its time, RFC 3339 or @SECONDS since 1970. Signal USR1 sets a mark too
    #[arg(long, value_name = "FILE")]
    pub marks: Option<PathBuf>,
    /// Address and port to take marks at, e.g. 127.0.0.1:9411: POST /mark, its body the words; GET /metrics
    /// tells figures there too, as --metrics does. Port 0: any that is free. Beyond this host it needs a
    /// token, as a worker does
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Address and port to tell figures at while runs go on, e.g. 127.0.0.1:9412: GET /metrics, for
    /// Prometheus; port 0: any that is free. Beyond this host it needs a token, as a worker does
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub metrics: Option<SocketAddr>,
}

#[cfg(test)]
mod tests {
    use super::super::{Command, parse};
    use super::MarkFlags;

    fn marks(words: &str) -> Result<MarkFlags, String> {
        let line = format!("kdyno run w.yaml {words}");
        match parse(line.split_whitespace().map(Into::into)) {
            Ok(Command::Run(flags)) => Ok(flags.marks),
            Ok(other) => panic!("{words}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn marks_come_from_where_they_are_asked_for() {
        let none = marks("").expect("none are needed");
        assert!(none.marks.is_none() && none.listen.or(none.metrics).is_none(), "{none:?}");
        let figures = marks("--metrics 127.0.0.1:9412").expect("an address").metrics;
        assert_eq!(figures.map(|address| address.port()), Some(9_412));
        let both = marks("--marks m.txt --listen 127.0.0.1:0").expect("both may be given");
        assert_eq!(both.marks, Some("m.txt".into()));
        assert_eq!(both.listen.map(|address| address.port()), Some(0));
        let wrong = marks("--listen here").expect_err("no address");
        assert!(wrong.contains("need an IP address and a port"), "{wrong}");
    }
}
