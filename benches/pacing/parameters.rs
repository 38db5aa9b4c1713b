//! What is measured, from the command line.

use super::Job;
use engine::host::machine;
use engine::time::WaitMode;
use engine::units::{Nanos, Rate};
use kdyno_benches::{Size, parameters, run_clock};

/// What is measured.
#[derive(Debug)]
pub(crate) struct Parameters {
    pub(crate) link: &'static str,
    pub(crate) rates: Vec<Rate>,
    pub(crate) modes: Vec<WaitMode>,
    pub(crate) turns: usize,
    pub(crate) warmup: Nanos,
    pub(crate) measured: Nanos,
    /// Whether all modes run at once, each on a core of its own.
    pub(crate) is_beside: bool,
}

impl Parameters {
    /// The size's own, changed by what the command line says.
    ///
    /// # Panics
    /// When a parameter is unknown or its value is none.
    pub(crate) fn of_this_run() -> Self {
        let size = Size::of_this_run();
        let rates = if size == Size::Full { "1000,10000,100000" } else { "1000" };
        let mut chosen = Self {
            link: "loopback",
            rates: list(rates, rate),
            modes: vec![WaitMode::Spin, WaitMode::Sleep],
            turns: usize::try_from(size.choose(1, 5)).expect("a small number"),
            warmup: Nanos::from_millis(size.choose(20, 1_000)),
            measured: Nanos::from_millis(size.choose(100, 60_000)),
            is_beside: false,
        };
        for (name, value) in parameters() {
            chosen.set(&name, &value);
        }
        assert!(
            !chosen.is_beside || chosen.modes.len() <= machine().ids().len(),
            "beside: each mode needs a core of its own"
        );
        chosen
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "link" => self.link = link(value),
            "rates" => self.rates = list(value, rate),
            "modes" => self.modes = list(value, mode),
            "turns" => self.turns = value.parse().expect("turns: need a number"),
            "seconds" => {
                self.measured = Nanos::from_secs(value.parse().expect("seconds: need a number"));
            }
            "beside" => self.is_beside = value == "yes",
            _ => panic!(
                "{name}: got {value:?}, known are link, rates, modes, turns, seconds and beside"
            ),
        }
    }

    /// A turn in this mode at this rate: on the last core, or, beside another mode, on one's own.
    pub(crate) fn job(&self, mode: WaitMode, rate: Rate) -> Job {
        let cores = machine().ids();
        let place = self.modes.iter().position(|other| *other == mode).unwrap_or(0);
        let from_the_end = if self.is_beside { place } else { 0 };
        let core = cores[cores.len() - 1 - from_the_end];
        let others: Vec<usize> = cores.iter().copied().filter(|other| *other != core).collect();
        Job {
            link: self.link,
            mode,
            rate,
            warmup: self.warmup,
            measured: self.measured,
            core,
            others: if others.is_empty() { cores } else { others },
        }
    }

    #[expect(clippy::print_stdout, reason = "figures need what they were measured with")]
    pub(crate) fn print(&self) {
        println!(
            "pacing: link {}, turns {} of {} after {} of warm-up, {} cores, clock {}, {}",
            self.link,
            self.turns,
            self.measured,
            self.warmup,
            machine().cores.len(),
            run_clock().source().word(),
            if self.is_beside {
                "all modes at once on cores of their own: each is the other's background"
            } else {
                "one mode after the other on the last core"
            },
        );
    }
}

fn link(word: &str) -> &'static str {
    match word {
        "loopback" => "loopback",
        "kafka" => "kafka",
        other => panic!("link: got {other:?}, known are loopback and kafka"),
    }
}

fn list<T>(text: &str, of: impl Fn(&str) -> T) -> Vec<T> {
    text.split(',').map(of).collect()
}

fn rate(word: &str) -> Rate {
    let number = word.parse().expect("rates: need messages per second, e.g. 1000,10000");
    Rate::per_second(number).expect("rates: need one above zero")
}

fn mode(word: &str) -> WaitMode {
    match word {
        "spin" => WaitMode::Spin,
        "sleep" => WaitMode::Sleep,
        other => panic!("modes: got {other:?}, known are spin and sleep"),
    }
}
