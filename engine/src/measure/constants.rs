//! The numbers by which a run is judged, in one place, each with its reason.

use crate::units::Nanos;

/// A send is late when it leaves more than this after its due: ten times what a sleeping thread
/// oversleeps on a busy virtual machine, and a tenth of what a broker's ack usually takes.
pub const LATE: Nanos = Nanos::from_millis(1);

/// Above this share of sends late by us, the run says more about the client than about the broker.
pub const LATE_SHARE_INVALID: f64 = 0.10;

/// Above this share of sends late by us, the tail of the latencies is the client's.
pub const LATE_SHARE_NOTED: f64 = 0.001;

/// Above this share of sends that met a full client queue, the wait is told: the same share as for
/// sends late by us, so that the tail of the latencies has an owner in either case.
pub const HELD_SHARE_NOTED: f64 = LATE_SHARE_NOTED;

/// Acks fell behind when so much time's load lay unanswered beyond what is usual in the run. Busy
/// virtual machines let acks stand for half a second now and then, and seconds cut a burst in two.
pub const BEHIND_LEAST: Nanos = Nanos::from_secs(1);

/// With fewer messages due per second one late one is a second's load.
pub const RATE_LEAST: u64 = 10;

/// From this share of a cgroup's periods on in which it was withheld its cores, this process is what
/// stood still: a pause of one period in ten makes up to one send in ten late, the share at which
/// lateness spoils a run.
pub const THROTTLED_SHARE: f64 = LATE_SHARE_INVALID;

/// A client's thread that wanted a core for more than this share of the time is at its end: what is
/// left goes by between two batches however fast the broker is. Threads of clients that wait for a
/// broker want one for 0.14 of it at most, but for those at their cap on requests beside a quota: 0.22 to 0.88
/// (the confusion matrix, two cores beside the broker).
pub const CLIENT_THREAD_BUSY: f64 = 0.9;

/// A client's thread that waited for a core for more than this share of the time was held back by this
/// host: it got less than half of what it asked for.
pub const CLIENT_THREAD_STARVED: f64 = 0.5;

/// The target is reached when at least this share of what was due was acked.
pub const TARGET_SHARE: f64 = 0.999;

/// A percentile with fewer samples beyond it than this is flagged: its value is one message's luck.
pub const SAMPLES_BEYOND: u64 = 10;

/// The most loaded member of a group may hold this many times the least loaded one's partitions.
pub const IMBALANCE: u64 = 2;

/// A partition that has more than so many times the mean of its topic's carries the load by itself: what random
/// keys, a hundred to a partition, make of it stays below two.
pub const SKEW: u32 = 3;

/// The run's clock may go apart from the kernel's by so many parts in a million: 36 ms in an hour,
/// ten times what the calibration leaves in doubt. A time server that corrects the kernel's clock,
/// or a machine that moved under us, shows above it.
pub const DRIFT_PPM: f64 = 10.0;

/// Sending lanes that have less than this part of their time left cannot send noticeably faster.
pub const SLACK_LEAST: f64 = 0.05;

/// So many looks at the clients' requests at least before they say something: fewer are a moment.
pub const CAP_LOOKS_LEAST: u64 = 3;

/// From this share of looks on that found a client at its own cap on requests, the cap held it back:
/// below it, looks found room more often than not.
pub const CAP_LOOKS_SHARE: f64 = 0.5;

/// From this share of the publish latency on that passed in the client's queue, the queue is what the
/// latency tells of.
pub const CAP_QUEUE_SHARE: f64 = 0.5;

/// Round trips that take more than so many times the shortest on average are a broker that slows down:
/// a client at its cap then waits for the broker and not for itself. Under load that a broker carries
/// they are within five times (real broker on two cores, beside the client).
pub const CAP_SLOWED: f64 = 10.0;

/// A lane or worker whose publish p99 is more than so many times the median of its peers' is named:
/// between equal lanes on one machine it differs by less than two, measured; a bad host by tens.
pub const OUTLIER: u64 = 3;

/// With fewer acked messages the 99th percentile of one lane is one message's luck.
pub const OUTLIER_SAMPLES: u64 = 100 * SAMPLES_BEYOND;

/// A worker that sent less than this part of what its peers did of their shares is named. By a schedule
/// all send all of theirs; a closed loop on one host differs by 17 % from one time to the next
/// ([`NEAR_CEILING`]), so two equal ones may as well.
pub const SHARE_SHORT: f64 = 0.75;

