//! The flags of `kdyno report`.

use super::Format;
use clap::Args;
use engine::units::Nanos;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes: 0 rendered, whatever the verdict in it; 1 a file could not be written; 2 usage, or no
result that this version knows (then nothing is written)";

/// Flags of `kdyno report`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct ReportFlags {
    /// Run directories, or the result.json in them; with --merge also slices, as --format json gave them
    #[arg(required = true, value_name = "RUN_DIR")]
    pub runs: Vec<PathBuf>,
    /// Folder for the files, in place of the run directory; only with one of these
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// First second to cut out, from the start of the measured phase, e.g. 10s: counts and latencies of
    /// those seconds on stdout, also of a run that was killed; no file is written
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "output")]
    pub from: Option<Nanos>,
    /// Where to cut, excluded [default: the end]
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "output")]
    pub to: Option<Nanos>,
    /// Adds up what is cut out, of all directories and slices: slices of a run add up to it exactly
    #[arg(long, conflicts_with = "output")]
    pub merge: bool,
    /// Form of the result on stdout
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

impl ReportFlags {
    /// Whether seconds are cut out or added up, and nothing is rendered.
    pub const fn is_slice(&self) -> bool {
        self.merge || self.from.is_some() || self.to.is_some()
    }
}

fn moment(text: &str) -> Result<Nanos, String> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Format, parse};
    use super::ReportFlags;
    use engine::units::Nanos;
    use std::path::PathBuf;

    fn flags(line: &str) -> Result<ReportFlags, String> {
        match parse(line.split_whitespace().map(Into::into)) {
            Ok(Command::Report(flags)) => Ok(flags),
            Ok(other) => panic!("{line}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn run_directories_are_needed_and_the_rest_is_at_its_default() {
        let plain = flags("kdyno report results/a results/b").expect("legal");
        assert_eq!(plain.runs, ["results/a", "results/b"].map(PathBuf::from));
        assert_eq!((plain.output, plain.format), (None, Format::Text));
        let full = flags("kdyno report a --output out --format json").expect("legal");
        let is_slice = full.is_slice();
        assert_eq!((full.output, full.format), (Some("out".into()), Format::Json));
        let cut = flags("kdyno report a --from 10s --to 1m --merge").expect("legal");
        assert_eq!((cut.from, cut.to), (Some(Nanos::from_secs(10)), Some(Nanos::from_secs(60))));
        assert!(cut.is_slice() && !is_slice, "only what cuts or merges");
        for (line, words) in [
            ("kdyno report a --from 10", "need a number with a unit"),
            ("kdyno report a --merge --output b", "cannot be used with"),
            ("kdyno report", "RUN_DIR"),
            ("kdyno report a --format xml", "text, json"),
            ("kdyno report --help", "whatever the verdict"),
        ] {
            let said = flags(line).expect_err(line);
            assert!(said.contains(words), "{line}: {said}");
        }
    }
}
