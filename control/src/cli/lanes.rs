//! The flags that say on which threads, cores and clients a run goes.

use clap::{Args, ValueEnum};
use engine::plan::{ClientCount, WaitChoice, Wishes};
use engine::time::{ClockChoice, WaitMode};

/// Threads, cores and clients; decided from machine and workload unless set.
#[derive(Clone, Debug, Args)]
pub struct LaneFlags {
    /// Cores for kdyno's own threads, e.g. 2-7 or 0,2,4-5
    #[arg(long, value_name = "CORES", value_parser = cores)]
    pub cores: Option<Cores>,
    /// Cores for the Kafka clients' threads, e.g. 0-1
    #[arg(long, value_name = "CORES", value_parser = cores)]
    pub io_cores: Option<Cores>,
    /// How threads wait: spin on a core of their own, sleep on a shared one, or always one way
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub wait: Wait,
    /// Kafka clients per role: one per thread, more for very many topics (shared), one per producer and consumer (each), or N
    #[arg(long, value_name = "shared|each|N", default_value = "shared", value_parser = client_count)]
    pub clients: ClientCount,
    /// Clock to read: the kernel's (os) or the processor's counter (tsc) [default: tsc where the
    /// kernel keeps time by it]
    #[arg(long, value_name = "os|tsc", hide_possible_values = true)]
    pub clock: Option<ClockWord>,
}

/// A list of cores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cores(pub Vec<usize>);

/// How threads wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wait {
    /// By the core.
    Auto,
    /// Always spinning.
    Spin,
    /// Always sleeping.
    Sleep,
}

/// Which clock is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockWord {
    /// The operating system's.
    Os,
    /// The processor's time stamp counter.
    Tsc,
}

impl LaneFlags {
    pub(super) fn wishes(&self) -> Wishes {
        let list = |cores: &Option<Cores>| cores.as_ref().map(|cores| cores.0.clone());
        Wishes {
            cores: list(&self.cores),
            io_cores: list(&self.io_cores),
            wait: match self.wait {
                Wait::Auto => WaitChoice::Auto,
                Wait::Spin => WaitChoice::Fixed(WaitMode::Spin),
                Wait::Sleep => WaitChoice::Fixed(WaitMode::Sleep),
            },
            clients: self.clients,
        }
    }

    pub(super) fn clock(&self) -> ClockChoice {
        match self.clock {
            None => ClockChoice::Auto,
            Some(ClockWord::Os) => ClockChoice::Os,
            Some(ClockWord::Tsc) => ClockChoice::Tsc,
        }
    }
}

/// No machine has more cores; a greater number is a slip that would make a long list.
const CORE_MAX: usize = 4_095;

pub(super) fn cores(text: &str) -> Result<Cores, String> {
    let need = "need cores, e.g. 2-7 or 0,2,4-5";
    let number = |digits: &str| {
        let core = digits.trim().parse::<usize>().ok().filter(|core| *core <= CORE_MAX);
        core.ok_or_else(|| format!("{digits:?} is no core from 0 to {CORE_MAX}, {need}"))
    };
    let mut cores = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if last < first {
            return Err(format!("{part:?} runs backwards, {need}"));
        }
        cores.extend(first..=last);
    }
    let mut sorted = cores.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() == cores.len() {
        Ok(Cores(cores))
    } else {
        Err(format!("a core is there twice, {need}"))
    }
}

fn client_count(text: &str) -> Result<ClientCount, String> {
    match text {
        "shared" => Ok(ClientCount::Shared),
        "each" => Ok(ClientCount::Each),
        number => match number.parse::<u32>() {
            Ok(number) if 0 < number => Ok(ClientCount::Number(number)),
            _ => Err("need shared, each or a number above 0".to_owned()),
        },
    }
}
