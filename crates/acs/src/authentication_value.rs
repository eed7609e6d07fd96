//! What an issuer proves an authentication with: ECI and authentication value, in each brand's manner.
//!
//! The shapes are those seen in open ACS software: Mastercard's AAV of 21 bytes, everybody else's value of 20 bytes as
//! Visa's CAVV version 7 lays it out. Nobody but the issuer can check them.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emv3ds::code::{DeviceChannel, MessageCategory, TransStatus};
use emv3ds::message::AReq;
use emv3ds::{AuthenticationValue, DsTransId, Eci, Version};
use primitives::Brand;
use time::OffsetDateTime;

/// Digits of a Mastercard account number in the AAV's hash, padded with `F`.
const AAV_NUMBER_DIGITS: usize = 20;

/// The issuers' key for authentication values.
#[derive(Debug)]
pub struct ValueKey(hmac::Key);

impl ValueKey {
    /// The key of these bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The value that proves `status` for this request, 28 characters of base64; `None` where the status proves nothing.
    /// `today` is the day that the value names.
    pub fn value(
        &self,
        brand: Brand,
        areq: &AReq,
        ds_trans_id: DsTransId,
        status: TransStatus,
        today: OffsetDateTime,
    ) -> Option<AuthenticationValue> {
        if !matches!(status, TransStatus::Authenticated | TransStatus::Attempted) {
            return None;
        }
        let bytes = match brand {
            Brand::Mastercard => self.mastercard(areq, ds_trans_id),
            _ => self.visa(areq, ds_trans_id, status, today),
        };
        AuthenticationValue::parse(&STANDARD.encode(bytes))
    }

    fn mastercard(&self, areq: &AReq, ds_trans_id: DsTransId) -> Vec<u8> {
        let hashed = format!(
            "{:F<AAV_NUMBER_DIGITS$}{}",
            areq.acct_number.reveal(),
            ds_trans_id.0.simple()
        );
        let tag = hmac::sign(&self.0, hashed.as_bytes());
        let head = tag.as_ref().iter().take(4).copied();
        [0xC6, 0x04].into_iter().chain(head).chain([0; 15]).collect()
    }

    fn visa(
        &self,
        areq: &AReq,
        ds_trans_id: DsTransId,
        status: TransStatus,
        today: OffsetDateTime,
    ) -> Vec<u8> {
        let tag = hmac::sign(
            &self.0,
            format!("{}{ds_trans_id}", areq.acct_number.reveal()).as_bytes(),
        );
        let random = |range: std::ops::Range<usize>| tag.as_ref().get(range).unwrap_or_default();
        let digits = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| char::from(b'0' + byte % 10))
                .collect::<String>()
        };
        let result = if status == TransStatus::Authenticated {
            "00"
        } else {
            "07"
        };
        let amount: u64 = areq
            .purchase_amount
            .as_deref()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let currency = areq.purchase_currency.as_deref().unwrap_or("000");
        let day = today.ordinal();
        let protocol = match areq.message_version {
            Version::V2_1_0 => 4,
            Version::V2_2_0 => 5,
            Version::V2_3_1 => 6,
        };
        // Result, second factor, key indicator, a three-digit output, a four-digit seed, amount, currency and day of the
        // year, version and protocol, four bytes of information: twenty bytes as hexadecimal digits.
        let hex = format!(
            "{result}0001{}{}{:010x}{currency:0>3}{day:03}7{protocol}{}",
            digits(random(0..4)),
            digits(random(4..8)),
            amount & 0xFF_FFFF_FFFF,
            random(8..12)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>(),
        );
        hex.as_bytes().chunks(2).filter_map(from_hex).collect()
    }
}

fn from_hex(pair: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
}

/// What an ECI depends on besides the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// Whose directory server asked.
    pub brand: Brand,
    /// Whether nothing is paid.
    pub non_payment: bool,
    /// Whether nobody is at the shop.
    pub requestor_initiated: bool,
}

impl Circumstances {
    /// Those of a message of this category over this channel.
    pub fn new(brand: Brand, category: MessageCategory, channel: DeviceChannel) -> Self {
        Self {
            brand,
            non_payment: category == MessageCategory::NonPayment,
            requestor_initiated: channel == DeviceChannel::RequestorInitiated,
        }
    }
}

/// The ECI the brand's rules give a status.
pub fn eci(circumstances: &Circumstances, status: TransStatus) -> Option<Eci> {
    let text = match circumstances.brand {
        Brand::Mastercard => mastercard_eci(circumstances, status)?,
        _ => match status {
            TransStatus::Authenticated => "05",
            TransStatus::Attempted => "06",
            TransStatus::ChallengeRequired | TransStatus::DecoupledChallenge => return None,
            _ => "07",
        },
    };
    Eci::parse(text)
}

/// Mastercard has values of its own for what is no payment and for what the requestor starts by itself.
fn mastercard_eci(circumstances: &Circumstances, status: TransStatus) -> Option<&'static str> {
    Some(match (status, circumstances.non_payment) {
        (TransStatus::ChallengeRequired | TransStatus::DecoupledChallenge, _) => return None,
        (TransStatus::Authenticated, true) => "N2",
        (TransStatus::Authenticated, false) if circumstances.requestor_initiated => "07",
        (TransStatus::Authenticated, false) => "02",
        (TransStatus::Attempted, _) => "01",
        (TransStatus::InformationOnly, _) => "04",
        (_, true) => "N0",
        (_, false) => "00",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_brand_has_its_own_indicator_of_the_same_outcome() {
        let of = |brand, non_payment, status| {
            let circumstances = Circumstances {
                brand,
                non_payment,
                requestor_initiated: false,
            };
            eci(&circumstances, status).map(|eci| eci.as_str().to_owned())
        };
        for (brand, non_payment, status, expected) in [
            (Brand::Visa, false, TransStatus::Authenticated, Some("05")),
            (Brand::Visa, false, TransStatus::Attempted, Some("06")),
            (Brand::Visa, false, TransStatus::Rejected, Some("07")),
            (Brand::Visa, false, TransStatus::ChallengeRequired, None),
            (Brand::Mastercard, false, TransStatus::Authenticated, Some("02")),
            (Brand::Mastercard, true, TransStatus::Authenticated, Some("N2")),
            (Brand::Mastercard, true, TransStatus::NotAuthenticated, Some("N0")),
            (Brand::Amex, false, TransStatus::Authenticated, Some("05")),
        ] {
            assert_eq!(
                of(brand, non_payment, status).as_deref(),
                expected,
                "{brand} {status}"
            );
        }
    }
}
