//! A line of a file of marks: its words, behind a time of its own where it has one.

use super::list::clean;
use engine::units::{NANOS_PER_SECOND, Timestamp};
use std::time::UNIX_EPOCH;

/// The longest words of a mark, in bytes.
pub(crate) const TEXT_MAX: usize = 200;

/// The time that a line gives and its words. A line may begin with an RFC 3339 time, as in
/// `2026-01-31T12:00:00.5Z broker 2 killed`, or with seconds since 1970, as in `@1769860800.5 broker 2 killed`.
/// `None` for a line without words and without a time.
pub(super) fn read(line: &str) -> Option<(Option<Timestamp>, String)> {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let at = first.strip_prefix('@').map_or_else(|| by_date(first), by_seconds);
    let text = clean(if at.is_some() { rest } else { line });
    if at.is_none() && text.is_empty() {
        return None;
    }
    Some((at, if text.is_empty() { "mark".to_owned() } else { text }))
}

fn by_date(word: &str) -> Option<Timestamp> {
    // The library knows no offsets but Z.
    let time = humantime::parse_rfc3339(word).ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(time.as_nanos()).ok().map(Timestamp::from_nanos)
}

fn by_seconds(digits: &str) -> Option<Timestamp> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || 9 < part.len() {
        return None;
    }
    let nanos: u64 = format!("{part:0<9}").parse().ok()?;
    let seconds: u64 = whole.parse().ok()?;
    let all = seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(nanos)?;
    Some(Timestamp::from_nanos(all))
}

#[cfg(test)]
mod tests {
    use super::read;
    use engine::units::Timestamp;

    #[test]
    fn a_line_has_words_and_perhaps_a_time() {
        let check = |line: &str, expected: Option<(Option<u64>, &str)>| {
            let expected =
                expected.map(|(at, words)| (at.map(Timestamp::from_nanos), words.to_owned()));
            assert_eq!(read(line), expected, "{line:?}");
        };
        check("broker 2 killed\r", Some((None, "broker 2 killed")));
        check("@12.5 broker 2 killed", Some((Some(12_500_000_000), "broker 2 killed")));
        check("@12 \tkilled", Some((Some(12_000_000_000), "killed")));
        check("1970-01-01T00:00:12.25Z up", Some((Some(12_250_000_000), "up")));
        check("@7", Some((Some(7_000_000_000), "mark")));
        // No times: words like any other.
        for words in ["@x up", "@1.2.3 up", "@ up", "1970-01-01 up", "@99999999999999999999 up"] {
            check(words, Some((None, words)));
        }
        check("", None);
        check("  \t ", None);
    }
}
