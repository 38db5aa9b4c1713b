//! Topics of a run whose consumers read from another cluster than its producers send to: made, asked for and
//! deleted at both, by the names that each has for them.

use super::admin::KafkaTopics;
use crate::error::RunError;
use crate::link::{GroupState, Leaders, Log, TopicSpec, Topics};
use crate::plan::{ClientSettings, ConsumerCluster};
use crate::time::{Clock, OsClock};
use crate::units::Nanos;
use std::sync::Arc;

/// The handler of topics of the cluster that the settings name, or of the two.
#[must_use]
pub fn topics_of(settings: &ClientSettings) -> Arc<dyn Topics> {
    let near = KafkaTopics::new(settings);
    match (settings.at_the_consumers(), &settings.consumer_cluster) {
        (Some(at_the_consumers), Some(names)) => Arc::new(TwoClusters {
            near,
            far: KafkaTopics::new(&at_the_consumers),
            names: names.clone(),
            far_address: settings.consumer_address().to_owned(),
        }),
        _ => Arc::new(near),
    }
}

/// Names are those at the producers' cluster, whatever the consumers' has for them.
struct TwoClusters<N = KafkaTopics, F = KafkaTopics> {
    /// Where producers send.
    near: N,
    /// Where consumers read.
    far: F,
    names: ConsumerCluster,
    far_address: String,
}

impl<N: Topics, F: Topics> TwoClusters<N, F> {
    fn at_far(&self, topics: &[TopicSpec]) -> Vec<TopicSpec> {
        let named = |topic: &TopicSpec| TopicSpec { name: self.names.topic(&topic.name), ..*topic };
        topics.iter().map(named).collect()
    }

    /// The name at the producers' cluster; `None` where the consumers' got the topic from elsewhere.
    fn at_near(&self, name: &str) -> Option<String> {
        name.strip_prefix(&self.names.topic_prefix).map(str::to_owned)
    }

    /// What stays at the consumers' cluster, by the names it has there.
    fn of_far(&self, left: Vec<(String, String)>) -> impl Iterator<Item = (String, String)> + '_ {
        let words =
            |reason: String| format!("at the consumers' cluster, {}: {reason}", self.far_address);
        left.into_iter()
            .map(move |(name, reason)| (self.at_near(&name).unwrap_or(name), words(reason)))
    }
}

impl<N: Topics, F: Topics> Topics for TwoClusters<N, F> {
    fn check(&self, deadline: Nanos) -> Result<(), RunError> {
        self.near.check(deadline)?;
        self.far.check(deadline)
    }

