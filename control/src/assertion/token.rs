//! The words of an assertion: names, numbers with their units, signs, each with its place.

use super::assertion::Relation;
use super::literal::{BARE, Literal, UNITS, unit};
use super::quantity::Dimension;
use std::fmt;

/// What is wrong with an assertion, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The character, counted from 1.
    pub(super) at: usize,
    /// What was got, and what is allowed.
    pub(super) words: String,
}

impl Problem {
    pub(super) fn new(at: usize, words: impl Into<String>) -> Self {
        Self { at, words: words.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.at, self.words)
    }
}

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// Its first character, counted from 1.
    pub(super) at: usize,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A metric, or `true`, or `false`.
    Name(String),
    /// A number.
    Number(Literal),
    /// What the sides are compared by.
    Relation(Relation),
    /// One of `+ - * / ( )`.
    Sign(char),
    /// Behind the last word.
    End,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "\"{name}\""),
            Self::Number(literal) => write!(f, "\"{literal}\""),
            Self::Relation(relation) => write!(f, "\"{}\"", relation.word()),
            Self::Sign(sign) => write!(f, "\"{sign}\""),
            Self::End => f.write_str("the end"),
        }
    }
}

/// The words of a text, and an end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut reader = Reader { chars: text.chars().collect(), next: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = reader.token()? {
        tokens.push(token);
    }
    tokens.push(Token { at: reader.at(), kind: Kind::End });
    Ok(tokens)
}

struct Reader {
    chars: Vec<char>,
    next: usize,
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.'
}

impl Reader {
    /// Where it stands, counted from 1.
    const fn at(&self) -> usize {
        self.next + 1
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.next + ahead).copied()
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let taken: String =
            self.chars[self.next..].iter().copied().take_while(|letter| is_part(*letter)).collect();
        self.next += taken.chars().count();
        taken
    }

    fn token(&mut self) -> Result<Option<Token>, Problem> {
        self.take_while(char::is_whitespace);
        let at = self.at();
        let Some(first) = self.peek(0) else { return Ok(None) };
        let kind = match first {
            '0'..='9' => Kind::Number(self.number()?),
            '<' | '>' | '=' | '!' => Kind::Relation(self.relation()?),
            '+' | '-' | '*' | '/' | '(' | ')' => {
                self.next += 1;
                Kind::Sign(first)
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                Kind::Name(self.take_while(is_name))
            }
            other => return Err(Problem::new(at, format!("got \"{other}\", which means nothing"))),
        };
        Ok(Some(Token { at, kind }))
    }

    fn relation(&mut self) -> Result<Relation, Problem> {
        let at = self.at();
        let mut word = String::new();
        word.extend(self.peek(0));
        word.extend(self.peek(1).filter(|letter| *letter == '='));
        self.next += word.len();
        let found = Relation::ALL.into_iter().find(|relation| relation.word() == word);
        found
            .ok_or_else(|| Problem::new(at, format!("got \"{word}\", need <, <=, >, >=, == or !=")))
    }

    fn number(&mut self) -> Result<Literal, Problem> {
        let at = self.at();
        let written = self.take_while(|letter| letter.is_ascii_digit() || "._".contains(letter));
        let digits = written.replace('_', "");
        let is_number = !digits.ends_with('.') && digits.parse::<f64>().is_ok_and(f64::is_finite);
        if !is_number {
            return Err(Problem::new(at, format!("got \"{written}\", need a number, e.g. 0.99")));
        }
        let end = self.next;
        self.take_while(char::is_whitespace);
        let place = self.at();
        let word = self.take_while(|letter| letter.is_alphabetic() || letter == '%');
        if word.is_empty() {
            self.next = end;
        }
        let found = if word.is_empty() { Some(BARE) } else { unit(&word) };
        let Some(unit) = found else {
            let known = UNITS.iter().map(|known| known.word).filter(|known| known.is_ascii());
            let known = known.collect::<Vec<_>>().join(", ");
            let words =
                format!("got \"{word}\", need a unit ({known}) or one of + - * / before it");
            return Err(Problem::new(place, words));
        };
        let can_be_rate = unit.dimension == Dimension::BYTES
            || unit.dimension == Dimension::BARE && unit.word != "%";
        let has_rate = self.peek(0) == Some('/')
            && self.peek(1) == Some('s')
            && !self.peek(2).is_some_and(is_name);
        let is_rate = can_be_rate && has_rate;
        self.next += if is_rate { "/s".len() } else { 0 };
        Ok(Literal { digits, unit, is_rate })
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};

    #[test]
    fn words_are_told_apart_with_and_without_blanks() {
        let check = |text: &str, expected: &str| {
            let shown = match tokens(text) {
                Ok(tokens) => {
                    let words = tokens.iter().filter(|token| token.kind != Kind::End);
                    words.map(|word| format!("{}:{}", word.at, word.kind)).collect::<Vec<_>>()
                }
                Err(problem) => vec![problem.to_string()],
            };
            assert_eq!(shown.join(" "), expected, "{text}");
        };
        check("a.p99<10ms", "1:\"a.p99\" 6:\"<\" 7:\"10ms\"");
        check("publish.p99.9 >= 1.5 m", "1:\"publish.p99.9\" 15:\">=\" 18:\"1.5m\"");
        check("a==0.99*b", "1:\"a\" 2:\"==\" 4:\"0.99\" 8:\"*\" 9:\"b\"");
        check("50k/s 1_000/s", "1:\"50k/s\" 7:\"1000/s\"");
        check("10MiB/s", "1:\"10MiB/s\"");
        check("9/send_delay.p50", "1:\"9\" 2:\"/\" 3:\"send_delay.p50\"");
        check("9 /s", "1:\"9\" 3:\"/\" 4:\"s\"");
        check("5%/s", "1:\"5%\" 3:\"/\" 4:\"s\"");
        check("", "");
        check("a = 1", "at character 3: got \"=\", need <, <=, >, >=, == or !=");
        check("a # 1", "at character 3: got \"#\", which means nothing");
        check("1.2.3", "at character 1: got \"1.2.3\", need a number, e.g. 0.99");
        check("7.", "at character 1: got \"7.\", need a number, e.g. 0.99");
    }

    #[test]
    fn a_word_that_is_no_unit_is_told_with_those_that_are() {
        let problem = tokens("a < 10 parsecs").expect_err("no unit");
        assert_eq!(problem.at, 8, "where the word begins");
        assert!(problem.words.contains("got \"parsecs\", need a unit (ns, us, ms, s, m, B, "));
    }
}
