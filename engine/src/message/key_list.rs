//! A user's own keys, one a line.

use std::ops::Range;
use std::sync::Arc;

/// The keys of a file, as its text: all runs and lanes share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyList {
    text: Arc<[u8]>,
}

impl KeyList {
    /// Keys at most.
    pub const KEYS_MAX: usize = 1_000_000;
    /// Bytes of a key at most: with its headers a message stays within what clients allow beside the body (1,024).
    pub const KEY_MAX: usize = 512;

    /// The lines of a text; line ends are no part of them. A key that stands there twice is two.
    ///
    /// # Errors
    /// When a line is empty or too long, or there are too many.
    pub fn new(text: Arc<[u8]>) -> Result<Self, String> {
        for (number, span) in (1_usize..).zip(spans(&text)) {
            if Self::KEYS_MAX < number {
                return Err(format!("has more than {} lines, need fewer keys", Self::KEYS_MAX));
            }
            if !(1..=Self::KEY_MAX).contains(&span.len()) {
                return Err(format!(
                    "line {number} has {} bytes, need a key of 1 to {} bytes in every line",
                    span.len(),
                    Self::KEY_MAX
                ));
            }
        }
        Ok(Self { text })
    }

    /// Bytes of the longest key.
    #[must_use]
    pub fn longest(&self) -> usize {
        spans(&self.text).map(|span| span.len()).max().unwrap_or(0)
    }

    /// The text, and where each key lies in it.
    pub(super) fn laid_out(&self) -> (Arc<[u8]>, Vec<Range<usize>>) {
        (Arc::clone(&self.text), spans(&self.text).collect())
    }
}

fn spans(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let lines = text.strip_suffix(b"\n").unwrap_or(text);
    let mut next = 0;
    lines.split(|byte| *byte == b'\n').map(move |line| {
        let start = next;
        next += line.len() + 1;
        start..start + line.strip_suffix(b"\r").unwrap_or(line).len()
    })
}

#[cfg(test)]
mod tests {
    use super::KeyList;
    use std::sync::Arc;

    #[test]
    fn a_key_is_a_line_without_its_end() {
        let check = |text: &str, expected: &[&str]| {
            let list = KeyList::new(text.as_bytes().into()).expect("keys");
            let (bytes, spans) = list.laid_out();
            let keys: Vec<&[u8]> = spans.into_iter().map(|span| &bytes[span]).collect();
            let expected: Vec<&[u8]> = expected.iter().map(|key| key.as_bytes()).collect();
            assert_eq!(keys, expected, "{expected:?}");
        };
        check("a\nbc\n", &["a", "bc"]);
        check("a\nbc", &["a", "bc"]);
        check("a\r\nbc\r\n", &["a", "bc"]);
        check(" a \nschlüssel\na", &[" a ", "schlüssel", "a"]);
        let list = KeyList::new(Arc::from(&b"abc\nde"[..])).expect("keys");
        assert_eq!(list.longest(), 3, "of the longest");
    }

    #[test]
    fn what_is_no_key_is_told_with_its_line() {
        let check = |text: &[u8], expected: &str| {
            assert_eq!(KeyList::new(text.into()), Err(expected.to_owned()), "{expected}");
        };
        check(b"", "line 1 has 0 bytes, need a key of 1 to 512 bytes in every line");
        check(b"a\n\nb\n", "line 2 has 0 bytes, need a key of 1 to 512 bytes in every line");
        check(&[b'k'; 513], "line 1 has 513 bytes, need a key of 1 to 512 bytes in every line");
        check(&b"k\n".repeat(1_000_001), "has more than 1000000 lines, need fewer keys");
        assert!(KeyList::new(b"k\n".repeat(1_000_000).into()).is_ok(), "so many may be");
    }
}
