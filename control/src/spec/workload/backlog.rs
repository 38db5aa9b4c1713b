//! The backlog that consumers are to find: its size, how it is drained, and how long either may take.

use engine::plan::{Backlog, build_time};
use engine::time::Arrival;
use engine::units::{Bytes, Nanos, Rate};
use serde_yaml::Value;

use super::Speed;
use super::phases::SPAN_MAX;
use super::shape::Shape;
use crate::spec::fault::Ledger;
use crate::spec::fields;
use crate::spec::given::{Given, Givens};
use crate::spec::scalar;

/// The fields that size it: OMB's, in GiB, and ours.
const SIZES: [&str; 2] = ["consumerBacklog", "consumerBacklogSizeGB"];

/// The fields that say how it is drained, with what asks for nothing where there is none.
const DRAINS: [(&str, &[&str]); 5] = [
    ("backlogDrainRatio", &["1", "1.0"]),
    ("drainProducerRate", &["-1"]),
    ("producerPauseDuringDrain", &["false"]),
    ("backlogBuildTimeout", &[]),
    ("backlogDrainTimeout", &[]),
];

const NEED: &str = "need a size or a time of production, e.g. 2GiB or 30s, or none";

/// OMB's: a backlog is drained when at most so many messages are left, whatever its ratio says.
const LEFT_LEAST: u64 = 1_000;

/// How fast a closed loop brings a backlog at least, for its bound: a tenth of what a disk writes.
const SLOWEST: u64 = 10 << 20;

/// Added to twice the time that building takes at the rate: leaders that move, a broker that stands still.
const BUILD_SLACK: Nanos = Nanos::from_secs(30);

/// What takes longer to build is asked for by name or by mistake.
const BUILD_MAX: Nanos = Nanos::from_secs(12 * 3_600);

/// A drain may take so long, or so many times what building takes at the rate.
const DRAIN_LEAST: Nanos = Nanos::from_secs(600);
const DRAIN_TIMES: u64 = 5;

/// A backlog as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BacklogWish {
    /// How large.
    pub size: Size,
    /// The share of it that is to be drained.
    pub ratio: f64,
    /// What the engine is asked.
    pub plan: Backlog,
}

/// How large a backlog is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Bodies of all subscriptions together.
    Bytes(Bytes),
    /// What is produced in so much time.
    Production(Nanos),
}

/// How fast producers go while it is drained.
#[derive(Clone, Copy, Debug, PartialEq)]
enum DrainPace {
    Unchanged,
    At(Rate),
    Part(f64),
}

/// How fast a backlog is brought: evenly, or as fast as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bringing {
    At(Rate),
    Max,
}

impl Bringing {
    /// By a speed; none by one whose rate is not one rate, evenly: how long it takes could not be told.
    pub(super) const fn by(speed: &Speed, arrival: Arrival) -> Option<Self> {
        match (speed, arrival) {
            (Speed::At(rate), Arrival::Regular) => Some(Self::At(*rate)),
            (Speed::Max, _) => Some(Self::Max),
            (Speed::At(_) | Speed::Shaped(_) | Speed::Replay(_) | Speed::Search, _) => None,
        }
    }
}

/// What a backlog is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) shape: Shape,
    pub(super) message_size: Bytes,
    /// `None`: not evenly at one rate.
    pub(super) speed: Option<Bringing>,
    pub(super) measured: Nanos,
}

