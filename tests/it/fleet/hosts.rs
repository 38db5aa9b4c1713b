//! Hosts of a test's own: network namespaces on one bridge, with a worker in each.
//!
//! Where the machine lets nobody make namespaces, all are this host, and no link can be cut.

use crate::cli::Kdyno;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// What all workers of the tests ask of coordinators.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Different for each fleet of this process.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Hosts on one bridge. They go with the test.
#[derive(Debug)]
pub(crate) struct Hosts {
    id: String,
    /// The first three numbers of their addresses.
    net: String,
    count: usize,
    /// Whether they are namespaces.
    apart: bool,
}

/// Whether a command that is there could be run and was obeyed.
fn obeyed(words: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", words]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Hosts {
    /// So many hosts, and one more, the last, for a coordinator.
    ///
    /// The tests' broker listens at this host's 127.0.0.1 and says so. Elsewhere that address is the way
    /// to this host: the loopback is down there, and the kernel is told to route it.
    pub(crate) fn made(count: usize) -> Self {
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        // An interface's name has at most 15 letters.
        let id = format!("kd{}{nth}", std::process::id() % 100_000);
        // Another process's bridges have other addresses.
        let process = std::process::id();
        let net = format!("10.{}.{}", 64 + process % 128, (process / 128 + nth) % 256);
        let mut hosts = Self { id, net, count, apart: true };
        hosts.apart = hosts.steps().iter().all(|step| obeyed(step));
        if !hosts.apart {
            hosts.remove();
        }
        hosts
    }

    /// This host, for all.
    pub(crate) const fn here() -> Self {
        Self { id: String::new(), net: String::new(), count: 0, apart: false }
    }

    fn steps(&self) -> Vec<String> {
        let Self { id, net, .. } = self;
        let mut steps = vec![
            format!("ip link add {id} type bridge"),
            format!("ip addr add {net}.254/24 dev {id}"),
            format!("ip link set {id} up"),
            format!("echo 1 > /proc/sys/net/ipv4/conf/{id}/route_localnet"),
        ];
        for host in 0..=self.count {
            let (space, address) = (self.space(host), self.address(host));
            let (near, far) = (format!("{id}n{host}"), format!("{id}f{host}"));
            let file = format!("/proc/sys/net/ipv4/conf/{far}/route_localnet");
            steps.extend([
                format!("ip netns add {space}"),
                format!("ip link add {near} type veth peer name {far} netns {space}"),
                format!("ip link set {near} master {id} up"),
                format!("ip -n {space} addr add {address}/24 dev {far}"),
                format!("ip -n {space} link set {far} up"),
                format!("ip netns exec {space} sh -c 'echo 1 > {file}'"),
                format!("ip -n {space} route add 127.0.0.1 via {net}.254 dev {far} src {address}"),
            ]);
        }
        steps
    }

    /// Whether they are hosts of their own.
    pub(crate) const fn are_apart(&self) -> bool {
        self.apart
    }

    fn space(&self, host: usize) -> String {
        format!("{}s{host}", self.id)
    }

    /// A host's address, the same for all where they are not apart.
    pub(crate) fn address(&self, host: usize) -> String {
        if self.apart { format!("{}.{}", self.net, host + 1) } else { "127.0.0.1".to_owned() }
    }

    /// What begins a command that is to run on a host; nothing where they are not apart.
    fn on(&self, host: usize) -> Vec<String> {
        if !self.apart {
            return Vec::new();
        }
        ["ip", "netns", "exec"].map(str::to_owned).into_iter().chain([self.space(host)]).collect()
    }

    /// The same run, on the coordinator's host.
    pub(crate) fn coordinating(&self, run: Kdyno) -> Kdyno {
        let on = self.on(self.count);
        let words: Vec<&str> = on.iter().map(String::as_str).collect();
        if words.is_empty() { run } else { run.through(&words) }
    }

    /// Cuts a host's link; `false` where there is none of its own.
    pub(crate) fn cut(&self, host: usize) -> bool {
        self.apart && obeyed(&format!("ip link set {}n{host} down", self.id))
    }

    fn remove(&self) {
        for host in 0..=self.count {
            // What was never made is not there to be removed.
            let _gone = obeyed(&format!("ip netns del {}", self.space(host)));
        }
        let _gone = obeyed(&format!("ip link del {}", self.id));
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        if self.apart {
            self.remove();
        }
    }
}

/// A worker on a host. It ends with the test.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Child,
    /// Where it is to be found.
    pub(crate) url: String,
    folder: TempDir,
}

impl Worker {
    /// Starts one; it listens when this returns.
    pub(crate) fn start(hosts: &Hosts, host: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let token = folder.path().join("token");
        std::fs::write(&token, TOKEN).expect("the folder is ours");
        let listen = if hosts.apart {
            format!("{}:9410", hosts.address(host))
        } else {
            "127.0.0.1:0".to_owned()
        };
        let mut words = hosts.on(host);
        words.push(env!("CARGO_BIN_EXE_kdyno-under-test").to_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["worker", "--listen", &listen, "--token-file"]).arg(&token);
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let log = File::create(folder.path().join("stderr.log")).expect("the folder is ours");
        let mut process = command.stderr(log).spawn().expect("the binary was built with the tests");
        let mut url = String::new();
        let told = process.stdout.take().expect("it is piped");
        BufReader::new(told).read_line(&mut url).expect("a worker says where it listens");
        let worker = Self { process, url: url.trim().to_owned(), folder };
        assert!(worker.url.starts_with("http://"), "it listens: {}", worker.said());
        worker
    }

    /// What it has said on stderr.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr.log")).expect("the file is ours")
    }

    /// Its process.
    pub(crate) fn pid(&self) -> String {
        self.process.id().to_string()
    }

    /// Whether its process is there.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("the process is ours").is_none()
    }

    /// Where a file with the token is.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that is gone already need not be ended.
        let _gone = self.process.kill();
        let _ended = self.process.wait();
    }
}
