//! A sale or an authorisation: `POST /pts/v2/payments`, which differ by `processingInformation.capture`.

use super::{
    call::{self, ClientReference},
    codes::{Context, RISK_DECLINED},
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
        RISK_DECLINED => Reason::ProcessorRiskBlock,
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
    decline.leaves_hold = status == RISK_DECLINED;
    Ok(AuthorizationAnswer::Declined(decline))
}

fn approval(asked: &Asked, body: &Body) -> Result<Approval, Unreadable> {
    let amount = asked.transaction.amount;
    if !body.repeats_a_reference() {
        return Err(unreadable("approves without repeating our reference"));
    }
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
    let currency = details
        .currency
        .as_deref()
        .ok_or_else(|| unreadable("has no currency"))?;
    check_currency(Some(currency), amount)?;
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
mod tests;
