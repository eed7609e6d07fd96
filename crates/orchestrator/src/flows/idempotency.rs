//! `X-Idempotency-Key`: the same key and body get the same answer, once.

use crate::vault::Vault;
use payments::{OrderDocument, Refusal, RefusalCode};
use primitives::{Id, id::kind};
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
    /// The effect was made by an earlier call with the same key.
    pub replayed: bool,
}

/// What a key that was used before means for this call.
#[derive(Debug)]
pub(crate) enum Earlier {
    Answered(Answer),
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
            Some(answer) => Ok(Earlier::Answered(Answer {
                document: serde_json::from_str(answer)?,
                replayed: true,
            })),
            None => Ok(Earlier::Refused(Refusal::of_field(
                RefusalCode::TransactionInProcess,
                "x-idempotency-key",
                "the first call with this key is still running",
            ))),
        }
    }
}
