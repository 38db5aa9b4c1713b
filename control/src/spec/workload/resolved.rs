//! A workload as reports show it: every field, defaults included, in the form that can be read
//! again.

use engine::time::Arrival;
use serde_json::{Map, Value, json};

use super::read_only::is_of_reading;
use super::sizes::Bucket;
use super::{
    BacklogSize, BacklogWish, CommitWish, Payload, Records, SearchWish, Speed, StampWish,
    TransactionWish, VERIFICATIONS, Workload, churn, keys, phases, streams,
};

impl Workload {
    /// The fields with their values, in the order of the field table.
    pub(crate) fn resolved(&self) -> Map<String, Value> {
        if self.streams.is_empty() {
            return self.resolve_stream();
        }
        let stream = |(name, stream): &(String, Self)| (name.clone(), stream.resolve_stream());
        let streams: Vec<_> = self.streams.iter().map(stream).collect();
        streams::shown(&streams)
    }

    fn resolve_stream(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        put("name", json!(self.name));
        if self.topics.is_empty() {
            put("topics", json!(self.shape.topics));
        } else {
            put("existingTopicList", json!(self.topics));
        }
        if 0 < self.shape.partitions {
            put("partitionsPerTopic", json!(self.shape.partitions));
        }
        self.resolve_body(&mut put);
        put(
            "stamp",
            json!(match self.body.stamp {
                StampWish::Body => "body",
                StampWish::Header => "header",
            }),
        );
        let mut words = VERIFICATIONS.iter().filter(|(_, of)| *of == self.verification);
        put("verification", json!(words.next().map(|(word, _)| word)));
        put("hiccups", json!(self.hiccups));
        keys::shown(self.keys.as_ref()).into_iter().for_each(|(name, value)| put(name, value));
        self.resolve_records(&mut put);
        put("producersPerTopic", json!(self.shape.producers));
        self.resolve_pace(&mut put);
        put("subscriptionsPerTopic", json!(self.shape.subscriptions));
        put("consumerPerSubscription", json!(self.shape.consumers));
        match self.commit {
            Some(CommitWish::Every(span)) => put("offsetCommitInterval", json!(span.to_string())),
            Some(CommitWish::Never) => put("offsetCommitInterval", json!("none")),
            None => {}
        }
        for (name, value) in self.churn.iter().flat_map(churn::shown) {
            put(name, value);
        }
        for (name, value) in self.transactions.iter().flat_map(TransactionWish::shown) {
            put(name, value);
        }
        put("testDuration", json!(self.measured.to_string()));
        put("warmupDuration", json!(phases::show(self.warmup)));
        self.resolve_backlog(&mut put);
        if self.shape.is_read_only() {
            fields.retain(|name, _| is_of_reading(name));
        }
        fields
    }

    fn resolve_body(&self, put: &mut impl FnMut(&str, Value)) {
        if !matches!(self.body.payload, Payload::Sizes(_)) {
            put("messageSize", json!(self.body.size.0));
        }
        match &self.body.payload {
            Payload::File(path) | Payload::Folder(path) => {
                put("payloadFile", json!(path.display().to_string()));
            }
            Payload::Random { ratio, pool } => {
                put("useRandomizedPayloads", json!(true));
                put("randomBytesRatio", json!(ratio));
                put("randomizedPayloadPoolSize", json!(pool));
            }
            Payload::Sizes(sizes) => {
                put("useRandomizedPayloads", json!(true));
                put("randomBytesRatio", json!(sizes.ratio));
                let weight = |of: &Bucket| (of.range.clone(), json!(of.weight));
                let weights: Map<String, Value> = sizes.buckets.iter().map(weight).collect();
                put("messageSizeDistribution", Value::Object(weights));
            }
            Payload::Compressible(ratio) => put("compressibility", json!(ratio)),
            Payload::Template(text) => put("payloadTemplate", json!(text)),
        }
    }

    fn resolve_records(&self, put: &mut impl FnMut(&str, Value)) {
        let Records { sensors, key, headers, recipe: _ } = &self.records;
        if 0 < *sensors {
            put("sensors", json!(sensors));
        }
        if let Some(key) = key {
            put("key", json!(key));
        }
        if !headers.is_empty() {
            let header = |(name, text): &(String, String)| (name.clone(), json!(text));
            put("headers", Value::Object(headers.iter().map(header).collect()));
        }
    }

    fn resolve_pace(&self, put: &mut impl FnMut(&str, Value)) {
        let rate = match &self.speed {
            Speed::At(rate) => json!(rate.get()),
            Speed::Shaped(shape) => json!(shape.to_string()),
            Speed::Replay(recording) => json!(recording.to_string()),
            Speed::Max => json!("max"),
            Speed::Search => json!(0),
        };
        put("producerRate", rate);
        for (name, value) in self.search.iter().flat_map(SearchWish::shown) {
            put(name, value);
        }
        match self.arrival {
            Arrival::Regular => put("arrival", json!("regular")),
            Arrival::Poisson { seed } => {
                put("arrival", json!("poisson"));
                put("seed", json!(seed));
            }
        }
    }

    fn resolve_backlog(&self, put: &mut impl FnMut(&str, Value)) {
        let Some(BacklogWish { size, ratio, plan }) = self.backlog else { return };
        let size = match size {
            BacklogSize::Bytes(bytes) => bytes.to_string(),
            BacklogSize::Production(time) => time.to_string(),
        };
        put("consumerBacklog", json!(size));
        put("backlogDrainRatio", json!(ratio));
        let rate = plan.drain_rate.map_or(json!(-1), |rate| json!(rate.get()));
        put("drainProducerRate", rate);
        put("backlogBuildTimeout", json!(plan.build_within.to_string()));
        put("backlogDrainTimeout", json!(plan.drain_within.to_string()));
    }
}
