//! The key and the headers of one message, filled in place.

use super::recipe::Recipe;
use super::template::{Particulars, Template};

/// A template and the text that it fills.
#[derive(Clone, Debug)]
struct Sheet {
    template: Template,
    text: Vec<u8>,
}

/// A lane's key and headers: those of the message that it aimed last.
#[derive(Clone, Debug)]
pub struct Labels {
    key: Option<Sheet>,
    headers: Vec<(String, Sheet)>,
}

impl Labels {
    /// Those of a recipe, not yet filled.
    #[must_use]
    pub fn new(recipe: &Recipe) -> Self {
        let header = |(name, value): &(String, Template)| (name.clone(), Sheet::new(value));
        Self {
            key: recipe.key.as_ref().map(Sheet::new),
            headers: recipe.headers.iter().map(header).collect(),
        }
    }

    /// Makes them those of a message.
    pub fn fill(&mut self, of: &Particulars) {
        let headers = self.headers.iter_mut().map(|(_, sheet)| sheet);
        for sheet in self.key.iter_mut().chain(headers) {
            sheet.template.fill(&mut sheet.text, of);
        }
    }

    /// The key, where the recipe has one.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_ref().map(|sheet| sheet.text.as_slice())
    }

    /// The headers, names and values.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, sheet)| (name.as_str(), sheet.text.as_slice()))
    }
}

impl Sheet {
    fn new(template: &Template) -> Self {
        Self { template: template.clone(), text: template.text().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;
    use crate::message::{Particulars, Recipe, Scale, Template};

    #[test]
    fn key_and_headers_are_those_of_the_last_message() {
        let scale = Scale { sensors: 100, producers: 1 };
        let template = |text: &str| Template::parse(text, &scale).expect("known names");
        let recipe = Recipe {
            key: Some(template("s-{{sensor}}")),
            headers: vec![
                ("of".to_owned(), template("{{sensor}}")),
                ("plain".to_owned(), template("as it is")),
            ],
            ..Recipe::default()
        };
        let mut labels = Labels::new(&recipe);
        for sensor in [7, 42] {
            labels.fill(&Particulars { sensor, ..Particulars::default() });
            let text = format!("{sensor:02}");
            assert_eq!(labels.key(), Some(format!("s-{text}").as_bytes()));
            let headers: Vec<(&str, &[u8])> = labels.headers().collect();
            assert_eq!(headers, [("of", text.as_bytes()), ("plain", b"as it is".as_slice())]);
        }
        let mut none = Labels::new(&Recipe::default());
        none.fill(&Particulars::default());
        assert!(none.key().is_none() && none.headers().len() == 0, "nothing to fill");
    }
}
