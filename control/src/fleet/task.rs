//! A task of a worker: its lanes, and the thread that keeps what they hand over until it is fetched.

use super::course;
use super::protocol::{CourseOrder, Finished, Frame, Frames, HostSaid, State, Status};
use crate::metrics::{Count, Of, Part, Traits};
use engine::lane::{Timeline, Word};
use engine::link::Topics;
use engine::measure::{Handover, Latency, Phase, PhaseTally, StreamTally, Tally};
use engine::plan::Role;
use engine::run::{Lanes, Reins};
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

/// How long one wait for a lane lasts.
const TURN: Nanos = Nanos::from_millis(20);

/// How long lanes may take to hand over their last tally once they were told to end.
const END_DEADLINE: Nanos = Nanos::from_secs(15);

/// How long clients may take to close.
const CLOSE_DEADLINE: Nanos = Nanos::from_secs(15);

/// Bytes of frames that are kept for a coordinator that does not fetch them; older ones are dropped, and
/// their number tells.
const KEPT_MAX: usize = 128 << 20;

/// Bytes of frames in one answer, about: the first one always goes.
const ANSWER_MAX: usize = 24 << 20;

/// A task.
#[derive(Debug)]
pub(super) struct Task {
    /// Its name.
    pub(super) id: String,
    /// What its lanes do.
    pub(super) role: Role,
    /// What its order was, to know it again.
    pub(super) digest: u64,
    /// What its lanes are led by.
    pub(super) reins: Reins,
    kept: Arc<Mutex<Kept>>,
    keeper: Mutex<Option<JoinHandle<Vec<String>>>>,
}

/// What was handed over and not yet fetched.
#[derive(Debug)]
struct Kept {
    /// The number of the first frame.
    first: u64,
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Everything, for those who ask for a summary.
    total: Tally,
    timeline: Option<Timeline>,
    /// The number of the last course that was followed.
    course: u64,
    is_ending: bool,
    /// Whether the cluster has answered.
    is_reached: bool,
    error: Option<String>,
    finished: Option<Finished>,
}

