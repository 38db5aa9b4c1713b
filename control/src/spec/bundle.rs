//! The files of an invocation as they travel to other hosts: each path, and each content once.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::units::Bytes;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// All contents of a bundle together, before base64 makes a third more of them. What is larger is
/// no configuration, and workers hold it in memory beside the bodies that are made of it.
pub const BUNDLE_MAX: Bytes = Bytes(48 << 20);

/// What files hold, by the names by which the command line or another file calls them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bundle {
    /// The key of each file's content, by the file's path.
    files: BTreeMap<String, String>,
    /// The names in each folder, by the folder's path.
    folders: BTreeMap<String, Vec<String>>,
    /// Each content, by its key: the hash of its bytes.
    contents: BTreeMap<String, Content>,
    /// The text of a file by its path, where people write a bundle by hand.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    texts: BTreeMap<String, String>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    /// As it is, where it is UTF-8.
    Text(String),
    /// Anything else.
    Base64(String),
}

impl Bundle {
    /// Adds a file.
    pub(super) fn add_file(&mut self, path: &str, bytes: &[u8]) {
        let key = key_of(bytes);
        self.files.insert(path.to_owned(), key.clone());
        self.contents.entry(key).or_insert_with(|| match std::str::from_utf8(bytes) {
            Ok(text) => Content::Text(text.to_owned()),
            Err(_) => Content::Base64(STANDARD.encode(bytes)),
        });
    }

    /// Adds the names in a folder.
    pub(super) fn add_folder(&mut self, path: &str, names: &[String]) {
        self.folders.insert(path.to_owned(), names.to_vec());
    }

    /// The names in each folder.
    pub(super) const fn folders(&self) -> &BTreeMap<String, Vec<String>> {
        &self.folders
    }

    /// The bytes of each file.
    ///
    /// # Errors
    /// When a content is missing, is not what its key says, or all together are too large.
    pub(super) fn files(&self) -> Result<BTreeMap<&str, Arc<[u8]>>, String> {
        let texts = self.texts.values().map(|text| length(text.as_bytes()).0);
        let mut total = Bytes(texts.sum());
        let mut contents: BTreeMap<&str, Arc<[u8]>> = BTreeMap::new();
        let too_large = || Err(format!("its contents have more than {BUNDLE_MAX} in all"));
        if BUNDLE_MAX < total {
            return too_large();
        }
        for (key, content) in &self.contents {
            let bytes = content.bytes().map_err(|error| format!("content {key}: {error}"))?;
            total = Bytes(total.0.saturating_add(length(&bytes).0));
            if BUNDLE_MAX < total {
                return too_large();
            }
            if key_of(&bytes) != *key {
                return Err(format!(
                    "content {key}: its bytes have another hash, {}",
                    key_of(&bytes)
                ));
            }
            contents.insert(key, bytes.into());
        }
        let file = |(path, key): (&'_ String, &'_ String)| {
            let bytes = contents.get(key.as_str()).cloned();
            bytes.ok_or_else(|| format!("{path}: its content {key} is missing"))
        };
        let by_hand = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_bytes().into()));
        let both = self.files.keys().find(|path| self.texts.contains_key(*path));
        if let Some(path) = both {
            return Err(format!("{path}: is in files and in texts: keep one of them"));
        }
        let files: Result<BTreeMap<_, _>, _> =
            self.files.iter().map(|one| Ok((one.0.as_str(), file(one)?))).collect();
        files.map(|files| files.into_iter().chain(by_hand).collect())
    }
}

impl Content {
    fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).map_err(|error| error.to_string()),
        }
    }
}

/// How long a content is.
pub(super) fn length(bytes: &[u8]) -> Bytes {
    Bytes(u64::try_from(bytes.len()).expect("what is in memory has a length of 64 bits"))
}

/// Against slips and damage, not against malice: who may send a bundle may send any load.
fn key_of(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

#[cfg(test)]
mod tests {
    use super::{BUNDLE_MAX, Bundle};

    fn bundle() -> Bundle {
        let mut bundle = Bundle::default();
        bundle.add_file("a.yaml", b"topics: 1\n");
        bundle.add_file("folder/../b.yaml", b"topics: 1\n");
        bundle.add_file("payload", &[0, 159, 146, 150]);
        bundle.add_folder("payloads", &["x".to_owned(), "y".to_owned()]);
        bundle
    }

    #[test]
    fn what_was_added_comes_back_and_equal_contents_travel_once() {
        let sent = bundle();
        let text = serde_json::to_string(&sent).expect("written");
        assert_eq!(text.matches("topics: 1").count(), 1, "{text}");
        assert!(text.contains(r#"{"base64":"AJ+Slg=="}"#), "{text}");
        let got: Bundle = serde_json::from_str(&text).expect("read");
        assert_eq!(got, sent);
        let files = got.files().expect("sound");
        assert_eq!(files.len(), 3, "{files:?}");
        assert_eq!(*files["a.yaml"], *b"topics: 1\n");
        assert_eq!(*files["folder/../b.yaml"], *b"topics: 1\n");
        assert_eq!(*files["payload"], [0, 159, 146, 150]);
        assert_eq!(got.folders()["payloads"], ["x", "y"]);
    }

    #[test]
    fn what_was_damaged_on_its_way_is_refused() {
        let text = serde_json::to_string(&bundle()).expect("written");
        let check = |from: &str, to: &str, word: &str| {
            assert!(text.contains(from), "{from} in {text}");
            let got: Bundle = serde_json::from_str(&text.replacen(from, to, 1)).expect("read");
            let error = got.files().expect_err(word);
            assert!(error.contains(word), "{error}");
        };
        check("topics: 1", "topics: 2", "its bytes have another hash");
        check("AJ+Slg==", "AJ+Sl", "content ");
        let key = super::key_of(b"topics: 1\n");
        check(&key, &key.replace(&key[..4], "none"), "is missing");
        let unknown = text.replacen("\"folders\"", "\"more\":1,\"folders\"", 1);
        assert!(serde_json::from_str::<Bundle>(&unknown).is_err(), "a field of a later version");
    }

    #[test]
    fn people_write_texts_by_their_paths() {
        let read = |text: &str| serde_json::from_str::<Bundle>(text).expect("read");
        let by_hand = read(r#"{"texts": {"w.yaml": "topics: 1\n"}}"#);
        assert_eq!(*by_hand.files().expect("sound")["w.yaml"], *b"topics: 1\n");
        let twice = r#"{"texts": {"a": ""}, "files": {"a": "k"}, "contents": {"k": {"text": ""}}}"#;
        let error = read(&twice.replace('k', &super::key_of(b""))).files().expect_err("twice");
        assert_eq!(error, "a: is in files and in texts: keep one of them");
    }

    #[test]
    fn no_more_is_taken_than_may_be_sent() {
        let mut bundle = Bundle::default();
        let most = usize::try_from(BUNDLE_MAX.0).expect("fits");
        bundle.add_file("a", &vec![b'a'; most]);
        assert!(bundle.files().is_ok(), "just as much as may be");
        bundle.add_file("b", b"b");
        let error = bundle.files().expect_err("too much");
        assert_eq!(error, "its contents have more than 48 MiB in all");
        let texts = [("a".to_owned(), "a".repeat(most + 1))].into();
        assert_eq!(Bundle { texts, ..Bundle::default() }.files(), Err(error), "by hand");
    }
}
