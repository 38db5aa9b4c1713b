//! What this process uses of the host: processor time, memory, storage.

use crate::units::{Bytes, Nanos};
use rustix::time::{ClockId, clock_gettime};

/// What was fetched from storage and sent to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// Fetched.
    pub read: Bytes,
    /// Sent.
    pub written: Bytes,
}

impl Storage {
    /// What went since an earlier reading; `None` where the counters went back.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Option<Self> {
        match (
            self.read.0.checked_sub(earlier.read.0),
            self.written.0.checked_sub(earlier.written.0),
        ) {
            (Some(read), Some(written)) => {
                Some(Self { read: Bytes(read), written: Bytes(written) })
            }
            _ => None,
        }
    }
}

/// User and system time of all threads so far, by the operating system's own accounting.
#[must_use]
pub fn cpu_time() -> Nanos {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(spent.tv_sec).unwrap_or(0);
    Nanos::from_secs(seconds) + Nanos(u64::try_from(spent.tv_nsec).unwrap_or(0))
}

/// The memory that is resident now; `None` where the system does not say.
#[must_use]
pub fn resident() -> Option<Bytes> {
    memory(&status()?, "VmRSS:")
}

/// The most memory that was ever resident; `None` where the system does not say.
#[must_use]
pub fn peak_resident() -> Option<Bytes> {
    memory(&status()?, "VmHWM:")
}

/// What this process moved from and to storage so far; `None` where the system does not count it.
///
/// Reads that the page cache answers are not counted, writes are when the page cache takes them for
/// a file that lies on a device; files in memory (tmpfs) are on none.
#[must_use]
pub fn storage() -> Option<Storage> {
    moved(&std::fs::read_to_string("/proc/self/io").ok()?)
}

fn status() -> Option<String> {
    std::fs::read_to_string("/proc/self/status").ok()
}

/// A line of `/proc/self/status`, in bytes.
fn memory(status: &str, name: &str) -> Option<Bytes> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?;
    kibibytes.checked_mul(1_024).map(Bytes)
}

/// What `/proc/self/io` says.
fn moved(io: &str) -> Option<Storage> {
    let line = |name: &str| io.lines().find_map(|line| line.strip_prefix(name));
    let bytes = |name: &str| line(name)?.trim().parse().ok().map(Bytes);
    Some(Storage { read: bytes("read_bytes:")?, written: bytes("write_bytes:")? })
}

#[cfg(test)]
mod tests {
    use super::{Storage, memory, moved, peak_resident, resident};
    use crate::units::Bytes;

    #[test]
    fn what_moved_is_read_by_its_names() {
        let check = |text: &str, expected: Option<(u64, u64)>| {
            let storage = |(read, written)| Storage { read: Bytes(read), written: Bytes(written) };
            assert_eq!(moved(text), expected.map(storage), "{text:?}");
        };
        let io =
            "rchar: 9\nwchar: 8\nread_bytes: 4096\nwrite_bytes: 512\ncancelled_write_bytes: 7\n";
        check(io, Some((4_096, 512)));
        check("read_bytes: 1\n", None);
        check("read_bytes: x\nwrite_bytes: 1\n", None);
        check("", None);
    }

    #[test]
    fn what_went_back_is_unknown_and_no_zero() {
        let of = |read, written| Storage { read: Bytes(read), written: Bytes(written) };
        assert_eq!(of(5, 7).since(of(2, 7)), Some(of(3, 0)), "forward");
        assert_eq!(of(5, 7).since(of(6, 7)), None, "one went back");
        assert_eq!(of(5, 7).since(of(5, 8)), None, "the other went back");
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1024 kB\n";
        let check = |name: &str, expected: Option<u64>| {
            assert_eq!(memory(status, name), expected.map(Bytes), "{name}");
        };
        check("VmHWM:", Some(2 << 20));
        check("VmRSS:", Some(1 << 20));
        check("VmPeak:", None);
        let (now, peak) = (resident().expect("Linux"), peak_resident().expect("Linux"));
        // The kernel sums what each core counted, so two readings may differ a little.
        assert!(1 << 20 < now.0 && now.0 <= peak.0 + (16 << 20), "{now} of {peak}");
    }
}
