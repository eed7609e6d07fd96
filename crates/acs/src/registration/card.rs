//! A card: its number, which is looked at once and kept as a hash, and the little else that an authentication needs.

use super::members::{Members, Refused};
use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use crate::keys::Keys;
use crate::store::cards::{Card, CardState};
use primitives::Pan;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Characters of a static password.
const PASSWORD: std::ops::RangeInclusive<usize> = 4..=64;

/// What an identifier of a card must be.
pub(crate) const CARD_ID: &str = "must be 1 to 48 letters, digits, _ and -";
/// What an identifier of a cardholder must be.
pub(crate) const CONSUMER_ID: &str = "must be 1 to 64 letters, digits, _ and -";
/// What an identifier of a product must be.
pub(crate) const PRODUCT_ID: &str = "must be 1 to 48 letters, digits, _ and -";

/// A number with what is printed beside it.
pub(crate) struct CardNumber {
    pub(crate) pan: Pan,
    /// YYMM.
    pub(crate) expiry: Option<String>,
}

/// What an issuer says of a card.
pub(crate) struct CardBody {
    pub(crate) number: CardNumber,
    /// `None` where the number's range is to say it.
    pub(crate) product: Option<ProductId>,
    pub(crate) static_password: Option<Zeroizing<String>>,
    pub(crate) state: CardState,
}

/// Opens `encryptedData` of a body: the JSON document in a JWE, or what is wrong with it.
pub(crate) type Decrypt<'a> = &'a (dyn Fn(&str) -> Option<Zeroizing<Vec<u8>>> + Send + Sync);

impl CardNumber {
    /// Reads `pan` and `exp`, plain or within `encryptedData`.
    pub(crate) fn read(members: &mut Members, decrypt: Decrypt<'_>) -> Result<Self, Refused> {
        let must = "must be a JWE of a document with pan and exp, for a key of this service";
        let Some(opened) = members.maybe("encryptedData", must, decrypt)? else {
            return Self::plain(members);
        };
        if let Some(doubled) = ["pan", "exp"].into_iter().find(|name| members.has(name)) {
            return Err(members.wrong(doubled, "must be within encryptedData only"));
        }
        let document = serde_json::from_slice(&opened).map_err(|_| members.wrong("encryptedData", must))?;
        let mut inner = Members::of(document).map_err(|_| members.wrong("encryptedData", must))?;
        let number = Self::plain(&mut inner)?;
        inner.finish()?;
        Ok(number)
    }

    fn plain(members: &mut Members) -> Result<Self, Refused> {
        let must = "must be 13 to 19 digits with a valid check digit";
        let pan = members.text("pan", must, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| Pan::parse(text).ok()).flatten()
        })?;
        Ok(Self {
            pan,
            expiry: members.maybe("exp", EXPIRY, expiry)?,
        })
    }
}

/// What an expiry date must be.
pub(crate) const EXPIRY: &str = "must be month and year, MMYY";

/// MMYY into YYMM, as messages have it.
pub(crate) fn expiry(text: &str) -> Option<String> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (month, year) = text.split_at_checked(2).filter(|_| digits)?;
    (1..=12)
        .contains(&month.parse::<u8>().ok()?)
        .then(|| format!("{year}{month}"))
}

/// `ACTIVE` or `INACTIVE`.
pub(crate) fn state(text: &str) -> Option<CardState> {
    match text {
        "ACTIVE" => Some(CardState::Active),
        "INACTIVE" => Some(CardState::Blocked),
        _ => None,
    }
}

/// As on the wire.
pub(crate) fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Active => "ACTIVE",
        CardState::Blocked => "INACTIVE",
    }
}

impl CardBody {
    /// Reads a body, or the members of a row.
    pub(crate) fn read(members: &mut Members, decrypt: Decrypt<'_>) -> Result<Self, Refused> {
        Ok(Self {
            number: CardNumber::read(members, decrypt)?,
            product: members.maybe("productId", PRODUCT_ID, ProductId::parse)?,
            static_password: members.maybe("staticPassword", "must be 4 to 64 characters", |text| {
                PASSWORD
                    .contains(&text.chars().count())
                    .then(|| Zeroizing::new(text.to_owned()))
            })?,
            state: members
                .maybe("state", "must be ACTIVE or INACTIVE", state)?
                .unwrap_or(CardState::Active),
        })
    }

    /// The row of it.
    pub(crate) fn kept(
        &self,
        keys: &Keys,
        issuer: &IssuerId,
        names: (CardId, ConsumerId, ProductId),
        now: OffsetDateTime,
    ) -> Card {
        let (card, consumer, product) = names;
        let password = self.static_password.as_deref();
        Card {
            static_password_mac: password.map(|password| keys.password_mac(issuer, &card, password)),
            issuer: issuer.clone(),
            card,
            product,
            consumer,
            pan_hash: keys.pan_hash(self.number.pan.reveal()),
            last_four: self.number.pan.last_four().to_owned(),
            expiry: self.number.expiry.clone(),
            state: self.state,
            updated_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(document: Value) -> Result<CardBody, Refused> {
        let decrypt = |text: &str| {
            (text == "sealed").then(|| Zeroizing::new(br#"{"pan":"4000000000000002","exp":"1230"}"#.to_vec()))
        };
        let mut members = Members::of(document)?;
        let body = CardBody::read(&mut members, &decrypt)?;
        members.finish()?;
        Ok(body)
    }

    #[test]
    fn a_number_comes_plain_or_sealed() {
        for document in [
            json!({"pan": "4000000000000002", "exp": "1230"}),
            json!({"encryptedData": "sealed"}),
        ] {
            let body = read(document).unwrap();
            assert_eq!(body.number.pan.last_four(), "0002");
            assert_eq!(body.number.expiry.as_deref(), Some("3012"));
        }
    }

    #[test]
    fn every_wrong_member_is_named() {
        let pan = "4000000000000002";
        for (document, field) in [
            (json!({}), "pan"),
            (json!({"pan": 4_000_000_000_000_002_u64}), "pan"),
            (json!({"pan": "4000000000000003"}), "pan"),
            (json!({"pan": "4000 0000 0000 0002"}), "pan"),
            (json!({"pan": pan, "exp": "1330"}), "exp"),
            (json!({"pan": pan, "exp": "12/30"}), "exp"),
            (json!({"pan": pan, "productId": "a b"}), "productId"),
            (json!({"pan": pan, "staticPassword": "123"}), "staticPassword"),
            (json!({"pan": pan, "state": "active"}), "state"),
            (json!({"encryptedData": "rubbish"}), "encryptedData"),
            (json!({"encryptedData": "sealed", "exp": "1230"}), "exp"),
            (json!({"pan": pan, "cvv": "123"}), "cvv"),
        ] {
            assert_eq!(read(document.clone()).err().unwrap().field, field, "{document}");
        }
    }
}
