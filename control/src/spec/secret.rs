//! Values that stand elsewhere: `${env:NAME}` and `${file:PATH}`.
//!
//! Each host of a run looks them up by itself: they are secrets, and what a coordinator sends to its
//! workers is the reference.

/// Replaces every `${env:NAME}` and `${file:PATH}` of a value; other text stays as it is.
///
/// # Errors
/// A variable that is not set, a file that cannot be read; never what they hold.
pub(crate) fn expand(value: &str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let end = after.find('}');
        let found = end.and_then(|end| Some((look_up(&after[..end])?, &after[end + 1..])));
        match found {
            Some((looked_up, behind)) => {
                expanded.push_str(&looked_up?);
                rest = behind;
            }
            None => {
                expanded.push_str("${");
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Whether a value stands elsewhere, at least in part.
pub(crate) fn is_reference(value: &str) -> bool {
    value.contains("${env:") || value.contains("${file:")
}

fn look_up(reference: &str) -> Option<Result<String, String>> {
    let (kind, name) = reference.split_once(':')?;
    match kind {
        "env" => Some(std::env::var(name).map_err(|error| match error {
            std::env::VarError::NotPresent => {
                format!("the environment variable {name} is not set")
            }
            std::env::VarError::NotUnicode(_) => {
                format!("the environment variable {name} holds no UTF-8 text")
            }
        })),
        "file" => Some(match std::fs::read_to_string(name) {
            // Editors end files with a newline that is no part of a password.
            Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => Err(format!("the file {name} cannot be read: {error}")),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{expand, is_reference};

    #[test]
    fn references_are_replaced_and_the_rest_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        std::fs::write(&path, "s3cret\r\n").expect("written");
        let check = |text: &str, expected: &str| {
            assert_eq!(expand(text).as_deref(), Ok(expected), "{text}");
        };
        check("plain $x {y} ${z}", "plain $x {y} ${z}");
        check("${other:x} ${", "${other:x} ${");
        check(&format!("a-${{file:{}}}-b", path.display()), "a-s3cret-b");
        // Cargo sets this one for every test.
        check("${env:CARGO_PKG_NAME}${env:CARGO_PKG_NAME}", "kdynokdyno");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let check = |text: &str, word: &str| {
            let fault = expand(text).expect_err(text);
            assert!(fault.contains(word), "{text}: {fault}");
        };
        check("${env:KDYNO_NO_SUCH_VARIABLE}", "KDYNO_NO_SUCH_VARIABLE is not set");
        check("${file:/no/such/file}", "/no/such/file cannot be read");
        assert!(is_reference("x${env:A}") && !is_reference("${A}"), "references");
    }
}
