//! A sale or an authorisation: `POST /pts/v2/payments`, which differ by `processingInformation.capture`.

use super::{
    call::{self, ClientReference},
    codes::Context,
    initiator::{self, InitiatorBlock},
    money::AmountDetails,
    reply::{self, Body, check_amount, check_currency, refused, unreadable},
    shopper::{self, BillTo, ShipTo},
    three_d_secure,
};
use crate::reading::shortened;
use acquiring::{Account, Approval, Authorization, AuthorizationAnswer, CannotBuild, ChargeKind};
use acquiring::{Advice, Reason};
use primitives::{Brand, Card, HttpRequest, Moment, Reply, Unreadable};
use serde::Serialize;

/// The member of `merchantDefinedInformation` that holds the merchant's order id.
const ORDER_ID_KEY: &str = "1";
/// The longest value of one.
const ORDER_ID_MAX_CHARACTERS: usize = 255;
/// The longest address of a device.
const IP_ADDRESS_MAX_CHARACTERS: usize = 48;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment<'a> {
    client_reference_information: ClientReference<'a>,
    processing_information: ProcessingInformation<'a>,
    payment_information: PaymentInformation<'a>,
    order_information: OrderInformation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_information: Option<DeviceInformation<'a>>,
    merchant_defined_information: [MerchantDefined<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    installment_information: Option<InstallmentInformation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_authentication_information: Option<three_d_secure::Information<'a>>,
}

/// No `actionList`: its entries for consumer authentication would start the processor's own 3-D Secure.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessingInformation<'a> {
    capture: bool,
    commerce_indicator: &'static str,
    authorization_options: AuthorizationOptions<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationOptions<'a> {
    /// All or nothing, whatever the account is set up for.
    partial_auth_indicator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiator: Option<InitiatorBlock<'a>>,
}

#[derive(Serialize)]
struct PaymentInformation<'a> {
    card: CardBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardBody<'a> {
    number: &'a str,
    expiration_month: String,
    expiration_year: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_code: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderInformation<'a> {
    amount_details: AmountDetails,
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_to: Option<BillTo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_to: Option<ShipTo<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceInformation<'a> {
    ip_address: &'a str,
}

#[derive(Serialize)]
struct MerchantDefined<'a> {
    key: &'static str,
    value: &'a str,
}

/// Without a plan's type, which then is the one of the vendor's set-up of the account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstallmentInformation {
    total_count: u8,
}

pub fn request(account: &Account, order: &Authorization, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    if order.order_id.chars().count() > ORDER_ID_MAX_CHARACTERS {
        return Err(CannotBuild::NotExpressible("an order id of this length"));
    }
    let authentication = three_d_secure::of(order)?;
    let ip_address = order.shopper.ip_address.as_deref();
    let body = Payment {
        client_reference_information: ClientReference::with_transaction_id(&order.reference)?,
        processing_information: ProcessingInformation {
            capture: order.kind == ChargeKind::Sale,
            commerce_indicator: authentication.commerce_indicator,
            authorization_options: AuthorizationOptions {
                partial_auth_indicator: false,
                initiator: initiator::of(order)?,
            },
        },
        payment_information: PaymentInformation {
            card: card(&order.card)?,
        },
        order_information: OrderInformation {
            amount_details: AmountDetails::of(order.amount),
            bill_to: shopper::bill_to(&order.shopper, order.billing.as_ref()),
            ship_to: order.shipping.as_ref().and_then(shopper::ship_to),
        },
        device_information: ip_address
            .filter(|address| !address.is_empty() && address.len() <= IP_ADDRESS_MAX_CHARACTERS)
            .map(|ip_address| DeviceInformation { ip_address }),
        merchant_defined_information: [MerchantDefined {
            key: ORDER_ID_KEY,
            value: &order.order_id,
        }],
        installment_information: (order.installments > 1).then_some(InstallmentInformation {
            total_count: order.installments,
        }),
        consumer_authentication_information: authentication.information,
    };
    call::post(account, &["pts", "v2", "payments"], &body, moment)
}

