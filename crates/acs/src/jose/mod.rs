//! JSON object signing and encryption, as far as issuers and the service use it with each other: assertions signed with
//! ES256, and card data encrypted by ECDH-ES with AES-GCM (RFC 7515 to 7518). P-256 only.

pub(crate) mod decrypt;
pub(crate) mod encrypt;
pub(crate) mod jwk;
pub(crate) mod jws;
pub(crate) mod key_agreement;