/// Reads the backlog; `None` where none is asked for, or a fault is noted. Without a load, where that is
/// faulty itself, only the fields by themselves are checked.
pub(super) fn read(
    givens: &Givens,
    load: Option<Load>,
    ledger: &mut Ledger,
) -> Option<BacklogWish> {
    let [own, omb] = SIZES;
    if let (Some(first), Some(second)) = (givens.get(own), givens.get(omb)) {
        let problem =
            format!("says the same as {} ({}): keep one of them", first.field, first.place);
        ledger.fault(second.fault(problem));
    }
    let in_gib = givens.read(omb, ledger, gibibytes).flatten();
    let asked = givens.read(own, ledger, size).flatten().or(in_gib);
    let ratio = givens.read("backlogDrainRatio", ledger, drain_ratio).unwrap_or(1.0);
    let pace = drain_pace(givens, ledger);
    let span = |value: &Value| scalar::span(value, Nanos(1), SPAN_MAX);
    let build = givens.read("backlogBuildTimeout", ledger, span);
    let drain = givens.read("backlogDrainTimeout", ledger, span);
    let Some(asked) = asked else {
        DRAINS.iter().for_each(|(name, defaults)| unused(givens, name, defaults, ledger));
        return None;
    };
    let given = SIZES.into_iter().find_map(|name| givens.get(name))?;
    let (load, faults) = (load?, ledger.faults.len());
    let Some(speed) = load.speed else {
        let problem = "needs one producerRate, evenly, or max: not one that changes, is searched or comes \
                       by chance";
        ledger.fault(given.fault(problem));
        return None;
    };
    let drain_rate = rate_meanwhile(pace, speed, ledger);
    let (messages, bytes) = amount(asked, (load, speed), given, ledger)?;
    let expected = build_time(messages, unread_per_second(load, speed));
    let plan = Backlog {
        messages,
        bytes,
        left: part(messages, 1.0 - ratio).max(LEFT_LEAST),
        drain_rate,
        build_within: build.unwrap_or(expected + expected + BUILD_SLACK),
        drain_within: drain
            .unwrap_or(Nanos(expected.0.saturating_mul(DRAIN_TIMES)).max(DRAIN_LEAST)),
        after: load.measured,
    };
    check(&plan, (given, givens.get("backlogBuildTimeout")), expected, ledger);
    (ledger.faults.len() == faults).then_some(BacklogWish { size: asked, ratio, plan })
}

/// Messages and bytes, those of all subscriptions added up.
fn amount(
    size: Size,
    (load, speed): (Load, Bringing),
    given: &Given,
    ledger: &mut Ledger,
) -> Option<(u64, Bytes)> {
    if load.shape.subscriptions == 0 {
        let problem = "needs somebody who reads, and subscriptionsPerTopic is 0: leave it out";
        ledger.fault(given.fault(problem));
        return None;
    }
    let body = load.message_size.0.max(1);
    match (size, speed) {
        (Size::Bytes(bytes), _) => Some((bytes.0.div_ceil(body), bytes)),
        (Size::Production(time), Bringing::At(rate)) => {
            let groups = u128::from(load.shape.subscriptions);
            let messages = u128::from(rate.get()) * groups * u128::from(time.0) / 1_000_000_000;
            let messages = u64::try_from(messages).unwrap_or(u64::MAX);
            Some((messages, Bytes(messages.saturating_mul(body))))
        }
        (Size::Production(_), Bringing::Max) => {
            let problem = "is a time of production, and producerRate is max, which has no rate to \
                           count by: need a size, e.g. 2GiB";
            ledger.fault(given.fault(problem));
            None
        }
    }
}

/// How many messages become unread in a second: by the rate, or as slowly as a closed loop may go.
fn unread_per_second(load: Load, speed: Bringing) -> Rate {
    let groups = u64::from(load.shape.subscriptions);
    let sent = match speed {
        Bringing::At(rate) => rate.get(),
        Bringing::Max => (SLOWEST / load.message_size.0.max(1)).max(1),
    };
    Rate::per_second(sent.saturating_mul(groups).max(1)).expect("at least one")
}

fn check(
    plan: &Backlog,
    (given, timeout): (&Given, Option<&Given>),
    expected: Nanos,
    ledger: &mut Ledger,
) {
    if plan.messages <= LEFT_LEAST {
        let problem = format!(
            "is {} messages, and a backlog is drained when {LEFT_LEAST} are left: need more than that",
            plan.messages
        );
        ledger.fault(given.fault(problem));
    }
    if plan.build_within < expected {
        let problem = format!(
            "got {}, but at its rate the backlog takes {expected} to build: need more",
            plan.build_within
        );
        ledger.fault(timeout.unwrap_or(given).fault(problem));
    } else if timeout.is_none() && BUILD_MAX < expected {
        let problem = format!(
            "takes {expected} to build at its rate, need at most {BUILD_MAX}: ask for less, raise \
             producerRate, or allow it with backlogBuildTimeout"
        );
        ledger.fault(given.fault(problem));
    }
}

/// The rate while it is drained; a closed loop has none to change.
fn rate_meanwhile(
    (pace, given): (DrainPace, Option<&Given>),
    speed: Bringing,
    ledger: &mut Ledger,
) -> Option<Rate> {
    match (pace, speed) {
        (DrainPace::Unchanged, _) => None,
        (DrainPace::At(rate), Bringing::At(_)) => Some(rate),
        (DrainPace::Part(share), Bringing::At(rate)) => {
            Rate::per_second(part(rate.get(), share).max(1))
        }
        (_, Bringing::Max) => {
            let problem = "is a rate, and producerRate is max: a closed loop has none to change, \
                           leave it out";
            given.into_iter().for_each(|given| ledger.fault(given.fault(problem)));
            None
        }
    }
}

