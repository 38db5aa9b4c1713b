//! Words that have a home, words that have none, and words that were left behind.

use super::{Source, code_only};

/// A name and the only places that may say it.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    /// The name, e.g. of a crate.
    pub word: &'static str,
    /// Files, or folders with a `/` at their end.
    pub places: &'static [&'static str],
}

/// Names that are said outside their homes.
#[must_use]
pub fn confined(sources: &[Source], homes: &[Home]) -> Vec<String> {
    let said = |source: &Source, home: &Home| -> Vec<String> {
        if home.places.iter().any(|place| source.is_in(place)) {
            return Vec::new();
        }
        let place = home.places.join(", ");
        lines_with(&code_only(&source.text), home.word)
            .map(|line| format!("{}:{line}: {} belongs in {place}", source.path, home.word))
            .collect()
    };
    sources.iter().flat_map(|source| homes.iter().flat_map(|home| said(source, home))).collect()
}

/// Pieces of code that nobody may write.
#[must_use]
pub fn banned(sources: &[Source], pieces: &[&str]) -> Vec<String> {
    let said = |source: &Source| -> Vec<String> {
        let code = code_only(&source.text);
        let lines = code.lines().enumerate();
        lines
            .flat_map(|(index, line)| {
                pieces
                    .iter()
                    .filter(|piece| line.contains(**piece))
                    .map(move |piece| format!("{}:{}: no {piece}", source.path, index + 1))
            })
            .collect()
    };
    sources.iter().flat_map(said).collect()
}

/// Notes to oneself, also in comments.
#[must_use]
pub fn leftovers(sources: &[Source], words: &[&str]) -> Vec<String> {
    let said = |source: &Source, word: &str| -> Vec<String> {
        lines_with(&source.text, word)
            .map(|line| format!("{}:{line}: {word}: do it, or say it in an issue", source.path))
            .collect()
    };
    sources.iter().flat_map(|source| words.iter().flat_map(|word| said(source, word))).collect()
}

/// The lines, counted from 1, that have the word between characters that no name can have.
fn lines_with(text: &str, word: &str) -> impl Iterator<Item = usize> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.lines().enumerate().filter_map(move |(index, line)| {
        line.split(|c: char| !is_name(c)).any(|name| name == word).then_some(index + 1)
    })
}
