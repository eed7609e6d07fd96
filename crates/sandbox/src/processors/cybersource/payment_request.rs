//! What a payment's request must be.

use primitives::{Amount, Brand, Currency, ExpiryDate, Pan, SecurityCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use time::OffsetDateTime;

use super::reply::{Refused, read_json};
use super::three_d_secure::ConsumerAuthentication;
use crate::ledger::{OnFile, Starter};

/// The longest texts the vendor's structure takes.
const CODE_MAX_CHARACTERS: usize = 50;
const TRANSACTION_ID_MAX_CHARACTERS: usize = 30;
const AMOUNT_MAX_CHARACTERS: usize = 19;
const NETWORK_TRANSACTION_ID_MAX_CHARACTERS: usize = 15;
/// The member of `merchantDefinedInformation` that the ledger takes as the merchant's order id.
const ORDER_ID_KEY: &str = "1";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct Body {
    client_reference_information: ClientReference,
    processing_information: ProcessingInformation,
    payment_information: PaymentInformation,
    order_information: OrderInformation,
    device_information: Option<DeviceInformation>,
    #[serde(default)]
    merchant_defined_information: Vec<MerchantDefined>,
    installment_information: Option<InstallmentInformation>,
    #[serde(default)]
    consumer_authentication_information: ConsumerAuthentication,
    buyer_information: Option<BuyerInformation>,
}

/// `clientReferenceInformation`, of payments and of whatever follows them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientReference {
    pub code: String,
    pub transaction_id: Option<String>,
    #[expect(dead_code, reason = "documented, and nothing here depends on it")]
    reconciliation_id: Option<String>,
}

