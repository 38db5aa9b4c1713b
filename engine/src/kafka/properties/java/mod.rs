//! The Java client's names and values in librdkafka's terms.

mod convert;
mod jaas;
mod rows;
mod rule;

pub(crate) use jaas::parse as parse_jaas;
pub(crate) use rows::ROWS;
pub(crate) use rule::{JavaName, Rule};

use crate::kafka::properties::table::Role;

/// The row for a Java name as a client of that role understands it.
pub(crate) fn find(name: &str, role: Role) -> Option<&'static JavaName> {
    ROWS.iter().find(|row| row.name == name && row.roles.contains(&role))
}

/// Whether any Java client has that name.
pub(crate) fn is_known(name: &str) -> bool {
    ROWS.iter().any(|row| row.name == name)
}

/// What to write in place of a security property of Java's that librdkafka does not have.
/// They are refused as a family: one that is ignored would be a lie about how the run was secured.
pub(crate) fn security_advice(name: &str) -> Option<&'static str> {
    const FAMILIES: &[(&str, &str)] = &[
        ("sasl.", "is Java's alone: use librdkafka's sasl.* properties, e.g. sasl.username"),
        ("ssl.", "is Java's alone: use librdkafka's ssl.* properties, e.g. ssl.ca.location"),
        ("security.", "is Java's alone: only security.protocol can be set"),
        ("config.providers", "Java classes cannot be loaded here: use ${env:…} or ${file:…}"),
    ];
    FAMILIES.iter().find(|(family, _)| name.starts_with(family)).map(|(_, advice)| *advice)
}

/// What a name that is often written by mistake should have been.
pub(crate) fn slip(name: &str) -> Option<&'static str> {
    const SLIPS: &[(&str, &str)] = &[
        (
            "max.in.flight.requests",
            "no Kafka client has this property: use max.in.flight.requests.per.connection",
        ),
        ("zookeeper.connect", "clients do not use ZooKeeper: use bootstrap.servers"),
        ("broker.list", "no Kafka client has this property: use bootstrap.servers"),
    ];
    SLIPS.iter().find(|(slip, _)| *slip == name).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ROWS, Rule, find, is_known, security_advice, slip};
    use crate::kafka::properties::table::{self, Role};

    #[test]
    fn no_role_has_a_name_twice() {
        let mut seen = BTreeSet::new();
        for row in ROWS {
            for role in row.roles {
                assert!(seen.insert((row.name, role)), "{} for {role:?}", row.name);
            }
        }
    }

    #[test]
    fn rules_lead_to_librdkafkas_properties() {
        for row in ROWS {
            if let Rule::Name(to) | Rule::Clamp(to) | Rule::Convert(to, _) = row.rule {
                let property = table::find(to).expect(to);
                assert_eq!(property.name, to, "{} leads to an alias", row.name);
                for role in row.roles {
                    assert!(property.roles.contains(role), "{} has no {to}", row.name);
                }
            }
        }
    }

    /// Every row as a person reads it.
    fn table_of_rows() -> String {
        let told = |rule: Rule| match rule {
            Rule::Name(to) => format!("`{to}`"),
            Rule::Clamp(to) => format!("`{to}`, the nearest in its range"),
            Rule::Convert(to, _) => format!("`{to}`, converted"),
            Rule::Ignore(reason) => format!("no effect: {reason}"),
            Rule::IgnoreOnly(value, reason) => format!("only `{value}`: {reason}"),
            Rule::Refuse(instead) => format!("refused: {instead}"),
            Rule::LevelOf(codec) => format!("`compression.level`, where {codec} is the codec"),
            Rule::Jaas => "`sasl.username`, `sasl.password`, by its login module".to_owned(),
            Rule::Store => "librdkafka's files; JKS is refused with what converts it".to_owned(),
            Rule::CommitLinger => "kdyno's own pause between commits".to_owned(),
        };
        let line = |row: &super::JavaName| {
            let roles: Vec<String> = row.roles.iter().map(|role| format!("{role:?}")).collect();
            let roles = roles.join(", ").to_lowercase();
            let values = match row.kind.allowed() {
                values if values.len() < 60 => values,
                _ => "its words".to_owned(),
            };
            format!("| `{}` | {roles} | {values} | {} |\n", row.name, told(row.rule))
        };
        ROWS.iter().map(line).collect()
    }

    #[test]
    fn the_document_of_properties_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/PROPERTIES.md");
        let old = std::fs::read_to_string(path).expect("the document is there");
        let (head, _) = old.split_once("|---|---|---|---|\n").expect("it has a table");
        let new = format!("{head}|---|---|---|---|\n{}", table_of_rows());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &new).expect("the document is written");
        }
        let is_same = old == new || std::env::var_os("UPDATE_GOLDEN").is_some();
        assert!(is_same, "{path} is old: UPDATE_GOLDEN=1 rewrites it");
    }

    #[test]
    fn one_name_may_mean_two_things() {
        let target = |role| match find("request.timeout.ms", role).expect("known").rule {
            Rule::Clamp(to) => to,
            _ => "",
        };
        assert_eq!(target(Role::Producer), "request.timeout.ms");
        assert_eq!(target(Role::Consumer), "socket.timeout.ms");
        assert_eq!(target(Role::Admin), "socket.timeout.ms");
    }

    #[test]
    fn refusals_name_the_way_out() {
        for (name, word) in [
            ("sasl.login.class", "sasl.*"),
            ("ssl.protocol", "ssl.*"),
            ("security.providers", "security.protocol"),
        ] {
            assert!(security_advice(name).is_some_and(|advice| advice.contains(word)), "{name}");
        }
        let advice = slip("max.in.flight.requests");
        assert!(
            advice.is_some_and(|text| text.contains("use max.in.flight.requests.per.connection"))
        );
        assert_eq!(slip("linger.ms"), None);
        assert!(is_known("max.poll.records") && !is_known("queued.min.messages"));
    }
}
