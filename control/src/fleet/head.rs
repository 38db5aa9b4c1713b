//! The head of a call: parsed, held against every rule, and told by what it asks.

use super::call::{Answer, BODY_MAX, Method};
use super::token::Token;
use httparse::{Header, Status};
use std::net::{Ipv4Addr, Ipv6Addr};

/// More headers than any client sends.
const HEADERS_MAX: usize = 64;
const PATH_MAX: usize = 256;
const QUERY_MAX: usize = 1_024;
const VALUE_MAX: usize = 200;

/// A call that is allowed, before its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) coordinator: Option<String>,
    pub(super) accept: Option<String>,
    /// Bytes of the body, at most [`BODY_MAX`].
    pub(super) length: usize,
    /// Whether the client waits for a word before it sends the body.
    pub(super) expects_word: bool,
    /// Whether the client wants to call again on this connection.
    pub(super) stays: bool,
}

/// A call that is not allowed: its status and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) words: String,
}

type Allowed<T> = Result<T, Refusal>;

impl Refusal {
    pub(super) fn new(status: u16, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }

    pub(super) fn answer(&self) -> Answer {
        Answer::error(self.status, &self.words)
    }
}

/// Reads the head of a call and checks it. A head that passes has shown the token, if there is one.
pub(super) fn read(bytes: &[u8], token: Option<&Token>) -> Allowed<Head> {
    let mut room = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut room);
    match request.parse(bytes) {
        Ok(Status::Complete(end)) if end == bytes.len() => {}
        Ok(_) => return Err(Refusal::new(400, "this is not HTTP: the head has no end")),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Refusal::new(431, format!("more than {HEADERS_MAX} headers")));
        }
        Err(httparse::Error::Version) => {
            return Err(Refusal::new(505, "got another version of HTTP, need 1.0 or 1.1"));
        }
        Err(error) => return Err(Refusal::new(400, format!("this is not HTTP: {error}"))),
    }
    let headers = Headers(request.headers);
    no_browser(&headers, token)?;
    authorise(&headers, token)?;
    let name = request.method.unwrap_or_default();
    let method = Method::named(name).ok_or_else(|| {
        Refusal::new(405, format!("got method {name}, need GET, POST, PUT or DELETE"))
    })?;
    let (path, query) = target(request.path.unwrap_or_default())?;
    let length = body_length(&headers)?;
    let is_latest = request.version == Some(1);
    Ok(Head {
        method,
        path,
        query,
        coordinator: headers.words("Kdyno-Coordinator")?,
        accept: headers.words("Accept")?,
        length,
        // The older version knows no such word.
        expects_word: expects_word(&headers)? && is_latest,
        stays: if is_latest { !headers.asks("close") } else { headers.asks("keep-alive") },
    })
}

/// Web pages can make a browser call any address: also those that only its host reaches.
fn no_browser(headers: &Headers<'_>, token: Option<&Token>) -> Allowed<()> {
    if headers.all("Origin").next().is_some() {
        return Err(Refusal::new(403, "header Origin: web pages may not call a worker"));
    }
    // With a token a page knows too little. Without one a page's own name may have been made to
    // point here, and then a browser sends no Origin; but it sends that name.
    let Some(host) = headers.one("Host")? else { return Ok(()) };
    let host = String::from_utf8_lossy(host);
    if token.is_some() || is_here(&host) {
        return Ok(());
    }
    Err(Refusal::new(
        403,
        format!(
            "header Host: got {host:?}, need localhost or an IP address where the worker has no token; \
             call it by its address, or give both sides a token (--token-file)"
        ),
    ))
}

/// Whether a Host is no name that somebody else may give out.
fn is_here(host: &str) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().is_some_and(|name| name.parse::<Ipv6Addr>().is_ok());
    }
    let name = host.split(':').next().unwrap_or_default();
    name.eq_ignore_ascii_case("localhost") || name.parse::<Ipv4Addr>().is_ok()
}

fn authorise(headers: &Headers<'_>, token: Option<&Token>) -> Allowed<()> {
    let Some(token) = token else { return Ok(()) };
    let need = "need header Authorization: Bearer TOKEN with the worker's token";
    let Some(value) = headers.one("Authorization")? else {
        return Err(Refusal::new(401, format!("got no token, {need}")));
    };
    let scheme = b"Bearer ";
    match value.split_at_checked(scheme.len()) {
        Some((word, presented))
            if word.eq_ignore_ascii_case(scheme) && token.is(presented.trim_ascii()) =>
        {
            Ok(())
        }
        _ => Err(Refusal::new(401, format!("got another token, {need}"))),
    }
}

