//! Flags that repeat a run, alone or in turns with a candidate.

use std::path::PathBuf;

use clap::Args;

use super::compare::percent;
use crate::spec::RepeatOrder;

/// How often a run is made, and what it is compared with.
#[derive(Clone, Debug, Args)]
pub struct RepeatFlags {
    /// Make the same run N times, 2 to 100, and tell how far the repeats agree
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=100))]
    pub repeat: Option<u16>,
    /// Compare with a candidate B: the same with another driver file, or with another workload file. Runs take
    /// turns, A B B A, until each has --repeat N; 3 or more are compared run by run, fewer by their seconds.
    /// Exit code 10 when B is worse
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// How much worse the candidate may be, e.g. 2% or 0.5% [default: 1%]
    #[arg(long, value_name = "PERCENT", value_parser = percent, allow_hyphen_values = true)]
    pub tolerance: Option<f64>,
}

impl RepeatFlags {
    /// What is asked of `spec`.
    pub(super) fn order(&self) -> RepeatOrder {
        let Self { repeat, against, tolerance } = self.clone();
        RepeatOrder { count: repeat.map(usize::from), against, tolerance }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, parse};
    use crate::spec::RepeatOrder;

    fn order(words: &str) -> Result<RepeatOrder, String> {
        let line = format!("kdyno run w.yaml {words}");
        match parse(line.split_whitespace().map(Into::into)) {
            Ok(Command::Run(flags)) => Ok(flags.order().repeat),
            Ok(other) => panic!("{line}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn flags_become_an_order_and_nothing_is_repeated_without_them() {
        assert_eq!(order(""), Ok(RepeatOrder::default()));
        let asked = order("--repeat 3 --against b.yaml --tolerance 2.5%").expect("legal");
        assert_eq!((asked.count, asked.against), (Some(3), Some("b.yaml".into())));
        assert!(asked.tolerance.is_some_and(|part| (part - 0.025).abs() < 1e-12), "a part");
    }

    #[test]
    fn a_number_that_repeats_nothing_or_without_end_is_refused() {
        for wrong in ["0", "1", "101", "-3", "many"] {
            let told = order(&format!("--repeat={wrong}")).expect_err(wrong);
            assert!(told.contains("--repeat <N>"), "{told}");
        }
        for wrong in ["-1%", "100%", "much"] {
            let told = order(&format!("--repeat 2 --tolerance={wrong}")).expect_err(wrong);
            assert!(told.contains("need a percentage from 0% to below 100%"), "{told}");
        }
        assert_eq!(
            [2, 100].map(|of| order(&format!("--repeat {of}")).map(|of| of.count)),
            [2, 100].map(|of| Ok(Some(of))),
            "both ends"
        );
    }
}
