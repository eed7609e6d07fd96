//! What a payment's request must be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::{Amount, Brand, Country, ExpiryDate, Pan, SecurityCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use time::OffsetDateTime;
use uuid::Uuid;

use super::money::AmountBody;
use super::reply::{Refused, read_json};
use crate::ledger::{OnFile, Operation, Starter};

const REFERENCE_MAX_CHARACTERS: usize = 80;
const RETURN_URL_MAX_CHARACTERS: usize = 1_024;
/// 28 days.
const CAPTURE_DELAY_MAX_HOURS: u16 = 672;
const INSTALLMENTS_MAX: u32 = 99;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct Body {
    merchant_account: String,
    amount: AmountBody,
    reference: String,
    merchant_order_reference: Option<String>,
    payment_method: PaymentMethod,
    return_url: Option<String>,
    capture_delay_hours: Option<u16>,
    shopper_interaction: Option<String>,
    recurring_processing_model: Option<String>,
    shopper_email: Option<String>,
    #[serde(rename = "shopperIP")]
    shopper_ip: Option<String>,
    shopper_name: Option<ShopperName>,
    shopper_reference: Option<String>,
    shopper_locale: Option<String>,
    shopper_statement: Option<String>,
    telephone_number: Option<String>,
    billing_address: Option<Place>,
    delivery_address: Option<Place>,
    installments: Option<Installments>,
    authentication_data: Option<AuthenticationData>,
    mpi_data: Option<MpiData>,
    #[serde(default)]
    additional_data: AdditionalData,
    metadata: Option<IgnoredAny>,
    browser_info: Option<IgnoredAny>,
    channel: Option<String>,
    country_code: Option<String>,
    origin: Option<String>,
    device_fingerprint: Option<String>,
    risk_data: Option<IgnoredAny>,
    line_items: Option<IgnoredAny>,
    social_security_number: Option<String>,
    store_payment_method: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct PaymentMethod {
    #[serde(rename = "type")]
    kind: String,
    number: String,
    expiry_month: String,
    expiry_year: String,
    cvc: Option<String>,
    holder_name: Option<String>,
    brand: Option<String>,
    network_payment_reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "must be whole where it is sent")]
struct ShopperName {
    first_name: String,
    last_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "must be whole where it is sent")]
struct Place {
    city: String,
    country: String,
    house_number_or_name: String,
    postal_code: String,
    state_or_province: Option<String>,
    street: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the plan is documented; nothing here depends on it")]
struct Installments {
    value: u32,
    plan: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct AuthenticationData {
    attempt_authentication: Option<String>,
    authentication_only: Option<bool>,
}

/// The result of a 3-D Secure authentication made elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
pub struct MpiData {
    authentication_response: Option<String>,
    directory_response: Option<String>,
    pub cavv: Option<String>,
    cavv_algorithm: Option<String>,
    #[serde(rename = "dsTransID")]
    pub ds_trans_id: Option<String>,
    pub eci: Option<String>,
    #[serde(rename = "threeDSVersion")]
    version: Option<String>,
    trans_status_reason: Option<String>,
    challenge_cancel: Option<String>,
    xid: Option<String>,
    risk_score: Option<String>,
    token_authentication_verification_value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct AdditionalData {
    manual_capture: Option<String>,
    sca_exemption: Option<String>,
    network_tx_reference: Option<String>,
    #[serde(rename = "executeThreeD")]
    execute_three_d: Option<String>,
}

/// A payment that is in order, to be decided.
pub struct Asked {
    pub merchant_account: String,
    pub operation: Operation,
    pub amount: Amount,
    pub reference: String,
    pub order_id: Option<String>,
    pub pan: Pan,
    pub brand: Brand,
    pub expiry: String,
    pub authentication: Option<MpiData>,
    /// What is said of a card that the merchant keeps.
    pub on_file: Option<OnFile>,
    /// The vendor would have to authenticate the cardholder itself.
    pub would_authenticate: bool,
}

impl MpiData {
    /// Whether it is a full authentication of a card of the brand.
    pub fn is_full(&self, brand: Brand) -> bool {
        let full = if brand == Brand::Mastercard { "02" } else { "05" };
        self.eci.as_deref() == Some(full) && self.cavv.is_some()
    }

    /// Whether it tells of an authentication that failed or was refused.
    pub fn has_failed(&self) -> bool {
        self.authentication_response.as_deref() == Some("N")
            || matches!(self.directory_response.as_deref(), Some("N" | "R"))
    }

