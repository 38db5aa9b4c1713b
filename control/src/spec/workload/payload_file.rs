//! Files whose bytes are bodies: where they lie, and what they hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::units::Bytes;

use super::body::Payload;
use super::body_source::POOL_BYTES_MAX;
use crate::spec::files::{Facts, Files};

/// Looks for the payload's file or folder where OMB does and beside the workload: OMB's tree has
/// `workloads/` and `payload/` side by side, and its files name the latter from the root.
///
/// # Errors
/// When there is none, or it has another size than messages have.
pub(super) fn find(
    file: &str,
    workload: &Path,
    size: Option<Bytes>,
    files: &Files,
) -> Result<Payload, String> {
    let (path, facts) = seek(file, workload, files)?;
    match (facts, size) {
        (Facts::Folder, _) => Ok(Payload::Folder(path)),
        (Facts::Other, _) => Err(format!("got \"{file}\": {} is no file", path.display())),
        (Facts::File(length), Some(size)) if length != size => Err(format!(
            "got {} with {} bytes, need a file of messageSize: {} bytes",
            path.display(),
            length.0,
            size.0
        )),
        (Facts::File(_), _) => Ok(Payload::File(path)),
    }
}

/// Where a file that a workload names lies, and its length.
///
/// # Errors
/// When there is none.
pub(super) fn locate(
    file: &str,
    workload: &Path,
    files: &Files,
) -> Result<(PathBuf, Bytes), String> {
    match seek(file, workload, files)? {
        (path, Facts::File(length)) => Ok((path, length)),
        (path, _) => Err(format!("got \"{file}\": {} is no file", path.display())),
    }
}

fn seek(file: &str, workload: &Path, files: &Files) -> Result<(PathBuf, Facts), String> {
    let folder = workload.parent().unwrap_or(Path::new(""));
    let mut places = vec![PathBuf::from(file), folder.join(file), folder.join("..").join(file)];
    places.dedup();
    let found = places.iter().find_map(|path| Some((path.clone(), files.facts(path).ok()?)));
    found.ok_or_else(|| {
        let looked: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
        format!("got \"{file}\": no such file, looked for {}", looked.join(", "))
    })
}

/// Reads a body from its file.
///
/// # Errors
/// When it cannot be read or has another size.
pub(super) fn read(path: &Path, size: Bytes, files: &mut Files) -> Result<Arc<[u8]>, String> {
    let bytes = files.read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let has = u64::try_from(bytes.len()).expect("a file's length fits in 64 bits");
    if has == size.0 {
        Ok(bytes)
    } else {
        Err(format!("{}: has {has} bytes, need {}", path.display(), size.0))
    }
}

/// Reads all files of a folder by name; folders in it are left out, as in OMB's fork.
///
/// # Errors
/// When there is no file, or one that cannot be read or has another size, or too many.
pub(super) fn read_folder(
    path: &Path,
    size: Bytes,
    files: &mut Files,
) -> Result<Vec<Arc<[u8]>>, String> {
    let names = files.names(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut left = POOL_BYTES_MAX;
    let mut bodies = Vec::new();
    for file in names.iter().map(|name| path.join(name)) {
        let facts = files.facts(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        if !matches!(facts, Facts::File(_)) {
            continue;
        }
        let Some(less) = left.checked_sub(size.0) else {
            let most = Bytes(POOL_BYTES_MAX);
            return Err(format!("{}: holds more than {most}, need less", path.display()));
        };
        left = less;
        bodies.push(read(&file, size, files)?);
    }
    if bodies.is_empty() {
        return Err(format!("{}: holds no file, need at least one", path.display()));
    }
    Ok(bodies)
}

#[cfg(test)]
mod tests {
    use super::{Files, read_folder};
    use crate::spec::workload::BodySource;
    use engine::units::Bytes;

    #[test]
    fn a_folder_is_all_its_files_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = || read_folder(folder.path(), Bytes(3), &mut Files::disk());
        let nothing = read().expect_err("it is empty");
        assert!(nothing.ends_with(": holds no file, need at least one"), "{nothing}");
        std::fs::create_dir(folder.path().join("within")).expect("made");
        for (name, text) in [("b", "two"), ("a", "one")] {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let bodies = BodySource::Files(read().expect("both fit")).bodies();
        assert_eq!(bodies, [b"one", b"two"], "by name");
        std::fs::write(folder.path().join("c"), "three").expect("written");
        let problem = read().expect_err("one is longer");
        assert!(problem.ends_with("c: has 5 bytes, need 3"), "{problem}");
    }
}
