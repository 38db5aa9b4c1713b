//! Unsafe code: where it may be, and that it says who keeps its promise.

use super::{Source, code_only};

/// Unsafe code outside the list, unexplained unsafe code, and places on the list that need it no
/// longer: the list may only shrink.
#[must_use]
pub fn unsafety(sources: &[Source], allowed: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let code = code_only(&source.text);
        let code: Vec<&str> = code.lines().collect();
        let lines: Vec<&str> = source.text.lines().collect();
        let unsafe_lines: Vec<usize> = (0..code.len()).filter(|at| is_unsafe(code[*at])).collect();
        let path = &source.path;
        let is_allowed = allowed.contains(&path.as_str());
        if is_allowed && unsafe_lines.is_empty() {
            complaints.push(format!("{path}: has no unsafe code: take it off the list"));
        }
        for at in unsafe_lines {
            let line = at + 1;
            if !is_allowed {
                complaints.push(format!("{path}:{line}: unsafe belongs in {}", allowed.join(", ")));
            }
            if needs_reason(code[at]) && !is_explained(&lines, &code, at) {
                complaints.push(format!("{path}:{line}: no SAFETY comment before it"));
            }
        }
    }
    complaints
}

fn is_unsafe(code: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "unsafe")
}

/// A block or an implementation promises something; a function asks for a promise.
fn needs_reason(code: &str) -> bool {
    ["unsafe {", "unsafe impl"].iter().any(|form| code.contains(form))
}

/// Whether the comment above the statement has a SAFETY line. The statement may have begun some
/// lines before its `unsafe`.
fn is_explained(lines: &[&str], code: &[&str], at: usize) -> bool {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    let ends_another = |line: &str| line.trim_end().ends_with([';', '{', '}']);
    let comment =
        (0..at).rev().find(|above| is_comment(lines[*above]) || ends_another(code[*above]));
    let Some(last) = comment.filter(|above| is_comment(lines[*above])) else { return false };
    (0..=last)
        .rev()
        .take_while(|above| is_comment(lines[*above]))
        .any(|above| lines[above].contains("SAFETY:"))
}
