//! A sale or an authorisation, both by `POST /payments` with the card itself: captured at once (`captureDelayHours` 0), or
//! held until it is captured (`manualCapture`).

use super::{
    call,
    codes::{self, Context},
    money::AmountBody,
    mpi_data::{self, MpiData},
    reply::{self, PaymentReply, unreadable},
    shopper,
};
use crate::reading::shortened;
use acquiring::{
    Account, Agreement, Approval, Authorization, AuthorizationAnswer, CannotBuild, ChargeKind, Exemption,
    Initiator,
};
use primitives::{Amount, Card, Country, HttpRequest, Reply, Unreadable};
use serde::Serialize;

const RETURN_URL_MAX_CHARACTERS: usize = 1_024;
const ORDER_ID_MAX_CHARACTERS: usize = 1_000;

/// Grounds for going without authentication that a payment can give.
pub const EXEMPTIONS: &[Exemption] = &[
    Exemption::LowValue,
    Exemption::TraAcquirer,
    Exemption::TrustedList,
    Exemption::Corporate,
    Exemption::Moto,
    Exemption::MerchantInitiated,
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment<'a> {
    merchant_account: &'a str,
    amount: AmountBody,
    reference: &'a str,
    merchant_order_reference: &'a str,
    payment_method: PaymentMethod<'a>,
    return_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture_delay_hours: Option<u8>,
    shopper_interaction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recurring_processing_model: Option<&'static str>,
    #[serde(flatten)]
    shopper: shopper::About<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installments: Option<Installments>,
    authentication_data: AuthenticationData,
    #[serde(skip_serializing_if = "Option::is_none")]
    mpi_data: Option<MpiData<'a>>,
    #[serde(skip_serializing_if = "AdditionalData::is_empty")]
    additional_data: AdditionalData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentMethod<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    number: &'a str,
    expiry_month: String,
    expiry_year: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cvc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_name: Option<&'a str>,
}

#[derive(Serialize)]
struct Installments {
    value: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticationData {
    /// The cardholder was authenticated by us, or is not to be; never by Adyen.
    attempt_authentication: &'static str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct AdditionalData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    manual_capture: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sca_exemption: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_tx_reference: Option<&'a str>,
}

impl AdditionalData<'_> {
    fn is_empty(&self) -> bool {
        self.manual_capture.is_none() && self.sca_exemption.is_none() && self.network_tx_reference.is_none()
    }
}

pub fn request(account: &Account, order: &Authorization) -> Result<HttpRequest, CannotBuild> {
    if order.return_url.len() > RETURN_URL_MAX_CHARACTERS {
        return Err(CannotBuild::NotExpressible("a return address of this length"));
    }
    if order.order_id.chars().count() > ORDER_ID_MAX_CHARACTERS {
        return Err(CannotBuild::NotExpressible("an order id of this length"));
    }
    let held = order.kind == ChargeKind::Authorization;
    let body = Payment {
        merchant_account: call::merchant_account(account)?,
        amount: AmountBody::of(order.amount)?,
        reference: &order.reference,
        merchant_order_reference: &order.order_id,
        payment_method: payment_method(&order.card),
        return_url: &order.return_url,
        capture_delay_hours: (!held).then_some(0),
        shopper_interaction: shopper_interaction(order),
        recurring_processing_model: recurring_processing_model(order),
        shopper: shopper::of(order),
        installments: (order.installments > 1).then_some(Installments {
            value: order.installments,
        }),
        authentication_data: AuthenticationData {
            attempt_authentication: "never",
        },
        mpi_data: mpi_data::of(order)?,
        additional_data: AdditionalData {
            manual_capture: held.then_some("true"),
            sca_exemption: order.exemption.map(sca_exemption).transpose()?.flatten(),
            network_tx_reference: order
                .stored_credential
                .as_ref()
                .and_then(|stored| stored.network_transaction_id.as_deref()),
        },
    };
    call::post(account, &["payments"], &order.reference, &body)
}

fn payment_method(card: &Card) -> PaymentMethod<'_> {
    let holder = card.holder.trim();
    PaymentMethod {
        kind: "scheme",
        number: card.pan.reveal(),
        expiry_month: format!("{:02}", card.expiry.month()),
        expiry_year: card.expiry.year().to_string(),
        cvc: card.security_code.as_ref().map(|code| code.reveal()),
        holder_name: (!holder.is_empty()).then_some(holder),
    }
}

/// Who starts it and how the card came: mail or telephone, a card on file, or typed in now.
fn shopper_interaction(order: &Authorization) -> &'static str {
    let on_file = order
        .stored_credential
        .as_ref()
        .is_some_and(|stored| !stored.is_first);
    match (order.exemption, order.initiator) {
        (Some(Exemption::Moto), _) => "Moto",
        (Some(Exemption::MerchantInitiated), _) | (_, Initiator::Merchant) => "ContAuth",
        (_, Initiator::Customer) if on_file => "ContAuth",
        (_, Initiator::Customer) => "Ecommerce",
    }
}

