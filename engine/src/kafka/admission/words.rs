//! What librdkafka's words about a refusal mean (2.12.1 on OpenSSL 3).

use super::{Properties, certificate, mechanism, value};
use openssl::x509::X509;

/// librdkafka's code of a failed login.
const AUTHENTICATION: i32 = -169;

/// Reads the client's words about trouble; nothing where they do not say that it is refused.
pub(in crate::kafka) fn understood(
    properties: &Properties,
    code: i32,
    words: &str,
) -> Option<String> {
    let (broker, said) = parts(words);
    if code == AUTHENTICATION {
        return Some(format!("{broker} {}", login(properties, said)));
    }
    // Alerts about the certificate of the client, which TLS 1.3 sends after the handshake.
    let number = said.split_once("SSL alert number ")?.1;
    let about = match number.trim_end_matches(|end: char| !end.is_ascii_digit()) {
        "42" => "bad certificate",
        "43" => "unsupported certificate",
        "44" => "certificate revoked",
        "45" => "certificate expired",
        "46" => "certificate unknown",
        "48" => "unknown CA",
        "116" => "certificate required",
        _ => return None,
    };
    Some(format!("{broker} {}", own_certificate(properties, about)))
}

/// The broker's address, and what is said about it, without when.
fn parts(words: &str) -> (&str, &str) {
    let (name, said) = words.split_once(": ").unwrap_or(("the broker", words));
    let address = name.split_once("://").map_or(name, |(_, address)| address);
    let address = address.split_once('/').map_or(address, |(address, _)| address);
    let said = said.rsplit_once(" (after ").map_or(said, |(said, _)| said);
    (address, said.trim_end_matches([' ', ':']))
}

fn login(properties: &Properties, said: &str) -> String {
    let mechanism = mechanism(properties);
    if said.contains("not valid in current SASL state") {
        return "asks for no login: set security.protocol to plaintext or ssl, without sasl"
            .to_owned();
    }
    if said.contains("Unsupported SASL mechanism") {
        let takes = said.split_once("supported mechanisms: ").map_or("", |(_, takes)| takes);
        return format!(
            "does not take sasl.mechanism={mechanism}: set it to one of those that it takes: {}",
            takes.replace(',', ", ")
        );
    }
    let reason = ["SASL authentication error: ", "Authentication failed: "]
        .iter()
        .fold(said, |said, prefix| said.strip_prefix(prefix).unwrap_or(said));
    let (who, check) = match value(properties, "sasl.username") {
        Some(user) => (format!("user {user:?}"), "sasl.username and sasl.password"),
        None => ("this client".to_owned(), "the sasl properties"),
    };
    format!("refuses the login of {who} by {mechanism}: {reason}: check {check}")
}

fn own_certificate(properties: &Properties, about: &str) -> String {
    let Some((name, path)) = certificate(properties) else {
        return format!(
            "asks for a client certificate, and there is none ({about}): set \
             ssl.certificate.location and ssl.key.location, or ssl.keystore.location"
        );
    };
    let found = leaf(properties);
    let until = found.as_ref().map_or_else(String::new, |leaf| {
        format!(", valid until {}, signed by {}", leaf.not_after(), issuer(leaf))
    });
    format!(
        "refuses the client certificate of {name}={path} ({about}{until}): use one that is valid and \
         signed by a CA that the brokers trust"
    )
}

/// The client's own certificate, where it can be read without a password.
fn leaf(properties: &Properties) -> Option<X509> {
    let read = |path: &str| std::fs::read(path).ok();
    let text = match value(properties, "ssl.certificate.location") {
        Some(path) => read(path)?,
        None => value(properties, "ssl.certificate.pem")?.as_bytes().to_vec(),
    };
    X509::from_pem(&text).ok()
}

/// Who signed a certificate, by its common name.
pub(super) fn issuer(certificate: &X509) -> String {
    common_name(certificate.issuer_name())
}

/// Whose certificate it is, by its common name.
pub(super) fn subject(certificate: &X509) -> String {
    common_name(certificate.subject_name())
}

fn common_name(name: &openssl::x509::X509NameRef) -> String {
    let entry = name.entries_by_nid(openssl::nid::Nid::COMMONNAME).next();
    let text = entry.and_then(|entry| entry.data().to_string().ok());
    text.map_or_else(|| "nobody".to_owned(), |text| format!("{text:?}"))
}

#[cfg(test)]
mod tests {
    use super::understood;
    use crate::kafka::admission::Properties;

    #[track_caller]
    fn check(pairs: &[(&str, &str)], code: i32, words: &str, expected: Option<&str>) {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let properties: Vec<(String, String)> = pairs.iter().map(pair).collect();
        let properties: &Properties = &properties;
        assert_eq!(understood(properties, code, words).as_deref(), expected, "{words}");
    }

    const SCRAM: [(&str, &str); 3] = [
        ("sasl.mechanisms", "SCRAM-SHA-256"),
        ("sasl.username", "me"),
        ("sasl.password", "hunter2"),
    ];

    #[test]
    fn a_refused_login_names_broker_user_and_mechanism() {
        let start = "sasl_ssl://b:9/bootstrap: SASL";
        check(
            &SCRAM,
            -169,
            &format!(
                "{start} authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256 (after 395ms in state AUTH_REQ, 1 identical error(s) suppressed)"
            ),
            Some(
                "b:9 refuses the login of user \"me\" by SCRAM-SHA-256: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256: check sasl.username and sasl.password",
            ),
        );
        check(
            &SCRAM,
            -169,
            &format!(
                "{start} SCRAM-SHA-256 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: SCRAM-SHA-512,PLAIN (after 305ms in state AUTH_HANDSHAKE)"
            ),
            Some(
                "b:9 does not take sasl.mechanism=SCRAM-SHA-256: set it to one of those that it takes: SCRAM-SHA-512, PLAIN",
            ),
        );
        check(
            &SCRAM,
            -169,
            &format!(
                "{start} SCRAM-SHA-256 mechanism handshake failed: Broker: Request not valid in current SASL state: broker's supported mechanisms:  (after 8ms in state AUTH_HANDSHAKE)"
            ),
            Some("b:9 asks for no login: set security.protocol to plaintext or ssl, without sasl"),
        );
    }

    #[test]
    fn a_refused_certificate_is_told_from_a_missing_one() {
        let words = "ssl://b:9/1: Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 (after 0ms in state APIVERSION_QUERY)";
        check(
            &[],
            -195,
            words,
            Some(
                "b:9 asks for a client certificate, and there is none (bad certificate): set ssl.certificate.location and ssl.key.location, or ssl.keystore.location",
            ),
        );
        check(
            &[("ssl.keystore.location", "/a.p12")],
            -195,
            words,
            Some(
                "b:9 refuses the client certificate of ssl.keystore.location=/a.p12 (bad certificate): use one that is valid and signed by a CA that the brokers trust",
            ),
        );
    }

    #[test]
    fn other_trouble_may_pass() {
        check(&SCRAM, -187, "1/1 brokers are down", None);
        check(
            &[],
            -195,
            "b:9/bootstrap: Connect to ipv4#1.2.3.4:9 failed: Connection refused (after 0ms in state CONNECT)",
            None,
        );
        check(
            &[],
            -195,
            "ssl://b:9/1: Receive failed: error: SSL alert number 80 (after 1ms)",
            None,
        );
    }
}