fn target(text: &str) -> Allowed<(String, String)> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.-".contains(&byte);
    let is_plain = path.starts_with('/') && path.bytes().all(is_known);
    if !is_plain || PATH_MAX < path.len() || path.contains("..") || path.contains("//") {
        return Err(Refusal::new(
            400,
            format!(
                "path: need / and letters, digits, / _ . - without .. and //, {PATH_MAX} at most"
            ),
        ));
    }
    if QUERY_MAX < query.len() || !query.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::new(400, format!("query: need visible ASCII, {QUERY_MAX} at most")));
    }
    Ok((path.to_owned(), query.to_owned()))
}

fn body_length(headers: &Headers<'_>) -> Allowed<usize> {
    if headers.all("Transfer-Encoding").next().is_some() {
        return Err(Refusal::new(411, "got Transfer-Encoding, need one Content-Length"));
    }
    let Some(value) = headers.one("Content-Length")? else { return Ok(0) };
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::new(400, "Content-Length: need a number of bytes"));
    }
    // More digits than a number has are only a longer body.
    let length = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
    length.filter(|length| *length <= BODY_MAX).ok_or_else(|| {
        Refusal::new(413, format!("the body is too long: {BODY_MAX} bytes are allowed"))
    })
}

fn expects_word(headers: &Headers<'_>) -> Allowed<bool> {
    match headers.one("Expect")? {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => Ok(true),
        Some(_) => Err(Refusal::new(417, "Expect: need 100-continue or nothing")),
    }
}

