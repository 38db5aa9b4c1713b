//! The table against itself and against librdkafka.

use std::collections::BTreeSet;

use rdkafka::ClientConfig;

use super::{ALIASES, Property, all, canonical, familiar, find, is_callback, unsupported};
use crate::kafka::properties::kind::Kind;

#[test]
fn no_name_stands_twice() {
    let mut seen = BTreeSet::new();
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    for name in all().map(|property| property.name).chain(aliases) {
        assert!(seen.insert(name), "{name} stands twice");
        assert!(!is_callback(name), "{name} is a callback");
    }
}

#[test]
fn aliases_lead_to_a_property() {
    for (alias, name) in ALIASES {
        assert_eq!(find(alias).map(|property| property.name), Some(*name), "{alias}");
        assert_eq!(canonical(alias), *name, "{alias}");
    }
    assert_eq!(familiar("queue.buffering.max.ms"), "linger.ms");
    let in_flight = "max.in.flight.requests.per.connection";
    assert_eq!(familiar(in_flight), in_flight);
}

#[test]
fn defaults_are_of_their_own_kind() {
    for Property { name, kind, default, .. } in all() {
        if let Some(default) = default {
            assert!(kind.parse(default).is_ok(), "{name}: {default:?} is not {kind:?}");
        }
    }
}

#[test]
fn defaults_are_those_of_librdkafka() {
    // Setting a topic's property makes librdkafka report all of them.
    let native = ClientConfig::new()
        .set("acks", "-1")
        .create_native_config()
        .expect("librdkafka takes its own default");
    for property in all() {
        match (native.get(property.name), property.default) {
            (Ok(reported), default) => {
                let reported = reported.trim_end_matches('\0');
                // The table has no default for the features: they depend on the build.
                if property.name != "builtin.features" {
                    assert_eq!(reported, default.unwrap_or_default(), "{}", property.name);
                }
            }
            (Err(error), Some(default)) => panic!("{} = {default}: {error}", property.name),
            // librdkafka reports nothing where it has no default.
            (Err(_), None) => {}
        }
    }
}

#[test]
fn librdkafka_has_every_name_and_the_same_bounds() {
    for property in all() {
        let refusal = |value: &str| {
            let config = ClientConfig::new().set(property.name, value).create_native_config();
            config.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let (name, unknown) = (property.name, "No such configuration property");
        assert!(!refusal("1").contains(unknown), "{name} is unknown");
        let is_refused = refusal("1").contains("not supported in this build");
        assert_eq!(is_refused, unsupported(name).is_some(), "{name}: {}", refusal("1"));
        let Kind::Integer { min, max } = property.kind else { continue };
        let outside = "is outside allowed range";
        assert!(!refusal(&min.to_string()).contains(outside), "{name}: {min}");
        assert!(!refusal(&max.to_string()).contains(outside), "{name}: {max}");
    }
}
