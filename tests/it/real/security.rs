//! A secured broker: every way in counts exactly, and every wrong set-up says what is wrong, at once.

use super::broker::Broker;
use super::load::{Load, SMALL};
use super::{assert_read, count, shared_turn};
use crate::cli::{Kdyno, Ran};
use crate::golden;
use engine::time::{Clock, OsClock};
use std::path::Path;

/// 1,000 messages a second for a second.
const LOAD: Load<'_> = Load { name: "secured", seconds: 1, warmup: 0, ..SMALL };

/// The listeners of `scripts/kafka-secured`, beyond the open one.
const SASL_SSL: u16 = 2;
const SSL: u16 = 3;
const EXPIRED: u16 = 4;
const SASL_PLAINTEXT: u16 = 5;

/// Longer than any wrong set-up may take to be told.
const TOLD_WITHIN_S: f64 = 15.0;

/// A run through one listener, as this user, with these properties; `SECRETS` stands for their folder.
fn run(broker: &Broker, listener: u16, user: &str, properties: &[&str]) -> Ran {
    let secrets = broker.secrets();
    let secret = |name: &str| {
        std::fs::read_to_string(secrets.join(name)).unwrap_or_else(|_| "none".to_owned())
    };
    let password = secret(&format!("{user}.password"));
    let mut run = Kdyno::new(&["run", "w.yaml", "--driver", "kafka-secured"])
        .and(&["--bootstrap-server", &broker.listener(listener)])
        .with_variable("KDYNO_USER", user)
        .with_variable("KDYNO_PASSWORD", password.trim())
        .with_variable("STORE", secret("store.password").trim())
        .with_file("w.yaml", &LOAD.yaml());
    let folder = secrets.to_str().expect("the path is text");
    for property in properties {
        run = run.and(&["--set", &format!("driver.{}", property.replace("SECRETS", folder))]);
    }
    run.run()
}

/// Nobody learns a password: not from what is said, nor from any file of the run.
fn assert_silent(broker: &Broker, ran: &Ran, user: &str) {
    for name in [user, "store"] {
        let password = std::fs::read_to_string(broker.secrets().join(format!("{name}.password")));
        let Ok(password) = password else { continue };
        let is_said = |text: &str| text.contains(password.trim());
        assert!(!is_said(&ran.stdout) && !is_said(&ran.stderr), "{name}: said aloud");
        for file in ran.files() {
            let bytes = std::fs::read(ran.path(&file)).unwrap_or_default();
            assert!(!is_said(&String::from_utf8_lossy(&bytes)), "{name}: written to {file}");
        }
    }
}

/// All that was due was sent, acked and read, and nothing is left. On a crowded host the client is late and
/// says so: a fresh broker's first handshakes take their time.
fn assert_counts(name: &str, ran: &Ran) {
    assert!(matches!(ran.code, 0 | 11), "{name}: exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    for path in ["/produced/due", "/produced/messages", "/acked/messages"] {
        assert_eq!(count(&result, path), LOAD.due(), "{name}: {path}: {}", ran.stderr);
    }
    assert_read(&result, LOAD.due(), 1);
    assert_eq!(result["topics"]["left"], serde_json::json!([]), "{name}: topics and groups go");
}

const CA: &str = "ssl.ca.location=SECRETS/ca.pem";
const TRUST: [&str; 2] =
    ["ssl.truststore.location=SECRETS/trust.p12", "ssl.truststore.password=${env:STORE}"];
const P12: [&str; 2] =
    ["ssl.keystore.location=SECRETS/client.p12", "ssl.keystore.password=${env:STORE}"];

#[test]
fn every_way_into_a_secured_broker_counts_exactly_and_tells_no_secret() {
    let Some(_turn) = shared_turn() else { return };
    let broker = Broker::start_secured("secured");
    let token = "sasl.oauthbearer.config=principal=runner";
    let unsecured = "enable.sasl.oauthbearer.unsecure.jwt=true";
    let pem = "ssl.certificate.location=SECRETS/client.pem";
    let ways: [(&str, u16, &[&str]); 7] = [
        ("SCRAM-SHA-256", SASL_SSL, &[CA, "sasl.mechanism=SCRAM-SHA-256"]),
        ("SCRAM-SHA-512, trust store", SASL_SSL, &TRUST),
        ("PLAIN", SASL_SSL, &[CA, "sasl.mechanism=PLAIN"]),
        ("a token", SASL_SSL, &[CA, "sasl.mechanism=OAUTHBEARER", unsecured, token]),
        ("without TLS", SASL_PLAINTEXT, &["security.protocol=SASL_PLAINTEXT"]),
        ("PEM", SSL, &["security.protocol=SSL", CA, pem, "ssl.key.location=SECRETS/client.key"]),
        ("PKCS#12", SSL, &["security.protocol=SSL", CA, P12[0], P12[1]]),
    ];
    for (name, listener, properties) in ways {
        let ran = run(&broker, listener, "runner", properties);
        println!("{name}: exit {}", ran.code);
        assert_counts(name, &ran);
        assert_silent(&broker, &ran, "runner");
    }
    let (told, took) = wrong_set_ups(&broker);
    println!("{took}");
    golden::check("security.txt", &told);
}

