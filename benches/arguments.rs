//! What the command line asks of the benches: which are meant, and their parameters.
//!
//! All bench binaries get the same words: `cargo bench -- pacing rates=1000`.

use std::env::args;

/// Options of the test harness that cargo's users pass, and that have a value behind them.
const VALUED: [&str; 5] = ["--test-threads", "--skip", "--format", "--color", "--logfile"];

/// Whether this run means the bench `name`: a word names it or a part of it, or no word names any.
#[must_use]
pub fn is_asked(name: &str) -> bool {
    names(name, &plain(args().skip(1)))
}

/// The parameters of the form `name=value`, in their order.
#[must_use]
pub fn parameters() -> Vec<(String, String)> {
    let split = |word: String| {
        word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    plain(args().skip(1)).into_iter().filter_map(split).collect()
}

/// The words that are neither options nor their values.
fn plain(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut skip = false;
    let is_plain = |word: &String| {
        let is_value = std::mem::replace(&mut skip, VALUED.contains(&word.as_str()));
        !is_value && !word.starts_with('-')
    };
    words.filter(is_plain).collect()
}

fn names(name: &str, words: &[String]) -> bool {
    let mut filters = words.iter().filter(|word| !word.contains('=')).peekable();
    filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
}

#[cfg(test)]
mod tests {
    use super::{names, plain};

    #[test]
    fn a_word_chooses_the_benches_whose_name_holds_it() {
        let check = |line: &str, expected: &[&str]| {
            let words = plain(line.split_whitespace().map(str::to_owned));
            let all = ["loopback", "pacing", "recording"];
            let chosen: Vec<&str> = all.into_iter().filter(|name| names(name, &words)).collect();
            assert_eq!(chosen, expected, "{line}");
        };
        check("--bench", &["loopback", "pacing", "recording"]);
        check("pacing --bench", &["pacing"]);
        check("pac rates=1000 loop --bench", &["loopback", "pacing"]);
        check("rates=1000", &["loopback", "pacing", "recording"]);
        check("a_test_elsewhere", &[]);
        check("--test-threads 1 --nocapture", &["loopback", "pacing", "recording"]);
    }
}
