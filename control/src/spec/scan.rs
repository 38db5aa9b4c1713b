//! The lines on which a YAML file's keys stand: the parser's values have none.

/// A key and its line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyLine {
    /// The key, without quotes.
    pub key: String,
    /// Its line.
    pub line: usize,
}

/// The keys of a block mapping that stand as far left as its first.
///
/// YAML indents every continuation of a value further than its key, so no text inside a value is
/// taken for a key. A mapping in braces has no lines: its keys are not found.
pub(crate) fn keys(text: &str, first_line: usize) -> Vec<KeyLine> {
    let mut base = None;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let bare = line.trim_start_matches(' ');
        if bare.trim().is_empty() || bare.starts_with(['#', '%']) {
            continue;
        }
        // A further document has keys of its own.
        match (is_marker(line), base) {
            (true, None) => continue,
            (true, Some(_)) => break,
            (false, _) => {}
        }
        let indent = line.len() - bare.len();
        if *base.get_or_insert(indent) != indent {
            continue;
        }
        if let Some(key) = key_of(bare) {
            found.push(KeyLine { key, line: first_line + index });
        }
    }
    found
}

/// The start or end of a document.
fn is_marker(line: &str) -> bool {
    let marker = |mark| {
        line.strip_prefix(mark).is_some_and(|rest| rest.trim_start() != rest || rest.is_empty())
    };
    marker("---") || marker("...")
}

fn key_of(line: &str) -> Option<String> {
    for quote in ['"', '\''] {
        if let Some(rest) = line.strip_prefix(quote) {
            let (key, rest) = rest.split_once(quote)?;
            return rest.trim_start().starts_with(':').then(|| key.to_owned());
        }
    }
    let end = line.char_indices().find_map(|(at, character)| {
        let rest = &line[at + character.len_utf8()..];
        (character == ':' && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some(at)
    })?;
    let key = line[..end].trim_end();
    (!key.is_empty() && !key.starts_with(['-', '[', '{', '?'])).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::keys;

    fn check(text: &str, expected: &[(&str, usize)]) {
        let found: Vec<_> = keys(text, 1).into_iter().map(|key| (key.key, key.line)).collect();
        let expected: Vec<_> =
            expected.iter().map(|(key, line)| ((*key).to_owned(), *line)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn top_level_keys_have_their_lines() {
        check("", &[]);
        check("# a: 1\n\ntopics: 1\nname : x: y\n", &[("topics", 3), ("name", 4)]);
        check("---\n\"topics\": 1\n'name': 2\r\n", &[("topics", 2), ("name", 3)]);
        check("--- # first\na:\n...\nb:", &[("a", 2)]);
        check("  a: 1\n  b: 2\n", &[("a", 1), ("b", 2)]);
    }

    #[test]
    fn text_inside_values_is_no_key() {
        check("config: |\n  a: 1\n\n  # b: 2\nlast: 3", &[("config", 1), ("last", 5)]);
        check(
            "map:\n  inner: 1\nlist:\n- a: 1\nurl: http://x:1\n",
            &[("map", 1), ("list", 3), ("url", 5)],
        );
        check("http://x:1\n", &[]);
        check("{a: 1}", &[]);
    }
}
