//! Notifications: what a `GET` of the transaction would answer, posted to us.
//!
//! A shared secret comes along in clear, and nothing signs the body. So a notification is believed as far as to ask: what
//! it says of the outcome is not read.

use super::reply::Body;
use acquiring::{About, Account, Notice, NotificationRefused, Says, SettlementKind};
use aws_lc_rs::constant_time;

/// The secret that the gateway sends with everything it tells us.
pub const NOTIFICATION_SECRET: &str = "notification_secret";

/// Compares `X-Notification-Secret` with the connection's, in constant time.
pub fn verify(account: &Account, headers: &[(String, String)]) -> Result<(), NotificationRefused> {
    let secret = account
        .credentials
        .get(NOTIFICATION_SECRET)
        .filter(|secret| !secret.is_empty())
        .ok_or(NotificationRefused::BadSignature)?;
    let given = header(headers, "x-notification-secret").ok_or(NotificationRefused::BadSignature)?;
    constant_time::verify_slices_are_equal(secret.as_bytes(), given.as_bytes())
        .map_err(|_| NotificationRefused::BadSignature)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

/// Reads what a notification that had the secret is about.
pub fn read(headers: &[(String, String)], body: &[u8]) -> Result<Notice, NotificationRefused> {
    use NotificationRefused::Unreadable;
    let body: Body<'_> = serde_json::from_slice(body).map_err(|_| Unreadable("not the documented JSON"))?;
    let order = body.order.as_ref().and_then(|order| order.id.clone());
    let order = order.ok_or(Unreadable("no order.id"))?;
    let transaction = body.transaction.as_ref().ok_or(Unreadable("no transaction"))?;
    let id = transaction.id.clone().ok_or(Unreadable("no transaction.id"))?;
    let kind = transaction
        .kind
        .as_deref()
        .ok_or(Unreadable("no transaction.type"))?;
    let status = body.order.as_ref().and_then(|order| order.status.as_deref());
    // Each notification has an id, the same at each attempt to deliver it.
    let identity = match header(headers, "x-notification-id") {
        Some(notification) => notification.to_owned(),
        None => [order.as_str(), &id, kind, status.unwrap_or_default()].join(" "),
    };
    let settlement = |kind| About::Settlement {
        kind,
        reference: Some(id.clone()),
        processor_reference: Some(id.clone()),
        says: Says::AskAgain,
    };
    let about = match kind {
        "AUTHORIZATION" | "PAYMENT" => About::Charge {
            reference: order,
            says: Says::AskAgain,
        },
        "CAPTURE" => settlement(SettlementKind::Capture),
        "VOID_AUTHORIZATION" | "VOID_PAYMENT" | "VOID_CAPTURE" => settlement(SettlementKind::Void),
        "REFUND" => settlement(SettlementKind::Refund),
        other => About::Other(super::codes::shortened(other)),
    };
    Ok(Notice { identity, about })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amex::{Amex, samples};
    use acquiring::Processor;

    const SECRET: &str = "8DF6B2C9DD4E4F0AA5D4E27F2B0A7C11";

    fn account() -> Account {
        samples::account_at("https://gateway.example", &[(NOTIFICATION_SECRET, SECRET)])
    }

    fn headers(secret: &str) -> Vec<(String, String)> {
        vec![
            ("x-notification-secret".into(), secret.into()),
            ("x-notification-id".into(), "n-1".into()),
            ("x-notification-attempt".into(), "2".into()),
        ]
    }

    fn body(name: &str) -> Vec<u8> {
        crate::testdata::reply(200, name).body
    }

    fn told(name: &str) -> Notice {
        Amex.notification(&account(), &headers(SECRET), &body(name), samples::moment())
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_charge_or_what_followed_it_is_to_be_asked_about() {
        assert_eq!(
            told("amex/sale.approved.json"),
            Notice {
                identity: "n-1".into(),
                about: About::Charge {
                    reference: samples::REFERENCE.into(),
                    says: Says::AskAgain
                }
            }
        );
        for (name, kind, reference) in [
            ("capture", SettlementKind::Capture, samples::capture().reference),
            ("void", SettlementKind::Void, samples::void().reference),
            ("refund", SettlementKind::Refund, samples::refund().reference),
        ] {
            let notice = told(&format!("amex/{name}.approved.json"));
            assert_eq!(
                notice.about,
                About::Settlement {
                    kind,
                    reference: Some(reference.clone()),
                    processor_reference: Some(reference),
                    says: Says::AskAgain
                }
            );
        }
    }

    #[test]
    fn without_an_id_of_its_own_a_notification_is_known_by_what_it_tells() {
        let only_secret = &headers(SECRET)[..1];
        let tell = |name: &str| read(only_secret, &body(name)).unwrap().identity;
        assert_eq!(tell("amex/sale.approved.json"), tell("amex/sale.approved.json"));
        assert_ne!(tell("amex/sale.approved.json"), tell("amex/sale.declined.json"));
        assert_ne!(
            tell("amex/capture.approved.json"),
            tell("amex/refund.approved.json")
        );
    }

    #[test]
    fn what_is_no_payment_changes_none() {
        let text = String::from_utf8(body("amex/sale.approved.json")).unwrap();
        let other = text.replace("\"PAYMENT\"", "\"VERIFICATION\"");
        let notice = read(&headers(SECRET), other.as_bytes()).unwrap();
        assert_eq!(notice.about, About::Other("VERIFICATION".into()));
    }

    #[test]
    fn without_the_connections_secret_nothing_is_believed() {
        let body = body("amex/sale.approved.json");
        let refused = |account: &Account, headers: &[(String, String)]| {
            Amex.notification(account, headers, &body, samples::moment())
        };
        for wrong in ["", "8DF6", &SECRET.to_lowercase()] {
            assert_eq!(
                refused(&account(), &headers(wrong)),
                Err(NotificationRefused::BadSignature)
            );
        }
        assert_eq!(refused(&account(), &[]), Err(NotificationRefused::BadSignature));
        for secret in [None, Some((NOTIFICATION_SECRET, ""))] {
            let more: Vec<_> = secret.into_iter().collect();
            let without = samples::account_at("https://gateway.example", &more);
            assert_eq!(
                refused(&without, &headers("")),
                Err(NotificationRefused::BadSignature)
            );
        }
    }

    #[test]
    fn what_has_the_secret_but_is_no_transaction_is_unreadable() {
        for body in ["{}", "[]", "", r#"{"result":"SUCCESS","order":{"id":"o"}}"#] {
            let told = Amex.notification(&account(), &headers(SECRET), body.as_bytes(), samples::moment());
            assert!(matches!(told, Err(NotificationRefused::Unreadable(_))), "{body}");
        }
    }
}
