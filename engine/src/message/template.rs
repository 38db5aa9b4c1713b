//! Texts with places of fixed width, which are filled in for each message.

use super::draw::{SEED, bits};
use crate::units::Timestamp;

/// Digits of a message's number: ten million a second for thirty years.
const SEQUENCE_DIGITS: usize = 16;
/// Digits of milliseconds since the epoch, until the year 2286.
const MILLIS_DIGITS: usize = 13;
/// Hexadecimal digits of a run's number.
const RUN_DIGITS: usize = 16;
/// Random letters of one place at most.
const RANDOM_MAX: usize = 1 << 20;
/// Hexadecimal digits of 64 bits.
const BLOCK: usize = 16;
/// The places there are, for people.
const NAMES: &str = "{{sequence}}, {{timestamp_ms}}, {{due_ms}}, {{random:N}}, {{sensor}}, \
                     {{producer}} or {{run}}";

/// What one message is, for the places of its templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Its number in the stream, from 0.
    pub number: u64,
    /// Whose record it is, from 0.
    pub sensor: u64,
    /// The logical producer, counted over the whole stream.
    pub producer: u32,
    /// The run.
    pub run: u64,
    /// When it is due.
    pub due: Timestamp,
    /// When it is first offered.
    pub sent: Timestamp,
}

/// How large the numbers become that a template is to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Sensors; 0 where there are none.
    pub sensors: u64,
    /// Logical producers of the stream.
    pub producers: u64,
}

/// A text with places: its length is the same for every message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: Vec<u8>,
    places: Vec<Place>,
}

/// Where something is filled in, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    from: usize,
    width: usize,
    field: Field,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Sequence,
    Sent,
    Due,
    Random,
    Sensor,
    Producer,
    Run,
}

impl Template {
    /// Reads a text in which `{{name}}` stands where something is to be filled in: `{{sequence}}`, the
    /// message's number in the stream; `{{timestamp_ms}}` and `{{due_ms}}`, when it was offered and
    /// due; `{{random:N}}`, N hexadecimal digits by chance; `{{sensor}}`, whose record it is;
    /// `{{producer}}`, the logical producer; `{{run}}`, the run's number, hexadecimal. Numbers have
    /// zeros in front, so that all are equally long.
    ///
    /// # Errors
    /// What was got and what is allowed.
    pub fn parse(text: &str, scale: &Scale) -> Result<Self, String> {
        let mut template = Self { text: Vec::new(), places: Vec::new() };
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            template.text.extend_from_slice(&rest.as_bytes()[..at]);
            let inner = &rest[at + 2..];
            let Some(end) = inner.find("}}") else {
                return Err(format!("got {{{{ without }}}} behind it, need {NAMES}"));
            };
            template.add(inner[..end].trim(), scale)?;
            rest = &inner[end + 2..];
        }
        template.text.extend_from_slice(rest.as_bytes());
        Ok(template)
    }

    /// The text, zeros in its places.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether it says whose record a message is.
    #[must_use]
    pub fn names_sensor(&self) -> bool {
        self.places.iter().any(|place| place.field == Field::Sensor)
    }

    /// Fills the places of a message in a copy of [`Self::text`]; what lies behind it stays.
    ///
    /// # Panics
    /// When `text` is shorter.
    pub fn fill(&self, text: &mut [u8], of: &Particulars) {
        for place in &self.places {
            let into = &mut text[place.from..place.from + place.width];
            match place.field {
                Field::Sequence => decimal(into, of.number),
                Field::Sent => decimal(into, millis(of.sent)),
                Field::Due => decimal(into, millis(of.due)),
                Field::Random => random(into, place.from, of.number),
                Field::Sensor => decimal(into, of.sensor),
                Field::Producer => decimal(into, u64::from(of.producer)),
                Field::Run => hexadecimal(into, of.run),
            }
        }
    }

    fn add(&mut self, name: &str, scale: &Scale) -> Result<(), String> {
        let (field, width) = field(name, scale)?;
        let from = self.text.len();
        self.places.push(Place { from, width, field });
        self.text.resize(from + width, b'0');
        Ok(())
    }
}

/// What a name stands for, and how wide it is.
fn field(name: &str, scale: &Scale) -> Result<(Field, usize), String> {
    match name {
        "sequence" => Ok((Field::Sequence, SEQUENCE_DIGITS)),
        "timestamp_ms" => Ok((Field::Sent, MILLIS_DIGITS)),
        "due_ms" => Ok((Field::Due, MILLIS_DIGITS)),
        "producer" => Ok((Field::Producer, digits(scale.producers))),
        "run" => Ok((Field::Run, RUN_DIGITS)),
        "sensor" if scale.sensors == 0 => {
            Err("got {{sensor}} where there are none: say how many with sensors".to_owned())
        }
        "sensor" => Ok((Field::Sensor, digits(scale.sensors))),
        _ => match name.strip_prefix("random:") {
            Some(width) => random_width(width).map(|width| (Field::Random, width)),
            None => Err(format!("got {{{{{name}}}}}, need {NAMES}")),
        },
    }
}

