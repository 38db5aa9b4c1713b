//! A comparison as Markdown, to be pasted into an issue or a pull request.

use super::comparison::{Comparison, Pair};
use super::words;

/// A comparison as Markdown.
pub(super) fn markdown(comparison: &Comparison) -> String {
    let mut text = "# kdyno compare\n\n".to_owned();
    for pair in &comparison.pairs {
        text.push_str(&format!("**{}**\n\n", escaped(&words::headline(comparison, pair))));
    }
    for at in 0..comparison.variants.len() {
        text.push_str(&format!("- {}\n", escaped(&words::runs(comparison, at))));
    }
    for pair in &comparison.pairs {
        if let Some(differing) = words::differing(comparison, pair) {
            text.push_str(&format!("- {}\n", escaped(&differing)));
        }
    }
    for pair in &comparison.pairs {
        text.push_str(&of_pair(comparison, pair));
    }
    text.push('\n');
    for note in words::notes(comparison) {
        text.push_str(&format!("- {}\n", escaped(&note)));
    }
    text
}

fn of_pair(comparison: &Comparison, pair: &Pair) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let columns = words::COLUMNS.map(str::to_owned);
    let head: Vec<String> =
        std::iter::once(words::title(comparison, pair)).chain(columns).collect();
    let rule: String = words::COLUMNS.iter().map(|_| "---:|").collect();
    let rows: String = pair.rows.iter().map(|row| line(&words::cells(row))).collect();
    format!("\n{}|:---|{rule}\n{rows}", line(&head))
}

/// Text that GitHub shows as it is: on one line, without markup, and calling nobody.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in words::printable(text).chars() {
        match letter {
            // Mentions and references are looked for in what is shown, so a backslash does not keep them
            // from working; something of no width does.
            '@' => escaped.push_str("@\u{200b}"),
            '#' => escaped.push_str("#\u{200b}"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '|' | '~' | '&' | '$' => {
                escaped.extend(['\\', letter]);
            }
            // These mean something only where a line begins, the last two only before a blank.
            '>' if escaped.is_empty() => escaped.extend(['\\', letter]),
            '-' | '+' if escaped.is_empty() && text[1..].starts_with(' ') => {
                escaped.extend(['\\', letter]);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_stay_names() {
        assert_eq!(escaped("a|b <c> *d* & e_f\n"), "a\\|b \\<c> \\*d\\* \\& e\\_f ");
        assert_eq!(escaped("~x~ $y$ {z} [u](v) `w`"), "\\~x\\~ \\$y\\$ \\{z\\} \\[u\\](v) \\`w\\`");
        assert_eq!(escaped("> a -> b"), "\\> a -> b");
        assert_eq!(["- a", "+ a", "-1.5 %", "-"].map(escaped), ["\\- a", "\\+ a", "-1.5 %", "-"]);
    }

    #[test]
    fn nobody_is_called_and_no_terminal_obeyed() {
        assert_eq!(escaped("@all #12 \u{1b}[1m"), "@\u{200b}all #\u{200b}12 \u{fffd}\\[1m");
    }
}
