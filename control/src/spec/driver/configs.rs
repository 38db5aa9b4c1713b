//! The properties of a driver's clients and topics, gathered from blocks of text, maps and flags.

use engine::kafka::properties::{Entry, Layer, Origin, Role, Scope};
use serde_yaml::Value;

use crate::spec::assignments::Assignments;
use crate::spec::fault::{Fault, Ledger};
use crate::spec::files::Files;
use crate::spec::given::{Given, Givens};
use crate::spec::{properties_text, scalar, scan};

/// One of the four blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Config {
    /// `commonConfig`: all clients.
    Common,
    /// `producerConfig`.
    Producer,
    /// `consumerConfig`.
    Consumer,
    /// `topicConfig`.
    Topic,
}

impl Config {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Common, Self::Producer, Self::Consumer, Self::Topic];

    /// The field's name.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Common => "commonConfig",
            Self::Producer => "producerConfig",
            Self::Consumer => "consumerConfig",
            Self::Topic => "topicConfig",
        }
    }
}

/// A property of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The block.
    pub config: Config,
    /// The property.
    pub entry: Entry,
    /// Who wrote it.
    pub origin: Origin,
}

/// Everything that was written, in order.
#[derive(Clone, Debug, Default)]
pub struct Configs {
    /// Those of the file first.
    pub entries: Vec<ConfigEntry>,
}

impl Configs {
    /// Reads the four blocks and adds what flags say.
    pub fn read(
        givens: &Givens,
        flags: &Assignments,
        servers: Option<&str>,
        files: &Files,
        ledger: &mut Ledger,
    ) -> Self {
        let mut configs = Self::default();
        for config in Config::ALL {
            let Some(given) = givens.get(config.field()) else { continue };
            for entry in block(given, files, ledger) {
                configs.entries.push(ConfigEntry { config, entry, origin: Origin::File });
            }
        }
        configs.remark_repeats(ledger);
        let flag = |config, entry| ConfigEntry { config, entry, origin: Origin::CommandLine };
        configs
            .entries
            .extend(flags.properties.iter().map(|(config, entry)| flag(*config, entry.clone())));
        if let Some(servers) = servers {
            let name = "bootstrap.servers".to_owned();
            let entry =
                Entry { name, value: servers.to_owned(), place: "--bootstrap-server".to_owned() };
            configs.entries.push(flag(Config::Common, entry));
        }
        configs
    }

    /// The later of two lines wins, as in Java, but nobody means to write both.
    fn remark_repeats(&self, ledger: &mut Ledger) {
        for (at, later) in self.entries.iter().enumerate() {
            let same = |earlier: &&ConfigEntry| {
                earlier.config == later.config && earlier.entry.name == later.entry.name
            };
            if let Some(first) = self.entries[..at].iter().find(same) {
                let (place, name, first) =
                    (&later.entry.place, &later.entry.name, &first.entry.place);
                ledger.remark(
                    "property_repeated",
                    format!("{place}: {name}: replaces the value of {first}"),
                );
            }
        }
    }

    /// Broker addresses are for brokers of others.
    pub fn refuse_servers(&self, driver: &str, ledger: &mut Ledger) {
        for name in ["bootstrap.servers", "metadata.broker.list"] {
            if let Some(written) = self.find(name) {
                let problem = format!("the {driver} driver has no addresses: remove it");
                ledger.fault(Fault::new(&written.entry.place, name, problem));
            }
        }
    }

    /// Where a property was written last.
    pub fn find(&self, name: &str) -> Option<&ConfigEntry> {
        self.entries.iter().rev().find(|written| written.entry.name == name)
    }

    /// The layers of a role: file before flags, common before the role's own.
    pub fn layers(&self, role: Role) -> Vec<Layer> {
        let own = match role {
            Role::Producer => Some(Config::Producer),
            Role::Consumer => Some(Config::Consumer),
            Role::Admin => None,
        };
        let mut layers = Vec::new();
        for origin in [Origin::File, Origin::CommandLine] {
            layers.push(self.layer(Config::Common, Scope::Common, origin));
            layers.extend(own.map(|config| self.layer(config, Scope::Role, origin)));
        }
        layers
    }

