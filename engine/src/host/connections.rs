//! What the kernel says of this process's TCP connections: how long data was on its way, and who was waited for.

use crate::units::{Bytes, Nanos};
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// `SOCK_DIAG_BY_FAMILY`, as `linux/sock_diag.h` numbers it: a question, and the kind of its answers.
const BY_FAMILY: u16 = 20;

/// `NLM_F_REQUEST | NLM_F_DUMP`, of `linux/netlink.h`: all that fit the question.
const DUMP: u16 = 0x301;

/// `NLMSG_DONE`: nothing follows.
const DONE: u16 = 3;

/// `IPPROTO_TCP`.
const TCP: u8 = 6;

/// `AF_INET` and `AF_INET6`, Linux's numbers.
const FAMILIES: [u8; 2] = [2, 10];

/// `TCP_ESTABLISHED`, as a mask of states.
const ESTABLISHED: u32 = 1 << 1;

/// `INET_DIAG_INFO`, of `linux/inet_diag.h`: a `struct tcp_info` belongs to each answer.
const INFO: u16 = 2;

/// Heads: of a netlink message, of an answer to this question, of an attribute.
const HEAD: usize = 16;
const ANSWER: usize = 72;
const ATTRIBUTE: usize = 4;

/// The kernel writes no more than 32 KiB of a dump at once (`netlink_dump`, `net/netlink/af_netlink.c`).
const ROOM: usize = 64 << 10;

/// The kernel answers within the call, so what takes longer does not come.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where these stand in `struct tcp_info` of `linux/tcp.h`, which grows at its end alone; the times
/// have been there since Linux 4.10, the bytes since 4.19.
const UNSENT: usize = 144;
const BUSY: usize = 168;
const RECEIVER_LIMITED: usize = 176;
const BUFFER_LIMITED: usize = 184;
const BYTES_SENT: usize = 200;
const BYTES_RESENT: usize = 208;

/// A connection, and what TCP did for it since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The number of its socket, by which it is told from others as long as it is open.
    pub inode: u32,
    /// Our end.
    pub local: IpAddr,
    /// The other end.
    pub remote: IpAddr,
    /// How long data of ours was in flight or waited to be sent.
    pub busy: Nanos,
    /// Of that, how long the other end's window let nothing more go: its program did not read.
    pub receiver_limited: Nanos,
    /// Of that, how long our own send buffer held too little: the way would have taken more.
    pub buffer_limited: Nanos,
    /// Bytes sent, those that were sent again included.
    pub sent: Bytes,
    /// Bytes sent again, since they or their acks were lost.
    pub resent: Bytes,
    /// Bytes that wait to be sent, now.
    pub unsent: Bytes,
}

impl Connection {
    /// Whether it never leaves this host: there is no network between its ends.
    #[must_use]
    pub fn stays_here(&self) -> bool {
        self.local == self.remote || (self.local.is_loopback() && self.remote.is_loopback())
    }
}

/// All TCP connections of this process that are open; `None` where the system does not say.
///
/// Every connection of the process, whichever part of it made it: of kdyno those are the clients' to
/// the brokers. The kernel lists the connections of the whole host, of which only ours are kept.
#[must_use]
pub fn connections() -> Option<Vec<Connection>> {
    let own = own_sockets()?;
    let mut all = Vec::new();
    for family in FAMILIES {
        all.extend(listed(family)?.into_iter().filter(|of| own.contains(&of.inode)));
    }
    Some(all)
}

/// The numbers of the sockets that this process has open.
fn own_sockets() -> Option<HashSet<u32>> {
    let entries = std::fs::read_dir("/proc/self/fd").ok()?;
    // One that was closed meanwhile has no target any more.
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    Some(targets.filter_map(|target| inode(target.to_str()?)).collect())
}

