//! Runs that know nothing of one another.

use super::load::{Load, SMALL};
use super::{assert_exact, shared_turn, topics};
use crate::cli::Kdyno;

#[test]
fn two_runs_of_one_workload_at_once_share_nothing() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "a/b, 50 % \u{fc}ber Last", seconds: 3, ..SMALL };
    let start = || {
        Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
            .with_file("w.yaml", &load.yaml())
            .start()
    };
    let both = [start(), start()];
    let ids = both.map(|one| {
        let ran = one.finish();
        let result = assert_exact(&ran, load.due(), 1);
        assert_eq!(result["test_name"], load.name, "the name as it was given");
        let directory = &ran.run_directories()[0];
        let test_id = result["test_id"].as_str().expect("a run has an id").to_owned();
        assert!(directory.ends_with(&test_id), "{} is {test_id}'s", directory.display());
        test_id
    });
    assert_ne!(ids[0], ids[1], "each has an id of its own");
    let names = topics(&turn.address);
    let left = names.iter().find(|name| ids.iter().any(|id| name.contains(id)));
    assert_eq!(left, None, "no topic is left");
}
