//! `kdyno ceiling`: what this host's engine can do by itself, kept for later runs to be set against.
//!
//! Against a null sink it is the engine alone that is measured: the schedule, the stamps, the recording
//! of what was sent and acked. No client and no broker has a part in it, so no run on this host is
//! faster, and a run on a cluster pays for librdkafka besides. Against the embedded broker it is the
//! engine, librdkafka and a mock of a broker in one process: what a run without a cluster can reach,
//! and nothing about a cluster. Reading is not measured.

mod document;
mod drive;
#[cfg(test)]
mod fixture;
mod kept;
mod measure;
mod probe;
mod rows;
mod sharing;
mod steps;
mod text;

pub(crate) use kept::Kept;

use crate::cli::{CeilingFlags, Format};
use crate::host::{ALLOCATOR, Environment, host_name};
use crate::interrupt::Interrupt;
use crate::report::{rfc3339, seconds};
use crate::spec::{DriverSource, RESULTS_DIR, target};
use document::{Ceiling, Host, SCHEMA};
use drive::Stage;
use engine::lane::settle_on;
use engine::measure::constants::exit;
use engine::plan::{CoreList, Machine};
use engine::time::{Clock, ClockChoice, ClockSource, KERNEL_CLOCK_SOURCE, RunClock};
use std::io::Write;
use std::path::{Path, PathBuf};

/// How this binary was compiled: figures of a debug build say nothing about a release build.
const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

/// Measures, keeps what is whole, and tells. Returns the exit code.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn run(
    flags: &CeilingFlags,
    (environment, interrupt): (&Environment, &Interrupt),
    out: &mut dyn Write,
) -> std::io::Result<u8> {
    let stage = match stage(flags, interrupt) {
        Ok(stage) => stage,
        Err(words) => {
            tracing::error!("{words}");
            return Ok(exit::USAGE);
        }
    };
    let took = steps::estimate(stage.machine.cores.len(), flags.message_size, flags.duration);
    tracing::info!(
        "ceiling on cores {} with messages of {}, steps of {}: takes about {:.0} s",
        CoreList(&stage.machine.ids()),
        flags.message_size,
        flags.duration,
        took.as_secs_f64()
    );
    let mut document = blank(&stage, flags, environment);
    let begun = stage.clock.now();
    let ended = measure::measure(&stage, &mut document, flags.duration);
    document.took_s = seconds(begun.until(stage.clock.now()));
    let (code, kept) = match ended {
        Err(measure::Interrupted) => (exit::INTERRUPTED, Err("interrupted".to_owned())),
        Ok(()) if !document.complete => (exit::FAILED, Err("a step failed".to_owned())),
        Ok(()) => keep(&document, flags),
    };
    match flags.output.format {
        Format::Text => out.write_all(text::text(&document, &kept).as_bytes())?,
        Format::Json => out.write_all(&json(&document))?,
    }
    Ok(code)
}

/// Saves a whole ceiling; in words why it was not.
fn keep(document: &Ceiling, flags: &CeilingFlags) -> (u8, Result<PathBuf, String>) {
    let results = flags.output.output.as_deref().unwrap_or_else(|| Path::new(RESULTS_DIR));
    match kept::save(document, results) {
        Ok(path) => (exit::VALID, Ok(path)),
        Err(error) => {
            tracing::error!("the ceiling could not be saved: {}: {error}", results.display());
            (exit::FAILED, Err(error.to_string()))
        }
    }
}

/// The document as indented JSON with a line end.
fn json(document: &Ceiling) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec_pretty(document).expect("every key of the format is a string");
    bytes.push(b'\n');
    bytes
}

/// Where the steps will run; in words what of the wishes cannot be.
fn stage<'run>(flags: &CeilingFlags, interrupt: &'run Interrupt) -> Result<Stage<'run>, String> {
    let all = engine::host::machine();
    let machine = match &flags.cores {
        None => all,
        Some(wish) => {
            let machine = only(&all, &wish.0)?;
            // The embedded broker's thread inherits the cores of the thread that starts it: this one.
            settle_on(&machine.ids());
            machine
        }
    };
    let source = ClockSource::choose(ClockChoice::Auto, Path::new(KERNEL_CLOCK_SOURCE));
    let clock = RunClock::anchored(source.map_err(|error| error.0)?);
    let clients = target(&DriverSource::default()).map_err(|faults| faults.to_string())?;
    Ok(Stage { machine, clock, clients: clients.settings, interrupt })
}

/// The machine as far as it is to be used.
fn only(all: &Machine, wish: &[usize]) -> Result<Machine, String> {
    if let Some(missing) = wish.iter().find(|id| !all.ids().contains(id)) {
        return Err(format!("--cores: got core {missing}, this process may use {:?}", all.ids()));
    }
    let cores = all.cores.iter().filter(|core| wish.contains(&core.id)).copied().collect();
    Ok(Machine { cores, quota: all.quota })
}

/// The document before anything was measured.
fn blank(stage: &Stage<'_>, flags: &CeilingFlags, environment: &Environment) -> Ceiling {
    Ceiling {
        schema: SCHEMA.to_owned(),
        kdyno_version: env!("CARGO_PKG_VERSION").to_owned(),
        build: BUILD.to_owned(),
        complete: false,
        measured_at: rfc3339(stage.clock.now()),
        took_s: 0.0,
        host: Host {
            name: host_name(),
            cpu: environment.cpu.clone(),
            cores: environment.cores,
            measured_cores: stage.machine.ids(),
            quota_cores: environment.quota_cores,
            kernel: environment.kernel.clone(),
        },
        clock: stage.clock.source().word().to_owned(),
        allocator: ALLOCATOR.to_owned(),
        librdkafka: environment.librdkafka.clone(),
        step_s: seconds(flags.duration),
        message_size: flags.message_size.0,
        timer: None,
        hiccups: None,
        copy_bytes_per_second: None,
        throughput: Vec::new(),
        pacing: Vec::new(),
        remarks: Vec::new(),
        failures: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::only;
    use engine::plan::Machine;
    use engine::units::Millicores;

    #[test]
    fn only_wished_cores_are_measured_and_they_must_be_there() {
        let all = Machine { quota: Some(Millicores(1_500)), ..Machine::of_cores(0..4) };
        let some = only(&all, &[3, 1]).expect("both are there");
        assert_eq!((some.ids(), some.quota), (vec![1, 3], all.quota), "rising, the quota stays");
        let refused = only(&all, &[1, 9]).expect_err("there is no core 9");
        assert_eq!(refused, "--cores: got core 9, this process may use [0, 1, 2, 3]");
    }
}
