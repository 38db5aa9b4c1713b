//! Brokers of a test's own, for tests that freeze, stop or reconfigure one.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// A broker that ends with the test.
#[derive(Debug)]
pub(crate) struct Broker {
    name: String,
    port: u16,
    pid: String,
}

/// A signal by the name that `kill` knows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    Stop,
    Continue,
    Kill,
    Interrupt,
    User,
}

/// Sends a signal to a process.
pub(crate) fn send(signal: Signal, pid: &str) {
    let name = match signal {
        Signal::Stop => "-STOP",
        Signal::Continue => "-CONT",
        Signal::Kill => "-KILL",
        Signal::Interrupt => "-INT",
        Signal::User => "-USR1",
    };
    let sent = Command::new("kill").args([name, pid]).status().expect("kill is everywhere");
    assert!(sent.success(), "kill {name} {pid}");
}

impl Broker {
    /// Starts a broker with empty data and these server properties.
    pub(crate) fn start(purpose: &str, properties: &[&str]) -> Self {
        Self::start_on(free_ports(2), purpose, &["--fresh"], properties)
    }

    /// Starts a secured one: `scripts/kafka-secured` says what listens where, and who may do what.
    pub(crate) fn start_secured(purpose: &str) -> Self {
        Self::start_on(free_ports(6), purpose, &["--fresh", "--secure"], &[])
    }

    fn start_on(port: u16, purpose: &str, how: &[&str], properties: &[&str]) -> Self {
        let name = format!("test-{purpose}-{port}");
        let pid = launch(&name, port, how, properties);
        Self { name, port, pid }
    }

    /// Where another of its listeners is: `beyond` the first.
    pub(crate) fn listener(&self, beyond: u16) -> String {
        format!("127.0.0.1:{}", self.port + beyond)
    }

    /// The folder with a secured one's certificates and passwords.
    pub(crate) fn secrets(&self) -> PathBuf {
        let folder = root().join("target/kafka").join(&self.name).join("secrets");
        folder.canonicalize().expect("the broker is a secured one")
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends it a signal.
    pub(crate) fn send(&self, signal: Signal) {
        send(signal, &self.pid);
    }

    /// A way to send it signals from another thread.
    pub(crate) fn pid(&self) -> String {
        self.pid.clone()
    }

    /// Stops it and starts it again on its data, with other server properties.
    pub(crate) fn restart(&mut self, properties: &[&str]) {
        let stopped = script().args(["stop", "--name", &self.name]).output();
        assert!(stopped.expect("the script is ours").status.success(), "{} stops", self.name);
        self.pid = launch(&self.name, self.port, &[], properties);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // One that is frozen or dead must not hold up the others: its data goes as well. What is not
        // there need not be removed.
        let quietly = |mut command: Command| command.stderr(Stdio::null()).status().is_ok();
        let mut kill = Command::new("kill");
        kill.args(["-KILL", &self.pid]);
        let mut stop = script();
        stop.args(["stop", "--name", &self.name]);
        let _gone = quietly(kill)
            && quietly(stop)
            && std::fs::remove_dir_all(root().join("target/kafka").join(&self.name)).is_ok();
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `scripts/kafka`, which makes small brokers here.
fn script() -> Command {
    let mut command = Command::new(root().join("scripts/kafka"));
    command.env("KAFKA_HEAP_OPTS", "-Xmx256m").stdin(Stdio::null());
    command
}

/// The script as a tool: runs a class of Kafka's, returns what it prints.
pub(crate) fn tool(class: &str, arguments: &[&str]) -> String {
    let output = script().args(["tool", class]).args(arguments).output();
    let output = output.expect("the script is ours");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{class}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn launch(name: &str, port: u16, how: &[&str], properties: &[&str]) -> String {
    let mut command = script();
    command.args(["start", "--name", name, "--port", &port.to_string()]).args(how);
    for property in properties {
        command.args(["--set", property]);
    }
    let output = command.output().expect("the script is ours");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} starts: {said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let pid = printed.lines().find_map(|line| line.strip_prefix("KDYNO_KAFKA_PID="));
    pid.expect("the script prints the pid").to_owned()
}

/// A port that is free together with those behind it, `count` in all, below those that the system gives
/// away. No two tests of this process are given the same, also before anybody listens there.
fn free_ports(count: u16) -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = 20_000 + u16::try_from(std::process::id() % 5_000).expect("below 5,000") * 2;
    loop {
        let port = first + GIVEN.fetch_add(count, Ordering::Relaxed);
        assert!(port < 32_000, "some port is free");
        if (port..port + count).all(is_free) {
            return port;
        }
    }
}
