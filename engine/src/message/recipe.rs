//! How a stream's messages are made beside the bytes of their bodies.

use super::template::Template;

/// Headers of a message at most, kdyno's own not among them.
pub const HEADERS_MAX: usize = 16;

/// Whose records a stream's messages are, what fills their keys, headers and bodies, and how often each
/// body is chosen. The default is none of it: bodies as they are, in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// Sensors, which take turns: message *n* of the stream is one of sensor *n* mod this; 0 for none.
    pub sensors: u64,
    /// What fills the key; in place of a stream's other keys.
    pub key: Option<Template>,
    /// Names of headers and what fills them; at most [`HEADERS_MAX`], none named `kdyno`.
    pub headers: Vec<(String, Template)>,
    /// What fills each body: behind the stamp at its head, or from its first byte where the stamp
    /// travels in a header. Every body is at least so long.
    pub body: Option<Template>,
    /// How often each of the bodies is chosen, by the message's number; empty where they take turns.
    pub weights: Vec<u32>,
}

impl Recipe {
    /// Whose record the message of this number is.
    #[must_use]
    pub const fn sensor(&self, number: u64) -> u64 {
        match number.checked_rem(self.sensors) {
            Some(sensor) => sensor,
            None => 0,
        }
    }

    /// Whether a message has a key or headers of this recipe.
    #[must_use]
    pub const fn has_labels(&self) -> bool {
        self.key.is_some() || !self.headers.is_empty()
    }

    /// Bytes of a message's key, and of its headers' names and values.
    #[must_use]
    pub fn label_bytes(&self) -> usize {
        let key = self.key.as_ref().map_or(0, |key| key.text().len());
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.text().len());
        key + headers.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::Recipe;
    use crate::message::{Scale, Template};

    #[test]
    fn sensors_take_turns_and_none_is_one() {
        let of = |sensors: u64| {
            let recipe = Recipe { sensors, ..Recipe::default() };
            [0, 1, 2, 3, 4].map(|number| recipe.sensor(number))
        };
        assert_eq!(of(3), [0, 1, 2, 0, 1], "in turn");
        assert_eq!(of(0), [0; 5], "there are none");
    }

    #[test]
    fn labels_are_counted_in_bytes() {
        let template = |text: &str| Template::parse(text, &Scale::default()).expect("plain text");
        let mut recipe = Recipe::default();
        assert_eq!((recipe.has_labels(), recipe.label_bytes()), (false, 0), "nothing");
        recipe.headers.push(("name".to_owned(), template("value")));
        assert_eq!((recipe.has_labels(), recipe.label_bytes()), (true, 9), "a header");
        recipe.key = Some(template("key"));
        assert_eq!((recipe.has_labels(), recipe.label_bytes()), (true, 12), "and a key");
    }
}
