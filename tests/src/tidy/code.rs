//! Rust without its comments and literals, so that a check meets only what is compiled.

/// The text with comments, strings and characters blanked; lines and columns stay where they are.
#[must_use]
pub fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        match end {
            Some(end) => {
                let blank = |c: &char| if *c == '\n' { '\n' } else { ' ' };
                out.extend(chars[at..end].iter().map(blank));
                at = end;
            }
            None => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    out
}

/// Where the comment or literal that starts here ends; `None` when none starts.
fn literal_end(chars: &[char], at: usize) -> Option<usize> {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => Some(find(chars, at, |rest| rest[0] == '\n')),
        '/' if next == Some('*') => Some(block_end(chars, at)),
        '"' => Some(string_end(chars, at)),
        'r' => raw_end(chars, at),
        '\'' => character_end(chars, at),
        _ => None,
    }
}

fn find(chars: &[char], from: usize, is_end: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|at| is_end(&chars[*at..])).unwrap_or(chars.len())
}

fn block_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// `r"…"` and `r#"…"#`; raw identifiers such as `r#type` are code.
fn raw_end(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let quote = start + 1 + hashes;
    (chars.get(quote) == Some(&'"')).then(|| {
        let closes = |rest: &[char]| {
            rest[0] == '"' && rest[1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
        };
        (find(chars, quote + 1, closes) + 1 + hashes).min(chars.len())
    })
}

/// `'x'` and `'\n'`; a lifetime is code.
fn character_end(chars: &[char], start: usize) -> Option<usize> {
    match chars.get(start + 1)? {
        '\\' => Some((find(chars, start + 3, |rest| rest[0] == '\'') + 1).min(chars.len())),
        _ => (chars.get(start + 2) == Some(&'\'')).then_some(start + 3),
    }
}
