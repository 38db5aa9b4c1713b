//! `sasl.jaas.config`: the Java client's way to say who logs in, in librdkafka's terms.
//!
//! Nothing that is said about a fault repeats the text: it holds a password.

use std::iter::Peekable;
use std::str::Chars;

/// What such a text comes to.
#[derive(PartialEq, Eq)]
pub(crate) struct Login {
    /// The short name of the login module.
    pub(crate) module: &'static str,
    /// The mechanisms that it is for.
    pub(crate) mechanisms: &'static [&'static str],
    /// librdkafka's properties and their values.
    pub(crate) properties: Vec<(&'static str, String)>,
}

/// A login module of Java's: short name, package, mechanisms.
type Module = (&'static str, &'static str, &'static [&'static str]);

const MODULES: [Module; 3] = [
    ("PlainLoginModule", "plain", &["PLAIN"]),
    ("ScramLoginModule", "scram", &["SCRAM-SHA-256", "SCRAM-SHA-512"]),
    ("OAuthBearerLoginModule", "oauthbearer", &["OAUTHBEARER"]),
];

const FORM: &str = "need org.apache.kafka.common.security.plain.PlainLoginModule (or \
                    scram.ScramLoginModule) required username=\"…\" password=\"…\";";

/// The one option of an unsecured token that librdkafka has a counterpart of.
const SUBJECT: &str = "unsecuredLoginStringClaim_sub";

/// Reads the text.
pub(crate) fn parse(text: &str) -> Result<Login, String> {
    let mut words = Words { rest: text.chars().peekable() };
    let name = words.word()?.ok_or_else(|| format!("names no login module, {FORM}"))?;
    let (module, _, mechanisms) = module(&name)?;
    let flag = words.word()?.unwrap_or_default();
    let flags = ["required", "requisite", "sufficient", "optional"];
    if !flags.iter().any(|known| known.eq_ignore_ascii_case(&flag)) {
        return Err(format!("has no \"required\" after the login module, {FORM}"));
    }
    let properties = properties(module, words.options()?)?;
    Ok(Login { module, mechanisms, properties })
}

fn module(name: &str) -> Result<Module, String> {
    let found = MODULES.into_iter().find(|(short, package, _)| {
        name == format!("org.apache.kafka.common.security.{package}.{short}")
    });
    let known = MODULES.map(|(short, ..)| short).join(", ");
    // The first word holds no password, unless the text is no such text at all.
    let looks_like_a_class = name.contains('.') && name.ends_with("Module");
    let got = if looks_like_a_class { format!("got {name:?}, ") } else { String::new() };
    found.ok_or_else(|| format!("{got}has none of the login modules {known}: {FORM}"))
}

fn properties(
    module: &str,
    options: Vec<(String, String)>,
) -> Result<Vec<(&'static str, String)>, String> {
    let is_token = module == "OAuthBearerLoginModule";
    let mut found = Vec::new();
    for (name, value) in options {
        let property = match name.as_str() {
            "username" if !is_token => ("sasl.username", value),
            "password" if !is_token => ("sasl.password", value),
            SUBJECT if is_token => {
                if value.is_empty() || value.contains(char::is_whitespace) {
                    return Err(format!("{SUBJECT} is empty or has blanks, need one word"));
                }
                found.push(("enable.sasl.oauthbearer.unsecure.jwt", "true".to_owned()));
                ("sasl.oauthbearer.config", format!("principal={value}"))
            }
            "tokenauth" if value == "false" => continue,
            "tokenauth" => {
                return Err("delegation tokens are not supported: remove tokenauth".to_owned());
            }
            // Its name may be a piece of a password that was quoted wrongly.
            _ => {
                return Err(format!(
                    "{module} has an option that is not understood (a quote inside a value needs a \\): \
                     remove it"
                ));
            }
        };
        if found.iter().any(|(known, _)| *known == property.0) {
            return Err(format!("has {name} twice: keep one"));
        }
        found.push(property);
    }
    let needed: &[(&str, &str)] = if is_token {
        &[("sasl.oauthbearer.config", SUBJECT)]
    } else {
        &[("sasl.username", "username"), ("sasl.password", "password")]
    };
    match needed.iter().find(|(property, _)| !found.iter().any(|(known, _)| known == property)) {
        Some((_, option)) => Err(format!("{module} lacks the option {option}")),
        None if found.iter().any(|(_, value)| value.is_empty() || value.contains('\0')) => {
            Err(format!("{module} has an empty option, or a NUL in one"))
        }
        None => Ok(found),
    }
}

/// The text as Java's `StreamTokenizer` reads it, but that a bare word may hold more than letters.
struct Words<'text> {
    rest: Peekable<Chars<'text>>,
}

