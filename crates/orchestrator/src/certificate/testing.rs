//! Certificates for tests, made while they run. Also the results listener's tests use this file.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod,
    PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey,
};
use std::sync::atomic::{AtomicU32, Ordering};
use time::{Duration, OffsetDateTime};

/// Serial numbers, and what keys are known by.
static NUMBERS: AtomicU32 = AtomicU32::new(1);

/// A key on P-256.
pub struct Key {
    pair: EcdsaKeyPair,
    pub pem: String,
}

impl Key {
    pub fn generate() -> Self {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        Self {
            pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap(),
            pem: pem("PRIVATE KEY", document.as_ref()),
        }
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        Ok(signature.unwrap().as_ref().to_vec())
    }
}

/// A certification authority.
pub struct Authority(CertifiedIssuer<'static, Key>);

/// A certificate with its key, both PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, Key::generate()).unwrap())
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", self.0.der())
    }

    /// A certificate for a host name or an IP address, good for client and server, for a day around now.
    #[allow(
        clippy::disallowed_methods,
        reason = "handshakes are judged by the system's clock"
    )]
    pub fn issue(&self, name: &str) -> Issued {
        let now = OffsetDateTime::now_utc();
        self.issue_for(name, now - Duration::hours(12), now + Duration::hours(12))
    }

    pub fn issue_for(&self, name: &str, not_before: OffsetDateTime, not_after: OffsetDateTime) -> Issued {
        let mut params = named(name);
        params.subject_alt_names = vec![match name.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.try_into().unwrap()),
        }];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        (params.not_before, params.not_after) = (not_before, not_after);
        let key = Key::generate();
        Issued {
            certificate: pem("CERTIFICATE", params.signed_by(&key, &self.0).unwrap().der()),
            key: key.pem,
        }
    }
}

/// What every certificate has. Numbers are given in order: there is nobody to guess them.
pub fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    params.serial_number = Some(SerialNumber::from_slice(&number));
    params.key_identifier_method = KeyIdMethod::PreSpecified(number.to_vec());
    params
}

pub fn pem(what: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {what}-----\n{}\n-----END {what}-----\n",
        lines.join("\n")
    )
}