    /// The layers of a handler of topics that is told what one side's clients are told; what is for clients
    /// that send or read alone is passed over.
    pub fn admin_layers(&self, side: Config) -> Vec<Layer> {
        let of = |origin| [Config::Common, side].map(|config| (config, origin));
        let all = [Origin::File, Origin::CommandLine].into_iter().flat_map(of);
        all.map(|(config, origin)| self.layer(config, Scope::Common, origin)).collect()
    }

    /// The layers of topics.
    pub fn topic_layers(&self) -> [Layer; 2] {
        [Origin::File, Origin::CommandLine]
            .map(|origin| self.layer(Config::Topic, Scope::Role, origin))
    }

    fn layer(&self, config: Config, scope: Scope, origin: Origin) -> Layer {
        let here = |written: &&ConfigEntry| written.config == config && written.origin == origin;
        let entries =
            self.entries.iter().filter(here).map(|written| written.entry.clone()).collect();
        // The place of a flag names the config already.
        let section =
            if origin == Origin::File { config.field().to_owned() } else { String::new() };
        Layer { section, scope, origin, entries }
    }
}

/// The properties of a block, values looked up where they stand elsewhere.
fn block(given: &Given, files: &Files, ledger: &mut Ledger) -> Vec<Entry> {
    let entries = match &given.value {
        Value::String(text) => text_entries(given, text, ledger),
        Value::Mapping(mapping) => map_entries(given, mapping, ledger),
        other => {
            let shown = scalar::show(other);
            let need = "lines of the form name=value after a |, or a map";
            ledger.fault(given.fault(format!("got {shown}, need {need}")));
            Vec::new()
        }
    };
    let look_up = |entry: Entry| match files.expand(&entry.value) {
        Ok(value) => Some(Entry { value, ..entry }),
        Err(problem) => {
            ledger.fault(Fault::new(
                &entry.place,
                format!("{}: {}", given.field, entry.name),
                problem,
            ));
            None
        }
    };
    entries.into_iter().filter_map(look_up).collect()
}

fn text_entries(given: &Given, text: &str, ledger: &mut Ledger) -> Vec<Entry> {
    let style = block_style(given);
    let is_kept = style.starts_with('|');
    let on_key_line = !style.is_empty() && !style.starts_with(['>', '#']);
    let below = given.text.lines().skip(1).filter(|line| is_content(line)).count();
    if !is_kept && 1 < below + usize::from(on_key_line) {
        ledger.fault(given.fault("its lines run together, need a | after the colon"));
        return Vec::new();
    }
    let place = |line: usize| match given.line {
        Some(first) if style.starts_with(['|', '>']) => place_at(given, first + 1 + line),
        _ => given.place.clone(),
    };
    let mut entries = Vec::new();
    for line in properties_text::parse(text) {
        match line {
            Ok(line) => {
                entries.push(Entry { name: line.name, value: line.value, place: place(line.line) });
            }
            Err(fault) => ledger.fault(Fault::new(place(fault.line), &given.field, fault.problem)),
        }
    }
    entries
}

/// What follows the key's colon: `|` for text whose lines stay apart.
fn block_style(given: &Given) -> &str {
    let header = given.text.lines().next().unwrap_or_default();
    header.split_once(':').map_or("", |(_, style)| style.trim_start())
}

fn is_content(line: &str) -> bool {
    let bare = line.trim();
    !bare.is_empty() && !bare.starts_with('#')
}

/// The place of another line of the same file.
fn place_at(given: &Given, line: usize) -> String {
    let file = given.place.rsplit_once(':').map_or(given.place.as_str(), |(file, _)| file);
    format!("{file}:{line}")
}

fn map_entries(given: &Given, mapping: &serde_yaml::Mapping, ledger: &mut Ledger) -> Vec<Entry> {
    let inner = given.text.split_once('\n').map_or("", |(_, inner)| inner);
    let lines = scan::keys(inner, given.line.unwrap_or(0) + 1);
    let mut entries = Vec::new();
    for (key, value) in mapping {
        let Some(name) = scalar::text(key) else {
            ledger.fault(given.fault(format!("got the name {}, need text", scalar::show(key))));
            continue;
        };
        let at = lines.iter().find(|line| line.key == name);
        let place = at.map_or_else(|| given.place.clone(), |at| place_at(given, at.line));
        match scalar::text(value) {
            Some(value) => entries.push(Entry { name, value, place }),
            None => {
                let problem = format!("got {}, need one value", scalar::show(value));
                ledger.fault(Fault::new(place, format!("{}: {name}", given.field), problem));
            }
        }
    }
    entries
}
