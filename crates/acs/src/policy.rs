//! What an issuer may set: the numbers and choices of its challenges, with the defaults that public guidance suggests.
//!
//! Stored as one JSON document per issuer; what a document leaves out is the default. [`Policy::check`] keeps the hard caps.

use crate::language::Language;
use crate::sms::sender::is_sender;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything an issuer may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How the bank calls itself on screens and in messages; 1 to 20 characters.
    pub bank_name: String,
    /// The logo on the challenge page: an https URL, or none.
    pub logo_url: Option<String>,
    /// The language for cardholders who have none of the catalogue's.
    pub language: Language,
    /// One-time passwords.
    pub otp: OtpPolicy,
    /// The bank's app.
    pub app: AppPolicy,
    /// Who sends the text messages.
    pub delivery: DeliveryPolicy,
    /// Who a message comes from, by country prefix (`52`); `""` is for all others, nothing leaves it to the provider.
    pub senders: BTreeMap<String, String>,
    /// The providers of text messages, best first; empty for all that the service has, in its own order.
    pub providers: Vec<String>,
    /// Against abuse.
    pub limits: LimitPolicy,
    /// Whether sign-in needs a static password before the code, for cards that have one (strong authentication needs two
    /// factors where PSD2 holds). Otherwise the password stands instead of the code.
    pub password_then_code: bool,
    /// Where the issuer's backend is told of outcomes and asked to deliver; none where it wants to hear nothing.
    pub backend: Option<BackendPolicy>,
    /// Decides authentications; see the crate's `decision`. First match wins, then `otherwise`.
    pub rules: serde_json::Value,
}

/// One-time passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OtpPolicy {
    /// Digits of a code: 6 to 8.
    pub digits: u8,
    /// How long a code is good for, in seconds: 60 to 600.
    pub ttl_seconds: u32,
    /// Wrong entries that end a challenge: 1 to 5.
    pub attempts: u8,
    /// New codes on request within a challenge: 0 to 5.
    pub resends: u8,
    /// How long before the first, second, … new code, in seconds; the last repeats.
    pub resend_waits_seconds: Vec<u32>,
    /// What a request for one code too many does.
    pub over_resends: OverResends,
    /// Whether message and screen show a short reference, so that a cardholder knows which code is meant.
    pub reference_code: bool,
    /// Whether the message ends with the origin-bound line that browsers read.
    pub web_otp: bool,
}

/// What a request for one code too many does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverResends {
    /// The button is gone, and the last code stays good.
    Hide,
    /// The challenge ends, `U` with reason 19.
    End,
}

/// The bank's app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppPolicy {
    /// How long the app may take before a code is sent instead, in seconds: 5 to 300.
    pub timeout_seconds: u32,
    /// Whether a cardholder may ask for a code while the app is awaited.
    pub code_instead: bool,
}

/// Who sends the text messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryPolicy {
    /// The service itself, over its providers.
    AcsSends,
    /// The issuer's backend, which gets the code by `DeliverOTP`.
    IssuerSends {
        /// Whether the service sends by itself when the backend does not take a code and a phone is known.
        fall_back: bool,
    },
}

/// The issuer's backend, as far as the service calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendPolicy {
    /// The base of its addresses, without a slash at the end; https outside of a sandbox.
    pub url: String,
    /// Where the service gets its access token (client credentials); none for backends that go without.
    pub token_url: Option<String>,
    /// The client's name at the token URL. The secret is kept sealed beside the policy.
    pub client_id: Option<String>,
    /// The backend's public key, to which codes are encrypted: a JWK (EC P-256).
    pub encryption_key: Option<serde_json::Value>,
}

/// Against abuse. A window is in seconds; a count of 0 turns a limit off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitPolicy {
    /// Sends to one phone: 3 in 10 minutes, 10 in a day.
    pub sends_per_phone: Vec<Limit>,
    /// Sends for one card: 5 in 10 minutes, 15 in a day.
    pub sends_per_card: Vec<Limit>,
    /// Challenges from one address (IPv6: one /64): 10 in a minute, 60 in an hour.
    pub challenges_per_address: Vec<Limit>,
    /// Sends of the whole issuer.
    pub sends_per_issuer: Vec<Limit>,
    /// Country prefixes that messages may go to; empty for all.
    pub allowed_prefixes: Vec<String>,
    /// Failures in a row, over all challenges of a card, that lock it for `lock_seconds`.
    pub failures_to_lock: u32,
    /// Failures in a row that lock a card until the issuer unlocks it.
    pub failures_to_lock_for_good: u32,
    /// How long the first lock lasts.
    pub lock_seconds: u32,
}

/// At most `count` in `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many.
    pub count: u32,
    /// In which time.
    pub seconds: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            bank_name: "Banco".to_owned(),
            logo_url: None,
            language: Language::Spanish,
            otp: OtpPolicy::default(),
            app: AppPolicy::default(),
            delivery: DeliveryPolicy::AcsSends,
            senders: BTreeMap::new(),
            providers: Vec::new(),
            limits: LimitPolicy::default(),
            password_then_code: false,
            backend: None,
            rules: serde_json::Value::Null,
        }
    }
}

impl Default for OtpPolicy {
    fn default() -> Self {
        Self {
            digits: 6,
            ttl_seconds: 300,
            attempts: 3,
            resends: 3,
            resend_waits_seconds: vec![30, 60, 120],
            over_resends: OverResends::Hide,
            reference_code: false,
            web_otp: false,
        }
    }
}

