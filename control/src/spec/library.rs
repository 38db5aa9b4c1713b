//! The workloads and driver configs that are built in: their names do where no such file lies.

use super::fields::nearest;

/// A file of the repository's `workloads/` or `configs/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// The file's name without `.yaml`.
    pub name: &'static str,
    /// What it holds.
    pub text: &'static str,
}

/// The files of a folder of the repository.
macro_rules! built_in {
    ($folder:literal: $($name:literal)+) => {
        &[$(BuiltIn {
            name: $name,
            text: include_str!(concat!("../../../", $folder, "/", $name, ".yaml")),
        }),+]
    };
}

/// All workloads, by name.
pub const WORKLOADS: &[BuiltIn] = built_in!("workloads":
    "acks-comparison"
    "backlog-drain"
    "batch-size-sweep"
    "bulk-and-probe"
    "burst-1k"
    "commit-interval-sweep"
    "compression-sweep"
    "consumer-churn"
    "consumer-scaling-test"
    "daily-wave"
    "digital-twin-sensor-stream"
    "failover-watch"
    "fan-out"
    "find-the-limit"
    "keyed-messages"
    "large-messages-1mib"
    "latency-test-100b"
    "latency-test-auto"
    "linger-sweep"
    "load-step"
    "many-partitions-1000"
    "many-topics-100"
    "many-topics-10000"
    "msg-size-comparison"
    "partition-scaling-test"
    "payload-integrity"
    "poisson-arrivals"
    "produce-only-max"
    "producer-scaling-test"
    "quick-test"
    "ramp-to-overload"
    "rate-sweep"
    "simple"
    "small-messages-64b"
    "soak-1h"
    "throughput-test-100b"
    "throughput-test-max"
    "transactions-100"
);

/// All driver configs, by name.
pub const CONFIGS: &[BuiltIn] = built_in!("configs":
    "embedded"
    "kafka-acks-0"
    "kafka-acks-1"
    "kafka-big-batches"
    "kafka-compression-lz4"
    "kafka-compression-zstd"
    "kafka-digital-twin"
    "kafka-fetch-latency"
    "kafka-fetch-throughput"
    "kafka-idempotent"
    "kafka-java-defaults"
    "kafka-large-messages"
    "kafka-latency"
    "kafka-no-linger"
    "kafka-replicated"
    "kafka-secured"
    "kafka-sync"
    "kafka-throughput"
    "loopback"
    "redpanda"
);

impl BuiltIn {
    /// What question it answers, as the comment at its head asks it.
    pub fn question(&self) -> String {
        let paragraph = self.paragraph("Question: ");
        let end = paragraph.find('?').map_or(paragraph.len(), |at| at + 1);
        paragraph[..end].to_owned()
    }

    /// What to look at in its results, as the comment at its head says.
    pub fn look_at(&self) -> String {
        self.paragraph("Look at: ")
    }

    /// A paragraph of the comment at its head, without the words with which it begins.
    fn paragraph(&self, beginning: &str) -> String {
        let head = self.text.lines().map_while(|line| line.strip_prefix('#'));
        let lines = head.map(str::trim).skip_while(|line| !line.starts_with(beginning));
        let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
        lines.join(" ").split_off(if lines.is_empty() { 0 } else { beginning.len() })
    }
}

/// The one of this name, whichever of the two it is: no name is both.
pub(super) fn find(name: &str) -> Option<&'static BuiltIn> {
    all().find(|one| one.name == name)
}

/// The name that a file's name was probably meant to be.
pub(super) fn suggestion(stem: &str) -> Option<&'static str> {
    nearest(stem, all().map(|one| one.name))
}

fn all() -> impl Iterator<Item = &'static BuiltIn> {
    WORKLOADS.iter().chain(CONFIGS)
}

#[cfg(test)]
mod tests {
    use super::{BuiltIn, CONFIGS, WORKLOADS, find, suggestion};
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    #[test]
    fn all_files_of_both_folders_are_built_in_and_nothing_else_is() {
        for (folder, built_in) in [("workloads", WORKLOADS), ("configs", CONFIGS)] {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
            let mut files = Vec::new();
            for entry in std::fs::read_dir(folder).expect("the folder") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
                let name = name.strip_suffix(".yaml").expect("YAML files alone").to_owned();
                files.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
            files.sort();
            let held = built_in.iter().map(|one| (one.name.to_owned(), one.text.to_owned()));
            assert_eq!(held.collect::<Vec<_>>(), files, "by name, as they lie there");
        }
        let names: BTreeSet<&str> = super::all().map(|one| one.name).collect();
        assert_eq!(names.len(), WORKLOADS.len() + CONFIGS.len(), "no name is both");
        assert!(18 <= WORKLOADS.len(), "as many as were promised: {}", WORKLOADS.len());
    }

    #[test]
    fn each_begins_with_its_question_and_says_what_to_look_at() {
        for one in super::all() {
            assert!(one.text.starts_with("# Question: "), "{}: its first words", one.name);
            let (question, look_at) = (one.question(), one.look_at());
            assert!(question.ends_with('?') && 20 < question.len(), "{}: {question}", one.name);
            assert!(20 < look_at.len() && !look_at.contains('#'), "{}: {look_at}", one.name);
            let name = format!("\nname: {}\n", one.name);
            assert!(one.text.contains(&name), "{}: its name is its file's", one.name);
            let long = one.text.lines().find(|line| 120 < line.chars().count());
            assert_eq!(long, None, "{}: lines of at most 120 characters", one.name);
        }
    }

    #[test]
    fn paragraphs_of_the_head_are_read_over_line_ends() {
        let text = "# Question: is it\n# so? It may be.\n#\n# Look at: this\n#   and that.\n\n\
                    # Question: later?\n";
        let one = BuiltIn { name: "one", text };
        assert_eq!(one.question(), "is it so?");
        assert_eq!(one.look_at(), "this and that.");
        let bare = BuiltIn { name: "bare", text: "topics: 1\n" };
        assert_eq!((bare.question(), bare.look_at()), (String::new(), String::new()));
    }

    #[test]
    fn names_are_exact_and_slips_find_theirs() {
        assert_eq!(find("quick-test").map(|one| one.name), Some("quick-test"));
        assert_eq!(find("kafka-latency").map(|one| one.name), Some("kafka-latency"));
        assert_eq!(find("Quick-Test"), None);
        assert_eq!(suggestion("latency-tets-100b"), Some("latency-test-100b"));
        assert_eq!(suggestion("Quick-Test"), Some("quick-test"));
        assert_eq!(suggestion("kafka-latncy"), Some("kafka-latency"));
        assert_eq!(suggestion("none"), None);
    }
}