fn card(card: &Card) -> Result<CardBody<'_>, CannotBuild> {
    Ok(CardBody {
        number: card.pan.reveal(),
        expiration_month: format!("{:02}", card.expiry.month()),
        expiration_year: format!("{:04}", card.expiry.year()),
        security_code: card.security_code.as_ref().map(|code| code.reveal()),
        kind: card_type(card.pan.brand())?,
    })
}

/// `card.type`.
fn card_type(brand: Brand) -> Result<&'static str, CannotBuild> {
    Ok(match brand {
        Brand::Visa => "001",
        Brand::Mastercard => "002",
        Brand::Amex => "003",
        Brand::Discover => "004",
        Brand::Diners => "005",
        Brand::Jcb => "007",
        Brand::Elo => "054",
        Brand::Carnet => "058",
        Brand::Other => return Err(CannotBuild::NotExpressible("a card of this brand")),
    })
}

/// What was asked for, as far as the answer must show it.
#[derive(Debug, Clone)]
pub struct Asked {
    transaction: reply::Asked,
    context: Context,
}

impl Asked {
    pub fn of(order: &Authorization) -> Self {
        Self {
            transaction: reply::Asked::new(&order.reference, order.amount),
            context: Context {
                brand: Some(order.card.pan.brand()),
                initiator: order.initiator,
            },
        }
    }
}

/// Approved only by a 201 that says so for all that was asked: 201 is the status of declines too.
pub fn answer(asked: &Asked, reply: &Reply) -> Result<AuthorizationAnswer, Unreadable> {
    if reply.status != 201 {
        return refused(reply, &asked.context).map(AuthorizationAnswer::Declined);
    }
    let body = Body::parse(reply)?;
    body.check_reference(&asked.transaction)?;
    let status = body.status()?;
    let otherwise = match status {
        "AUTHORIZED" => return approval(asked, &body).map(AuthorizationAnswer::Approved),
        // Held back for people to look at; PENDING is that of a sale whose capture is not in the batch yet.
        "AUTHORIZED_PENDING_REVIEW" | "PENDING_REVIEW" | "PENDING" => {
            return Ok(AuthorizationAnswer::Pending {
                processor_reference: Some(body.id()?.to_owned()),
            });
        }
        "DECLINED" => Reason::Unknown,
        // Approved by the issuer, refused by the risk rules: nothing is captured, whatever is held is to be released.
        "AUTHORIZED_RISK_DECLINED" => Reason::ProcessorRiskBlock,
        "PENDING_AUTHENTICATION" => Reason::AuthenticationRequired,
        // PARTIAL_AUTHORIZED among them, which no request of ours allows: some of the money may be held.
        _ => return Err(unreadable("has a status that leaves the outcome open")),
    };
    let mut decline = body.refusal(status, otherwise).decline(&asked.context)?;
    if decline.reason == Reason::Unknown && otherwise != Reason::Unknown {
        decline.reason = otherwise;
        decline.advice = Advice::of_sources([Some(otherwise.usual_advice()), Some(decline.advice)])
            .unwrap_or(otherwise.usual_advice());
    }
    Ok(AuthorizationAnswer::Declined(decline))
}

