//! Expected texts in files: compared, or written anew when `UPDATE_GOLDEN=1` asks for it.

use std::path::Path;

/// Compares a text with `tests/it/golden/<name>`.
pub(crate) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the folder of golden files is there");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = || {
        let lines = expected.lines().zip(text.lines());
        let first = lines.enumerate().find(|(_, (was, is))| was != is);
        first.map_or_else(
            || "one is longer than the other".to_owned(),
            |(at, (was, is))| format!("line {}:\n  {was}\nis now\n  {is}", at + 1),
        )
    };
    assert!(expected == text, "{name} ({}); UPDATE_GOLDEN=1 rewrites it", differs());
}

/// A text without what changes from run to run: the times of log lines and the name of the binary.
pub(crate) fn steady(text: &str) -> String {
    let is_time = |word: &str| word.len() == 12 && word.as_bytes()[2] == b':';
    let steady = |line: &str| match line.split_once(' ') {
        Some((word, rest)) if is_time(word) => rest.trim_start().to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(steady).collect();
    lines.join("\n").replace("kdyno-under-test", "kdyno") + "\n"
}