fn random_width(text: &str) -> Result<usize, String> {
    let width = text.trim().parse::<usize>().ok().filter(|width| (1..=RANDOM_MAX).contains(width));
    width.ok_or_else(|| {
        format!("got {{{{random:{text}}}}}, need 1 to {RANDOM_MAX} digits, e.g. {{{{random:8}}}}")
    })
}

/// Digits of the greatest of so many numbers from 0.
fn digits(count: u64) -> usize {
    let behind_first = count.saturating_sub(1).checked_ilog10().unwrap_or(0);
    usize::try_from(behind_first).expect("64 bits have twenty digits at most") + 1
}

const fn millis(moment: Timestamp) -> u64 {
    moment.as_nanos() / 1_000_000
}

fn decimal(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).expect("a digit is below ten");
        number /= 10;
    }
}

fn hexadecimal(into: &mut [u8], mut number: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for digit in into.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 16).expect("a digit is below sixteen")];
        number /= 16;
    }
}

/// Each block of a place draws for itself, from where it stands in the text.
fn random(into: &mut [u8], from: usize, number: u64) {
    let mut seed = SEED.wrapping_add(u64::try_from(from).expect("a text fits in memory"));
    for block in into.chunks_mut(BLOCK) {
        hexadecimal(block, bits(seed, number));
        seed = seed.wrapping_add(1 << 32);
    }
}

#[cfg(test)]
mod tests {
    use super::{Particulars, Scale, Template};
    use crate::units::Timestamp;

    const SCALE: Scale = Scale { sensors: 10_000, producers: 8 };
    const OF: Particulars = Particulars {
        number: 123_456,
        sensor: 3_456,
        producer: 5,
        run: 0xAB,
        due: Timestamp::from_nanos(1_700_000_000_123_999_999),
        sent: Timestamp::from_nanos(1_700_000_000_124_000_000),
    };

    fn template(text: &str) -> Template {
        Template::parse(text, &SCALE).unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }

    fn filled(text: &str, of: &Particulars) -> String {
        let template = template(text);
        let mut into = template.text().to_vec();
        template.fill(&mut into, of);
        assert_eq!(into.len(), template.text().len(), "{text}: as long as ever");
        String::from_utf8(into).expect("digits are text")
    }

    #[test]
    fn each_place_is_filled_by_its_name_with_zeros_in_front() {
        let check = |text: &str, expected: &str| assert_eq!(filled(text, &OF), expected, "{text}");
        check("", "");
        check("plain {text}", "plain {text}");
        check("{{sequence}}", "0000000000123456");
        check("{{due_ms}} {{ timestamp_ms }}", "1700000000123 1700000000124");
        check("s{{sensor}}/{{producer}}", "s3456/5");
        check("{{run}}", "00000000000000ab");
        check("{\"a\":{\"b\":{{timestamp_ms}}}}", "{\"a\":{\"b\":1700000000124}}");
        let low = Particulars { sensor: 7, ..OF };
        assert_eq!(filled("{{sensor}}", &low), "0007", "as wide as the last of 10,000");
    }

    #[test]
    fn chance_is_a_function_of_the_number_and_the_place() {
        let draw =
            |number: u64| filled("{{random:20}}{{random:20}}", &Particulars { number, ..OF });
        let (one, other) = (draw(1), draw(2));
        assert_eq!(one, draw(1), "the same message");
        assert_ne!(one, other, "another message");
        assert_ne!(one[..20], one[20..], "another place");
        assert!(one.bytes().all(|letter| letter.is_ascii_hexdigit()), "{one}");
    }

    #[test]
    fn a_longer_buffer_keeps_what_lies_behind() {
        let template = template("n{{producer}}");
        let mut into = *b"n0 kept";
        template.fill(&mut into, &OF);
        assert_eq!(&into, b"n5 kept");
    }

    #[test]
    fn a_name_that_is_none_is_told_with_those_there_are() {
        let check = |text: &str, expected: &str| {
            let problem = Template::parse(text, &Scale::default()).expect_err(text);
            assert!(problem.starts_with(expected), "{text}: {problem}");
        };
        check("{{colour}}", "got {{colour}}, need {{sequence}}, ");
        check("{{}}", "got {{}}, need {{sequence}}, ");
        check("a {{sequence} b", "got {{ without }} behind it, need ");
        check("{{random:0}}", "got {{random:0}}, need 1 to ");
        check("{{random:many}}", "got {{random:many}}, need 1 to ");
        check("{{sensor}}", "got {{sensor}} where there are none: ");
    }

    #[test]
    fn only_one_that_names_the_sensor_says_so() {
        assert!(template("k-{{sensor}}").names_sensor(), "it does");
        assert!(!template("k-{{producer}}").names_sensor(), "it does not");
    }
}
