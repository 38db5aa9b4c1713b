//! Where a worker is to be found: `http://HOST:PORT`, and nothing that could hold a secret.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Where workers listen unless they are told otherwise.
pub const WORKER_PORT: u16 = 9_410;

/// The longest name that the domain name system has.
const HOST_MAX: usize = 253;

const NEED: &str = "need http://HOST:PORT or HOST:PORT, e.g. http://load-1:9410";

/// The address of a worker's control endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerUrl {
    /// A name in small letters or an address; one of IPv6 without its brackets.
    pub host: String,
    /// The port, never 0.
    pub port: u16,
}

impl WorkerUrl {
    /// Whether it is on the host of whoever reads it.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// `http://host:port`, without a slash at its end.
impl fmt::Display for WorkerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "http://[{host}]:{port}")
        } else {
            write!(f, "http://{host}:{port}")
        }
    }
}

impl FromStr for WorkerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let read = address(text).and_then(of_address);
        read.map_err(|problem| format!("got \"{}\", {problem}", shown(text)))
    }
}

/// Whether a host's name or address means the host that reads it.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The text of a fault, without what may be a password or a token.
fn shown(text: &str) -> String {
    let text = text.rsplit_once('@').map_or(text.to_owned(), |(_, rest)| format!("****@{rest}"));
    text.split_once(['?', '#']).map_or(text.clone(), |(start, _)| format!("{start}?****"))
}

/// What follows the scheme, where nothing follows the port.
fn address(text: &str) -> Result<&str, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    if scheme.eq_ignore_ascii_case("https") {
        return Err(
            "but there is no TLS between kdyno's hosts: need http://, through a tunnel or \
                    in a private network"
                .to_owned(),
        );
    }
    if !scheme.eq_ignore_ascii_case("http") {
        return Err(NEED.to_owned());
    }
    for (mark, part) in [('@', "a user"), ('/', "a path"), ('?', "a query"), ('#', "a fragment")] {
        if rest.contains(mark) {
            return Err(format!("{NEED}, without {part}"));
        }
    }
    Ok(rest)
}

fn of_address(address: &str) -> Result<WorkerUrl, String> {
    let (host, port) = if let Some(inner) = address.strip_prefix('[') {
        let (host, port) = inner.split_once(']').ok_or(NEED)?;
        let host: Ipv6Addr = host.parse().map_err(|_| "need an IPv6 address in the brackets")?;
        let port = if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or(NEED)?) };
        (host.to_string(), port)
    } else {
        let (host, port) = address.split_once(':').map_or((address, None), |(h, p)| (h, Some(p)));
        if address.parse::<Ipv6Addr>().is_ok() || port.is_some_and(|port| port.contains(':')) {
            return Err("need brackets around an IPv6 address, e.g. http://[::1]:9410".to_owned());
        }
        if !is_host(host) {
            return Err(NEED.to_owned());
        }
        (host.to_ascii_lowercase(), port)
    };
    let port = match port {
        None => WORKER_PORT,
        Some(digits) => number(digits).ok_or("need a port from 1 to 65535")?,
    };
    Ok(WorkerUrl { host, port })
}

/// A name, or four numbers.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let legal = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        !label.is_empty() && !label.starts_with('-') && label.chars().all(legal)
    };
    let is_numbers = host.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    host.len() <= HOST_MAX
        && host.split('.').all(label)
        && (!is_numbers || host.parse::<Ipv4Addr>().is_ok())
}

fn number(digits: &str) -> Option<u16> {
    let port = digits.parse().ok().filter(|port| 0 < *port);
    port.filter(|_| digits.chars().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{WorkerUrl, is_loopback};

    #[test]
    fn an_address_has_one_form_whatever_was_written() {
        let check = |text: &str, expected: &str| {
            let url: WorkerUrl = text.parse().unwrap_or_else(|problem| panic!("{problem}"));
            assert_eq!(url.to_string(), expected, "{text}");
            assert_eq!(expected.parse(), Ok(url), "{text}: it reads itself");
        };
        check("http://load-1:8080", "http://load-1:8080");
        check("HTTP://Load-1.Example.com", "http://load-1.example.com:9410");
        check("load_1", "http://load_1:9410");
        check(" 10.0.0.1:1 ", "http://10.0.0.1:1");
        check("[::1]", "http://[::1]:9410");
        check("http://[FE80:0:0::1]:65535", "http://[fe80::1]:65535");
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_is_needed() {
        let check = |text: &str, words: &str| {
            let problem = text.parse::<WorkerUrl>().expect_err(text);
            assert!(problem.contains(words), "{text}: {problem}");
        };
        check("", "got \"\", need http://HOST:PORT or HOST:PORT, e.g. http://load-1:9410");
        check("https://a:1", "got \"https://a:1\", but there is no TLS");
        check("https://a:1", "through a tunnel or in a private network");
        check("ftp://a:1", "need http://HOST:PORT");
        check("http://", "need http://HOST:PORT");
        check("a b", "need http://HOST:PORT");
        check("-a", "need http://HOST:PORT");
        check("a..b", "need http://HOST:PORT");
        check("1.2.3", "need http://HOST:PORT");
        check("größe", "need http://HOST:PORT");
        check(&"a".repeat(254), "need http://HOST:PORT");
        check("http://a:1/", "without a path");
        check("a:1/x", "without a path");
        check("a:0", "need a port from 1 to 65535");
        check("a:65536", "need a port from 1 to 65535");
        check("a:", "need a port from 1 to 65535");
        check("a:+1", "need a port from 1 to 65535");
        check("::1", "need brackets around an IPv6 address");
        check("fe80::1:9410", "need brackets around an IPv6 address");
        check("[::1", "need http://HOST:PORT");
        check("[a]:1", "need an IPv6 address in the brackets");
        check("[::1]9410", "need http://HOST:PORT");
    }

    #[test]
    fn a_fault_repeats_no_secret() {
        let check = |text: &str, expected: &str| {
            let problem = text.parse::<WorkerUrl>().expect_err(text);
            assert!(problem.starts_with(expected) && !problem.contains("hunter2"), "{problem}");
        };
        check("http://user:hunter2@a:1", "got \"****@a:1\", need http://HOST:PORT");
        check("http://a:1?token=hunter2", "got \"http://a:1?****\", need http://HOST:PORT");
    }

    #[test]
    fn some_names_mean_the_reader_itself() {
        for host in ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.1.2.3", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["load-1", "10.0.0.1", "::2", "localhost.example.com", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
