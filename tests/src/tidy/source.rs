//! The repository as the checks see it: files with their paths from the root.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The members of the workspace that hold sources.
const MEMBERS: [&str; 4] = ["engine", "control", "benches", "tests"];

/// One Rust file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path from the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Source {
    /// A made-up file.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether it lies in a folder, or is that file.
    #[must_use]
    pub fn is_in(&self, place: &str) -> bool {
        self.path == place || place.ends_with('/') && self.path.starts_with(place)
    }
}

/// The root of the repository.
///
/// # Panics
/// When this crate has been moved out of it.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the root").to_owned()
}

/// A file of the repository; empty where there is none.
#[must_use]
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Every Rust file of the workspace, in the order of the paths.
#[must_use]
pub fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    MEMBERS.iter().for_each(|member| gather(&root().join(member), &mut paths));
    paths.sort();
    let source = |path: PathBuf| {
        let short = path.strip_prefix(root()).expect("found below the root");
        let name = short.to_str().expect("sources have plain names").replace('\\', "/");
        Source { text: read(&name), path: name }
    };
    paths.into_iter().map(source).collect()
}

fn gather(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("members are readable");
    for path in entries.map(|entry| entry.expect("entries are readable").path()) {
        if path.is_dir() {
            gather(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The members' manifests: path and text.
#[must_use]
pub fn member_manifests() -> Vec<(String, String)> {
    let path = |member: &&str| format!("{member}/Cargo.toml");
    MEMBERS.iter().map(path).map(|path| (path.clone(), read(&path))).collect()
}

/// The names at the top level, without what git ignores.
///
/// # Panics
/// When the root cannot be read.
#[must_use]
pub fn top_level() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let mut names: Vec<String> = match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|path| path.split('/').next().map(str::to_owned))
            .collect(),
        // A released archive knows no git.
        _ => std::fs::read_dir(root())
            .expect("the root is readable")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !["target", "results", ".git"].contains(&name.as_str()))
            .collect(),
    };
    names.sort();
    names.dedup();
    names
}
