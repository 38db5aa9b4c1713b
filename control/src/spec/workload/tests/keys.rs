//! Keys as workloads ask for them.

use super::{BASE, read, remarks, with};
use crate::spec::fault::Ledger;
use crate::spec::files::Files;
use crate::spec::workload::key_source;
use crate::spec::workload::keys::{KeySet, KeyWish};
use engine::message::{KeyOrder, KeySource, Keys};
use std::num::NonZeroU64;

fn zipf(skew: f64, recency: u64) -> KeyOrder {
    KeyOrder::Zipf { skew, recency: NonZeroU64::new(recency) }
}

#[test]
fn the_words_of_omb_and_of_the_study_are_understood() {
    let check = |lines: &str, expected: Option<(KeyOrder, u32)>| {
        let workload = read(&format!("{BASE}{lines}\n"));
        let expected = expected.map(|(order, count)| KeyWish { order, set: KeySet::Made(count) });
        assert_eq!(workload.keys, expected, "{lines}");
        let resolved = serde_json::Value::Object(workload.resolved()).to_string();
        assert_eq!(read(&resolved), workload, "{resolved}: reads back as itself");
    };
    check("keyDistributor: NO_KEY", None);
    check("keyDistributor: ' KEY_ROUND_ROBIN '", Some((KeyOrder::RoundRobin, 10_000)));
    check("keyDistributor: ROUND_ROBIN", Some((KeyOrder::RoundRobin, 10_000)));
    check("keyDistributor: RANDOM_NANO", Some((KeyOrder::Random, 10_000)));
    check("keyDistributor: RANDOM\nkeyCount: 5", Some((KeyOrder::Random, 5)));
    check("keyDistributor: ZIP_LATENT", Some((zipf(0.99, 10_000), 10_000)));
    check("key_distributor: ZIP_LATENT\nkey_skew: 1\nkey_recency: 0", Some((zipf(1.0, 0), 10_000)));
    check("keyDistributor: ZIP_LATENT\nkeySkew: 0\nkeyRecency: 20", Some((zipf(0.0, 20), 10_000)));
}

#[test]
fn what_changes_nothing_is_named() {
    let check = |lines: &str, expected: &str| {
        assert_eq!(remarks(&with(lines)), [expected], "{lines}");
    };
    for field in ["keyCount: 5", "keySkew: 1", "keyRecency: 7"] {
        let name = field.split(':').next().expect("a name");
        let expected = format!("w.yaml:9: {name}: has no effect: keyDistributor is NO_KEY");
        check(field, &expected);
    }
    check(
        "keyFile: /no/such\nkeyDistributor: NO_KEY",
        "w.yaml:9: keyFile: has no effect: keyDistributor is NO_KEY",
    );
    check(
        "keySkew: 1\nkeyDistributor: RANDOM",
        "w.yaml:9: keySkew: has no effect: keyDistributor is not ZIP_LATENT",
    );
}

#[test]
fn the_keys_of_a_file_are_its_lines_in_turn_unless_asked_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.txt");
    std::fs::write(&path, "north\neast\n").expect("written");
    let line = format!("keyFile: {}", path.display());
    let wish = |more: &str| read(&format!("{BASE}{line}\n{more}")).keys.expect("keys");
    assert_eq!(wish(""), KeyWish { order: KeyOrder::RoundRobin, set: KeySet::File(path) });
    assert_eq!(wish("keyDistributor: RANDOM\n").order, KeyOrder::Random);
    assert_eq!(wish("keyDistributor: ZIP_LATENT\n").order, zipf(0.99, 10_000));
    let said = remarks(&format!("{BASE}{line}\nkeyCount: 7\n"));
    assert_eq!(said, ["w.yaml:10: keyCount: has no effect: the keys are those of keyFile"]);

    let (mut files, mut ledger) = (Files::disk(), Ledger::default());
    let made = key_source(Some(&wish("")), &mut files, &mut ledger).expect("two keys");
    let keys = Keys::new(&made, 0);
    let told = |number: u64| keys.place(number).map(|place| keys.key(place).to_vec());
    assert_eq!([0, 1].map(told), [Some(b"east".to_vec()), Some(b"north".to_vec())], "in turn");
    let none = key_source(None, &mut files, &mut ledger);
    assert_eq!(none, Some(KeySource::None), "without keys");
}

#[test]
fn a_line_that_is_no_key_is_told_with_its_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.txt");
    std::fs::write(&path, "north\n\neast\n").expect("written");
    let wish = KeyWish { order: KeyOrder::Random, set: KeySet::File(path.clone()) };
    let (mut files, mut ledger) = (Files::disk(), Ledger::default());
    assert_eq!(key_source(Some(&wish), &mut files, &mut ledger), None, "refused");
    let file = path.display();
    let expected =
        format!("keyFile: {file}: line 2 has 0 bytes, need a key of 1 to 512 bytes in every line");
    let told: Vec<String> = ledger.faults.iter().map(ToString::to_string).collect();
    assert_eq!(told, [expected]);
}
