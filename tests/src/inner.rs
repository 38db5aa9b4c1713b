//! For clients around a client: the calls that they pass on to `self.inner` as they are.

/// What an outlet passes on besides `offer` and `poll`.
#[macro_export]
macro_rules! outlet_of_inner {
    () => {
        fn in_flight(&self) -> u64 {
            self.inner.in_flight()
        }

        fn purge(&mut self) {
            self.inner.purge();
        }

        fn begin(&mut self) -> Result<(), engine::link::Denied> {
            self.inner.begin()
        }

        fn end(
            &mut self,
            how: engine::link::End,
            within: engine::units::Nanos,
        ) -> Result<(), engine::link::Denied> {
            self.inner.end(how, within)
        }

        fn last_words(&self) -> Option<&str> {
            self.inner.last_words()
        }
    };
}

/// What an inlet passes on besides `poll`.
#[macro_export]
macro_rules! inlet_of_inner {
    () => {
        fn revision(&self) -> u64 {
            self.inner.revision()
        }

        fn assignment(&self) -> &[engine::link::Assigned] {
            self.inner.assignment()
        }

        fn position(&self) -> Vec<engine::link::Moved> {
            self.inner.position()
        }

        fn pause(&mut self) -> Result<(), engine::link::Failure> {
            self.inner.pause()
        }

        fn resume(&mut self) -> Result<(), engine::link::Failure> {
            self.inner.resume()
        }

        fn commit(&mut self, sink: &mut impl engine::link::InletSink) {
            self.inner.commit(sink);
        }

        fn commits_pending(&self) -> u64 {
            self.inner.commits_pending()
        }

        fn last_words(&self) -> Option<&str> {
            self.inner.last_words()
        }
    };
}
