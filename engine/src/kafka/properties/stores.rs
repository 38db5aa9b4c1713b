//! Key stores and trust stores, which the Java client keeps in files of three kinds, in librdkafka's terms.
//!
//! The file says what it is, not the property of its type: a `.jks` of today's keytool is PKCS#12 inside.
//! librdkafka reads PEM everywhere and PKCS#12 for the client's own key alone: what a trust store of
//! PKCS#12 holds is handed on as PEM. JKS is Java's own and is refused, with what converts it.

use openssl::pkcs12::Pkcs12;

use crate::kafka::properties::effective::{Note, NoteKind};
use crate::kafka::properties::read::Reading;
use crate::kafka::properties::settings::Setting;
use crate::kafka::properties::table;

/// A store is a few certificates; more is no store.
const MOST: u64 = 16 << 20;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Pem,
    Pkcs12,
    Jks,
}

/// Puts what was read of stores in librdkafka's terms.
pub(crate) fn settle(reading: &mut Reading) {
    if let Err(fault) = trust(reading).and_then(|()| keys(reading)) {
        reading.errors.push(*fault);
    }
}

type Fault = Box<crate::kafka::properties::error::PropertyError>;

fn trust(reading: &mut Reading) -> Result<(), Fault> {
    let password = reading.stores.remove("ssl.truststore.password");
    let Some(store) = reading.stores.remove("ssl.truststore.location") else {
        if let Some(password) = password {
            let text = "there is no ssl.truststore.location".to_owned();
            let (kind, name) = (NoteKind::Ignored, password.shown_name().to_owned());
            reading.notes.push(Note { kind, name, place: password.place, text });
        }
        return Ok(());
    };
    for name in ["ssl.ca.location", "ssl.ca.pem"] {
        if let Some(other) = reading.settings.written(name) {
            let (spelled, place) = (other.shown_name(), &other.place);
            return Err(fault(
                &store,
                format!("and {spelled} ({place}) both say whom to trust: keep one of them"),
            ));
        }
    }
    let path = store.effective.value.clone();
    let (bytes, form) = read(&store)?;
    let (name, value, note) = match form {
        Form::Pem => ("ssl.ca.location", path, None),
        Form::Jks => return Err(fault(&store, jks(&path))),
        Form::Pkcs12 => {
            let password = password.map_or_else(String::new, |of| of.effective.value);
            let found = certificates(&bytes, &password);
            let (count, pem) =
                found.map_err(|problem| fault(&store, format!("got {path}: {problem}")))?;
            let many = if count == 1 { "" } else { "s" };
            ("ssl.ca.pem", pem, Some(format!("{count} certificate{many} of {path}")))
        }
    };
    put(reading, &store, name, value, note);
    Ok(())
}

/// librdkafka has this one under Java's names, but for PEM.
fn keys(reading: &mut Reading) -> Result<(), Fault> {
    let Some(store) = reading.settings.written("ssl.keystore.location").cloned() else {
        return Ok(());
    };
    let path = store.effective.value.clone();
    match read(&store)?.1 {
        Form::Jks => Err(fault(&store, jks(&path))),
        Form::Pkcs12 if reading.settings.get("ssl.keystore.password").is_none() => {
            Err(fault(&store, "needs ssl.keystore.password beside it".to_owned()))
        }
        Form::Pkcs12 => Ok(()),
        Form::Pem => {
            for name in ["ssl.keystore.location", "ssl.keystore.password"] {
                reading.settings.by_name.remove(name);
            }
            for name in ["ssl.certificate.location", "ssl.key.location"] {
                put(reading, &store, name, path.clone(), None);
            }
            Ok(())
        }
    }
}

fn put(reading: &mut Reading, store: &Setting, name: &str, value: String, note: Option<String>) {
    let mut setting = store.clone();
    let written = store.shown_name().to_owned();
    setting.effective.name = table::canonical(name).to_owned();
    setting.effective.written_as = Some(written);
    (setting.effective.value, setting.effective.note) = (value, note);
    reading.settings.by_name.insert(setting.effective.name.clone(), setting);
}

fn fault(store: &Setting, problem: String) -> Fault {
    Box::new(store.error(problem))
}

