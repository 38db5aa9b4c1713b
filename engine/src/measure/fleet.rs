//! The checks of a fleet: workers that were lost or did less than the others, and clocks that may disagree.

use super::constants::{CLOCK_SHARE, OUTLIER_SAMPLES, SHARE_SHORT, TARGET_SHARE, exit};
use super::facts::{Fact, count, number, percent, share, some_of, text};
use super::latency::Latency;
use super::verdict::{Case, Found};
use super::workers::{FleetSeen, Gone, GoneWhen, WorkerSeen};
use crate::units::Nanos;

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] =
    &[lost, missing, unheard, short_of_share, clocks];

/// Whether a worker was lost with a share of the load.
pub(super) fn is_partial(case: &Case<'_>) -> bool {
    case.evidence.fleet.is_some_and(|fleet| fleet.lost().next().is_some())
}

/// Messages that were due and told of by nobody, since lanes were missing.
pub(super) fn untold(case: &Case<'_>) -> u64 {
    case.evidence.fleet.map_or(0, |fleet| fleet.untold)
}

/// Messages that lost workers sent and of whose answers they did not tell.
pub(super) fn unanswered(case: &Case<'_>) -> u64 {
    case.evidence.fleet.map_or(0, FleetSeen::unanswered)
}

/// Whether the target is missed by what lost workers did not send or did not tell of, and not by the
/// others: neither broker nor client is to blame for it.
pub(super) fn explains_target(case: &Case<'_>) -> bool {
    let (own, unsent) = (untold(case), case.sums.unsent);
    let rest = case.sums.due.saturating_sub(own).saturating_sub(unanswered(case));
    is_partial(case) && unsent <= own && TARGET_SHARE <= share(case.sums.acked_of_due, rest)
}

/// Why acks may be missing: as usual, or since a worker that sent was lost.
pub(super) fn or_untold_acks<'words>(case: &Case<'_>, usual: &'words str) -> &'words str {
    let mut lost = case.evidence.fleet.into_iter().flat_map(FleetSeen::lost);
    let is_sender = lost.any(|(worker, _)| worker.is_sending);
    if is_sender { "a worker that was lost could not tell of its last acks" } else { usual }
}

fn lost(case: &Case<'_>, found: &mut Found) {
    let Some(fleet) = case.evidence.fleet else { return };
    for (worker, gone) in fleet.lost() {
        let (moment, at_s) = moment(gone.when);
        let url = &worker.peer.name;
        let untold = match fleet.untold {
            0 => String::new(),
            untold => format!(" In all {untold} messages were due that nobody tells of."),
        };
        let message = format!(
            "Worker {url} was lost {moment}: {}. {} Until its last word it had sent {} messages, {} \
             of them without an answer; these are in the figures.{untold} The result is partial. \
             Look at that host and the way to it, and run it again.",
            gone.reason,
            became_of(worker, gone),
            worker.produced,
            worker.outstanding,
        );
        let mut facts = told(worker, gone);
        facts.extend([
            number("lost_at_s", at_s),
            count("sent", worker.produced),
            count("acked", worker.peer.acked),
            count("unanswered", worker.outstanding),
            count("untold", fleet.untold),
        ]);
        if !gone.heirs.is_empty() {
            facts.push(text("heirs", gone.heirs.join(", ")));
        }
        found.fail(exit::PARTIAL, "worker_lost", message, facts);
    }
}

/// In words, and in seconds from the start of the measured phase.
fn moment(when: GoneWhen) -> (String, f64) {
    let (span, side, sign) = match when {
        GoneWhen::BeforeLoad => return ("before the load began".to_owned(), 0.0),
        GoneWhen::InWarmup(span) => (span, "before", -1.0),
        GoneWhen::Measured(span) => (span, "after", 1.0),
    };
    let seconds = span.as_secs_f64();
    (format!("{seconds:.1} s {side} the measured phase began"), sign * seconds)
}

/// What became of a lost worker's share.
fn became_of(worker: &WorkerSeen, gone: &Gone) -> String {
    let heirs: Vec<&str> = gone.heirs.iter().map(String::as_str).collect();
    match (heirs.is_empty(), worker.is_sending) {
        (false, _) => format!("Its share was taken over by {}.", some_of(&heirs)),
        (true, true) => "Its share of the load is missing from then on.".to_owned(),
        (true, false) => "It only read: its partitions fell to the other members of its groups, \
                          where there are any."
            .to_owned(),
    }
}

fn told(worker: &WorkerSeen, gone: &Gone) -> Vec<Fact> {
    let lanes = u64::try_from(worker.lanes.len()).expect("lanes fit in 64 bits");
    vec![
        text("worker", worker.peer.name.as_str()),
        text("reason", gone.reason.as_str()),
        count("lanes", lanes),
    ]
}

