//! The bodies of a perf test's records: letters of a size, or the texts of a file.

use engine::message::Stamp;
use engine::plan::StampPlace;
use engine::units::Bytes;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

/// Enough bodies that compression finds no repetition within a batch of usual size, few enough to stay in
/// a core's cache.
const POOL: u64 = 100;
const POOL_BYTES: u64 = 16 << 20;
/// Texts of a file in all: every lane copies them.
const FILE_MAX: Bytes = Bytes(1 << 30);
/// The same bodies in every run.
const SEED: u64 = 0;

/// Where bodies come from, and what they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Payloads {
    /// Sent in turn.
    pub(super) bodies: Vec<Vec<u8>>,
    /// Bytes of the longest, at least 1.
    pub(super) longest: u64,
    /// Where their stamps travel: never over the texts of a file.
    pub(super) stamp: StampPlace,
}

impl Payloads {
    /// Letters from A to Z by chance, as the tool makes them.
    pub(super) fn letters(size: u64) -> Self {
        let length = usize::try_from(size).expect("a body fits in memory");
        let mut random = SmallRng::seed_from_u64(SEED);
        let mut body =
            || (0..length).map(|_| random.random_range(b'A'..=b'Z')).collect::<Vec<u8>>();
        let count = (POOL_BYTES / size).clamp(1, POOL);
        let stamp = if length < Stamp::SIZE { StampPlace::Header } else { StampPlace::Body };
        Self { bodies: (0..count).map(|_| body()).collect(), longest: size, stamp }
    }

    /// The texts of a file between its delimiters.
    ///
    /// # Errors
    /// When it holds none, too much, or no UTF-8 text.
    fn of_text(bytes: &[u8], delimiter: &str) -> Result<Self, String> {
        let text = str::from_utf8(bytes).map_err(|_| "holds no UTF-8 text".to_owned())?;
        if text.is_empty() {
            return Err("is empty, need at least one payload".to_owned());
        }
        // As Java's scanner: a delimiter in front of the first text and one behind the last stand for nothing.
        let text = text.strip_prefix(delimiter).unwrap_or(text);
        let text = text.strip_suffix(delimiter).unwrap_or(text);
        let bodies: Vec<Vec<u8>> =
            text.split(delimiter).map(|part| part.as_bytes().to_vec()).collect();
        let longest = bodies.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let longest = u64::try_from(longest).expect("a body fits in 64 bits");
        Ok(Self { bodies, longest, stamp: StampPlace::Header })
    }
}

/// The texts of a file, and the lines in which the tool says so.
///
/// # Errors
/// What is wrong with it.
pub(super) fn of_file(
    path: &Path,
    delimiter: &str,
    read: impl FnOnce(&Path) -> std::io::Result<Arc<[u8]>>,
) -> Result<(Payloads, [String; 2]), String> {
    let bytes = read(path).map_err(|error| error.to_string())?;
    let length = Bytes(u64::try_from(bytes.len()).expect("a file fits in 64 bits"));
    if FILE_MAX < length {
        return Err(format!("has {length}, need at most {FILE_MAX}: every lane holds all of it"));
    }
    let payloads = Payloads::of_text(&bytes, delimiter)?;
    let whole = absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    let told = [
        format!("Reading payloads from: {}", whole.display()),
        format!("Number of messages read: {}", payloads.bodies.len()),
    ];
    Ok((payloads, told))
}

/// The text that a delimiter means: the tool reads a regular expression, of which plain text is taken here,
/// with what a backslash makes plain.
///
/// # Errors
/// What it holds that means more than itself.
pub(super) fn delimiter(written: &str) -> Result<String, String> {
    let need = "need plain text, e.g. , or \\n or \\|";
    let mut plain = String::new();
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(other) if !other.is_alphanumeric() => other,
                _ => return Err(format!("got \"{written}\", a regular expression, {need}")),
            },
            '.' | '*' | '+' | '?' | '[' | ']' | '(' | ')' | '{' | '}' | '^' | '$' | '|' => {
                return Err(format!("got \"{written}\", a regular expression, {need}"));
            }
            other => other,
        });
    }
    if plain.is_empty() { Err(format!("got nothing, {need}")) } else { Ok(plain) }
}

