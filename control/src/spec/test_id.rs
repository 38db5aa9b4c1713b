//! The names of runs and of what they create.

use std::collections::BTreeSet;

use engine::units::{NANOS_PER_SECOND, Timestamp};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Characters of a name in a test id: Kafka's topic names end at 249.
const SLUG_MAX: usize = 100;
/// A slug, two underscores, the seconds of 64 bits and four digits.
const TEST_ID_MAX: usize = SLUG_MAX + 26;

/// A name in `[a-z0-9_-]`; OMB's names hold slashes and blanks.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_MAX);
    let trimmed = slug.trim_end_matches('-');
    if trimmed.is_empty() { "run".to_owned() } else { trimmed.to_owned() }
}

/// Whether a name can be that of a run: it becomes part of the names of topics and groups.
pub(crate) fn is_test_id(name: &str) -> bool {
    let legal = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter)
    };
    !name.is_empty() && name.len() <= TEST_ID_MAX && name.chars().all(legal)
}

/// The ids of one invocation's runs.
#[derive(Debug)]
pub(crate) struct Ids {
    seconds: u64,
    taken: BTreeSet<String>,
    random: SmallRng,
}

impl Ids {
    /// For an invocation at `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        let seconds = now.as_nanos() / NANOS_PER_SECOND;
        Self { seconds, taken: BTreeSet::new(), random: SmallRng::from_os_rng() }
    }

    /// A new test id: two runs that start in one second share nothing.
    pub(crate) fn test_id(&mut self, name: &str) -> String {
        loop {
            let id = format!("{}_{}_{:04x}", slug(name), self.seconds, self.random.random::<u16>());
            if self.taken.insert(id.clone()) {
                return id;
            }
        }
    }

    /// A number for the stamps of a run.
    pub(crate) fn run(&mut self) -> u64 {
        self.random.random()
    }
}

/// The name of a run's topic; with that of its stream where the run has several.
pub(crate) fn topic(test_id: &str, stream: Option<&str>, index: u32) -> String {
    let stream = stream.map_or_else(String::new, |name| format!("{name}-"));
    format!("benchmark-{test_id}-{stream}topic-{index}")
}

#[cfg(test)]
mod tests {
    use super::{Ids, is_test_id, slug, topic};
    use engine::units::Timestamp;
    use std::collections::BTreeSet;

    #[test]
    fn slugs_are_legal_everywhere() {
        let check = |name: &str, expected: &str| assert_eq!(slug(name), expected, "{name}");
        check("1 producer / 1 consumers on 1 topic", "1-producer-1-consumers-on-1-topic");
        check("Quick_Test", "quick_test");
        check("Größe → 5", "gr-e-5");
        check("///", "run");
        check("", "run");
        check(&"x".repeat(200), &"x".repeat(100));
        check(&format!("{}-y", "x".repeat(99)), &"x".repeat(99));
    }

    #[test]
    fn ids_of_one_second_differ() {
        let mut ids = Ids::new(Timestamp::from_nanos(1_700_000_000_999_999_999));
        let ids: BTreeSet<String> = (0..1000).map(|_| ids.test_id("a b")).collect();
        assert_eq!(ids.len(), 1000, "all different");
        assert!(
            ids.iter().all(|id| id.starts_with("a-b_1700000000_") && id.len() == 19),
            "{ids:?}"
        );
    }

    #[test]
    fn topics_fit_kafkas_limit() {
        let id = Ids::new(Timestamp::from_nanos(u64::MAX)).test_id(&"x".repeat(300));
        assert!(is_test_id(&id), "{id}");
        for name in ["", "a b", "A_1_00ff", "a/b", "../a", &"x".repeat(127)] {
            assert!(!is_test_id(name), "{name}");
        }
        let longest = "s".repeat(32);
        assert!(topic(&id, Some(&longest), u32::MAX).len() <= 249, "{id}");
        assert_eq!(topic("t_1_00ff", None, 3), "benchmark-t_1_00ff-topic-3");
        assert_eq!(topic("t_1_00ff", Some("bulk"), 3), "benchmark-t_1_00ff-bulk-topic-3");
    }
}
