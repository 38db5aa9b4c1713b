//! The architecture as tests. Each feeds its check something bad first, so that a check that finds
//! nothing is known to be able to find something.

use kdyno_tests::tidy::{
    Home, Source, arrows, banned, codemap, confined, dependencies, first_line, invariants,
    leftovers, length, lints, member_manifests, missing_paths, packages, read, root, sources,
    spliced, strangers, tests_named, top_level, unsafety,
};

/// One engine, pinned threads that poll: nothing that schedules by itself.
const ASYNC_RUNTIMES: [&str; 4] = ["tokio", "async-std", "smol", "async-executor"];

/// Crates that are known in one place only.
const HOMES: &[Home] = &[
    Home { word: "rdkafka", places: &["engine/src/kafka/"] },
    Home { word: "quanta", places: &["engine/src/time/"] },
    Home { word: "serde_json", places: &["engine/src/kafka/", "control/", "benches/", "tests/"] },
    Home { word: "tiny_http", places: &["control/src/fleet/"] },
    Home { word: "serde_yaml", places: &["control/src/spec/"] },
    Home { word: "clap", places: &["control/src/cli.rs", "control/src/cli/"] },
    Home { word: "sysinfo", places: &["control/src/"] },
    Home { word: "plotters", places: &["control/src/report/chart/"] },
    Home { word: "indicatif", places: &["control/src/log/screen.rs"] },
];

/// What the engine must not know.
const NOT_THE_ENGINES: [&str; 4] = ["serde_yaml", "clap", "tiny_http", "sysinfo"];

/// All unsafe code there is. An entry more needs a measured gain and a safe interface.
const UNSAFE: [&str; 5] = [
    "control/src/memory.rs",
    "engine/src/kafka/native/client.rs",
    "engine/src/kafka/native/event.rs",
    "engine/src/kafka/native/mock.rs",
    "engine/src/kafka/native/queue.rs",
];

/// What may lie at the top level.
const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".dockerignore",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "STYLE.md",
    "benches",
    "clippy.toml",
    "configs",
    "control",
    "deny.toml",
    "engine",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "scripts",
    "tests",
    "workloads",
];

/// The check has seen what is wrong with the made-up input, and as much of it as there is.
fn caught(complaints: &[String], count: usize) {
    assert_eq!(complaints.len(), count, "the check sees what is bad: {complaints:#?}");
}

