//! Workloads whose bodies, keys and headers say what a message is.

use super::{BASE, Payload, StampWish, Workload, faults, read, remarks, with};
use crate::spec::files::Files;
use crate::spec::workload::Codec;
use engine::units::Bytes;

/// The base with these lines more, its producers one by topic of two.
fn twin(lines: &str) -> String {
    format!("{}\n{lines}\n", with("producersPerTopic: 1"))
}

const LABELS: &str =
    "sensors: 10\nkey: \"s-{{sensor}}\"\nheaders:\n  of: \"{{sensor}}\"\n  plain: text, as it is\n";

#[test]
fn keys_and_headers_are_read_with_their_places() {
    let workload = read(&twin(LABELS));
    let records = &workload.records;
    assert_eq!((records.sensors, records.key.as_deref()), (10, Some("s-{{sensor}}")));
    let headers: Vec<(&str, &str)> =
        records.headers.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(headers, [("of", "{{sensor}}"), ("plain", "text, as it is")], "in their order");
    let key = records.recipe.key.as_ref().expect("a key");
    assert_eq!(key.text(), b"s-0", "one digit for ten sensors");
    assert_eq!(records.recipe.label_bytes(), 3 + 3 + 19, "names included");
    assert!(remarks(&twin(LABELS)).is_empty(), "two producers share ten sensors evenly");
    assert_eq!(read(BASE).records.recipe, engine::message::Recipe::default(), "nothing of it");
}

#[test]
fn a_text_fills_bodies_beside_their_stamp() {
    let check = |stamp: &str, room: usize| {
        let text = format!("payloadTemplate: '{{\"n\":\"{{{{sequence}}}}\"}}'\nstamp: {stamp}\n");
        let workload = read(&twin(&text));
        let body = workload.records.recipe.body.expect("a text");
        assert_eq!(body.text(), b"{\"n\":\"0000000000000000\"}", "{stamp}");
        assert!(body.text().len() <= room, "{stamp}: it fits");
        let bodies = workload.body.source(&mut Files::disk(), None).expect("no file").bodies();
        assert_eq!(bodies, [vec![b' '; 100]], "{stamp}: blanks around it");
    };
    check("body", 52);
    check("header", 100);
}

#[test]
fn sizes_by_weight_stand_in_place_of_one() {
    let base = BASE.replace("messageSize: 100\n", "");
    let sizes = "messageSizeDistribution: {48-52: 3, 1KB-3KB: 1}\n";
    let workload = read(&format!("{base}{sizes}"));
    assert_eq!(workload.body.size, Bytes(549), "2,198 by 4");
    assert_eq!(workload.body.largest(), Bytes(2_048));
    assert_eq!((workload.body.stamp, workload.body.weights()), (StampWish::Body, vec![3, 1]));
    assert_eq!(workload.records.recipe.weights, [3, 1], "as the plan has it");
    let bodies =
        |of: &Workload| of.body.source(&mut Files::disk(), None).expect("no file").bodies();
    assert_eq!(bodies(&workload), [vec![0; 50], vec![0; 2_048]], "zeros where nothing is random");
    let random = format!("{base}{sizes}useRandomizedPayloads: true\nrandomBytesRatio: 0.5\n");
    let made = bodies(&read(&random));
    assert!(made[1][..1_024] != [0; 1_024] && made[1][1_024..] == [0; 1_024], "half of it random");

    let small = format!("{base}messageSizeDistribution: {{1-1: 1, 100-100: 1}}\n");
    assert_eq!(read(&small).body.stamp, StampWish::Header, "no room in the smallest");
    assert_eq!(
        faults(&format!("{small}stamp: body\n")),
        ["w.yaml:9: stamp: got \"body\", need header: a stamp has 48 bytes and the smallest of \
          messageSizeDistribution is 1"]
    );
    let told = remarks(&format!("{BASE}{sizes}"));
    let expected = "w.yaml:3: messageSize: has no effect: messageSizeDistribution is given";
    assert_eq!(told, [expected], "as OMB, but said");
}

