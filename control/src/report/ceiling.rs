//! Where a run stood against this host's ceiling, as the file and the summary write it.

use engine::measure::Standing;
use serde::{Deserialize, Serialize};

/// What this host's engine did at most, by the row of its ceiling that is nearest to the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CeilingPart {
    /// The ceiling: acked messages per second.
    pub messages_per_second: f64,
    /// The run's acked messages per second ÷ the ceiling's.
    pub share: f64,
    /// What the ceiling was measured against: `loopback` (the null sink) or `embedded`.
    pub of: String,
    /// Producing lanes of the ceiling: as many as the run's, or the next fewer that were measured.
    pub lanes: u64,
    /// Bytes of the ceiling's messages, of those measured the nearest to the run's.
    pub message_size: u64,
    /// When the ceiling was measured.
    pub measured_at: String,
    /// Bytes that one thread of this host copied per second; null where nothing of this run is copied.
    pub copied_bytes_per_second: Option<f64>,
}

/// What a driver's name stands for in sentences about ceilings.
#[must_use]
pub fn sink(of: &str) -> &str {
    match of {
        "loopback" => "the null sink",
        "embedded" => "the embedded broker",
        other => other,
    }
}

impl CeilingPart {
    /// As the verdict takes it.
    #[must_use]
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            share: self.share,
            messages_per_second: self.messages_per_second,
            lanes: self.lanes,
            against: sink(&self.of),
            copied_per_second: self.copied_bytes_per_second,
        }
    }

    /// The line of the summary.
    pub(super) fn line(&self) -> String {
        let day = self.measured_at.get(..10).unwrap_or(&self.measured_at);
        let lanes =
            if self.lanes == 1 { "1 lane".to_owned() } else { format!("{} lanes", self.lanes) };
        format!(
            "{} of this host's ceiling ({} msg/s of {} B with {lanes} against {}, measured {day})",
            percent(self.share),
            short(self.messages_per_second),
            self.message_size,
            sink(&self.of),
        )
    }
}

/// A share in percent, with digits for small ones: no run is at 0 %.
fn percent(share: f64) -> String {
    match share * 100.0 {
        tiny if tiny < 0.01 => "less than 0.01 %".to_owned(),
        small if small < 1.0 => format!("{small:.2} %"),
        some if some < 10.0 => format!("{some:.1} %"),
        much => format!("{much:.0} %"),
    }
}

/// A rate to two or three digits: `1.9 M`, `912 k`.
fn short(per_second: f64) -> String {
    match per_second {
        // Below the half that would round up to four digits.
        few if few < 999.5 => format!("{few:.0}"),
        some if some < 9_950.0 => format!("{:.1} k", some / 1e3),
        some if some < 999_500.0 => format!("{:.0} k", some / 1e3),
        many if many < 99.5e6 => format!("{:.1} M", many / 1e6),
        many => format!("{:.0} M", many / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::{CeilingPart, percent, short};

    #[test]
    fn the_line_says_how_much_of_which_ceiling_and_when_it_was_measured() {
        let part = CeilingPart {
            messages_per_second: 1_912_345.6,
            share: 0.8312,
            of: "loopback".to_owned(),
            lanes: 1,
            message_size: 100,
            measured_at: "2026-11-25T21:12:24.123456Z".to_owned(),
            copied_bytes_per_second: Some(11.2e9),
        };
        let expected = "83 % of this host's ceiling (1.9 M msg/s of 100 B with 1 lane against the \
                        null sink, measured 2026-11-25)";
        assert_eq!(part.line(), expected, "one lane");
        let two = CeilingPart { lanes: 2, of: "embedded".to_owned(), ..part };
        assert!(two.line().contains("2 lanes against the embedded broker"), "{}", two.line());
    }

    #[test]
    fn small_shares_keep_their_digits_and_rates_are_short() {
        let shares = [0.000_01, 0.000_5, 0.0123, 0.5, 1.237].map(percent);
        assert_eq!(shares, ["less than 0.01 %", "0.05 %", "1.2 %", "50 %", "124 %"], "shares");
        let rates = [7.0, 1_234.0, 45_678.0, 999_600.0, 12_345_678.0, 123e6].map(short);
        assert_eq!(rates, ["7", "1.2 k", "46 k", "1.0 M", "12.3 M", "123 M"], "rates");
    }
}