impl Task {
    /// Keeps lanes that were spawned.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub(super) fn keep(
        (id, digest): (&str, u64),
        role: Role,
        lanes: Lanes,
        cluster: Arc<dyn Topics>,
    ) -> std::io::Result<Self> {
        let reins = lanes.reins().clone();
        let within = reins.plan().demand.deadlines.reach;
        let kept = Arc::new(Mutex::new(Kept {
            first: 0,
            frames: VecDeque::new(),
            bytes: 0,
            total: Tally::new(&reins.plan().demand),
            timeline: None,
            course: 0,
            is_ending: false,
            is_reached: false,
            error: None,
            finished: None,
        }));
        let (theirs, asked) = (Arc::clone(&kept), Arc::clone(&kept));
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        let keeper = named("keeper").spawn(move || keep(lanes, &theirs));
        // Nobody waits for it: a task that is ended before is forgotten by it too, after the deadline.
        let reach = named("reach").spawn(move || reach(&*cluster, within, &asked));
        let keeper = match (keeper, reach) {
            (Ok(keeper), Ok(_)) => keeper,
            (Err(error), _) | (_, Err(error)) => {
                lock(&kept).is_ending = true;
                reins.end();
                return Err(error);
            }
        };
        Ok(Self { id: id.to_owned(), role, digest, reins, kept, keeper: Mutex::new(Some(keeper)) })
    }

    /// Lets the lanes go.
    ///
    /// # Errors
    /// As [`Reins::start`].
    pub(super) fn start(&self, timeline: &Timeline, word: &Word) -> Result<(), String> {
        self.reins.start(timeline, word)?;
        self.kept().timeline = Some(timeline.clone());
        Ok(())
    }

    /// Tells the lanes, which have come to `now`, what their run tells its lanes.
    ///
    /// # Errors
    /// As [`Reins::follow`], and when a later course was followed before.
    pub(super) fn follow(&self, order: &CourseOrder, now: Timestamp) -> Result<(), String> {
        let mut kept = self.kept();
        let (number, last) = (order.number, kept.course);
        if number < last {
            return Err(format!("course {number} comes after course {last}"));
        }
        let timeline = kept.timeline.as_ref().ok_or("it has not started")?;
        let decided = order.measured_ns.map(Timestamp::from_nanos);
        let word = course::word(self.reins.word(), order);
        self.reins.follow(&word, (&timeline.border, decided), now)?;
        kept.course = number;
        Ok(())
    }

    /// Where it is.
    pub(super) fn status(&self) -> Status {
        let mut lanes = self.reins.progress();
        let kept = self.kept();
        // A producer is ready without a cluster, and would begin with messages for nobody.
        lanes.iter_mut().for_each(|lane| lane.prepared &= kept.is_reached);
        let failed = lanes.iter().find_map(|lane| lane.failed.clone());
        let error = kept.error.clone().or(failed);
        let state = match (&error, &kept.finished) {
            (Some(_), _) => State::Failed,
            (None, Some(_)) => State::Done,
            (None, None) if self.reins.have_started() => State::Running,
            (None, None) if kept.is_reached && lanes.iter().all(|lane| lane.prepared) => {
                State::Prepared
            }
            (None, None) => State::Preparing,
        };
        let trouble = self.reins.trouble();
        let role = self.role.to_string();
        Status { task_id: self.id.clone(), role, state, error, lanes, trouble }
    }

    /// Forgets the frames before a number: whoever fetches them has them.
    pub(super) fn forget(&self, before: u64) {
        let mut kept = self.kept();
        while kept.first < before
            && let Some(frame) = kept.frames.pop_front()
        {
            kept.first += 1;
            kept.bytes -= frame.len();
        }
    }

    /// The frames from a number on.
    pub(super) fn frames(&self, from: u64, host: Option<HostSaid>) -> Frames {
        let kept = self.kept();
        let passed = usize::try_from(from.saturating_sub(kept.first)).unwrap_or(usize::MAX);
        let passed = passed.min(kept.frames.len());
        let first = kept.first + u64::try_from(passed).expect("few");
        let mut size = 0;
        let fits = |frame: &&Vec<u8>| {
            let is_first = size == 0;
            size += frame.len();
            is_first || size <= ANSWER_MAX
        };
        let frames: Vec<Vec<u8>> =
            kept.frames.iter().skip(passed).take_while(fits).cloned().collect();
        let is_last = passed + frames.len() == kept.frames.len();
        let finished = kept.finished.clone().filter(|_| is_last);
        let host = host.filter(|_| finished.is_some());
        Frames { first, frames, finished, host }
    }

    /// What was handed over so far of a phase, for a few figures.
    pub(super) fn seen(&self, phase: Phase) -> PhaseTally {
        self.kept().total.total(phase)
    }

    /// Counts of a phase so far, each summed over the streams that it is of, `None` where it is of none:
    /// nothing is merged for it, so that asking often takes little of the host's time.
    pub(super) fn counts(&self, phase: Phase, values: &[Count]) -> Vec<Option<u64>> {
        let kept = self.kept();
        let of_phase = |stream: &StreamTally, value: fn(&PhaseTally) -> u64| match phase {
            Phase::Warmup => value(&stream.warmup),
            Phase::Measured => value(&stream.measured),
        };
        let sum = |(of, value): &Count| {
            let counts = self.streams(&kept, *of).map(|stream| of_phase(stream, *value));
            counts.reduce(|one, other| one + other)
        };
        values.iter().map(sum).collect()
    }

    /// Latencies of the measured phase so far, each merged over the streams that it is of, `None` where it
    /// is of none.
    pub(super) fn latencies(&self, parts: &[Part]) -> Vec<Option<Latency>> {
        let kept = self.kept();
        let merged = |(of, part): &Part| {
            let mut all = None;
            for stream in self.streams(&kept, *of) {
                all.get_or_insert_with(Latency::default).merge(part(&stream.measured));
            }
            all
        };
        parts.iter().map(merged).collect()
    }

    /// What was kept of the streams that a figure is of.
    fn streams<'kept>(
        &'kept self,
        kept: &'kept Kept,
        of: Of,
    ) -> impl Iterator<Item = &'kept StreamTally> {
        let demand = &self.reins.plan().demand;
        let streams = demand.streams.iter().zip(&kept.total.streams);
        let takes = move |stream| of.takes(Traits::of(demand, stream));
        streams.filter(move |(stream, _)| takes(stream)).map(|(_, seen)| seen)
    }

    /// Whether all lanes have handed everything over.
    pub(super) fn has_finished(&self) -> bool {
        self.kept().finished.is_some()
    }

    /// The phases of its run, once they are known.
    pub(super) fn timeline(&self) -> Option<Timeline> {
        self.kept().timeline.clone()
    }

    /// Tells the lanes to end, wherever they are.
    pub(super) fn end(&self) {
        self.kept().is_ending = true;
        self.reins.end();
    }

    /// Ends the lanes and waits until their clients are closed; names the lanes whose are not in time.
    pub(super) fn close(&self) -> Vec<String> {
        self.end();
        let keeper = self.keeper.lock().expect("nobody panics with the keeper in hand").take();
        let Some(keeper) = keeper else { return Vec::new() };
        keeper
            .join()
            .unwrap_or_else(|_panic| vec![format!("task {}: its keeper panicked", self.id)])
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        lock(&self.kept)
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().expect("nobody panics with what is kept in hand")
}