impl Words<'_> {
    /// The next word, quoted or bare; nothing at `=`, `;` and the end.
    fn word(&mut self) -> Result<Option<String>, String> {
        self.skip();
        match self.rest.peek().copied() {
            None | Some('=' | ';') => Ok(None),
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(Some),
            Some(_) => {
                let is_bare = |next: &char| !next.is_whitespace() && !"=;\"'".contains(*next);
                Ok(Some(std::iter::from_fn(|| self.rest.next_if(is_bare)).collect()))
            }
        }
    }

    /// Blanks and comments; a word may hold a slash, and two begin a comment only before one.
    fn skip(&mut self) {
        loop {
            while self.rest.next_if(|next| next.is_whitespace()).is_some() {}
            let mut ahead = self.rest.clone();
            match (ahead.next(), ahead.next()) {
                (Some('/'), Some('/')) => {
                    while self.rest.next_if(|next| *next != '\n').is_some() {}
                }
                (Some('/'), Some('*')) => {
                    let mut last = ' ';
                    self.rest = ahead;
                    while self
                        .rest
                        .next_if(|next| (last, *next) != ('*', '/'))
                        .inspect(|next| last = *next)
                        .is_some()
                    {}
                    self.rest.next();
                }
                _ => return,
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        self.rest.next();
        let mut text = String::new();
        loop {
            match self.rest.next() {
                None | Some('\n') => return Err(format!("has a {quote} that is not closed")),
                Some(end) if end == quote => return Ok(text),
                Some('\\') => text.extend(self.escaped()),
                Some(plain) => text.push(plain),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            first @ '0'..='7' => {
                // Three digits at most, and no more than 8 bits.
                let most = if first <= '3' { 2 } else { 1 };
                let digit = |next: &char| ('0'..='7').contains(next);
                let mut code = first.to_digit(8)?;
                for _ in 0..most {
                    let Some(next) = self.rest.next_if(digit) else { break };
                    code = code * 8 + next.to_digit(8)?;
                }
                char::from_u32(code)?
            }
            other => other,
        })
    }

    /// Options `name=value` up to the semicolon, behind which there is nothing.
    fn options(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut options = Vec::new();
        while let Some(name) = self.word()? {
            self.skip();
            if self.rest.next_if_eq(&'=').is_none() {
                return Err(format!("has an option without a value, {FORM}"));
            }
            let value = self.word()?;
            options.push((
                name,
                value.ok_or_else(|| format!("has an option without a value, {FORM}"))?,
            ));
        }
        if self.rest.next_if_eq(&';').is_none() {
            return Err(format!("does not end with a semicolon, {FORM}"));
        }
        self.skip();
        match self.rest.peek() {
            None => Ok(options),
            Some(_) => Err("has something behind the semicolon: name one login module".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";
    const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";
    const OAUTH: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";

    #[track_caller]
    fn check(text: &str, username: &str, password: &str) {
        let login = parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let expected = [("sasl.username", username), ("sasl.password", password)];
        let got = login.properties.iter().map(|(name, value)| (*name, value.as_str()));
        let mut got: Vec<_> = got.collect();
        got.sort_by_key(|(name, _)| *name == "sasl.password");
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn names_and_passwords_are_found_as_java_finds_them() {
        let plain = |options: &str| format!("{PLAIN} required {options}");
        check(&plain("username=\"alice\" password=\"s3cret\";"), "alice", "s3cret");
        check(&plain("password=s3cret username=alice ;"), "alice", "s3cret");
        check(
            &plain("\n username = 'al ice'\n password=\"a;b=c // d\";\n"),
            "al ice",
            "a;b=c // d",
        );
        check(&plain(r#"username="a\"b" password="\\\t\101\060";"#), "a\"b", "\\\tA0");
        check(&plain("/* who */ username=a // the user\n password=b/*c;"), "a", "b/*c");
        check(&format!("{SCRAM} REQUIRED username=\"é\" password='\"';"), "é", "\"");
        check(&format!("{SCRAM} requisite username=a password=b tokenauth=false;"), "a", "b");
    }

    #[test]
    fn a_token_has_a_subject() {
        let login = parse(&format!("{OAUTH} required unsecuredLoginStringClaim_sub=\"alice\";"));
        let properties = login.map(|login| login.properties).expect("it is one");
        assert_eq!(properties[0], ("enable.sasl.oauthbearer.unsecure.jwt", "true".to_owned()));
        assert_eq!(properties[1], ("sasl.oauthbearer.config", "principal=alice".to_owned()));
    }

    #[test]
    fn faults_are_told_without_the_password() {
        let check = |text: &str, word: &str| {
            let fault = parse(text).err().unwrap_or_else(|| panic!("{text} is wrong"));
            assert!(fault.contains(word), "{text}: {fault}");
            assert!(!fault.contains("hunter2"), "{text}: {fault}");
        };
        let user = format!("{PLAIN} required username=\"a\"");
        check("", "names no login module");
        check("hunter2", "none of the login modules PlainLoginModule");
        check("com.example.MyLoginModule required;", "com.example.MyLoginModule");
        check(&format!("{PLAIN} username=a password=hunter2;"), "\"required\"");
        check(&format!("{user} password=\"hunter2\""), "semicolon");
        check(&format!("{user} password=\"hunter2;"), "not closed");
        check(&format!("{user} password;"), "without a value");
        check(&format!("{user} password=\"\";"), "empty option");
        check(&format!("{user};"), "lacks the option password");
        check(&format!("{user} username=b password=hunter2;"), "username twice");
        check(&format!("{user} password=hunter2 serviceName=kafka;"), "not understood");
        check(&format!("{user} password=\"a\"hunter2\";"), "without a value");
        check(
            &format!("{user} password=hunter2; {user} password=hunter2;"),
            "behind the semicolon",
        );
        check(
            &format!("{SCRAM} required username=a password=hunter2 tokenauth=true;"),
            "tokenauth",
        );
        check(&format!("{OAUTH} required;"), "unsecuredLoginStringClaim_sub");
    }
}
