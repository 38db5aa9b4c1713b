//! What a client's queue holds: delivery reports, messages, errors, rebalances, commits, statistics.

use rdkafka::bindings as rd;
use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::ptr::NonNull;

/// One event, destroyed when dropped.
pub(in crate::kafka) struct Event(NonNull<rd::rd_kafka_event_t>);

// SAFETY: once polled, an event is on no queue and nobody else holds it; librdkafka lets any thread
// read and destroy it.
unsafe impl Send for Event {}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kafka) enum EventKind {
    /// Delivery reports.
    Acks,
    /// A message.
    Delivery,
    /// Trouble of the client's.
    Trouble,
    /// Partitions are given or taken.
    Rebalance,
    /// A commit ended.
    Committed,
    /// The client says how it is.
    Statistics,
    /// Logs: nothing a lane reads.
    Other,
}

impl Event {
    /// Takes over an event.
    ///
    /// # Safety
    /// `event` was polled from a queue and belongs to the caller.
    pub(super) const unsafe fn adopt(event: NonNull<rd::rd_kafka_event_t>) -> Self {
        Self(event)
    }

    /// What it is about.
    pub(in crate::kafka) fn kind(&self) -> EventKind {
        // SAFETY: the event is alive as long as `self`.
        match unsafe { rd::rd_kafka_event_type(self.0.as_ptr()) } {
            rd::RD_KAFKA_EVENT_DR => EventKind::Acks,
            rd::RD_KAFKA_EVENT_FETCH => EventKind::Delivery,
            rd::RD_KAFKA_EVENT_ERROR => EventKind::Trouble,
            rd::RD_KAFKA_EVENT_REBALANCE => EventKind::Rebalance,
            rd::RD_KAFKA_EVENT_OFFSET_COMMIT => EventKind::Committed,
            rd::RD_KAFKA_EVENT_STATS => EventKind::Statistics,
            _ => EventKind::Other,
        }
    }

    /// The next message of a delivery or of delivery reports.
    pub(in crate::kafka) fn next_message(&mut self) -> Option<RawMessage<'_>> {
        // SAFETY: the event is alive; the message belongs to it, hence the lifetime.
        let message = unsafe { rd::rd_kafka_event_message_next(self.0.as_ptr()) };
        NonNull::new(message.cast_mut()).map(|message| RawMessage { message, event: PhantomData })
    }

    /// The event's error code; 0 for none.
    pub(in crate::kafka) fn code(&self) -> i32 {
        // SAFETY: the event is alive as long as `self`.
        unsafe { rd::rd_kafka_event_error(self.0.as_ptr()) as i32 }
    }

    /// Whether the client will never work again.
    pub(in crate::kafka) fn is_fatal(&self) -> bool {
        // SAFETY: the event is alive as long as `self`.
        unsafe { rd::rd_kafka_event_error_is_fatal(self.0.as_ptr()) != 0 }
    }

    /// The client's words about the error.
    pub(in crate::kafka) fn words(&self) -> String {
        // SAFETY: the event is alive as long as `self`.
        let text = unsafe { rd::rd_kafka_event_error_string(self.0.as_ptr()) };
        // SAFETY: librdkafka's strings end with a zero and live as long as the event.
        unsafe { owned(text) }
    }

    /// The client's statistics, as JSON. The text is the event's own (`rdkafka.c`,
    /// `rd_kafka_stats_emit_all`): it may be read when the client is long gone.
    pub(in crate::kafka) fn statistics(&self) -> &[u8] {
        if self.kind() != EventKind::Statistics {
            return &[];
        }
        // SAFETY: the event is alive as long as `self`, and it is one of statistics.
        let text = unsafe { rd::rd_kafka_event_stats(self.0.as_ptr()) };
        if text.is_null() {
            return &[];
        }
        // SAFETY: librdkafka's strings end with a zero; this one lives as long as the event.
        unsafe { CStr::from_ptr(text) }.to_bytes()
    }

    /// The topics and partitions of a rebalance.
    pub(in crate::kafka) fn partitions(&self) -> Vec<(String, i32)> {
        // SAFETY: the event is alive as long as `self`.
        let list = unsafe { rd::rd_kafka_event_topic_partition_list(self.0.as_ptr()) };
        // SAFETY: the list, where there is one, belongs to the event.
        let Some(list) = (unsafe { list.as_ref() }) else { return Vec::new() };
        let count = usize::try_from(list.cnt).unwrap_or(0);
        if count == 0 {
            return Vec::new();
        }
        // SAFETY: `elems` points to `cnt` elements of the list.
        let elements = unsafe { std::slice::from_raw_parts(list.elems, count) };
        // SAFETY: an element's topic is a string that lives as long as the list.
        elements
            .iter()
            .map(|element| (unsafe { owned(element.topic) }, element.partition))
            .collect()
    }

    /// The topic and the partition that it is about, and the offset that it names: of errors of one
    /// partition, its end among them.
    pub(in crate::kafka) fn place(&self) -> Option<(String, i32, i64)> {
        // SAFETY: the event is alive as long as `self`; what is returned is the caller's own.
        let place = unsafe { rd::rd_kafka_event_topic_partition(self.0.as_ptr()) };
        // SAFETY: where it is not null it is whole until it is destroyed below.
        let seen = unsafe { place.as_ref() }?;
        // SAFETY: its topic ends with a zero and lives as long as it does.
        let topic = unsafe { owned(seen.topic) };
        let told = (topic, seen.partition, seen.offset);
        // SAFETY: it is ours, and nothing of it is used after this.
        unsafe { rd::rd_kafka_topic_partition_destroy(place) };
        Some(told)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event is ours and is not used after this.
        unsafe { rd::rd_kafka_event_destroy(self.0.as_ptr()) };
    }
}

