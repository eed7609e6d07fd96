//! Opening a compact JWE that was encrypted to one of our keys: ECDH-ES with A256GCM or A128GCM (RFC 7516, RFC 7518
//! sections 4.6 and 5.3).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use zeroize::Zeroizing;

use super::jwk::EcKey;
use super::key_agreement::content_key;

/// The largest JWE that is looked at.
const JWE_MAX_BYTES: usize = 8_192;
const TAG_BYTES: usize = 16;

/// A JWE taken apart, nothing of it opened.
pub(crate) struct Jwe<'a> {
    header: &'a str,
    algorithm: &'static Algorithm,
    enc: &'static str,
    ephemeral: EcKey,
    apu: Vec<u8>,
    apv: Vec<u8>,
    /// Which of our keys it is for, where it says so.
    pub(crate) kid: Option<String>,
    nonce: [u8; NONCE_LEN],
    sealed: Vec<u8>,
}

impl<'a> Jwe<'a> {
    /// Takes a compact JWE apart; `None` for what is none, or is encrypted in another way.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        if text.len() > JWE_MAX_BYTES {
            return None;
        }
        let mut parts = text.split('.');
        // Between the first two dots stands the encrypted key, of which direct agreement has none.
        let (header, "", nonce, ciphertext, tag, None) = (
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next(),
        ) else {
            return None;
        };
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let members: Value = serde_json::from_slice(&decode(header)?).ok()?;
        let text_of = |name: &str| members.get(name).and_then(Value::as_str);
        if text_of("alg") != Some("ECDH-ES") || ["crit", "zip"].iter().any(|name| members.get(name).is_some())
        {
            return None;
        }
        let (algorithm, enc) = match text_of("enc")? {
            "A256GCM" => (&AES_256_GCM, "A256GCM"),
            "A128GCM" => (&AES_128_GCM, "A128GCM"),
            _ => return None,
        };
        let party = |name: &str| text_of(name).map_or(Some(Vec::new()), decode);
        let tag = decode(tag).filter(|tag| tag.len() == TAG_BYTES)?;
        Some(Self {
            header,
            algorithm,
            enc,
            ephemeral: EcKey::parse(members.get("epk")?)?,
            apu: party("apu")?,
            apv: party("apv")?,
            kid: text_of("kid").map(str::to_owned),
            nonce: decode(nonce)?.try_into().ok()?,
            sealed: [decode(ciphertext)?, tag].concat(),
        })
    }

    /// What is in it; `None` where it is not for this key, or was tampered with.
    pub(crate) fn open(&self, key: &PrivateKey) -> Option<Zeroizing<Vec<u8>>> {
        let mut content = Zeroizing::new(vec![0; self.algorithm.key_len()]);
        agree(
            key,
            UnparsedPublicKey::new(key.algorithm(), self.ephemeral.point().as_slice()),
            Unspecified,
            |agreed| content_key(agreed, self.enc, &self.apu, &self.apv, &mut content),
        )
        .ok()?;
        let content = LessSafeKey::new(UnboundKey::new(self.algorithm, &content).ok()?);
        let mut opened = Zeroizing::new(self.sealed.clone());
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let length = content
            .open_in_place(nonce, Aad::from(self.header.as_bytes()), &mut opened)
            .ok()?
            .len();
        opened.truncate(length);
        Some(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::encrypt::encrypt;
    use aws_lc_rs::agreement::ECDH_P256;
    use serde_json::json;

    #[test]
    fn what_is_encrypted_to_a_key_opens_with_it_only() {
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        let public = EcKey::of_point(key.compute_public_key().unwrap().as_ref()).unwrap();
        let text = encrypt(&public, Some("1"), b"{\"pan\":\"4000000000000002\"}").unwrap();
        let jwe = Jwe::read(&text).unwrap();
        assert_eq!(jwe.kid.as_deref(), Some("1"));
        assert_eq!(&**jwe.open(&key).unwrap(), b"{\"pan\":\"4000000000000002\"}");
        assert!(jwe.open(&PrivateKey::generate(&ECDH_P256).unwrap()).is_none());
        for at in [5, text.len() / 2, text.len() - 3] {
            let mut tampered = text.clone().into_bytes();
            tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(tampered).unwrap();
            assert!(
                Jwe::read(&tampered).and_then(|jwe| jwe.open(&key)).is_none(),
                "byte {at}"
            );
        }
    }

    #[test]
    fn what_is_encrypted_in_another_way_is_no_jwe() {
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        let public = EcKey::of_point(key.compute_public_key().unwrap().as_ref()).unwrap();
        let (header, rest) = {
            let text = encrypt(&public, None, b"x").unwrap();
            let (header, rest) = text.split_once('.').unwrap();
            let header: Value =
                serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
            (header, rest.to_owned())
        };
        for (name, value) in [
            ("alg", json!("RSA-OAEP")),
            ("alg", json!("dir")),
            ("enc", json!("A256CBC-HS512")),
            ("zip", json!("DEF")),
            ("crit", json!(["x"])),
            ("epk", json!({})),
            ("apu", json!("*")),
        ] {
            let mut changed = header.clone();
            changed[name] = value;
            let text = format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(changed.to_string()));
            assert!(Jwe::read(&text).is_none(), "{changed}");
        }
        for text in ["", "....", "a.b.c.d.e", "a..c.d.e.f"] {
            assert!(Jwe::read(text).is_none(), "{text}");
        }
    }
}
