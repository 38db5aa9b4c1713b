//! Text from outside made harmless, for Markdown, HTML and XML: it is shown as it is, and does nothing.
//!
//! Names, paths, values and messages are whatever somebody wrote or a broker said. Each function is for one
//! place in one format; what it returns cannot end that place, and has no control characters but those that
//! the place shows.

/// Stands for what cannot be shown.
const REPLACED: char = '\u{fffd}';

/// Has no width. Keeps apart what is looked for in what is shown, where a backslash would not.
const APART: char = '\u{200b}';

/// What begins, ends or escapes something in HTML and XML, with what stands for it there.
const SIGNS: [(char, &str); 5] =
    [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];

/// Text on one line, without what a terminal obeys.
pub(crate) fn line(text: &str) -> String {
    let shown = |letter: char| match (letter.is_control(), letter.is_whitespace()) {
        (false, _) => letter,
        (true, true) => ' ',
        (true, false) => REPLACED,
    };
    text.chars().map(shown).collect()
}

/// Text that GitHub's Markdown shows as it is: on one line, without markup, and calling nobody. For a table's
/// cell, a heading, an entry of a list, a paragraph, and anything in bold. Blanks around it are left out.
pub(crate) fn markdown(text: &str) -> String {
    let text = line(text);
    let text = text.trim();
    let opening = opening(text);
    let mut out = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            // Mentions and references are looked for in what is shown.
            '@' | '#' => out.extend([letter, APART]),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '|' | '~' | '&' | '$' => {
                out.extend(['\\', letter]);
            }
            _ if opening == Some(at) => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
    }
    out
}

/// Where text has a sign that means something only because a line begins there: a quote's, a list's, a rule's.
fn opening(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    let is_before_a_blank = rest.chars().nth(1) == Some(' ');
    let is_rule = 2 < rest.len() && rest.bytes().all(|letter| letter == b'-');
    let is_opening = match (digits, rest.chars().next()?) {
        (0, '>') => true,
        (0, '-' | '+') => is_before_a_blank || is_rule,
        // A longer number is none of a list.
        (1..=9, '.' | ')') => is_before_a_blank,
        _ => false,
    };
    is_opening.then_some(digits)
}

/// Text as Markdown's code within a line: its own back quotes are fewer than those around it. Not for a
/// table's cell, which ends at a `|` also within code.
pub(crate) fn code(text: &str) -> String {
    if text.is_empty() {
        // Quotes around nothing would begin code that ends who knows where.
        return String::new();
    }
    let quotes = "`".repeat(longest_run(text) + 1);
    let text = line(text);
    // A blank between keeps quotes apart; readers take one at either end away.
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{quotes}{room}{text}{room}{quotes}")
}

