//! The values that one text names: a list with commas, a list in brackets, a range.

/// The most cells of a sweep, and so the most values of one field.
pub(crate) const CELLS_MAX: usize = 1_000;

const RANGE_FORM: &str = "FROM..TO, FROM..TO+STEP or FROM..TO*FACTOR, e.g. 1..5, 1..9+2, 1..32*2 or \
                          1KiB..64KiB*4";

/// What a comma is in a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// It stands between values, which may be ranges too: numbers, switches and words.
    Separated,
    /// A part of the value, as in a list of addresses: only brackets make a list.
    Text,
    /// A part of the value, which is a list itself: only brackets around brackets make several.
    List,
}

/// The values that a text names; `None` for a single one, which is the text itself.
///
/// # Errors
/// What is wrong with the list or the range.
pub(crate) fn of_text(text: &str, form: Form) -> Result<Option<Vec<String>>, String> {
    let bare = text.trim();
    let inner = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let items = items(inner.unwrap_or(bare));
    match (form, inner, items.as_slice()) {
        (Form::List, _, items) if !(inner.is_some() && items.iter().all(is_list)) => Ok(None),
        // `[::1]` is an address and `[a-z]` a pattern.
        (Form::Text, None, _) | (Form::Text, Some(_), [_]) => Ok(None),
        (Form::Separated, None, [one]) => match range(one) {
            None => Ok(None),
            Some(_) => of_items(&items, form).map(Some),
        },
        _ => of_items(&items, form).map(Some),
    }
}

fn is_list(item: &&str) -> bool {
    item.trim().starts_with('[')
}

/// The values of a list, in its order; its items may be ranges.
///
/// # Errors
/// What is wrong with the list or a range in it.
pub(crate) fn of_items(items: &[impl AsRef<str>], form: Form) -> Result<Vec<String>, String> {
    let mut values: Vec<String> = Vec::new();
    for item in items {
        let item = item.as_ref().trim();
        if item.is_empty() {
            return Err("got an empty value in a list, need one before and after each comma".into());
        }
        match range(item).filter(|_| form == Form::Separated) {
            Some(range) => values.extend(range?),
            None => values.push(item.to_owned()),
        }
        if CELLS_MAX < values.len() {
            return Err(too_many());
        }
    }
    for (at, value) in values.iter().enumerate() {
        // By number: a value may be a secret.
        if let Some(first) = values[..at].iter().position(|earlier| earlier == value) {
            let (at, first) = (at + 1, first + 1);
            return Err(format!("value {at} of the list is value {first} again, need each once"));
        }
    }
    Ok(values)
}

fn too_many() -> String {
    format!("names more than {CELLS_MAX} values, a sweep has at most {CELLS_MAX} cells")
}

/// What stands between the commas that are in no brackets of any kind: `${file:a,b}` is one item.
fn items(text: &str) -> Vec<&str> {
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, letter) in text.char_indices() {
        match letter {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                items.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&text[start..]);
    items
}

/// How a range goes from one value to the next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Plus(u64),
    Times(u64),
}

/// The values of a range; `None` for what is none.
fn range(item: &str) -> Option<Result<Vec<String>, String>> {
    let (from, rest) = item.trim().split_once("..")?;
    if !from.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let refused = |why: &str| format!("got \"{}\", {why}, need {RANGE_FORM}", item.trim());
    let (to, step) = match rest.split_once(['+', '*']) {
        Some((to, step)) => (to, Some(step)),
        None => (rest, None),
    };
    let (Some((first, unit)), Some((last, unit_of_last))) = (quantity(from), quantity(to)) else {
        return Some(Err(refused("which is no range of whole numbers")));
    };
    if unit != unit_of_last {
        return Some(Err(refused("whose ends have different units")));
    }
    let is_factor = rest.contains('*');
    let step = match step.map(quantity) {
        None => Step::Plus(1),
        Some(Some((factor, ""))) if is_factor && 1 < factor => Step::Times(factor),
        Some(Some((plus, of))) if !is_factor && 0 < plus && of == unit => Step::Plus(plus),
        Some(_) if is_factor => return Some(Err(refused("whose factor is none from 2 on"))),
        Some(_) => return Some(Err(refused("whose step is 0 or of another unit"))),
    };
    if last < first {
        return Some(Err(refused("which runs backwards")));
    }
    if first == 0 && is_factor {
        return Some(Err(refused("which stays at 0")));
    }
    Some(
        walk(first, last, step)
            .map(|numbers| numbers.into_iter().map(|number| format!("{number}{unit}")).collect()),
    )
}