/// How producers go meanwhile, and where that was written.
fn drain_pace<'a>(givens: &'a Givens, ledger: &mut Ledger) -> (DrainPace, Option<&'a Given>) {
    let [rate, pause] = ["drainProducerRate", "producerPauseDuringDrain"];
    let asked = givens.read(rate, ledger, pace).unwrap_or(DrainPace::Unchanged);
    let is_paused = givens.read(pause, ledger, scalar::switch).unwrap_or(false);
    match (asked, is_paused) {
        (DrainPace::Unchanged, true) => (LOWEST, givens.get(pause)),
        (_, false) => (asked, givens.get(rate)),
        (_, true) => {
            if let Some((first, second)) = givens.get(rate).zip(givens.get(pause)) {
                let problem =
                    format!("says the same as {} ({}): keep one of them", first.field, first.place);
                ledger.fault(second.fault(problem));
            }
            (asked, givens.get(rate))
        }
    }
}

/// A field that has no effect without a backlog.
fn unused(givens: &Givens, name: &str, defaults: &[&str], ledger: &mut Ledger) {
    let given = givens.get(name).filter(|given| !fields::is_default(&given.value, defaults));
    if let Some(given) = given {
        let text = given.fault("has no effect here: no backlog is built").to_string();
        ledger.remark("field_without_effect", text);
    }
}

/// Reads OMB's size; `None` for 0.
fn gibibytes(value: &Value) -> Result<Option<Size>, String> {
    let text = scalar::text(value).unwrap_or_default();
    let number: Option<f64> = text.trim().parse().ok();
    let number = number.filter(|number| (0.0..=1e6).contains(number)).ok_or_else(|| {
        format!(
            "got {}, need a number of GiB from 0 to 1000000, e.g. 2 or 0.5",
            scalar::show(value)
        )
    })?;
    let bytes = part(1 << 30, number);
    Ok((0 < bytes).then_some(Size::Bytes(Bytes(bytes))))
}

/// Reads ours; `None` for none.
fn size(value: &Value) -> Result<Option<Size>, String> {
    let text = scalar::text(value).unwrap_or_default();
    let text = text.trim();
    if text == "none" {
        return Ok(None);
    }
    let time = text.parse::<Nanos>().ok().map(Size::Production);
    let read = time.or_else(|| text.parse::<Bytes>().ok().map(Size::Bytes));
    let fits = |size: &Size| match size {
        Size::Bytes(bytes) => (1..=1 << 50).contains(&bytes.0),
        Size::Production(span) => (Nanos(1)..=SPAN_MAX).contains(span),
    };
    read.filter(fits).map(Some).ok_or_else(|| format!("got {}, {NEED}", scalar::show(value)))
}

fn drain_ratio(value: &Value) -> Result<f64, String> {
    let read = scalar::ratio(value)?;
    if read <= 0.0 {
        return Err(format!("got {}, need a number above 0, e.g. 0.9", scalar::show(value)));
    }
    Ok(read)
}

/// OMB's and its fork's 0: as slowly as can be.
const LOWEST: DrainPace = DrainPace::Part(0.0);

fn pace(value: &Value) -> Result<DrainPace, String> {
    let text = scalar::text(value).unwrap_or_default();
    let text = text.trim();
    let share = || text.parse::<f64>().ok().filter(|share| 0.0 < *share && *share < 1.0);
    match text {
        "-1" => return Ok(DrainPace::Unchanged),
        "0" => return Ok(LOWEST),
        _ => {}
    }
    let need = || {
        format!(
            "got {}, need a number of messages per second, e.g. 5000 or 5k, a part of producerRate \
             below 1, e.g. 0.5, 0 for as slowly as can be, or -1 for as before",
            scalar::show(value)
        )
    };
    // 1.0 may be meant as all of producerRate, or as one message a second.
    let is_doubtful = text.parse::<f64>().is_ok() && text.contains('.');
    match share() {
        Some(share) => Ok(DrainPace::Part(share)),
        None if is_doubtful => Err(need()),
        None => text.parse().map(DrainPace::At).map_err(|_| need()),
    }
}

/// A part of a whole, in whole numbers: rounded.
#[expect(clippy::cast_precision_loss, reason = "sizes and rates stay below 2^53")]
fn part(whole: u64, share: f64) -> u64 {
    format!("{:.0}", whole as f64 * share).parse().unwrap_or(u64::MAX)
}
