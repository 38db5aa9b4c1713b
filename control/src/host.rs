//! What the result says about the host and about how it was called.

use engine::units::Millicores;
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Who serves memory, ours and librdkafka's.
pub const ALLOCATOR: &str = if cfg!(feature = "mimalloc-override") {
    "mimalloc"
} else {
    "mimalloc (the client's own: the system's)"
};

/// Where a run was done and by which command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The operating system with its version; null where it does not say.
    pub os: Option<String>,
    /// The kernel's version.
    pub kernel: Option<String>,
    /// The processor's name.
    pub cpu: Option<String>,
    /// Logical cores.
    pub cores: usize,
    /// How many cores the cgroup grants in all; null without a quota below the usable cores.
    pub quota_cores: Option<f64>,
    /// Memory.
    pub memory_bytes: u64,
    /// The client library's version.
    pub librdkafka: String,
    /// The command line as given, secrets masked.
    pub command: String,
}

impl Environment {
    /// Looks around; `arguments` is the command line, the program's name first.
    #[must_use]
    pub fn here(arguments: &[String]) -> Self {
        let memory = MemoryRefreshKind::nothing().with_ram();
        let kinds = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()).with_memory(memory);
        let system = System::new_with_specifics(kinds);
        let brand = |cpu: &sysinfo::Cpu| cpu.brand().trim().to_owned();
        Self {
            os: System::long_os_version(),
            kernel: System::kernel_version(),
            cpu: system.cpus().first().map(brand).filter(|name| !name.is_empty()),
            cores: system.cpus().len(),
            quota_cores: engine::host::machine().quota.map(Millicores::as_cores_f64),
            memory_bytes: system.total_memory(),
            librdkafka: engine::kafka::version(),
            command: command(arguments),
        }
    }
}

/// This host's name in the network, where it has one.
#[must_use]
pub fn host_name() -> Option<String> {
    System::host_name()
}

/// The same for all processes of one start of a host; `None` where the system does not say.
#[must_use]
pub fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

/// Processes that wanted a core, on average over the last minute; `None` where the system does not say.
#[must_use]
pub fn load_1m() -> Option<f64> {
    let load = System::load_average().one;
    (load.is_finite() && 0.0 <= load).then_some(load)
}

/// What stands for a secret.
const MASK: &str = "****";

/// Words by which a name or a value is known to be secret.
const SECRET: [&str; 9] = [
    "password",
    "passphrase",
    "secret",
    "sasl.jaas",
    "credential",
    "key.pem",
    "keystore.key",
    "oauthbearer.config",
    "user.info",
];

/// The command line, to be pasted into a shell, without its secrets.
fn command(arguments: &[String]) -> String {
    let words: Vec<String> = arguments.iter().map(|argument| quoted(&masked(argument))).collect();
    words.join(" ")
}

/// An argument `name=value` without its value where that is secret; `--set=name=value` likewise.
/// A reference such as `${env:NAME}` is no secret: it is what keeps one out of the command line.
fn masked(argument: &str) -> String {
    let (flag, rest) = match argument.split_once('=') {
        Some((flag, rest)) if flag.starts_with("--") => (&argument[..=flag.len()], rest),
        _ => ("", argument),
    };
    let Some((name, value)) = rest.split_once('=') else {
        // `--some-password=value`: the flag itself is the name.
        return if !flag.is_empty() && is_secret(flag) && !is_reference(rest) {
            format!("{flag}{MASK}")
        } else {
            argument.to_owned()
        };
    };
    if is_reference(value) || !(is_secret(name) || is_secret(value) || is_secret(flag)) {
        return argument.to_owned();
    }
    format!("{flag}{name}={MASK}")
}

fn is_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SECRET.iter().any(|word| text.contains(word))
}

fn is_reference(value: &str) -> bool {
    let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let is_kind = |of: &str| of.starts_with("env:") || of.starts_with("file:");
    inner.is_some_and(|inner| is_kind(inner) && !inner.contains(['}', '\n']))
}

/// An argument as a shell takes it.
pub(crate) fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{Environment, command};

    fn check(arguments: &[&str], expected: &str) {
        let arguments: Vec<String> = arguments.iter().map(|of| (*of).to_owned()).collect();
        assert_eq!(command(&arguments), expected, "{arguments:?}");
    }

    #[test]
    fn the_command_can_be_pasted_and_tells_no_secret() {
        check(&["kdyno", "run", "w.yaml", "--rate", "50k/s"], "kdyno run w.yaml --rate 50k/s");
        check(&["kdyno", "--assert", "publish.p99 < 10ms"], "kdyno --assert 'publish.p99 < 10ms'");
        check(&["kdyno", "it's", ""], "kdyno 'it'\\''s' ''");
        check(
            &["--set", "driver.commonConfig.sasl.password=x y"],
            "--set 'driver.commonConfig.sasl.password=****'",
        );
        check(
            &["--set=driver.sasl.jaas.config=a password=\"b\";"],
            "'--set=driver.sasl.jaas.config=****'",
        );
        check(
            &["--set", "driver.commonConfig=a=b\nssl.key.password=c"],
            "--set 'driver.commonConfig=****'",
        );
        check(
            &["--set", "driver.sasl.password=${env:PASS}"],
            "--set 'driver.sasl.password=${env:PASS}'",
        );
        check(&["--set", "driver.sasl.password=${PASS}"], "--set 'driver.sasl.password=****'");
        check(&["--some-password=x"], "'--some-password=****'");
        check(&["--set", "messageSize=100"], "--set messageSize=100");
        check(&["--token-file", "secret.txt"], "--token-file secret.txt");
    }

    #[test]
    fn this_host_has_cores_memory_and_a_client_library() {
        let here = Environment::here(&["kdyno".to_owned()]);
        assert!(0 < here.cores && 0 < here.memory_bytes, "{here:?}");
        assert!(!here.librdkafka.is_empty(), "{here:?}");
    }
}
