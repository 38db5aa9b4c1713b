//! What a client that is logged in may not do, and what to grant it.

use super::{Properties, certificate, protocol, value};
use crate::kafka::errors;

/// What was tried.
#[derive(Clone, Copy, Debug)]
pub(in crate::kafka) enum Deed<'run> {
    /// Making a topic.
    Create(&'run str),
    /// Sending to a topic.
    Write(&'run str),
    /// Reading topics.
    Read,
    /// Joining a group.
    Join,
    /// Sending in transactions.
    Transact,
}

/// Whether a broker said that the client may not do what it tried.
pub(in crate::kafka) const fn is_denied(code: i32) -> bool {
    matches!(code, 29 | 30 | 31 | 53)
}

/// Who the brokers take the client for: words for people.
pub(in crate::kafka) fn who(properties: &Properties) -> String {
    let logs_in = protocol(properties).starts_with("sasl");
    let user = value(properties, "sasl.username").filter(|_| logs_in);
    match (user, certificate(properties)) {
        (Some(user), _) => format!("user {user:?}"),
        (None, Some(_)) if !logs_in => "the owner of the client certificate".to_owned(),
        (None, _) => "this client".to_owned(),
    }
}

/// Who may not do what, by which answer, and the right to grant.
pub(in crate::kafka) fn words(who: &str, deed: Deed<'_>, code: i32) -> String {
    let (what, right) = match deed {
        Deed::Create(topic) => {
            (format!("create topic {topic}"), "Create on the topic or on the cluster")
        }
        Deed::Write(topic) => (format!("write to topic {topic}"), "Write on the topic"),
        Deed::Read => ("read the topics of its group".to_owned(), "Read on the topics"),
        Deed::Join => ("join its group".to_owned(), "Read on the group"),
        Deed::Transact => {
            ("send in transactions".to_owned(), "Write and Describe on the transactional id")
        }
    };
    let (description, name) = (errors::description(code), errors::name(code));
    format!("{who} may not {what}: {description} ({name}): grant {right} (kafka-acls --add)")
}

/// The same for what a consumer heard; nothing where it is about something else.
pub(in crate::kafka) fn of_consumer(who: &str, code: i32) -> Option<String> {
    let deed = if code == 30 { Deed::Join } else { Deed::Read };
    is_denied(code).then(|| words(who, deed, code))
}

#[cfg(test)]
mod tests {
    use super::{Deed, is_denied, of_consumer, who, words};

    #[test]
    fn what_is_denied_is_told_with_the_right_that_is_missing() {
        let set = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let login = ("sasl.username", "me");
        let me = who(&set(&[("security.protocol", "sasl_ssl"), login]));
        assert_eq!(
            words(&me, Deed::Write("t"), 29),
            "user \"me\" may not write to topic t: Broker: Topic authorization failed \
             (TOPIC_AUTHORIZATION_FAILED): grant Write on the topic (kafka-acls --add)"
        );
        assert_eq!(
            of_consumer(&who(&set(&[login, ("ssl.keystore.location", "a")])), 30).as_deref(),
            Some(
                "the owner of the client certificate may not join its group: Broker: Group \
                 authorization failed (GROUP_AUTHORIZATION_FAILED): grant Read on the group \
                 (kafka-acls --add)"
            )
        );
        assert!(of_consumer(&who(&[]), 29).is_some_and(|words| words.contains("this client")));
        assert_eq!(of_consumer(&me, 7), None, "a timeout is none");
        assert!(is_denied(31) && is_denied(53) && !is_denied(-169), "the brokers' answers");
    }
}
