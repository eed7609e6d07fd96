//! The key of a JWE out of an agreement: Concat KDF as ECDH-ES uses it (RFC 7518 section 4.6.2, NIST SP 800-56A).

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};

/// Fills `key` with what `agreed` (the shared secret) gives for an encryption algorithm `enc` and the two parties' names,
/// which may be empty.
///
/// # Errors
/// When the machine's cryptography fails, or a length is beyond all reason.
pub(crate) fn content_key(
    agreed: &[u8],
    enc: &str,
    apu: &[u8],
    apv: &[u8],
    key: &mut [u8],
) -> Result<(), Unspecified> {
    let algorithm = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).ok_or(Unspecified)?;
    let mut info = Vec::new();
    for part in [enc.as_bytes(), apu, apv] {
        let length = u32::try_from(part.len()).map_err(|_| Unspecified)?;
        info.extend_from_slice(&length.to_be_bytes());
        info.extend_from_slice(part);
    }
    let bits = u32::try_from(key.len() * 8).map_err(|_| Unspecified)?;
    info.extend_from_slice(&bits.to_be_bytes());
    sskdf_digest(algorithm, agreed, &info, key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    fn decode(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7518, appendix C: Alice's ephemeral key, Bob's key, their names, and the key for A128GCM.
    #[test]
    fn alice_and_bob_agree_as_in_the_specification() {
        let alice =
            PrivateKey::from_private_key(&ECDH_P256, &decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"))
                .unwrap();
        let bob = [
            vec![4],
            decode("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"),
            decode("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"),
        ]
        .concat();
        let mut key = [0; 16];
        agree(
            &alice,
            UnparsedPublicKey::new(&ECDH_P256, &bob),
            Unspecified,
            |agreed| content_key(agreed, "A128GCM", b"Alice", b"Bob", &mut key),
        )
        .unwrap();
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(key), "VqqN6vgjbSBcIijNcacQGg");
    }
}
