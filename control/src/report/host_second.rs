//! A second of the host: what the monitor saw while a second of the run went by.

use super::host_figures::{Cpu, Disk, Figures, Memory, Network, Read, lane_share};
use super::spread::Spread;
use crate::monitor::{Observation, Sample};
use engine::units::{NANOS_PER_SECOND, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A second of the host: averages over its samples, null where there was none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HostSecond {
    /// What its processors did.
    #[serde(flatten)]
    pub cpu: Cpu<Option<f64>>,
    /// How busy each core was that lanes use, in the order of `system[0].cpu.lane_cores`.
    pub lane_cpu_cores: Option<Vec<Option<f64>>>,
    /// Its memory.
    #[serde(flatten)]
    pub memory: Memory<Option<f64>>,
    /// Its network.
    #[serde(flatten)]
    pub network: Network<Option<f64>>,
    /// Its disks.
    #[serde(flatten)]
    pub disk: Disk<Option<f64>>,
}

/// The samples of each second of the measured phase and of its drain.
pub(super) struct Seconds<'run> {
    observation: Option<&'run Observation>,
    by_second: BTreeMap<u64, Vec<&'run Sample>>,
}

impl<'run> Seconds<'run> {
    /// By seconds from the start of the measured phase; nothing without it or without a monitor.
    pub(super) fn of(observation: Option<&'run Observation>, measured: Option<Timestamp>) -> Self {
        let mut by_second: BTreeMap<u64, Vec<&Sample>> = BTreeMap::new();
        for sample in observation.into_iter().flat_map(|seen| &seen.samples) {
            if let Some(since) = measured.and_then(|start| sample.stands_for().since(start)) {
                by_second.entry(since.0 / NANOS_PER_SECOND).or_default().push(sample);
            }
        }
        Self { observation, by_second }
    }

    /// One of them.
    pub(super) fn second(&self, second: u32) -> HostSecond {
        let Some((observation, samples)) =
            self.observation.zip(self.by_second.get(&u64::from(second)))
        else {
            return HostSecond::default();
        };
        let Figures { cpu, memory, network, disk } =
            Figures::of(observation, |read| average(samples, read));
        let lane = |index: usize| average(samples, &|sample| lane_share(sample, index));
        let lanes: Vec<Option<f64>> = (0..observation.lane_cores.len()).map(lane).collect();
        let lane_cpu_cores = lanes.iter().any(Option::is_some).then_some(lanes);
        HostSecond { cpu, lane_cpu_cores, memory, network, disk }
    }
}

fn average(samples: &[&Sample], read: &Read<'_>) -> Option<f64> {
    Spread::of(samples.iter().copied().filter_map(read)).map(|spread| spread.avg)
}

#[cfg(test)]
mod tests {
    use super::Seconds;
    use crate::monitor::Sample;
    use crate::report::fixture::Made;
    use engine::units::Nanos;

    #[test]
    fn looks_that_are_longer_or_shorter_than_a_second_count_for_theirs() {
        let made = Made::troubled();
        let start = made.outcome.start.expect("it started").measured;
        let look = |at_ms: u64, span_ms: u64, cpu_ms: u64| {
            let mut sample = made.observation.as_ref().expect("it was watched").samples[0].clone();
            (sample.at, sample.span) =
                (start + Nanos::from_millis(at_ms), Nanos::from_millis(span_ms));
            sample.process_cpu = Nanos::from_millis(cpu_ms);
            sample
        };
        let check = |samples: Vec<Sample>, expected: [Option<f64>; 4]| {
            let mut seen = made.observation.clone().expect("it was watched");
            seen.samples = samples;
            let seconds = Seconds::of(Some(&seen), Some(start));
            let got = [0, 1, 2, 3].map(|second| seconds.second(second).cpu.process_cpu_cores);
            assert_eq!(got, expected, "{:?}", seen.samples);
        };
        check(vec![look(1_010, 1_000, 500)], [Some(0.5), None, None, None]);
        check(vec![look(2_010, 2_000, 500)], [None, Some(0.25), None, None]);
        check(vec![look(510, 500, 100), look(1_010, 500, 200)], [Some(0.3), None, None, None]);
        check(vec![look(400, 1_000, 500)], [None; 4]);
    }
}
