//! The load engine: a [`plan::Plan`] goes in, a measured [`run::Outcome`] comes out.
//!
//! [`time`] says when each message is due and waits for it; [`message`] stamps it; [`link`] is the
//! seam through which it leaves and comes back; [`measure`] counts what happened to it in a
//! `Tally` and judges the whole in a `Verdict`; [`lane`] is the pinned thread that does all this for
//! its share of the schedule; [`run`] starts the lanes together, merges what they hand over and
//! ends them; [`kafka`] is the seam's real side, [`driver`] lists the sides there are.

pub mod driver;
pub mod error;
pub mod host;
pub mod kafka;
pub mod lane;
pub mod link;
pub mod measure;
pub mod message;
pub mod plan;
pub mod run;
pub mod search;
pub mod time;
pub mod units;