#[test]
fn compressible_bodies_are_made_for_the_codec() {
    let workload = read(&with("messageSize: 1024\ncompressibility: 3.0"));
    assert_eq!(workload.body.payload, Payload::Compressible(3.0));
    let source = |codec| workload.body.source(&mut Files::disk(), codec);
    let zeros = |codec| {
        let bodies = source(Some(codec)).expect("it can be done").bodies();
        bodies[0].iter().rev().take_while(|byte| **byte == 0).count()
    };
    let (lz4, snappy) = (zeros(Codec::Lz4), zeros(Codec::Snappy));
    assert!(lz4 < snappy, "what describes a run less well needs more of it: {lz4}, {snappy}");
    assert!(source(None).is_err(), "without a codec there is nothing to do");
}

#[test]
fn what_is_resolved_of_them_reads_back_as_itself() {
    let check = |text: &str| {
        let workload = read(text);
        let resolved = serde_json::Value::Object(workload.resolved()).to_string();
        assert_eq!(read(&resolved), workload, "{resolved}");
    };
    let base = BASE.replace("messageSize: 100\n", "");
    check(&twin(LABELS));
    check(&twin("payloadTemplate: '{{run}} {{due_ms}}'"));
    check(&format!("{base}messageSizeDistribution: {{100-200: 3, 1KB-3KB: 1}}\n"));
    check(&with("messageSize: 1KiB\ncompressibility: 2"));
}

#[test]
fn what_cannot_be_is_told() {
    let check = |lines: &str, expected: &str| {
        let found = faults(&twin(lines));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{lines}: {found:?}");
    };
    check("sensors: 0", "w.yaml:9: sensors: got \"0\", need a whole number from 1");
    check("key: \"{{sensor}}\"", "w.yaml:9: key: got {{sensor}} where there are none");
    check("key: \"{{who}}\"", "w.yaml:9: key: got {{who}}, need {{sequence}}");
    check(
        "keyDistributor: RANDOM\nkey: k",
        "w.yaml:10: key: makes keys, and so does keyDistributor: keep one of them",
    );
    check("headers: [a]", "w.yaml:9: headers: got a list, need a map, e.g. ");
    check("headers: {kdyno: a}", "w.yaml:9: headers: got the name \"kdyno\", need another");
    check("headers: {a: \"{{b}}\"}", "w.yaml:9: headers: a: got {{b}}, need");
    let long = "x".repeat(800);
    check(
        &format!("headers: {{a: {long}}}"),
        "w.yaml:9: headers: got 801 bytes of key and headers",
    );
    check(
        &format!("keyFile: Cargo.toml\nheaders: {{a: {}}}", "x".repeat(256)),
        "w.yaml:10: headers: got 769 bytes of key and headers, names included, need at most 768",
    );
    let many: Vec<String> = (0..17).map(|number| format!("h{number}: a")).collect();
    let many = format!("headers: {{{}}}", many.join(", "));
    check(&many, "w.yaml:9: headers: got 17 of them, need at most 16");
    check(
        &format!("payloadTemplate: {}", "y".repeat(53)),
        "w.yaml:9: payloadTemplate: takes 101 bytes with the stamp at its head, and messageSize is 100",
    );
    check("compressibility: 0.9", "w.yaml:9: compressibility: got \"0.9\", need uncompressed by");
    check(
        "payloadTemplate: a\ncompressibility: 2",
        "w.yaml:10: compressibility: says what bodies are, and so does payloadTemplate: keep one",
    );
    check("messageSizeDistribution: {1: 3}", "w.yaml:9: messageSizeDistribution: got the range");
}

#[test]
fn what_sensors_cannot_show_is_told() {
    let check = |lines: &str, expected: &str| {
        let found = remarks(&twin(lines));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{lines}: {found:?}");
    };
    check("sensors: 10", "w.yaml:9: sensors: has no effect: neither key, headers nor ");
    check(
        "sensors: 10\nheaders: {of: \"{{sensor}}\"}",
        "w.yaml:9: sensors: have no key of their own, so their records may come to lie on any",
    );
    check(
        "sensors: 9\nkey: \"{{sensor}}\"",
        "w.yaml:9: sensors: are 9, no multiple of the 2 producers, so a sensor's records come from",
    );
}
