//! The faults that other tools' numbers suffer from, each of which must be impossible here.
//!
//! | fault | held by |
//! |---|---|
//! | D1: ends well although every send failed, and counts no failure | `a_hundred_errors_of_each_kind_are_counted_a_hundred_times_each`, `errors_cost_exit_12_above_one_in_a_thousand_and_below_it_a_finding` |
//! | D2: whole milliseconds, and a sample of the latencies | `a_known_delay_comes_back_in_every_percentile_within_a_thousandth`, `samples_are_as_many_as_messages` |
//! | D3: sends in bursts, and flushes before it waits | `sends_are_as_far_apart_as_their_due_times` |
//! | D4: a batch's age is booked as each message's latency | `a_message_belongs_to_the_phase_of_its_due_on_every_side`, `samples_are_as_many_as_messages` |
//! | D5: the distance of two sends is rounded to microseconds | `a_second_holds_exactly_the_rate_from_one_to_five_million` |
//! | D6: a span that comes out negative or zero is thrown away | `a_receipt_before_the_due_time_is_a_negative_span_that_is_counted`, `foreign_messages_and_odd_spans_are_counted_aloud` |
//! | D7: the distance of two sends is rounded to nanoseconds, so that the rate drifts | `due_times_never_drift_from_the_exact_formula` |
//! | D8: what was not sent in time is forgiven | `a_stall_of_p_seconds_at_rate_r_shows_as_r_p_late_messages`, `a_change_of_rate_forgives_no_debt` |
//! | D9: one sample per poll, the first message's | `samples_are_as_many_as_messages` |
//! | D10: the mean of percentiles | `a_merge_equals_recording_everything_in_one`, `two_streams_merge_their_histograms_and_not_their_percentiles` |
//! | D11: the next send waits for the answer to the last one | `what_is_sent_and_when_does_not_depend_on_how_long_answers_take` |
//! | D12: percentiles of a decaying sample | `a_known_delay_comes_back_in_every_percentile_within_a_thousandth`, `samples_are_as_many_as_messages` |
//! | D13: ticks that were missed are skipped | `a_lane_that_is_late_never_skips_and_goes_on_looking_for_acks`, `a_stall_of_p_seconds_at_rate_r_shows_as_r_p_late_messages` |
//! | D14: checks of validity that always pass | `an_early_end_is_told_first`, `lateness_is_silent_then_noted_then_the_clients`, `each_repeat_is_told_as_what_it_is`, `each_implausible_figure_is_raised_once` |
//! | D15: a rate over the wrong time, memory without bound, a long latency shown as 0 | `rates_follow_from_the_phase_and_the_last_event`, `a_lagging_lane_does_not_grow_memory_and_no_second_comes_twice`, `what_is_negative_or_too_long_is_counted_and_shown` |
//! | D16: a millisecond more or less, nonsense with many threads | `a_lane_in_time_sends_within_microseconds_of_the_due`, `any_dealing_of_producers_sends_each_message_once_at_its_own_time` |
//! | D17: a throttle that lets more through than was asked for | `any_rate_and_time_give_rate_times_time_within_one`, `a_second_holds_exactly_the_rate_from_one_to_five_million` |
//! | D18: an incomplete run ends well, its rate taken over the idle tail | `what_had_not_come_at_a_deadline_times_the_run_out`, `rates_follow_from_the_phase_and_the_last_event` |

use engine::plan::Wishes;
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::run;
use kdyno_tests::tidy::{Source, read, sources, tests_named};

#[test]
fn each_fault_of_other_tools_names_the_tests_that_hold_it() {
    let own = read("tests/it/regressions.rs");
    let lines = own.lines().filter_map(|line| line.strip_prefix("//! "));
    let table: String = lines.map(|line| format!("{line}\n")).collect();
    let missing = tests_named(&table, &sources());
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    for fault in 1..=18 {
        let rows = table.lines().filter(|line| line.starts_with(&format!("| D{fault}:"))).count();
        assert_eq!(rows, 1, "D{fault} has a row");
    }
    let none = [Source::new("a.rs", "#[test]\nfn another() {}\n")];
    assert!(18 <= tests_named(&table, &none).len(), "a test that is gone would be missed");
}

#[test]
fn samples_are_as_many_as_messages() {
    let (outcome, _) = run("loopback", small("samples", 20_000, 1_000), &Wishes::default());
    let seen = &outcome.tally.streams[0].measured;
    let samples = [&seen.send_delay, &seen.publish, &seen.service, &seen.end_to_end, &seen.transit];
    let counts = samples.map(|latency| latency.count() + latency.negative());
    assert_eq!(counts, [20_000; 5], "send delay, publish, service, end-to-end, transit");
}