/// The number of a socket, as `/proc/self/fd` names it.
fn inode(target: &str) -> Option<u32> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The established TCP connections of this network namespace.
fn listed(family: u8) -> Option<Vec<Connection>> {
    let raw = SocketType::DGRAM;
    let socket =
        socket_with(AddressFamily::NETLINK, raw, SocketFlags::CLOEXEC, Some(SOCK_DIAG)).ok()?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).ok()?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &question(family), SendFlags::empty(), &kernel).ok()?;
    answers(&socket)
}

/// Reads until the kernel says that this was all.
fn answers(socket: &OwnedFd) -> Option<Vec<Connection>> {
    let mut room = vec![0; ROOM];
    let mut found = Vec::new();
    // Ends with the list: each turn takes a piece of it, or none comes in time.
    loop {
        let (_, length) = recv(socket, room.as_mut_slice(), RecvFlags::empty()).ok()?;
        if read(room.get(..length)?, &mut found)? {
            return Some(found);
        }
    }
}

/// Which connections we want to know of: a `struct inet_diag_req_v2` behind its head.
fn question(family: u8) -> Vec<u8> {
    const LENGTH: u32 = 16 + 56;
    let mut bytes = LENGTH.to_ne_bytes().to_vec();
    bytes.extend([BY_FAMILY, DUMP].into_iter().flat_map(u16::to_ne_bytes));
    // Its number and its sender: nobody else uses this socket.
    bytes.extend([0; 8]);
    bytes.extend([family, TCP, 1 << (INFO - 1), 0]);
    bytes.extend(ESTABLISHED.to_ne_bytes());
    // Whatever their ends.
    bytes.extend([0; 48]);
    bytes
}

