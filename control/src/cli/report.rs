//! The flags of `kdyno report`.

use super::Format;
use clap::Args;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes: 0 rendered, whatever the verdict in it; 1 a file could not be written; 2 usage, or no
result that this version knows (then nothing is written)";

/// Flags of `kdyno report`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct ReportFlags {
    /// Run directories, or the result.json in them
    #[arg(required = true, value_name = "RUN_DIR")]
    pub runs: Vec<PathBuf>,
    /// Folder for the files, in place of the run directory; only with one of these
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Form of the result on stdout
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Format, parse};
    use super::ReportFlags;
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
        assert_eq!((full.output, full.format), (Some("out".into()), Format::Json));
        for (line, words) in [
            ("kdyno report", "RUN_DIR"),
            ("kdyno report a --format xml", "text, json"),
            ("kdyno report --help", "whatever the verdict"),
        ] {
            let said = flags(line).expect_err(line);
            assert!(said.contains(words), "{line}: {said}");
        }
    }
}
