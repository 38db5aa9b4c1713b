//! Values of fields, read as OMB's reader does where that is sane, and refused where it is not.

use engine::units::{Bytes, Nanos};
use serde_yaml::Value;

/// Beyond this a decimal number no longer holds every whole one.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A value as messages show it: scalars in quotes, the rest in words.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a map".to_owned(),
        Value::Tagged(tagged) => format!("a value tagged {}", tagged.tag),
        Value::Null => "nothing".to_owned(),
        scalar => format!("\"{}\"", text(scalar).unwrap_or_default()),
    }
}

/// The text of a scalar, as it is handed to a client or parsed further.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a value leaves its field at the default: nothing, or an empty text.
pub(crate) fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// The whole numbers that a field takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    /// The least.
    pub min: u64,
    /// The greatest.
    pub max: u64,
    /// One to try.
    pub example: u64,
}

impl Whole {
    /// Reads `4`, `"4"`, `1_000`, `0x10` or `1e3`.
    pub(crate) fn parse(self, value: &Value) -> Result<u64, String> {
        let Self { min, max, example } = self;
        whole(value).filter(|number| (min..=max).contains(number)).ok_or_else(|| {
            let hint =
                if is_octal(value) { " (a zero in front is ambiguous: leave it out)" } else { "" };
            format!(
                "got {}, need a whole number from {min} to {max}, e.g. {example}{hint}",
                show(value)
            )
        })
    }

    /// Reads a number that fits 32 bits.
    pub(crate) fn parse_u32(self, value: &Value) -> Result<u32, String> {
        let number = self.parse(value)?;
        Ok(u32::try_from(number).expect("the greatest fits 32 bits"))
    }
}

fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => {
            number.as_u64().or_else(|| number.as_f64().and_then(whole_of_decimal))
        }
        Value::String(text) => whole_of_text(text.trim()),
        _ => None,
    }
}

/// 1e3 is a whole number, 1.9 is none: OMB would drop its fraction without a word.
fn whole_of_decimal(number: f64) -> Option<u64> {
    let is_whole = (0.0..=EXACT_MAX).contains(&number) && number.fract() <= 0.0;
    if is_whole { format!("{number:.0}").parse().ok() } else { None }
}

fn whole_of_text(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
    }
    let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|digit| digit.is_ascii_digit() || digit == '_')
        && !text.ends_with('_');
    let digits: String = text.chars().filter(|digit| *digit != '_').collect();
    if is_plain {
        return (digits == "0" || !digits.starts_with('0')).then(|| digits.parse().ok())?;
    }
    whole_of_decimal(decimal_of_text(text)?)
}

/// `010` is 8 to OMB and 10 to most readers.
fn is_octal(value: &Value) -> bool {
    matches!(value, Value::String(text) if 1 < text.len() && text.starts_with('0')
        && text.chars().all(|digit| digit.is_ascii_digit()))
}

fn decimal_of_text(text: &str) -> Option<f64> {
    // Rust also reads "inf" and "nan".
    let legal = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
    if text.chars().all(legal) { text.parse().ok() } else { None }
}

/// Reads a share from 0 to 1.
pub(crate) fn ratio(value: &Value) -> Result<f64, String> {
    number(value, (1.0, 0.5))
}

/// Reads a number from 0 to the first of two; the other is one to try.
pub(crate) fn number(value: &Value, (max, example): (f64, f64)) -> Result<f64, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => decimal_of_text(text.trim()),
        _ => None,
    };
    let need = || format!("got {}, need a number from 0 to {max}, e.g. {example}", show(value));
    number.filter(|number| (0.0..=max).contains(number)).ok_or_else(need)
}

/// Reads a switch as YAML 1.1 writes it.
pub(crate) fn switch(value: &Value) -> Result<bool, String> {
    match text(value).unwrap_or_default().trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("got {}, need true or false", show(value))),
    }
}

/// Reads any scalar as text.
pub(crate) fn word(value: &Value) -> Result<String, String> {
    text(value).ok_or_else(|| format!("got {}, need text", show(value)))
}

/// Reads a size in bytes up to `max`: `1024` or `1 KiB`.
pub(crate) fn size(value: &Value, max: u64) -> Result<Bytes, String> {
    let need = || {
        format!("got {}, need a size from 1 byte to {}, e.g. 1024 or 1KiB", show(value), Bytes(max))
    };
    let bytes = match (whole(value), value) {
        (Some(number), _) => Bytes(number),
        (None, Value::String(text)) => text.parse().map_err(|_| need())?,
        _ => return Err(need()),
    };
    if (1..=max).contains(&bytes.0) { Ok(bytes) } else { Err(need()) }
}