fn missing(case: &Case<'_>, found: &mut Found) {
    for (worker, gone) in case.evidence.fleet.into_iter().flat_map(FleetSeen::missing) {
        found.warn(
            "worker_missing",
            format!(
                "Worker {} was lost before the load began: {}. The others carry its share, so \
                 nothing of the load is missing, but fewer hosts make it. Look at that host, or \
                 leave it out.",
                worker.peer.name, gone.reason
            ),
            told(worker, gone),
        );
    }
}

/// What lost consumers read without telling is read by nobody else: their groups' offsets were
/// committed. It cannot be told from a loss, so it is not called one.
fn unheard(case: &Case<'_>, found: &mut Found) {
    let unheard = || case.balances.iter().filter(|of| of.is_unheard);
    let (open, expected) = unheard()
        .fold((0, 0), |(open, expected), of| (open + of.outstanding, expected + of.expected));
    if open == 0 {
        return;
    }
    let subscriptions = u64::try_from(unheard().count()).expect("a few");
    found.warn(
        "unheard",
        format!(
            "{open} acked messages ({} of {expected}) are missing from {subscriptions} \
             subscriptions of which a consumer was lost: it may have read and committed them and \
             not told. They count as outstanding and not as lost, and a true loss among them would \
             not show. Run it again to verify.",
            percent(open, expected)
        ),
        vec![
            count("outstanding", open),
            count("expected", expected),
            count("subscriptions", subscriptions),
        ],
    );
}

/// A worker that was not lost, and its part of what was its to send.
struct Part<'run> {
    worker: &'run WorkerSeen,
    own: u64,
    sent: f64,
}

/// A worker that sent far less of what was its to send than the others did of theirs.
fn short_of_share(case: &Case<'_>, found: &mut Found) {
    let workers = case.evidence.fleet.into_iter().flat_map(|fleet| &fleet.workers);
    let parts: Vec<Part<'_>> = workers
        .filter(|worker| worker.gone.is_none())
        .filter_map(|worker| Some((worker, worker.share?)))
        .filter(|(_, own)| OUTLIER_SAMPLES <= *own)
        .map(|(worker, own)| Part { worker, own, sent: share(worker.produced, own) })
        .collect();
    let mut sent: Vec<f64> = parts.iter().map(|part| part.sent).collect();
    sent.sort_by(f64::total_cmp);
    // Of two middle ones the higher: of two workers the slow one is no measure for itself.
    let Some(median) = sent.get(sent.len() / 2).copied() else { return };
    for part in parts.iter().filter(|of| of.sent < SHARE_SHORT * median) {
        let worker = part.worker;
        found.warn(
            "outlier",
            format!(
                "{}: it sent {:.1} % of its share ({} of {}), its peers {:.1} % of theirs. The \
                 sum hides that. Look at that host and the way from it to the brokers first.",
                worker.peer.name,
                part.sent * 100.0,
                worker.produced,
                part.own,
                median * 100.0
            ),
            vec![
                text("name", worker.peer.name.as_str()),
                count("sent", worker.produced),
                count("share", part.own),
                number("sent_share", part.sent),
                number("peers_median_share", median),
            ],
        );
    }
}

/// Spans from host to host against what their clocks leave in doubt.
fn clocks(case: &Case<'_>, found: &mut Found) {
    let Some(error) = case.evidence.fleet.map(FleetSeen::clock_error) else { return };
    let (name, middle) = middle_span(case);
    if middle == Nanos::ZERO || error.0.saturating_mul(CLOCK_SHARE) <= middle.0 {
        return;
    }
    found.warn(
        "clock_uncertain",
        format!(
            "The median {name} is {:.1} us, and it is read from two hosts' clocks that may be off \
             by {:.1} us together: more than a tenth of it. Publish latency is read from one clock \
             and as sure as ever. Put the workers nearer to each other and to the coordinator, or \
             compare only what differs by more.",
            middle.as_micros_f64(),
            error.as_micros_f64()
        ),
        vec![
            number("clock_error_us", error.as_micros_f64()),
            text("latency", name),
            number("p50_us", middle.as_micros_f64()),
        ],
    );
}

/// The median end-to-end latency; without due times, in closed loops, that of the transit.
fn middle_span(case: &Case<'_>) -> (&'static str, Nanos) {
    let (mut end_to_end, mut transit) = (Latency::default(), Latency::default());
    for (demand, stream) in case.plan.demand.streams.iter().zip(&case.tally.streams) {
        transit.merge(&stream.measured.transit);
        if demand.pace.is_paced() {
            end_to_end.merge(&stream.measured.end_to_end);
        }
    }
    let (name, of) = match end_to_end.count() {
        0 => ("transit", transit),
        _ => ("end-to-end latency", end_to_end),
    };
    (name, of.percentile(50.0))
}