struct Headers<'a>(&'a [Header<'a>]);

impl<'a> Headers<'a> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|h| h.value)
    }

    /// The header that may be there once: of two, each side could believe another one.
    fn one(&self, name: &str) -> Allowed<Option<&'a [u8]>> {
        let mut values = self.all(name);
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(Refusal::new(400, format!("header {name} is there twice"))),
        }
    }

    fn words(&self, name: &str) -> Allowed<Option<String>> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        let is_printable = value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        match std::str::from_utf8(value) {
            Ok("") => Ok(None),
            Ok(text) if is_printable && text.len() <= VALUE_MAX => Ok(Some(text.to_owned())),
            _ => Err(Refusal::new(
                400,
                format!("header {name}: need printable ASCII, {VALUE_MAX} characters at most"),
            )),
        }
    }

    /// Whether a header Connection has this word.
    fn asks(&self, word: &str) -> bool {
        let mut words = self.all("Connection").flat_map(|value| value.split(|byte| *byte == b','));
        words.any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowed, Head, read};
    use crate::fleet::{Method, Token};
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    const SECRET: &str = "sixteen-letters-and-more";

    fn token() -> Token {
        Token::read(None, Some(SECRET.into())).expect("it is one").expect("it is there")
    }

    /// A head of these lines, for a worker without a token.
    fn open(lines: &str) -> Allowed<Head> {
        read(format!("{lines}\n\n").as_bytes(), None)
    }

    fn status(lines: &str) -> u16 {
        open(lines).map_or_else(|refusal| refusal.status, |_head| 200)
    }

    #[test]
    fn a_head_tells_what_it_asks() {
        let head = open(
            "PUT /task/a-1_b.c?from=3&x=%20 HTTP/1.1\r\nhost: 10.0.0.1:77\r\nCONTENT-LENGTH: 12\r\n\
             Kdyno-Coordinator: a host\r\nAccept: text/plain\r\nExpect: 100-Continue\r",
        );
        let head = head.expect("it is allowed");
        assert_eq!((head.method, &*head.path), (Method::Put, "/task/a-1_b.c"), "{head:?}");
        assert_eq!((&*head.query, head.length), ("from=3&x=%20", 12), "{head:?}");
        assert_eq!(head.coordinator.as_deref(), Some("a host"), "{head:?}");
        assert_eq!(head.accept.as_deref(), Some("text/plain"), "{head:?}");
        assert!(head.expects_word && head.stays, "{head:?}");
        let blank = open("GET / HTTP/1.1\nKdyno-Coordinator: ").expect("it is allowed");
        assert_eq!(blank.coordinator, None, "a name of nothing is none");
        let bare = open("GET / HTTP/1.0").expect("it is allowed");
        assert_eq!((bare.length, bare.query.is_empty(), bare.stays), (0, true, false), "{bare:?}");
    }

    #[test]
    fn each_rule_refuses_with_its_own_status() {
        let check = |lines: &str, expected: u16| assert_eq!(status(lines), expected, "{lines}");
        check("GET / HTTP/1.1", 200);
        for garbage in ["hello", "GET /", "GET / HTTP/1.1\nbad header", "GET / HTTP/1.1\n\nmore"] {
            check(garbage, 400);
        }
        check("GET / HTTP/2.0", 505);
        for method in ["HEAD", "OPTIONS", "get", "CONNECT", "PATCH"] {
            check(&format!("{method} / HTTP/1.1"), 405);
        }
        for path in ["/a/../b", "/..", "/%2e%2e/", "//a", "/a//b", "*", "http://a/b", "/a:b", "/ü"]
        {
            check(&format!("GET {path} HTTP/1.1"), 400);
        }
        check(&format!("GET /{} HTTP/1.1", "a".repeat(255)), 200);
        check(&format!("GET /{} HTTP/1.1", "a".repeat(256)), 400);
        check(&format!("GET /?{} HTTP/1.1", "a".repeat(1_025)), 400);
        check("GET /?ü HTTP/1.1", 400);
        check("POST / HTTP/1.1\nTransfer-Encoding: chunked", 411);
        check("POST / HTTP/1.1\nContent-Length: 3\nContent-Length: 3", 400);
        for length in ["+3", "-1", "3, 3", "0x10", ""] {
            check(&format!("POST / HTTP/1.1\nContent-Length: {length}"), 400);
        }
        check("POST / HTTP/1.1\nContent-Length: 67108864", 200);
        for length in ["67108865", "99999999999999", "99999999999999999999999999"] {
            check(&format!("POST / HTTP/1.1\nContent-Length: {length}"), 413);
        }
        check("POST / HTTP/1.1\nExpect: wonders", 417);
        check(&format!("GET / HTTP/1.1{}", "\na: b".repeat(64)), 200);
        check(&format!("GET / HTTP/1.1{}", "\na: b".repeat(65)), 431);
        check(&format!("GET / HTTP/1.1\nKdyno-Coordinator: {}", "a".repeat(200)), 200);
        check(&format!("GET / HTTP/1.1\nKdyno-Coordinator: {}", "a".repeat(201)), 400);
        check("GET / HTTP/1.1\nKdyno-Coordinator: ü", 400);
        check("GET / HTTP/1.1\nKdyno-Coordinator: a\nkdyno-coordinator: b", 400);
    }

    #[test]
    fn web_pages_are_refused_also_under_a_name_made_to_point_here() {
        let check = |header: &str, expected: u16| {
            assert_eq!(status(&format!("GET / HTTP/1.1\n{header}")), expected, "{header}");
        };
        check("Origin: http://localhost", 403);
        check("origin: null", 403);
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1", "10.1.2.3:80", "[::1]:80", "[::1]"] {
            check(&format!("Host: {host}"), 200);
        }
        for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[x]", ""] {
            check(&format!("Host: {host}"), 403);
        }
        // A page that knows the token is none.
        let named = format!("GET / HTTP/1.1\nHost: host-7\nAuthorization: Bearer {SECRET}\n\n");
        assert!(read(named.as_bytes(), Some(&token())).is_ok(), "{named}");
    }

    #[test]
    fn a_call_stays_as_its_version_and_its_wish_say() {
        let check = |version: &str, wish: &str, expected: bool| {
            let head = open(&format!("GET / HTTP/{version}\nConnection: {wish}"));
            assert_eq!(head.expect("it is allowed").stays, expected, "{version} {wish}");
        };
        check("1.1", "te", true);
        check("1.1", "Close", false);
        check("1.1", "te, close", false);
        check("1.0", "te", false);
        check("1.0", "Keep-Alive", true);
    }

    #[test]
    fn without_the_token_nothing_else_is_told() {
        let check = |header: &str, expected: Option<u16>| {
            let head = format!("WRONG /../ HTTP/1.1\nContent-Length: 99999999999999\n{header}\n\n");
            let refusal = read(head.as_bytes(), Some(&token())).expect_err("it is wrong");
            assert_eq!(refusal.status, expected.unwrap_or(405), "{header}: {refusal:?}");
            assert!(!refusal.words.contains("sixteen"), "{refusal:?}");
        };
        check("Accept: x", Some(401));
        check("Authorization: Bearer", Some(401));
        check("Authorization: Bearer sixteen-letters-and-mora", Some(401));
        check(&format!("Authorization: Basic {SECRET}"), Some(401));
        check(&format!("Authorization: {SECRET}"), Some(401));
        check(&format!("Authorization: Bearer {SECRET}\nAuthorization: Bearer x"), Some(400));
        check(&format!("Authorization: Bearer {SECRET}"), None);
        check(&format!("authorization: bearer  {SECRET} "), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..600)) {
            if let Err(refusal) = read(&bytes, None) {
                assert!((400..=505).contains(&refusal.status), "{refusal:?}");
            }
            let with_start = [b"GET / HTTP/1.1\r\n".as_slice(), &bytes, b"\r\n\r\n"].concat();
            if let Ok(head) = read(&with_start, None) {
                assert_eq!((&*head.path, head.method), ("/", Method::Get), "{head:?}");
            }
        }
    }
}
