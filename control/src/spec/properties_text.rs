//! The properties text of driver files: the rules of `java.util.Properties`, except that a line
//! without a separator is a fault.

use std::iter::Peekable;
use std::str::Chars;

/// A property and the line of the text on which it starts, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PropertyLine {
    /// Without escapes.
    pub name: String,
    /// Without escapes; blanks at its end are kept.
    pub value: String,
    /// Where it starts.
    pub line: usize,
}

/// A line that is no property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineFault {
    /// Where it starts, counted from 0.
    pub line: usize,
    /// What is wrong with it; never the value.
    pub problem: String,
}

/// Blanks of `java.util.Properties`.
const BLANKS: [char; 3] = [' ', '\t', '\u{c}'];

/// Reads a properties text: each property, or what is wrong with its line.
pub(crate) fn parse(text: &str) -> Vec<Result<PropertyLine, LineFault>> {
    logical_lines(text)
        .into_iter()
        .map(|(line, content)| {
            property(line, &content).map_err(|problem| LineFault { line, problem })
        })
        .collect()
}

/// Lines without comments, with their continuations.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut logical: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    for (line, natural) in unified.split('\n').enumerate() {
        let bare = natural.trim_start_matches(BLANKS);
        if !continues && (bare.is_empty() || bare.starts_with(['#', '!'])) {
            continue;
        }
        let slashes = bare.chars().rev().take_while(|letter| *letter == '\\').count();
        let ends_open = slashes % 2 == 1;
        let content = if ends_open { &bare[..bare.len() - 1] } else { bare };
        match logical.last_mut() {
            Some((_, open)) if continues => open.push_str(content),
            _ => logical.push((line, content.to_owned())),
        }
        continues = ends_open;
    }
    logical
}

fn property(line: usize, content: &str) -> Result<PropertyLine, String> {
    let end = separator(content)
        .ok_or_else(|| "got a line without a separator, need name=value".to_owned())?;
    let (name, rest) = content.split_at(end);
    let rest = rest.trim_start_matches(BLANKS);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(BLANKS);
    let name = unescape(name)?;
    if name.is_empty() {
        return Err("got a separator without a name before it, need name=value".to_owned());
    }
    Ok(PropertyLine { name, value: unescape(value)?, line })
}

/// Where the name ends: the first separator that is not escaped.
fn separator(content: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in content.char_indices() {
        if !escaped && (letter == '=' || letter == ':' || BLANKS.contains(&letter)) {
            return Some(at);
        }
        escaped = letter == '\\' && !escaped;
    }
    None
}

fn unescape(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => plain.push(unicode(&mut letters)?),
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Ok(plain)
}

/// The character of `\uXXXX`, or of two of them where one is not enough (UTF-16).
fn unicode(letters: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    let malformed = || "holds a malformed \\u escape, need four hexadecimal digits".to_owned();
    let mut units = vec![unit(letters).ok_or_else(malformed)?];
    if (0xD800..0xDC00).contains(&units[0]) {
        let follows = letters.next() == Some('\\') && letters.next() == Some('u');
        let low = if follows { unit(letters) } else { None };
        units.push(low.ok_or_else(malformed)?);
    }
    let mut decoded = char::decode_utf16(units);
    decoded.next().and_then(Result::ok).ok_or_else(malformed)
}

fn unit(letters: &mut Peekable<Chars<'_>>) -> Option<u16> {
    let mut unit = 0;
    for _ in 0..4 {
        let digit = letters.next()?.to_digit(16)?;
        unit = unit * 16 + u16::try_from(digit).ok()?;
    }
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::{prop, proptest};

    fn check(text: &str, expected: &[(&str, &str, usize)]) {
        let read: Vec<_> = parse(text).into_iter().map(|line| line.expect("a property")).collect();
        let read: Vec<_> =
            read.iter().map(|line| (line.name.as_str(), line.value.as_str(), line.line)).collect();
        assert_eq!(read, expected, "{text:?}");
    }

    #[test]
    fn separators_are_equals_colon_and_blank() {
        check("acks=all", &[("acks", "all", 0)]);
        check("acks : all\nlinger.ms 5", &[("acks", "all", 0), ("linger.ms", "5", 1)]);
        check("  a =b=c:d ", &[("a", "b=c:d ", 0)]);
        check("a=", &[("a", "", 0)]);
        check("a\\=b=c\\:d", &[("a=b", "c:d", 0)]);
        check("a\t=\u{c}b", &[("a", "b", 0)]);
        check("a == b", &[("a", "= b", 0)]);
    }

    #[test]
    fn comments_and_empty_lines_are_skipped() {
        check("", &[]);
        check("\n # x=1\n!y=2\n\na=1\r\nb=2\rc=3", &[("a", "1", 4), ("b", "2", 5), ("c", "3", 6)]);
    }

    #[test]
    fn a_backslash_joins_lines_and_escapes() {
        check("a=1,\\\n   2,\\\n#3\nb=4", &[("a", "1,2,#3", 0), ("b", "4", 3)]);
        check("a=1\\\\\nb=2", &[("a", "1\\", 0), ("b", "2", 1)]);
        check("a=\\u00e9\\t\\x\\ud83d\\ude00", &[("a", "é\tx😀", 0)]);
        check("a=1\\", &[("a", "1", 0)]);
    }

    #[test]
    fn what_is_no_property_is_a_fault() {
        let check = |text: &str, line: usize, word: &str| {
            let read = parse(text);
            let fault = read.iter().find_map(|one| one.as_ref().err()).expect("a fault");
            assert!(fault.line == line && fault.problem.contains(word), "{text:?}: {fault:?}");
        };
        check("a=1\nhunter2", 1, "got a line without a separator, need name=value");
        check("=1", 0, "without a name");
        check("a=\\u00g0", 0, "malformed");
        check("a=\\ud83dx", 0, "malformed");
    }

    /// Writes a text so that reading it gives the text back.
    fn escape(text: &str) -> String {
        let mut escaped = String::new();
        for letter in text.chars() {
            match letter {
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                '\u{c}' => escaped.push_str("\\f"),
                ' ' | '=' | ':' | '#' | '!' | '\\' => escaped.extend(['\\', letter]),
                other => escaped.push(other),
            }
        }
        escaped
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            pairs in prop::collection::vec((".{1,12}", "(?s).{0,20}"), 0..8),
            blanks in "[ \t]{0,3}",
            separator in "[=: ]",
        ) {
            let lines: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{blanks}{}{separator}{}", escape(name), escape(value)))
                .collect();
            let expected: Vec<(&str, &str, usize)> = pairs
                .iter()
                .enumerate()
                .map(|(line, (name, value))| (name.as_str(), value.as_str(), line))
                .collect();
            check(&lines.join("\n"), &expected);
        }

        #[test]
        fn no_text_breaks_the_parser(text in "(?s).{0,80}") {
            let lines = text.replace("\r\n", "\n").matches(['\n', '\r']).count() + 1;
            assert!(parse(&text).len() <= lines, "at most one property per line");
        }
    }
}
