//! What the body of `PAY` and `AUTHORIZE` must be.

use primitives::{Amount, Brand, Currency, ExpiryDate, Pan, SecurityCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::reply::{Refused, read_json};
use super::safekey::Authentication;
use crate::ledger::{OnFile, Starter};

/// Where a transaction may come from.
const SOURCES: [&str; 4] = ["INTERNET", "MERCHANT", "MOTO", "TELEPHONE_ORDER"];
/// The longest reference.
const REFERENCE_MAX_CHARACTERS: usize = 40;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct Body<'a> {
    api_operation: String,
    #[serde(borrow)]
    order: OrderBody<'a>,
    source_of_funds: SourceOfFunds,
    transaction: TransactionBody,
    agreement: Option<Agreement>,
    authentication: Option<Authentication>,
    payment_plan: Option<PaymentPlan>,
    customer: Option<Customer>,
    billing: Option<Billing>,
    device: Option<Device>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderBody<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    currency: String,
    reference: Option<String>,
    #[expect(dead_code, reason = "documented; notifications go where the connection says")]
    notification_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceOfFunds {
    #[serde(rename = "type")]
    kind: String,
    provided: Provided,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provided {
    card: CardBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CardBody {
    number: String,
    expiry: Expiry,
    security_code: Option<String>,
    stored_on_file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expiry {
    month: String,
    year: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransactionBody {
    reference: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreement {
    #[serde(rename = "type")]
    kind: String,
    #[expect(dead_code, reason = "documented; nothing here depends on it")]
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PaymentPlan {
    plan_id: String,
    number_of_payments: u32,
    #[expect(dead_code, reason = "documented; nothing here depends on it")]
    number_of_deferrals: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the names are checked")]
struct Customer {
    email: Option<String>,
    phone: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Billing {
    address: BillingAddress,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the names are checked, and the country")]
struct BillingAddress {
    street: Option<String>,
    street2: Option<String>,
    city: Option<String>,
    state_province: Option<String>,
    postcode_zip: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Device {
    ip_address: Option<String>,
}

/// A charge that is in order, to be decided.
pub struct Asked {
    pub brand: Brand,
    pub card_last4: String,
    pub is_expired: bool,
    pub amount: Amount,
    pub order_reference: Option<String>,
    pub authentication: Option<Authentication>,
    /// What is said of a card that the merchant keeps.
    pub on_file: Option<OnFile>,
}

/// Reads and checks everything a charge is refused for before it becomes a transaction.
pub fn check(body: &[u8]) -> Result<Asked, Refused> {
    let body: Body<'_> = read_json(body)?;
    let amount = amount(body.order.amount, &body.order.currency, "order")?;
    if body.source_of_funds.kind != "CARD" {
        return Err(Refused::invalid("sourceOfFunds.type", "Must be CARD"));
    }
    let card = &body.source_of_funds.provided.card;
    let (pan, is_expired) = check_card(card)?;
    for (reference, field) in [
        (&body.order.reference, "order.reference"),
        (&body.transaction.reference, "transaction.reference"),
    ] {
        check_reference(reference.as_deref(), field)?;
    }
    check_stored(&body)?;
    let on_file = on_file(&body);
    if let Some(authentication) = &body.authentication {
        authentication.check()?;
    }
    if let Some(plan) = &body.payment_plan
        && (plan.plan_id.is_empty() || plan.number_of_payments < 2 || amount.currency() != Currency::MXN)
    {
        return Err(Refused::invalid("paymentPlan", "The plan is not offered"));
    }
    let country = body
        .billing
        .as_ref()
        .and_then(|billing| billing.address.country.as_deref());
    if country.is_some_and(|country| country.len() != 3) {
        return Err(Refused::invalid(
            "billing.address.country",
            "Must be three letters",
        ));
    }
    let address = body
        .device
        .as_ref()
        .and_then(|device| device.ip_address.as_deref());
    if address.is_some_and(|address| address.parse::<std::net::IpAddr>().is_err()) {
        return Err(Refused::invalid("device.ipAddress", "Must be an address"));
    }
    Ok(Asked {
        brand: pan.brand(),
        card_last4: pan.last_four().to_owned(),
        is_expired,
        amount,
        order_reference: body.order.reference,
        authentication: body.authentication,
        on_file,
    })
}

/// An amount of major units, as a number or as text, which must be more than nothing.
pub fn amount(raw: &RawValue, currency: &str, of: &str) -> Result<Amount, Refused> {
    let currency = Currency::parse(currency)
        .ok()
        .filter(|known| known.code() == currency)
        .ok_or_else(|| Refused::invalid(&format!("{of}.currency"), "Unknown currency"))?;
    let text = raw.get();
    let text = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    Amount::from_decimal(text, currency)
        .ok()
        .filter(|amount| !amount.is_zero())
        .ok_or_else(|| Refused::invalid(&format!("{of}.amount"), "Not an amount of the currency"))
}

/// Our own references are at most forty characters there.
pub fn check_reference(reference: Option<&str>, field: &str) -> Result<(), Refused> {
    if reference.is_some_and(|reference| reference.chars().count() > REFERENCE_MAX_CHARACTERS) {
        return Err(Refused::invalid(field, "Value is too long"));
    }
    Ok(())
}

fn check_card(card: &CardBody) -> Result<(Pan, bool), Refused> {
    let at = |member: &str| format!("sourceOfFunds.provided.card.{member}");
    let pan = Pan::parse(&card.number).map_err(|_| Refused::invalid(&at("number"), "Invalid number"))?;
    let two_digits = card.expiry.month.len() == 2 && card.expiry.year.len() == 2;
    let expiry = ExpiryDate::parse(&card.expiry.month, &card.expiry.year)
        .ok()
        .filter(|_| two_digits)
        .ok_or_else(|| Refused::invalid(&at("expiry"), "Invalid date"))?;
    if let Some(code) = &card.security_code {
        let fits = SecurityCode::parse(code).is_ok_and(|code| code.fits(pan.brand()));
        if !fits {
            return Err(Refused::invalid(&at("securityCode"), "Invalid code"));
        }
    }
    let is_expired = expiry.is_over(OffsetDateTime::now_utc().date());
    Ok((pan, is_expired))
}

/// The vendor keeps the network's ids to itself.
fn on_file(body: &Body<'_>) -> Option<OnFile> {
    let stored = body.source_of_funds.provided.card.stored_on_file.as_deref();
    stored
        .filter(|stored| *stored != "NOT_STORED")
        .map(|stored| OnFile {
            initiator: match body.transaction.source.as_deref() {
                Some("MERCHANT") => Starter::Merchant,
                _ => Starter::Cardholder,
            },
            is_first: stored == "TO_BE_STORED",
            network_transaction_id: None,
        })
}

/// What is said of a stored card must go together.
fn check_stored(body: &Body<'_>) -> Result<(), Refused> {
    let source = body.transaction.source.as_deref();
    if source.is_some_and(|source| !SOURCES.contains(&source)) {
        return Err(Refused::invalid("transaction.source", "Unsupported value"));
    }
    let stored = body.source_of_funds.provided.card.stored_on_file.as_deref();
    let at = "sourceOfFunds.provided.card.storedOnFile";
    match stored {
        None | Some("STORED" | "NOT_STORED") => {}
        Some("TO_BE_STORED") if source != Some("MERCHANT") => {}
        Some(_) => return Err(Refused::invalid(at, "Unsupported value")),
    }
    let Some(agreement) = &body.agreement else {
        return Ok(());
    };
    if !matches!(
        agreement.kind.as_str(),
        "RECURRING" | "INSTALLMENT" | "UNSCHEDULED" | "OTHER"
    ) {
        return Err(Refused::invalid("agreement.type", "Unsupported value"));
    }
    match stored {
        Some("STORED" | "TO_BE_STORED") => Ok(()),
        _ => Err(Refused::invalid(at, "An agreement is about a stored card")),
    }
}
