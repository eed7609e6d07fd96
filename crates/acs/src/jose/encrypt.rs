//! Encrypting to a public key: compact JWE with ECDH-ES and A256GCM (RFC 7516, RFC 7518 sections 4.6 and 5.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use zeroize::Zeroizing;

use super::jwk::EcKey;
use super::key_agreement::content_key;

const ENC: &str = "A256GCM";
const KEY_BYTES: usize = 32;

/// Encrypts `plaintext` to whoever has the private key of `to`; `kid` tells them which of their keys that is.
///
/// # Errors
/// When the machine's cryptography fails.
pub(crate) fn encrypt(to: &EcKey, kid: Option<&str>, plaintext: &[u8]) -> Result<String, Unspecified> {
    let ephemeral = PrivateKey::generate(&ECDH_P256)?;
    let public = ephemeral.compute_public_key()?;
    let public = EcKey::of_point(public.as_ref()).ok_or(Unspecified)?;
    let mut header = json!({ "alg": "ECDH-ES", "enc": ENC, "epk": public.to_json() });
    if let (Some(kid), Some(members)) = (kid, header.as_object_mut()) {
        members.insert("kid".to_owned(), json!(kid));
    }
    let header = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    agree(
        &ephemeral,
        UnparsedPublicKey::new(&ECDH_P256, to.point().as_slice()),
        Unspecified,
        |agreed| content_key(agreed, ENC, b"", b"", &mut *key),
    )?;
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce)?;
    let (ciphertext, tag) = seal(&key, nonce, header.as_bytes(), plaintext)?;
    // Between the first two dots stands the encrypted key, of which direct agreement has none.
    let [nonce, ciphertext, tag] =
        [&nonce[..], &ciphertext, &tag].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    Ok(format!("{header}..{nonce}.{ciphertext}.{tag}"))
}

fn seal(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
    let mut contents = Zeroizing::new(plaintext.to_vec());
    let tag =
        key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut contents)?;
    Ok((contents.to_vec(), tag.as_ref().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn decode(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7516, appendix A.1: its content key, nonce and header give its ciphertext and tag.
    #[test]
    fn the_contents_are_sealed_as_in_the_specification() {
        let key = [
            177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112,
            46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
        ];
        let nonce = [227, 197, 117, 252, 2, 219, 233, 68, 180, 225, 77, 219];
        let header = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
        let plaintext = b"The true sign of intelligence is not knowledge but imagination.";
        let (ciphertext, tag) = seal(&key, nonce, header.as_bytes(), plaintext).unwrap();
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD.encode(ciphertext),
            "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"
        );
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(tag), "XFBoMYUZodetZdvTiFvSkQ");
    }

    /// As the receiver of RFC 7518 does it, with its own words.
    fn decrypt(private: &PrivateKey, jwe: &str) -> Option<Vec<u8>> {
        let [header, "", nonce, ciphertext, tag] = jwe.split('.').collect::<Vec<_>>()[..] else {
            return None;
        };
        let members: Value = serde_json::from_slice(&decode(header)).ok()?;
        let ephemeral = EcKey::parse(&members["epk"])?;
        let mut key = [0; KEY_BYTES];
        agree(
            private,
            UnparsedPublicKey::new(&ECDH_P256, ephemeral.point().as_slice()),
            Unspecified,
            |agreed| content_key(agreed, members["enc"].as_str().unwrap(), b"", b"", &mut key),
        )
        .ok()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
        let mut contents = [decode(ciphertext), decode(tag)].concat();
        let nonce = Nonce::try_assume_unique_for_key(&decode(nonce)).ok()?;
        let plain = key
            .open_in_place(nonce, Aad::from(header.as_bytes()), &mut contents)
            .ok()?;
        Some(plain.to_vec())
    }

    #[test]
    fn only_the_receiver_reads_it_and_no_two_are_alike() {
        let bob = PrivateKey::generate(&ECDH_P256).unwrap();
        let to = EcKey::of_point(bob.compute_public_key().unwrap().as_ref()).unwrap();
        let (one, two) = (
            encrypt(&to, Some("k1"), b"012345").unwrap(),
            encrypt(&to, Some("k1"), b"012345").unwrap(),
        );
        assert_ne!(one, two);
        assert_eq!(decrypt(&bob, &one).unwrap(), b"012345");
        assert_eq!(decrypt(&PrivateKey::generate(&ECDH_P256).unwrap(), &one), None);
        let header: Value = serde_json::from_slice(&decode(one.split('.').next().unwrap())).unwrap();
        assert_eq!(
            (&header["alg"], &header["enc"], &header["kid"]),
            (&json!("ECDH-ES"), &json!("A256GCM"), &json!("k1"))
        );
    }
}
