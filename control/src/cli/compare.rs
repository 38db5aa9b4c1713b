//! The flags of `kdyno compare`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const MORE: &str = "\
Examples:
  kdyno compare results/before_1760000000_0a1b results/after_1760000300_2c3d
  kdyno compare results/a1,results/a2,results/a3 results/b1,results/b2,results/b3 --tolerance 3%
  kdyno compare before/ after/ --format markdown

Exit codes: 0 nothing is worse by more than the tolerance, 2 usage, 10 something is, for sure";

/// Flags of `kdyno compare`.
#[derive(Clone, Debug, Args)]
#[command(after_help = MORE)]
pub struct CompareFlags {
    /// What is compared, the baseline first: a run directory or its result.json; repeats of one variant
    /// joined by commas, or the folder of their run directories
    #[arg(required = true, value_name = "RUN[,RUN...]")]
    pub variants: Vec<PathBuf>,
    /// How much worse a candidate may be, e.g. 2% or 0.5%
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = percent, allow_hyphen_values = true)]
    pub tolerance: f64,
    /// Form of the comparison on stdout
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: CompareFormat,
    /// Compare runs that are not valid, too
    #[arg(long)]
    pub allow_invalid: bool,
    /// Compare one stream of each run by its own rates, latencies and seconds, e.g. probe
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
}

/// The form of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For people, on a terminal.
    Text,
    /// For programs.
    Json,
    /// For issues and pull requests.
    Markdown,
    /// One self-contained page.
    Html,
}

/// A percentage as a part of the whole.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let digits = text.trim();
    let digits = digits.strip_suffix('%').unwrap_or(digits).trim_end();
    let number = digits.parse::<f64>().ok().filter(|number| (0.0..100.0).contains(number));
    let part = number.map(|number| number / 100.0);
    part.ok_or_else(|| format!("got \"{text}\", need a percentage from 0% to below 100%, e.g. 2%"))
}

#[cfg(test)]
mod tests {
    use super::super::{Command, parse};
    use super::{CompareFlags, CompareFormat};
    use std::path::PathBuf;

    fn flags(line: &str) -> Result<CompareFlags, String> {
        match parse(line.split_whitespace().map(Into::into)) {
            Ok(Command::Compare(flags)) => Ok(*flags),
            Ok(other) => panic!("{line}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn variants_are_paths_and_the_rest_has_defaults() {
        let plain = flags("kdyno compare a b").expect("nothing else is needed");
        assert_eq!(plain.variants, ["a", "b"].map(PathBuf::from));
        assert!((plain.tolerance - 0.01).abs() < 1e-12, "a percent: {}", plain.tolerance);
        assert_eq!((plain.format, plain.allow_invalid), (CompareFormat::Text, false));
        assert_eq!(plain.stream, None, "the whole runs");
        let full =
            "kdyno compare a,b c --tolerance 2.5% d --format html --allow-invalid --stream probe";
        let given = flags(full).expect("legal");
        assert_eq!(given.variants, ["a,b", "c", "d"].map(PathBuf::from), "commas are read later");
        assert!((given.tolerance - 0.025).abs() < 1e-12, "{}", given.tolerance);
        assert_eq!((given.format, given.allow_invalid), (CompareFormat::Html, true));
        assert_eq!(given.stream.as_deref(), Some("probe"));
        let bare = flags("kdyno compare a b --tolerance 3").expect("a percentage without its sign");
        assert!((bare.tolerance - 0.03).abs() < 1e-12, "{}", bare.tolerance);
    }

    #[test]
    fn what_is_no_tolerance_no_form_and_no_pair_is_refused() {
        let check = |line: &str, words: &str| {
            let error = flags(line).expect_err(line);
            assert!(error.contains(words), "{line}: {error}");
        };
        check("kdyno compare", "RUN[,RUN...]");
        for wrong in ["-1%", "100%", "much", "nan", "%"] {
            let line = format!("kdyno compare a b --tolerance={wrong}");
            check(&line, "need a percentage from 0% to below 100%, e.g. 2%");
        }
        check("kdyno compare a b --format yaml", "markdown");
    }
}
