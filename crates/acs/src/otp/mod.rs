//! One-time passwords: how one is made, read from what a cardholder typed, and held against what is kept of it.
//!
//! A code is made here, sealed while it waits to be sent, and otherwise kept only as a MAC ([`crate::keys::Keys::code_mac`])
//! that names the challenge, the number of the code in it, the amount and the payee: change any of them and no code
//! verifies (RTS (EU) 2018/389, article 5). Attempts are spent before comparing, by whoever holds the challenge's row.

pub mod reference_code;

use crate::purchase::Purchase;
use aws_lc_rs::{constant_time, rand};
use emv3ds::AcsTransId;
use primitives::Secret;
use std::{fmt, ops::RangeInclusive};
use thiserror::Error;
use zeroize::Zeroizing;

/// Digits that a code may have. Fewer than six are not the 20 bits that NIST SP 800-63B asks for.
pub const DIGITS: RangeInclusive<u8> = 6..=8;
/// Characters of an entry that are looked at: what `challengeDataEntry` may hold.
const ENTRY_MAX_CHARS: usize = 45;

/// The system's random source gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the random source failed")]
pub struct NoRandomness;

/// A one-time password, or what a cardholder typed for one: decimal digits, leading zeros included.
#[derive(Clone)]
pub struct OtpCode(Secret<String>);

impl fmt::Debug for OtpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpCode(••)")
    }
}

impl OtpCode {
    /// A fresh code of that many digits (out of [`DIGITS`]: the nearest that is in), every one as likely as any other.
    ///
    /// # Errors
    /// When the system's random source fails.
    pub fn make(digits: u8) -> Result<Self, NoRandomness> {
        let digits = digits.clamp(*DIGITS.start(), *DIGITS.end());
        let codes = 10_u32.pow(u32::from(digits));
        let number = below(codes)?;
        Ok(Self(
            format!("{number:0width$}", width = usize::from(digits)).into(),
        ))
    }

    /// Reads what a cardholder typed or pasted: spaces and hyphens do not count, and full-width digits, which Japanese
    /// keyboards write, are digits. `None` for what is not exactly that many digits then, which is a wrong entry.
    pub fn typed(entry: &str, digits: u8) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(usize::from(digits) + 1));
        for (index, character) in entry.chars().enumerate() {
            let digit = match character {
                _ if index >= ENTRY_MAX_CHARS => return None,
                '0'..='9' => character,
                '０'..='９' => folded(character)?,
                _ if is_blank(character) => continue,
                _ => return None,
            };
            if code.len() >= usize::from(digits) {
                return None;
            }
            code.push(digit);
        }
        (code.len() == usize::from(digits)).then(|| Self(std::mem::take(&mut *code).into()))
    }

    /// The digits, for the message that carries them.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// A number below `bound`, every one as likely as any other: draws from the last incomplete round are thrown away.
pub(crate) fn below(bound: u32) -> Result<u32, NoRandomness> {
    let whole_rounds = u32::MAX - u32::MAX % bound;
    loop {
        let mut bytes = Zeroizing::new([0u8; 4]);
        rand::fill(&mut *bytes).map_err(|_| NoRandomness)?;
        let drawn = u32::from_be_bytes(*bytes);
        if drawn < whole_rounds {
            return Ok(drawn % bound);
        }
    }
}

fn folded(full_width: char) -> Option<char> {
    let value = u32::from(full_width) - u32::from('０');
    char::from_digit(value, 10)
}

/// White space, and what stands for a hyphen on some keyboard or in some message.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}

/// What a code is good for, and for nothing else.
#[derive(Debug, Clone, Copy)]
pub struct CodeContext<'c> {
    /// The challenge.
    pub acs_trans_id: AcsTransId,
    /// Which code of the challenge, counted from 1. A new code is a new generation.
    pub generation: u32,
    /// The amount and the payee that the cardholder is shown.
    pub purchase: &'c Purchase,
}

impl CodeContext<'_> {
    /// Hands the parts of the MAC, in their order, to `mac`.
    pub(crate) fn mac_with(&self, code: &OtpCode, mac: impl FnOnce(&[&[u8]]) -> [u8; 32]) -> [u8; 32] {
        let generation = self.generation.to_be_bytes();
        // No amount and the amount 0 are two things: the currency is empty for none.
        let minor = self.purchase.amount.map_or(0, |amount| amount.minor());
        let currency = self.purchase.amount.map_or("", |amount| amount.currency().code());
        mac(&[
            self.acs_trans_id.0.as_bytes(),
            &generation,
            &minor.to_be_bytes(),
            currency.as_bytes(),
            self.purchase.merchant_name.as_bytes(),
            code.reveal().as_bytes(),
        ])
    }
}

/// Whether two MACs are the same, in a time that does not tell where they differ. A kept MAC of another length is not.
pub fn same_mac(kept: &[u8], made: &[u8; 32]) -> bool {
    constant_time::verify_slices_are_equal(kept, made).is_ok()
}

#[cfg(test)]
mod tests;
