//! The network cards whose speed the kernel knows.

use crate::units::Bytes;
use std::path::Path;

/// A network card that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The name of its interface.
    pub name: String,
    /// What it carries in a second, in each direction.
    pub speed: Bytes,
}

/// Every card that is up and says how fast it is, by its name.
///
/// Interfaces without a device behind them are none: a veth says 10 Gbit/s whatever it does.
#[must_use]
pub fn cards() -> Vec<Card> {
    found(Path::new("/"))
}

fn found(root: &Path) -> Vec<Card> {
    let Ok(entries) = std::fs::read_dir(root.join("sys/class/net")) else { return Vec::new() };
    let card = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let (path, name) = (entry.path(), entry.file_name().into_string().ok()?);
        let read = |file: &str| std::fs::read_to_string(path.join(file)).ok();
        let is_up = read("operstate")?.trim() == "up";
        (path.join("device").exists() && is_up)
            .then(|| Some(Card { name, speed: per_second(&read("speed")?)? }))?
    };
    let mut cards: Vec<Card> = entries.filter_map(card).collect();
    cards.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    cards
}

/// A speed as the kernel writes it, in Mbit/s; −1, and 2³² − 1 of older kernels, is none.
fn per_second(speed: &str) -> Option<Bytes> {
    let megabits: u64 = speed.trim().parse().ok()?;
    (0 < megabits && megabits < u64::from(u32::MAX)).then(|| Bytes(megabits * 125_000))
}

#[cfg(test)]
mod tests {
    use super::{Card, found};
    use crate::units::Bytes;
    use std::fs;

    #[test]
    fn a_card_counts_where_it_is_up_and_the_kernel_knows_its_speed() {
        let root = tempfile::tempdir().expect("a folder of our own");
        let interface = |name: &str, has_device: &[&str], operstate: &str, speed: Option<&str>| {
            let folder = root.path().join("sys/class/net").join(name);
            fs::create_dir_all(&folder).expect("the folder is ours");
            for device in has_device {
                fs::create_dir(folder.join(device)).expect("the folder is ours");
            }
            fs::write(folder.join("operstate"), operstate).expect("the folder is ours");
            if let Some(speed) = speed {
                fs::write(folder.join("speed"), speed).expect("the folder is ours");
            }
        };
        interface("eth1", &["device"], "up\n", Some("25000\n"));
        interface("eth0", &["device"], "up\n", Some("1000\n"));
        interface("eth2", &["device"], "up\n", Some("-1\n"));
        interface("eth3", &["device"], "up\n", Some("4294967295\n"));
        interface("eth4", &["device"], "up\n", None);
        interface("eth5", &["device"], "down\n", Some("1000\n"));
        interface("veth0", &[], "up\n", Some("10000\n"));
        let card = |name: &str, speed| Card { name: name.to_owned(), speed: Bytes(speed) };
        let expected = [card("eth0", 125_000_000), card("eth1", 3_125_000_000)];
        assert_eq!(found(root.path()), expected, "in their order");
        assert_eq!(found(&root.path().join("nowhere")), [], "a system without these files");
    }
}
