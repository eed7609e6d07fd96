//! The signature of a creation: a JSON Web Token (RFC 7519) in the `Authorization` header, signed with RS256.

use super::RemoteServer;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use emv3ds::encoding::base64url;
use primitives::Pan;
use serde_json::json;
use std::{fmt, sync::Arc};
use thiserror::Error;
use time::OffsetDateTime;
use zeroize::Zeroizing;

const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

/// Our RSA key at a remote 3DS Server. It is never shown.
#[derive(Clone)]
pub struct SigningKey(Arc<RsaKeyPair>);

/// Not an RSA private key in PEM of at least 2048 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an RSA private key of at least 2048 bits, in PEM (PKCS #8 or PKCS #1)")]
pub struct NotASigningKey;

impl SigningKey {
    /// Reads `BEGIN PRIVATE KEY` or `BEGIN RSA PRIVATE KEY`.
    pub fn from_pem(pem: &str) -> Result<Self, NotASigningKey> {
        let body: Zeroizing<String> = Zeroizing::new(
            pem.lines()
                .map(str::trim)
                .filter(|line| !line.starts_with("-----"))
                .collect(),
        );
        let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).map_err(|_| NotASigningKey)?);
        RsaKeyPair::from_pkcs8(&der)
            .or_else(|_| RsaKeyPair::from_der(&der))
            .map(|pair| Self(Arc::new(pair)))
            .map_err(|_| NotASigningKey)
    }

    /// The public key in DER (PKCS #1), for whoever is to verify.
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The token for the creation of this card's transaction; `None` where the key cannot sign. It holds the card number
    /// and the merchant key: a secret.
    pub(super) fn sign(&self, server: &RemoteServer, pan: &Pan, at: OffsetDateTime) -> Option<String> {
        let milliseconds = at.unix_timestamp_nanos() / 1_000_000;
        let claims = json!({
            "cartao": pan.reveal(),
            "merchant_id": server.merchant_id,
            "merchant_key": server.merchant_key.reveal(),
            "timestamp": milliseconds.to_string(),
        });
        let signed = format!(
            "{}.{}",
            base64url(HEADER.as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let mut signature = vec![0; self.0.public_modulus_len()];
        // This padding takes no randomness: the same moment gives the same token.
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(format!("{signed}.{}", base64url(&signature)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}
