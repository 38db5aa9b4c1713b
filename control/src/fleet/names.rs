//! Where a worker's host is: looked up once, and anew when it was not reached.
//!
//! The HTTP library looks up with every call, also on a connection that it has kept, and by a thread of
//! its own for each: half of what a call costs a coordinator.

use std::sync::{Arc, Mutex, MutexGuard};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The addresses of the one host that a client asks; copies know the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    known: Arc<Mutex<Option<ResolvedSocketAddrs>>>,
}

impl Names {
    /// Looks up with the next call: the host may have moved.
    pub(super) fn forget(&self) {
        *self.known() = None;
    }

    fn known(&self) -> MutexGuard<'_, Option<ResolvedSocketAddrs>> {
        self.known.lock().expect("nobody panics with it in hand")
    }
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let known = self.known().clone();
        if let Some(known) = known {
            return Ok(known);
        }
        // Without the lock: a name server may take its time.
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        *self.known() = Some(found.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use ureq::config::Config;
    use ureq::http::Uri;
    use ureq::unversioned::resolver::Resolver;
    use ureq::unversioned::transport::NextTimeout;

    #[test]
    fn what_was_found_holds_until_it_is_forgotten() {
        let names = Names::default();
        let ask = |of: &Names, uri: &'static str| {
            let uri = Uri::from_static(uri);
            let found = of.resolve(&uri, &Config::default(), NextTimeout::default());
            found.expect("an address needs no name server")[0].to_string()
        };
        assert_eq!(ask(&names, "http://127.0.0.1:1/a"), "127.0.0.1:1");
        assert_eq!(ask(&names, "http://127.0.0.1:2/b"), "127.0.0.1:1", "it was not looked up");
        let copy = names.clone();
        copy.forget();
        assert_eq!(ask(&names, "http://127.0.0.1:2/b"), "127.0.0.1:2", "it was, and anew");
        assert_eq!(ask(&copy, "http://127.0.0.1:3/c"), "127.0.0.1:2", "copies know the same");
    }
}
