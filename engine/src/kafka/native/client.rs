//! A client's handle: topics, sending, giving up.

use super::queue::Queue;
use crate::error::RunError;
use crate::kafka::context::Quiet;
use crate::link::{Header, Then};
use rdkafka::TopicPartitionList;
use rdkafka::bindings as rd;
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, Producer};
use std::ffi::{CStr, CString, c_void};
use std::ptr::NonNull;
use std::time::Duration;

/// A client that somebody else owns and that outlives this handle.
#[derive(Clone, Copy, Debug)]
pub(in crate::kafka) struct Handle(NonNull<rd::rd_kafka_t>);

// SAFETY: a librdkafka client may be used from any thread.
unsafe impl Send for Handle {}

/// A kept handle of a topic: saves the client a look-up per message, a quarter of its cost.
#[derive(Debug)]
pub(in crate::kafka) struct TopicHandle(NonNull<rd::rd_kafka_topic_t>);

// SAFETY: a topic handle may be used from any thread.
unsafe impl Send for TopicHandle {}

/// What the client said to a message or a request; else its error code.
pub(in crate::kafka) type Produced = Result<(), i32>;

/// What the client said to a call about transactions; else its error code, and what may follow.
pub(in crate::kafka) type TransactionAnswer = Result<(), (i32, Then)>;

impl Handle {
    /// The handle of a producer. Who keeps it, and what is made from it, keeps the producer beside
    /// it in a field declared later, so that the client is dropped last.
    pub(in crate::kafka) fn of_producer(producer: &BaseProducer<Quiet>) -> Self {
        Self::new(producer.client().native_ptr())
    }

    /// The handle of any client, under the same condition.
    pub(in crate::kafka) fn of_client(client: &Client<Quiet>) -> Self {
        Self::new(client.native_ptr())
    }

    /// The handle of a consumer, under the same condition.
    pub(in crate::kafka) fn of_consumer(consumer: &BaseConsumer<Quiet>) -> Self {
        Self::new(consumer.client().native_ptr())
    }

    fn new(client: *mut rd::rd_kafka_t) -> Self {
        Self(NonNull::new(client).expect("a client that was created has an address"))
    }

    /// The queue with delivery reports, errors and logs.
    pub(in crate::kafka) fn main_queue(self) -> Queue {
        // SAFETY: the client is alive; the call returns a reference of our own.
        let queue = unsafe { rd::rd_kafka_queue_get_main(self.0.as_ptr()) };
        // SAFETY: as above.
        unsafe { Queue::adopt(NonNull::new(queue).expect("every client has a main queue")) }
    }

    /// The queue with messages and rebalances; only for clients with a group.
    pub(in crate::kafka) fn consumer_queue(self) -> Queue {
        // SAFETY: the client is alive; the call returns a reference of our own.
        let queue = unsafe { rd::rd_kafka_queue_get_consumer(self.0.as_ptr()) };
        // SAFETY: as above.
        unsafe {
            Queue::adopt(NonNull::new(queue).expect("a client with a group has such a queue"))
        }
    }

    /// Opens a topic.
    pub(in crate::kafka) fn topic(self, name: &str) -> Result<TopicHandle, RunError> {
        let text = CString::new(name).expect("topic names have been checked");
        // SAFETY: the client is alive, the name is copied, no configuration is handed over.
        let topic =
            unsafe { rd::rd_kafka_topic_new(self.0.as_ptr(), text.as_ptr(), std::ptr::null_mut()) };
        NonNull::new(topic).map(TopicHandle).ok_or_else(|| RunError::Topic {
            topic: name.to_owned(),
            reason: error_name(last_error()),
        })
    }

    /// What the living client works with under a property's name.
    pub(in crate::kafka) fn property(self, name: &str) -> Option<String> {
        let name = CString::new(name).ok()?;
        let mut value = [0_u8; 512];
        let mut size = value.len();
        // SAFETY: the client is alive, and its configuration lives as long.
        let config = unsafe { rd::rd_kafka_conf(self.0.as_ptr()) };
        // SAFETY: the name ends with a zero; at most `size` bytes are written, a zero last.
        let found = unsafe {
            rd::rd_kafka_conf_get(config, name.as_ptr(), value.as_mut_ptr().cast(), &raw mut size)
        };
        let is_known = found == rd::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK;
        let text = CStr::from_bytes_until_nul(&value).ok().filter(|_| is_known)?;
        Some(text.to_string_lossy().into_owned())
    }

