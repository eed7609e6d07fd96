//! What a directory server checks of an AReq beyond its form.

use emv3ds::code::{ErrorCode, MessageCategory};
use emv3ds::message::{AReq, WireMessage as _};
use emv3ds::{Fault, Version};
use primitives::{Brand, Country, Currency};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use super::card_range_service::versions_spoken;
use super::ranges::Issuer;
use crate::issuers::wishes;

/// Requestors whose id begins so, and acquirers whose BIN is all zeros, are the ones no directory server knows. All
/// others are taken for registered: connections are made freely here, and there is nobody to register them.
pub const UNREGISTERED: &str = "UNREGISTERED";

/// Lowest merchant category code of ISO 18245 that a scheme takes.
const MCC_MIN: u16 = 700;

/// How far `purchaseDate` may be from our clock.
const CLOCK_SKEW_MAX: Duration = Duration::minutes(30);

/// The code for an identifier that comes a second time.
pub fn repeated(version: Version) -> ErrorCode {
    if version >= Version::V2_3_1 {
        ErrorCode::DuplicateMessage
    } else {
        ErrorCode::TransactionNotRecognised
    }
}

/// Checks an AReq that keeps to its table. `issuer` is that of the card's range, if it is in one.
///
/// # Errors
/// The first fault in the order of the codes: 102, 203, 303, 304, 305, 306.
pub fn check(
    brand: Brand,
    areq: &AReq,
    issuer: Option<&Issuer>,
    now: OffsetDateTime,
) -> Result<(), Box<Fault>> {
    let fault = |code, detail: &str| {
        let fault = Fault::new(code, detail).of(AReq::TYPE, Some(areq.message_version), areq.ids());
        Err(Box::new(fault))
    };
    let spoken = issuer.map(versions_spoken);
    if let Some(spoken) = spoken.filter(|spoken| !spoken.contains(&areq.message_version)) {
        let list: Vec<&str> = spoken.into_iter().map(Version::as_str).collect();
        return fault(ErrorCode::VersionNotSupported, &list.join(","));
    }
    // Values from 80 on are a directory server's own: Mastercard has one, nobody else has any.
    let own_category = matches!(areq.message_category, MessageCategory::DirectoryServer(_));
    if own_category && !(brand == Brand::Mastercard && wishes::is_insights(areq)) {
        return fault(ErrorCode::FormatInvalid, "messageCategory");
    }
    if !is_recent(areq.purchase_date.as_deref(), now) {
        return fault(ErrorCode::FormatInvalid, "purchaseDate");
    }
    if areq.three_ds_requestor_id.starts_with(UNREGISTERED) {
        return fault(ErrorCode::AccessDenied, "threeDSRequestorID");
    }
    if areq
        .acquirer_bin
        .as_deref()
        .is_some_and(|bin| bin.bytes().all(|byte| byte == b'0'))
    {
        return fault(ErrorCode::AccessDenied, "acquirerBIN");
    }
    let countries = [
        ("acquirerCountryCode", &areq.acquirer_country_code),
        ("merchantCountryCode", &areq.merchant_country_code),
        ("billAddrCountry", &areq.bill_addr_country),
        ("shipAddrCountry", &areq.ship_addr_country),
    ];
    let mut strange: Vec<&str> = countries
        .iter()
        .filter(|(_, code)| code.as_deref().is_some_and(|code| Country::parse(code).is_err()))
        .map(|(name, _)| *name)
        .collect();
    let currency = areq.purchase_currency.as_deref().map(Currency::parse_numeric3);
    if matches!(currency, Some(Err(_))) {
        strange.push("purchaseCurrency");
    }
    let recurring = areq.recurring_currency.as_deref().map(Currency::parse_numeric3);
    if matches!(recurring, Some(Err(_))) {
        strange.push("recurringCurrency");
    }
    if !strange.is_empty() {
        return fault(ErrorCode::IsoCodeInvalid, &strange.join(","));
    }
    if issuer.is_none() {
        return fault(ErrorCode::TransactionDataInvalid, "acctNumber");
    }
    let exponent = areq
        .purchase_exponent
        .as_deref()
        .and_then(|digit| digit.parse::<u8>().ok());
    if let (Some(Ok(currency)), Some(exponent)) = (currency, exponent)
        && currency.exponent() != exponent
    {
        return fault(ErrorCode::TransactionDataInvalid, "purchaseExponent");
    }
    let mcc = areq.mcc.as_deref().and_then(|code| code.parse::<u16>().ok());
    if mcc.is_some_and(|mcc| mcc < MCC_MIN) {
        return fault(ErrorCode::MccInvalid, "mcc");
    }
    Ok(())
}

fn is_recent(purchase_date: Option<&str>, now: OffsetDateTime) -> bool {
    let format = format_description!("[year][month][day][hour][minute][second]");
    purchase_date.is_none_or(|text| {
        PrimitiveDateTime::parse(text, format)
            .is_ok_and(|date| (now - date.assume_utc()).abs() <= CLOCK_SKEW_MAX)
    })
}