/// Two hosts' clocks may be off by one part of so many of the median span between them: beyond a tenth
/// a difference between two runs may be the clocks' and not the cluster's.
pub const CLOCK_SHARE: u64 = 10;

/// A stall shorter than this is what busy virtual machines do now and then.
pub const STALL_LEAST: Nanos = Nanos::from_millis(250);

/// A stall stands alone when everything apart from it is shorter than this part of it.
pub const STALL_SHARE: u64 = 3;

/// From this share of this host's ceiling on, a run is told to be near it. The same closed loop
/// differed by 17 % from one time to the next (9.7 to 11.4 million a second; CHANGELOG, Numbers), and
/// a client with less than a tenth of its time to spare has no room for a burst: together about 0.3.
pub const NEAR_CEILING: f64 = 0.70;

/// Bodies that went faster than so many times what carries them are a wrong figure: the clocks, and the
/// ends of the phase, make a few hundredths of difference in a short run.
pub const ABOVE: f64 = 1.02;

/// From this share of its speed on a network card is full: heads, gaps and preambles that its counters
/// leave out take 2.5 % of frames of 1,500 bytes, and a second that is full is not full throughout.
pub const CARD_FULL: f64 = 0.90;

/// From this share of the time on that data of a connection was on its way, while neither the other end
/// nor our own buffer was waited for, the way was the limit.
pub const WAY_BUSY: f64 = 0.90;

/// And from this share of looks on that found data waiting to be sent: below it, the way took what there
/// was more often than not.
pub const WAY_BACKLOG: f64 = 0.5;

/// So many looks at connections at least before they say something: fewer are a moment.
pub const WAY_LOOKS_LEAST: u64 = 3;

/// The parts of the publish latency are judged where this share of the acked messages is in them: of
/// fewer, the difference may be how the others went. Of a run of 3 s one second is in no window; a stall
/// of 20 ms in it made a quarter of the mean on a busy host, and was told as a rest that is in no part.
pub const PARTS_COVERED: f64 = 0.9;

/// More of the mean publish latency than this in no part says that something else took the time. On a
/// clean run it is below a tenth.
pub const REST_SHARE: f64 = 0.25;

/// Less than this is what waking threads takes on a crowded machine, whatever its share.
pub const REST_LEAST: Nanos = Nanos(500_000);

/// Parts may be more than the whole by this share of it: windows of statistics do not begin and end
/// with the run, so a load that is not steady is not the same in both.
pub const REST_SHARE_BELOW_ZERO: f64 = 0.10;

/// And by this: librdkafka counts microseconds, in three parts, on a clock of its own.
pub const PARTS_CLOCK_ERROR: Nanos = Nanos(10_000);

/// Acks that stop for longer than this and the producers' linger, with something outstanding, are an
/// outage. Above any usual p99.9, what a crowded machine makes of it included ([`STALL_LEAST`]); below
/// the election of a leader, and below the second that an interval covers.
pub const SILENCE_LEAST: Nanos = Nanos::from_millis(500);

/// The percentiles that are reported.
pub const PERCENTILES: [f64; 7] = [50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99];

/// What the process tells its caller.
pub mod exit {
    /// The run did what was asked.
    pub const VALID: u8 = 0;
    /// The run could not be finished as planned.
    pub const FAILED: u8 = 1;
    /// Usage or configuration; no run, so never in a verdict.
    pub const USAGE: u8 = 2;
    /// An assertion of the user's did not hold.
    pub const ASSERTION: u8 = 10;
    /// The client was too late too often: the numbers are its own.
    pub const CLIENT_LIMITED: u8 = 11;
    /// Less was acked than was due.
    pub const TARGET: u8 = 12;
    /// Messages were lost or damaged.
    pub const VERIFICATION: u8 = 13;
    /// A worker was lost.
    pub const PARTIAL: u8 = 14;
    /// A deadline struck before everything had come.
    pub const TIMED_OUT: u8 = 15;
    /// The user interrupted the run; what was measured is kept.
    pub const INTERRUPTED: u8 = 130;

    /// Where several apply, the first of these is told: what explains the others comes first.
    pub const PRECEDENCE: [u8; 8] =
        [INTERRUPTED, FAILED, PARTIAL, VERIFICATION, CLIENT_LIMITED, TARGET, TIMED_OUT, ASSERTION];

    /// Of the codes of several runs the one to tell: a fault of usage first, then by precedence.
    #[must_use]
    pub fn gravest(codes: &[u8]) -> u8 {
        let told = std::iter::once(USAGE).chain(PRECEDENCE).find(|code| codes.contains(code));
        told.unwrap_or(VALID)
    }
}