/// Asks whether the cluster is to be reached from here.
fn reach(cluster: &dyn Topics, within: Nanos, kept: &Mutex<Kept>) {
    let reached = cluster.check(within);
    let mut kept = lock(kept);
    match reached {
        Ok(()) => kept.is_reached = true,
        Err(error) => {
            kept.error.get_or_insert_with(|| error.to_string());
        }
    }
}

/// Keeps what lanes hand over until they have ended. Returns the lanes whose clients are not closed in
/// time.
fn keep(mut lanes: Lanes, kept: &Mutex<Kept>) -> Vec<String> {
    let clock = OsClock::anchored();
    let mut noted = None;
    let mut ending = None;
    while !lanes.have_ended() {
        if let Some(handover) = lanes.pass_on(TURN) {
            let handover = keep_one(handover, kept);
            lanes.give_back(handover);
        }
        let mut now = lock(kept);
        // Again when it is decided where an open one lies.
        let measured = now.timeline.as_ref().map(|timeline| timeline.border.measured());
        if noted != measured
            && let Some(timeline) = &now.timeline
        {
            noted = measured;
            lanes.note_start(timeline);
        }
        if let Some(lane) = lanes.dead() {
            now.error.get_or_insert_with(|| format!("lane {lane} panicked"));
            // The others end with it, and what they have is handed over.
            lanes.reins().end();
            if lanes.are_over() {
                break;
            }
        }
        if now.is_ending || now.error.is_some() && lanes.dead().is_some() {
            let since = *ending.get_or_insert_with(|| clock.now());
            if since + END_DEADLINE <= clock.now() {
                break;
            }
        }
    }
    let clients = lanes.clients();
    let mut kept = lock(kept);
    let error = kept.error.clone();
    kept.finished = Some(Finished { clients, error });
    drop(kept);
    lanes.join(CLOSE_DEADLINE)
}

fn keep_one(handover: Handover, kept: &Mutex<Kept>) -> Handover {
    // The tally travels as it is; it is put back for the lane to go on with.
    let Handover { lane, second, tally, end } = handover;
    let frame = Frame {
        lane: u32::try_from(lane).expect("fewer than 2^32 lanes"),
        second,
        tally: *tally,
        end,
    };
    let bytes = postcard::to_stdvec(&frame).expect("a tally in memory is written");
    let mut kept = lock(kept);
    kept.total.merge(&frame.tally);
    kept.bytes += bytes.len();
    kept.frames.push_back(bytes);
    while KEPT_MAX < kept.bytes
        && let Some(oldest) = kept.frames.pop_front()
    {
        kept.first += 1;
        kept.bytes -= oldest.len();
    }
    Handover { lane, second, tally: Box::new(frame.tally), end: frame.end }
}
