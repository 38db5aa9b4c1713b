//! Producers and consumers whose `bootstrap.servers` differ: who handles the topics of which cluster.

use super::{Resolving, noted};
use crate::spec::driver::{Config, DriverFile};
use crate::spec::fault::{Fault, Ledger};
use engine::kafka::properties::{Resolved, Role};

/// The handlers of topics: of the producers' cluster, and of the consumers' where that is another one.
pub(super) struct Admins {
    pub(super) near: Resolved,
    pub(super) far: Option<Resolved>,
}

/// Which sides a run has; where nobody knows yet, both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides {
    pub(super) sends: bool,
    pub(super) reads: bool,
}

/// The address in a role's properties, told the same however it is written.
fn address(resolved: &Resolved) -> Vec<String> {
    let text = resolved.get("bootstrap.servers").map(|found| found.value.clone());
    let text = text.unwrap_or_default().to_ascii_lowercase();
    let bare = |one: &str| one.split_once("://").map_or(one, |(_, bare)| bare).trim().to_owned();
    let mut all: Vec<String> = text.split(',').map(bare).filter(|one| !one.is_empty()).collect();
    all.sort_unstable();
    all
}

/// Resolves the handlers' properties: those for all clients, and where these do not lead to a side's cluster,
/// that side's own as well.
pub(super) fn admins(
    resolving: &Resolving<'_>,
    (producer, consumer): (&Resolved, &Resolved),
    sides: Sides,
    ledger: &mut Ledger,
) -> Option<Admins> {
    let (sent, read) = (address(producer), address(consumer));
    let (home, config) =
        if sides.sends { (&sent, Config::Producer) } else { (&read, Config::Consumer) };
    let is_apart = sides.sends && sides.reads && sent != read;
    refuse_prefix(resolving.driver, sides, is_apart, ledger);
    if is_apart {
        // What is wrong with a side's properties its own clients have told.
        let near = noted(resolving.admin_of(Config::Producer), ledger)?;
        let far = noted(resolving.admin_of(Config::Consumer), ledger)?;
        return Some(Admins { near, far: Some(far) });
    }
    let common = resolving.one(Role::Admin, &[]);
    let leads_home = common.as_ref().is_ok_and(|common| address(common) == *home);
    let near = if leads_home || home.is_empty() { common } else { resolving.admin_of(config) };
    Some(Admins { near: noted(near, ledger)?, far: None })
}

fn refuse_prefix(driver: &DriverFile, sides: Sides, is_apart: bool, ledger: &mut Ledger) {
    if sides.sends && sides.reads && !is_apart && !driver.consumer_topic_prefix.is_empty() {
        let problem = "says how names begin at another cluster that consumers read from, and they read from \
                       that of the producers: give each a bootstrap.servers of its own (producerConfig, \
                       consumerConfig), or leave it out";
        ledger.fault(Fault::new(&driver.source, "consumerTopicPrefix", problem));
    }
}