/// Copies a C string.
///
/// # Safety
/// `text` is null or ends with a zero.
unsafe fn owned(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller promises a terminated string.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A message inside an event.
pub(in crate::kafka) struct RawMessage<'event> {
    message: NonNull<rd::rd_kafka_message_t>,
    event: PhantomData<&'event Event>,
}

impl<'event> RawMessage<'event> {
    fn fields(&self) -> &'event rd::rd_kafka_message_t {
        // SAFETY: the message lives as long as its event, which the lifetime says.
        unsafe { self.message.as_ref() }
    }

    /// Its error code; 0 for none.
    pub(in crate::kafka) fn code(&self) -> i32 {
        self.fields().err as i32
    }

    /// Its partition.
    pub(in crate::kafka) fn partition(&self) -> i32 {
        self.fields().partition
    }

    /// Its offset; −1 where unknown.
    pub(in crate::kafka) fn offset(&self) -> i64 {
        self.fields().offset
    }

    /// What was handed over with it.
    pub(in crate::kafka) fn opaque(&self) -> usize {
        self.fields()._private.addr()
    }

    /// The address of its topic's handle: the same for all messages of a topic in a client.
    pub(in crate::kafka) fn topic_address(&self) -> usize {
        self.fields().rkt.addr()
    }

    /// Its topic's name.
    pub(in crate::kafka) fn topic(&self) -> String {
        // SAFETY: the handle is alive as long as the message.
        let name = unsafe { rd::rd_kafka_topic_name(self.fields().rkt) };
        // SAFETY: the name ends with a zero and lives as long as the handle.
        unsafe { owned(name) }
    }

    /// Its body.
    pub(in crate::kafka) fn body(&self) -> &'event [u8] {
        let fields = self.fields();
        if fields.payload.is_null() {
            return &[];
        }
        // SAFETY: `payload` points to `len` bytes that live as long as the event.
        unsafe { std::slice::from_raw_parts(fields.payload.cast::<u8>(), fields.len) }
    }

    /// The value of its last header of that name.
    pub(in crate::kafka) fn header(&self, name: &CStr) -> Option<&'event [u8]> {
        let mut headers = std::ptr::null_mut();
        // SAFETY: the message is alive; the headers stay its own.
        let found =
            unsafe { rd::rd_kafka_message_headers(self.message.as_ptr(), &raw mut headers) };
        if found as i32 != 0 {
            return None;
        }
        let (mut value, mut size) = (std::ptr::null(), 0);
        // SAFETY: the headers and the name are alive; value and size are written on success.
        let known = unsafe {
            rd::rd_kafka_header_get_last(headers, name.as_ptr(), &raw mut value, &raw mut size)
        };
        if known as i32 != 0 || value.is_null() {
            return None;
        }
        // SAFETY: the value points to `size` bytes that live as long as the message.
        Some(unsafe { std::slice::from_raw_parts(value.cast::<u8>(), size) })
    }

    /// Whether the broker may have a message whose delivery failed.
    pub(in crate::kafka) fn maybe_persisted(&self) -> bool {
        // SAFETY: the message is alive.
        let status = unsafe { rd::rd_kafka_message_status(self.message.as_ptr()) };
        status as i32 != rd::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED as i32
    }
}
