//! Where the texts of files come from: the disk, which is remembered, kdyno itself, or another host's bundle.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bundle::{BUNDLE_MAX, Bundle, length};
use super::{library, secret};
use engine::units::Bytes;

/// Names that are read of one folder at most: a folder of payloads has hundreds.
const NAMES_MAX: usize = 100_000;

/// All files that a load reads, by their paths as named.
///
/// `${env:NAME}`, `${file:PATH}` and the paths of TLS keys and certificates are not among them:
/// secrets never travel, they are looked up on the host that uses them.
#[derive(Clone, Debug)]
pub struct Files {
    origin: Origin,
    known: BTreeMap<PathBuf, Known>,
    /// Bytes that are held, equal contents once.
    held: Bytes,
}

/// Where what is not known yet comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// This host.
    Disk,
    /// Nowhere: the bundle had everything.
    Bundle {
        /// This host's name.
        here: String,
    },
}

/// What is known of a path.
#[derive(Clone, Debug)]
enum Known {
    /// A file that is held.
    File(Arc<[u8]>),
    /// A file of this length that is not: with it a bundle would be too large.
    Large(Bytes),
    /// A folder with these names, sorted.
    Folder(Vec<String>),
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facts {
    /// A file of this length.
    File(Bytes),
    /// A folder.
    Folder,
    /// Something that may be read and has no length, such as a pipe.
    Other,
}

impl Files {
    /// The files of this host; what is read is remembered.
    pub const fn disk() -> Self {
        Self { origin: Origin::Disk, known: BTreeMap::new(), held: Bytes(0) }
    }

    /// The files of another host; the disk of this one, called `here` in faults, is never asked.
    ///
    /// # Errors
    /// When the bundle is not what was sent.
    pub fn of_bundle(bundle: &Bundle, here: &str) -> std::result::Result<Self, String> {
        let origin = Origin::Bundle { here: here.to_owned() };
        let mut files = Self { origin, ..Self::disk() };
        let read = bundle.files().map_err(|problem| format!("the bundle of files: {problem}"))?;
        for (path, bytes) in read {
            files.known.insert(path.into(), Known::File(bytes));
        }
        for (path, names) in bundle.folders() {
            files.known.insert(path.into(), Known::Folder(names.clone()));
        }
        Ok(files)
    }

    /// Everything that was read, for other hosts.
    ///
    /// # Errors
    /// When it is more than may travel, or a path is no UTF-8 text.
    pub fn bundle(&self) -> std::result::Result<Bundle, String> {
        let mut bundle = Bundle::default();
        for (path, known) in &self.known {
            let name = path.to_str().ok_or_else(|| {
                format!(
                    "{}: its name is no UTF-8 text and cannot be sent to workers",
                    path.display()
                )
            })?;
            match known {
                Known::File(bytes) => bundle.add_file(name, bytes),
                Known::Folder(names) => bundle.add_folder(name, names),
                Known::Large(_) => return Err(self.too_large()),
            }
        }
        Ok(bundle)
    }

    fn too_large(&self) -> String {
        let size = |known: &Known| match known {
            Known::File(bytes) => length(bytes),
            Known::Large(bytes) => *bytes,
            Known::Folder(_) => Bytes(0),
        };
        let sizes = self.known.iter().map(|(path, known)| (size(known), path));
        let (largest, path) = sizes.max().expect("a large file is known");
        format!(
            "{}: has {largest}, and all files that are sent to workers may have {BUNDLE_MAX}: need \
             smaller ones",
            path.display()
        )
    }

