//! A broker that stands still: what was due meanwhile waited, and the latency says so.

use crate::cli::{Kdyno, alone, number, workload};
use crate::real::broker::{Broker, Signal};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use kdyno_tests::demand::real_broker;

/// How long the broker stands still.
const STALL: Nanos = Nanos::from_secs(2);

/// Messages per second; 2 s of them are 10,000 of the 100,000 of the run.
const RATE: u64 = 5_000;

/// A client with room for a tenth of a second: what is due after that waits in the lane.
const DRIVER: &str = "name: narrow\ndriverClass: kafka\nreplicationFactor: 1\n\
    commonConfig: |\n  bootstrap.servers=ADDRESS\n\
    producerConfig: |\n  acks=all\n  linger.ms=1\n  queue.buffering.max.messages=500\n";

#[test]
fn a_stall_is_on_the_bill_of_every_message_that_was_due_in_it() {
    if real_broker().is_none() {
        return;
    }
    let _alone = alone();
    let broker = Broker::start("stall", &[]);
    let mut run = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--warmup", "2s"])
        .with_file("w.yaml", &workload("stall", RATE, "20s"))
        .with_file("d.yaml", &DRIVER.replace("ADDRESS", &broker.address()))
        .start();
    run.await_words("    7 s |");
    let clock = OsClock::anchored();
    broker.send(Signal::Stop);
    let stopped = clock.now();
    while clock.now() < stopped + STALL {
        clock.park(clock.now().until(stopped + STALL));
    }
    broker.send(Signal::Continue);
    let stall = clock.now().since(stopped).expect("time goes on").as_secs_f64();
    let ran = run.finish();
    let result = ran.result();
    assert_eq!(result["acked"]["messages"], 100_000, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(result["consumed"]["messages"], 100_000, "{}", ran.stdout);
    let micros = |span: &str, field: &str| number(&result, &format!("/latency/{span}/{field}_us"));
    let seconds = |span: &str, field: &str| micros(span, field) / 1e6;
    // A tenth of all messages fell due in the stall, and waited from 0 to 2 s: above the p90, the
    // rank says how long. Without due times the wait would be on the bill of 500 of them. A broker
    // that is slow in coming back holds up more, as its run says: at the most as if it had stood
    // still until all was caught up.
    let mut outages = result["outages"].as_array().expect("there was one").iter();
    let outage = outages.find(|of| 1.5 < number(of, "/seconds")).expect("it is the stall");
    let caught_up = outage["caught_up_s"].as_f64().expect("the run went on for long enough");
    let still = number(outage, "/seconds").max(stall) + caught_up;
    let expected = |percent: f64, long: f64| long * (1.0 - (100.0 - percent) / (5.0 * long));
    for (percent, field) in [(95.0, "p95"), (99.0, "p99"), (99.9, "p99_9")] {
        let (least, most) = (expected(percent, stall), expected(percent, still));
        let publish = seconds("publish", field);
        println!("publish {field} {publish:.3} s, expected {least:.3} s to {most:.3} s");
        let allowed = least - 0.25..most + 0.25;
        assert!(allowed.contains(&publish), "{field}: {publish} s, not {least} s to {most} s");
    }
    for span in ["publish", "service", "send_delay"] {
        println!(
            "{span}: p50 {:.3} p90 {:.3} p95 {:.3} p99 {:.3} max {:.3} s",
            seconds(span, "p50"),
            seconds(span, "p90"),
            seconds(span, "p95"),
            seconds(span, "p99"),
            seconds(span, "max")
        );
    }
    let (late, service) = (seconds("send_delay", "p95"), seconds("service", "p95"));
    assert!(0.7 < late, "the difference stands in the send delay: {late} s");
    assert!(service < late / 4.0, "few of them were in the client: {service} s of {late} s");
    // Which is the broker's doing: the client was full.
    assert!(0.0 < number(&result, "/engine/queue_full"), "{:#}", result["engine"]);
}
