//! What a run shows while it goes on: a display on a terminal, lines elsewhere, and its log in its directory.

use crate::cli::{Kdyno, Ran, alone, workload};
use crate::golden;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::thread;

/// What an invocation did to a terminal of so many columns: how it ended, and what it wrote.
fn at_terminal(columns: u16, kdyno: Kdyno) -> (Ran, Vec<u8>) {
    // No other test's processes may hold an end of it.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ours = openpt(flags).expect("Linux has pseudo-terminals");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it is ours");
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&ours, size).expect("it is ours");
    let theirs = ioctl_tiocgptpeer(&ours, flags).expect("it is unlocked");
    let read = thread::spawn(move || {
        let mut bytes = Vec::new();
        // It ends with an error, when nobody holds the other end any more.
        let _hung_up = File::from(ours).read_to_end(&mut bytes);
        bytes
    });
    let ran = kdyno.with_variable("TERM", "xterm-256color").run_at(theirs);
    (ran, read.join().expect("it only reads"))
}

/// A run of three seconds on the embedded broker, at a rate at which any machine is on time.
fn run(words: &[&str]) -> Kdyno {
    Kdyno::new(&["run", "w.yaml", "--rate", "200", "--duration", "3s", "--warmup", "1s"])
        .and(words)
        .with_file("w.yaml", &workload("live", 200, "3s"))
        .with_variable("NO_COLOR", "")
}

/// What was written between two movements to the beginning of a line, without colours and movements.
fn segments(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // A control sequence ends with a letter: ESC [ 2 K.
            '\u{1b}' => {
                let _sequence = letters.by_ref().skip(1).find(|end| ('@'..='~').contains(end));
            }
            '\r' => plain.push('\n'),
            other => plain.push(other),
        }
    }
    plain.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The colours that were set.
fn colours(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let sequences = text.split('\u{1b}').skip(1);
    let is_colour = |sequence: &&str| {
        let mut letters = sequence.chars().skip(1);
        letters.find(|letter| ('@'..='~').contains(letter)) == Some('m')
    };
    sequences.filter(is_colour).count()
}

/// The rows that a terminal shows.
fn rows(terminal: &vt100::Parser) -> Vec<String> {
    let screen = terminal.screen();
    let (_, columns) = screen.size();
    screen.rows(0, columns).map(|row| row.trim_end().to_owned()).collect()
}

/// Everything that the terminal showed, one moment after the other.
fn moments(columns: u16, bytes: &[u8]) -> Vec<Vec<String>> {
    let mut terminal = vt100::Parser::new(24, columns, 0);
    let look = |piece: &[u8]| {
        terminal.process(piece);
        rows(&terminal)
    };
    bytes.chunks(32).map(look).collect()
}

/// The rows of a display of the measured phase, with latencies, where one stands there whole.
fn display(rows: &[String]) -> Option<Vec<String>> {
    let first = rows.iter().position(|row| row.contains("measured phase  ["))?;
    let of: Vec<String> = rows[first..].iter().take_while(|row| !row.is_empty()).cloned().collect();
    let [head, rates, publish, ..] = of.as_slice() else { return None };
    let is_whole = head.contains(" left of 3 s  ")
        && rates.starts_with("asked 200/s  ")
        && publish.starts_with("publish     p50 ")
        && of.iter().any(|row| row.contains("end-to-end  p50 ") && row.contains("  max "))
        && !publish.contains(" -");
    is_whole.then_some(of)
}

fn run_log(ran: &Ran) -> String {
    let directory = ran.run_directories().pop().expect("a run has a directory");
    std::fs::read_to_string(directory.join("run.log")).expect("every run has its log")
}

fn has_control(text: &str) -> bool {
    text.chars().any(|letter| letter.is_control() && letter != '\n')
}

