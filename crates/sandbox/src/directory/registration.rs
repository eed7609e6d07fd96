//! What a directory server checks of an AReq beyond its form.

use std::ops::RangeInclusive;

use emv3ds::code::ErrorCode;
use emv3ds::message::{AReq, WireMessage as _};
use emv3ds::{Fault, ProtocolVersion, Version};
use primitives::{Country, Currency};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

/// Requestors whose id begins so, and acquirers whose BIN is all zeros, are the ones no directory server knows. All
/// others are taken for registered: connections are made freely here, and there is nobody to register them.
pub const UNREGISTERED: &str = "UNREGISTERED";

/// Lowest merchant category code of ISO 18245 that a scheme takes.
const MCC_MIN: u16 = 700;

/// How far `purchaseDate` may be from our clock.
const CLOCK_SKEW_MAX: Duration = Duration::minutes(30);

/// Checks an AReq that keeps to its table. `versions` are those of the card's range, if it is in one.
///
/// # Errors
/// The first fault in the order of the codes: 102, 203, 303, 304, 305, 306.
pub fn check(
    areq: &AReq,
    versions: Option<RangeInclusive<ProtocolVersion>>,
    now: OffsetDateTime,
) -> Result<(), Box<Fault>> {
    let fault = |code, detail: &str| {
        let fault = Fault::new(code, detail).of(AReq::TYPE, Some(areq.message_version), areq.ids());
        Err(Box::new(fault))
    };
    if let Some(versions) = &versions
        && !versions.contains(&areq.message_version.number())
    {
        let spoken = Version::ALL
            .into_iter()
            .filter(|version| versions.contains(&version.number()));
        let list: Vec<&str> = spoken.map(Version::as_str).collect();
        return fault(ErrorCode::VersionNotSupported, &list.join(","));
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
    if !strange.is_empty() {
        return fault(ErrorCode::IsoCodeInvalid, &strange.join(","));
    }
    if versions.is_none() {
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
