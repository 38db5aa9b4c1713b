//! The document: OMB's 62 keys in OMB's order, a line for each.

use super::figures::{ENDS, Figures, Unit};
use super::periods::Period;
use super::quantiles::quantiles;
use crate::report::Report;
use crate::report::latency::Block;
use crate::report::number::per_second;
use serde_json::{Map, Value};

/// The report as OMB's result.
///
/// OMB's publish latency is the service time (acked − sent), its publish delay the send delay (sent − due,
/// 0 in a closed loop), its end-to-end latency the transit (received − sent). Rates and latencies of periods
/// are of what happened in each; the aggregated ones are of everything that was due in the measured phase.
#[must_use]
pub fn omb(report: &Report) -> Vec<u8> {
    let nothing = [Period::default()];
    let periods = if report.periods.is_empty() { &nothing[..] } else { &report.periods[..] };
    let [publish, delay, end_to_end] = latencies(report);
    let mut document = head(report);
    put_counts(periods, &mut document);
    publish.put_periods(periods, &mut document);
    delay.put_periods(periods, &mut document);
    publish.put_whole(&mut document);
    delay.put_whole(&mut document);
    publish.put_quantiles(&mut document);
    delay.put_quantiles(&mut document);
    end_to_end.put_periods(periods, &mut document);
    end_to_end.put_quantiles(&mut document);
    end_to_end.put_whole(&mut document);
    written(&document)
}

/// A latency as OMB has it.
struct Told<'report> {
    /// How the keys of its periods begin.
    each: &'static str,
    /// How those of the whole phase begin.
    whole: &'static str,
    unit: Unit,
    /// What the report says of it; `None` where it does not exist.
    block: Option<&'report Block>,
    /// Where it is in a period.
    of: fn(&Period) -> &Figures,
}

fn latencies(report: &Report) -> [Told<'_>; 3] {
    let latency = &report.latency;
    [
        Told {
            each: "publishLatency",
            whole: "aggregatedPublishLatency",
            unit: Unit::Millis,
            block: latency.service.as_ref(),
            of: |period| &period.service,
        },
        Told {
            each: "publishDelayLatency",
            whole: "aggregatedPublishDelayLatency",
            unit: Unit::Micros,
            block: latency.send_delay.as_ref(),
            of: |period| &period.send_delay,
        },
        Told {
            each: "endToEndLatency",
            whole: "aggregatedEndToEndLatency",
            unit: Unit::Millis,
            block: latency.transit.as_ref(),
            of: |period| &period.transit,
        },
    ]
}

impl Told<'_> {
    fn put_periods(&self, periods: &[Period], document: &mut Map<String, Value>) {
        for (at, end) in ENDS.iter().enumerate() {
            let figure = |period: &Period| self.unit.figure((self.of)(period), at);
            let key = format!("{}{end}", self.each);
            document.insert(key, periods.iter().map(figure).collect());
        }
    }

    fn put_whole(&self, document: &mut Map<String, Value>) {
        let figures = Figures::of_block(self.block);
        for (at, end) in ENDS.iter().enumerate() {
            document.insert(format!("{}{end}", self.whole), self.unit.figure(&figures, at));
        }
    }

    fn put_quantiles(&self, document: &mut Map<String, Value>) {
        let map = quantiles(self.block, self.unit);
        document.insert(format!("{}Quantiles", self.whole), Value::Object(map));
    }
}

/// What was run: as the workload says, and as the plan found it where the workload leaves that to topics
/// which were there before.
fn head(report: &Report) -> Map<String, Value> {
    let plan = &report.plan;
    let topics = u64::try_from(plan.topics).expect("topics are counted in 64 bits").max(1);
    let sent = &report.produced;
    // Several streams have bodies of several sizes: on average.
    let message_size = match &plan.streams[..] {
        [only] => only.message_size,
        _ => sent.bytes.checked_div(sent.messages).unwrap_or(0),
    };
    let consumers = plan
        .groups
        .first()
        .map_or(0, |group| group.logical / u64::try_from(group.topics).expect("as above").max(1));
    let asked =
        |field: &str, found: u64| Value::from(report.workload[field].as_u64().unwrap_or(found));
    let fields = [
        ("workload", Value::from(report.test_name.as_str())),
        ("driver", Value::from(report.driver["name"].as_str().unwrap_or_default())),
        ("messageSize", asked("messageSize", message_size)),
        ("topics", asked("topics", topics)),
        ("partitions", asked("partitionsPerTopic", plan.partitions / topics)),
        ("producersPerTopic", asked("producersPerTopic", plan.producers / topics)),
        ("consumersPerTopic", asked("consumerPerSubscription", consumers)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn put_counts(periods: &[Period], document: &mut Map<String, Value>) {
    let rates = |count: fn(&Period) -> u64| -> Value {
        // No time, no rate: OMB's word for it is 0.
        let rate = |period: &Period| per_second(count(period), period.length).unwrap_or_default();
        periods.iter().map(rate).collect()
    };
    let backlog = periods.iter().map(|period| period.backlog).collect();
    let fields = [
        ("publishRate", rates(|period| period.acked)),
        ("publishErrorRate", rates(|period| period.failed)),
        ("consumeRate", rates(|period| period.received)),
        ("backlog", backlog),
    ];
    document.extend(fields.map(|(key, value)| (key.to_owned(), value)));
}

/// A line for each key, as OMB writes it: what has a thousand entries is on one line.
fn written(document: &Map<String, Value>) -> Vec<u8> {
    let line = |(key, value): (&String, &Value)| format!("  \"{key}\": {value}");
    let lines: Vec<String> = document.iter().map(line).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n")).into_bytes()
}
