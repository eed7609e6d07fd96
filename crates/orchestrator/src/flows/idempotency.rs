//! `X-Idempotency-Key`: the same key and body get the same answer, once.

use super::settled::Settled;
use crate::vault::Vault;
use payments::{OrderDocument, Refusal, RefusalCode};
use primitives::{Id, id::kind};
use serde::{Deserialize, Serialize};
use store::idempotency::{Claim, KnownKey};

/// A caller's key, with what it is the key of.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// 1 to 255 visible characters.
    pub key: String,
    pub method: &'static str,
    pub path: String,
    /// SHA-256 of the raw request body; stored only under the vault's key.
    pub body_hash: [u8; 32],
}

/// The order as the call left it. Each face makes its own answer of it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub document: OrderDocument,
    /// The capture, void or refund that the call asked for, where it did.
    pub settled: Option<Settled>,
    /// The effect was made by an earlier call with the same key.
    pub replayed: bool,
}

/// An answer as it is kept for the next call with the same key.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<D> {
    #[serde(flatten)]
    document: D,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled: Option<Settled>,
}

/// Writes an answer down for the next call with the same key.
pub(crate) fn kept(document: &OrderDocument, settled: Option<Settled>) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Kept { document, settled })
}

/// What a key that was used before means for this call.
#[derive(Debug)]
pub(crate) enum Earlier {
    Answered(Box<Answer>),
    Refused(Refusal),
}

impl IdempotencyKey {
    pub(crate) fn claim(
        &self,
        vault: &Vault,
        payment: Option<Id<kind::Payment>>,
        answer: Option<String>,
    ) -> Claim {
        Claim {
            method: self.method,
            path: self.path.clone(),
            key: self.key.clone(),
            body_hash: vault.request_body_hash(&self.body_hash),
            payment,
            settlement: None,
            answer,
        }
    }

    pub(crate) fn compare(&self, vault: &Vault, known: &KnownKey) -> Result<Earlier, serde_json::Error> {
        if known.body_hash != vault.request_body_hash(&self.body_hash) {
            return Ok(Earlier::Refused(Refusal::of_field(
                RefusalCode::IdempotencyKeyReused,
                "x-idempotency-key",
                "idempotency key reused with a different payload",
            )));
        }
        match &known.answer {
            Some(answer) => {
                let Kept { document, settled } = serde_json::from_str(answer)?;
                Ok(Earlier::Answered(Box::new(Answer {
                    document,
                    settled,
                    replayed: true,
                })))
            }
            None => Ok(Earlier::Refused(Refusal::of_field(
                RefusalCode::TransactionInProcess,
                "x-idempotency-key",
                "the first call with this key is still running",
            ))),
        }
    }
}