    /// At the consumers' first: whoever carries messages there finds the topic, and makes none of another shape.
    fn create(
        &self,
        topics: &[TopicSpec],
        deadline: Nanos,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<String>, (RunError, Vec<String>)> {
        let clock = OsClock::anchored();
        let until = clock.now() + deadline;
        let near = |name: &String| self.at_near(name);
        let far = self.far.create(&self.at_far(topics), deadline, &mut |_| {});
        let mut created: Vec<String> = match far {
            Ok(created) => created.iter().filter_map(near).collect(),
            Err((error, created)) => {
                return Err((error, created.iter().filter_map(near).collect()));
            }
        };
        let left = clock.now().until(until);
        let (made, error) = match self.near.create(topics, left, progress) {
            Ok(made) => (made, None),
            Err((error, made)) => (made, Some(error)),
        };
        let new: Vec<String> = made.into_iter().filter(|name| !created.contains(name)).collect();
        created.extend(new);
        match error {
            None => Ok(created),
            Some(error) => Err((error, created)),
        }
    }

    /// At the producers' first: what is gone there is not carried on.
    fn delete(&self, topics: &[String], deadline: Nanos) -> Vec<(String, String)> {
        let mut left = self.near.delete(topics, deadline);
        let far: Vec<String> = topics.iter().map(|name| self.names.topic(name)).collect();
        left.extend(self.of_far(self.far.delete(&far, deadline)));
        left
    }

    fn delete_groups(&self, groups: &[String], deadline: Nanos) -> Vec<(String, String)> {
        self.far.delete_groups(groups, deadline)
    }

    fn list(&self, deadline: Nanos) -> Result<Vec<String>, RunError> {
        let mut names = self.near.list(deadline)?;
        names.extend(self.far.list(deadline)?.iter().filter_map(|name| self.at_near(name)));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn list_groups(&self, deadline: Nanos) -> Result<Vec<GroupState>, RunError> {
        self.far.list_groups(deadline)
    }

    /// As many as it has at both.
    fn partitions(&self, topic: &str, deadline: Nanos) -> Result<Option<u32>, RunError> {
        let Some(near) = self.near.partitions(topic, deadline)? else { return Ok(None) };
        let name = self.names.topic(topic);
        let far = self.far.partitions(&name, deadline)?;
        if far == Some(near) {
            return Ok(far);
        }
        let found =
            far.map_or_else(|| "does not exist".to_owned(), |far| format!("has {far} partitions"));
        let reason = format!(
            "{found} at the consumers' cluster, {}, and has {near} partitions as {topic} at the producers': \
             let what carries messages make it so, or make it by hand (consumerTopicPrefix says how names \
             there begin)",
            self.far_address
        );
        Err(RunError::Topic { topic: name, reason })
    }

    /// What consumers can read.
    fn logs(&self, topic: &str, partitions: u32, deadline: Nanos) -> Result<Vec<Log>, RunError> {
        self.far.logs(&self.names.topic(topic), partitions, deadline)
    }

    /// Who answers producers.
    fn leaders(&self, topics: &[&str], deadline: Nanos) -> Result<Option<Leaders>, RunError> {
        self.near.leaders(topics, deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::TwoClusters;
    use crate::error::RunError;
    use crate::link::{TopicSpec, Topics};
    use crate::plan::ConsumerCluster;
    use crate::units::Nanos;
    use std::sync::Mutex;

    const SOON: Nanos = Nanos::from_secs(1);

    /// A cluster of which only names are known; those of `given` make and delete nothing.
    #[derive(Default)]
    struct Names {
        held: Mutex<Vec<TopicSpec>>,
        refuses: Option<&'static str>,
    }

    impl Names {
        fn now(&self) -> Vec<String> {
            let held = self.held.lock().expect("nobody panics with it");
            held.iter().map(|topic| topic.name.clone()).collect()
        }
    }

    impl Topics for Names {
        fn create(
            &self,
            topics: &[TopicSpec],
            _deadline: Nanos,
            progress: &mut dyn FnMut(usize),
        ) -> Result<Vec<String>, (RunError, Vec<String>)> {
            let mut created = Vec::new();
            for topic in topics {
                if self.refuses.is_some_and(|word| topic.name.contains(word)) {
                    return Err((RunError::Refused("full".to_owned()), created));
                }
                self.held.lock().expect("nobody panics with it").push(topic.clone());
                created.push(topic.name.clone());
                progress(created.len());
            }
            Ok(created)
        }

        fn delete(&self, topics: &[String], _deadline: Nanos) -> Vec<(String, String)> {
            let stays = |name: &String| self.refuses.is_some_and(|word| name.contains(word));
            let mut held = self.held.lock().expect("nobody panics with it");
            held.retain(|topic| !topics.contains(&topic.name) || stays(&topic.name));
            let left = topics.iter().filter(|name| stays(name));
            left.map(|name| (name.clone(), "locked".to_owned())).collect()
        }

        fn list(&self, _deadline: Nanos) -> Result<Vec<String>, RunError> {
            Ok(self.now())
        }

        fn partitions(&self, topic: &str, _deadline: Nanos) -> Result<Option<u32>, RunError> {
            let held = self.held.lock().expect("nobody panics with it");
            Ok(held.iter().find(|held| held.name == topic).map(|held| held.partitions))
        }
    }

    fn topic(name: &str, partitions: u32) -> TopicSpec {
        TopicSpec { name: name.to_owned(), partitions }
    }

    fn two(near: Names, far: Names) -> TwoClusters<Names, Names> {
        let names = ConsumerCluster { admin: Vec::new(), topic_prefix: "a.".to_owned() };
        TwoClusters { near, far, names, far_address: "b:1".to_owned() }
    }

    #[test]
    fn topics_are_made_and_deleted_at_both_by_the_name_that_each_has_for_them() {
        let both = two(Names::default(), Names::default());
        let mut heard = Vec::new();
        let made = both.create(&[topic("x", 2), topic("y", 3)], SOON, &mut |done| heard.push(done));
        assert_eq!(made.expect("made"), ["x", "y"], "once each");
        assert_eq!(heard, [1, 2], "not twice as many");
        assert_eq!((both.near.now(), both.far.now()), (words(&["x", "y"]), words(&["a.x", "a.y"])));
        assert_eq!(both.list(SOON).expect("it answers"), ["x", "y"]);
        assert_eq!(both.partitions("y", SOON).expect("the same at both"), Some(3));
        assert_eq!(both.partitions("z", SOON).expect("it answers"), None);
        assert_eq!(both.delete(&words(&["x"]), SOON), []);
        assert_eq!((both.near.now(), both.far.now()), (words(&["y"]), words(&["a.y"])));
    }

    #[test]
    fn what_one_of_them_refuses_is_told_and_what_was_made_can_be_deleted() {
        let refuses = || Names { refuses: Some("y"), ..Names::default() };
        let wanted = [topic("x", 1), topic("y", 1)];
        let near = two(refuses(), Names::default());
        let (_, made) = near.create(&wanted, SOON, &mut |_| {}).expect_err("refused");
        assert_eq!(made, ["x", "y"], "y is at the consumers'");
        let far = two(Names::default(), refuses());
        let (_, at_one) = far.create(&wanted, SOON, &mut |_| {}).expect_err("refused");
        assert_eq!((at_one, far.near.now()), (words(&["x"]), words(&[])), "x at the consumers'");
        let reason = "at the consumers' cluster, b:1: locked".to_owned();
        assert_eq!(far.delete(&words(&["y"]), SOON), [("y".to_owned(), reason)]);
    }

    #[test]
    fn a_topic_that_is_there_has_as_many_partitions_at_both() {
        let check = |far: &[TopicSpec], words: &str| {
            let [near, far] = [&[topic("x", 2)], far]
                .map(|held| Names { held: Mutex::new(held.to_vec()), refuses: None });
            let error = two(near, far).partitions("x", SOON).expect_err("not the same");
            assert!(error.to_string().contains(words), "{error}");
        };
        check(&[], "a.x: does not exist at the consumers' cluster, b:1, and has 2 partitions as x");
        check(&[topic("a.x", 3)], "has 3 partitions at the consumers' cluster");
    }

    fn words(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}