#[cfg(test)]
mod tests {
    use super::{Payloads, delimiter, of_file};
    use engine::plan::StampPlace;
    use std::path::Path;

    #[test]
    fn letters_have_their_size_and_differ() {
        let check = |size: u64, count: usize, stamp: StampPlace| {
            let made = Payloads::letters(size);
            assert_eq!(
                (made.bodies.len(), made.longest, made.stamp),
                (count, size, stamp),
                "{size}"
            );
            let fits = |body: &Vec<u8>| {
                u64::try_from(body.len()) == Ok(size) && body.iter().all(u8::is_ascii_uppercase)
            };
            assert!(made.bodies.iter().all(fits), "{size}: letters");
        };
        check(1, 100, StampPlace::Header);
        check(47, 100, StampPlace::Header);
        check(48, 100, StampPlace::Body);
        check(1 << 20, 16, StampPlace::Body);
        check(20 << 20, 1, StampPlace::Body);
        let made = Payloads::letters(100);
        assert_ne!(made.bodies[0], made.bodies[1], "each its own");
        assert_eq!(made, Payloads::letters(100), "the same in every run");
    }

    #[test]
    fn a_file_falls_apart_at_its_delimiters_as_java_scans_it() {
        let check = |text: &str, delimiter: &str, expected: &[&str]| {
            let made = Payloads::of_text(text.as_bytes(), delimiter).expect(text);
            let bodies: Vec<&str> =
                made.bodies.iter().map(|body| str::from_utf8(body).expect("text")).collect();
            assert_eq!(bodies, expected, "{text:?} at {delimiter:?}");
            let longest = expected.iter().map(|body| body.len()).max().unwrap_or(0).max(1);
            assert_eq!(usize::try_from(made.longest), Ok(longest), "{text:?}");
            assert_eq!(made.stamp, StampPlace::Header, "the text stays as it is");
        };
        check("one\ntwo\nthree", "\n", &["one", "two", "three"]);
        check("one\ntwo\n", "\n", &["one", "two"]);
        check("\none", "\n", &["one"]);
        check("a\n\nb\n", "\n", &["a", "", "b"]);
        check("a, b--c--d, e", "--", &["a, b", "c", "d, e"]);
        check("\n", "\n", &[""]);
        check("ä|ö", "|", &["ä", "ö"]);
    }

    #[test]
    fn a_file_is_told_as_the_tool_tells_it_and_what_is_none_is_refused() {
        let given =
            |bytes: &'static [u8]| of_file(Path::new("/data/p.txt"), "\n", |_| Ok(bytes.into()));
        let (made, told) = given(b"a\nb\n").expect("two texts");
        assert_eq!(made.bodies, [b"a", b"b"]);
        assert_eq!(told, ["Reading payloads from: /data/p.txt", "Number of messages read: 2"]);
        assert_eq!(given(b"").expect_err("empty"), "is empty, need at least one payload");
        assert_eq!(given(&[0xff, 0xfe]).expect_err("no text"), "holds no UTF-8 text");
        let none = of_file(Path::new("p"), "\n", |_| Err(std::io::ErrorKind::NotFound.into()));
        assert_eq!(none.expect_err("not there"), "entity not found");
    }

    #[test]
    fn delimiters_are_plain_text() {
        let check = |written: &str, expected: Option<&str>| {
            assert_eq!(delimiter(written).ok().as_deref(), expected, "{written:?}");
        };
        check("\\n", Some("\n"));
        check("\n", Some("\n"));
        check(",", Some(","));
        check("--", Some("--"));
        check("\\|", Some("|"));
        check("\\r\\n\\t", Some("\r\n\t"));
        check("\\\\", Some("\\"));
        for expression in ["", "|", "a+", "[,;]", "\\s", "\\d", "x\\", ".", "(a)"] {
            check(expression, None);
        }
        let words = delimiter("[,;]").expect_err("an expression");
        assert_eq!(
            words,
            "got \"[,;]\", a regular expression, need plain text, e.g. , or \\n or \\|"
        );
    }
}
