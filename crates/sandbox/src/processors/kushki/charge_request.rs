//! What a charge's request must be.

use axum::http::HeaderMap;
use primitives::{Amount, Brand, Currency, ExpiryDate, Pan, SecurityCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use time::OffsetDateTime;

use super::book::ChargeType;
use super::merchant;
use super::money::AmountBody;
use super::reply::{Refused, read_json};
use super::three_domain_secure::ThreeDomainSecure;
use crate::ledger::Operation;

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

/// A charge that is in order, to be decided.
pub struct Asked {
    pub operation: Operation,
    pub charge_type: ChargeType,
    pub merchant: String,
    pub pan: Pan,
    pub brand: Brand,
    pub amount: Amount,
    pub reference: Option<String>,
    pub order_id: Option<String>,
    pub authentication: Option<ThreeDomainSecure>,
    pub full_response: bool,
}

/// Reads and checks everything a charge is refused for before any issuer is asked.
pub fn check(operation: Operation, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refused> {
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