/// Reads a span with its unit, within both bounds.
pub(crate) fn span(value: &Value, min: Nanos, max: Nanos) -> Result<Nanos, String> {
    let read = text(value).and_then(|text| text.parse::<Nanos>().ok());
    read.filter(|span| (min..=max).contains(span)).ok_or_else(|| {
        let most = max.0 / Nanos::from_secs(3_600).0;
        let bound = match min {
            Nanos::ZERO => format!("of at most {most}h"),
            least if Nanos::from_secs(1) <= least => format!("from {least} to {most}h"),
            _ => format!("above 0 and of at most {most}h"),
        };
        format!("got {}, need a time {bound} with its unit, e.g. 30s or 5m", show(value))
    })
}

#[cfg(test)]
mod tests {
    use super::{Whole, ratio, size, span, switch};
    use engine::units::Nanos;
    use serde_yaml::Value;

    fn value(text: &str) -> Value {
        serde_yaml::from_str(text).expect("a YAML value")
    }

    #[test]
    fn whole_numbers_are_read_as_omb_reads_them() {
        let check = |text: &str, expected: Option<u64>| {
            let read = Whole { min: 0, max: u64::MAX, example: 1 }.parse(&value(text)).ok();
            assert_eq!(read, expected, "{text}");
        };
        check("1e3", Some(1000));
        check("1_000", Some(1000));
        check("0x10", Some(16));
        check("'0x10'", Some(16));
        check("+4", Some(4));
        check("'7'", Some(7));
        check("' 8 '", Some(8));
        check("0", Some(0));
        check("18446744073709551615", Some(u64::MAX));
        check("'18446744073709551616'", None);
        check("1.9", None);
        check("'1.9'", None);
        check("010", None);
        check("-1", None);
        check("abc", None);
        check("true", None);
        check("2,000", None);
        check("1_", None);
        check(".inf", None);
        check("'0x+1'", None);
        check("[1]", None);
        check("{a: 1}", None);
        check("!x 1", None);
    }

    #[test]
    fn a_refusal_says_what_was_got_and_what_is_needed() {
        let need = Whole { min: 1, max: 9, example: 4 };
        let check = |text: &str, expected: &str| {
            assert_eq!(need.parse(&value(text)), Err(expected.to_owned()), "{text}");
        };
        check("1.9", "got \"1.9\", need a whole number from 1 to 9, e.g. 4");
        check("[1]", "got a list, need a whole number from 1 to 9, e.g. 4");
        let octal = "got \"010\", need a whole number from 1 to 9, e.g. 4 \
                     (a zero in front is ambiguous: leave it out)";
        check("010", octal);
    }

    #[test]
    fn shares_switches_sizes_and_spans() {
        let share = |text: &str, expected: Option<f64>| {
            assert_eq!(ratio(&value(text)).ok(), expected, "{text}");
        };
        share("1", Some(1.0));
        share(".5", Some(0.5));
        share("'0.5'", Some(0.5));
        share("1.01", None);
        share("-0.1", None);
        share(".nan", None);
        share("50%", None);

        let flag = |text: &str, expected: Option<bool>| {
            assert_eq!(switch(&value(text)).ok(), expected, "{text}");
        };
        for text in ["yes", "Yes", "on", "true", "TRUE", "1", "'true'"] {
            flag(text, Some(true));
        }
        flag("off", Some(false));
        flag("0", Some(false));
        flag("y", None);
        flag("2", None);
        flag("[]", None);

        let bytes = |text: &str, expected: Option<u64>| {
            assert_eq!(size(&value(text), 4096).ok().map(|size| size.0), expected, "{text}");
        };
        bytes("1024", Some(1024));
        bytes("1 KiB", Some(1024));
        bytes("1_024", Some(1024));
        bytes("0", None);
        bytes("4097", None);
        bytes("1.5", None);
        bytes("true", None);

        let time = |text: &str, expected: Option<u64>| {
            let read = span(&value(text), Nanos(1), Nanos::from_secs(3_600)).ok();
            assert_eq!(read, expected.map(Nanos::from_millis), "{text}");
        };
        time("30s", Some(30_000));
        time("0.5 s", Some(500));
        time("0s", None);
        time("2h", None);
        time("30", None);
        time("-1s", None);
    }
}
