//! `kdyno report`: the directories of earlier runs, rendered again.

use crate::cli::{Kdyno, Ran, workload};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A short run on the embedded broker, and its directory.
fn run() -> (Ran, PathBuf) {
    let ran =
        Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &workload("again", 500, "1s")).run();
    let directories = ran.run_directories();
    assert_eq!(directories.len(), 1, "exit {}: {}", ran.code, ran.stderr);
    (ran, directories[0].clone())
}

fn report(words: &[&str]) -> Ran {
    Kdyno::new(&["report"]).and(words).run()
}

fn word(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// What is in a folder: each file with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("readable");
        let bytes = std::fs::read(entry.path()).expect("it is a file");
        (entry.file_name().to_string_lossy().into_owned(), bytes)
    };
    entries.map(file).collect()
}

#[test]
fn a_run_directory_is_rendered_again_as_its_run_told_it() {
    let (ran, directory) = run();
    let before = files(&directory);
    let (told, _place) = ran.stdout.rsplit_once("results: ").expect("the last line");
    let expected = format!("{told}results: {}\n", directory.display());
    let (slash, file) = (format!("{}/", directory.display()), directory.join("result.json"));
    for place in [word(&directory), slash.as_str(), word(&file)] {
        let again = report(&[place]);
        assert_eq!((again.code, again.stderr.as_str()), (0, ""), "whatever its verdict: {place}");
        assert_eq!(again.stdout, expected, "{place}");
        assert!(files(&directory) == before, "every file as the run left it: {place}");
    }
    let both = report(&[word(&directory), word(&file)]);
    assert_eq!((both.code, both.stdout), (0, expected.repeat(2)), "one after the other");
    let json = report(&["--format", "json", word(&directory)]);
    assert!(json.stdout.as_bytes() == before["result.json"], "to the byte");
    let list = report(&["--format", "json", word(&directory), word(&directory)]);
    let list: Vec<serde_json::Value> = serde_json::from_str(&list.stdout).expect("an array");
    assert_eq!((list.len(), &list[0]), (2, &ran.result()), "one for each");
}

#[test]
fn what_is_rendered_goes_where_it_is_asked_to_go() {
    let (ran, directory) = run();
    let before = files(&directory);
    let (told, _place) = ran.stdout.rsplit_once("results: ").expect("the last line");
    let beside = report(&["--output", "deep/out", word(&directory)]);
    let expected = format!("{told}results: deep/out\n");
    assert_eq!((beside.code, beside.stdout.as_str()), (0, expected.as_str()), "{}", beside.stderr);
    let out = files(&beside.path("deep/out"));
    assert!(!out.contains_key("result.json"), "what it is made of stays where it is");
    for (name, bytes) in &out {
        assert!(before.get(name) == Some(bytes), "{name}: as in the run's own directory");
    }
    assert!(files(&directory) == before, "which is as it was");
    let full = Kdyno::new(&["report", "--output", "taken/below", word(&directory)])
        .with_file("taken", "a file")
        .run();
    assert_eq!(full.code, 1, "{}", full.stderr);
    assert!(full.stderr.contains("taken/below: the files cannot be written"), "{}", full.stderr);
    assert!(full.stdout.starts_with(told), "what was read is told all the same: {}", full.stdout);
}

#[test]
fn what_is_no_result_is_refused_with_exit_2_and_nothing_is_touched() {
    let (_ran, directory) = run();
    let path = directory.join("result.json");
    let whole = std::fs::read_to_string(&path).expect("it is there");
    let check = |bytes: &[u8], part: &str| {
        std::fs::write(&path, bytes).expect("the folder is ours");
        let before = files(&directory);
        let refused = report(&[word(&directory)]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{part}");
        let told = format!("{}: {part}", path.display());
        assert!(refused.stderr.starts_with(&told), "{told}: {}", refused.stderr);
        assert!(files(&directory) == before, "{part}: nothing is touched");
    };
    check(&whole.as_bytes()[..whole.len() / 2], "is no JSON: EOF while parsing");
    let schema = whole.replace("kdyno.result/1", "kdyno.result/2");
    check(schema.as_bytes(), "got the schema \"kdyno.result/2\" of kdyno ");
    let sweep = b"{\"schema\": \"kdyno.sweep/1\"}";
    check(sweep, "got the schema \"kdyno.sweep/1\", need \"kdyno.result/1\"");
    let without = whole.replace("\"verdict\":", "\"judgement\":");
    check(without.as_bytes(), "is no result: missing field `verdict` at line ");
    let more = whole.replace("\"test_name\"", "\"tide\": 7, \"test_name\"");
    check(more.as_bytes(), "tide: got a field of kdyno ");

    std::fs::remove_file(&path).expect("it is there");
    let (good_run, good) = run();
    let missing = report(&["nowhere", word(&good), word(&directory), "--output", "out"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""), "not even the good one");
    let need = "no such file, need a run directory or the result.json in it";
    let told = format!(
        "--output: got 3 run directories, need one: files have the same names\n\
         nowhere: {need}\n{}: no such file, the run did not come to its end: it was killed, or still goes on; \
         kdyno report --from 0s {} cuts out what is there\n",
        path.display(),
        directory.display()
    );
    assert_eq!(missing.stderr, told, "all at once");
    assert!(missing.files().is_empty(), "nothing is created: {:?}", missing.files());
    assert_eq!(good_run.run_directories(), [good], "nothing is made beside it");
}

#[test]
fn the_files_of_one_run_never_replace_anothers() {
    let ((_one_ran, one), (_other_ran, other)) = (run(), run());
    let before = files(&other);
    let onto = report(&[word(&one), "--output", word(&other)]);
    assert_eq!((onto.code, onto.stdout.as_str()), (2, ""), "{}", onto.stderr);
    assert!(onto.stderr.contains("its files would replace those of again_"), "{}", onto.stderr);
    assert!(files(&other) == before, "nothing is touched");
    let text = |directory: &Path| {
        std::fs::read_to_string(directory.join("result.json")).expect("it is there")
    };
    let both = Kdyno::new(&["report", "one.json", "other.json"])
        .with_file("one.json", &text(&one))
        .with_file("other.json", &text(&other))
        .run();
    assert_eq!((both.code, both.stdout.as_str()), (2, ""), "{}", both.stderr);
    assert!(both.stderr.contains("the same names in the same folder"), "{}", both.stderr);
    assert_eq!(both.files(), ["one.json", "other.json"], "nothing is made");
}
