//! The host over the measured phase: processors, memory, network, disks.

use super::host_figures::{Cpu, Disk, Figures, Memory, Network, Read, lane_share};
use super::number::seconds;
use super::report::Inputs;
use super::spread::Spread;
use crate::monitor::{Observation, Sample};
use engine::plan::Plan;
use engine::units::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One entry of the result's hosts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SystemPart {
    /// This host, as its monitor saw it.
    #[serde(skip_deserializing)]
    Seen(Box<System>),
    /// A [`System`] that was written: by a worker, of its host; or in a result that is read back.
    Told(Value),
}

impl SystemPart {
    /// This host, where it was monitored; in a fleet those of the workers, and not the coordinator's.
    pub(super) fn all(inputs: &Inputs<'_>) -> Option<Vec<Self>> {
        let (start, outcome) = (inputs.outcome.start?, inputs.outcome);
        if !outcome.workers.is_empty() {
            let told = inputs.systems.iter().cloned().map(Self::Told);
            return (!inputs.systems.is_empty()).then(|| told.collect());
        }
        let phase = (start.measured, start.end.min(outcome.stopped));
        let own = System::of(inputs.plan, inputs.observation?, phase);
        Some(vec![Self::Seen(Box::new(own))])
    }

    /// The entry as the file has it.
    pub(super) fn json(&self) -> Value {
        serde_json::to_value(self).expect("every key of the format is a string")
    }
}

/// A host over the measured phase. What it did not tell is null.
#[derive(Clone, Debug, Serialize)]
pub struct System {
    /// Its name.
    pub host: Option<String>,
    /// Its logical cores.
    pub cores: usize,
    /// How often it was looked at.
    pub period_s: f64,
    /// How many looks the figures are made of.
    pub samples: usize,
    /// What its processors did.
    pub cpu: HostCpu,
    /// Its memory.
    pub memory: Memory<Option<Spread>>,
    /// Its network.
    pub network: Network<Option<Spread>>,
    /// Its disks.
    pub disk: Disk<Option<Spread>>,
}

/// Processors over the measured phase.
#[derive(Clone, Debug, Serialize)]
pub struct HostCpu {
    /// Of all cores and of this process.
    #[serde(flatten)]
    pub whole: Cpu<Option<Spread>>,
    /// Each core that lanes use, rising.
    pub lane_cores: Vec<LaneCore>,
}

/// A core that lanes use.
#[derive(Clone, Debug, Serialize)]
pub struct LaneCore {
    /// Its number.
    pub core: usize,
    /// The lanes that may run there.
    pub lanes: Vec<String>,
    /// How busy it was, 0 to 1.
    pub cpu_cores: Option<Spread>,
}

impl System {
    /// The host's figures over the samples that stand for moments of a phase.
    #[must_use]
    pub fn of(
        plan: &Plan,
        observation: &Observation,
        (from, until): (Timestamp, Timestamp),
    ) -> Self {
        let is_inside = |sample: &&Sample| (from..until).contains(&sample.stands_for());
        let samples: Vec<&Sample> = observation.samples.iter().filter(is_inside).collect();
        let Figures { cpu, memory, network, disk } =
            Figures::of(observation, |read| spread(&samples, read));
        let lane_core = |(index, core): (usize, &usize)| LaneCore {
            core: *core,
            lanes: lanes_on(plan, *core),
            cpu_cores: spread(&samples, &|sample| lane_share(sample, index)),
        };
        Self {
            host: observation.host.clone(),
            cores: observation.cores,
            period_s: seconds(observation.period),
            samples: samples.len(),
            cpu: HostCpu {
                whole: cpu,
                lane_cores: observation.lane_cores.iter().enumerate().map(lane_core).collect(),
            },
            memory,
            network,
            disk,
        }
    }
}

fn lanes_on(plan: &Plan, core: usize) -> Vec<String> {
    let lanes = plan.lanes.iter().filter(|lane| lane.cores.contains(&core));
    lanes.map(|lane| lane.name.clone()).collect()
}

fn spread(samples: &[&Sample], read: &Read<'_>) -> Option<Spread> {
    Spread::of(samples.iter().copied().filter_map(read))
}

