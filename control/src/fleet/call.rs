//! What is asked of the control endpoint, what it answers, and who answers.

use engine::units::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// The longest body of a call, in bytes: the texts of a run's files are far below it.
pub const BODY_MAX: usize = 64 << 20;

/// Gives calls their meaning. Several threads ask it at the same time.
pub trait Service: Send + Sync + 'static {
    /// Answers one call, whose token has been seen. A panic is answered with status 500.
    fn answer(&self, call: &Call<'_>) -> Answer;

    /// The current moment by the clock that the service tells others; [`Call::arrived`] is one.
    fn now(&self) -> Timestamp;
}

/// What a call wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Tell something.
    Get,
    /// Begin something.
    Post,
    /// Set something.
    Put,
    /// End something.
    Delete,
}

/// One call of the control endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What is wanted.
    pub method: Method,
    /// What it is wanted of: begins with `/`; letters, digits and `/_.-`, at most 256 bytes.
    pub path: &'a str,
    /// What stands behind `?`, as it came: visible ASCII, at most 1024 bytes, empty if nothing.
    pub query: &'a str,
    /// Who asks: 1 to 200 printable ASCII characters.
    pub coordinator: Option<&'a str>,
    /// Which formats the caller understands: 1 to 200 printable ASCII characters.
    pub accept: Option<&'a str>,
    /// At most [`BODY_MAX`] bytes.
    pub body: &'a [u8],
    /// When the call's head was complete at the gate, by [`Service::now`].
    pub arrived: Timestamp,
}

/// The answer to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's status, 200 to 599.
    pub status: u16,
    /// The body's media type, in ASCII.
    pub content_type: Cow<'static, str>,
    /// At most 64 MiB.
    pub body: Vec<u8>,
}

impl<'a> Call<'a> {
    /// The body, as JSON.
    ///
    /// # Errors
    /// What is wrong with it, as the answer.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        serde_json::from_slice(self.body)
            .map_err(|error| Answer::error(400, &format!("{}: the body: {error}", self.path)))
    }

    /// A value of the query by its name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'a str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
    }
}

impl Method {
    /// As HTTP spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// The method of that name, if it is one of ours.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Delete]
            .into_iter()
            .find(|method| method.as_str() == name)
    }
}

impl Answer {
    /// A JSON document; status 500 where the value is none.
    #[must_use]
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self { status, content_type: Cow::Borrowed("application/json"), body },
            Err(error) => Self::error(500, &format!("the answer is no JSON: {error}")),
        }
    }

    /// Plain text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        let body = text.into().into_bytes();
        Self { status, content_type: Cow::Borrowed("text/plain; charset=utf-8"), body }
    }

    /// Bytes that only kdyno reads.
    #[must_use]
    pub fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, content_type: Cow::Borrowed("application/octet-stream"), body }
    }

    /// What went wrong, in words: `{"error": words}`.
    #[must_use]
    pub fn error(status: u16, words: &str) -> Self {
        Self::json(status, &serde_json::json!({ "error": words }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Method};
    use std::collections::HashMap;

    #[test]
    fn every_method_is_found_by_its_name() {
        for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
            assert_eq!(Method::named(method.as_str()), Some(method), "{method:?}");
        }
        for other in ["HEAD", "get", ""] {
            assert_eq!(Method::named(other), None, "{other:?}");
        }
    }

    #[test]
    fn an_error_is_json_and_what_is_no_json_is_an_error() {
        let error = Answer::error(409, "held by \"b\"");
        assert_eq!((error.status, &*error.content_type), (409, "application/json"), "{error:?}");
        assert_eq!(error.body, br#"{"error":"held by \"b\""}"#, "{error:?}");
        // Keys of JSON are strings.
        let odd = HashMap::from([((1, 2), 3)]);
        assert_eq!(Answer::json(200, &odd).status, 500, "a map with odd keys");
    }
}
