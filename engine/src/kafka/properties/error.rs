//! A fault in a properties text: where it is, what was got, what is allowed.

/// One fault in a properties text. Equal faults, found for two roles, are one fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[error("{}", self.text())]
pub struct PropertyError {
    /// Where: `path/driver.yaml:12`, or the flag of the command line; may be empty.
    pub place: String,
    /// The config in which it stands, e.g. `producerConfig`; may be empty.
    pub section: String,
    /// The property's name as it was written.
    pub name: String,
    /// What is wrong and what would be right; never a secret's value.
    pub problem: String,
}

impl PropertyError {
    fn text(&self) -> String {
        let parts = [&self.place, &self.section, &self.name, &self.problem];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(": ")
    }
}

#[cfg(test)]
mod tests {
    use super::PropertyError;

    #[test]
    fn a_fault_reads_from_the_outside_in() {
        let mut error = PropertyError {
            place: "path/driver.yaml:12".to_owned(),
            section: "producerConfig".to_owned(),
            name: "acks".to_owned(),
            problem: "got \"2\", need 0, 1, all or -1".to_owned(),
        };
        let whole = "path/driver.yaml:12: producerConfig: acks: got \"2\", need 0, 1, all or -1";
        assert_eq!(error.to_string(), whole);
        error.section.clear();
        assert_eq!(error.to_string(), "path/driver.yaml:12: acks: got \"2\", need 0, 1, all or -1");
    }
}
