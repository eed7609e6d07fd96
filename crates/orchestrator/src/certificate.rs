//! Certificates as people give them to us and as we show them: PEM texts, what is in them, and whether a key belongs to
//! them. Chains, signatures and host names are verified by rustls at the handshake, not here.

mod der;
mod name;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use der::{INTEGER, Reader, SEQUENCE, VERSION};
use primitives::Secret;
use rustls::{
    RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use std::fmt::Write as _;
use thiserror::Error;
use time::OffsetDateTime;

/// Certificates in one text; chains have up to four, bundles of roots some more.
const CERTIFICATES_MAX: usize = 32;
/// The line that opens each certificate, and the ones of everything else.
const BEGIN_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";
const BEGIN: &str = "-----BEGIN ";
const LINE_CHARACTERS: usize = 64;

/// What is wrong with a certificate or a key. The text follows the name of the field it was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CertificateError {
    #[error("must be certificates in PEM")]
    NotPem,
    #[error("must hold certificates only")]
    NotOnlyCertificates,
    #[error("must hold at most {CERTIFICATES_MAX} certificates")]
    TooMany,
    #[error("holds something that is no X.509 certificate")]
    Unreadable,
    #[error("must be an unencrypted private key in PEM (PKCS #8, PKCS #1 or SEC 1)")]
    NotAKey,
    #[error("must be an RSA key of 2048 bits or more, or an EC key on P-256, P-384 or P-521")]
    UnsuitableKey,
    #[error("does not belong to the first certificate of the chain")]
    KeyMismatch,
}

/// A certificate, and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// RFC 4514.
    pub subject: String,
    pub issuer: String,
    /// Hexadecimal, as other tools show it.
    pub serial: String,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// Reads a certificate as it comes in a handshake.
    pub fn read(der: CertificateDer<'static>) -> Result<Self, CertificateError> {
        // rustls reads more strictly than we do: what it refuses would be of no use.
        rustls::server::ParsedCertificate::try_from(&der).map_err(|_| CertificateError::Unreadable)?;
        Self::facts(&der).ok_or(CertificateError::Unreadable)
    }

    fn facts(der: &CertificateDer<'static>) -> Option<Self> {
        let mut certificate = Reader::new(der).sequence()?;
        let mut to_be_signed = certificate.sequence()?;
        to_be_signed.skip(VERSION);
        let serial = to_be_signed.expect(INTEGER)?;
        to_be_signed.expect(SEQUENCE)?;
        let issuer = name::text(to_be_signed.sequence()?)?;
        let mut validity = to_be_signed.sequence()?;
        Some(Self {
            serial: hex(match serial {
                // The sign of a number whose first bit is set.
                [0, rest @ ..] if !rest.is_empty() => rest,
                all => all,
            }),
            issuer,
            not_before: validity.time()?,
            not_after: validity.time()?,
            subject: name::text(to_be_signed.sequence()?)?,
            der: der.clone(),
        })
    }

    /// The certificates of a PEM text, one at least and nothing else: a private key that was pasted into the wrong field
    /// must not be stored in the clear.
    pub fn read_pem(pem: &str) -> Result<Vec<Self>, CertificateError> {
        let lines = pem.lines().map(str::trim_end);
        if lines
            .into_iter()
            .any(|line| line.starts_with(BEGIN) && line != BEGIN_CERTIFICATE)
        {
            return Err(CertificateError::NotOnlyCertificates);
        }
        let read = CertificateDer::pem_slice_iter(pem.as_bytes())
            .map(|der| Self::read(der.map_err(|_| CertificateError::NotPem)?))
            .collect::<Result<Vec<_>, _>>()?;
        match read.len() {
            0 => Err(CertificateError::NotPem),
            1..=CERTIFICATES_MAX => Ok(read),
            _ => Err(CertificateError::TooMany),
        }
    }

    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// SHA-256 over the whole certificate, hexadecimal.
    pub fn fingerprint(&self) -> String {
        hex(digest::digest(&digest::SHA256, &self.der).as_ref())
    }

    /// Whether it counts at that time.
    pub fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// Certificates as PEM, in the one way in which they are stored.
pub fn pem_of(certificates: &[Certificate]) -> String {
    let mut pem = String::new();
    for certificate in certificates {
        let body = STANDARD.encode(&certificate.der);
        pem.push_str(BEGIN_CERTIFICATE);
        for (index, character) in body.chars().enumerate() {
            if index % LINE_CHARACTERS == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem.push_str("\n-----END CERTIFICATE-----\n");
    }
    pem
}

/// Checks that a private key is one, and the one of a chain's first certificate.
pub fn certified_key(chain: &[Certificate], key: &Secret<String>) -> Result<CertifiedKey, CertificateError> {
    let key =
        PrivateKeyDer::from_pem_slice(key.reveal().as_bytes()).map_err(|_| CertificateError::NotAKey)?;
    let ders = chain.iter().map(|certificate| certificate.der.clone()).collect();
    CertifiedKey::from_der(ders, key, &default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => CertificateError::KeyMismatch,
        _ => CertificateError::UnsuitableKey,
    })
}

/// Certificates as roots to trust, and nothing besides.
pub fn roots_of(certificates: &[Certificate]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().map(|certificate| certificate.der.clone()));
    roots
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