/// A whole number and its unit, which may be empty.
fn quantity(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let legal = |letter: char| letter.is_ascii_alphabetic() || "/ ".contains(letter);
    let number = digits.parse().ok().filter(|_| unit.chars().all(legal))?;
    Some((number, unit))
}

fn walk(first: u64, last: u64, step: Step) -> Result<Vec<u64>, String> {
    let mut numbers = Vec::new();
    let mut next = Some(first);
    while let Some(number) = next.filter(|number| *number <= last) {
        if numbers.len() == CELLS_MAX {
            return Err(too_many());
        }
        numbers.push(number);
        next = match step {
            Step::Plus(plus) => number.checked_add(plus),
            Step::Times(factor) => number.checked_mul(factor),
        };
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::{Form, of_items, of_text};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let values = of_text(text, Form::Separated).expect(text);
        assert_eq!(values.unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn commas_and_brackets_make_lists() {
        check("100,1KiB,10KiB", &["100", "1KiB", "10KiB"]);
        check(" 0 , 5 ", &["0", "5"]);
        check("[0, 5]", &["0", "5"]);
        check("[5]", &["5"]);
        check("true,false", &["true", "false"]);
        check("${env:A},${file:a,b}", &["${env:A}", "${file:a,b}"]);
        check("f(1,2),3", &["f(1,2)", "3"]);
        for single in ["", "5", "1KiB", "-1", "${file:a,b}", "../a", "max"] {
            assert_eq!(of_text(single, Form::Separated), Ok(None), "{single}");
        }
    }

    #[test]
    fn of_lists_only_a_list_of_them_is_several() {
        for single in ["[a, b]", "[a]", "[]", "a", "a,b", "[a, [b]]"] {
            assert_eq!(of_text(single, Form::List), Ok(None), "{single}");
        }
        let two = vec!["[a, b]".to_owned(), "[c]".to_owned()];
        assert_eq!(of_text("[[a, b], [c]]", Form::List), Ok(Some(two)));
    }

    #[test]
    fn ranges_add_or_multiply_as_far_as_their_end() {
        check("1..5", &["1", "2", "3", "4", "5"]);
        check("1..9+2", &["1", "3", "5", "7", "9"]);
        check("1..32*2", &["1", "2", "4", "8", "16", "32"]);
        check("1..30*2", &["1", "2", "4", "8", "16"]);
        check("0..1", &["0", "1"]);
        check("7..7", &["7"]);
        check("1KiB..64KiB*4", &["1KiB", "4KiB", "16KiB", "64KiB"]);
        check("10k/s..50k/s+20k/s", &["10k/s", "30k/s", "50k/s"]);
        check("[1..4*2, 10,20..30+10]", &["1", "2", "4", "10", "20", "30"]);
        check("18446744073709551614..18446744073709551615*2", &["18446744073709551614"]);
        assert_eq!(
            of_text("1..1000", Form::Separated).map(|of| of.map(|of| of.len())),
            Ok(Some(1000))
        );
    }

    #[test]
    fn in_text_only_brackets_around_a_comma_make_a_list() {
        for single in ["a:1,b:2", "[::1]", "[::1]:9092,[::2]:9092", "[a-z]", "1..5", "a,"] {
            assert_eq!(of_text(single, Form::Text), Ok(None), "{single}");
        }
        let list = of_text("[1..2, b]", Form::Text);
        assert_eq!(list, Ok(Some(vec!["1..2".to_owned(), "b".to_owned()])), "no ranges of text");
    }

    #[test]
    fn what_is_no_list_and_no_range_says_what_is_needed() {
        let check = |text: &str, part: &str| {
            let fault = of_text(text, Form::Separated).expect_err(text);
            assert!(fault.contains(part), "{text}: {fault}");
        };
        check("1,", "an empty value in a list");
        check("1,,2", "an empty value in a list");
        check("[]", "an empty value in a list");
        check("1,2,1", "value 3 of the list is value 1 again");
        check("1..4*2,4", "value 4 of the list is value 3 again");
        check("5..1", "got \"5..1\", which runs backwards, need FROM..TO");
        check("0..8*2", "stays at 0");
        check("1..8*1", "factor");
        check("1..8*2x", "factor");
        check("1..8+0", "step");
        check("1k..8k+1", "step is 0 or of another unit");
        check("100B..1KiB*2", "different units");
        check("1..", "no range of whole numbers");
        check("1.5..2.5", "no range of whole numbers");
        check("1..1001", "more than 1000 values");
        check("1..99999999999999999999", "no range of whole numbers");
        let many: Vec<String> = (0..1_001).map(|value| value.to_string()).collect();
        assert!(of_items(&many, Form::Text).is_err(), "a list is bounded too");
    }
}
