//! Sales and authorisations with the card itself.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use primitives::{Amount, Brand, Currency, ExpiryDate, Pan, SecurityCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::book::{Charge, ChargeType, Ending, Transaction};
use super::money::{AmountBody, Exact};
use super::reply::{
    BinInfo, Details, MessageFields, Refused, TransactionReply, nothing, read_json, vendor_code,
};
use super::test_cards::{self, TestCard};
use super::three_domain_secure::ThreeDomainSecure;
use super::{Kushki, NAME, brand_name, merchant, silence, undocumented_error};
use crate::ledger::{Entry, Operation};
use crate::processors::outcome::{self, Outcome};

/// The approval code of whatever is approved.
const APPROVAL_CODE: &str = "000000";
/// Who every card here was issued by.
const ISSUER: &str = "BANCO SANDBOX";
/// Who acquires here; a name without "Prosa", so that response codes are the networks' own.
const ACQUIRER: &str = "Kushki Acquirer Processor";
/// Members `contactDetails` must have.
const CONTACT: [&str; 6] = [
    "documentType",
    "documentNumber",
    "firstName",
    "lastName",
    "email",
    "phoneNumber",
];
/// Members an address must have.
const ADDRESS: [&str; 6] = ["name", "phone", "address1", "city", "region", "country"];
/// Mexican instalment plans: months, smallest order in minor units.
const PLANS: [(u32, i64); 5] = [
    (3, 30_000),
    (6, 60_000),
    (9, 90_000),
    (12, 120_000),
    (18, 180_000),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct Body<'a> {
    card: CardBody,
    #[serde(borrow)]
    amount: AmountBody<'a>,
    deferred: Option<Deferred>,
    metadata: Option<Value>,
    contact_details: Option<Value>,
    order_details: Option<Value>,
    full_response: Option<String>,
    three_domain_secure: Option<ThreeDomainSecure>,
    external_reference_id: Option<String>,
    is_deferred: Option<IgnoredAny>,
    months: Option<IgnoredAny>,
    product_details: Option<IgnoredAny>,
    cit_mit: Option<IgnoredAny>,
    transaction_mode: Option<IgnoredAny>,
    webhooks: Option<IgnoredAny>,
    webhooks_chargeback: Option<IgnoredAny>,
    #[serde(rename = "originalTransactionID")]
    original_transaction_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CardBody {
    name: String,
    number: String,
    expiry_month: String,
    expiry_year: String,
    cvv: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Deferred {
    grace_months: String,
    credit_type: String,
    months: u32,
}

/// `POST /card/v2/charges`.
pub async fn sale(State(kushki): State<Kushki>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&kushki, Operation::Sale, &headers, &body).await
}

/// `POST /card/v2/preAuthorization`.
pub async fn authorization(State(kushki): State<Kushki>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&kushki, Operation::Authorization, &headers, &body).await
}

/// A charge that is in order, to be decided.
struct Asked {
    operation: Operation,
    charge_type: ChargeType,
    merchant: String,
    pan: Pan,
    brand: Brand,
    amount: Amount,
    reference: Option<String>,
    order_id: Option<String>,
    authentication: Option<ThreeDomainSecure>,
    full_response: bool,
}

async fn answer(kushki: &Kushki, operation: Operation, headers: &HeaderMap, body: &[u8]) -> Response {
    // Everything is done before the first wait, so that a caller who hangs up changes nothing.
    let asked = match check(operation, headers, body) {
        Ok(asked) => asked,
        Err(refused) => return refused.into_response(),
    };
    let outcome = match test_cards::of(asked.pan.reveal()) {
        Some(TestCard::Refused(code, message)) => {
            write(kushki, &asked, false, Some(code));
            return Refused::code(code, message).into_response();
        }
        Some(TestCard::Declined) => Outcome::Declined("05"),
        None => outcome::of(
            &outcome::Charge {
                amount: asked.amount,
                brand: asked.brand,
                fully_authenticated: asked
                    .authentication
                    .as_ref()
                    .is_some_and(ThreeDomainSecure::is_full),
                order_id: asked.order_id.as_deref(),
                connection: (NAME, &asked.merchant),
            },
            &kushki.processors.cascade,
        ),
    };
    match outcome {
        Outcome::Approved => approve(kushki, &asked).with_status(StatusCode::CREATED),
        Outcome::Declined(code) => decline(kushki, &asked, code).with_status(StatusCode::BAD_REQUEST),
        Outcome::ApprovedThenError => {
            approve(kushki, &asked);
            undocumented_error()
        }
        Outcome::ApprovedThenSilence => {
            approve(kushki, &asked);
            silence().await
        }
        Outcome::Silence => {
            write(kushki, &asked, false, None);
            silence().await
        }
    }
}

