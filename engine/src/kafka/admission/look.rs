//! A look at a broker with a connection of our own: does it speak TLS, whose certificate does it show,
//! does it ask for a login? librdkafka does not say: it takes a listener of another protocol for one
//! that hangs up, and of a certificate only that it is not trusted.

use super::words::{issuer, subject};
use super::{Properties, protocol, value};
use openssl::ssl::{HandshakeError, Ssl, SslContext, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long each step of a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Brokers that are looked at, at most: they are of one cluster, set up alike.
const BROKERS: usize = 3;

/// The broker's answer to a mechanism that it does not have (Kafka's `UNSUPPORTED_SASL_MECHANISM`).
const NO_SUCH_MECHANISM: i16 = 33;

/// Looks at the bootstrap servers; what is wrong with the set-up, if that can be seen.
pub(in crate::kafka) fn look(properties: &Properties) -> Option<String> {
    let servers = value(properties, "metadata.broker.list")
        .or_else(|| value(properties, "bootstrap.servers"))?;
    servers
        .split(',')
        .map(|server| server.split_once("://").map_or(server, |(_, address)| address))
        .take(BROKERS)
        .find_map(|address| look_at(properties, address).map(|fault| format!("{address} {fault}")))
}

/// What a broker answered to a hello of TLS.
enum Hello {
    /// It speaks TLS; the connection, and what is wrong with its certificate.
    Tls(Box<SslStream<TcpStream>>, Option<String>),
    /// It speaks TLS and ended the handshake.
    Ended,
    /// No TLS.
    Other,
}

fn look_at(properties: &Properties, address: &str) -> Option<String> {
    let protocol = protocol(properties);
    let (wants_tls, wants_login) = (protocol.ends_with("ssl"), protocol.starts_with("sasl"));
    let mechanisms = match (wants_tls, greet(properties, address)?) {
        (true, Hello::Ended) => return None,
        (true, Hello::Tls(_, Some(fault))) => return Some(fault),
        (true, Hello::Tls(stream, None)) => ask_mechanisms(*stream)?,
        (true, Hello::Other) => {
            // Only a broker that answers without TLS is one.
            ask_mechanisms(connect(address)?)?;
            return Some(format!(
                "does not speak TLS: set security.protocol={} (is {protocol})",
                if wants_login { "sasl_plaintext" } else { "plaintext" }
            ));
        }
        (false, Hello::Tls(..) | Hello::Ended) => {
            return Some(format!(
                "speaks TLS: set security.protocol={} (is {protocol}), and ssl.ca.location",
                if wants_login { "sasl_ssl" } else { "ssl or sasl_ssl" }
            ));
        }
        (false, Hello::Other) => ask_mechanisms(connect(address)?)?,
    };
    let mechanisms = mechanisms.filter(|_| !wants_login)?;
    Some(format!(
        "asks for a login: set security.protocol={} (is {protocol}), sasl.mechanism ({mechanisms}), \
         sasl.username and sasl.password",
        if wants_tls { "sasl_ssl" } else { "sasl_plaintext" }
    ))
}

fn connect(address: &str) -> Option<TcpStream> {
    let address = address.to_socket_addrs().ok()?.next()?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    Some(stream)
}

/// Nothing where no broker is, or one that takes too long.
fn greet(properties: &Properties, address: &str) -> Option<Hello> {
    let stream = connect(address)?;
    let context = context(properties)?;
    let mut ssl = Ssl::new(&context).ok()?;
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    let checks_host =
        value(properties, "ssl.endpoint.identification.algorithm").is_none_or(|of| of == "https");
    match host.parse::<IpAddr>() {
        Ok(ip) if checks_host => ssl.param_mut().set_ip(ip).ok()?,
        Err(_) if checks_host => ssl.param_mut().set_host(host).ok()?,
        _ => {}
    }
    if host.parse::<IpAddr>().is_err() {
        ssl.set_hostname(host).ok()?;
    }
    match ssl.connect(stream) {
        Ok(stream) => {
            let fault = distrust(properties, &stream);
            Some(Hello::Tls(Box::new(stream), fault))
        }
        // The read timed out.
        Err(HandshakeError::WouldBlock(_)) => None,
        Err(HandshakeError::SetupFailure(_)) => None,
        Err(HandshakeError::Failure(ended)) => {
            let reasons = ended.error().ssl_error().map(|stack| stack.errors().to_vec());
            let is_alert = reasons
                .unwrap_or_default()
                .iter()
                .any(|error| error.reason().is_some_and(|reason| reason.contains("alert")));
            Some(if is_alert { Hello::Ended } else { Hello::Other })
        }
    }
}

/// The client's trust; what it is worth is looked at after the handshake.
fn context(properties: &Properties) -> Option<SslContext> {
    let mut context = SslContext::builder(SslMethod::tls_client()).ok()?;
    context.set_verify(SslVerifyMode::NONE);
    match (value(properties, "ssl.ca.location"), value(properties, "ssl.ca.pem")) {
        (_, Some(text)) => {
            let mut store = X509StoreBuilder::new().ok()?;
            for certificate in X509::stack_from_pem(text.as_bytes()).ok()? {
                store.add_cert(certificate).ok()?;
            }
            context.set_cert_store(store.build());
        }
        (Some(path), None) if std::path::Path::new(path).is_dir() => return None,
        (Some("probe") | None, None) => context.set_default_verify_paths().ok()?,
        (Some(path), None) => context.set_ca_file(path).ok()?,
    }
    Some(context.build())
}

/// Why the broker's certificate is not trusted.
fn distrust(properties: &Properties, stream: &SslStream<TcpStream>) -> Option<String> {
    if value(properties, "enable.ssl.certificate.verification") == Some("false") {
        return None;
    }
    let result = stream.ssl().verify_result();
    let certificate = stream.ssl().peer_certificate()?;
    let (whose, until) = (subject(&certificate), certificate.not_after());
    let found = result.error_string();
    // The numbers are OpenSSL's `X509_V_ERR_…`.
    Some(match result.as_raw() {
        0 => return None,
        9 => format!(
            "shows a certificate ({whose}) that is not valid before {}: check this host's clock",
            certificate.not_before()
        ),
        10 => format!(
            "shows a certificate ({whose}) that has expired, valid until {until}: the broker needs a new one"
        ),
        62 | 64 => format!(
            "shows a certificate ({whose}) for another host ({found}): use a host that it names in \
             bootstrap.servers, or set ssl.endpoint.identification.algorithm=none"
        ),
        _ => format!(
            "shows a certificate ({whose}) that is not trusted ({found}): put the certificate of the CA \
             that signed it, {}, into ssl.ca.location ({})",
            issuer(&certificate),
            trusted(properties)
        ),
    })
}

fn trusted(properties: &Properties) -> String {
    match (value(properties, "ssl.ca.pem"), value(properties, "ssl.ca.location")) {
        (Some(_), _) => "is PEM".to_owned(),
        (None, Some(path)) => format!("is {path}"),
        (None, None) => "is the system's".to_owned(),
    }
}

/// Asks for a mechanism that nobody has: a listener that wants a login names its own, any other says
/// that this is not the moment. Nothing where it does not answer.
fn ask_mechanisms(mut stream: impl Read + Write) -> Option<Option<String>> {
    // SaslHandshake, version 1, correlation id 7, no client id, the mechanism "?".
    let request = b"\0\0\0\x0d\0\x11\0\x01\0\0\0\x07\xff\xff\0\x01?";
    stream.write_all(request).ok()?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).ok()?;
    let length = usize::try_from(u32::from_be_bytes(head)).ok()?;
    let mut answer = vec![0; length.min(4096)];
    stream.read_exact(&mut answer).ok()?;
    let (id, rest) = answer.split_first_chunk::<4>()?;
    let (code, rest) = rest.split_first_chunk::<2>()?;
    if u32::from_be_bytes(*id) != 7 {
        return None;
    }
    if i16::from_be_bytes(*code) != NO_SUCH_MECHANISM {
        return Some(None);
    }
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut names = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (size, behind) = rest.split_first_chunk::<2>()?;
        let (name, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        names.push(String::from_utf8_lossy(name).into_owned());
        rest = behind;
    }
    // In any order, as the broker's table has them.
    names.sort_unstable();
    Some(Some(names.join(", ")))
}