impl Default for AppPolicy {
    fn default() -> Self {
        Self {
            timeout_seconds: 60,
            code_instead: true,
        }
    }
}

impl Default for LimitPolicy {
    fn default() -> Self {
        let limit = |count, seconds| Limit { count, seconds };
        Self {
            sends_per_phone: vec![limit(3, 600), limit(10, 86_400)],
            sends_per_card: vec![limit(5, 600), limit(15, 86_400)],
            challenges_per_address: vec![limit(10, 60), limit(60, 3_600)],
            sends_per_issuer: Vec::new(),
            allowed_prefixes: Vec::new(),
            failures_to_lock: 5,
            failures_to_lock_for_good: 10,
            lock_seconds: 1_800,
        }
    }
}

impl LimitPolicy {
    /// The longest window: 31 days.
    const LONGEST_SECONDS: u32 = 31 * 86_400;

    /// Every window there is.
    fn windows(&self) -> impl Iterator<Item = &Limit> {
        [
            &self.sends_per_phone,
            &self.sends_per_card,
            &self.challenges_per_address,
            &self.sends_per_issuer,
        ]
        .into_iter()
        .flatten()
    }
}

/// What a policy says that no issuer may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {must}")]
pub struct OutOfBounds {
    /// The member, as `otp.digits`.
    pub field: &'static str,
    /// What holds for it.
    pub must: &'static str,
}

impl Policy {
    /// Holds the policy against the hard caps.
    ///
    /// # Errors
    /// The first member that is out of bounds.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        let otp = &self.otp;
        let bounds = [
            (
                (1..=20).contains(&self.bank_name.chars().count()),
                "bank_name",
                "must have 1 to 20 characters",
            ),
            ((6..=8).contains(&otp.digits), "otp.digits", "must be 6 to 8"),
            (
                (60..=600).contains(&otp.ttl_seconds),
                "otp.ttl_seconds",
                "must be 60 to 600",
            ),
            ((1..=5).contains(&otp.attempts), "otp.attempts", "must be 1 to 5"),
            (otp.resends <= 5, "otp.resends", "must be 0 to 5"),
            (
                otp.resend_waits_seconds.len() <= 5
                    && otp.resend_waits_seconds.iter().all(|wait| *wait <= 600),
                "otp.resend_waits_seconds",
                "must be at most five waits of at most 600 seconds",
            ),
            (
                (5..=300).contains(&self.app.timeout_seconds),
                "app.timeout_seconds",
                "must be 5 to 300",
            ),
            (
                self.limits
                    .windows()
                    .all(|limit| (1..=LimitPolicy::LONGEST_SECONDS).contains(&limit.seconds)),
                "limits",
                "must have windows of 1 to 2678400 seconds",
            ),
            (
                self.limits.allowed_prefixes.iter().all(|prefix| {
                    (1..=6).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit())
                }),
                "limits.allowed_prefixes",
                "must be 1 to 6 digits each, without `+`",
            ),
            (
                self.delivery == DeliveryPolicy::AcsSends || self.backend.is_some(),
                "delivery",
                "needs a backend that sends",
            ),
            (
                self.delivery == DeliveryPolicy::AcsSends
                    || self
                        .backend
                        .as_ref()
                        .is_some_and(|backend| backend.encryption_key.is_some()),
                "backend.encryption_key",
                "must be given where the backend sends codes",
            ),
            (
                self.senders
                    .values()
                    .all(|sender| sender.is_empty() || is_sender(sender)),
                "senders",
                "must be 3 to 11 letters and digits each, or a number",
            ),
        ];
        match bounds.into_iter().find(|(holds, ..)| !holds) {
            Some((_, field, must)) => Err(OutOfBounds { field, must }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_leaves_out_is_the_default() {
        let policy: Policy = serde_json::from_str(r#"{"otp":{"digits":8},"language":"ja"}"#).unwrap();
        assert_eq!((policy.otp.digits, policy.otp.attempts), (8, 3));
        assert_eq!(policy.language, Language::Japanese);
        assert_eq!(policy.check(), Ok(()));
    }

    #[test]
    fn the_caps_hold_whatever_an_issuer_wants() {
        for (document, field) in [
            (r#"{"otp":{"digits":4}}"#, "otp.digits"),
            (r#"{"otp":{"ttl_seconds":601}}"#, "otp.ttl_seconds"),
            (r#"{"otp":{"attempts":6}}"#, "otp.attempts"),
            (r#"{"bank_name":""}"#, "bank_name"),
            (
                r#"{"limits":{"sends_per_phone":[{"count":3,"seconds":0}]}}"#,
                "limits",
            ),
            (
                r#"{"limits":{"allowed_prefixes":["+52"]}}"#,
                "limits.allowed_prefixes",
            ),
            (
                r#"{"delivery":{"mode":"issuer_sends","fall_back":true}}"#,
                "delivery",
            ),
            (
                r#"{"delivery":{"mode":"issuer_sends","fall_back":true},"backend":{"url":"https://bank.example"}}"#,
                "backend.encryption_key",
            ),
            (r#"{"senders":{"52":"A sender that is too long"}}"#, "senders"),
        ] {
            let policy: Policy = serde_json::from_str(document).unwrap();
            assert_eq!(policy.check().unwrap_err().field, field, "{document}");
        }
    }

    #[test]
    fn an_unknown_member_is_refused() {
        assert!(serde_json::from_str::<Policy>(r#"{"otpp":{}}"#).is_err());
    }
}
