//! How late messages are sent, turn by turn with a bare loop that does nothing else: what the
//! engine's real lane adds to what the machine and its clock do by themselves.
//!
//! `cargo bench -- pacing` takes five turns of 60 s for each rate, mode and side: an hour. Parameters
//! stand behind the name: `rates=1000,10000 modes=spin,sleep link=kafka seconds=5 turns=2 beside=yes`.
//!
//! A turn of ours is a whole run with one producing lane; one of the reference is a thread on the
//! same core that walks the same schedule and only notes how late it looked at the clock: a
//! spinner, or one that sleeps until the same guard before the due time. The order alternates.
//!
//! With `link=kafka` (a broker in `KDYNO_KAFKA`) one more client sends at the same rate in both turns,
//! so that both stand beside a broker and a client at work. What the lane's own client and the
//! broker's work for it take is in ours alone: the difference is what really sending costs.
//!
//! With `beside=yes` both modes take their turns at once, each on its own core, which halves the
//! time. Each then has the other for background, and meets ours and the reference of the other
//! equally often, so differences stay honest; but two busy cores are more load than one, and where
//! they are threads of one physical core absolute figures are worse than alone.

mod background;
mod judge;
mod ours;
mod parameters;
mod reference;

use background::Background;
use engine::measure::Latency;
use engine::time::WaitMode;
use engine::units::{Nanos, Rate};
use kdyno_benches::is_asked;
use parameters::Parameters;

/// What one turn does.
#[derive(Clone, Debug)]
struct Job {
    link: &'static str,
    mode: WaitMode,
    rate: Rate,
    warmup: Nanos,
    measured: Nanos,
    core: usize,
    /// Where everything else of the turn runs: the client's own threads.
    others: Vec<usize>,
}

impl Job {
    /// How many messages are due while it is measured.
    fn due(&self) -> u64 {
        let of = |span: Nanos| span.0 * self.rate.get() / 1_000_000_000;
        of(self.warmup + self.measured) - of(self.warmup)
    }
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Ours,
    Reference,
}

/// What one turn brought.
#[derive(Debug)]
struct Turn {
    delays: Latency,
    /// Part of a core that the thread took, in thousandths; `None` when the system does not say.
    permille: Option<u64>,
}

/// All turns of one mode at one rate.
#[derive(Debug, Default)]
struct Turns {
    ours: Vec<Turn>,
    reference: Vec<Turn>,
}

impl Turns {
    fn add(&mut self, side: Side, turn: Turn) {
        match side {
            Side::Ours => self.ours.push(turn),
            Side::Reference => self.reference.push(turn),
        }
    }
}

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let parameters = Parameters::of_this_run();
    parameters.print();
    for rate in &parameters.rates {
        let blocks: Vec<Vec<Job>> = if parameters.is_beside {
            vec![parameters.modes.iter().map(|mode| parameters.job(*mode, *rate)).collect()]
        } else {
            parameters.modes.iter().map(|mode| vec![parameters.job(*mode, *rate)]).collect()
        };
        for jobs in blocks {
            let background = Background::start(&jobs, &parameters);
            let all = take_turns(&jobs, parameters.turns);
            background.end();
            for (job, turns) in jobs.iter().zip(&all) {
                judge::print(job, turns);
            }
        }
    }
}

/// Ours and the reference in turn, the first of them changing; all jobs of a turn at once. The
/// second job's order changes half as often, so that each side of a job meets both of the other's.
fn take_turns(jobs: &[Job], count: usize) -> Vec<Turns> {
    let mut all: Vec<Turns> = jobs.iter().map(|_| Turns::default()).collect();
    for number in 0..count {
        for half in 0..2 {
            let sides = jobs.iter().enumerate().map(|(place, job)| {
                let is_ours = (half + (number >> place)) % 2 == 0;
                (job, if is_ours { Side::Ours } else { Side::Reference })
            });
            let brought: Vec<(Side, Turn)> = std::thread::scope(|scope| {
                let running: Vec<_> =
                    sides.map(|(job, side)| (side, scope.spawn(move || take(job, side)))).collect();
                let join = |(side, thread): (Side, std::thread::ScopedJoinHandle<'_, Turn>)| {
                    (side, thread.join().expect("a turn does not panic"))
                };
                running.into_iter().map(join).collect()
            });
            for (turns, (side, turn)) in all.iter_mut().zip(brought) {
                turns.add(side, turn);
            }
        }
    }
    all
}

fn take(job: &Job, side: Side) -> Turn {
    let turn = match side {
        Side::Ours => ours::take(job),
        Side::Reference => reference::take(job),
    };
    assert_eq!(turn.delays.count(), job.due(), "{side:?}: each message that is due is sent once");
    turn
}
