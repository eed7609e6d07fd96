//! A sale (`POST /card/v2/charges`) or an authorisation (`POST /card/v2/preAuthorization`), both with the card itself.

use super::{
    call,
    codes::{self, Context, Operation},
    money::Total,
    reply::{self, Body, unreadable},
    shopper::{self, ContactDetails, OrderDetails},
    three_domain_secure::{self, ThreeDomainSecure},
};
use acquiring::{Account, Approval, Authorization, AuthorizationAnswer, CannotBuild, ChargeKind, Initiator};
use primitives::{Amount, Card, Country, Currency, HttpRequest, Method, Reply, Unreadable};
use serde::Serialize;

/// Instalment plans in Mexico: months, and the smallest order in minor units of the peso.
const PLANS: [(u8, i64); 5] = [
    (3, 30_000),
    (6, 60_000),
    (9, 90_000),
    (12, 120_000),
    (18, 180_000),
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Charge<'a> {
    card: CardBody<'a>,
    amount: Total,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred: Option<Deferred>,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_details: Option<ContactDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_details: Option<OrderDetails<'a>>,
    full_response: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    three_domain_secure: Option<ThreeDomainSecure<'a>>,
    external_reference_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardBody<'a> {
    name: &'a str,
    number: &'a str,
    expiry_month: String,
    expiry_year: String,
    cvv: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deferred {
    grace_months: &'static str,
    credit_type: &'static str,
    months: u8,
}

#[derive(Serialize)]
struct Metadata<'a> {
    order_id: &'a str,
}

pub fn request(account: &Account, order: &Authorization) -> Result<HttpRequest, CannotBuild> {
    if order.initiator == Initiator::Merchant {
        return Err(CannotBuild::NotExpressible("a charge the merchant starts"));
    }
    if order.exemption.is_some() {
        return Err(CannotBuild::NotExpressible("the ground for an exemption"));
    }
    let body = Charge {
        card: card(&order.card)?,
        amount: Total::of(order.amount)?,
        deferred: deferred(order.installments, order.amount)?,
        metadata: Metadata {
            order_id: &order.order_id,
        },
        contact_details: shopper::contact(&order.shopper, order.amount.currency()),
        order_details: shopper::order_details(account, order),
        full_response: "v2",
        three_domain_secure: three_domain_secure::of(order)?,
        external_reference_id: call::external_reference(&order.reference)?,
    };
    let operation = match order.kind {
        ChargeKind::Sale => "charges",
        ChargeKind::Authorization => "preAuthorization",
    };
    call::with_json(account, Method::Post, &["card", "v2", operation], &body)
}

fn card(card: &Card) -> Result<CardBody<'_>, CannotBuild> {
    let cvv = card
        .security_code
        .as_ref()
        .ok_or(CannotBuild::NotExpressible("a card without its security code"))?;
    let name = card.holder.trim();
    if name.is_empty() {
        return Err(CannotBuild::NotExpressible("a card without its holder's name"));
    }
    let number = card.pan.reveal();
    if number.len() < 14 {
        return Err(CannotBuild::NotExpressible("a card number of this length"));
    }
    Ok(CardBody {
        name,
        number,
        expiry_month: format!("{:02}", card.expiry.month()),
        expiry_year: format!("{:02}", card.expiry.year() % 100),
        cvv: cvv.reveal(),
    })
}

fn deferred(installments: u8, amount: Amount) -> Result<Option<Deferred>, CannotBuild> {
    if installments <= 1 {
        return Ok(None);
    }
    let offered = amount.currency() == Currency::MXN
        && PLANS
            .iter()
            .any(|(months, smallest)| *months == installments && amount.minor() >= *smallest);
    if !offered {
        return Err(CannotBuild::NotExpressible(
            "this number of instalments for this amount",
        ));
    }
    Ok(Some(Deferred {
        grace_months: "00",
        credit_type: "03",
        months: installments,
    }))
}

/// What was asked for, as far as the answer must show it.
#[derive(Debug, Clone)]
pub struct Asked {
    transaction: reply::Asked,
    kind: ChargeKind,
    deferred: bool,
    context: Context,
}

impl Asked {
    pub fn of(order: &Authorization) -> Self {
        Self {
            transaction: reply::Asked::new(&order.reference, order.amount),
            kind: order.kind,
            deferred: order.installments > 1,
            context: Context {
                operation: Operation::Charge,
                brand: Some(order.card.pan.brand()),
                fully_authenticated: order.is_fully_authenticated(),
                initiator: order.initiator,
            },
        }
    }