    fn check(&self) -> Result<(), Refused> {
        let invalid = |member: &str| Err(Refused::invalid("702", &format!("Invalid mpiData.{member}")));
        let listed =
            |code: &Option<String>, codes: &[&str]| code.as_deref().is_none_or(|code| codes.contains(&code));
        if !listed(&self.authentication_response, &["Y", "N", "U", "A"]) {
            return invalid("authenticationResponse");
        }
        if !listed(
            &self.directory_response,
            &["A", "C", "D", "I", "N", "R", "U", "Y"],
        ) {
            return invalid("directoryResponse");
        }
        // Only a challenge has a result of its own.
        let challenged = matches!(self.directory_response.as_deref(), Some("C" | "D"));
        if challenged != self.authentication_response.is_some() {
            return invalid("authenticationResponse");
        }
        if !listed(
            &self.challenge_cancel,
            &["01", "02", "03", "04", "05", "06", "07"],
        ) {
            return invalid("challengeCancel");
        }
        let bytes = self.cavv.as_ref().map(|value| STANDARD.decode(value));
        if !bytes.is_none_or(|bytes| bytes.is_ok_and(|bytes| matches!(bytes.len(), 20 | 21))) {
            return invalid("cavv");
        }
        let two_digits = |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
        if !self.eci.as_deref().is_none_or(two_digits) {
            return invalid("eci");
        }
        match self.version.as_deref() {
            Some(version) if version.starts_with("2.") => {
                let id = self.ds_trans_id.as_deref();
                if id.is_none_or(|id| Uuid::try_parse(id).is_err()) {
                    return invalid("dsTransID");
                }
                if self.xid.is_some() {
                    return invalid("xid");
                }
            }
            Some(version) if version.starts_with("1.") => {}
            _ => return invalid("threeDSVersion"),
        }
        Ok(())
    }
}

/// Reads and checks everything a payment is refused for before any issuer is asked.
pub fn check(body: &[u8]) -> Result<Asked, Refused> {
    let body: Body = read_json(body)?;
    let amount = body.amount.read()?;
    if !(1..=REFERENCE_MAX_CHARACTERS).contains(&body.reference.chars().count()) {
        return Err(Refused::invalid("130", "Reference Missing"));
    }
    match body.return_url.as_deref() {
        Some(url) if !url.is_empty() && url.len() <= RETURN_URL_MAX_CHARACTERS => {}
        _ => return Err(Refused::invalid("14_030", "Return URL is missing.")),
    }
    let (pan, expiry) = check_card(&body.payment_method)?;
    check_shopper(&body)?;
    if let Some(result) = &body.mpi_data {
        result.check()?;
    }
    Ok(Asked {
        on_file: on_file(&body),
        operation: operation(&body)?,
        merchant_account: body.merchant_account,
        amount,
        reference: body.reference,
        order_id: body.merchant_order_reference,
        brand: pan.brand(),
        pan,
        expiry,
        would_authenticate: body
            .authentication_data
            .and_then(|data| data.attempt_authentication)
            .as_deref()
            != Some("never"),
        authentication: body.mpi_data,
    })
}

/// A shopper who leaves the card is there and says for what; one who comes back to it, or whose card is charged in absence,
/// is told apart by the model.
fn on_file(body: &Body) -> Option<OnFile> {
    let model = body.recurring_processing_model.as_deref()?;
    let continues = body.shopper_interaction.as_deref() == Some("ContAuth");
    Some(OnFile {
        initiator: if continues && model != "CardOnFile" {
            Starter::Merchant
        } else {
            Starter::Cardholder
        },
        is_first: !continues,
        network_transaction_id: body.additional_data.network_tx_reference.clone(),
    })
}

fn check_card(card: &PaymentMethod) -> Result<(Pan, String), Refused> {
    if card.kind != "scheme" {
        return Err(Refused::invalid(
            "905_1",
            "Could not find an acquirer account for the payment method",
        ));
    }
    let pan = Pan::parse(&card.number).map_err(|_| Refused::invalid("101", "Invalid card number"))?;
    let short = card.expiry_year.get(2..).unwrap_or_default();
    let expired = match ExpiryDate::parse(&card.expiry_month, short) {
        Ok(expiry) if card.expiry_year.len() == 4 => expiry.is_over(OffsetDateTime::now_utc().date()),
        _ => true,
    };
    if expired {
        return Err(Refused::invalid("129", "Expiry Date Invalid"));
    }
    let code = card.cvc.as_deref().map(SecurityCode::parse);
    if code.is_some_and(|code| !code.is_ok_and(|code| code.fits(pan.brand()))) {
        return Err(Refused::invalid("103", "CVC is not the right length"));
    }
    let expiry = format!("{}/{}", card.expiry_month, card.expiry_year);
    Ok((pan, expiry))
}

fn check_shopper(body: &Body) -> Result<(), Refused> {
    let invalid = |member: &str| Err(Refused::invalid("702", &format!("Invalid {member}")));
    let interaction = body.shopper_interaction.as_deref();
    if !matches!(interaction, None | Some("Ecommerce" | "ContAuth" | "Moto")) {
        return invalid("shopperInteraction");
    }
    let model = body.recurring_processing_model.as_deref();
    if !matches!(
        model,
        None | Some("CardOnFile" | "Subscription" | "UnscheduledCardOnFile")
    ) || (interaction == Some("ContAuth") && model.is_none())
    {
        return invalid("recurringProcessingModel");
    }
    for place in [&body.billing_address, &body.delivery_address]
        .into_iter()
        .flatten()
    {
        let state = place.state_or_province.as_deref().unwrap_or_default();
        if Country::parse(&place.country).is_err()
            || place.postal_code.chars().count() > 10
            || state.chars().count() > 3
        {
            return invalid("address");
        }
    }
    if body
        .installments
        .as_ref()
        .is_some_and(|plan| !(1..=INSTALLMENTS_MAX).contains(&plan.value))
    {
        return invalid("installments.value");
    }
    if !matches!(
        body.additional_data.sca_exemption.as_deref(),
        None | Some("lowValue" | "secureCorporate" | "trustedBeneficiary" | "transactionRiskAnalysis")
    ) {
        return invalid("additionalData.scaExemption");
    }
    Ok(())
}

/// Captured at once, or held. A merchant account here captures nothing that it is not told to.
fn operation(body: &Body) -> Result<Operation, Refused> {
    let manual = match body.additional_data.manual_capture.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refused::invalid("702", "Invalid additionalData.manualCapture")),
    };
    match body.capture_delay_hours {
        Some(hours) if hours > CAPTURE_DELAY_MAX_HOURS || manual => {
            Err(Refused::invalid("702", "Invalid captureDelayHours"))
        }
        Some(0) => Ok(Operation::Sale),
        Some(_) | None => Ok(Operation::Authorization),
    }
}

#[cfg(test)]
mod tests;
