//! Whether a target that lives in memory holds the backlog that is asked for.

use engine::driver::{Driver, Room};
use engine::plan::StreamDemand;

/// A message's header and lengths, at most; its key comes on top.
const OVERHEAD: u64 = 128;

/// Of what a target holds this part may be asked for: partitions do not fill quite alike.
const PART: (u64, u64) = (3, 4);

/// A backlog is seen to stand when a second's figures are in: so long producers may go on meanwhile.
const AHEAD_S: u64 = 2;

/// What is wrong with a backlog of so many messages, those of all subscriptions added up.
pub(super) fn problem(driver: &Driver, stream: &StreamDemand, messages: u64) -> Option<String> {
    let room = driver.room?;
    let groups = u64::from(stream.subscriptions.max(1));
    let (asked, allowed) = (messages / groups, allowed(room, stream));
    if asked <= allowed {
        return None;
    }
    let size = stream.message_size;
    let most = match allowed {
        0 => String::new(),
        _ => {
            format!("ask for at most {} B, ", allowed.saturating_mul(size.0).saturating_mul(groups))
        }
    };
    Some(format!(
        "is {asked} messages for each subscription, and the {} driver, which keeps them in memory, has \
         room for {allowed} of {size} on {} partitions beside {AHEAD_S} s of this rate: {most}use more \
         partitions or a lower rate, or name a real broker with --bootstrap-server",
        driver.name,
        stream.partitions(),
    ))
}

/// How many messages may be unread in each subscription.
fn allowed(room: Room, stream: &StreamDemand) -> u64 {
    let labels = u64::try_from(stream.recipe.label_bytes()).expect("a message fits in memory");
    let each = stream.message_size.0 + OVERHEAD + stream.keys.longest() + labels;
    let of_bytes = room.bytes.map(|bytes| bytes.0 / each);
    let of_messages = room.messages.map(|count| u64::try_from(count).unwrap_or(u64::MAX));
    let most = [of_bytes, of_messages].into_iter().flatten().min().unwrap_or(u64::MAX);
    let all = most.saturating_mul(stream.partitions()) / PART.1 * PART.0;
    let ahead = stream.pace.peak().unwrap_or(0).saturating_mul(AHEAD_S);
    all.saturating_sub(ahead)
}

#[cfg(test)]
mod tests {
    use super::problem;
    use crate::spec::{Order, load};
    use engine::driver::find;
    use engine::plan::StreamDemand;
    use engine::units::Timestamp;
    use std::path::PathBuf;

    /// The stream of a workload of one topic with these fields.
    fn stream(sets: &[&str]) -> StreamDemand {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let workloads = vec![root.join("../workloads/quick-test.yaml")];
        let sets = sets.iter().map(|set| (*set).to_owned()).collect();
        let order = Order { workloads, sets, ..Order::default() };
        let mut job = load(&order, Timestamp::from_nanos(0)).expect("these fields exist");
        job.requests.remove(0).demand.streams.remove(0)
    }

    #[test]
    fn what_lives_in_memory_refuses_what_it_cannot_hold_and_says_what_it_can() {
        let fields = ["topics=1", "partitionsPerTopic=4", "messageSize=896", "producerRate=1000"];
        let stream = stream(&fields);
        let check = |driver: &str, messages: u64, expected: Option<&str>| {
            let driver = find(driver).expect("there is this one");
            let said = problem(driver, &stream, messages);
            let is_so = match (&said, expected) {
                (None, None) => true,
                (Some(said), Some(part)) => said.contains(part),
                _ => false,
            };
            assert!(is_so, "{}, {messages}: {said:?}", driver.name);
        };
        // 3,072 of 1 KiB with what is around them, four times, three quarters of it, less 2,000.
        check("embedded", 7_216, None);
        check(
            "embedded",
            7_217,
            Some("room for 7216 of 896 B on 4 partitions beside 2 s of this rate"),
        );
        check("embedded", 7_217, Some("ask for at most 6465536 B"));
        check("loopback", 194_608, None);
        check("loopback", 194_609, Some("the loopback driver"));
        check("kafka", u64::MAX, None);
    }

    #[test]
    fn each_subscription_has_the_room_and_a_load_beyond_it_has_none() {
        let embedded = find("embedded").expect("there is this one");
        let fields = ["topics=1", "partitionsPerTopic=4", "messageSize=896"];
        let more = ["producerRate=1000", "subscriptionsPerTopic=2"];
        let two = stream(&[&fields[..], &more].concat());
        assert_eq!(problem(embedded, &two, 2 * 7_216), None, "each has as much unread");
        assert!(problem(embedded, &two, 2 * 7_217).is_some(), "and no more");
        let fast = stream(&[&fields[..], &["producerRate=100k"]].concat());
        let said = problem(embedded, &fast, 2_000).expect("full in a moment");
        assert!(said.contains("room for 0 of 896 B"), "{said}");
        let closed = stream(&[&fields[..], &["producerRate=max"]].concat());
        assert_eq!(problem(embedded, &closed, 9_216), None, "it is held back when it is full");
    }
}
