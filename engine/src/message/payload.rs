//! The bodies of messages, made before the run and stamped in place.

use super::{Cover, Stamp};

/// A lane's own pool of bodies, taken in turn.
#[derive(Clone, Debug)]
pub struct Bodies {
    pool: Vec<Vec<u8>>,
    /// What the stamp of each covers.
    covers: Vec<Cover>,
    next: usize,
}

/// What the stamps of a lane's bodies cover, and where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// Themselves.
    Stamp,
    /// The rest of the body, behind the stamp at its head.
    BodyBehind,
    /// The whole body, beside the stamp in a header.
    BodyBeside,
}

impl Bodies {
    /// Copies the plan's bodies, starting at `offset` so that lanes do not march in step. At least
    /// `distinct` of them, the plan's repeated if need be: so many may be stamped and not yet sent.
    ///
    /// # Panics
    /// When there is no body: a plan has at least one.
    #[must_use]
    pub fn new(templates: &[Vec<u8>], offset: usize, distinct: usize) -> Self {
        assert!(!templates.is_empty(), "a stream has at least one body");
        let count = distinct.div_ceil(templates.len()).max(1) * templates.len();
        let pool = templates.iter().cycle().take(count).cloned().collect();
        let next = offset % templates.len();
        Self { covers: vec![Cover::Stamp; count], pool, next }
    }

    /// The same with stamps that cover more.
    #[must_use]
    pub fn covered(mut self, covered: Covered) -> Self {
        let cover = |body: &Vec<u8>| match covered {
            Covered::Stamp => Cover::Stamp,
            Covered::BodyBehind => {
                Cover::Body(Cover::hash(body.get(Stamp::SIZE..).unwrap_or_default()))
            }
            Covered::BodyBeside => Cover::Body(Cover::hash(body)),
        };
        self.covers = self.pool.iter().map(cover).collect();
        self
    }

    /// What the stamp of a body covers.
    #[must_use]
    pub fn cover(&self, body: usize) -> Cover {
        self.covers[body]
    }

    /// Takes the next body and returns its index.
    pub fn advance(&mut self) -> usize {
        let current = self.next;
        self.next = if current + 1 == self.pool.len() { 0 } else { current + 1 };
        current
    }

    /// Writes the stamp at the body's head; a body that is too small for one stays as it is.
    pub fn stamp(&mut self, body: usize, stamp: &Stamp) {
        if let Some(head) = self.pool[body].first_chunk_mut() {
            *head = stamp.encode_over(self.covers[body]);
        }
    }

    /// The body of that index.
    #[must_use]
    pub fn body(&self, body: usize) -> &[u8] {
        &self.pool[body]
    }
}

#[cfg(test)]
mod tests {
    use super::{Bodies, Cover, Covered, Stamp};

    #[test]
    fn a_stamp_replaces_the_head_and_leaves_the_rest() {
        let mut bodies = Bodies::new(&[vec![7; 100], vec![9; 100]], 1, 1);
        let stamp = Stamp { run: 3, ..Stamp::default() };
        let first = bodies.advance();
        bodies.stamp(first, &stamp);
        assert_eq!(Stamp::decode(bodies.body(first)), Ok(stamp), "the head is the stamp");
        assert_eq!(bodies.body(first)[Stamp::SIZE..], [9; 52], "the rest is the second template");
        let next = bodies.advance();
        assert_eq!(bodies.body(next), [7; 100], "then the first, in turn, as it was");
        assert_eq!(bodies.advance(), first, "and the second again");
    }

    #[test]
    fn a_covered_body_reads_back_from_its_head_and_from_a_header() {
        let templates = [vec![7; 100], vec![9; 60]];
        let stamp = Stamp { run: 3, ..Stamp::default() };
        let mut behind = Bodies::new(&templates, 0, 2).covered(Covered::BodyBehind);
        let beside = Bodies::new(&templates, 0, 2).covered(Covered::BodyBeside);
        for body in 0..2 {
            behind.stamp(body, &stamp);
            assert_eq!(Stamp::decode(behind.body(body)), Ok(stamp), "at the head of {body}");
            let header = stamp.encode_over(beside.cover(body));
            assert_eq!(Stamp::decode_beside(&header, beside.body(body)), Ok(stamp), "{body}");
            assert_ne!(beside.cover(body), Cover::Stamp, "it covers more");
        }
    }

    #[test]
    fn a_body_smaller_than_a_stamp_stays_as_it_is() {
        let mut bodies = Bodies::new(&[vec![1]], 0, 1);
        let only = bodies.advance();
        bodies.stamp(only, &Stamp::default());
        assert_eq!(bodies.body(only), [1], "one byte");
    }

    #[test]
    fn as_many_bodies_as_asked_are_apart_and_each_template_keeps_its_share() {
        let templates = [vec![1; 60], vec![2; 60], vec![3; 60]];
        let mut bodies = Bodies::new(&templates, 0, 16);
        let taken: Vec<usize> = (0..18).map(|_| bodies.advance()).collect();
        let mut apart = taken.clone();
        apart.sort_unstable();
        apart.dedup();
        assert_eq!(apart.len(), 18, "a multiple of the templates, none twice in a round");
        let shares: Vec<usize> = (1..=3)
            .map(|kind| taken.iter().filter(|body| bodies.body(**body)[0] == kind).count())
            .collect();
        assert_eq!(shares, [6, 6, 6], "the mix of sizes stays as planned");
    }
}
