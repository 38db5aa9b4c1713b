//! What a run that listens is asked and told: `POST /mark`, its words the body, and `GET /metrics`. A
//! worker takes marks too.

use super::call::{Answer, Call, Method, Service};
use super::metrics;
use super::server::Server;
use super::token::Token;
use crate::marks::{MARKS_MAX, Mark, Marks, TEXT_MAX, clean};
use crate::metrics::Meter;
use engine::time::{Clock, OsClock};
use engine::units::Timestamp;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// Takes the marks of a run and tells its figures.
struct Marking {
    /// `None` where only figures are told.
    marks: Option<Marks>,
    meter: Meter,
    clock: OsClock,
}

/// Where a run listens, by its flags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ears {
    /// `--listen`: takes marks and tells figures.
    pub(crate) listen: Option<SocketAddr>,
    /// `--metrics`: tells figures.
    pub(crate) metrics: Option<SocketAddr>,
}

impl Ears {
    /// Whether somebody may ask for figures.
    pub(crate) const fn tell_figures(&self) -> bool {
        self.listen.is_some() || self.metrics.is_some()
    }

    /// Answers calls for as long as what it returns lives; the same gate as a worker's, and callers must show
    /// the same token.
    ///
    /// # Errors
    /// It cannot listen there; in words, with what to do.
    pub(crate) fn open(
        &self,
        token: Option<&Token>,
        marks: &Marks,
        meter: &Meter,
    ) -> Result<Vec<Server>, String> {
        // One server does for both where they are at one place.
        let metrics = self.metrics.filter(|address| self.listen != Some(*address));
        let flags = [("--listen", self.listen, Some(marks)), ("--metrics", metrics, None)];
        let mut servers = Vec::new();
        for (flag, address, taking) in flags {
            let Some(address) = address else { continue };
            let clock = OsClock::anchored();
            let calls = if taking.is_some() { "POST /mark, GET /metrics" } else { "GET /metrics" };
            let marking = Marking { marks: taking.cloned(), meter: meter.clone(), clock };
            let marking = Arc::new(marking);
            let server = Server::start_for(flag, &address.to_string(), token.cloned(), marking)?;
            tracing::info!("{calls} at http://{}", server.address());
            servers.push(server);
        }
        Ok(servers)
    }
}

impl Service for Marking {
    fn answer(&self, call: &Call<'_>) -> Answer {
        match (call.method, call.path) {
            (Method::Get, "/health") => {
                let version = env!("CARGO_PKG_VERSION");
                let now_ns = self.clock.now().as_nanos();
                Answer::json(200, &json!({ "kdyno_version": version, "now_ns": now_ns }))
            }
            (Method::Get, "/metrics") => metrics::answer(self.meter.text()),
            (Method::Post, "/mark") => {
                let Some(marks) = &self.marks else {
                    return Answer::error(404, "marks are taken where --listen says, not here");
                };
                let at = self.clock.now();
                let text = match words(call.body) {
                    Ok(text) => text,
                    Err(refused) => return refused,
                };
                let mark = Mark { at, text: text.clone(), source: "POST /mark".to_owned() };
                if marks.set(mark) {
                    return Answer::json(200, &json!({ "at_ns": at.as_nanos(), "text": text }));
                }
                Answer::error(409, &format!("{MARKS_MAX} marks are here already"))
            }
            _ => Answer::error(
                404,
                "no such call; there are GET /health, GET /metrics and POST /mark",
            ),
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
    use crate::metrics::Meter;
    use engine::time::OsClock;
    use engine::units::Timestamp;

    fn call<'a>(method: Method, path: &'a str, body: &'a [u8]) -> Call<'a> {
        let arrived = Timestamp::default();
        Call { method, path, query: "", coordinator: None, accept: None, body, arrived }
    }

    #[test]
    fn a_run_that_listens_takes_marks_and_nothing_else() {
        let (marks, meter) = (Marks::none(), Meter::default());
        let clock = OsClock::anchored();
        let marking = Marking { marks: Some(marks.clone()), meter: meter.clone(), clock };
        let status = |method, path, body: &[u8]| marking.answer(&call(method, path, body)).status;
        assert_eq!(status(Method::Get, "/health", b""), 200, "it is there");
        assert_eq!(status(Method::Post, "/mark", b"broker 2 down"), 200, "a mark");
        assert_eq!(status(Method::Post, "/mark", b""), 400, "without words");
        for (method, path) in
            [(Method::Post, "/stop"), (Method::Get, "/mark"), (Method::Put, "/rate")]
        {
            assert_eq!(status(method, path, b"x"), 404, "{path}");
        }
        assert_eq!(status(Method::Get, "/metrics", b""), 200, "figures");
        let taken = marks.take();
        let [mark] = &taken[..] else { panic!("one: {taken:?}") };
        assert_eq!((&*mark.text, &*mark.source), ("broker 2 down", "POST /mark"), "as it was said");
        (0..MARKS_MAX).for_each(|_| assert_eq!(status(Method::Post, "/mark", b"x"), 200, "room"));
        assert_eq!(status(Method::Post, "/mark", b"x"), 409, "and then none");
        let figures = Marking { marks: None, meter, clock };
        assert_eq!(figures.answer(&call(Method::Post, "/mark", b"x")).status, 404, "no marks");
        let told = figures.answer(&call(Method::Get, "/metrics", b""));
        assert_eq!(told.status, 200, "{told:?}");
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
