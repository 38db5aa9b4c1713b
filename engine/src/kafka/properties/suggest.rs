//! The name that an unknown one was probably meant to be.

use crate::kafka::properties::java;
use crate::kafka::properties::table;

/// Less alike than this is no slip of the keyboard: `linger` and `linger.ms` have 0.93,
/// `group.name` and `group.id` 0.88.
const LIKENESS_MIN: f64 = 0.86;

/// The known name of a client's property that is most like this one, if any is like it at all.
pub(crate) fn suggest(name: &str) -> Option<&'static str> {
    let own = table::all().map(|property| property.name);
    let aliases = table::ALIASES.iter().map(|(alias, _)| *alias);
    let java = java::ROWS.iter().map(|row| row.name);
    closest(name, aliases.chain(java).chain(own))
}

/// The most like of some names; of equals the first.
pub(crate) fn closest(
    name: &str,
    candidates: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let name = name.to_lowercase();
    let mut best = (LIKENESS_MIN, None);
    for candidate in candidates {
        let likeness = strsim::jaro_winkler(&name, candidate);
        if best.0 < likeness {
            best = (likeness, Some(candidate));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn slips_find_their_names() {
        for (slip, name) in [
            ("batch.sise", "batch.size"),
            ("batchsize", "batch.size"),
            ("linger", "linger.ms"),
            ("Linger.MS", "linger.ms"),
            ("ack", "acks"),
            ("bootstrap.server", "bootstrap.servers"),
            ("compresion.type", "compression.type"),
            ("fetch.max.waits.ms", "fetch.max.wait.ms"),
            ("auto.offset.rest", "auto.offset.reset"),
        ] {
            assert_eq!(suggest(slip), Some(name), "{slip}");
        }
        assert_eq!(suggest("favourite.colour"), None);
    }
}