fn approval(asked: &Asked, body: &Body) -> Result<Approval, Unreadable> {
    let amount = asked.transaction.amount;
    let details = body
        .amounts()
        .ok_or_else(|| unreadable("approves without an amount"))?;
    let authorized = details
        .authorized_amount
        .as_deref()
        .ok_or_else(|| unreadable("has no authorizedAmount"))?;
    check_amount(authorized, amount)?;
    if let Some(total) = details.total_amount.as_deref() {
        check_amount(total, amount)?;
    }
    check_currency(details.currency.as_deref(), amount)?;
    let processing = body.processor_information.as_ref();
    let network_transaction_id = processing.and_then(|processing| {
        let given = processing.network_transaction_id.as_deref();
        given
            .or(processing.transaction_id.as_deref())
            .filter(|id| !id.is_empty())
    });
    Ok(Approval {
        processor_reference: body.id()?.to_owned(),
        approval_code: processing
            .and_then(|processing| processing.approval_code.as_deref())
            .map(shortened),
        response_code: processing
            .and_then(|processing| processing.response_code.as_deref())
            .map(shortened),
        amount,
        network_transaction_id: network_transaction_id.map(shortened),
        issuer_bank: None,
        issuer_country: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cybersource::samples::{self, MASTERCARD, VISA},
        testdata,
    };
    use acquiring::Decline;
    use primitives::{Amount, Currency};
    use proptest::prelude::*;

    fn asked() -> Asked {
        Asked::of(&samples::order(ChargeKind::Sale, VISA))
    }

    fn file(name: &str) -> String {
        String::from_utf8(testdata::reply(201, &format!("cybersource/{name}.json")).body).unwrap()
    }

    fn read(body: &str) -> Result<AuthorizationAnswer, Unreadable> {
        answer(&asked(), &testdata::reply_of(201, body))
    }

    #[test]
    fn requests_are_these_bytes() {
        for (name, order) in samples::charges() {
            let request = request(&samples::account(), &order, samples::moment()).unwrap();
            testdata::assert_request(&format!("cybersource/{name}.request"), &request);
        }
        let account = samples::account_with(&[("authentication", "http_signature")]);
        let order = samples::order(ChargeKind::Sale, VISA);
        let request = request(&account, &order, samples::moment()).unwrap();
        testdata::assert_request("cybersource/sale.http-signature.request", &request);
    }

    #[test]
    fn an_approved_sale_is_read_whole() {
        assert_eq!(
            read(&file("sale.approved")),
            Ok(AuthorizationAnswer::Approved(Approval {
                processor_reference: "7012345678901234567890".into(),
                approval_code: Some("831000".into()),
                response_code: Some("00".into()),
                amount: samples::mxn(125_050),
                network_transaction_id: Some("016150703802094".into()),
                issuer_bank: None,
                issuer_country: None,
            }))
        );
    }

    #[test]
    fn an_approval_of_something_else_is_unreadable() {
        let sale = samples::order(ChargeKind::Sale, VISA);
        let mut other_amount = sale.clone();
        other_amount.amount = samples::mxn(125_051);
        let mut other_currency = sale.clone();
        other_currency.amount = Amount::new(125_050, Currency::USD).unwrap();
        let mut other_reference = sale;
        other_reference.reference = "0190c0de-0000-7000-8000-000000000009".into();
        for order in [other_amount, other_currency, other_reference] {
            let reply = testdata::reply(201, "cybersource/sale.approved.json");
            assert!(answer(&Asked::of(&order), &reply).is_err());
        }
    }

    #[test]
    fn an_approval_counts_only_with_status_201() {
        for status in [200, 202, 400, 402, 500, 502, 503] {
            let reply = testdata::reply(status, "cybersource/sale.approved.json");
            assert!(answer(&asked(), &reply).is_err(), "{status}");
        }
    }

    #[test]
    fn a_decline_comes_with_201_too() {
        assert_eq!(
            read(&file("sale.declined")),
            Ok(AuthorizationAnswer::Declined(Decline {
                reason: Reason::InsufficientFunds,
                advice: Advice::Later,
                raw_code: Some("INSUFFICIENT_FUND 51".into()),
                raw_message: Some("Decline - Insufficient funds in the account.".into()),
                network_advice: None,
                processor_reference: Some("7012345678901234567891".into()),
            }))
        );
    }

    fn declined(body: &str) -> (Reason, Advice) {
        match read(body) {
            Ok(AuthorizationAnswer::Declined(decline)) => (decline.reason, decline.advice),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_status_has_its_meaning() {
        let with = |status: &str| file("sale.declined").replace("\"DECLINED\"", &format!("\"{status}\""));
        let without_reason = |status: &str| with(status).replace("INSUFFICIENT_FUND", "NEW_CODE");
        assert_eq!(
            declined(&without_reason("DECLINED")),
            (Reason::Unknown, Advice::Never)
        );
        assert_eq!(
            declined(&without_reason("AUTHORIZED_RISK_DECLINED")),
            (Reason::ProcessorRiskBlock, Advice::Never)
        );
        assert_eq!(
            declined(&with("AUTHORIZED_RISK_DECLINED").replace("INSUFFICIENT_FUND", "AVS_FAILED")),
            (Reason::AvsFailed, Advice::FixInput)
        );
        assert_eq!(
            declined(&without_reason("PENDING_AUTHENTICATION")),
            (Reason::AuthenticationRequired, Advice::Reauthenticate)
        );
        for status in ["AUTHORIZED_PENDING_REVIEW", "PENDING_REVIEW", "PENDING"] {
            assert_eq!(
                read(&with(status)),
                Ok(AuthorizationAnswer::Pending {
                    processor_reference: Some("7012345678901234567891".into())
                }),
                "{status}"
            );
        }
        for status in [
            "PARTIAL_AUTHORIZED",
            "TRANSMITTED",
            "REVERSED",
            "VOIDED",
            "SERVER_ERROR",
            "INVALID_REQUEST",
            "authorized",
            "",
        ] {
            assert!(read(&with(status)).is_err(), "{status}");
        }
    }

    #[test]
    fn an_approval_that_lacks_what_makes_it_one_is_unreadable() {
        let fine = file("sale.approved");
        for (from, to) in [
            ("\"authorizedAmount\"", "\"other\""),
            ("\"1250.50\"", "\"1250.5000001\""),
            ("\"1250.50\"", "\"600.00\""),
            ("\"orderInformation\"", "\"other\""),
            ("\"7012345678901234567890\"", "\"\""),
            ("\"status\"", "\"other\""),
        ] {
            let body = fine.replace(from, to);
            assert_ne!(body, fine, "{from}");
            assert!(read(&body).is_err(), "{from}");
        }
    }

    #[test]
    fn the_request_was_refused_or_the_outcome_is_open() {
        let reply = testdata::reply(400, "cybersource/sale.invalid.json");
        let Ok(AuthorizationAnswer::Declined(decline)) = answer(&asked(), &reply) else {
            panic!("not declined");
        };
        assert_eq!(
            (decline.reason, decline.raw_code.as_deref()),
            (Reason::InvalidRequest, Some("MISSING_FIELD"))
        );
        for (status, name) in [(400, "sale.duplicate"), (502, "sale.failed")] {
            let reply = testdata::reply(status, &format!("cybersource/{name}.json"));
            assert!(answer(&asked(), &reply).is_err(), "{name}");
        }
    }

    #[test]
    fn what_a_charge_cannot_carry_is_refused_before_it_leaves() {
        let changes: [fn(&mut Authorization); 4] = [
            |order| order.reference = String::new(),
            |order| order.reference = "pay-0001".into(),
            |order| order.order_id = "o".repeat(256),
            |order| order.exemption = Some(acquiring::Exemption::OneLegOut),
        ];
        for change in changes {
            let mut order = samples::order(ChargeKind::Sale, MASTERCARD);
            change(&mut order);
            assert!(matches!(
                request(&samples::account(), &order, samples::moment()),
                Err(CannotBuild::NotExpressible(_))
            ));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_replies_never_panic_and_never_approve(status in 100u16..600, body in "\\PC*") {
            let answer = answer(&asked(), &testdata::reply_of(status, body));
            prop_assert!(!matches!(answer, Ok(AuthorizationAnswer::Approved(_))));
        }
    }
}