    /// Takes the text that is built in under this name for the file's, where this host has no such file;
    /// a folder is none. What was lent travels with what was read.
    ///
    /// # Errors
    /// When there is no file, with the name that was probably meant or where names are listed.
    pub(super) fn lend(&mut self, path: &Path) -> std::result::Result<(), String> {
        let found = self.facts(path).map_err(|error| error.kind());
        let is_missing = found == Err(ErrorKind::NotFound);
        if self.origin != Origin::Disk || !(is_missing || found == Ok(Facts::Folder)) {
            return Ok(());
        }
        let name = path.to_str().unwrap_or_default();
        if let Some(built_in) = library::find(name) {
            self.known.insert(path.to_owned(), Known::File(built_in.text.as_bytes().into()));
            return Ok(());
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_name = path.components().count() == 1 && path.extension().is_none();
        match library::suggestion(&stem) {
            Some(near) if is_missing => {
                Err(format!("no such file, did you mean {near}, which is built in?"))
            }
            None if is_missing && is_name => Err(
                "no such file, and nothing of that name is built in: kdyno workloads and kdyno \
                 drivers list what is"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Holds a text that is made up where a file of this path would be read.
    pub(crate) fn hold(&mut self, path: &Path, text: &str) {
        let bytes: Arc<[u8]> = text.as_bytes().into();
        self.held = Bytes(self.held.0.saturating_add(length(&bytes).0));
        self.known.insert(path.to_owned(), Known::File(bytes));
    }

    /// What stands at a path.
    ///
    /// # Errors
    /// When there is nothing, or it cannot be seen.
    pub fn facts(&self, path: &Path) -> Result<Facts> {
        match self.known.get(path) {
            Some(Known::File(bytes)) => return Ok(Facts::File(length(bytes))),
            Some(Known::Large(bytes)) => return Ok(Facts::File(*bytes)),
            Some(Known::Folder(_)) => return Ok(Facts::Folder),
            None => self.check_disk()?,
        }
        let facts = fs::metadata(path)?;
        Ok(match (facts.is_file(), facts.is_dir()) {
            (true, _) => Facts::File(Bytes(facts.len())),
            (_, true) => Facts::Folder,
            _ => Facts::Other,
        })
    }

    /// The bytes of a file; those of the first time, since a file has one text in a run.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(&mut self, path: &Path) -> Result<Arc<[u8]>> {
        match self.known.get(path) {
            Some(Known::File(bytes)) => return Ok(Arc::clone(bytes)),
            Some(Known::Folder(_)) => return Err(Error::from(ErrorKind::IsADirectory)),
            Some(Known::Large(_)) => {}
            None => self.check_disk()?,
        }
        let bytes: Arc<[u8]> = fs::read(path)?.into();
        let size = length(&bytes);
        let total = Bytes(self.held.0.saturating_add(size.0));
        let known = match self.same(&bytes) {
            Some(held) => Known::File(held),
            None if total <= BUNDLE_MAX => {
                self.held = total;
                Known::File(Arc::clone(&bytes))
            }
            None => Known::Large(size),
        };
        self.known.insert(path.to_owned(), known);
        Ok(bytes)
    }

    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// When it is no folder, cannot be read, or holds too many names or some that are no text.
    pub fn names(&mut self, path: &Path) -> Result<Vec<String>> {
        match self.known.get(path) {
            Some(Known::Folder(names)) => return Ok(names.clone()),
            Some(_) => return Err(Error::from(ErrorKind::NotADirectory)),
            None => self.check_disk()?,
        }
        let invalid = |problem: String| Error::new(ErrorKind::InvalidData, problem);
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            if names.len() == NAMES_MAX {
                return Err(invalid(format!("holds more than {NAMES_MAX} names")));
            }
            let name = entry?.file_name().into_string();
            names.push(name.map_err(|name| {
                invalid(format!("holds {}, which is no UTF-8 text", name.display()))
            })?);
        }
        names.sort_unstable();
        self.known.insert(path.to_owned(), Known::Folder(names.clone()));
        Ok(names)
    }

    /// A value with what its `${env:NAME}` and `${file:PATH}` stand for on this host, whichever
    /// host the files are of.
    ///
    /// # Errors
    /// When there is nothing to be found.
    pub(crate) fn expand(&self, value: &str) -> std::result::Result<String, String> {
        secret::expand(value).map_err(|problem| match &self.origin {
            Origin::Disk => problem,
            Origin::Bundle { here } => {
                format!("{problem}, on {here}: secrets do not travel, each host needs its own")
            }
        })
    }

    /// The same bytes where another path has them.
    fn same(&self, bytes: &[u8]) -> Option<Arc<[u8]>> {
        self.known.values().find_map(|known| match known {
            Known::File(held) if **held == *bytes => Some(Arc::clone(held)),
            _ => None,
        })
    }

    fn check_disk(&self) -> Result<()> {
        match &self.origin {
            Origin::Disk => Ok(()),
            Origin::Bundle { .. } => Err(Error::from(ErrorKind::NotFound)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Files};
    use engine::units::Bytes;
    use std::io::ErrorKind;
    use std::path::Path;

    #[test]
    fn a_bundle_answers_as_the_disk_did_when_the_disk_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "text").expect("written");
        std::fs::write(at("b"), [0, 255]).expect("written");
        let mut disk = Files::disk();
        assert_eq!(*disk.read(&at("a")).expect("there"), *b"text");
        assert_eq!(*disk.read(&at("b")).expect("there"), [0, 255]);
        assert_eq!(disk.names(folder.path()).expect("there"), ["a", "b"]);
        let bundle = disk.bundle().expect("small");
        std::fs::remove_file(at("a")).expect("there");
        std::fs::write(at("b"), "changed").expect("written");

        let sent = Files::of_bundle(&bundle, "load-1").expect("sound");
        for mut files in [disk, sent] {
            assert_eq!(files.facts(&at("a")).expect("known"), Facts::File(Bytes(4)));
            assert_eq!(files.facts(folder.path()).expect("known"), Facts::Folder);
            assert_eq!(*files.read(&at("a")).expect("known"), *b"text");
            assert_eq!(*files.read(&at("b")).expect("known"), [0, 255], "as read first");
            assert_eq!(files.names(folder.path()).expect("known"), ["a", "b"]);
            let no_file = files.read(folder.path()).expect_err("a folder");
            assert_eq!(no_file.kind(), ErrorKind::IsADirectory);
            let no_folder = files.names(&at("a")).expect_err("a file");
            assert_eq!(no_folder.kind(), ErrorKind::NotADirectory);
        }
    }

    #[test]
    fn what_is_built_in_stands_for_a_file_that_is_not_there_and_travels() {
        let mut files = Files::disk();
        let (name, folder) = (Path::new("quick-test"), tempfile::tempdir().expect("a folder"));
        assert_eq!(files.lend(name), Ok(()), "here is no such file");
        let text = files.read(name).expect("lent");
        assert!(text.starts_with(b"# Question: "), "its own");
        let mut sent = Files::of_bundle(&files.bundle().expect("small"), "load-1").expect("sound");
        assert_eq!(sent.lend(name), Ok(()), "it is there");
        assert_eq!(sent.read(name).expect("sent"), text);
        assert_eq!(sent.lend(Path::new("simple")), Ok(()), "it says nothing");
        let missing =
            sent.read(Path::new("simple")).expect_err("and what was not sent is not there");
        assert_eq!(missing.kind(), ErrorKind::NotFound);

        let check = |path: &Path, expected: &str| {
            let problem = Files::disk().lend(path).expect_err(expected);
            assert!(problem.starts_with(expected), "{}: {problem}", path.display());
        };
        check(Path::new("quick-tets"), "no such file, did you mean quick-test, which is built in?");
        check(Path::new("quick-test.yaml"), "no such file, did you mean quick-test, ");
        check(&folder.path().join("kafka-latency"), "no such file, did you mean kafka-latency, ");
        check(Path::new("none"), "no such file, and nothing of that name is built in: ");
        assert_eq!(Files::disk().lend(Path::new("none.yaml")), Ok(()), "reading it says it all");
        assert_eq!(Files::disk().lend(folder.path()), Ok(()), "a folder that is no name");
    }

    #[test]
    fn a_bundle_never_asks_the_disk() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = here.join("Cargo.toml");
        let empty = Files::disk().bundle().expect("empty");
        let mut files = Files::of_bundle(&empty, "load-1").expect("sound");
        let missing = |error: std::io::Error| assert_eq!(error.kind(), ErrorKind::NotFound);
        missing(files.facts(&file).expect_err("not sent"));
        missing(files.read(&file).expect_err("not sent"));
        missing(files.names(here).expect_err("not sent"));
    }

    #[test]
    fn what_is_too_much_to_be_sent_is_still_read_and_the_largest_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let (small, large) = (folder.path().join("small"), folder.path().join("large"));
        std::fs::write(&small, vec![1; 20 << 20]).expect("written");
        std::fs::write(&large, vec![2; 30 << 20]).expect("written");
        let mut files = Files::disk();
        for (path, size) in [(&small, 20 << 20), (&large, 30 << 20), (&large, 30 << 20)] {
            assert_eq!(files.read(path).expect("there").len(), size, "{}", path.display());
        }
        let error = files.bundle().expect_err("50 MiB");
        let expected = "large: has 30 MiB, and all files that are sent to workers may have 48 MiB";
        assert!(error.contains(expected), "{error}");

        let mut equal = Files::disk();
        std::fs::copy(&small, &large).expect("copied");
        let third = folder.path().join("third");
        std::fs::copy(&small, &third).expect("copied");
        for path in [&small, &large, &third] {
            equal.read(path).expect("there");
        }
        assert!(equal.bundle().is_ok(), "equal contents count once");
    }

    #[test]
    fn what_is_looked_up_is_missed_on_this_host_whoever_sent_the_files() {
        let bundle = Files::disk().bundle().expect("empty");
        let sent = Files::of_bundle(&bundle, "load-1").expect("sound");
        assert_eq!(sent.expand("${env:CARGO_PKG_NAME}").as_deref(), Ok("kdyno"));
        let name = "the environment variable KDYNO_NO_SUCH_VARIABLE is not set";
        let local = Files::disk().expand("${env:KDYNO_NO_SUCH_VARIABLE}").expect_err("not set");
        assert_eq!(local, name);
        let remote = sent.expand("${env:KDYNO_NO_SUCH_VARIABLE}").expect_err("not set");
        let end = ", on load-1: secrets do not travel, each host needs its own";
        assert_eq!(remote, format!("{name}{end}"));
    }
}
