//! The client that sends beside both turns where the link is a real broker.

use super::ours::{plan, producing};
use super::parameters::Parameters;
use super::{Job, WaitMode};
use engine::host::machine;
use engine::plan::{ClientCount, Phases, WaitChoice, Warmup, Wishes};
use engine::run::{Event, Hooks};
use engine::units::Nanos;
use kdyno_benches::run;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A run that lasts until it is told to end.
#[derive(Debug)]
pub(crate) struct Background {
    told: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts one sleeping lane with a client of its own at the jobs' rate, on the cores that are
    /// not measured if there are any; nothing for the loopback.
    pub(crate) fn start(jobs: &[Job], parameters: &Parameters) -> Self {
        let told = Arc::new(AtomicBool::new(false));
        if parameters.link == "loopback" {
            return Self { told, thread: None };
        }
        let is_free = |core: &usize| jobs.iter().all(|job| job.core != *core);
        let free: Vec<usize> = machine().ids().into_iter().filter(is_free).collect();
        let cores = (!free.is_empty()).then_some(free);
        let wishes = Wishes {
            io_cores: cores.clone(),
            cores,
            wait: WaitChoice::Fixed(WaitMode::Sleep),
            clients: ClientCount::Shared,
        };
        let phases = Phases { warmup: Warmup::NONE, measured: Nanos::from_secs(24 * 3_600) };
        let plan = plan(producing(parameters.link, jobs[0].rate, phases), &wishes);
        let (link, mut hooks) = (parameters.link, Told(Arc::clone(&told)));
        let thread = std::thread::spawn(move || drop(run(link, plan, &mut hooks)));
        Self { told, thread: Some(thread) }
    }

    /// Ends it and waits until its topic is gone.
    pub(crate) fn end(self) {
        // No data goes with it: the run thread looks at it every few milliseconds.
        self.told.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            thread.join().expect("the background run ends well");
        }
    }
}

struct Told(Arc<AtomicBool>);

impl Hooks for Told {
    fn event(&mut self, _event: &Event<'_>) {}

    fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
