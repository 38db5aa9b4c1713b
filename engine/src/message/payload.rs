//! The bodies of messages, made before the run and stamped in place.

use super::Stamp;

/// A lane's own pool of bodies, taken in turn.
#[derive(Clone, Debug)]
pub struct Bodies {
    pool: Vec<Vec<u8>>,
    next: usize,
}

impl Bodies {
    /// Copies the plan's bodies, starting at `offset` so that lanes do not march in step.
    ///
    /// # Panics
    /// When there is no body: a plan has at least one.
    #[must_use]
    pub fn new(templates: &[Vec<u8>], offset: usize) -> Self {
        assert!(!templates.is_empty(), "a stream has at least one body");
        Self { pool: templates.to_vec(), next: offset % templates.len() }
    }

    /// The next body, stamped at its head.
    pub fn stamped(&mut self, stamp: &Stamp) -> &[u8] {
        let body = self.advance();
        if let Some(head) = body.first_chunk_mut() {
            *head = stamp.encode();
        }
        body
    }

    /// The next body as it is, for streams whose stamp travels in a header.
    pub fn plain(&mut self) -> &[u8] {
        self.advance()
    }

    fn advance(&mut self) -> &mut [u8] {
        let current = self.next;
        self.next = if current + 1 == self.pool.len() { 0 } else { current + 1 };
        &mut self.pool[current]
    }
}

#[cfg(test)]
mod tests {
    use super::{Bodies, Stamp};

    #[test]
    fn a_stamp_replaces_the_head_and_leaves_the_rest() {
        let mut bodies = Bodies::new(&[vec![7; 100], vec![9; 100]], 1);
        let stamp = Stamp { run: 3, ..Stamp::default() };
        let first = bodies.stamped(&stamp).to_vec();
        assert_eq!(Stamp::decode(&first), Ok(stamp), "the head is the stamp");
        assert_eq!(first[Stamp::SIZE..], [9; 100 - Stamp::SIZE], "the rest is the second template");
        assert_eq!(bodies.stamped(&stamp)[Stamp::SIZE..], [7; 52], "then the first, in turn");
        assert_eq!(bodies.plain().len(), 100, "and the second again, its head as it was left");
    }

    #[test]
    fn a_body_smaller_than_a_stamp_stays_as_it_is() {
        let mut bodies = Bodies::new(&[vec![1]], 0);
        assert_eq!(bodies.stamped(&Stamp::default()), [1], "one byte");
    }
}
