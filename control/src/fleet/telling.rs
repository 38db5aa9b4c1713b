//! What a proxy tells its worker: when to begin, what the run tells its lanes meanwhile, how to stop.

use super::client::Trouble;
use super::protocol::{CourseOrder, StartOrder, Stop, StopOrder};
use super::proxy::{Lost, Proxy};
use engine::lane::{Stage, Timeline, Word};
use engine::plan::PhaseTimes;
use engine::time::{Clock, Schedule};
use engine::units::{Nanos, Timestamp};

/// From the moment that late lanes are told to join in to the moment when they do.
const JOIN_LEAD: Nanos = Nanos::from_secs(1);

/// What a worker was told last.
#[derive(Debug, Default)]
pub(super) struct Told {
    stop: Option<Stop>,
    pub(super) halted: bool,
    course: Course,
    /// How many courses it was to follow.
    number: u64,
}

/// By what a course is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Course {
    /// Of the schedules and the end.
    version: u64,
    is_held: bool,
    /// Where the border lies, once that is decided.
    measured: Option<Timestamp>,
}

impl Proxy {
    /// Tells the worker when to begin. Trouble here is the worker's loss: a late word is none.
    pub(super) fn start(&mut self, timeline: &Timeline) -> Result<(), Lost> {
        let border = &timeline.border;
        let from = (border.start() < timeline.from).then(|| self.post.clock.now() + JOIN_LEAD);
        // What changes from here on it is told later.
        self.told.course = self.course(timeline);
        let (measured, Word { schedules, end, is_held }) =
            (self.told.course.measured, self.post.signal.word());
        // From where seconds are numbered says whether the border was settled from the start.
        let latest = (border.origin() < border.latest()).then(|| border.latest());
        let order = StartOrder {
            at_ns: border.start().as_nanos(),
            from_ns: from.map(Timestamp::as_nanos),
            measured_ns: measured.map(Timestamp::as_nanos),
            latest_ns: latest.map(Timestamp::as_nanos),
            schedules: self.unplanned(timeline, schedules),
            end_ns: told_end(end),
            held: is_held,
            tasks: Some(self.names()),
        };
        let started = self.post.member.client.start(&order);
        started.map_err(|trouble| format!("could not be started: {trouble}"))
    }

    /// Schedules that are not what the worker makes of its own plan: a recorded shape is large, and it has
    /// the file.
    fn unplanned(
        &self,
        timeline: &Timeline,
        schedules: Vec<Option<Schedule>>,
    ) -> Option<Vec<Option<Schedule>>> {
        let border = &timeline.border;
        let (at, measured) = (border.start(), border.measured());
        let times = PhaseTimes { at, measured, end: border.latest() + timeline.measured };
        let streams = &self.post.plan.demand.streams;
        let planned = streams.iter().map(|stream| stream.pace.schedule(times));
        (!planned.eq(schedules.iter().cloned())).then_some(schedules)
    }

    /// Passes on what the run tells its lanes.
    pub(super) fn pass_on(&mut self, timeline: &Timeline) -> Result<(), Lost> {
        if self.post.signal.is_halted() && !self.told.halted {
            self.told.halted = self.stop(Stop::Halt)?;
        }
        let course = self.course(timeline);
        if course != self.told.course && self.lead(course)? {
            self.told.course = course;
        }
        let wanted = match self.post.signal.stage() {
            Stage::Draining => Some(Stop::Drain),
            Stage::Closing => Some(Stop::Close),
            Stage::Preparing | Stage::Assembling | Stage::Running => None,
        };
        if wanted != self.told.stop
            && let Some(how) = wanted
            && self.stop(how)?
        {
            self.told.stop = wanted;
        }
        Ok(())
    }

    fn course(&self, timeline: &Timeline) -> Course {
        let (signal, border) = (&self.post.signal, &timeline.border);
        let measured = border.is_decided().then(|| border.measured());
        Course { version: signal.version(), is_held: signal.is_held(), measured }
    }

    /// Tells the worker the course, all of it. One that it cannot follow any more is its loss: what it
    /// counted would not be the run's.
    fn lead(&mut self, course: Course) -> Result<bool, Lost> {
        // What has changed since the course was looked at is told again later.
        let Word { schedules, end, is_held } = self.post.signal.word();
        self.told.number += 1;
        let order = CourseOrder {
            number: self.told.number,
            schedules: Some(schedules),
            end_ns: told_end(end),
            measured_ns: course.measured.map(Timestamp::as_nanos),
            held: is_held,
            tasks: Some(self.names()),
        };
        let answer = self.ask(|member| match member.client.lead(&order) {
            Err(Trouble::Refused(409, words)) => Ok(Err(words)),
            other => other.map(Ok),
        })?;
        match answer {
            Some(Ok(())) => Ok(true),
            Some(Err(words)) => Err(format!("it does not follow the run's course: {words}")),
            None => Ok(false),
        }
    }

    fn stop(&mut self, how: Stop) -> Result<bool, Lost> {
        let order = StopOrder { how, tasks: Some(self.names()) };
        Ok(self.ask(|member| member.client.stop(&order))?.is_some())
    }

    fn names(&self) -> Vec<String> {
        self.tasks.iter().map(|task| task.id.clone()).collect()
    }
}

/// An end that is earlier than planned.
fn told_end(end: Timestamp) -> Option<u64> {
    let nanos = end.as_nanos();
    (nanos < u64::MAX).then_some(nanos)
}