fn check(operation: Operation, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refused> {
    let merchant = merchant(headers)?;
    let body: Body<'_> = read_json(body)?;
    let amount = body.amount.total()?;
    let pan = check_card(&body.card)?;
    let brand = pan.brand();
    if !matches!(brand, Brand::Visa | Brand::Mastercard) {
        return Err(Refused::code("022", "Tipo de tarjeta no habilitado"));
    }
    if let Some(deferred) = &body.deferred {
        check_deferred(deferred, amount)?;
    }
    if let Some(authentication) = &body.three_domain_secure {
        authentication.check(brand)?;
    }
    check_optional_parts(&body)?;
    let charge_type = match operation {
        Operation::Authorization => ChargeType::PreAuthorization,
        _ if body.deferred.is_some() => ChargeType::Deferred,
        _ => ChargeType::Sale,
    };
    let order_id = body
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.get("order_id"));
    Ok(Asked {
        operation,
        charge_type,
        merchant,
        pan,
        brand,
        amount,
        order_id: order_id.and_then(Value::as_str).map(str::to_owned),
        reference: body.external_reference_id,
        authentication: body.three_domain_secure,
        full_response: body.full_response.is_some(),
    })
}

fn check_card(card: &CardBody) -> Result<Pan, Refused> {
    if card.name.trim().is_empty() {
        return Err(Refused::invalid("card.name"));
    }
    if !(14..=19).contains(&card.number.len()) || !card.number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refused::invalid("card.number"));
    }
    let pan = Pan::parse(&card.number).map_err(|_| Refused::code("017", "Tarjeta no válida"))?;
    let two_digits = card.expiry_month.len() == 2 && card.expiry_year.len() == 2;
    let expiry = ExpiryDate::parse(&card.expiry_month, &card.expiry_year)
        .ok()
        .filter(|_| two_digits)
        .ok_or(Refused::invalid("card.expiryMonth, card.expiryYear"))?;
    if expiry.is_over(OffsetDateTime::now_utc().date()) {
        return Err(Refused::code("018", "Tarjeta expirada"));
    }
    let code = SecurityCode::parse(&card.cvv).map_err(|_| Refused::invalid("card.cvv"))?;
    if code.fits(pan.brand()) {
        Ok(pan)
    } else {
        Err(Refused::code("007", "CVV no válido"))
    }
}

fn check_deferred(deferred: &Deferred, amount: Amount) -> Result<(), Refused> {
    let offered = amount.currency() == Currency::MXN
        && deferred.credit_type == "03"
        && deferred.grace_months == "00"
        && PLANS
            .iter()
            .any(|(months, smallest)| *months == deferred.months && amount.minor() >= *smallest);
    if offered {
        Ok(())
    } else {
        Err(Refused::invalid("deferred"))
    }
}

fn check_optional_parts(body: &Body<'_>) -> Result<(), Refused> {
    if body
        .external_reference_id
        .as_ref()
        .is_some_and(|reference| !(5..=64).contains(&reference.len()))
    {
        return Err(Refused::invalid("externalReferenceId"));
    }
    if body.full_response.as_deref().is_some_and(|full| full != "v2") {
        return Err(Refused::invalid("fullResponse"));
    }
    if body
        .metadata
        .as_ref()
        .is_some_and(|metadata| !metadata.is_object())
    {
        return Err(Refused::invalid("metadata"));
    }
    if let Some(contact) = &body.contact_details {
        require(contact, "contactDetails", &CONTACT)?;
    }
    if let Some(order) = &body.order_details {
        require(order, "orderDetails", &["siteDomain"])?;
        for name in ["shippingDetails", "billingDetails"] {
            let address = order.get(name).unwrap_or(&Value::Null);
            require(address, &format!("orderDetails.{name}"), &ADDRESS)?;
        }
    }
    Ok(())
}

/// Refuses an object that lacks one of these texts.
fn require(object: &Value, at: &str, names: &[&str]) -> Result<(), Refused> {
    let lacking = names.iter().find(|name| {
        let text = object.get(**name).and_then(Value::as_str);
        text.is_none_or(|text| text.trim().is_empty())
    });
    lacking.map_or(Ok(()), |name| Err(Refused::invalid(&format!("{at}.{name}"))))
}

