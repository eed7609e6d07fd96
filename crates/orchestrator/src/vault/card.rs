//! Cards as sealed rows: number, expiry and holder in one, the security code in another, which is deleted sooner.

use super::{Vault, VaultError, context};
use primitives::{Card, ExpiryDate, Id, Pan, Secret, SecurityCode, id::kind};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Enough for the longest number, expiry and holder without growing, which would leave a copy behind.
const PLAINTEXT_BYTES: usize = 2_048;

/// What is sealed of a card. The number is borrowed from the buffer that is wiped.
#[derive(Serialize, Deserialize)]
struct Plaintext<'c> {
    pan: &'c str,
    month: u8,
    year: u16,
    #[serde(borrow)]
    holder: Cow<'c, str>,
}

impl Vault {
    /// Seals a card for the payment that uses it, without its security code.
    pub fn seal_card(&self, payment: Id<kind::Payment>, card: &Card) -> Result<Vec<u8>, VaultError> {
        self.seal_card_in(&context("card", payment), card)
    }

    /// Opens a card; its security code is apart.
    pub fn open_card(&self, payment: Id<kind::Payment>, sealed: &[u8]) -> Result<Card, VaultError> {
        self.open_card_in(&context("card", payment), sealed)
    }

    /// Seals a card, without its security code, for the name that a DirectLink account keeps it under.
    pub fn seal_kept_card(&self, pspid: &str, alias: &str, card: &Card) -> Result<Vec<u8>, VaultError> {
        self.seal_card_in(&of_alias(pspid, alias), card)
    }

    /// Opens a card that is kept under that name, which has no security code.
    pub fn open_kept_card(&self, pspid: &str, alias: &str, sealed: &[u8]) -> Result<Card, VaultError> {
        self.open_card_in(&of_alias(pspid, alias), sealed)
    }

    fn seal_card_in(&self, context: &[u8], card: &Card) -> Result<Vec<u8>, VaultError> {
        let mut plaintext = Zeroizing::new(Vec::with_capacity(PLAINTEXT_BYTES));
        let contents = Plaintext {
            pan: card.pan.reveal(),
            month: card.expiry.month(),
            year: card.expiry.year(),
            holder: Cow::Borrowed(&card.holder),
        };
        serde_json::to_writer(&mut *plaintext, &contents).map_err(|_| VaultError::Unexpected("card"))?;
        self.seal(context, &plaintext)
    }

    fn open_card_in(&self, context: &[u8], sealed: &[u8]) -> Result<Card, VaultError> {
        let plaintext = self.open(context, sealed)?;
        read_card(plaintext.reveal()).ok_or(VaultError::Unexpected("card"))
    }

    /// Seals a card's security code for one payment.
    pub fn seal_security_code(
        &self,
        payment: Id<kind::Payment>,
        code: &SecurityCode,
    ) -> Result<Vec<u8>, VaultError> {
        self.seal(&context("security code", payment), code.reveal().as_bytes())
    }

    /// Opens a security code.
    pub fn open_security_code(
        &self,
        payment: Id<kind::Payment>,
        sealed: &[u8],
    ) -> Result<SecurityCode, VaultError> {
        let plaintext = self.open(&context("security code", payment), sealed)?;
        std::str::from_utf8(plaintext.reveal())
            .ok()
            .and_then(|digits| SecurityCode::parse(digits).ok())
            .ok_or(VaultError::Unexpected("security code"))
    }

    /// Seals the number of a card that is kept under a token.
    pub fn seal_card_number(&self, token: Id<kind::CardToken>, number: &str) -> Result<Vec<u8>, VaultError> {
        self.seal(&context("card number", token), number.as_bytes())
    }

    /// Opens a card number.
    pub fn open_card_number(
        &self,
        token: Id<kind::CardToken>,
        sealed: &[u8],
    ) -> Result<Secret<String>, VaultError> {
        self.open_text(&context("card number", token), sealed)
    }

    /// Seals a text such as a key that must be had back, for [`Vault::open_text`].
    pub fn seal_text(&self, context: &[u8], text: &str) -> Result<Vec<u8>, VaultError> {
        self.seal(context, text.as_bytes())
    }

    /// Opens a text.
    pub fn open_text(&self, context: &[u8], sealed: &[u8]) -> Result<Secret<String>, VaultError> {
        let plaintext = self.open(context, sealed)?;
        let text = std::str::from_utf8(plaintext.reveal()).map_err(|_| VaultError::Unexpected("text"))?;
        Ok(Secret::new(text.to_owned()))
    }
}

/// Neither name holds a NUL, so that no two pairs run into each other.
fn of_alias(pspid: &str, alias: &str) -> Vec<u8> {
    [b"directlink alias:", pspid.as_bytes(), b"\0", alias.as_bytes()].concat()
}

fn read_card(plaintext: &[u8]) -> Option<Card> {
    let contents: Plaintext<'_> = serde_json::from_slice(plaintext).ok()?;
    Some(Card {
        pan: Pan::parse(contents.pan).ok()?,
        expiry: ExpiryDate::parse(&contents.month.to_string(), &contents.year.to_string()).ok()?,
        security_code: None,
        holder: contents.holder.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::key_file::Keys;
    use super::*;

    fn card() -> Card {
        Card {
            pan: Pan::parse("4000000000001000").unwrap(),
            expiry: ExpiryDate::parse("11", "29").unwrap(),
            security_code: Some(SecurityCode::parse("737").unwrap()),
            holder: "Ana \"Ñandú\" Pérez".into(),
        }
    }

    #[test]
    fn a_card_that_is_kept_opens_for_its_account_and_its_name_alone() {
        let vault = Vault::from_keys(Keys::generate().unwrap()).unwrap();
        let sealed = vault.seal_kept_card("shop", "ana", &card()).unwrap();
        let opened = vault.open_kept_card("shop", "ana", &sealed).unwrap();
        assert_eq!(opened.pan.reveal(), "4000000000001000");
        assert!(opened.security_code.is_none());
        for (pspid, alias) in [("shop", "bea"), ("other", "ana"), ("shopa", "na")] {
            assert!(
                vault.open_kept_card(pspid, alias, &sealed).is_err(),
                "{pspid} {alias}"
            );
        }
    }

    #[test]
    fn a_card_comes_back_without_its_security_code() {
        let vault = Vault::from_keys(Keys::generate().unwrap()).unwrap();
        let payment = Id::from_uuid(uuid::Uuid::from_u128(7));
        let other = Id::from_uuid(uuid::Uuid::from_u128(8));
        let card = card();
        let sealed = vault.seal_card(payment, &card).unwrap();
        let code = vault
            .seal_security_code(payment, card.security_code.as_ref().unwrap())
            .unwrap();
        for secret in ["4000000000001000", "737", "Pérez"] {
            assert!(!sealed.windows(secret.len()).any(|part| part == secret.as_bytes()));
        }

        let opened = vault.open_card(payment, &sealed).unwrap();
        assert_eq!(
            (opened.pan.reveal(), opened.expiry),
            (card.pan.reveal(), card.expiry)
        );
        assert_eq!(opened.holder, card.holder);
        assert!(opened.security_code.is_none());
        assert_eq!(vault.open_security_code(payment, &code).unwrap().reveal(), "737");
        assert!(
            vault.open_card(other, &sealed).is_err(),
            "a card moved to another payment does not open"
        );
        assert!(
            vault.open_card(payment, &code).is_err(),
            "a security code is no card"
        );
    }
}
