//! The control endpoint through real sockets: what it serves, what it refuses, what it survives.

use super::{Answer, Call, Server, Service, Token};
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

const SECRET: &str = "sixteen-letters-and-more";

/// No test waits longer for one answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says what it was asked, and counts.
struct Mirror {
    calls: AtomicUsize,
    clock: OsClock,
    /// A slow call waits until it hears from here or nobody can speak any more.
    slow: Mutex<mpsc::Receiver<()>>,
}

impl Service for Mirror {
    fn answer(&self, call: &Call<'_>) -> Answer {
        self.calls.fetch_add(1, SeqCst);
        match call.path {
            "/arrived" => Answer::text(200, call.arrived.as_nanos().to_string()),
            "/big" => Answer::bytes(200, vec![b'x'; 3_000_000]),
            "/none" => Answer::text(204, "never seen"),
            "/odd" => Answer::text(99, "never seen"),
            // Without a word on stderr.
            "/panic" => std::panic::resume_unwind(Box::new("on purpose")),
            "/slow" => {
                let _released = self.slow.lock().expect("ours").recv_timeout(PATIENCE);
                Answer::text(200, "at last")
            }
            path => {
                let (method, query) = (call.method.as_str(), call.query);
                let who = call.coordinator.unwrap_or("nobody");
                let accept = call.accept.unwrap_or("anything");
                let bytes = call.body.len();
                Answer::text(200, format!("{method} {path} {query} {who} {accept} {bytes}"))
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

struct Stage {
    server: Server,
    mirror: Arc<Mirror>,
    release: mpsc::Sender<()>,
}

fn mirror() -> (Arc<Mirror>, mpsc::Sender<()>) {
    let (release, slow) = mpsc::channel();
    let (calls, clock) = (AtomicUsize::new(0), OsClock::anchored());
    (Arc::new(Mirror { calls, clock, slow: Mutex::new(slow) }), release)
}

fn stage(token: Option<&str>) -> Stage {
    let (mirror, release) = mirror();
    let token = Token::read(None, token.map(Into::into)).expect("it is one");
    let service: Arc<dyn Service> = Arc::<Mirror>::clone(&mirror);
    let server = Server::start("127.0.0.1:0", token, service).expect("a free port");
    Stage { server, mirror, release }
}

impl Stage {
    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// All that comes back until the connection is closed.
    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = connect(self.address());
        // It may be closed before all is written.
        let _cut = stream.write_all(bytes);
        let mut told = Vec::new();
        stream.read_to_end(&mut told).expect("an answer, then the end");
        String::from_utf8(told).expect("it is text")
    }

    /// The status of the first answer to these bytes, on a connection that is closed behind it.
    fn status(&self, bytes: &str) -> u16 {
        let told = self.say(bytes.as_bytes());
        assert_eq!(told.matches("HTTP/1.1 ").count(), 1, "one answer: {told}");
        told.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// The server serves another client.
    fn lives(&self) {
        assert_eq!(Client::of(self).get("/alive").1, b"GET /alive  nobody anything 0", "it lives");
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can");
    stream
}

/// One connection that is kept.
struct Client(BufReader<TcpStream>);

impl Client {
    fn of(stage: &Stage) -> Self {
        Self(BufReader::new(connect(stage.address())))
    }

    fn send(&mut self, bytes: &str) {
        self.0.get_mut().write_all(bytes.as_bytes()).expect("it is open");
    }

    /// The next answer: status and body.
    fn next(&mut self) -> (u16, Vec<u8>) {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut length = 0;
        while line != "\r\n" {
            assert!(!line.is_empty(), "it broke off");
            line.clear();
            self.0.read_line(&mut line).expect("a head");
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        (status.expect("a status"), body)
    }

    fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        self.send(&format!("GET {path} HTTP/1.1\r\n\r\n"));
        self.next()
    }

    fn text(&mut self) -> String {
        String::from_utf8(self.next().1).expect("it is text")
    }
}

#[test]
fn one_connection_carries_a_hundred_calls_and_pipelined_ones_are_answered_in_order() {
    let stage = stage(None);
    let mut client = Client::of(&stage);
    for round in 0..100 {
        let body = "x".repeat(round * 37);
        let query = if round % 2 == 0 { "" } else { "?a=%20&b" };
        client.send(&format!(
            "POST /start{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nKdyno-Coordinator: host {round}\r\n\
             Accept: a/b\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let query = query.trim_start_matches('?');
        let expected = format!("POST /start {query} host {round} a/b {}", body.len());
        assert_eq!(client.text(), expected, "round {round}");
    }
    let many: String =
        (0..50).map(|n| format!("PUT /{n} HTTP/1.1\nContent-Length: 1\n\nx")).collect();
    client.send(&many);
    for n in 0..50 {
        assert_eq!(client.text(), format!("PUT /{n}  nobody anything 1"), "in order");
    }
    client.send("DELETE /task/1 HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(client.text(), "DELETE /task/1  nobody anything 0", "the last");
    assert_eq!(client.0.read(&mut [0]).expect("an end"), 0, "then it is closed");
    assert_eq!(stage.status("GET / HTTP/1.0\r\n\r\n"), 200, "an old client is not kept");
    assert_eq!(stage.mirror.calls.load(SeqCst), 152, "each once");
}

#[test]
fn answers_of_every_kind_arrive_whole_and_a_panic_is_one_of_them() {
    let stage = stage(None);
    let mut client = Client::of(&stage);
    for _ in 0..6 {
        assert_eq!(client.get("/panic").0, 500, "more often than there are threads");
        assert_eq!(client.get("/odd").0, 500, "a status that is none");
        assert_eq!(client.get("/none"), (204, Vec::new()), "nothing");
        let (status, body) = client.get("/big");
        assert_eq!((status, body.len()), (200, 3_000_000), "more than sockets hold");
        assert!(body.iter().all(|byte| *byte == b'x'), "and all of it");
    }
    stage.lives();
}

#[test]
fn a_slow_call_stops_no_others() {
    let stage = stage(None);
    let mut slow = Client::of(&stage);
    slow.send("GET /slow HTTP/1.1\r\n\r\n");
    let mut other = Client::of(&stage);
    for _ in 0..50 {
        assert_eq!(other.get("/quick").0, 200, "while the slow one waits");
    }
    stage.release.send(()).expect("it waits");
    assert_eq!(slow.text(), "at last", "and it is answered too");
}

#[test]
fn two_hundred_half_open_connections_keep_nobody_away() {
    let stage = stage(Some(SECRET));
    let call = format!("GET /x HTTP/1.1\r\nAuthorization: Bearer {SECRET}\r\n\r\n");
    let mut early = Client::of(&stage);
    early.send(&call);
    assert_eq!(early.next().0, 200, "before");
    let mut half: Vec<TcpStream> = Vec::new();
    for _ in 0..200 {
        let mut stream = connect(stage.address());
        stream.write_all(b"GET /x HTTP/1.1\r\nAuthor").expect("it is accepted");
        half.push(stream);
        early.send(&call);
        assert_eq!(early.next().0, 200, "on the connection that was there before");
    }
    let mut late = Client::of(&stage);
    late.send(&call);
    assert_eq!(late.next().0, 200, "on a new connection");
    assert_eq!(half.len(), 200, "while all of them are held open");
}

#[test]
fn without_the_token_nothing_reaches_the_service() {
    let stage = stage(Some(SECRET));
    let check = |headers: &str| {
        let told = stage.say(format!("GET /x HTTP/1.1\r\n{headers}\r\n").as_bytes());
        assert!(told.starts_with("HTTP/1.1 401 "), "{headers}: {told}");
        assert!(told.contains("\r\nWWW-Authenticate: Bearer\r\n"), "{headers}: {told}");
        assert!(told.contains("{\"error\":\"") && !told.contains(SECRET), "{headers}: {told}");
    };
    check("");
    check("Authorization: Bearer wrong-but-long-enough\r\n");
    check("Authorization: Bearer \r\n");
    check("Content-Length: 99999999999999\r\n");
    check("Expect: 100-continue\r\nContent-Length: 5\r\n");
    assert_eq!(stage.mirror.calls.load(SeqCst), 0, "it was never asked");
    let mut client = Client::of(&stage);
    client.send(&format!("GET /x HTTP/1.1\r\nAuthorization: Bearer {SECRET}\r\n\r\n"));
    assert_eq!((client.next().0, stage.mirror.calls.load(SeqCst)), (200, 1), "with it, it is");
}

#[test]
fn calls_that_break_a_rule_are_refused_and_the_server_lives() {
    let stage = stage(None);
    let check = |call: &str, expected: u16| {
        assert_eq!(stage.status(&format!("{call}\r\n\r\n")), expected, "{call:.200}");
    };
    check("POST /x HTTP/1.1\r\nContent-Length: 99999999999999", 413);
    check("POST /x HTTP/1.1\r\nContent-Length: 1073741824", 413);
    check("POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 400);
    check("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked", 411);
    check("PATCH /x HTTP/1.1", 405);
    check("GET /a/../b HTTP/1.1", 400);
    check("GET /%2e%2e/b HTTP/1.1", 400);
    check("GET /x HTTP/1.1\r\nOrigin: http://localhost", 403);
    check("GET /x HTTP/1.1\r\nHost: evil.example", 403);
    check(&format!("GET /x HTTP/1.1\r\nA: {}", "a".repeat(17_000)), 431);
    check(&"a".repeat(17_000), 431);
    check("hello", 400);
    check("\u{16}\u{3}\u{1}", 400);
    // A body that comes though it was refused does not take the answer back.
    let flood =
        format!("POST /x HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n{}", "x".repeat(900_000));
    assert_eq!(stage.status(&flood), 413, "with a part of its body");
    assert_eq!(stage.mirror.calls.load(SeqCst), 0, "none reached the service");
    stage.lives();
}

#[test]
fn a_client_that_waits_for_a_word_before_its_body_gets_it() {
    let stage = stage(None);
    let mut client = Client::of(&stage);
    client.send("POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
    assert_eq!(client.next(), (100, Vec::new()), "go on");
    client.send(&"x".repeat(3_000_000));
    assert_eq!(client.text(), "POST /x  nobody anything 3000000", "the body came");
    client.send("POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.text(), "POST /x  nobody anything 0", "without a body there is no word");
    let refused = "POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(stage.status(refused), 413, "who would be refused is refused at once");
}

#[test]
fn the_moment_of_arrival_is_the_gates_and_no_callers() {
    let stage = stage(None);
    let mut client = Client::of(&stage);
    let before = stage.mirror.now();
    client.send("GET /arrived HTTP/1.1\r\nKdyno-Arrived: 1\r\nkdyno-arrived: 2\r\n\r\n");
    let arrived = Timestamp::from_nanos(client.text().parse().expect("a number"));
    assert!(before <= arrived && arrived <= stage.mirror.now(), "{before:?} {arrived:?}");
}

#[test]
fn random_bytes_never_bring_the_server_down() {
    let stage = stage(None);
    let seed = 0x5eed;
    let mut random = StdRng::seed_from_u64(seed);
    let starts =
        ["", "GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n", "\r\n\n"];
    for case in 0..300 {
        let mut noise = vec![0; random.random_range(0..400)];
        random.fill_bytes(&mut noise);
        let start = starts[case % starts.len()];
        let mut stream = connect(stage.address());
        // It may be closed before all is written.
        let _cut = stream.write_all(&[start.as_bytes(), &noise].concat());
        let _gone = stream.shutdown(Shutdown::Write);
        let mut told = Vec::new();
        if let Err(error) = stream.read_to_end(&mut told) {
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "case {case} of seed {seed}: it hangs");
        }
        assert!(told.is_empty() || told.starts_with(b"HTTP/1.1 "), "case {case} of seed {seed}");
    }
    stage.lives();
}

#[test]
fn a_server_that_stops_cuts_its_connections_and_frees_its_port() {
    let stage = stage(None);
    let (address, clock) = (stage.address(), OsClock::anchored());
    let mut idle = Client::of(&stage);
    assert_eq!(idle.get("/x").0, 200, "it is open");
    let mut half = connect(address);
    half.write_all(b"GET /").expect("it is open");
    let begun = clock.now();
    stage.server.stop();
    let took = begun.until(clock.now());
    assert!(took < Nanos::from_secs(3), "idle connections hold nothing up: {took}");
    for stream in [idle.0.get_mut(), &mut half] {
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)), "it is cut");
    }
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
    let (mirror, _release) = mirror();
    let again = Server::start(&address.to_string(), None, mirror).expect("the port is free again");
    assert_eq!(again.address(), address, "the same");
}

#[test]
fn an_address_that_cannot_be_had_is_told_with_what_to_do() {
    let taken = stage(None);
    let check = |listen: &str, token: Option<&str>, expected: &str| {
        let token = Token::read(None, token.map(Into::into)).expect("it is one");
        let error = Server::start(listen, token, mirror().0).expect_err("it cannot be had");
        assert!(error.starts_with(&format!("--listen {listen}: ")), "{error}");
        assert!(error.contains(expected), "{error}");
    };
    check(&taken.address().to_string(), None, "another process listens there");
    check("0.0.0.0:0", None, "--token-file");
    check("[::]:0", None, "--token-file");
    check("127.0.0.1", None, "e.g. 127.0.0.1:0");
    check("192.0.2.1:0", Some(SECRET), "take one it has");
}
