//! The flags of `kdyno ceiling`.

use super::lanes::cores;
use super::{Cores, OutputFlags};
use clap::Args;
use engine::message::Stamp;
use engine::units::{Bytes, Nanos};

const EXIT_CODES: &str = "\
Exit codes: 0 measured and kept, 1 a step failed, 2 usage, 130 interrupted (printed and not kept)";

/// The shortest step of which anything can be said, and the longest that anybody should wait for.
const STEP: (Nanos, Nanos) = (Nanos::from_millis(10), Nanos::from_secs(60));

/// The largest message: the clients of the embedded broker take a million bytes.
const SIZE_MAX: Bytes = Bytes(512 << 10);

/// Flags of `kdyno ceiling`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct CeilingFlags {
    /// Length of each measured step, e.g. 5s or 500ms
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = step)]
    pub duration: Nanos,
    /// Bytes of a message, e.g. 100 or 1KiB; throughput is measured with 64 KiB, too
    #[arg(long, value_name = "SIZE", default_value = "100", value_parser = size)]
    pub message_size: Bytes,
    /// Cores to measure on, e.g. 2-7 or 0,2,4-5 [default: all that this process may use]
    #[arg(long, value_name = "CORES", value_parser = cores)]
    pub cores: Option<Cores>,
    /// What is written and shown.
    #[command(flatten)]
    pub output: OutputFlags,
}

fn step(text: &str) -> Result<Nanos, String> {
    let (least, most) = STEP;
    let length: Nanos = text.parse()?;
    if least <= length && length <= most {
        return Ok(length);
    }
    Err(format!("got \"{text}\", need {least} to {most}"))
}

fn size(text: &str) -> Result<Bytes, String> {
    let least = Bytes(u64::try_from(Stamp::SIZE).expect("a stamp is small"));
    let size: Bytes = text.parse()?;
    if least <= size && size <= SIZE_MAX {
        return Ok(size);
    }
    Err(format!("got \"{text}\", need {least} (a stamp) to {SIZE_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::super::{Command, parse};
    use super::CeilingFlags;
    use engine::units::{Bytes, Nanos};

    fn flags(line: &str) -> Result<CeilingFlags, String> {
        match parse(line.split_whitespace().map(Into::into)) {
            Ok(Command::Ceiling(flags)) => Ok(*flags),
            Ok(other) => panic!("{line}: {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn lengths_and_sizes_are_read_with_their_units_and_held_to_their_bounds() {
        let plain = flags("kdyno ceiling").expect("nothing is needed");
        assert_eq!((plain.duration, plain.message_size), (Nanos::from_secs(2), Bytes(100)));
        assert_eq!((plain.cores, plain.output.output), (None, None), "all cores, results/");
        let full = "kdyno ceiling --duration 500ms --message-size 1KiB --cores 0,2 --output out";
        let given = flags(full).expect("legal");
        assert_eq!((given.duration, given.message_size), (Nanos::from_millis(500), Bytes(1_024)));
        assert_eq!(given.cores.map(|cores| cores.0), Some(vec![0, 2]));
        let check = |line: &str, words: &str| {
            let error = flags(line).expect_err(line);
            assert!(error.contains(words), "{line}: {error}");
        };
        check("kdyno ceiling --duration 5", "need a number with a unit");
        check("kdyno ceiling --duration 9ms", "need 10ms to 1m");
        check("kdyno ceiling --duration 61s", "need 10ms to 1m");
        check("kdyno ceiling --message-size 47", "need 48 B (a stamp) to 512 KiB");
        check("kdyno ceiling --message-size 513KiB", "need 48 B (a stamp) to 512 KiB");
        check("kdyno ceiling --cores 3-1", "runs backwards");
        check("kdyno ceiling --rate 5", "--rate");
    }
}
