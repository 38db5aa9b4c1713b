//! What a coordinator has to send: what was asked, the texts that it names, and what lets it in.

use super::token::Token;
use crate::spec::{Files, Order};

/// The order of an invocation, and what was read for it.
#[derive(Debug)]
pub(crate) struct Sent<'run> {
    /// What was asked.
    pub(crate) order: &'run Order,
    /// The files that it names.
    pub(crate) files: &'run Files,
    /// What is shown to the workers.
    pub(crate) token: Option<&'run Token>,
}
