//! A shop that only speaks DirectLink: paid without a challenge, asked after, given back.

use std::time::Duration;

use super::Parties;
use crate::cards::Card;
use crate::directlink::answer::NcResponse;

/// A card of the protocol's documentation that authenticates without a challenge.
const FRICTIONLESS: &str = "4186455175836497";

/// How often the shop asks whether its refund is done, which takes the processor seconds.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOKS_MAX: u32 = 75;

/// A sale, a query by the shop's own reference, and a refund that the processor answers later.
pub(super) async fn paid_asked_refunded(parties: Parties) {
    let shop = &parties.directlink;
    let order = shop
        .authenticated_order(34_900, &Card::numbered(FRICTIONLESS, "737"))
        .with("OPERATION", "SAL");
    let paid = shop.pays(&order).await;
    told(&parties, "orderdirect.asp", &paid);
    assert_eq!(paid.told(), ("9", "0"), "{paid:?}");
    assert_eq!((paid.get("ECI"), paid.get("amount")), ("5", "349"), "{paid:?}");

    let reference = order.value("ORDERID");
    let asked = shop.asks(&[("ORDERID", reference)]).await;
    told(&parties, "querydirect.asp", &asked);
    assert_eq!((asked.status(), asked.payid()), ("9", paid.payid()), "{asked:?}");

    let refund = shop.maintains(paid.payid(), "RFD", Some(10_000)).await;
    told(&parties, "maintenancedirect.asp RFD", &refund);
    assert!(matches!(refund.status(), "81" | "8"), "{refund:?}");
    let which = [("PAYID", paid.payid()), ("PAYIDSUB", refund.get("PAYIDSUB"))];
    let mut done = shop.asks(&which).await;
    for _ in 0..LOOKS_MAX {
        if done.status() == "8" {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        done = shop.asks(&which).await;
    }
    told(&parties, "querydirect.asp", &done);
    assert_eq!(done.told(), ("8", "0"), "{done:?}");

    let moved = parties.outside.moved(reference).await;
    assert_eq!(
        moved,
        [("sale".to_owned(), 34_900), ("refund".to_owned(), 10_000)]
    );
}

fn told(parties: &Parties, page: &str, answer: &NcResponse) {
    parties.outside.story().tell("DirectLink", || {
        format!(
            "{page} → STATUS {}, NCERROR {}, PAYID {}, {} {}",
            answer.status(),
            answer.error(),
            answer.payid(),
            answer.get("amount"),
            answer.get("currency"),
        )
    });
}