/// What the cardholder agreed to. A charge that the merchant starts always says one, since the schemes know it by that.
fn recurring_processing_model(order: &Authorization) -> Option<&'static str> {
    let by_merchant =
        order.initiator == Initiator::Merchant || order.exemption == Some(Exemption::MerchantInitiated);
    let Some(stored) = &order.stored_credential else {
        return by_merchant.then_some("UnscheduledCardOnFile");
    };
    Some(match stored.agreement {
        Agreement::Recurring | Agreement::Installments => "Subscription",
        // The shopper is back and uses the card that was kept.
        Agreement::Unscheduled if !by_merchant && !stored.is_first => "CardOnFile",
        Agreement::Unscheduled => "UnscheduledCardOnFile",
    })
}

/// The exemption asked for; `None` for an exclusion that `shopperInteraction` tells.
fn sca_exemption(exemption: Exemption) -> Result<Option<&'static str>, CannotBuild> {
    match exemption {
        Exemption::LowValue => Ok(Some("lowValue")),
        Exemption::TraAcquirer => Ok(Some("transactionRiskAnalysis")),
        Exemption::TrustedList => Ok(Some("trustedBeneficiary")),
        Exemption::Corporate => Ok(Some("secureCorporate")),
        Exemption::Moto | Exemption::MerchantInitiated => Ok(None),
        Exemption::TraIssuer
        | Exemption::DelayedShipment
        | Exemption::Delegated
        | Exemption::OneLegOut
        | Exemption::AnonymousPrepaid => Err(CannotBuild::NotExpressible("this ground for an exemption")),
    }
}

/// What was asked for, as far as the answer must show it.
#[derive(Debug, Clone)]
pub struct Asked {
    reference: String,
    amount: Amount,
    context: Context,
}

impl Asked {
    pub fn of(order: &Authorization) -> Self {
        Self {
            reference: order.reference.clone(),
            amount: order.amount,
            context: Context {
                brand: Some(order.card.pan.brand()),
                fully_authenticated: order.is_fully_authenticated(),
                initiator: order.initiator,
            },
        }
    }
}

/// Approved only by a 200 that says so for the amount and reference that were asked.
pub fn answer(asked: &Asked, reply: &Reply) -> Result<AuthorizationAnswer, Unreadable> {
    if reply.status != 200 {
        return reply::refusal(reply).map(AuthorizationAnswer::Declined);
    }
    let body = PaymentReply::parse(reply)?;
    body.check(&asked.reference, asked.amount)?;
    match body.result_code.as_deref() {
        Some("Authorised") => approval(asked, &body).map(AuthorizationAnswer::Approved),
        Some("Refused" | "Error" | "Cancelled") => codes::answer(&body, &asked.context),
        // Adyen wants to authenticate the cardholder after all; the payment stays where it is and is never gone on with.
        Some("RedirectShopper" | "IdentifyShopper" | "ChallengeShopper") => {
            Ok(AuthorizationAnswer::Declined(codes::wants_authentication(&body)))
        }
        Some("Received" | "Pending") => Ok(AuthorizationAnswer::Pending {
            processor_reference: body.psp_reference.clone().filter(|id| !id.is_empty()),
        }),
        // `PartiallyAuthorised` among them: money is held, but not what was asked for.
        _ => Err(unreadable("has a resultCode that settles nothing")),
    }
}

fn approval(asked: &Asked, body: &PaymentReply) -> Result<Approval, Unreadable> {
    if body.amount.is_none() || body.merchant_reference.is_none() {
        return Err(unreadable("approves without amount or merchantReference"));
    }
    let more = body.additional_data.as_ref();
    let text = |value: Option<&Option<String>>| {
        value
            .and_then(Option::as_deref)
            .filter(|text| !text.is_empty())
            .map(shortened)
    };
    Ok(Approval {
        processor_reference: body.psp_reference()?.to_owned(),
        approval_code: text(more.map(|more| &more.auth_code)),
        response_code: more
            .and_then(|more| more.refusal_reason_raw.as_deref())
            .and_then(codes::issuer_code)
            .map(str::to_owned),
        amount: asked.amount,
        network_transaction_id: text(more.map(|more| &more.network_tx_reference)),
        issuer_bank: text(more.map(|more| &more.card_issuing_bank)),
        issuer_country: more
            .and_then(|more| {
                more.card_issuing_country
                    .as_deref()
                    .or(more.issuer_country.as_deref())
            })
            .and_then(|country| Country::parse(country).ok()),
    })
}

#[cfg(test)]
mod tests;
