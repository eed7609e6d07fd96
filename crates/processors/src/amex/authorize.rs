//! A sale (`PAY`) or an authorisation (`AUTHORIZE`).

use super::{
    call::{self, Address, Operation},
    codes,
    reply::{self, Asked, Body, Verdict},
    safekey::{self, Authentication},
    shopper::{self, Billing, Customer, Device},
};
use acquiring::{
    Account, Agreement, Approval, Authorization, AuthorizationAnswer, CannotBuild, ChargeKind, Exemption,
    Initiator, StoredCredential,
};
use primitives::{Amount, Brand, Card, Currency, HttpRequest, Reply, Unreadable};
use serde::Serialize;

/// The gateway's name of the instalment plan.
pub const PAYMENT_PLAN: &str = "payment_plan";

/// The plan that Mexican merchants have.
const DEFAULT_PAYMENT_PLAN: &str = "AMEX_PlanN";

/// The largest number of monthly instalments; the reference names no limit, issuers in Mexico offer up to 24.
pub const INSTALLMENTS_MAX: u8 = 24;

/// The longest reference of an order.
const ORDER_REFERENCE_MAX_CHARACTERS: usize = 40;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Charge<'a> {
    api_operation: Operation,
    order: Order<'a>,
    source_of_funds: SourceOfFunds<'a>,
    transaction: Transaction<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<AgreementBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Authentication<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_plan: Option<PaymentPlan<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing: Option<Billing<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Device<'a>>,
}

#[derive(Serialize)]
struct Order<'a> {
    amount: String,
    currency: &'static str,
    reference: &'a str,
}

#[derive(Serialize)]
struct SourceOfFunds<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    provided: Provided<'a>,
}

#[derive(Serialize)]
struct Provided<'a> {
    card: CardBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardBody<'a> {
    number: &'a str,
    expiry: Expiry,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_on_file: Option<&'static str>,
}

#[derive(Serialize)]
struct Expiry {
    month: String,
    year: String,
}

#[derive(Serialize)]
struct Transaction<'a> {
    reference: &'a str,
    source: &'static str,
}

#[derive(Serialize)]
struct AgreementBody {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentPlan<'a> {
    plan_id: &'a str,
    number_of_payments: u8,
    number_of_deferrals: u8,
}

pub fn request(account: &Account, order: &Authorization) -> Result<HttpRequest, CannotBuild> {
    if order.card.pan.brand() != Brand::Amex {
        return Err(CannotBuild::NotExpressible("a card of another brand"));
    }
    let stored = order.stored_credential.as_ref();
    let body = Charge {
        api_operation: match order.kind {
            ChargeKind::Sale => Operation::Pay,
            ChargeKind::Authorization => Operation::Authorize,
        },
        order: Order {
            amount: order.amount.to_decimal(),
            currency: order.amount.currency().code(),
            reference: shortened_order_id(&order.order_id),
        },
        source_of_funds: SourceOfFunds {
            kind: "CARD",
            provided: Provided {
                card: card(&order.card, stored),
            },
        },
        transaction: Transaction {
            reference: &order.reference,
            source: source(order)?,
        },
        agreement: stored.map(|stored| agreement(stored.agreement)),
        authentication: safekey::of(order)?,
        payment_plan: payment_plan(account, order.installments, order.amount)?,
        customer: shopper::customer(&order.shopper),
        billing: shopper::billing(order.billing.as_ref()),
        device: shopper::device(&order.shopper),
    };
    let address = Address {
        order: &order.reference,
        transaction: &order.reference,
    };
    call::put(account, address, &body)
}

/// The merchant's own id of the order is for people there to search by, so the beginning of a longer one serves.
fn shortened_order_id(order_id: &str) -> &str {
    let end = order_id
        .char_indices()
        .nth(ORDER_REFERENCE_MAX_CHARACTERS)
        .map_or(order_id.len(), |(index, _)| index);
    order_id.get(..end).unwrap_or(order_id)
}

