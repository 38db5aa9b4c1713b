//! Whose records messages are, and the texts of their keys, headers and bodies.

use engine::message::{HEADERS_MAX, Recipe, Scale, Stamp, Template};
use serde_yaml::Value;

use super::body::{Body, Payload, StampWish, TEMPLATE};
use super::sizes;
use super::{KeyWish, Shape};
use crate::spec::fault::Ledger;
use crate::spec::given::Givens;
use crate::spec::scalar::{self, Whole};

/// Bytes of a message's key and of its headers' names and values: clients are told of no more than
/// 1 KiB beside a body.
const LABEL_BYTES_MAX: usize = 768;
/// The header in which kdyno's stamp travels.
const STAMP_HEADER: &str = "kdyno";

/// What messages are beside the bytes of their bodies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    /// Sensors that take turns; 0 for none.
    pub sensors: u64,
    /// The text of keys.
    pub key: Option<String>,
    /// Names and texts of headers.
    pub headers: Vec<(String, String)>,
    /// What the plan makes of it.
    pub recipe: Recipe,
}

/// Reads sensors, key, headers and the body's text, or notes what is wrong with them.
pub(super) fn read(
    givens: &Givens,
    (shape, body): (Option<Shape>, Option<&Body>),
    keys: Option<&KeyWish>,
    ledger: &mut Ledger,
) -> Records {
    let counts = Whole { min: 1, max: 1_000_000_000, example: 10_000 };
    let sensors = givens.read("sensors", ledger, |value| counts.parse(value)).unwrap_or(0);
    let producers = shape.map_or(1, |shape| u64::from(shape.topics) * u64::from(shape.producers));
    let scale = Scale { sensors, producers };
    let (key, key_template) = givens.read("key", ledger, |value| text(value, &scale)).unzip();
    let pairs = givens.read("headers", ledger, |value| headers(value, &scale)).unwrap_or_default();
    let (headers, header_templates): (Vec<_>, Vec<_>) =
        pairs.into_iter().map(Header::apart).unzip();
    let recipe = Recipe {
        sensors,
        key: key_template,
        headers: header_templates,
        body: template(givens, body, &scale, ledger),
        weights: body.map(Body::weights).unwrap_or_default(),
    };
    if recipe.key.is_some() && keys.is_some() {
        let problem = "makes keys, and so does keyDistributor: keep one of them";
        ledger.fault(givens.fault("key", problem));
    }
    let bytes = keys.map_or(0, KeyWish::longest) + recipe.label_bytes();
    let is_shrunk = body.is_some_and(|body| matches!(body.payload, Payload::Compressible(_)));
    if is_shrunk && 0 < bytes {
        let text = "compressibility: is that of bodies: keys and headers are in the batches too, so that these \
                    shrink otherwise, the more the smaller bodies are";
        ledger.remark("compressibility_of_bodies", text);
    }
    if LABEL_BYTES_MAX < bytes {
        let field = if recipe.headers.is_empty() { "key" } else { "headers" };
        let problem = format!(
            "got {bytes} bytes of key and headers, names included, need at most {LABEL_BYTES_MAX}"
        );
        ledger.fault(givens.fault(field, problem));
    }
    remark_on_sensors(givens, &recipe, producers, ledger);
    Records { sensors, key, headers, recipe }
}

/// A header as written and as it is filled.
#[derive(Debug)]
struct Header {
    name: String,
    text: String,
    template: Template,
}

impl Header {
    fn apart(self) -> ((String, String), (String, Template)) {
        ((self.name.clone(), self.text), (self.name, self.template))
    }
}

fn text(value: &Value, scale: &Scale) -> Result<(String, Template), String> {
    let text = scalar::word(value)?;
    let template = Template::parse(&text, scale)?;
    Ok((text, template))
}

fn headers(value: &Value, scale: &Scale) -> Result<Vec<Header>, String> {
    let map = sizes::map(value, "{source: kdyno, sent: \"{{timestamp_ms}}\"}")?;
    if HEADERS_MAX < map.len() {
        return Err(format!("got {} of them, need at most {HEADERS_MAX}", map.len()));
    }
    let header = |(name, content): (&Value, &Value)| {
        let name = scalar::word(name)?;
        if name.is_empty() || name == STAMP_HEADER {
            return Err(format!(
                "got the name \"{name}\", need another: it is kdyno's own, or none"
            ));
        }
        let (text, template) =
            text(content, scale).map_err(|problem| format!("{name}: {problem}"))?;
        Ok(Header { name, text, template })
    };
    map.iter().map(header).collect()
}

/// The text of bodies; it must fit beside the stamp, and is followed by blanks.
fn template(
    givens: &Givens,
    body: Option<&Body>,
    scale: &Scale,
    ledger: &mut Ledger,
) -> Option<Template> {
    let body = body?;
    let Payload::Template(text) = &body.payload else { return None };
    let parsed = Template::parse(text, scale);
    let template = ledger.take(parsed.map_err(|problem| givens.fault(TEMPLATE, problem)))?;
    let stamp = match body.stamp {
        StampWish::Body => Stamp::SIZE,
        StampWish::Header => 0,
    };
    let needed = u64::try_from(stamp + template.text().len()).expect("a text fits in 64 bits");
    if body.size.0 < needed {
        let beside = match body.stamp {
            StampWish::Body => " with the stamp at its head",
            StampWish::Header => "",
        };
        let size = body.size.0;
        let problem =
            format!("takes {needed} bytes{beside}, and messageSize is {size}: need as many");
        ledger.fault(givens.fault(TEMPLATE, problem));
    }
    Some(template)
}

/// What the user should know of sensors that nobody sees, or whose order nobody can tell.
fn remark_on_sensors(givens: &Givens, recipe: &Recipe, producers: u64, ledger: &mut Ledger) {
    if recipe.sensors == 0 {
        return;
    }
    let has_own_key = recipe.key.as_ref().is_some_and(Template::names_sensor);
    let mut texts = recipe.headers.iter().map(|(_, text)| text).chain(&recipe.body);
    if !has_own_key && !texts.any(Template::names_sensor) {
        let problem = "has no effect: neither key, headers nor payloadTemplate holds {{sensor}}";
        ledger.remark("field_without_effect", givens.fault("sensors", problem).to_string());
    } else if !has_own_key {
        let problem = "have no key of their own, so their records may come to lie on any partition: \
                       give key, e.g. \"{{sensor}}\"";
        ledger.remark("sensor_order_unverified", givens.fault("sensors", problem).to_string());
    } else if !recipe.sensors.is_multiple_of(producers.max(1)) {
        let problem = format!(
            "are {}, no multiple of the {producers} producers, so a sensor's records come from \
             several of them and their order is not verified",
            recipe.sensors
        );
        ledger.remark("sensor_order_unverified", givens.fault("sensors", problem).to_string());
    }
}
