//! What the command line says.

use engine::plan::ClientSettings;

/// What is told on a wrong command line.
pub(crate) const USAGE: &str = "\
usage: consume-topic create|delete|fill|read --bootstrap-server HOST:PORT --topic NAME [OPTION]...
  --partitions N    of the topic (default 4)
  --messages N      fill: how many (default 100000)
  --message-size N  fill: bytes of each (default 100)
  --run N           the run's number in every stamp; what was filled under another is foreign (default 1)
  -X NAME=VALUE     fill, read: a property of librdkafka (repeatable)";

/// The command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) command: String,
    pub(crate) topic: String,
    pub(crate) partitions: u32,
    pub(crate) messages: u64,
    pub(crate) size: usize,
    pub(crate) run: u64,
    bootstrap: String,
    properties: Vec<(String, String)>,
}

impl Given {
    /// Takes the words apart; a fault in words otherwise.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let command = words.next().unwrap_or_default();
        if !["create", "delete", "fill", "read"].contains(&command.as_str()) {
            return Err(format!("got '{command}', need create, delete, fill or read"));
        }
        let mut given = Self {
            command,
            topic: String::new(),
            partitions: 4,
            messages: 100_000,
            size: 100,
            run: 1,
            bootstrap: String::new(),
            properties: Vec::new(),
        };
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("{flag}: no value given"))?;
            given.take(&flag, value)?;
        }
        if given.bootstrap.is_empty() || given.topic.is_empty() {
            return Err("--bootstrap-server and --topic must be given".to_owned());
        }
        Ok(given)
    }

    fn take(&mut self, flag: &str, value: String) -> Result<(), String> {
        match flag {
            "--bootstrap-server" => self.bootstrap = value,
            "--topic" => self.topic = value,
            "--partitions" => self.partitions = number(flag, &value)?,
            "--messages" => self.messages = number(flag, &value)?,
            "--message-size" => self.size = number(flag, &value)?,
            "--run" => self.run = number(flag, &value)?,
            "-X" => match value.split_once('=') {
                Some((name, of)) => self.properties.push((name.to_owned(), of.to_owned())),
                None => return Err(format!("-X: got '{value}', need NAME=VALUE")),
            },
            _ => return Err(format!("unknown option {flag}")),
        }
        Ok(())
    }

    /// The properties, for whichever client is made.
    pub(crate) fn settings(&self) -> ClientSettings {
        let bootstrap = ("bootstrap.servers".to_owned(), self.bootstrap.clone());
        let all = [vec![bootstrap.clone()], self.properties.clone()].concat();
        ClientSettings {
            producer: all.clone(),
            consumer: all,
            admin: vec![bootstrap],
            replication_factor: -1,
            ..ClientSettings::default()
        }
    }
}

fn number<N: std::str::FromStr>(flag: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("{flag}: got '{value}', need a number"))
}

#[cfg(test)]
mod tests {
    use super::Given;

    fn parse(line: &str) -> Result<Given, String> {
        Given::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_given_is_taken_and_what_is_wrong_is_told() {
        let line = "read --bootstrap-server b:1 --topic t --run 7 -X a.b=c=d -X e=f";
        let given = parse(line).expect("nothing is wrong with it");
        assert_eq!((given.topic.as_str(), given.run, given.messages), ("t", 7, 100_000), "{line}");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("bootstrap.servers", "b:1"), pair("a.b", "c=d"), pair("e", "f")];
        assert_eq!(given.settings().consumer, expected, "in the order given");
        for (bad, words) in [
            ("", "need create, delete, fill or read"),
            ("read --topic t", "--bootstrap-server and --topic must be given"),
            ("read --run", "--run: no value given"),
            ("read --run x", "--run: got 'x', need a number"),
            ("read --runs 1", "unknown option --runs"),
            ("read -X a", "-X: got 'a', need NAME=VALUE"),
        ] {
            let told = parse(bad).expect_err("it is wrong");
            assert!(told.contains(words), "{bad}: {told}");
        }
    }
}