/// What each wrong set-up is told, a line each; and after how long.
fn wrong_set_ups(broker: &Broker) -> (String, String) {
    let ssl = "security.protocol=SSL";
    let plain = "security.protocol=PLAINTEXT";
    let expired = "ssl.certificate.location=SECRETS/expired.pem";
    let stranger = "ssl.certificate.location=SECRETS/stranger.pem";
    let key = "ssl.key.location=SECRETS/expired.key";
    let wrong: [(&str, u16, &str, &[&str]); 14] = [
        ("wrong password", SASL_SSL, "runner", &[CA, "sasl.password=${env:KDYNO_USER}"]),
        ("unknown user", SASL_SSL, "nobody", &[CA, "sasl.password=${env:KDYNO_USER}"]),
        ("unknown CA", SASL_SSL, "runner", &["ssl.ca.location=SECRETS/unknown-ca.pem"]),
        ("expired broker certificate", EXPIRED, "runner", &[CA, ssl]),
        ("no client certificate", SSL, "runner", &[CA, ssl]),
        ("expired client certificate", SSL, "runner", &[CA, ssl, expired, key]),
        (
            "client certificate of an unknown CA",
            SSL,
            "runner",
            &[CA, ssl, stranger, "ssl.key.location=SECRETS/stranger.key"],
        ),
        ("TLS to a listener without", 0, "runner", &[CA, ssl]),
        ("no TLS to a listener with", SASL_SSL, "runner", &["security.protocol=SASL_PLAINTEXT"]),
        ("no login where one is asked", SASL_PLAINTEXT, "runner", &[plain]),
        (
            "a mechanism that is off",
            SASL_PLAINTEXT,
            "runner",
            &["security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN"],
        ),
        ("no right to create", SASL_SSL, "no-create", &[CA]),
        ("no right to write", SASL_SSL, "no-write", &[CA]),
        ("no right to join", SASL_SSL, "no-group", &[CA]),
    ];
    let (mut told, mut times) = (String::new(), String::new());
    let clock = OsClock::anchored();
    for (name, listener, user, properties) in wrong {
        let began = clock.now();
        let ran = run(broker, listener, user, properties);
        let took = clock.now().since(began).expect("time goes on").as_secs_f64();
        times.push_str(&format!("{name}: exit {} after {took:.1} s\n", ran.code));
        assert_eq!(ran.code, 1, "{name}: {}", ran.stderr);
        assert!(took < TOLD_WITHIN_S, "{name}: told after {took} s: {}", ran.stderr);
        assert_silent(broker, &ran, user);
        let finding = ran.result()["verdict"]["findings"][0].clone();
        assert_eq!(finding["code"], "failed", "{name}: {finding:#}");
        let text = finding["evidence"]["reason"].as_str().expect("a text");
        told.push_str(&format!("{name}: {}\n", steady(text, broker)));
    }
    (told, times)
}

/// The words without what is different in every run: ports, folders, dates, ids.
fn steady(words: &str, broker: &Broker) -> String {
    let mut words = words.replace(path(&broker.secrets()), "SECRETS");
    for (listener, name) in
        [(0, "OPEN"), (2, "SASL_SSL"), (3, "SSL"), (4, "EXPIRED"), (5, "SASL_PLAINTEXT")]
    {
        words = words.replace(&broker.listener(listener), name);
    }
    cut(&cut(&cut(&words, "valid until ", "GMT"), "topic ", ":"), "secured_", ":")
}

fn path(of: &Path) -> &str {
    of.to_str().expect("the path is text")
}

/// The words without what stands between these two.
fn cut(words: &str, before: &str, behind: &str) -> String {
    let cut = words.split_once(before).and_then(|(start, rest)| {
        let (_, rest) = rest.split_once(behind)?;
        Some(format!("{start}{before}…{behind}{rest}"))
    });
    cut.unwrap_or_else(|| words.to_owned())
}