impl ClientReference {
    /// Refuses what is empty or too long.
    pub fn check(&self) -> Result<(), Refused> {
        if self.code.is_empty() || self.code.len() > CODE_MAX_CHARACTERS {
            return Err(Refused::invalid("clientReferenceInformation.code"));
        }
        let plain = |id: &String| {
            (1..=TRANSACTION_ID_MAX_CHARACTERS).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if self.transaction_id.as_ref().is_some_and(|id| !plain(id)) {
            return Err(Refused::invalid("clientReferenceInformation.transactionId"));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProcessingInformation {
    capture: bool,
    commerce_indicator: String,
    authorization_options: Option<AuthorizationOptions>,
    #[expect(dead_code, reason = "documented, and nothing here depends on it")]
    reconciliation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct AuthorizationOptions {
    partial_auth_indicator: Option<bool>,
    initiator: Option<Initiator>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Initiator {
    #[serde(rename = "type")]
    kind: String,
    credential_stored_on_file: Option<bool>,
    stored_credential_used: Option<bool>,
    merchant_initiated_transaction: Option<MerchantInitiated>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MerchantInitiated {
    previous_transaction_id: Option<String>,
    #[expect(dead_code, reason = "documented, and nothing here depends on it")]
    reason: Option<String>,
}

impl Initiator {
    fn on_file(&self) -> OnFile {
        let merchant = self.merchant_initiated_transaction.as_ref();
        OnFile {
            initiator: if self.kind == "merchant" {
                Starter::Merchant
            } else {
                Starter::Cardholder
            },
            is_first: self.credential_stored_on_file == Some(true),
            network_transaction_id: merchant.and_then(|merchant| merchant.previous_transaction_id.clone()),
        }
    }

    fn check(&self) -> Result<(), Refused> {
        let invalid = || Refused::invalid("processingInformation.authorizationOptions.initiator");
        let stored = self.credential_stored_on_file == Some(true);
        let used = self.stored_credential_used == Some(true);
        let previous = self
            .merchant_initiated_transaction
            .as_ref()
            .and_then(|merchant| merchant.previous_transaction_id.as_ref());
        if previous.is_some_and(|id| id.is_empty() || id.len() > NETWORK_TRANSACTION_ID_MAX_CHARACTERS) {
            return Err(invalid());
        }
        match self.kind.as_str() {
            "customer" if stored != used && self.merchant_initiated_transaction.is_none() => Ok(()),
            "merchant" if used && !stored => Ok(()),
            _ => Err(invalid()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentInformation {
    card: CardBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CardBody {
    number: String,
    expiration_month: String,
    expiration_year: String,
    security_code: Option<String>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct OrderInformation {
    amount_details: AmountDetails,
    bill_to: Option<Place>,
    ship_to: Option<Place>,
    line_items: Option<Vec<IgnoredAny>>,
}

/// `amountDetails`, of payments and of whatever follows them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AmountDetails {
    total_amount: String,
    currency: String,
}

impl AmountDetails {
    /// The amount, which is decimal text with no more decimals than the currency has, and more than nothing.
    pub fn amount(&self) -> Result<Amount, Refused> {
        let invalid = || Refused::reason("INVALID_AMOUNT", "The amount is not valid");
        let currency = Currency::parse(&self.currency)
            .map_err(|_| Refused::invalid("orderInformation.amountDetails.currency"))?;
        if self.total_amount.len() > AMOUNT_MAX_CHARACTERS {
            return Err(invalid());
        }
        Amount::from_decimal(&self.total_amount, currency)
            .ok()
            .filter(|amount| !amount.is_zero())
            .ok_or_else(invalid)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct Place {
    first_name: Option<String>,
    last_name: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    locality: Option<String>,
    administrative_area: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    email: Option<String>,
    phone_number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "documented, and nothing here depends on it")]
struct DeviceInformation {
    ip_address: Option<String>,
    fingerprint_session_id: Option<String>,
    user_agent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MerchantDefined {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InstallmentInformation {
    total_count: u32,
    #[expect(dead_code, reason = "documented, and nothing here depends on it")]
    plan_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "documented, and nothing here depends on it")]
struct BuyerInformation {
    merchant_customer_id: Option<String>,
}

/// A payment that is in order, to be decided.
pub struct Asked {
    pub is_sale: bool,
    pub pan: Pan,
    pub brand: Brand,
    pub amount: Amount,
    pub code: String,
    pub transaction_id: Option<String>,
    pub order_id: Option<String>,
    pub authentication: ConsumerAuthentication,
    /// What is said of a card that the merchant keeps.
    pub on_file: Option<OnFile>,
}

/// Reads and checks everything a payment is refused for before any issuer is asked.
pub fn check(body: &[u8]) -> Result<Asked, Refused> {
    let body: Body = read_json(body)?;
    body.client_reference_information.check()?;
    let amount = body.order_information.amount_details.amount()?;
    let card = &body.payment_information.card;
    let pan = check_card(card)?;
    let brand = pan.brand();
    let processing = &body.processing_information;
    let initiator = processing
        .authorization_options
        .as_ref()
        .and_then(|options| options.initiator.as_ref());
    if let Some(initiator) = initiator {
        initiator.check()?;
    }
    // Only a charge that the merchant starts may come without the card's code.
    let by_merchant = initiator.is_some_and(|initiator| initiator.kind == "merchant");
    if card.security_code.is_none() && !by_merchant && processing.commerce_indicator != "moto" {
        return Err(Refused::missing("paymentInformation.card.securityCode"));
    }
    body.consumer_authentication_information
        .check(brand, &processing.commerce_indicator)?;
    if body
        .installment_information
        .as_ref()
        .is_some_and(|installments| !(2..=99).contains(&installments.total_count))
    {
        return Err(Refused::invalid("installmentInformation.totalCount"));
    }
    let on_file = initiator.map(Initiator::on_file);
    let order_id = body
        .merchant_defined_information
        .into_iter()
        .find(|defined| defined.key == ORDER_ID_KEY);
    Ok(Asked {
        on_file,
        is_sale: processing.capture,
        pan,
        brand,
        amount,
        code: body.client_reference_information.code,
        transaction_id: body.client_reference_information.transaction_id,
        order_id: order_id.map(|defined| defined.value),
        authentication: body.consumer_authentication_information,
    })
}

fn check_card(card: &CardBody) -> Result<Pan, Refused> {
    let pan =
        Pan::parse(&card.number).map_err(|_| Refused::reason("INVALID_ACCOUNT", "Invalid account number"))?;
    if card_type(pan.brand()) != Some(card.kind.as_str()) {
        return Err(Refused::reason(
            "INVALID_CARD_TYPE",
            "The card type does not fit the card number",
        ));
    }
    let whole = card.expiration_month.len() == 2 && card.expiration_year.len() == 4;
    let expiry = ExpiryDate::parse(&card.expiration_month, &card.expiration_year)
        .ok()
        .filter(|_| whole)
        .ok_or_else(|| Refused::invalid("paymentInformation.card.expirationMonth, expirationYear"))?;
    if expiry.is_over(OffsetDateTime::now_utc().date()) {
        return Err(Refused::reason("EXPIRED_CARD", "The card is expired"));
    }
    if let Some(code) = &card.security_code {
        let fits = SecurityCode::parse(code).is_ok_and(|code| code.fits(pan.brand()));
        if !fits {
            return Err(Refused::invalid("paymentInformation.card.securityCode"));
        }
    }
    Ok(pan)
}

fn card_type(brand: Brand) -> Option<&'static str> {
    Some(match brand {
        Brand::Visa => "001",
        Brand::Mastercard => "002",
        Brand::Amex => "003",
        Brand::Discover => "004",
        Brand::Diners => "005",
        Brand::Jcb => "007",
        Brand::Elo => "054",
        Brand::Carnet => "058",
        Brand::Other => return None,
    })
}
