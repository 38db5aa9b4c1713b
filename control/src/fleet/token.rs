//! The secret that a coordinator and its workers share.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use subtle::ConstantTimeEq;

/// Where the token is looked for when no file is named.
pub const TOKEN_VARIABLE: &str = "KDYNO_TOKEN";

/// A shorter one could be guessed: 16 random letters and digits are 95 bits.
const LENGTH_MIN: usize = 16;

/// All comparisons take the time of this length.
const LENGTH_MAX: usize = 256;

/// 16 to 256 visible ASCII characters. No way of printing it shows them.
#[derive(Clone)]
pub struct Token {
    padded: [u8; LENGTH_MAX],
    length: u64,
}

impl Token {
    /// Reads the token from the file, else takes the value of [`TOKEN_VARIABLE`]. Blanks and line
    /// ends around it do not count. `None` where there is neither.
    ///
    /// # Errors
    /// The file cannot be read; what is there is empty, too short, too long or not visible ASCII.
    pub fn read(file: Option<&Path>, variable: Option<OsString>) -> Result<Option<Self>, String> {
        if let Some(path) = file {
            let place = format!("--token-file {}", path.display());
            let text = text_of(path).map_err(|error| {
                format!("{place}: {error}; name a file that holds the token and nothing else")
            })?;
            return Self::parse(&text, &place).map(Some);
        }
        match variable {
            None => Ok(None),
            Some(value) => Self::parse(&value.to_string_lossy(), TOKEN_VARIABLE).map(Some),
        }
    }

    /// As this process was told: by its flag, else by its environment. Asked for once, since what is read from
    /// a pipe is gone.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn told(file: Option<&Path>) -> Result<Option<Self>, String> {
        Self::read(file, std::env::var_os(TOKEN_VARIABLE))
    }

    /// What a caller says to be let in.
    pub(super) fn bearer(&self) -> String {
        let length = usize::try_from(self.length).expect("it is at most 256 long");
        format!("Bearer {}", String::from_utf8_lossy(&self.padded[..length]))
    }

    /// Whether this is the token. Takes the same time for all that is presented.
    #[must_use]
    pub fn is(&self, presented: &[u8]) -> bool {
        let (padded, length) = pad(presented);
        (self.padded.ct_eq(&padded) & self.length.ct_eq(&length)).into()
    }

    fn parse(text: &str, place: &str) -> Result<Self, String> {
        let text = text.trim();
        // What was got is secret: only its length is told.
        let wrong = if text.is_empty() {
            "it is empty".to_owned()
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            "it has blanks, line ends or letters beyond ASCII inside".to_owned()
        } else if !(LENGTH_MIN..=LENGTH_MAX).contains(&text.len()) {
            format!("it has {} characters", text.len())
        } else {
            let (padded, length) = pad(text.as_bytes());
            return Ok(Self { padded, length });
        };
        Err(format!(
            "{place}: {wrong}; a token is {LENGTH_MIN} to {LENGTH_MAX} visible ASCII characters, e.g. \
             of `openssl rand -hex 24`"
        ))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(not shown)")
    }
}

/// What is longer than any token keeps its length, which no token has.
fn pad(bytes: &[u8]) -> ([u8; LENGTH_MAX], u64) {
    let mut padded = [0; LENGTH_MAX];
    padded.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    (padded, u64::try_from(bytes.len()).unwrap_or(u64::MAX))
}

/// The file's text, of which no more is read than shows that it is too long.
fn text_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(4_096).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{TOKEN_VARIABLE, Token};
    use std::io::Write;

    const SECRET: &str = "0123456789abcdefXYZ";

    fn variable(text: &str) -> Result<Option<Token>, String> {
        Token::read(None, Some(text.into()))
    }

    #[test]
    fn only_the_very_token_is_the_token() {
        let token = variable(SECRET).expect("it is one").expect("it is there");
        assert!(token.is(SECRET.as_bytes()), "itself");
        let longest = "a".repeat(256);
        let long = variable(&longest).expect("it is one").expect("it is there");
        assert!(long.is(longest.as_bytes()), "the longest");
        let beyond = format!("{longest}a");
        for other in
            ["", "0123456789abcdefXY", "0123456789abcdefXYZ\0", "0123456789abcdefXYz", &beyond]
        {
            assert!(!token.is(other.as_bytes()), "{other:?}");
            assert!(!long.is(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn it_comes_from_the_file_else_from_the_variable() {
        let mut file = tempfile::NamedTempFile::new().expect("a place for files");
        writeln!(file, "  {SECRET}  ").expect("room for it");
        let both = Token::read(Some(file.path()), Some("another-token-entirely".into()));
        let token = both.expect("it is one").expect("it is there");
        assert!(token.is(SECRET.as_bytes()), "the file's, without what is around it");
        let other = variable("another-token-entirely\n").expect("it is one").expect("it is there");
        assert!(other.is(b"another-token-entirely"), "the variable's");
        assert!(Token::read(None, None).expect("no fault").is_none(), "neither");
    }

    #[test]
    fn what_is_no_token_is_refused_and_never_shown() {
        let check = |text: &str, expected: &str| {
            let error = variable(text).expect_err("it is none");
            assert!(error.contains(expected) && error.contains("openssl"), "{error}");
            assert!(error.starts_with(TOKEN_VARIABLE), "where: {error}");
            assert!(text.trim().is_empty() || !error.contains(text.trim()), "not shown: {error}");
        };
        check("", "empty");
        check(" \n", "empty");
        check("short", "5 characters");
        check(&"x".repeat(257), "257 characters");
        check("sixteen letters and blanks", "blanks");
        check("sixteen-letters-ü", "beyond ASCII");
        let missing = Token::read(Some("/nowhere/token".as_ref()), None).expect_err("no file");
        assert!(missing.contains("--token-file /nowhere/token"), "{missing}");
        let token = variable(SECRET).expect("it is one");
        assert!(!format!("{token:?}").contains("0123"), "{token:?}");
    }
}
