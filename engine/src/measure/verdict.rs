//! Did the run do what was asked, and what limited it.
//!
//! Judged by counts per subscription, by deadlines and by rate. Every check reads the same case and
//! raises findings; a finding that spoils the run names an exit code, and the first of
//! [`exit::PRECEDENCE`] is told. A warning never changes whether a run is valid.

use super::backlog::{self, BacklogSeen};
use super::balance::{Balance, Reading, balances};
use super::catch_up::{self, CatchUpSeen};
use super::client_tally::ClientStats;
use super::constants::{SLACK_LEAST, exit};
use super::facts::Fact;
use super::leaders::BrokerSeen;
use super::network::NetworkSeen;
use super::outages::OutageSeen;
use super::partitions::PartitionSeen;
use super::plausibility::{PeerSeen, SecondSeen};
use super::searched::SearchSeen;
use super::slack::slack;
use super::standing::Standing;
use super::sums::{Part, Sums};
use super::tally::Tally;
use super::workers::FleetSeen;
use super::{
    above, back_pressure, cautions, commitment, findings, fleet, limits, losses, network,
    plausibility, rebalances, searched,
};
use crate::host::{Busy, Throttled};
use crate::plan::{Plan, StreamDemand};
use crate::time::Drift;
use crate::units::{Nanos, Timestamp};

/// The judgement on a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether its numbers say what they seem to say.
    pub valid: bool,
    /// What kept it from going faster.
    pub limited_by: LimitedBy,
    /// What the process tells its caller (see [`exit`]).
    pub exit_code: u8,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
}

/// What limited a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    /// The target was reached.
    Nothing,
    /// Our own lateness.
    Client,
    /// The broker took less than was offered.
    Broker,
    /// The way there.
    Network,
    /// The counts do not tell.
    Unknown,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The run is not valid.
    Error,
    /// The run is valid, its numbers need care.
    Warning,
    /// Good to know.
    Info,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// A short name for tools.
    pub code: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// What was seen, why it matters, what to do next.
    pub message: String,
    /// The numbers behind it.
    pub evidence: Vec<Fact>,
}

/// How a run ended, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As planned; deadlines may have struck.
    AsPlanned,
    /// The user interrupted it, also before the start line.
    Interrupted,
    /// An assertion of the user's failed while it was measured, and the user had asked to end it then.
    CutShort {
        /// How much of the measured phase was over, in whole seconds.
        after_s: u32,
        /// Which assertion, and what was seen.
        reason: String,
    },
    /// It could not be finished as planned, with the reason.
    Failed(String),
    /// The deadline of the whole run struck.
    TimedOut,
}

/// What the counts do not say.
#[derive(Clone, Debug)]
pub struct Evidence<'run> {
    /// How the run ended.
    pub ended: Ended,
    /// When the lanes stopped sending: the age of unsent messages counts up to here.
    pub stopped: Timestamp,
    /// The deadlines that struck on acks, consumers or the whole run, in words. The end of a lane's
    /// grace is none of these: it shows as unsent messages.
    pub deadlines_struck: &'run [String],
    /// For each group of the plan, how far it read; empty where the run ended before.
    pub readings: &'run [Reading],
    /// For each group of the plan, the partitions of each member.
    pub partitions_per_member: &'run [Vec<usize>],
    /// What the engine remarked: code and text.
    pub remarks: Vec<(&'static str, &'run str)>,
    /// Trouble that clients reported in words, with how often.
    pub trouble: &'run [(String, u64)],
    /// The drift of the run's clock, where it was measured.
    pub drift: Option<Drift>,
    /// What the system withheld of the cores while it was measured; `None` where it does not say.
    pub throttled: Option<Throttled>,
    /// The client's own thread that wanted a core most; `None` where nobody knows.
    pub client_thread: Option<&'run Busy>,
    /// The seconds of the measured phase and of its drain; empty when there were none.
    pub seconds: &'run [SecondSeen],
    /// From which second on the run was steady, counted from the start of the measured phase.
    pub steady_since: Option<i64>,
    /// How long it warmed up; `None` where it did not come to the measured phase.
    pub warmed_up: Option<Nanos>,
    /// What became of a backlog; `None` where none was asked for, or the run did not start.
    pub backlog: Option<&'run BacklogSeen>,
    /// What a run that sends nothing found and read; `None` for any other, and where it did not start.
    pub catch_up: Option<&'run CatchUpSeen>,
    /// The lanes that sent, those of all workers together.
    pub peers: &'run [PeerSeen],
    /// What a search came to; `None` where the run had none.
    pub search: Option<&'run SearchSeen>,
    /// The workers of a fleet; `None` for a run on this host alone.
    pub fleet: Option<&'run FleetSeen>,
    /// The partitions of each topic; empty where they were not told apart.
    pub partitions: &'run [Vec<PartitionSeen>],
    /// The brokers that led them, where they are known.
    pub brokers: &'run [BrokerSeen],
    /// When acks stopped.
    pub outages: &'run [OutageSeen],
    /// The shortest round trip that the clients measured; `None` where they did not.
    pub round_trip_min: Option<Nanos>,
    /// Messages that the topics no longer held at the end; `None` where nobody knows.
    pub removed: Option<u64>,
    /// Where the run stood against this host's ceiling; `None` where there is none to set it against.
    pub standing: Option<Standing<'run>>,
    /// What the clients said of themselves; `None` where none did.
    pub client: Option<&'run ClientStats>,
    /// What was seen of the network; `None` where nobody looked, or the run stayed on its host.
    pub network: Option<&'run NetworkSeen>,
    /// Whether the cluster went away for good.
    pub cluster_lost: bool,
    /// Whether the broker was the embedded one.
    pub embedded: bool,
    /// Whether the embedded broker's own limit held the load back.
    pub embedded_full: bool,
}