    /// Fetches the metadata of the topics opened so far; returns the error code, 0 for none.
    pub(in crate::kafka) fn fetch_metadata(self, timeout_ms: i32) -> i32 {
        let mut metadata = std::ptr::null();
        // SAFETY: the client is alive; `metadata` is written on success.
        let code = unsafe {
            rd::rd_kafka_metadata(
                self.0.as_ptr(),
                0,
                std::ptr::null_mut(),
                &raw mut metadata,
                timeout_ms,
            )
        } as i32;
        if code == 0 {
            // SAFETY: what a successful call returned is ours to destroy.
            unsafe { rd::rd_kafka_metadata_destroy(metadata) };
        }
        code
    }

    /// Asks the leaders of these partitions for the offsets that stand in the list, of the end where it says so;
    /// writes the answers into it. Returns the error code of all together, 0 for none.
    pub(in crate::kafka) fn ask_offsets(self, list: &TopicPartitionList, timeout_ms: i32) -> i32 {
        // SAFETY: the client and the list are alive; the list is written before the call returns.
        unsafe { rd::rd_kafka_offsets_for_times(self.0.as_ptr(), list.ptr(), timeout_ms) as i32 }
    }

    /// Gives up all messages in the client, those on their way to a broker included.
    pub(in crate::kafka) fn purge(self) {
        let flags = rd::RD_KAFKA_PURGE_F_QUEUE | rd::RD_KAFKA_PURGE_F_INFLIGHT;
        // SAFETY: the client is alive.
        unsafe { rd::rd_kafka_purge(self.0.as_ptr(), flags) };
    }

    /// Commits what was read of the whole assignment; the answer comes as an event of `queue`.
    /// rdkafka's own asynchronous commit answers nobody: librdkafka posts its result only to a
    /// callback or to a queue that the call names (`rdkafka_cgrp.c`, `propagate_commit_result`).
    pub(in crate::kafka) fn commit(self, queue: &Queue) -> Produced {
        // SAFETY: the client and the queue are alive; no offsets means the stored ones, no callback
        // means an event.
        let code = unsafe {
            rd::rd_kafka_commit_queue(
                self.0.as_ptr(),
                std::ptr::null(),
                queue.as_ptr(),
                None,
                std::ptr::null_mut(),
            ) as i32
        };
        if code == 0 { Ok(()) } else { Err(code) }
    }

    /// Which generation of its group a consumer is in, or at which epoch of its own; `None` outside of one.
    pub(in crate::kafka) fn generation(self) -> Option<i32> {
        // SAFETY: the client is alive; what is returned is ours to destroy, or null.
        let metadata = unsafe { rd::rd_kafka_consumer_group_metadata(self.0.as_ptr()) };
        if metadata.is_null() {
            return None;
        }
        // SAFETY: it is not null, and ours.
        let generation = unsafe { rd::rd_kafka_consumer_group_metadata_generation_id(metadata) };
        // SAFETY: it is ours and not used after this.
        unsafe { rd::rd_kafka_consumer_group_metadata_destroy(metadata) };
        (0 <= generation).then_some(generation)
    }