fn card<'a>(card: &'a Card, stored: Option<&StoredCredential>) -> CardBody<'a> {
    CardBody {
        number: card.pan.reveal(),
        expiry: Expiry {
            month: format!("{:02}", card.expiry.month()),
            year: format!("{:02}", card.expiry.year() % 100),
        },
        security_code: card.security_code.as_ref().map(|code| code.reveal()),
        stored_on_file: stored.map(|stored| if stored.is_first { "TO_BE_STORED" } else { "STORED" }),
    }
}

fn agreement(agreement: Agreement) -> AgreementBody {
    AgreementBody {
        kind: match agreement {
            Agreement::Recurring => "RECURRING",
            Agreement::Installments => "INSTALLMENT",
            Agreement::Unscheduled => "UNSCHEDULED",
        },
    }
}

/// Who starts the payment and how, which also says the two exclusions from authentication that can be given.
fn source(order: &Authorization) -> Result<&'static str, CannotBuild> {
    match (order.initiator, order.exemption) {
        (_, Some(Exemption::MerchantInitiated)) | (Initiator::Merchant, None) => Ok("MERCHANT"),
        (Initiator::Customer, Some(Exemption::Moto)) => Ok("MOTO"),
        (Initiator::Customer, None) => Ok("INTERNET"),
        (
            _,
            Some(
                Exemption::LowValue
                | Exemption::TraIssuer
                | Exemption::TraAcquirer
                | Exemption::TrustedList
                | Exemption::Corporate
                | Exemption::DelayedShipment
                | Exemption::Delegated
                | Exemption::Moto
                | Exemption::OneLegOut
                | Exemption::AnonymousPrepaid,
            ),
        ) => Err(CannotBuild::NotExpressible("the ground for an exemption")),
    }
}

fn payment_plan(
    account: &Account,
    installments: u8,
    amount: Amount,
) -> Result<Option<PaymentPlan<'_>>, CannotBuild> {
    match installments {
        0 | 1 => Ok(None),
        2..=INSTALLMENTS_MAX if amount.currency() == Currency::MXN => Ok(Some(PaymentPlan {
            plan_id: account
                .credentials
                .get(PAYMENT_PLAN)
                .unwrap_or(DEFAULT_PAYMENT_PLAN),
            number_of_payments: installments,
            number_of_deferrals: 0,
        })),
        _ => Err(CannotBuild::NotExpressible(
            "this number of instalments in this currency",
        )),
    }
}

/// What the answer must be about.
pub fn asked(order: &Authorization) -> Asked {
    Asked::charge(&order.reference, order.kind, order.amount)
}

pub fn answer(asked: &Asked, reply: &Reply) -> Result<AuthorizationAnswer, Unreadable> {
    Ok(match reply::verdict(asked, reply)? {
        Verdict::Done(body) => AuthorizationAnswer::Approved(approval(asked, &body)),
        Verdict::Refused(decline) => AuthorizationAnswer::Declined(decline),
        Verdict::Pending => AuthorizationAnswer::Pending {
            processor_reference: Some(asked.transaction.clone()),
        },
    })
}

