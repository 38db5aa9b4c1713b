//! Made-up runs for the tests of comparisons: each figure varies by itself, second by second.

use super::certainty::mean;
use super::recorded::{
    Block, Engine, Flow, Latencies, Planned, Recorded, Second, Startup, Verdict,
};
use super::synthetic::{Noise, noise};
use super::variant::Variant;
use serde_json::json;

/// How a run is made up.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) seconds: usize,
    pub(super) noise: Noise,
    pub(super) seed: u64,
    /// By which part of itself a second's throughput varies; latencies vary by multiples of that.
    pub(super) spread: f64,
    /// Throughput, as a multiple of 20,000 a second.
    pub(super) throughput: f64,
    /// Latency, as a multiple of 2 ms at the median.
    pub(super) latency: f64,
}

impl Made {
    /// Half a minute of independent seconds that vary by 2 %.
    pub(super) fn plain(id: &str) -> Self {
        let seed = id.bytes().fold(0, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_003);
        let (noise, spread) = (Noise::Independent, 0.02);
        Self { id: id.to_owned(), seconds: 30, noise, seed, spread, throughput: 1.0, latency: 1.0 }
    }

    /// Some figure's seconds, around 1: a count by the noise itself, a span by its logarithm.
    fn trace(&self, number: u64) -> Vec<f64> {
        noise(self.noise, self.seconds, self.seed * 64 + number)
    }

    fn counts(&self, number: u64) -> Vec<f64> {
        let count = |noise: f64| 20_000.0 * self.throughput * (1.0 + self.spread * noise).max(0.0);
        self.trace(number).into_iter().map(count).collect()
    }

    fn spans(&self, number: u64, (middle, times): (f64, f64)) -> Vec<f64> {
        let span = |noise: f64| middle * self.latency * (times * self.spread * noise).exp();
        self.trace(number).into_iter().map(span).collect()
    }
}

/// The run, with two seconds of a drain.
pub(super) fn made(of: &Made) -> Recorded {
    let (acked, consumed) = (of.counts(0), of.counts(1));

    let (publish, reading) = (latency(of, 2), latency(of, 5));
    let cost = of.spans(8, (1.2 / of.latency, 1.0));
    let mut intervals: Vec<Second> = (0_u32..)
        .zip(0..of.seconds)
        .map(|(t_s, at)| Second {
            t_s,
            acked: acked[at],
            consumed: consumed[at],
            publish_p50_us: Some(publish[0][at]),
            publish_p99_us: Some(publish[1][at]),
            publish_max_us: Some(publish[2][at]),
            end_to_end_p50_us: Some(reading[0][at]),
            end_to_end_p99_us: Some(reading[1][at]),
            end_to_end_max_us: Some(reading[2][at]),
            process_cpu_cores: Some(cost[at] * (acked[at] + consumed[at]) / 1e6),
            ..Second::default()
        })
        .collect();
    for t_s in (0_u32..).skip(of.seconds).take(2) {
        intervals.push(Second { t_s, consumed: 7.0, ..Second::default() });
    }
    let whole = super::number(of.seconds);
    let flow =
        |trace: &[f64]| Flow { duration_s: Some(whole), messages_per_second: Some(mean(trace)) };
    Recorded {
        path: format!("results/{}/result.json", of.id).into(),
        stream: None,
        test_id: of.id.clone(),
        test_name: "made".to_owned(),
        kdyno_version: "0.1.0".to_owned(),
        started_at: "2026-01-01T00:00:00.000000Z".to_owned(),
        verdict: Verdict { valid: true, limited_by: "nothing".to_owned(), exit_code: 0 },
        workload: json!({"name": "made", "messageSize": 100}),
        driver: json!({"name": "kafka", "file": null, "properties": [
            {"role": "producer", "name": "linger.ms", "value": "5", "origin": "driver file"}]}),
        plan: Planned { measured_s: whole },
        produced: flow(&acked),
        acked: flow(&acked),
        consumed: flow(&consumed),
        startup: Some(Startup { steady_s: Some(-5) }),
        latency: Latencies {
            publish: Some(block(&publish)),
            end_to_end: Some(block(&reading)),
            ..Latencies::default()
        },
        engine: Engine { cpu_seconds_per_million_messages: Some(typically(&cost)) },
        environment: json!({"cpu": "Made Up 9000", "cores": 2, "kernel": "6.1"}),
        warmup: Some(json!({"messages": 100_000})),
        search: None,
        intervals,
    }
}

/// The same as a closed loop: nothing is due, and what began there begins at the send.
pub(super) fn closed(mut run: Recorded) -> Recorded {
    run.latency.service = run.latency.publish.take();
    run.latency.transit = run.latency.end_to_end.take();
    for of in &mut run.intervals {
        for (sent, due) in [
            (&mut of.service_p50_us, &mut of.publish_p50_us),
            (&mut of.service_p99_us, &mut of.publish_p99_us),
            (&mut of.service_max_us, &mut of.publish_max_us),
            (&mut of.transit_p50_us, &mut of.end_to_end_p50_us),
            (&mut of.transit_p99_us, &mut of.end_to_end_p99_us),
            (&mut of.transit_max_us, &mut of.end_to_end_max_us),
        ] {
            *sent = due.take();
        }
    }
    run
}

/// Variants of runs, by their names.
pub(super) fn variants(runs: &[&[Made]]) -> Vec<Variant> {
    runs.iter()
        .enumerate()
        .map(|(at, group)| Variant::new(at, group.iter().map(made).collect()))
        .collect()
}

/// The run's own percentiles: as if each second had as many messages.
fn block([p50, p99, max]: &[Vec<f64>; 3]) -> Block {
    let between = |one: &[f64], other: &[f64]| (typically(one) * typically(other)).sqrt();
    Block {
        p50_us: Some(typically(p50)),
        p95_us: Some(between(p50, p99)),
        p99_us: Some(typically(p99)),
        p99_9_us: Some(between(p99, max)),
        max_us: max.iter().copied().reduce(f64::max),
    }
}

fn typically(trace: &[f64]) -> f64 {
    let logs: Vec<f64> = trace.iter().map(|value| value.ln()).collect();
    mean(&logs).exp()
}

/// Median, 99th percentile and maximum of each second.
fn latency(of: &Made, first: u64) -> [Vec<f64>; 3] {
    let kinds = [(0, (2_000.0, 2.5)), (1, (9_000.0, 7.0)), (2, (30_000.0, 20.0))];
    kinds.map(|(number, kind)| of.spans(first + number, kind))
}