/// The check has nothing to say about the repository.
fn clean(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn file(path: &str, text: &str) -> [Source; 1] {
    [Source::new(path, text)]
}

#[test]
fn no_async_runtime_is_locked() {
    caught(&packages("[[package]]\nname = \"tokio\"\nversion = \"1.0.0\"\n", &ASYNC_RUNTIMES), 1);
    caught(&packages("[[package]]\nname = \"tokio-less\"\n", &ASYNC_RUNTIMES), 0);
    clean(&packages(&read("Cargo.lock"), &ASYNC_RUNTIMES));
}

#[test]
fn each_library_is_named_only_at_home() {
    let bad = "use rdkafka::client;\nfn f() -> rdkafka::Error { serde_yaml::x() }";
    caught(&confined(&file("engine/src/lane/load.rs", bad), HOMES), 3);
    let fine = "//! rdkafka:: is elsewhere\nuse librdkafka::x; const T: &str = \"use rdkafka::y\";";
    caught(&confined(&file("control/src/local.rs", fine), HOMES), 0);
    clean(&confined(&sources(), HOMES));
}

#[test]
fn the_engine_knows_no_yaml_http_flag_or_terminal() {
    let refused: &[(&str, &[&str])] = &[("engine/Cargo.toml", &NOT_THE_ENGINES)];
    let bad = "[dependencies]\nclap.workspace = true\n";
    caught(&dependencies(&[("engine/Cargo.toml".to_owned(), bad.to_owned())], refused), 1);
    clean(&dependencies(&member_manifests(), refused));
}

#[test]
fn arrows_between_the_engines_modules_point_back() {
    let drawn = "```arrows engine\nunits\ntime → units\nlane → time units\n```\n";
    let upward = [
        Source::new("engine/src/units.rs", "use crate::{error::X, lane::{Lane, time}};"),
        Source::new("engine/src/time/mod.rs", "use super::lane::spawn; use crate::units::Nanos;"),
        Source::new("engine/src/lane/mod.rs", "// crate::run is not code\nuse crate::time::Clock;"),
        Source::new("engine/src/run.rs", "use crate::time::Clock;"),
    ];
    caught(&arrows(drawn, "engine", &upward), 3);
    let circle = "```arrows engine\nunits → time\ntime → units\n```\n";
    caught(&arrows(circle, "engine", &upward[..0]), 3);
    clean(&arrows(&read("ARCHITECTURE.md"), "engine", &sources()));
}

#[test]
fn arrows_between_the_controls_modules_point_back() {
    let drawn = "```arrows control\nspec\ncli → spec\n```\n";
    let upward = [
        Source::new("control/src/spec/mod.rs", "use crate::cli::Flags;"),
        Source::new("control/src/cli.rs", "use crate::spec::Workload;"),
        Source::new("control/src/lib.rs", "use crate::spec::Workload;"),
    ];
    caught(&arrows(drawn, "control", &upward), 1);
    clean(&arrows(&read("ARCHITECTURE.md"), "control", &sources()));
}

#[test]
fn the_engine_does_not_know_the_control() {
    let homes = [Home { word: "control", places: &["control/", "benches/", "tests/"] }];
    caught(&confined(&file("engine/src/run.rs", "use control::report::Report;"), &homes), 1);
    clean(&confined(&sources(), &homes));
}

#[test]
fn unsafe_code_is_listed_and_explained() {
    let explained = "// SAFETY: the pointer is ours.\nlet x =\n    unsafe { free(p) };\n";
    let silent = "// SAFETY: of another.\nunsafe { a() };\nunsafe { b() };\n";
    let allowed = ["a.rs"];
    caught(&unsafety(&file("a.rs", explained), &allowed), 0);
    caught(&unsafety(&file("a.rs", silent), &allowed), 1);
    caught(&unsafety(&file("b.rs", explained), &allowed), 1);
    caught(&unsafety(&file("a.rs", "// unsafe\nlet x = \"unsafe\";"), &allowed), 1);
    clean(&unsafety(&sources(), &UNSAFE));
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    caught(&first_line(&file("a.rs", "use std::fmt;\n")), 1);
    caught(&first_line(&file("a.rs", "//! \n")), 1);
    clean(&first_line(&sources()));
}

#[test]
fn no_file_is_longer_than_400_lines() {
    caught(&length(&file("a.rs", &"//! Long.\n".repeat(401))), 1);
    caught(&length(&file("a.rs", &"//! Long.\n".repeat(400))), 0);
    clean(&length(&sources()));
}

#[test]
fn nothing_is_skipped_or_left_undone() {
    let pieces = ["#[ignore", "#[should_panic", "todo!", "unimplemented!", "allow(dead_code"];
    caught(&banned(&file("a.rs", "#[ignore = \"slow\"]\nfn f() { todo!() }"), &pieces), 2);
    caught(&banned(&file("a.rs", "// todo! is a macro\nlet s = r#\"todo!\"#;"), &pieces), 0);
    clean(&banned(&sources(), &pieces));
    // Put together here: this file is checked too.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME")];
    caught(&leftovers(&file("a.rs", &format!("// {}: later\n", words[0])), &words), 1);
    clean(&leftovers(&sources(), &words));
}

#[test]
fn every_member_takes_lints_and_versions_from_the_workspace() {
    let of = |text: &str| [("engine/Cargo.toml".to_owned(), text.to_owned())];
    caught(&lints(&of("[package]\nname = \"x\"\n[lints]\n")), 1);
    caught(&dependencies(&of("[dev-dependencies]\nrand = \"0.9\"\n"), &[]), 1);
    caught(&dependencies(&of("[dependencies]\nrand = { workspace = true }\n"), &[]), 0);
    clean(&lints(&member_manifests()));
    clean(&dependencies(&member_manifests(), &[]));
}

#[test]
fn the_top_level_has_only_what_belongs_there() {
    caught(&strangers(&["engine".to_owned(), "notes.txt".to_owned()], TOP_LEVEL), 1);
    clean(&strangers(&top_level(), TOP_LEVEL));
}

#[test]
fn architecture_names_every_module_and_nothing_else() {
    caught(
        &missing_paths("See `engine/src/units.rs`, `time/clock.rs` and `engine/src/magic.rs`."),
        1,
    );
    let document = read("ARCHITECTURE.md");
    clean(&missing_paths(&document));
    let map: String =
        ["engine", "control"].map(|name| codemap(&document, name, &sources())).concat();
    let current = spliced(&document, &map).expect("ARCHITECTURE.md has a place for the codemap");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(root().join("ARCHITECTURE.md"), current).expect("it can be written");
        return;
    }
    assert!(current == document, "the codemap is old: UPDATE_GOLDEN=1 rewrites it; now:\n{map}");
}

#[test]
fn the_codemap_says_what_files_say_of_themselves() {
    let drawn = "```arrows engine\nunits\nlane → units\n```\n";
    let files = [
        Source::new(
            "engine/src/lane/mod.rs",
            "//! Threads.\n#[cfg(test)]\nmod fixture;\nmod pin;\n",
        ),
        Source::new("engine/src/lane/fixture.rs", "//! Made up.\n"),
        Source::new(
            "engine/src/lane/pin.rs",
            "//! Cores: [`pin`]\n//! and more.\n//!\n//! Else.\n",
        ),
        Source::new("engine/src/lane/deep/mod.rs", "//! Deep.\n"),
        Source::new("engine/src/lane/deep/deeper.rs", "//! Deeper.\n"),
        Source::new("engine/src/units.rs", "//! Quantities.\n"),
    ];
    let expected = "- `engine/src/units.rs`: Quantities.\n\
                    - `engine/src/lane/`: Threads.\n  \
                      - `pin.rs`: Cores: `pin` and more.\n  \
                      - `deep/`: Deep.\n";
    assert_eq!(codemap(drawn, "engine", &files), expected, "by arrows, then by path");
    assert_eq!(spliced("no place", expected), None, "a document without a place");
}

#[test]
fn every_invariant_and_every_claim_names_a_test_that_exists() {
    let tests = file("a.rs", "#[test]\nfn it_holds() {}\nfn no_test() {}\n");
    let table =
        "| claim | held by |\n|---|---|\n| good | `it_holds` |\n| bad | `no_test` |\n| open | |\n";
    caught(&tests_named(table, &tests), 2);
    let text = "**Architecture Invariant:** good. Held by `it_holds`.\n\n\
                **Architecture Invariant:** bad. Held by `it_falls`.\n\n\
                **Architecture Invariant:** open.\n";
    caught(&invariants(text, &tests), 2);
    clean(&tests_named(&read("README.md"), &sources()));
    clean(&invariants(&read("ARCHITECTURE.md"), &sources()));
}