    fn is_its_type(&self, transaction_type: &str) -> bool {
        match self.kind {
            ChargeKind::Sale => {
                transaction_type == "SALE" || (self.deferred && transaction_type == "DEFERRED")
            }
            ChargeKind::Authorization => transaction_type == "PREAUTHORIZATION",
        }
    }
}

/// Approved only by a 201 whose details say so, for the amount, currency and reference that were asked.
pub fn answer(asked: &Asked, reply: &Reply) -> Result<AuthorizationAnswer, Unreadable> {
    if reply.status != 201 {
        return reply::refusal(reply, &asked.transaction, &asked.context).map(AuthorizationAnswer::Declined);
    }
    let body = Body::parse(reply)?;
    body.check_reference(&asked.transaction)?;
    let details = body.details()?;
    if let Some(transaction_type) = details.transaction_type.as_deref()
        && !asked.is_its_type(transaction_type)
    {
        return Err(unreadable("is about another type of transaction"));
    }
    match details.status()? {
        "APPROVAL" => approval(asked, &body).map(AuthorizationAnswer::Approved),
        "DECLINED" => codes::decline(&body, &asked.context).map(AuthorizationAnswer::Declined),
        _ => Err(unreadable("has an undocumented transactionStatus")),
    }
}

fn approval(asked: &Asked, body: &Body<'_>) -> Result<Approval, Unreadable> {
    let details = body.details()?;
    details.check_amount(&asked.transaction, true)?;
    let issuer_code = details
        .message_fields
        .as_ref()
        .and_then(|fields| fields.f39.as_deref());
    let bin = details.bin_info.as_ref();
    Ok(Approval {
        processor_reference: body.ticket()?.to_owned(),
        approval_code: details.approval_code.as_deref().map(codes::shortened),
        response_code: issuer_code
            .or(details.response_code.as_deref())
            .map(codes::shortened),
        amount: asked.transaction.amount,
        network_transaction_id: None,
        issuer_bank: bin
            .and_then(|bin| bin.bank.as_deref())
            .filter(|bank| !bank.is_empty())
            .map(codes::shortened),
        issuer_country: bin
            .and_then(|bin| bin.card_country.as_deref())
            .and_then(|country| Country::parse(country).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kushki::samples::{self, MASTERCARD, VISA},
        testdata,
    };
    use acquiring::{Advice, Decline, Exemption, Reason};
    use proptest::prelude::*;

    fn read(order: &Authorization, status: u16, name: &str) -> Result<AuthorizationAnswer, Unreadable> {
        answer(&Asked::of(order), &testdata::reply(status, name))
    }

    #[test]
    fn requests_are_these_bytes() {
        let account = samples::account_with(&[("site_domain", "shop.example")]);
        for (name, order) in samples::charges() {
            let request = request(&account, &order).unwrap();
            testdata::assert_request(&format!("kushki/{name}.request"), &request);
        }
    }

    #[test]
    fn an_approved_sale_is_read_whole() {
        let order = samples::order(ChargeKind::Sale, MASTERCARD);
        assert_eq!(
            read(&order, 201, "kushki/sale.approved.json"),
            Ok(AuthorizationAnswer::Approved(Approval {
                processor_reference: "182343532700123456".into(),
                approval_code: Some("000000".into()),
                response_code: Some("00".into()),
                amount: order.amount,
                network_transaction_id: None,
                issuer_bank: Some("BANCO DE PRUEBA".into()),
                issuer_country: Country::parse("MX").ok(),
            }))
        );
    }

    #[test]
    fn an_approval_of_something_else_is_unreadable() {
        let sale = samples::order(ChargeKind::Sale, MASTERCARD);
        let mut other_amount = sale.clone();
        other_amount.amount = Amount::new(125_051, Currency::MXN).unwrap();
        let mut other_currency = sale.clone();
        other_currency.amount = Amount::new(125_050, Currency::USD).unwrap();
        let mut other_reference = sale.clone();
        other_reference.reference = "0190c0de-0000-7000-8000-000000000009".into();
        let mut other_kind = sale.clone();
        other_kind.kind = ChargeKind::Authorization;
        for order in [other_amount, other_currency, other_reference, other_kind] {
            assert!(read(&order, 201, "kushki/sale.approved.json").is_err());
        }
    }

    #[test]
    fn an_approval_counts_only_with_status_201() {
        let order = samples::order(ChargeKind::Sale, MASTERCARD);
        for status in [200, 202, 400, 402, 500, 503] {
            assert!(
                read(&order, status, "kushki/sale.approved.json").is_err(),
                "{status}"
            );
        }
    }

    #[test]
    fn a_declined_sale_is_read_from_the_issuers_code() {
        let order = samples::order(ChargeKind::Sale, VISA);
        assert_eq!(
            read(&order, 400, "kushki/sale.declined.json"),
            Ok(AuthorizationAnswer::Declined(Decline {
                reason: Reason::InsufficientFunds,
                advice: Advice::Later,
                raw_code: Some("51".into()),
                raw_message: Some("Fondos insuficientes".into()),
                network_advice: None,
                processor_reference: None,
                leaves_hold: false,
            }))
        );
    }

    #[test]
    fn a_decline_may_also_come_with_status_201() {
        let order = samples::order(ChargeKind::Sale, VISA);
        let Ok(AuthorizationAnswer::Declined(decline)) =
            read(&order, 201, "kushki/sale.declined-with-201.json")
        else {
            panic!("no decline");
        };
        assert_eq!(decline.reason, Reason::GenericDecline);
        assert_eq!(decline.advice, Advice::Failover);
    }

    #[test]
    fn refusals_at_the_front_door_are_the_merchants_set_up_or_a_full_house() {
        let asked = Asked::of(&samples::order(ChargeKind::Sale, VISA));
        for (status, reason) in [
            (401, Reason::MerchantConfiguration),
            (403, Reason::MerchantConfiguration),
            (429, Reason::ProcessorUnavailable),
        ] {
            let reply = testdata::reply_of(status, r#"{"message":"Forbidden"}"#);
            let Ok(AuthorizationAnswer::Declined(decline)) = answer(&asked, &reply) else {
                panic!("{status}");
            };
            assert_eq!(decline.reason, reason);
            let html = testdata::reply_of(status, "<html>no</html>");
            assert!(answer(&asked, &html).is_err());
        }
    }

    #[test]
    fn whatever_does_not_settle_the_outcome_is_unreadable() {
        let asked = Asked::of(&samples::order(ChargeKind::Sale, MASTERCARD));
        let fine = String::from_utf8(testdata::reply(201, "kushki/sale.approved.json").body).unwrap();
        for (status, body) in [
            (
                500,
                r#"{"code":"K002","message":"Ha ocurrido un error"}"#.to_owned(),
            ),
            (
                400,
                r#"{"code":"597","message":"Error de procesamiento"}"#.to_owned(),
            ),
            (400, r#"{"message":"Bad Request"}"#.to_owned()),
            (404, r#"{"code":"K004","message":"x"}"#.to_owned()),
            (
                201,
                r#"{"ticketNumber":"1","transactionReference":"2"}"#.to_owned(),
            ),
            (201, "{}".to_owned()),
            (201, fine.replace("APPROVAL", "INITIALIZED")),
            (201, fine.replace("182343532700123456", "")),
            (201, fine.replace("approvedTransactionAmount", "other")),
            (201, fine[..fine.len() - 3].to_owned()),
        ] {
            let reply = testdata::reply_of(status, body.clone());
            assert!(answer(&asked, &reply).is_err(), "{status} {body}");
        }
    }

    #[test]
    fn instalments_are_those_mexico_offers() {
        let with = |installments, minor, currency| {
            deferred(installments, Amount::new(minor, currency).unwrap())
                .map(|deferred| deferred.map(|deferred| deferred.months))
        };
        assert_eq!(with(1, 100, Currency::MXN), Ok(None));
        assert_eq!(with(3, 30_000, Currency::MXN), Ok(Some(3)));
        assert!(with(3, 29_999, Currency::MXN).is_err());
        assert!(with(4, 999_999, Currency::MXN).is_err());
        assert!(with(3, 999_999, Currency::COP).is_err());
    }

    #[test]
    fn what_a_direct_charge_cannot_carry_is_refused_before_it_leaves() {
        let account = samples::account();
        let changes: [fn(&mut Authorization); 5] = [
            |order| order.card.security_code = None,
            |order| order.card.holder = " ".into(),
            |order| order.initiator = Initiator::Merchant,
            |order| order.exemption = Some(Exemption::LowValue),
            |order| order.reference = String::new(),
        ];
        for change in changes {
            let mut order = samples::order(ChargeKind::Sale, VISA);
            change(&mut order);
            assert!(matches!(
                request(&account, &order),
                Err(CannotBuild::NotExpressible(_))
            ));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_replies_never_panic_and_never_approve(status in 100u16..600, body in "\\PC*") {
            let asked = Asked::of(&samples::order(ChargeKind::Sale, VISA));
            let answer = answer(&asked, &testdata::reply_of(status, body));
            prop_assert!(!matches!(answer, Ok(AuthorizationAnswer::Approved(_))));
        }
    }
}