fn approve(kushki: &Kushki, asked: &Asked) -> TransactionReply {
    write(kushki, asked, true, Some("00"));
    let mut book = kushki.book();
    let ticket = book.fresh_ticket();
    let captured = match asked.charge_type {
        ChargeType::PreAuthorization => 0,
        ChargeType::Sale | ChargeType::Deferred => asked.amount.minor(),
    };
    book.insert_charge(Charge {
        merchant: asked.merchant.clone(),
        charge_type: asked.charge_type,
        ticket: ticket.clone(),
        order_id: asked.order_id.clone(),
        brand: asked.brand,
        card_last4: asked.pan.last_four().to_owned(),
        authorized: asked.amount,
        captured,
        voided: 0,
        refunded: 0,
    });
    book.insert_transaction(transaction(asked, ticket.clone(), Ending::Approved));
    drop(book);
    let mut details = details(asked, &ticket);
    details.approval_code = Some(APPROVAL_CODE.to_owned());
    details.approved_transaction_amount = Exact(asked.amount);
    details.message_fields = Some(MessageFields {
        f38: Some(APPROVAL_CODE.to_owned()),
        f39: "00",
    });
    details.response_code = "000";
    details.response_text = "Transacción aprobada";
    details.transaction_status = "APPROVAL";
    TransactionReply {
        ticket_number: Some(ticket),
        transaction_reference: Uuid::new_v4().to_string(),
        details: asked.full_response.then_some(details),
        ..TransactionReply::default()
    }
}

fn decline(kushki: &Kushki, asked: &Asked, issuer_code: &'static str) -> TransactionReply {
    write(kushki, asked, false, Some(issuer_code));
    let (vendor, text) = vendor_code(issuer_code);
    let mut book = kushki.book();
    let ticket = book.fresh_ticket();
    let ending = Ending::Declined {
        issuer: Some(issuer_code),
        vendor,
        text,
    };
    book.insert_transaction(transaction(asked, ticket.clone(), ending));
    drop(book);
    let mut details = details(asked, &ticket);
    details.external_reference_id = None;
    details.iso_error_code = Some(issuer_code);
    details.message_fields = Some(MessageFields {
        f38: None,
        f39: issuer_code,
    });
    details.response_code = vendor;
    details.response_text = text;
    TransactionReply {
        code: Some(vendor),
        message: Some(text),
        ticket_number: None,
        transaction_reference: Uuid::new_v4().to_string(),
        external_reference_id: asked.reference.clone(),
        details: asked.full_response.then_some(details),
    }
}

fn transaction(asked: &Asked, ticket: String, ending: Ending) -> Transaction {
    Transaction {
        merchant: asked.merchant.clone(),
        at: OffsetDateTime::now_utc(),
        transaction_type: asked.charge_type.as_str(),
        ending,
        ticket,
        sale_ticket: None,
        reference: asked.reference.clone(),
        order_id: asked.order_id.clone(),
        amount: asked.amount,
        brand: asked.brand,
        card_last4: asked.pan.last_four().to_owned(),
    }
}

/// The details of a decline, which an approval fills further.
fn details(asked: &Asked, ticket: &str) -> Details {
    Details {
        amount: asked.amount.into(),
        approval_code: None,
        approved_transaction_amount: nothing(asked.amount),
        bin_info: Some(BinInfo {
            bank: ISSUER,
            bin_card: asked.pan.first_six().to_owned(),
            card_country: "Mexico",
            last_four_digits: asked.pan.last_four().to_owned(),
            kind: "credit",
        }),
        created: OffsetDateTime::now_utc().unix_timestamp() * 1_000,
        external_reference_id: asked.reference.clone(),
        iso_error_code: None,
        merchant_id: asked.merchant.clone(),
        message_fields: None,
        payment_brand: brand_name(asked.brand),
        processor_bank_name: ACQUIRER,
        request_amount: Exact(asked.amount),
        response_code: "006",
        response_text: "Transacción rechazada",
        sale_ticket_number: None,
        transaction_id: ticket.to_owned(),
        transaction_status: "DECLINED",
        transaction_type: asked.charge_type.as_str(),
    }
}

fn write(kushki: &Kushki, asked: &Asked, approved: bool, response_code: Option<&str>) {
    let authentication = asked.authentication.as_ref();
    kushki.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: kushki.processors.connections.of(NAME, &asked.merchant),
        operation: asked.operation,
        reference: asked.reference.clone(),
        order_id: asked.order_id.clone(),
        idempotency_key: None,
        amount: Some(asked.amount.minor()),
        currency: Some(asked.amount.currency()),
        card_last4: Some(asked.pan.last_four().to_owned()),
        eci: authentication.map(|result| result.eci.clone()),
        authentication_value: authentication.and_then(|result| result.value().map(str::to_owned)),
        ds_trans_id: authentication.and_then(|result| result.directory_server_transaction_id.clone()),
        approved,
        response_code: response_code.map(str::to_owned),
        at: OffsetDateTime::now_utc(),
    });
}
