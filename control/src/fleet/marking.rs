//! Marks that come as calls: `POST /mark`, its words the body; of a worker, or of a run that listens.

use super::call::{Answer, Call, Method, Service};
use super::server::Server;
use super::token::{TOKEN_VARIABLE, Token};
use crate::marks::{MARKS_MAX, Mark, Marks, TEXT_MAX, clean};
use engine::time::{Clock, OsClock};
use engine::units::Timestamp;
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Takes the marks of a run.
struct Marking {
    marks: Marks,
    clock: OsClock,
}

/// Takes marks by calls for as long as what it returns lives; the same gate and the same token as a worker's.
///
/// # Errors
/// The token cannot be read, or it cannot listen there; in words, with what to do.
pub(crate) fn listen(
    address: SocketAddr,
    token_file: Option<&Path>,
    marks: &Marks,
) -> Result<Server, String> {
    let token = Token::read(token_file, std::env::var_os(TOKEN_VARIABLE))?;
    let marking = Marking { marks: marks.clone(), clock: OsClock::anchored() };
    let server = Server::start(&address.to_string(), token, Arc::new(marking))?;
    tracing::info!("POST /mark at http://{}", server.address());
    Ok(server)
}

impl Service for Marking {
    fn answer(&self, call: &Call<'_>) -> Answer {
        match (call.method, call.path) {
            (Method::Get, "/health") => {
                let version = env!("CARGO_PKG_VERSION");
                let now_ns = self.clock.now().as_nanos();
                Answer::json(200, &json!({ "kdyno_version": version, "now_ns": now_ns }))
            }
            (Method::Post, "/mark") => {
                let at = self.clock.now();
                let text = match words(call.body) {
                    Ok(text) => text,
                    Err(refused) => return refused,
                };
                let mark = Mark { at, text: text.clone(), source: "POST /mark".to_owned() };
                if self.marks.set(mark) {
                    return Answer::json(200, &json!({ "at_ns": at.as_nanos(), "text": text }));
                }
                Answer::error(409, &format!("{MARKS_MAX} marks are here already"))
            }
            _ => Answer::error(404, "no such call; there are GET /health and POST /mark"),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The words of a mark.
///
/// # Errors
/// There are none, they are too long, or they are no text; as the answer.
pub(super) fn words(body: &[u8]) -> Result<String, Answer> {
    let refuse = |what: String| {
        Err(Answer::error(
            400,
            &format!("/mark: got {what}, need its words, at most {TEXT_MAX} bytes"),
        ))
    };
    if TEXT_MAX < body.len() {
        return refuse(format!("{} bytes", body.len()));
    }
    match std::str::from_utf8(body).map(clean) {
        Err(_) => refuse("what is no text in UTF-8".to_owned()),
        Ok(text) if text.is_empty() => refuse("nothing".to_owned()),
        Ok(text) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Marking, Method, Service, words};
    use crate::marks::{MARKS_MAX, Marks};
    use engine::time::OsClock;
    use engine::units::Timestamp;

    fn call<'a>(method: Method, path: &'a str, body: &'a [u8]) -> Call<'a> {
        let arrived = Timestamp::default();
        Call { method, path, query: "", coordinator: None, accept: None, body, arrived }
    }

    #[test]
    fn a_run_that_listens_takes_marks_and_nothing_else() {
        let marking = Marking { marks: Marks::none(), clock: OsClock::anchored() };
        let status = |method, path, body: &[u8]| marking.answer(&call(method, path, body)).status;
        assert_eq!(status(Method::Get, "/health", b""), 200, "it is there");
        assert_eq!(status(Method::Post, "/mark", b"broker 2 down"), 200, "a mark");
        assert_eq!(status(Method::Post, "/mark", b""), 400, "without words");
        for (method, path) in
            [(Method::Post, "/stop"), (Method::Get, "/mark"), (Method::Put, "/rate")]
        {
            assert_eq!(status(method, path, b"x"), 404, "{path}");
        }
        let taken = marking.marks.take();
        let [mark] = &taken[..] else { panic!("one: {taken:?}") };
        assert_eq!((&*mark.text, &*mark.source), ("broker 2 down", "POST /mark"), "as it was said");
        (0..MARKS_MAX).for_each(|_| assert_eq!(status(Method::Post, "/mark", b"x"), 200, "room"));
        assert_eq!(status(Method::Post, "/mark", b"x"), 409, "and then none");
    }

    #[test]
    fn words_are_text_and_not_too_long() {
        assert_eq!(words(b" broker 2 down\n"), Ok("broker 2 down".to_owned()));
        assert_eq!(words(&[b'x'; 200]).map(|words| words.len()), Ok(200), "as long as they may be");
        for wrong in [&[b'x'; 201][..], b"", b" \n", b"\xff"] {
            let refused = words(wrong).expect_err("no words");
            assert_eq!(refused.status, 400, "{refused:?}");
        }
    }
}