#[cfg(test)]
mod tests {
    use super::System;
    use crate::report::fixture::{self, Made};
    use engine::error::RunError;
    use engine::run::Ending;
    use serde_json::{Value, json};

    /// The report of a made-up run with a monitor, as JSON.
    fn watched(change: impl FnOnce(&mut Made)) -> Value {
        let mut made = Made::troubled();
        change(&mut made);
        serde_json::to_value(fixture::report(&made)).expect("a report is JSON")
    }

    #[test]
    fn figures_are_per_real_time_and_of_the_measured_phase_alone() {
        let report = watched(|_| {});
        let check = |path: &str, expected: Value| {
            assert_eq!(report.pointer(path), Some(&expected), "{path}");
        };
        check("/system/0/host", json!("made-up"));
        check("/system/0/cores", json!(8));
        check("/system/0/period_s", json!(1.0));
        // Eleven looks, the last of which looks back on the drain.
        check("/system/0/samples", json!(10));
        let ten =
            |min: f64, avg: f64, max: f64| json!({"min": min, "avg": avg, "p95": max, "max": max});
        check("/system/0/cpu/cpu_cores", ten(3.2, 3.56, 3.92));
        check("/system/0/cpu/process_cpu_cores", ten(2.0, 2.045, 2.09));
        check("/system/0/cpu/lane_cores/0/core", json!(2));
        check("/system/0/cpu/lane_cores/0/lanes", json!(["produce-0"]));
        check("/system/0/cpu/lane_cores/0/cpu_cores", ten(0.5, 0.5, 0.5));
        check("/system/0/memory/resident_bytes", ten(50e6, 54.5e6, 59e6));
        check("/system/0/network/loopback_sent_bytes_per_second", ten(4e6, 4e6, 4e6));
        check("/system/0/disk/process_disk_written_bytes_per_second", ten(3e5, 3e5, 3e5));
        check("/intervals/0/cpu_cores", json!(3.2));
        check("/intervals/9/cpu_cores", json!(3.92));
        check("/intervals/10/cpu_cores", json!(4.0));
        check("/intervals/0/lane_cpu_cores/0", json!(0.5));
        check("/intervals/3/network_received_bytes_per_second", json!(1e6));
    }

    #[test]
    fn what_the_system_does_not_tell_is_null_and_never_zero() {
        let report = watched(|made| {
            let seen = made.observation.as_mut().expect("it was watched");
            for sample in &mut seen.samples {
                (sample.cpu, sample.disk, sample.process_disk) = (None, None, None);
            }
        });
        for path in [
            "/system/0/cpu/cpu_cores",
            "/system/0/cpu/lane_cores/0/cpu_cores",
            "/system/0/disk/disk_read_bytes_per_second",
            "/system/0/disk/process_disk_written_bytes_per_second",
            "/intervals/0/cpu_cores",
            "/intervals/0/lane_cpu_cores",
            "/intervals/0/disk_written_bytes_per_second",
        ] {
            assert_eq!(report.pointer(path), Some(&Value::Null), "{path}");
        }
        let process = report.pointer("/system/0/cpu/process_cpu_cores/avg");
        assert!(process.is_some_and(Value::is_number), "what is told stays: {process:?}");
    }

    #[test]
    fn without_a_monitor_or_a_start_there_are_no_figures() {
        let off = watched(|made| made.observation = None);
        let failed = watched(|made| {
            made.outcome.start = None;
            made.outcome.ending = Ending::Failed(RunError::Refused("no".to_owned()));
        });
        for report in [off, failed] {
            assert_eq!(report["system"], Value::Null, "no entry");
            for name in ["cpu_cores", "lane_cpu_cores", "resident_bytes"] {
                assert_eq!(report["intervals"][0][name], Value::Null, "{name}");
            }
        }
    }

    #[test]
    fn a_phase_without_any_look_has_no_figures() {
        let made = Made::troubled();
        let start = made.outcome.start.expect("it started").measured;
        let seen = made.observation.as_ref().expect("it was watched");
        let system = System::of(&made.plan, seen, (start, start));
        assert_eq!(system.samples, 0, "an empty phase");
        assert!(system.memory.resident_bytes.is_none(), "{system:?}");
    }
}