/// Everything that a check may look at.
pub(super) struct Case<'run> {
    pub(super) plan: &'run Plan,
    pub(super) tally: &'run Tally,
    pub(super) evidence: &'run Evidence<'run>,
    /// All streams together.
    pub(super) sums: Sums,
    /// Each stream by itself: what is wrong with a small one is not seen in the sums.
    pub(super) parts: Vec<Part<'run>>,
    pub(super) balances: Vec<Balance>,
}

/// What the checks have raised so far.
#[derive(Default)]
pub(super) struct Found {
    findings: Vec<Finding>,
    exits: Vec<u8>,
}

impl Found {
    /// Raises what spoils the run.
    pub(super) fn fail(
        &mut self,
        exit: u8,
        code: &'static str,
        message: String,
        evidence: Vec<Fact>,
    ) {
        self.exits.push(exit);
        self.findings.push(Finding { code, severity: Severity::Error, message, evidence });
    }

    /// Raises what needs care.
    pub(super) fn warn(&mut self, code: &'static str, message: String, evidence: Vec<Fact>) {
        self.findings.push(Finding { code, severity: Severity::Warning, message, evidence });
    }

    /// Raises what is good to know.
    pub(super) fn note(&mut self, code: &'static str, message: String, evidence: Vec<Fact>) {
        self.findings.push(Finding { code, severity: Severity::Info, message, evidence });
    }
}

impl Verdict {
    /// Judges a run.
    #[must_use]
    pub fn of(plan: &Plan, tally: &Tally, evidence: &Evidence<'_>) -> Self {
        let case = Case {
            plan,
            tally,
            evidence,
            sums: Sums::of(plan, tally),
            parts: Part::all(plan, tally),
            balances: balances(plan, tally, evidence.readings),
        };
        let mut found = Found::default();
        let checks = [
            findings::ENDING,
            backlog::CHECKS,
            losses::CHECKS,
            commitment::CHECKS,
            rebalances::CHECKS,
            catch_up::CHECKS,
            fleet::CHECKS,
            searched::CHECKS,
            findings::CHECKS,
            plausibility::CHECKS,
            above::CHECKS,
            cautions::CHECKS,
            limits::CHECKS,
            back_pressure::CHECKS,
            network::CHECKS,
        ];
        for check in checks.into_iter().flatten() {
            check(&case, &mut found);
        }
        let Found { mut findings, exits } = found;
        findings.sort_by_key(|finding| finding.severity);
        let exit_code = first(&exits);
        Self {
            valid: exit_code == exit::VALID,
            limited_by: limited_by(&case, &exits),
            exit_code,
            findings,
        }
    }

    /// The same with what was found after it was made, all of which spoils the run by this exit code.
    #[must_use]
    pub fn with(mut self, code: u8, findings: Vec<Finding>) -> Self {
        if findings.is_empty() {
            return self;
        }
        self.findings.extend(findings);
        self.findings.sort_by_key(|finding| finding.severity);
        self.exit_code = first(&[self.exit_code, code]);
        self.valid = self.exit_code == exit::VALID;
        self
    }
}

/// The exit code that is told where several apply.
pub(super) fn first(exits: &[u8]) -> u8 {
    exit::PRECEDENCE.into_iter().find(|code| exits.contains(code)).unwrap_or(exit::VALID)
}

fn limited_by(case: &Case<'_>, exits: &[u8]) -> LimitedBy {
    if exits.contains(&exit::CLIENT_LIMITED) {
        return LimitedBy::Client;
    }
    if case.evidence.cluster_lost {
        return LimitedBy::Broker;
    }
    // Before the full queue is looked at: a client that holds its requests back fills its queue itself.
    if limits::is_client_capped(case) {
        return LimitedBy::Client;
    }
    let is_short = exits.contains(&exit::TARGET) && !fleet::explains_target(case);
    let had_to_wait = is_short || back_pressure::is_felt(case);
    // A closed loop always asks for more. Our own end is looked for first, then that of the way: either
    // fills the client's queue as a slow broker does.
    let is_free = |stream: &StreamDemand| !stream.pace.is_paced();
    let is_closed = 0 < case.sums.attempted && case.plan.demand.streams.iter().all(is_free);
    if had_to_wait || is_closed {
        if back_pressure::is_withheld(case) || limits::is_client_saturated(case) {
            return LimitedBy::Client;
        }
        if network::is_network_limited(case) {
            return LimitedBy::Network;
        }
    }
    if had_to_wait {
        // What was ready and had to wait was held back behind the client. Without that, lanes that had
        // no time left were the limit themselves.
        let is_held = back_pressure::is_behind_the_client(case) || limits::is_throttled(case);
        return if is_held {
            LimitedBy::Broker
        } else if slack(case.plan, case.tally).is_some_and(|slack| slack < SLACK_LEAST) {
            LimitedBy::Client
        } else {
            LimitedBy::Unknown
        };
    }
    // A closed loop always goes as fast as something lets it, and a run that ended early or lost a
    // worker was not seen at its target: the counts do not tell what held them.
    let is_cut = matches!(case.evidence.ended, Ended::CutShort { .. });
    let early = [exit::FAILED, exit::INTERRUPTED, exit::PARTIAL];
    let ended_early = is_cut || early.iter().any(|code| exits.contains(code));
    if ended_early || case.sums.due == 0 { LimitedBy::Unknown } else { LimitedBy::Nothing }
}
