//! The receiver's side of compact JWE with ECDH-ES and A256GCM, in words of its own: a sender that has them wrong is not
//! understood.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    epk: Point,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Point {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

/// A key that others encrypt to.
#[derive(Debug)]
pub struct DecryptionKey {
    private: PrivateKey,
    point: Vec<u8>,
}

/// What the public key is called.
const KID: &str = "issuer-1";

impl DecryptionKey {
    /// A key that nobody has had before; `None` when the machine gives none.
    pub fn generate() -> Option<Self> {
        let private = PrivateKey::generate(&ECDH_P256).ok()?;
        let point = private.compute_public_key().ok()?.as_ref().to_vec();
        Some(Self { private, point })
    }

    /// The public key as a JWK.
    pub fn public(&self) -> Value {
        let [x, y] =
            [1..33, 33..65].map(|part| URL_SAFE_NO_PAD.encode(self.point.get(part).unwrap_or_default()));
        json!({ "kty": "EC", "crv": "P-256", "kid": KID, "use": "enc", "alg": "ECDH-ES", "x": x, "y": y })
    }

    /// What was encrypted to this key; `None` for everything else.
    pub fn decrypt(&self, jwe: &str) -> Option<Vec<u8>> {
        let parts: Vec<&str> = jwe.split('.').collect();
        let [header, "", nonce, ciphertext, tag] = parts[..] else {
            return None;
        };
        let members: Header = serde_json::from_slice(&decoded(header)?).ok()?;
        let understood = members.alg == "ECDH-ES"
            && members.enc == "A256GCM"
            && members.epk.kty == "EC"
            && members.epk.crv == "P-256"
            && members.kid.is_none_or(|kid| kid == KID);
        if !understood {
            return None;
        }
        let theirs = [&[4][..], &decoded(&members.epk.x)?, &decoded(&members.epk.y)?].concat();
        let key = agree(
            &self.private,
            UnparsedPublicKey::new(&ECDH_P256, &theirs),
            (),
            |agreed| Ok(content_key(agreed)),
        )
        .ok()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
        let nonce = Nonce::try_assume_unique_for_key(&decoded(nonce)?).ok()?;
        let mut contents = [decoded(ciphertext)?, decoded(tag)?].concat();
        let plain = key
            .open_in_place(nonce, Aad::from(header.as_bytes()), &mut contents)
            .ok()?;
        Some(plain.to_vec())
    }
}

/// One round of the Concat KDF is all that 256 bits need: counter, secret, algorithm, two parties without names, bits.
fn content_key(agreed: &[u8]) -> Vec<u8> {
    let algorithm = b"A256GCM";
    let message = [
        &1_u32.to_be_bytes()[..],
        agreed,
        &7_u32.to_be_bytes(),
        algorithm,
        &0_u32.to_be_bytes(),
        &0_u32.to_be_bytes(),
        &256_u32.to_be_bytes(),
    ]
    .concat();
    digest(&SHA256, &message).as_ref().to_vec()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