/// An approval, whose amount and ids the verdict has checked. The gateway knows the charge by the id we gave it, and a
/// void names that; so it is the processor's reference too.
pub fn approval(asked: &Asked, body: &Body<'_>) -> Approval {
    let transaction = body.transaction.as_ref();
    let response = body.response.as_ref();
    Approval {
        processor_reference: asked.transaction.clone(),
        approval_code: transaction
            .and_then(|transaction| transaction.authorization_code.as_deref())
            .map(codes::shortened),
        response_code: response
            .and_then(|response| {
                response
                    .acquirer_code
                    .as_deref()
                    .or(response.gateway_code.as_deref())
            })
            .map(codes::shortened),
        amount: asked.amount,
        network_transaction_id: transaction
            .and_then(|transaction| transaction.acquirer.as_ref())
            .and_then(|acquirer| acquirer.transaction_id.as_deref())
            .map(codes::shortened),
        issuer_bank: None,
        issuer_country: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        amex::samples::{self, REFERENCE},
        testdata,
    };
    use acquiring::{Advice, Decline, Reason};
    use proptest::prelude::*;

    fn read(order: &Authorization, status: u16, name: &str) -> Result<AuthorizationAnswer, Unreadable> {
        answer(&asked(order), &testdata::reply(status, name))
    }

    #[test]
    fn requests_are_these_bytes() {
        for (name, order) in samples::charges() {
            let request = request(&samples::account(), &order).unwrap();
            testdata::assert_request(&format!("amex/{name}.request"), &request);
        }
    }

    #[test]
    fn an_approved_sale_is_read_whole() {
        let order = samples::order(ChargeKind::Sale);
        for status in [200, 201] {
            assert_eq!(
                read(&order, status, "amex/sale.approved.json"),
                Ok(AuthorizationAnswer::Approved(Approval {
                    processor_reference: REFERENCE.into(),
                    approval_code: Some("831000".into()),
                    response_code: Some("000".into()),
                    amount: order.amount,
                    network_transaction_id: Some("123456789012345".into()),
                    issuer_bank: None,
                    issuer_country: None,
                }))
            );
        }
    }

    #[test]
    fn an_approval_of_something_else_is_unreadable() {
        let sale = samples::order(ChargeKind::Sale);
        let mut other_amount = sale.clone();
        other_amount.amount = Amount::new(125_051, Currency::MXN).unwrap();
        let mut other_currency = sale.clone();
        other_currency.amount = Amount::new(125_050, Currency::USD).unwrap();
        let mut other_reference = sale.clone();
        other_reference.reference = "0190c0de000070008000000000000009".into();
        let mut other_kind = sale.clone();
        other_kind.kind = ChargeKind::Authorization;
        for order in [other_amount, other_currency, other_reference, other_kind] {
            assert!(read(&order, 201, "amex/sale.approved.json").is_err());
        }
    }

    #[test]
    fn a_decline_has_the_gateways_reason_and_both_codes_advice() {
        assert_eq!(
            read(&samples::order(ChargeKind::Sale), 201, "amex/sale.declined.json"),
            Ok(AuthorizationAnswer::Declined(Decline {
                reason: Reason::InsufficientFunds,
                advice: Advice::Later,
                raw_code: Some("INSUFFICIENT_FUNDS".into()),
                raw_message: Some("116 Not sufficient funds".into()),
                network_advice: None,
                processor_reference: Some(REFERENCE.into()),
                leaves_hold: false,
            }))
        );
    }

    #[test]
    fn a_pending_charge_is_answered_later() {
        let approved = String::from_utf8(testdata::reply(201, "amex/sale.approved.json").body).unwrap();
        let pending = approved
            .replace("SUCCESS", "PENDING")
            .replace("APPROVED", "SUBMITTED");
        assert_eq!(
            answer(
                &asked(&samples::order(ChargeKind::Sale)),
                &testdata::reply_of(201, pending)
            ),
            Ok(AuthorizationAnswer::Pending {
                processor_reference: Some(REFERENCE.into())
            })
        );
    }

    #[test]
    fn only_amex_cards_are_charged() {
        let mut order = samples::order(ChargeKind::Sale);
        order.card.pan = primitives::Pan::parse("4000000000001000").unwrap();
        order.authentication = None;
        assert!(request(&samples::account(), &order).is_err());
    }

    #[test]
    fn instalments_are_a_plan_in_pesos() {
        let mut order = samples::order(ChargeKind::Sale);
        order.installments = 25;
        assert!(request(&samples::account(), &order).is_err());
        order.installments = 6;
        order.amount = Amount::new(125_050, Currency::USD).unwrap();
        assert!(request(&samples::account(), &order).is_err());
    }

    #[test]
    fn a_long_order_id_is_told_by_its_beginning() {
        assert_eq!(shortened_order_id("order-4711"), "order-4711");
        assert_eq!(shortened_order_id(&"ñ".repeat(41)), "ñ".repeat(40));
    }

    proptest! {
        /// Only the approval as a whole is one: cut anywhere, it is unreadable.
        #[test]
        fn an_approval_cut_short_is_unreadable(cut in 1usize..400) {
            let body = testdata::reply(201, "amex/sale.approved.json").body;
            let trimmed = body.trim_ascii_end();
            let kept = trimmed.len().saturating_sub(cut);
            let reply = testdata::reply_of(201, &trimmed[..kept]);
            prop_assert!(answer(&asked(&samples::order(ChargeKind::Sale)), &reply).is_err());
        }
    }
}
