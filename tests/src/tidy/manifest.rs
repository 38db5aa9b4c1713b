//! Manifests and the lock file, read line by line: they are written in one plain form.

/// Packages in a `Cargo.lock` that must not be there.
#[must_use]
pub fn packages(lock: &str, refused: &[&str]) -> Vec<String> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names
        .filter(|name| refused.contains(name))
        .map(|name| format!("Cargo.lock: {name}; cargo tree --workspace --invert {name} says why"))
        .collect()
}

/// What a member's manifest lacks of the workspace's lints.
#[must_use]
pub fn lints(manifests: &[(String, String)]) -> Vec<String> {
    let has = |text: &str| {
        entries(text).any(|(table, line)| table == "lints" && line == "workspace = true")
    };
    let without = manifests.iter().filter(|(_, text)| !has(text));
    without.map(|(path, _)| format!("{path}: needs [lints] workspace = true")).collect()
}

/// Dependencies that do not come from the workspace's table, or that this member must not have.
#[must_use]
pub fn dependencies(manifests: &[(String, String)], refused: &[(&str, &[&str])]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in manifests {
        let of_tables = entries(text).filter(|(table, _)| table.ends_with("dependencies"));
        for (_, line) in of_tables {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !line.replace(' ', "").contains("workspace=true") {
                complaints
                    .push(format!("{path}: {name}: its version belongs in the workspace's table"));
            }
            if refused.iter().any(|(member, names)| path == member && names.contains(&name)) {
                complaints.push(format!("{path}: {name} must not be known here"));
            }
        }
    }
    complaints
}

/// Every entry with the table it stands in.
fn entries(manifest: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut table = "";
    manifest.lines().map(str::trim).filter_map(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name;
            return None;
        }
        (!line.is_empty() && !line.starts_with('#')).then_some((table, line))
    })
}
