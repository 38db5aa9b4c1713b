//! Why a broker that is there does not let this client in, in words that say what to do about it.
//!
//! librdkafka tries again for ever, also with a password that is wrong: whoever asks for a cluster ends
//! at the first such word. `words` reads what the client says, `look` goes and sees for itself where the
//! client says nothing or too little, `rights` is about what one may do once one is in.

mod look;
pub(super) mod rights;
mod words;

pub(super) use look::look;
pub(super) use words::understood;

/// A client's properties, by librdkafka's canonical names.
pub(super) type Properties = [(String, String)];

/// The value of a property, if it is set.
fn value<'run>(properties: &'run Properties, name: &str) -> Option<&'run str> {
    let found = properties.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// `security.protocol`, with librdkafka's default.
fn protocol(properties: &Properties) -> &str {
    value(properties, "security.protocol").unwrap_or("plaintext")
}

/// `sasl.mechanism`, with librdkafka's default.
fn mechanism(properties: &Properties) -> &str {
    value(properties, "sasl.mechanisms").unwrap_or("GSSAPI")
}

/// The property that names the client's certificate, and its value.
fn certificate(properties: &Properties) -> Option<(&'static str, &str)> {
    let named = |name| value(properties, name).map(|value| (name, value));
    let inline = value(properties, "ssl.certificate.pem").map(|_| ("ssl.certificate.pem", "PEM"));
    named("ssl.certificate.location").or_else(|| named("ssl.keystore.location")).or(inline)
}
