//! What an attempt sends: the body around the stored order document, and the headers that prove it.

use crate::sign::{SigningKeySet, UnusableKey, deuna_signature, standard_signatures};
use store::{deliveries::LeasedDelivery, events::EVENT_TEST};
use thiserror::Error;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A signed webhook.
#[derive(Debug)]
pub struct Message {
    pub webhook_id: String,
    /// `webhook-timestamp`: seconds since 1970, the same instant as the body's `signed_at`.
    pub timestamp: i64,
    pub body: String,
    pub deuna_signature: String,
    pub standard_signatures: String,
}

/// Why a message cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CannotCompose {
    #[error(transparent)]
    UnusableKey(#[from] UnusableKey),
    #[error("a point in time that RFC 3339 cannot write")]
    UnwritableTime,
}

impl Message {
    /// Composes and signs the message of one attempt. `now` becomes its `signed_at`, to the second.
    pub fn compose(
        leased: &LeasedDelivery,
        keys: &SigningKeySet,
        now: OffsetDateTime,
    ) -> Result<Self, CannotCompose> {
        let write = |time: OffsetDateTime| time.format(&Rfc3339).map_err(|_| CannotCompose::UnwritableTime);
        let signed_at = now
            .replace_nanosecond(0)
            .map_err(|_| CannotCompose::UnwritableTime)?;
        // The document goes in as the text it is: parsing it, only to write it again, could change it and costs more
        // than everything else here.
        let body = format!(
            r#"{{"{}":{},"event_id":"{}","event_type":"{}","sequence":{},"created_at":"{}","signed_at":"{}"{}}}"#,
            leased.subject.member(),
            leased.document,
            leased.event,
            leased.event_type,
            leased.sequence,
            write(leased.event_created_at)?,
            write(signed_at)?,
            if leased.event_type == EVENT_TEST {
                r#","test":true"#
            } else {
                ""
            },
        );
        let webhook_id = leased.event.prefixed();
        let timestamp = signed_at.unix_timestamp();
        Ok(Self {
            deuna_signature: deuna_signature(&keys.private_key, body.as_bytes()),
            standard_signatures: standard_signatures(keys, &webhook_id, timestamp, body.as_bytes())?,
            webhook_id,
            timestamp,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Id;
    use store::events::Subject;
    use time::macros::datetime;
    use uuid::Uuid;

    fn leased(event_type: &str) -> LeasedDelivery {
        LeasedDelivery {
            merchant: Id::from_uuid(Uuid::from_u128(1)),
            subject: Subject::Order(Id::from_uuid(Uuid::from_u128(2))),
            event: Id::from_uuid(Uuid::from_u128(3)),
            queue: Uuid::from_u128(4),
            endpoint: None,
            url: "https://shop.example/hook".to_owned(),
            attempt: 1,
            leased_until: datetime!(2026-01-01 00:01 UTC),
            sequence: 7,
            event_type: event_type.to_owned(),
            document: r#"{"order_id" : "o1", "total_amount":1e2}"#.to_owned(),
            event_created_at: datetime!(2026-01-01 00:00:00.25 UTC),
        }
    }

    #[test]
    fn the_body_holds_the_document_as_it_was_stored() {
        let leased = leased("order.succeeded");
        let keys = SigningKeySet {
            private_key: "sk_test_example".to_owned().into(),
            v1: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()],
            v1a: Vec::new(),
        };

        let message = Message::compose(&leased, &keys, datetime!(2026-01-01 00:00:05.999 UTC)).unwrap();

        assert_eq!(
            message.body,
            concat!(
                r#"{"order":{"order_id" : "o1", "total_amount":1e2},"#,
                r#""event_id":"00000000-0000-0000-0000-000000000003","event_type":"order.succeeded","sequence":7,"#,
                r#""created_at":"2026-01-01T00:00:00.25Z","signed_at":"2026-01-01T00:00:05Z"}"#
            )
        );
        assert_eq!(message.webhook_id, "evt_00000000000000000000000000000003");
        assert_eq!(message.timestamp, 1_767_225_605);
        let unusable = SigningKeySet {
            v1: vec!["secret".to_owned().into()],
            ..keys
        };
        assert!(matches!(
            Message::compose(&leased, &unusable, datetime!(2026-01-01 00:00 UTC)),
            Err(CannotCompose::UnusableKey(_))
        ));
    }

    #[test]
    fn a_test_says_that_it_is_one_and_an_endpoint_comes_under_its_own_name() {
        let keys = SigningKeySet {
            private_key: "sk_test_example".to_owned().into(),
            v1: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()],
            v1a: Vec::new(),
        };
        let body = |leased: &LeasedDelivery| {
            let message = Message::compose(leased, &keys, datetime!(2026-01-01 00:00:05 UTC)).unwrap();
            serde_json::from_str::<serde_json::Value>(&message.body).unwrap()
        };
        let test = body(&leased(EVENT_TEST));
        assert_eq!(test["test"], true);
        assert_eq!(test["order"]["order_id"], "o1");
        let disabled = body(&LeasedDelivery {
            subject: Subject::Endpoint(Id::from_uuid(Uuid::from_u128(9))),
            ..leased("webhook.endpoint_disabled")
        });
        assert_eq!(disabled["endpoint"]["order_id"], "o1");
        assert!(disabled.get("order").is_none() && disabled.get("test").is_none());
    }
}