fn read(store: &Setting) -> Result<(Vec<u8>, Form), Fault> {
    let path = &store.effective.value;
    let refused = |problem: String| fault(store, format!("got {path}: {problem}"));
    let size = std::fs::metadata(path).map(|of| of.len());
    let size = size.map_err(|error| refused(format!("cannot be read: {error}")))?;
    if MOST < size {
        return Err(refused(format!("is {size} bytes long, need a store of at most {MOST}")));
    }
    let bytes = std::fs::read(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
    match form(&bytes) {
        Some(form) => Ok((bytes, form)),
        None => Err(refused("is neither PEM nor PKCS#12".to_owned())),
    }
}

fn form(bytes: &[u8]) -> Option<Form> {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => Some(Form::Jks),
        // A sequence of ASN.1, longer than 127 bytes.
        [0x30, 0x80..=0x84, ..] => Some(Form::Pkcs12),
        _ if bytes.windows(11).any(|part| part == b"-----BEGIN ") => Some(Form::Pem),
        _ => None,
    }
}

fn jks(path: &str) -> String {
    let stem =
        path.rsplit_once('.').filter(|(_, end)| !end.contains('/')).map_or(path, |(stem, _)| stem);
    format!(
        "got {path}: is a JKS file, which only Java reads. Convert it with: keytool -importkeystore \
         -srckeystore {path} -destkeystore {stem}.p12 -deststoretype PKCS12"
    )
}

/// How many certificates a PKCS#12 file holds, and all of them as PEM.
fn certificates(bytes: &[u8], password: &str) -> Result<(usize, String), String> {
    let store = Pkcs12::from_der(bytes).map_err(|_| "is no PKCS#12 file".to_owned())?;
    let parsed = store.parse2(password).map_err(|error| {
        let is_old = error.errors().iter().any(|of| of.reason() == Some("unsupported"));
        if is_old {
            "is encrypted in a way that OpenSSL 3 has given up: make it anew with keytool of Java 17, or \
             put its certificates as PEM into ssl.ca.location"
                .to_owned()
        } else {
            "cannot be opened: check ssl.truststore.password".to_owned()
        }
    })?;
    let trusted = parsed.ca.iter().flatten();
    let all = parsed.cert.as_deref().into_iter().chain(trusted);
    let mut pem = String::new();
    let mut count = 0;
    for certificate in all {
        let text =
            certificate.to_pem().map_err(|error| format!("a certificate is broken: {error}"))?;
        pem.push_str(&String::from_utf8_lossy(&text));
        count += 1;
    }
    if count == 0 {
        return Err("holds no certificate".to_owned());
    }
    Ok((count, pem))
}

#[cfg(test)]
mod tests {
    use super::{Form, certificates, form, jks};
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkcs12::Pkcs12;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::x509::{X509, X509Name};

    fn authority() -> (PKey<openssl::pkey::Private>, X509) {
        let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
        let mut name = X509Name::builder().expect("a name");
        name.append_entry_by_text("CN", "a CA").expect("a name");
        let name = name.build();
        let mut made = X509::builder().expect("a certificate");
        made.set_subject_name(&name).expect("set");
        made.set_issuer_name(&name).expect("set");
        made.set_pubkey(&key).expect("set");
        made.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("set");
        made.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("set");
        made.sign(&key, MessageDigest::sha256()).expect("signed");
        (key, made.build())
    }

    #[test]
    fn the_certificates_of_a_store_are_handed_on_as_pem() {
        let (key, certificate) = authority();
        let mut store = Pkcs12::builder();
        store.cert(&certificate).pkey(&key);
        let store = store.build2("hunter2").expect("a store").to_der().expect("bytes");
        assert_eq!(form(&store), Some(Form::Pkcs12));
        let (count, pem) = certificates(&store, "hunter2").expect("it is opened");
        assert_eq!(count, 1);
        assert_eq!(pem.as_bytes(), certificate.to_pem().expect("text"));
        let fault = certificates(&store, "hunter3").expect_err("another password");
        assert!(fault.contains("ssl.truststore.password") && !fault.contains("hunter"), "{fault}");
        assert!(certificates(b"0\x82nothing", "").is_err_and(|told| told.contains("no PKCS#12")));
    }

    #[test]
    fn files_say_what_they_are() {
        let check = |bytes: &[u8], expected| assert_eq!(form(bytes), expected, "{bytes:?}");
        check(b"\xfe\xed\xfe\xed\0\0\0\x02", Some(Form::Jks));
        check(b"Bag Attributes\n-----BEGIN CERTIFICATE-----\n", Some(Form::Pem));
        check(b"hello", None);
        check(b"", None);
        assert!(jks("/a/b.jks").ends_with(
            "keytool -importkeystore -srckeystore /a/b.jks -destkeystore /a/b.p12 -deststoretype PKCS12"
        ));
        assert!(jks("/a.d/store").contains("-destkeystore /a.d/store.p12"));
    }
}
