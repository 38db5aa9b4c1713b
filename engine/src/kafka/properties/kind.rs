//! What a property's value may be, and the strict parser that holds it to that.
//!
//! librdkafka's own parser is no check: it reads `64K` as 64, `4294967396` as 100 and `010` as 8.
//! Here a value is taken whole or refused, and what is handed on is in plain decimal.

use crate::kafka::properties::servers;

/// What the value of a property may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// `true` or `false` in any case.
    Boolean,
    /// A whole number within both bounds.
    Integer { min: i64, max: i64 },
    /// A decimal number within both bounds.
    Decimal { min: f64, max: f64 },
    /// One of these words in any case; an entry `a>b` accepts `a` and means `b`.
    OneOf(&'static [&'static str]),
    /// Some of these words in any case, with commas between them.
    ListOf(&'static [&'static str]),
    /// Any text but the empty one.
    Text,
    /// Any text at all.
    Free,
    /// Any text but the empty one, never shown.
    Secret,
    /// Addresses `host:port` with commas between them.
    Servers,
}

impl Kind {
    /// Reads a value and returns it in the form that is handed on, or what is wrong with it.
    pub(crate) fn parse(self, text: &str) -> Result<String, String> {
        let text = text.trim();
        let value = match self {
            Self::Boolean => one_of(&["true", "false"], text),
            Self::Integer { min, max } => integer(text, min, max),
            Self::Decimal { min, max } => decimal(text, min, max),
            Self::OneOf(words) => one_of(words, text),
            Self::ListOf(words) => list_of(words, text),
            Self::Text | Self::Secret => plain(text),
            Self::Free => Some(text.to_owned()),
            Self::Servers => return servers::parse(text),
        };
        value.ok_or_else(|| match self {
            Self::Secret => format!("need {}", self.allowed()),
            _ => format!("got {text:?}, need {}", self.allowed()),
        })
    }

    /// What is allowed, in words.
    pub(crate) fn allowed(self) -> String {
        match self {
            Self::Boolean => "true or false".to_owned(),
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Decimal { min, max } => format!("a number from {min} to {max}"),
            Self::OneOf(words) => enumerate(words, " or "),
            Self::ListOf(words) => {
                format!("one or more of {} with commas between", enumerate(words, " and "))
            }
            Self::Free => "any text".to_owned(),
            Self::Text | Self::Secret => "text (leave the line out for the default)".to_owned(),
            Self::Servers => servers::FORM.to_owned(),
        }
    }

    /// Whether values of this kind must never be shown.
    pub(crate) fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }
}

fn integer(text: &str, min: i64, max: i64) -> Option<String> {
    let value = text.parse::<i64>().ok()?;
    (min..=max).contains(&value).then(|| value.to_string())
}

fn decimal(text: &str, min: f64, max: f64) -> Option<String> {
    // Rust also reads "inf", "nan" and "1e3", which no property means.
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.chars().all(|character| character.is_ascii_digit() || character == '.') {
        return None;
    }
    // Adding zero turns -0 into 0.
    let value = text.parse::<f64>().ok()? + 0.0;
    (min..=max).contains(&value).then(|| value.to_string())
}

fn one_of(words: &[&str], text: &str) -> Option<String> {
    words.iter().find_map(|word| {
        let (accepted, meant) = word.split_once('>').unwrap_or((word, word));
        accepted.eq_ignore_ascii_case(text).then(|| meant.to_owned())
    })
}

fn list_of(words: &[&str], text: &str) -> Option<String> {
    let items: Option<Vec<String>> =
        text.split(',').map(|item| one_of(words, item.trim())).collect();
    items.map(|items| items.join(","))
}

fn plain(text: &str) -> Option<String> {
    // librdkafka takes C strings: a NUL would end the value early.
    (!text.is_empty() && !text.contains('\0')).then(|| text.to_owned())
}

