//! Who logs in and whom a client trusts, as Java's properties say it.

use std::fs;
use std::path::Path;

use super::{outcome, producer};
use crate::kafka::properties::{Dialect, Role};

const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule required";

/// A file of these bytes in a folder of the test's own.
fn file(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("written");
    path.to_str().expect("temporary paths are text").to_owned()
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let errors = outcome(Role::Producer, Dialect::Java, text).expect_err(text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let told = errors[0].to_string();
    assert!(told.contains(expected) && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_login_module_becomes_name_and_password() {
    let login = format!("sasl.jaas.config={PLAIN} username=\"me\" password=\"hunter2\";");
    let resolved = producer(&format!("sasl.mechanism=PLAIN\n{login}"));
    let password = resolved.get("sasl.password").expect("it is set");
    assert_eq!((password.value.as_str(), password.masked_value()), ("hunter2", "****"));
    assert_eq!(password.written_as.as_deref(), Some("sasl.jaas.config"));
    assert_eq!(resolved.value("sasl.username").as_deref(), Some("me"));
    assert!(!format!("{resolved:?}").contains("hunter2"), "{resolved:?}");
    refused(
        &login,
        "d.yaml:1: producerConfig: sasl.jaas.config: its login module needs sasl.mechanism=PLAIN, which is GSSAPI",
    );
    refused(&format!("sasl.mechanism=SCRAM-SHA-256\n{login}"), "which is SCRAM-SHA-256");
    refused(
        &format!("sasl.mechanism=PLAIN\nsasl.username=me\n{login}"),
        "is the same setting as sasl.username",
    );
}

#[test]
fn a_login_has_a_mechanism_of_this_client_and_somebody_to_log_in() {
    let sasl = "security.protocol=SASL_SSL";
    refused(sasl, "security.protocol: needs sasl.mechanism=PLAIN, SCRAM-SHA-256");
    refused(&format!("{sasl}\nsasl.mechanism=GSSAPI"), "got GSSAPI, need PLAIN, SCRAM-SHA-256");
    refused(&format!("{sasl}\nsasl.mechanism=plain-text"), "sasl.mechanism: got \"plain-text\"");
    let plain = format!("{sasl}\nsasl.mechanism=PLAIN");
    refused(&plain, "sasl.mechanism: needs sasl.username and sasl.password");
    refused(&format!("{plain}\nsasl.password="), "sasl.password: need text");
    producer(&format!("{plain}\nsasl.username=me\nsasl.password=hunter2"));
    producer(&format!("{plain}\nsasl.jaas.config={PLAIN} username=\"me\" password=\"hunter2\";"));
    producer(&format!("{sasl}\nsasl.mechanism=OAUTHBEARER"));
    producer("security.protocol=SSL\nsasl.mechanism=GSSAPI");
}

#[test]
fn a_store_of_pem_is_what_librdkafka_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let pem = file(folder.path(), "a.jks", b"-----BEGIN CERTIFICATE-----\n");
    let resolved = producer(&format!(
        "ssl.truststore.type=PEM\nssl.truststore.location={pem}\nssl.keystore.location={pem}\nssl.key.password=hunter2"
    ));
    for name in ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location"] {
        assert_eq!(resolved.value(name).as_deref(), Some(pem.as_str()), "{name}");
    }
    assert!(resolved.get("ssl.keystore.location").is_none(), "it is no PKCS#12");
    refused(
        &format!("ssl.ca.location={pem}\nssl.truststore.location={pem}"),
        "both say whom to trust",
    );
}

#[test]
fn a_store_of_javas_own_is_refused_with_what_converts_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let jks = file(folder.path(), "a.jks", b"\xfe\xed\xfe\xed\0\0\0\x02");
    let command = format!("keytool -importkeystore -srckeystore {jks} -destkeystore");
    refused(&format!("ssl.truststore.location={jks}"), &command);
    refused(&format!("ssl.keystore.location={jks}\nssl.keystore.password=hunter2"), &command);
    let other = file(folder.path(), "other", b"hello");
    refused(&format!("ssl.truststore.location={other}"), "is neither PEM nor PKCS#12");
    let p12 = file(folder.path(), "a.p12", b"\x30\x82nothing");
    refused(&format!("ssl.keystore.location={p12}"), "needs ssl.keystore.password");
    refused(
        &format!("ssl.truststore.location={p12}\nssl.truststore.password=hunter2"),
        "is no PKCS#12 file",
    );
}
