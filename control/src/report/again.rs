//! What is written again of a result that was read back.

use super::{FORMATS, Format, KEPT, Report, write_whole};
use std::fs;
use std::io;
use std::path::Path;

/// Writes every file that can be made of a result that was read back, in a folder that is made where it is
/// missing. What else is there stays as it is.
///
/// # Errors
/// When a file cannot be written; the one that was there stays whole.
pub fn write_again(report: &Report, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    write(report, folder, FORMATS)
}

fn write(report: &Report, folder: &Path, formats: &[Format]) -> io::Result<()> {
    let mut made = formats.iter().filter(|(name, _)| !KEPT.contains(name));
    made.try_for_each(|(name, format)| write_whole(folder, name, &format(report)))
}

#[cfg(test)]
mod tests {
    use super::{write, write_again};
    use crate::report::fixture::{self, Made};
    use crate::report::{FORMATS, Format, KEPT, Report};
    use std::fs;

    #[test]
    fn all_is_written_again_but_what_it_is_made_of_and_what_holds_more() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        let name: fn(&Report) -> Vec<u8> = |report| report.test_name.clone().into_bytes();
        let mut formats: Vec<Format> = KEPT.iter().map(|kept| (*kept, name)).collect();
        formats.push(("name.txt", name));
        for kept in KEPT {
            fs::write(path(kept), "as it was").expect("the folder is ours");
        }
        fs::write(path("notes.md"), "of the user").expect("the folder is ours");
        let report = fixture::report(&Made::clean());
        for _time in ["once", "and again"] {
            write(&report, folder.path(), &formats).expect("it is written");
            assert_eq!(fs::read(path("name.txt")).expect("written"), b"made up", "anew");
            for kept in KEPT {
                assert_eq!(fs::read(path(kept)).expect("there"), b"as it was", "{kept}");
            }
            assert_eq!(fs::read(path("notes.md")).expect("there"), b"of the user", "not ours");
        }
        let count = fs::read_dir(folder.path()).expect("a directory").count();
        assert_eq!(count, KEPT.len() + 2, "no leftover");
    }

    #[test]
    fn what_is_kept_is_a_file_of_the_run_directory_and_its_result_is_among_it() {
        assert!(KEPT.contains(&"result.json"), "it is what is read");
        for kept in KEPT {
            assert!(FORMATS.iter().any(|(name, _)| name == kept), "{kept} is of no format");
        }
    }

    #[test]
    fn a_folder_that_is_missing_is_made_and_one_that_cannot_be_is_told() {
        let folder = tempfile::tempdir().expect("a directory");
        let report = fixture::report(&Made::clean());
        let deep = folder.path().join("deep/again");
        write_again(&report, &deep).expect("it is written");
        assert!(deep.is_dir() && !deep.join("result.json").exists(), "without what it is made of");
        let taken = folder.path().join("taken");
        fs::write(&taken, "a file").expect("the folder is ours");
        assert!(write_again(&report, &taken.join("below")).is_err(), "its folder is a file");
    }
}
