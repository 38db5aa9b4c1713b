//! The broker addresses of `bootstrap.servers`.

/// The form of the list, for messages.
pub(crate) const FORM: &str = "host:port, with commas between several";

/// The prefixes that librdkafka and the Java client accept before an address.
const PROTOCOLS: &[&str] = &["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];

/// Reads a list of addresses and returns it without blanks, or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let addresses: Vec<&str> =
        text.split(',').map(str::trim).filter(|address| !address.is_empty()).collect();
    if addresses.is_empty() {
        return Err(format!("got {text:?}, need {FORM}"));
    }
    match addresses.iter().find_map(|address| fault(address)) {
        None => Ok(addresses.join(",")),
        Some(fault) => Err(fault),
    }
}

fn fault(address: &str) -> Option<String> {
    let bare = match address.split_once("://") {
        None => address,
        Some((protocol, bare)) if PROTOCOLS.iter().any(|p| p.eq_ignore_ascii_case(protocol)) => {
            bare
        }
        Some((protocol, _)) => {
            return Some(format!("got {address:?}: {protocol:?} is no protocol, need {FORM}"));
        }
    };
    let Some((host, port)) = bare.rsplit_once(':') else {
        return Some(format!("got {address:?} without a port, need {FORM}"));
    };
    // Digits alone: Rust would also read "+9092".
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !port.parse::<u16>().is_ok_and(|port| 0 < port) {
        return Some(format!("got {address:?} with the port {port:?}, need one from 1 to 65535"));
    }
    (!is_host(host)).then(|| {
        format!(
            "got {address:?} with the host {host:?}, need a name, an IPv4 address, or an IPv6 \
             address in brackets"
        )
    })
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // An address may carry the interface it belongs to: fe80::1%eth0.
        let address = inner.split_once('%').map_or(inner, |(address, _)| address);
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let legal = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    !host.is_empty() && host.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        for (text, expected) in [
            ("localhost:9092", "localhost:9092"),
            (" a:1 , b-2.example.com:65535,", "a:1,b-2.example.com:65535"),
            ("[::1]:9092", "[::1]:9092"),
            ("[fe80::1%eth0]:9092", "[fe80::1%eth0]:9092"),
            ("SSL://localhost:9093", "SSL://localhost:9093"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        for (text, word) in [
            ("", "host:port"),
            (",", "host:port"),
            ("localhost", "without a port"),
            ("localhost:", "port \"\""),
            ("a:9092,b:0", "port \"0\""),
            ("a:65536", "port \"65536\""),
            ("a:+1", "port \"+1\""),
            ("a:9092/b", "port"),
            (":9092", "host \"\""),
            ("::1:9092", "in brackets"),
            ("[::g]:9092", "host"),
            ("a b:9092", "host \"a b\""),
            ("http://a:9092", "\"http\" is no protocol"),
        ] {
            let fault = parse(text).expect_err(text);
            assert!(fault.contains(word), "{text}: {fault}");
        }
    }
}