    /// Makes the client's transactional id known: brokers abort what a former holder of it left open,
    /// and refuse that one from now on.
    pub(in crate::kafka) fn init_transactions(self, deadline: Duration) -> TransactionAnswer {
        let millis = i32::try_from(deadline.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the client is alive; the call returns an error of our own or null.
        settle(unsafe { rd::rd_kafka_init_transactions(self.0.as_ptr(), millis) })
    }

    /// Begins a transaction: a word to the client alone.
    pub(in crate::kafka) fn begin_transaction(self) -> TransactionAnswer {
        // SAFETY: the client is alive; the call returns an error of our own or null.
        settle(unsafe { rd::rd_kafka_begin_transaction(self.0.as_ptr()) })
    }

    /// Commits the transaction, without rdkafka's wrapper, whose flush takes 100 ms.
    pub(in crate::kafka) fn commit_transaction(self, deadline: Duration) -> TransactionAnswer {
        let millis = i32::try_from(deadline.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the client is alive; the call returns an error of our own or null.
        settle(unsafe { rd::rd_kafka_commit_transaction(self.0.as_ptr(), millis) })
    }

    /// Aborts the transaction.
    pub(in crate::kafka) fn abort_transaction(self, deadline: Duration) -> TransactionAnswer {
        let millis = i32::try_from(deadline.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the client is alive; the call returns an error of our own or null.
        settle(unsafe { rd::rd_kafka_abort_transaction(self.0.as_ptr(), millis) })
    }

    /// Hands over a message with headers; the client copies everything.
    pub(in crate::kafka) fn produce_with_headers(
        self,
        topic: &TopicHandle,
        partition: i32,
        (key, body, headers): (Option<&[u8]>, &[u8], &[Header<'_>]),
        opaque: usize,
    ) -> Produced {
        use rd::rd_kafka_vtype_t as tag;
        let (key, key_length) = parts(key);
        let list = header_list(headers);
        // SAFETY: the client, the topic and all slices are alive during the call; every tag is
        // followed by the arguments that librdkafka documents for it, and END ends the list.
        let code = unsafe {
            rd::rd_kafka_producev(
                self.0.as_ptr(),
                tag::RD_KAFKA_VTYPE_RKT,
                topic.0.as_ptr(),
                tag::RD_KAFKA_VTYPE_PARTITION,
                partition,
                tag::RD_KAFKA_VTYPE_MSGFLAGS,
                rd::RD_KAFKA_MSG_F_COPY,
                tag::RD_KAFKA_VTYPE_VALUE,
                body.as_ptr().cast::<c_void>(),
                body.len(),
                tag::RD_KAFKA_VTYPE_KEY,
                key,
                key_length,
                tag::RD_KAFKA_VTYPE_HEADERS,
                list,
                tag::RD_KAFKA_VTYPE_OPAQUE,
                std::ptr::without_provenance_mut::<c_void>(opaque),
                tag::RD_KAFKA_VTYPE_END,
            )
        } as i32;
        if code == 0 {
            return Ok(());
        }
        // SAFETY: a refused message leaves its headers to us.
        unsafe { rd::rd_kafka_headers_destroy(list) };
        Err(code)
    }
}

impl TopicHandle {
    /// Hands over a message; the client copies key and body.
    pub(in crate::kafka) fn produce(
        &self,
        partition: i32,
        key: Option<&[u8]>,
        body: &[u8],
        opaque: usize,
    ) -> Produced {
        let (key, key_length) = parts(key);
        // SAFETY: the topic and both slices are alive during the call, which copies them; the
        // payload pointer is not written to with MSG_F_COPY.
        let result = unsafe {
            rd::rd_kafka_produce(
                self.0.as_ptr(),
                partition,
                rd::RD_KAFKA_MSG_F_COPY,
                body.as_ptr().cast_mut().cast::<c_void>(),
                body.len(),
                key,
                key_length,
                std::ptr::without_provenance_mut(opaque),
            )
        };
        if result == 0 { Ok(()) } else { Err(last_error()) }
    }
}

/// Messages on their way to the client together; kept, so that none is allocated.
#[derive(Debug, Default)]
pub(in crate::kafka) struct Batch(Vec<rd::rd_kafka_message_t>);

// SAFETY: the addresses inside are of one call of `produce_all`, which leaves none behind.
unsafe impl Send for Batch {}

impl TopicHandle {
    /// Hands over messages without headers, in order; the client copies keys and bodies, and reads
    /// its two clocks and takes its topic's lock once for all. `answered` hears for each whether it
    /// was taken.
    pub(in crate::kafka) fn produce_all<'run>(
        &self,
        batch: &mut Batch,
        messages: impl Iterator<Item = (i32, Option<&'run [u8]>, &'run [u8], usize)>,
        mut answered: impl FnMut(Produced),
    ) {
        batch.0.extend(messages.map(|(partition, key, body, opaque)| {
            let (key, key_len) = parts(key);
            rd::rd_kafka_message_t {
                err: rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR,
                rkt: std::ptr::null_mut(),
                partition,
                payload: body.as_ptr().cast_mut().cast::<c_void>(),
                len: body.len(),
                key: key.cast_mut(),
                key_len,
                offset: 0,
                _private: std::ptr::without_provenance_mut(opaque),
            }
        }));
        let count = i32::try_from(batch.0.len()).expect("a batch is small");
        // SAFETY: the topic is alive, and so are all keys and bodies, which the call copies and does
        // not write to with MSG_F_COPY; it writes to the `count` messages themselves only.
        unsafe {
            rd::rd_kafka_produce_batch(
                self.0.as_ptr(),
                0,
                rd::RD_KAFKA_MSG_F_COPY | rd::RD_KAFKA_MSG_F_PARTITION,
                batch.0.as_mut_ptr(),
                count,
            )
        };
        for message in batch.0.drain(..) {
            let code = message.err as i32;
            answered(if code == 0 { Ok(()) } else { Err(code) });
        }
    }
}

impl Drop for TopicHandle {
    fn drop(&mut self) {
        // SAFETY: gives back the reference taken in `Handle::topic`; the client is still alive.
        unsafe { rd::rd_kafka_topic_destroy(self.0.as_ptr()) };
    }
}

fn settle(error: *mut rd::rd_kafka_error_t) -> TransactionAnswer {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is ours.
    let code = unsafe { rd::rd_kafka_error_code(error) as i32 };
    // SAFETY: the error is ours.
    let is_fatal = unsafe { rd::rd_kafka_error_is_fatal(error) } != 0;
    // SAFETY: the error is ours.
    let needs_abort = unsafe { rd::rd_kafka_error_txn_requires_abort(error) } != 0;
    // SAFETY: the error is ours.
    let may_repeat = unsafe { rd::rd_kafka_error_is_retriable(error) } != 0;
    // SAFETY: the error is ours and not used after this.
    unsafe { rd::rd_kafka_error_destroy(error) };
    let then = match (is_fatal, needs_abort, may_repeat) {
        (false, true, _) => Then::Abort,
        (false, false, true) => Then::Repeat,
        _ => Then::Nothing,
    };
    Err((code, then))
}

fn parts(key: Option<&[u8]>) -> (*const c_void, usize) {
    key.map_or((std::ptr::null(), 0), |key| (key.as_ptr().cast(), key.len()))
}

fn header_list(headers: &[Header<'_>]) -> *mut rd::rd_kafka_headers_t {
    // SAFETY: makes a new list, which the caller hands to the client or destroys.
    let list = unsafe { rd::rd_kafka_headers_new(headers.len()) };
    for header in headers {
        let name_length = isize::try_from(header.name.len()).expect("a slice fits in isize");
        let value_length = isize::try_from(header.value.len()).expect("a slice fits in isize");
        // SAFETY: the list is ours; name and value are copied with the lengths given.
        unsafe {
            rd::rd_kafka_header_add(
                list,
                header.name.as_ptr().cast(),
                name_length,
                header.value.as_ptr().cast(),
                value_length,
            )
        };
    }
    list
}

fn last_error() -> i32 {
    // SAFETY: reads this thread's last error.
    unsafe { rd::rd_kafka_last_error() as i32 }
}

fn error_name(code: i32) -> String {
    error_table()
        .into_iter()
        .find(|row| row.0 == code)
        .map_or_else(|| code.to_string(), |row| row.1)
}

/// Every error code of librdkafka with its name and its description.
pub(in crate::kafka) fn error_table() -> Vec<(i32, String, String)> {
    let (mut rows, mut count) = (std::ptr::null(), 0);
    // SAFETY: writes the address and the length of a static table.
    unsafe { rd::rd_kafka_get_err_descs(&raw mut rows, &raw mut count) };
    // SAFETY: the table is static and has `count` rows.
    let rows = unsafe { std::slice::from_raw_parts(rows, count) };
    let named = rows.iter().filter(|row| !row.name.is_null() && !row.desc.is_null());
    // SAFETY: names and descriptions are static strings that end with a zero.
    let text = |text| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    named.map(|row| (row.code as i32, text(row.name), text(row.desc))).collect()
}