/// Text with all its lines as Markdown's code, between fences that are longer than any run of back quotes in
/// it. `language`: a word of ours.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let shown = |letter: char| match letter {
        '\n' => letter,
        _ if letter.is_control() => REPLACED,
        _ => letter,
    };
    let text: String = text.chars().map(shown).collect();
    format!("{fence}{language}\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

/// Text of an element of HTML, or of an attribute in quotes of either kind. Line ends stay where they are.
pub(crate) fn html(text: &str) -> String {
    markup(text, &[('\n', "\n"), ('\t', "\t"), ('\r', " ")])
}

/// Text of an element of XML, or of an attribute in quotes of either kind. Readers of XML make blanks of an
/// attribute's line ends unless they are written as references.
pub(crate) fn xml(text: &str) -> String {
    markup(text, &[('\n', "&#10;"), ('\t', "&#9;"), ('\r', "&#13;")])
}

/// Without markup; `white`: which control characters stay, and what is written for them. XML can hold
/// neither the others nor the last two of the first 65,536 signs.
fn markup(text: &str, white: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match SIGNS.iter().chain(white).find(|(sign, _)| *sign == letter) {
            Some((_, written)) => out.push_str(written),
            None if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                out.push(REPLACED);
            }
            None => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{APART, REPLACED, code, fenced, html, line, markdown, opening, xml};
    use proptest::prelude::proptest;
    use roxmltree::Document;

    /// What a reader of Markdown shows of a line, and which signs stand there without a backslash.
    fn read(markdown: &str) -> (String, String) {
        let (mut shown, mut bare) = (String::new(), String::new());
        let mut letters = markdown.chars().peekable();
        while let Some(letter) = letters.next() {
            match letters.peek() {
                Some(next) if letter == '\\' && next.is_ascii_punctuation() => {
                    shown.extend(letters.next());
                }
                _ => {
                    shown.push(letter);
                    bare.push(letter);
                }
            }
        }
        (shown.replace(APART, ""), bare)
    }

    /// The lengths of the runs of back quotes.
    fn runs(text: &str) -> Vec<usize> {
        text.split(|letter| letter != '`').map(str::len).filter(|length| 0 < *length).collect()
    }

    /// What XML and HTML readers show of a text.
    fn shown(text: &str) -> String {
        let is_unfit = |letter: char| {
            let is_white = matches!(letter, '\n' | '\t' | '\r');
            letter.is_control() && !is_white || matches!(letter, '\u{fffe}' | '\u{ffff}')
        };
        text.chars().map(|letter| if is_unfit(letter) { REPLACED } else { letter }).collect()
    }

    proptest! {
        #[test]
        fn nothing_ends_a_cell_or_begins_markup(
            text in "[a\\\\`*_{}\\[\\]<>|~&$@#!()+.0-9é\n\r\t\u{0}\u{1b}\u{7f}\u{85} -]{0,16}",
        ) {
            let written = markdown(&text);
            let (shown, bare) = read(&written);
            assert_eq!(shown, line(&text).trim(), "{written:?} is shown as it is");
            let signs = "\\`*_{}[]<|~&$";
            assert!(!bare.contains(|letter| signs.contains(letter)), "{written:?}");
            for called in ['@', '#'] {
                let apart = written.matches(&format!("{called}{APART}")).count();
                assert_eq!(apart, written.matches(called).count(), "{written:?}");
            }
            assert!(!written.contains(char::is_control), "one line, no terminal obeys: {written:?}");
            assert_eq!(opening(&written), None, "nothing begins with it: {written:?}");
        }

        #[test]
        fn nothing_ends_code(text in "[a`\\\\\n\r\u{0}\u{1b}\u{9b} ]{1,16}") {
            let written = code(&text);
            let runs_of = runs(&written);
            let around = runs_of[0];
            assert_eq!(runs_of.iter().filter(|run| **run == around).count(), 2, "{written:?}");
            assert_eq!(runs_of.last(), Some(&around), "the second is the last: {written:?}");
            let (inside, whole) = (&written[around..written.len() - around], line(&text));
            assert!(inside == whole || inside == format!(" {whole} "), "{written:?} shows it");
            assert!(!written.contains(char::is_control), "on one line: {written:?}");

            let block = fenced("sh", &text);
            let fences = block.lines().filter(|row| {
                let fence = row.trim_start().trim_end_matches("sh");
                fence.starts_with(&"`".repeat(runs(&block)[0]))
            });
            assert_eq!(fences.count(), 2, "{block:?}");
            assert!(!block.replace('\n', "").contains(char::is_control), "{block:?}");
        }

        #[test]
        fn nothing_ends_an_element_or_an_attribute(
            text in "[a<>&\"'\\]é/=\n\r\t\u{0}\u{1b}\u{7f}\u{9b}\u{fffe}\u{ffff} ]{0,16}",
        ) {
            for (written, blanks) in [(xml(&text), None), (html(&text), Some(['\n', '\t', '\r']))] {
                let page = format!("<p one=\"{written}\" two='{written}'>{written}</p>");
                let document = Document::parse(&page).expect("it is XML");
                let root = document.root_element();
                assert!(root.children().all(|node| node.is_text()), "{page:?}");
                let whole = shown(&text);
                // A reader of HTML leaves line ends in attributes alone; this one is of XML.
                let of_attribute = blanks.map_or(whole.clone(), |all| whole.replace(all, " "));
                for name in ["one", "two"] {
                    assert_eq!(root.attribute(name), Some(&*of_attribute), "{page:?}");
                }
                let of_html = whole.replace('\r', " ");
                let expected = if blanks.is_some() { of_html } else { whole };
                assert_eq!(root.text().unwrap_or_default(), expected, "{page:?}");
            }
        }
    }

    #[test]
    fn names_stay_names_in_markdown() {
        assert_eq!(markdown("a|b <c> *d* & e_f\n"), "a\\|b \\<c> \\*d\\* \\& e\\_f");
        assert_eq!(
            markdown("~x~ $y$ {z} [u](v) `w`"),
            "\\~x\\~ \\$y\\$ \\{z\\} \\[u\\](v) \\`w\\`"
        );
        assert_eq!(markdown("@all #12 \u{1b}[1m"), "@\u{200b}all #\u{200b}12 \u{fffd}\\[1m");
    }

    #[test]
    fn signs_of_a_line_s_beginning_are_escaped_there_alone() {
        let check = |text: &str, expected: &str| assert_eq!(markdown(text), expected, "{text}");
        check("> a -> b", "\\> a -> b");
        check("- a", "\\- a");
        check("+ a", "\\+ a");
        check("---", "\\---");
        check("1. a", "1\\. a");
        check("12) a", "12\\) a");
        for same in ["-1.5 %", "-", "a - b", "1.5 ms", "1)", "1234567890. a", "+1"] {
            check(same, same);
        }
    }

    #[test]
    fn back_quotes_are_fenced_in() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code(""), "", "no code at all");
        assert_eq!(fenced("sh", "a"), "```sh\na\n```");
        assert_eq!(fenced("sh", "a\n```\nb"), "````sh\na\n```\nb\n````");
    }

    #[test]
    fn markup_is_text_and_line_ends_are_kept_where_each_format_reads_them() {
        assert_eq!(html("a<b>&\"'\u{1b}\n\r"), "a&lt;b&gt;&amp;&quot;&#39;\u{fffd}\n ");
        assert_eq!(xml("a\r\n\tb]]>"), "a&#13;&#10;&#9;b]]&gt;");
        assert_eq!(line("a\r\n\tb\u{1b}c"), "a   b\u{fffd}c");
    }
}
