//! The end of a file that grows: its new lines, within limits.

use super::line::TEXT_MAX;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Bytes of a line that are looked at: the words, and a time before them. The rest of it is passed over.
const LINE_MAX: usize = TEXT_MAX + 64;

/// Bytes that are read in one look.
const LOOK_MAX: u64 = 64 << 10;

/// A file that others write to.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    /// How far it was read.
    at: u64,
    /// A line that is not whole yet.
    begun: Vec<u8>,
    /// Whether the last look failed: told once.
    is_failing: bool,
}

impl Tail {
    /// From the file's present end on; from its beginning where it is not there yet.
    pub(super) fn of(path: PathBuf) -> Self {
        let at = std::fs::metadata(&path).map_or(0, |seen| seen.len());
        Self { path, at, begun: Vec::new(), is_failing: false }
    }

    /// The lines that have become whole since the last look.
    pub(super) fn look(&mut self) -> Vec<String> {
        match self.read() {
            Ok(bytes) => {
                self.is_failing = false;
                self.lines(&bytes)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                if !self.is_failing {
                    tracing::warn!("--marks {}: cannot be read: {error}", self.path.display());
                }
                self.is_failing = true;
                Vec::new()
            }
        }
    }

    fn read(&mut self) -> std::io::Result<Vec<u8>> {
        // Asked first: most looks find nothing new, and open nothing.
        let length = std::fs::metadata(&self.path)?.len();
        if length < self.at {
            // It was written anew.
            self.at = 0;
            self.begun.clear();
        }
        if length == self.at {
            return Ok(Vec::new());
        }
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        file.take(LOOK_MAX).read_to_end(&mut bytes)?;
        self.at += u64::try_from(bytes.len()).expect("a look is short");
        Ok(bytes)
    }

    fn lines(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for byte in bytes {
            if *byte == b'\n' {
                lines.push(String::from_utf8_lossy(&self.begun).into_owned());
                self.begun.clear();
            } else if self.begun.len() < LINE_MAX {
                self.begun.push(*byte);
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_MAX, Tail};
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::path::Path;

    fn append(path: &Path, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a file");
        file.write_all(text.as_bytes()).expect("it is written");
    }

    #[test]
    fn only_whole_new_lines_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("marks");
        append(&path, "before\nhalf");
        let mut tail = Tail::of(path.clone());
        assert_eq!(tail.look(), Vec::<String>::new(), "what was there is passed over");
        append(&path, " a line\none\ntw");
        assert_eq!(tail.look(), [" a line", "one"], "as far as they are whole");
        append(&path, "o\n");
        assert_eq!(tail.look(), ["two"], "in pieces");
        append(&path, &format!("{}\nafter\n", "x".repeat(10_000)));
        assert_eq!(tail.look(), ["x".repeat(LINE_MAX).as_str(), "after"], "cut");
        std::fs::write(&path, "new\n").expect("it is written anew");
        assert_eq!(tail.look(), ["new"], "from its beginning");
    }

    #[test]
    fn a_file_that_comes_later_is_read_from_its_beginning() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("marks");
        let mut tail = Tail::of(path.clone());
        assert!(tail.look().is_empty() && !tail.is_failing, "it is not there");
        append(&path, "one\n");
        assert_eq!(tail.look(), ["one"], "and then it is");
        let mut folder = Tail::of(folder.path().to_owned());
        folder.at = 0;
        assert!(folder.look().is_empty() && folder.is_failing, "a folder has no lines");
    }
}