/// Reads a piece of the kernel's list; whether it was the last. `None` where it is no list, as when
/// the kernel refuses the question.
fn read(mut piece: &[u8], found: &mut Vec<Connection>) -> Option<bool> {
    while HEAD <= piece.len() {
        let length = usize::try_from(u32_at(piece, 0)?).ok()?;
        let message = piece.get(HEAD..length)?;
        match u16_at(piece, 4)? {
            DONE => return Some(true),
            BY_FAMILY => found.extend(connection(message)),
            _ => return None,
        }
        piece = piece.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Some(false)
}

/// One answer: a `struct inet_diag_msg`, with attributes behind it. A kernel that tells too little of
/// a connection tells nothing of it.
fn connection(message: &[u8]) -> Option<Connection> {
    let info = attribute(message.get(ANSWER..)?, INFO)?;
    let micros = |at: usize| Some(Nanos(u64_at(info, at)?.saturating_mul(1_000)));
    let family = *message.first()?;
    Some(Connection {
        inode: u32_at(message, 68)?,
        local: address(family, message.get(8..24)?)?,
        remote: address(family, message.get(24..40)?)?,
        busy: micros(BUSY)?,
        receiver_limited: micros(RECEIVER_LIMITED)?,
        buffer_limited: micros(BUFFER_LIMITED)?,
        sent: Bytes(u64_at(info, BYTES_SENT)?),
        resent: Bytes(u64_at(info, BYTES_RESENT)?),
        unsent: Bytes(u64::from(u32_at(info, UNSENT)?)),
    })
}

/// The first attribute of a kind.
fn attribute(mut all: &[u8], kind: u16) -> Option<&[u8]> {
    while ATTRIBUTE <= all.len() {
        let length = usize::from(u16_at(all, 0)?);
        let value = all.get(ATTRIBUTE..length)?;
        if u16_at(all, 2)? == kind {
            return Some(value);
        }
        all = all.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
    None
}

/// An address as it is meant: one of IPv4 that lies in one of IPv6 is one of IPv4.
fn address(family: u8, bytes: &[u8]) -> Option<IpAddr> {
    if family == FAMILIES[0] {
        return Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?).into());
    }
    Some(IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)).to_canonical())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{ANSWER, BY_FAMILY, Connection, DONE, connections, inode, read};
    use crate::units::{Bytes, Nanos};
    use std::io::{Read, Write};
    use std::net::{IpAddr, TcpListener, TcpStream};

    /// A message of this kind.
    fn message(kind: u16, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(16 + content.len()).expect("it is short");
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(content);
        bytes
    }

    /// An answer on a connection of IPv4, whose `tcp_info` is so long.
    fn answer(info_length: u16) -> Vec<u8> {
        let mut content = vec![2, 1, 0, 0];
        content.extend([0; 4]);
        content.extend([10, 0, 0, 1]);
        content.extend([0; 12]);
        content.extend([10, 0, 0, 2]);
        content.resize(ANSWER - 4, 0);
        content.extend(77_u32.to_ne_bytes());
        // An attribute that nobody asked for, with its padding.
        content.extend([5_u16, 8].into_iter().flat_map(u16::to_ne_bytes));
        content.extend([9, 0, 0, 0]);
        content.extend([info_length + 4, 2].into_iter().flat_map(u16::to_ne_bytes));
        let mut info = vec![0; 144];
        info.extend(1_000_u32.to_ne_bytes());
        info.resize(168, 0);
        info.extend([900_u64, 30, 4, 0, 5_000, 600].into_iter().flat_map(u64::to_ne_bytes));
        info.truncate(usize::from(info_length));
        content.extend(info);
        message(BY_FAMILY, &content)
    }

    #[test]
    fn a_list_is_read_to_its_end_and_no_refusal_is_taken_for_one() {
        let check = |piece: &[u8], expected: Option<bool>, count: usize| {
            let mut found = Vec::new();
            assert_eq!(read(piece, &mut found), expected, "{piece:?}");
            assert_eq!(found.len(), count, "{piece:?}");
        };
        check(&[answer(216), answer(216)].concat(), Some(false), 2);
        check(&[answer(216), message(DONE, &[0; 4])].concat(), Some(true), 1);
        // A kernel that does not count bytes yet says too little of a connection.
        check(&[answer(192), message(DONE, &[0; 4])].concat(), Some(true), 0);
        check(&message(2, &[0; 20]), None, 0);
        check(&answer(216)[..40], None, 0);
        check(&[], Some(false), 0);
    }

    #[test]
    fn each_figure_stands_where_the_kernel_puts_it() {
        let mut found = Vec::new();
        assert_eq!(read(&answer(216), &mut found), Some(false), "more may follow");
        let expected = Connection {
            inode: 77,
            local: IpAddr::from([10, 0, 0, 1]),
            remote: IpAddr::from([10, 0, 0, 2]),
            busy: Nanos(900_000),
            receiver_limited: Nanos(30_000),
            buffer_limited: Nanos(4_000),
            sent: Bytes(5_000),
            resent: Bytes(600),
            unsent: Bytes(1_000),
        };
        assert_eq!(found, [expected], "read");
        assert!(!expected.stays_here(), "there is a network between them");
        let turned = Connection { remote: expected.local, ..expected };
        assert!(turned.stays_here(), "by whichever of its addresses a host speaks to itself");
    }

    #[test]
    fn sockets_are_told_from_other_files() {
        let check = |target: &str, expected: Option<u32>| assert_eq!(inode(target), expected);
        check("socket:[4711]", Some(4_711));
        check("pipe:[4711]", None);
        check("/dev/null", None);
    }

    #[test]
    fn connections_of_this_process_are_found_and_count_what_they_sent() {
        const LENGTH: u64 = 70_000;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let mut near = TcpStream::connect(address).expect("it listens");
        let (mut far, _) = listener.accept().expect("it was called");
        let reader = std::thread::spawn(move || {
            let mut bytes = vec![0; usize::try_from(LENGTH).expect("it is short")];
            far.read_exact(&mut bytes).expect("they are sent");
            far
        });
        near.write_all(&vec![7; usize::try_from(LENGTH).expect("it is short")]).expect("taken");
        let _far = reader.join().expect("it reads");
        let all = connections().expect("Linux tells a process of its own connections");
        assert!(all.iter().any(|of| of.sent == Bytes(LENGTH) && of.stays_here()), "{all:?}");
    }
}
