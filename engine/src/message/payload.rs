//! The bodies of messages, made before the run and stamped in place.

use super::weights::Weights;
use super::{Cover, Particulars, Stamp, Template};

/// A lane's own pool of bodies, taken in turn or by weight.
#[derive(Clone, Debug)]
pub struct Bodies {
    pool: Vec<Vec<u8>>,
    covered: Covered,
    /// What the stamp of each covers.
    covers: Vec<Cover>,
    next: usize,
    /// How they are chosen where they do not take turns.
    weights: Option<Weights>,
    /// What fills them, and from which byte on.
    filling: Option<(Template, usize)>,
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
        Self {
            pool,
            covered: Covered::Stamp,
            covers: vec![Cover::Stamp; count],
            next: offset % templates.len(),
            weights: None,
            filling: None,
        }
    }

    /// Copies the plan's bodies, each to be chosen by its weight: `distinct` copies of each, since all
    /// that may be stamped and not yet sent can be of one kind.
    ///
    /// # Panics
    /// When there is no body, or none that is sent: a plan has at least one.
    #[must_use]
    pub fn weighted(templates: &[Vec<u8>], weights: &[u32], distinct: usize) -> Self {
        assert!(weights.len() == templates.len(), "every body has a weight");
        let copies = distinct.max(1);
        let all = Self::new(templates, 0, copies * templates.len());
        Self { weights: Some(Weights::new(weights, copies)), ..all }
    }

    /// The same with stamps that cover more.
    #[must_use]
    pub fn covered(mut self, covered: Covered) -> Self {
        self.covered = covered;
        self.covers = self.pool.iter().map(|body| covered.of(body)).collect();
        self
    }

    /// The same, each holding `template` from byte `from` on, to be filled for each message.
    ///
    /// # Panics
    /// When a body has no room for it.
    #[must_use]
    pub fn filled(mut self, template: &Template, from: usize) -> Self {
        let end = from + template.text().len();
        for body in &mut self.pool {
            let text = body.get_mut(from..end).expect("bodies have room for their text");
            text.copy_from_slice(template.text());
        }
        self.filling = Some((template.clone(), from));
        self
    }

    /// What the stamp of a body covers.
    #[must_use]
    pub fn cover(&self, body: usize) -> Cover {
        self.covers[body]
    }

    /// Takes the body of the message of this number, and returns its index.
    pub fn choose(&mut self, number: u64) -> usize {
        if let Some(weights) = &mut self.weights {
            return weights.choose(number);
        }
        let current = self.next;
        self.next = if current + 1 == self.pool.len() { 0 } else { current + 1 };
        current
    }

    /// Fills in what a message is; a body without places for it stays as it is.
    pub fn fill(&mut self, body: usize, of: &Particulars) {
        let Some((template, from)) = &self.filling else { return };
        template.fill(&mut self.pool[body][*from..], of);
        self.covers[body] = self.covered.of(&self.pool[body]);
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

impl Covered {
    /// What the stamp of this body covers.
    fn of(self, body: &[u8]) -> Cover {
        match self {
            Self::Stamp => Cover::Stamp,
            Self::BodyBehind => {
                Cover::Body(Cover::hash(body.get(Stamp::SIZE..).unwrap_or_default()))
            }
            Self::BodyBeside => Cover::Body(Cover::hash(body)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bodies, Cover, Covered, Particulars, Stamp, Template};
    use crate::message::Scale;

    #[test]
    fn a_stamp_replaces_the_head_and_leaves_the_rest() {
        let mut bodies = Bodies::new(&[vec![7; 100], vec![9; 100]], 1, 1);
        let stamp = Stamp { run: 3, ..Stamp::default() };
        let first = bodies.choose(0);
        bodies.stamp(first, &stamp);
        assert_eq!(Stamp::decode(bodies.body(first)), Ok(stamp), "the head is the stamp");
        assert_eq!(bodies.body(first)[Stamp::SIZE..], [9; 52], "the rest is the second template");
        let next = bodies.choose(1);
        assert_eq!(bodies.body(next), [7; 100], "then the first, in turn, as it was");
        assert_eq!(bodies.choose(2), first, "and the second again");
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
    fn a_filled_body_holds_its_message_and_its_checksum_covers_that() {
        let scale = Scale { sensors: 0, producers: 10 };
        let template = Template::parse("producer {{producer}}.", &scale).expect("a known name");
        let size = Stamp::SIZE + template.text().len() + 3;
        for (covered, from) in [(Covered::BodyBehind, Stamp::SIZE), (Covered::BodyBeside, 0)] {
            let bodies = Bodies::new(&[vec![b' '; size]], 0, 2).covered(covered);
            let mut bodies = bodies.filled(&template, from);
            for producer in [3_u32, 8] {
                let body = bodies.choose(u64::from(producer));
                bodies.fill(body, &Particulars { producer, ..Particulars::default() });
                let stamp = Stamp { producer, ..Stamp::default() };
                let read = if from == 0 {
                    let header = stamp.encode_over(bodies.cover(body));
                    Stamp::decode_beside(&header, bodies.body(body))
                } else {
                    bodies.stamp(body, &stamp);
                    Stamp::decode(bodies.body(body))
                };
                assert_eq!(read, Ok(stamp), "{covered:?}: of what it holds now");
                let text = String::from_utf8_lossy(&bodies.body(body)[from..]).into_owned();
                assert_eq!(text.trim_end(), format!("producer {producer}."), "{covered:?}");
            }
        }
    }

    #[test]
    fn weighted_bodies_that_wait_together_are_apart() {
        let templates = [vec![1; 60], vec![2; 90]];
        let mut bodies = Bodies::weighted(&templates, &[1, 3], 4);
        let taken: Vec<usize> = (0..1_000).map(|number| bodies.choose(number)).collect();
        for batch in taken.windows(4) {
            let mut apart = batch.to_vec();
            apart.sort_unstable();
            apart.dedup();
            assert_eq!(apart.len(), 4, "{batch:?}");
        }
        let small = taken.iter().filter(|body| bodies.body(**body).len() == 60).count();
        // The deviation is 14.
        assert!((190..=310).contains(&small), "one in four: {small}");
    }

    #[test]
    fn a_body_smaller_than_a_stamp_stays_as_it_is() {
        let mut bodies = Bodies::new(&[vec![1]], 0, 1);
        let only = bodies.choose(0);
        bodies.stamp(only, &Stamp::default());
        assert_eq!(bodies.body(only), [1], "one byte");
    }

    #[test]
    fn as_many_bodies_as_asked_are_apart_and_each_template_keeps_its_share() {
        let templates = [vec![1; 60], vec![2; 60], vec![3; 60]];
        let mut bodies = Bodies::new(&templates, 0, 16);
        let taken: Vec<usize> = (0..18).map(|number| bodies.choose(number)).collect();
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