fn enumerate(words: &[&str], last: &str) -> String {
    let mut accepted: Vec<&str> = words
        .iter()
        .map(|word| word.split_once('>').map_or(*word, |(accepted, _)| accepted))
        .filter(|word| !word.is_empty())
        .collect();
    let tail = accepted.pop().unwrap_or_default();
    if accepted.is_empty() {
        tail.to_owned()
    } else {
        format!("{}{last}{tail}", accepted.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::Kind;

    const SIZE: Kind = Kind::Integer { min: 1, max: 2_147_483_647 };
    const LINGER: Kind = Kind::Decimal { min: 0.0, max: 900_000.0 };
    const ACKS: Kind = Kind::OneOf(&["0", "1", "all", "-1>all"]);

    #[track_caller]
    fn check(kind: Kind, text: &str, expected: Option<&str>) {
        assert_eq!(kind.parse(text).ok().as_deref(), expected, "{kind:?} of {text:?}");
    }

    #[test]
    fn a_number_is_taken_whole_or_refused() {
        for (text, expected) in [
            ("65536", Some("65536")),
            (" 65536 ", Some("65536")),
            ("+5", Some("5")),
            ("010", Some("10")),
            ("2147483647", Some("2147483647")),
        ] {
            check(SIZE, text, expected);
        }
        for text in
            ["64K", "4294967396", "2147483648", "0", "-1", "0x10", "1.0", "1e3", "1_000", ""]
        {
            check(SIZE, text, None);
        }
    }

    #[test]
    fn a_decimal_is_digits_and_a_point() {
        for (text, expected) in [
            ("5", Some("5")),
            ("0.5", Some("0.5")),
            ("-0", Some("0")),
            ("900000.0", Some("900000")),
        ] {
            check(LINGER, text, expected);
        }
        for text in ["5 ms", "900000.1", "-1", "inf", "NaN", "1e3", "", ".", "0,5"] {
            check(LINGER, text, None);
        }
    }

    #[test]
    fn a_word_is_one_of_the_list() {
        check(ACKS, "ALL", Some("all"));
        check(ACKS, "-1", Some("all"));
        check(ACKS, "1", Some("1"));
        for text in ["2", "1abc", "", "-1>all", "a"] {
            check(ACKS, text, None);
        }
        check(Kind::Boolean, "True", Some("true"));
        check(Kind::Boolean, "maybe", None);
        check(Kind::Boolean, "1", None);
        check(Kind::OneOf(&["none", "https", ">none"]), "", Some("none"));
    }

    #[test]
    fn a_list_names_only_known_words() {
        let kind = Kind::ListOf(&["range", "roundrobin"]);
        check(kind, "roundrobin , Range", Some("roundrobin,range"));
        check(kind, "range,,range", None);
        check(kind, "", None);
    }

    #[test]
    fn text_is_anything_but_nothing() {
        check(Kind::Text, " a b ", Some("a b"));
        check(Kind::Text, "  ", None);
        check(Kind::Secret, "a\0b", None);
    }

    #[test]
    fn an_error_says_what_was_got_and_what_is_allowed() {
        let refusal = |kind: Kind, text| kind.parse(text).expect_err("it is not allowed");
        assert_eq!(refusal(SIZE, "64K"), "got \"64K\", need an integer from 1 to 2147483647");
        assert_eq!(refusal(LINGER, "5 ms"), "got \"5 ms\", need a number from 0 to 900000");
        assert_eq!(refusal(ACKS, "2"), "got \"2\", need 0, 1, all or -1");
    }

    proptest! {
        #[test]
        fn integers_parse_exactly_when_in_range(
            value in any::<i64>(), one in any::<i32>(), other in any::<i32>(),
        ) {
            let (min, max) = (i64::from(one.min(other)), i64::from(one.max(other)));
            let kind = Kind::Integer { min, max };
            let near = min.saturating_add(value % 7);
            for tried in [value, value % (1 << 32), near, min, max] {
                let parsed = kind.parse(&tried.to_string()).ok();
                let expected = (min..=max).contains(&tried).then(|| tried.to_string());
                prop_assert_eq!(parsed, expected);
            }
        }
    }
}