#[test]
fn at_a_terminal_a_display_fits_shows_all_and_leaves_nothing_behind() {
    let _alone = alone();
    for columns in [80, 200] {
        let (ran, bytes) = at_terminal(columns, run(&[]));
        assert!(matches!(ran.code, 0 | 11), "{columns}: exit {}", ran.code);
        // Once at least all of it was there at once, each line in a row of its own, and it went on.
        let moments = moments(columns, &bytes);
        let whole = moments.iter().find_map(|rows| display(rows));
        let whole = whole.unwrap_or_else(|| panic!("{columns}: {:#?}", moments.last()));
        let text = whole.join("\n");
        for part in ["acked ", "backlog ", "errors 0", " ms  p99 ", "end-to-end  p50 "] {
            assert!(text.contains(part), "{columns}: {part}: {text}");
        }
        let is_wide = 120 < columns;
        assert_eq!(whole.len(), if is_wide { 3 } else { 4 }, "{columns}: {text}");
        assert_eq!(
            text.contains("  read "),
            is_wide,
            "{columns}: more where there is room: {text}"
        );
        let left = |second: u32| format!(" {second} s left of 3 s");
        for second in 1..3 {
            let is_told = |rows: &Vec<String>| rows.iter().any(|row| row.contains(&left(second)));
            assert!(moments.iter().any(is_told), "{columns}: it was drawn each second: {second}");
        }
        let segments = segments(&bytes);
        // Log lines passed above it, each in one piece, and no second twice.
        for line in ["warm-up for 1s", "measured phase for 3s", "consumers read what is left"] {
            assert!(segments.iter().any(|of| of.ends_with(line)), "{columns}: {line}");
        }
        assert!(!segments.iter().any(|line| line.contains("s | sent ")), "{columns}: told twice");
        // The end: as it was before.
        let mut terminal = vt100::Parser::new(24, columns, 0);
        terminal.process(&bytes);
        let shown = rows(&terminal).join("\n");
        let screen = terminal.screen();
        assert!(!screen.hide_cursor() && !screen.alternate_screen(), "{columns}");
        let last = shown.trim_end().lines().last().unwrap_or_default();
        assert!(
            last.starts_with("results: results/") && last.contains("/live_"),
            "{columns}: {shown}"
        );
        assert!(!shown.contains("asked 200/s"), "{columns}: it is gone: {shown}");
        assert_eq!(screen.cursor_position().1, 0, "{columns}: on a new line");
        let log = run_log(&ran);
        assert!(log.contains(" INFO     1 s | sent "), "{columns}: the log has them: {log}");
        assert!(!has_control(&log), "{columns}: {log}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    let _alone = alone();
    let check = |no_color: &str, is_coloured: bool| {
        let (_, bytes) = at_terminal(80, run(&[]).with_variable("NO_COLOR", no_color));
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(0 < colours(&bytes), is_coloured, "NO_COLOR={no_color}: {text}");
        assert!(text.contains(" left of 3 s"), "NO_COLOR={no_color}: {text}");
    };
    check("", true);
    check("1", false);
}

#[test]
fn at_a_terminal_nobody_draws_for_those_who_want_quiet_or_json_or_cannot_see_it() {
    let _alone = alone();
    let shown = |kdyno: Kdyno| String::from_utf8_lossy(&at_terminal(80, kdyno).1).into_owned();
    let quiet = shown(run(&["--quiet"]));
    let is_result = quiet.starts_with("VALID") || quiet.starts_with("INVALID");
    assert!(is_result && !quiet.contains('\u{1b}'), "the result alone: {quiet}");
    let json = shown(run(&["--log-format", "json"]));
    let (log, _) = json.split_once("VALID").expect("the result is text");
    let lines = log.lines().filter(|line| line.starts_with('{'));
    let lines = lines.map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    assert!(9 < lines.expect("each is JSON").len(), "the seconds too: {json}");
    assert!(!json.contains('\u{1b}'), "{json}");
    let dumb = shown(run(&[]).through(&["env", "TERM=dumb"]));
    assert!(dumb.contains("    1 s | sent ") && !dumb.contains('\u{1b}'), "lines: {dumb}");
}

#[test]
fn without_a_terminal_there_is_a_line_a_second_and_no_control_character() {
    let _alone = alone();
    for words in [&[][..], &["--log-format", "json"], &["--format", "json"]] {
        let ran = run(words).run();
        assert!(matches!(ran.code, 0 | 11), "{words:?}: exit {}: {}", ran.code, ran.stderr);
        for text in [&ran.stdout, &ran.stderr, &run_log(&ran)] {
            assert!(!has_control(text), "{words:?}: {text}");
        }
        for second in 0..3 {
            let line = format!("    {second} s | sent ");
            assert_eq!(ran.stderr.matches(&line).count(), 1, "{words:?}: {line}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_quiet_run_has_its_log_all_the_same_and_a_mismatch_is_an_error_in_it() {
    let _alone = alone();
    let ran = run(&["--quiet", "--assert", "acked > 1000000"]).run();
    assert!(matches!(ran.code, 10 | 11), "exit {}: {}", ran.code, ran.stderr);
    let log = run_log(&ran);
    assert!(log.contains(" INFO measured phase for 3s\n"), "{log}");
    let error = "ERROR assertion_failed: ";
    for (place, text) in [("run.log", &log), ("stderr", &ran.stderr)] {
        assert_eq!(text.matches(error).count(), 1, "{place}: {text}");
    }
    assert!(ran.stderr.lines().all(|line| line.contains(" ERROR ")), "faults: {}", ran.stderr);
    assert!(log.contains(" INFO verdict: invalid, exit 1"), "{log}");
}

/// A text with `N` for each number, and one blank for several.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        // That of p99 is a part of its name.
        let is_name = out.ends_with(|before: char| before.is_ascii_alphabetic());
        if letter.is_ascii_digit() && !is_name {
            let is_number = |next: &char| next.is_ascii_digit() || matches!(next, '.' | ',');
            while letters.next_if(is_number).is_some() {}
            out.push('N');
        } else if letter.is_ascii_digit() {
            out.push(letter);
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                out.push(digit);
            }
        } else {
            out.push(letter);
        }
    }
    out.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// The words of a line without what changes from run to run and from machine to machine; none for what other
/// machines do not say at all.
fn steady(words: &str, test_id: &str) -> Option<String> {
    let heads = ["lane ", "machine: ", "clock: "];
    if heads.iter().any(|head| words.starts_with(head)) {
        return None;
    }
    let named = words.replace(test_id, "TEST_ID");
    Some(match named.split_once(", limited by ") {
        Some((head, _)) => without_numbers(&format!("{head}, limited by …")),
        None => without_numbers(&named),
    })
}

/// The run whose log is in the golden files: nothing in it is due, so that nothing is late.
fn golden_run(format: &str) -> (String, String) {
    let ran =
        Kdyno::new(&["run", "w.yaml", "--rate", "max", "--in-flight", "50", "--duration", "3s"])
            .and(&["--warmup", "1s", "--log-format", format, "--wait", "sleep"])
            .with_file("w.yaml", &workload("told", 1, "3s"))
            .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let test_id = ran.result()["test_id"].as_str().expect("a run has an id").to_owned();
    (run_log(&ran), test_id)
}

/// Lines as a text, of those that are alike the first: the last second may be told before the drain or after.
fn joined(lines: &[String]) -> String {
    let is_new = |(at, line): &(usize, &String)| !lines[..*at].contains(line);
    let first: Vec<&str> =
        lines.iter().enumerate().filter(is_new).map(|(_, line)| line.as_str()).collect();
    first.join("\n") + "\n"
}

#[test]
fn the_log_tells_the_run_and_each_of_its_phases() {
    let _alone = alone();
    let (log, test_id) = golden_run("text");
    let line = |line: &str| {
        let (time, rest) = line.split_once(' ').expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z'), "date and time: {line}");
        let (level, words) = rest.trim_start().split_once(' ').expect("a level");
        // What machines remark is theirs.
        let words = steady(words, &test_id).filter(|_| level != "WARN")?;
        Some(format!("TIME {level} {words}"))
    };
    golden::check("run-log.txt", &joined(&log.lines().filter_map(line).collect::<Vec<String>>()));
}

#[test]
fn the_log_as_json_tells_the_same_with_fields() {
    let _alone = alone();
    let (log, test_id) = golden_run("json");
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).expect("each line is a document");
        let is_time = line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z'));
        assert!(is_time, "date and time: {line}");
        line["timestamp"] = "TIME".into();
        for (name, value) in line["fields"].as_object_mut().expect("fields") {
            *value = match value {
                Value::Number(_) => "N".into(),
                Value::String(_) if name == "limited_by" => "…".into(),
                Value::String(words) => steady(words, &test_id)?.into(),
                other => panic!("{name}: {other}"),
            };
        }
        (line["level"] != "WARN").then(|| line.to_string())
    };
    golden::check(
        "run-log-json.txt",
        &joined(&log.lines().filter_map(line).collect::<Vec<String>>()),
    );
}
