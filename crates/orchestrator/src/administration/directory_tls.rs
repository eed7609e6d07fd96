//! The TLS part of a directory server's document: our certificate and key there, the roots that are pinned, and who may
//! post results for it.

use super::AdministrationError;
use crate::{
    certificate::{Certificate, CertificateError, certified_key, pem_of},
    vault::{Vault, VaultError},
};
use payments::fields::{Fields, Problems, list};
use primitives::{Brand, Secret};
use rustls::pki_types::DnsName;
use serde_json::{Value, json};
use store::directory_servers::{ClientCertificate, DirectoryServer, DirectoryTls};
use time::{Duration, OffsetDateTime};

/// How long before its end a certificate is warned of.
pub const EXPIRES_SOON: Duration = Duration::days(30);

/// Longest PEM text taken: a bundle of roots.
const PEM_MAX_CHARACTERS: usize = 64 * 1024;
const NAMES_MAX: usize = 10;

/// The members that are read here. Those that are not mentioned stay as they are, since a key is never shown and could
/// not be given back with the rest; `null` takes away.
pub(super) const MEMBERS: [&str; 4] = ["client_certificate", "client_key", "roots", "results_names"];

/// What a document says of TLS.
#[derive(Debug, Clone)]
pub(super) struct TlsDocument {
    path: String,
    chain: Change<Vec<Certificate>>,
    key: Option<Secret<String>>,
    roots: Change<String>,
    results_names: Change<Vec<String>>,
}

#[derive(Debug, Clone)]
enum Change<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T> Change<T> {
    /// The member's value put to use: `None` where it is wrong, which has been told.
    fn read(
        fields: &Fields<'_>,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
        problems: &mut Problems,
    ) -> Option<Self> {
        match (fields.mentions(name), fields.value(name)) {
            (false, _) => Some(Self::Keep),
            (true, None) => Some(Self::Clear),
            (true, Some(_)) => fields.take(name, read, problems).map(Self::Set),
        }
    }

    fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl TlsDocument {
    /// Reads what is there, and holds certificate and key against each other when both are.
    pub(super) fn read(fields: &Fields<'_>, now: OffsetDateTime, problems: &mut Problems) -> Option<Self> {
        let chain = Change::read(fields, "client_certificate", |value| chain(value, now), problems);
        let roots = Change::read(fields, "roots", |value| roots(value, now), problems);
        let names = Change::read(fields, "results_names", list(1..=NAMES_MAX, dns_name), problems);
        let key = fields.take("client_key", pem_text, problems).map(Secret::new);
        let at = fields.at("client_key");
        if let Some(key) = &key {
            match &chain {
                Some(Change::Set(chain)) => {
                    if let Err(error) = certified_key(chain, key) {
                        problems.add(at.clone(), error.to_string());
                    }
                }
                Some(Change::Keep | Change::Clear) => {
                    problems.add(at.clone(), "must come with client_certificate");
                }
                None => {}
            }
        }
        Some(Self {
            path: at,
            chain: chain?,
            key,
            roots: roots?,
            results_names: names?,
        })
    }

    /// How the TLS settings are after this document. A key that is the stored one keeps its seal, so that the same
    /// document again changes nothing.
    pub(super) fn applied(
        self,
        before: Option<&DirectoryTls>,
        brand: Brand,
        vault: &Vault,
    ) -> Result<DirectoryTls, AdministrationError> {
        let before = before.cloned().unwrap_or_default();
        let client = match self.chain {
            Change::Keep => before.client,
            Change::Clear => None,
            Change::Set(chain) => {
                let stored = match &before.client {
                    Some(client) => Some((open_key(vault, brand, client)?, client.key_sealed.clone())),
                    None => None,
                };
                let key_sealed = match (self.key, stored) {
                    (Some(given), Some((key, sealed))) if key.reveal() == given.reveal() => sealed,
                    (Some(given), _) => vault.seal(&key_context(brand), given.reveal().as_bytes())?,
                    (None, Some((key, sealed))) => match certified_key(&chain, &key) {
                        Ok(_) => sealed,
                        Err(_) => {
                            let text = "is required: the key that is stored is not this certificate's";
                            return Err(Problems::of(self.path, text).into());
                        }
                    },
                    (None, None) => return Err(Problems::of(self.path, "is required").into()),
                };
                Some(ClientCertificate {
                    chain: pem_of(&chain),
                    key_sealed,
                })
            }
        };
        Ok(DirectoryTls {
            client,
            roots: self.roots.over(before.roots),
            results_names: self.results_names.over(before.results_names),
        })
    }
}

/// The context that a directory server's key is sealed with.
fn key_context(brand: Brand) -> Vec<u8> {
    [b"directory server key:", brand.as_str().as_bytes()].concat()
}

/// Our private key at a directory server, PEM.
pub(crate) fn open_key(
    vault: &Vault,
    brand: Brand,
    client: &ClientCertificate,
) -> Result<Secret<String>, VaultError> {
    vault.open_text(&key_context(brand), &client.key_sealed)
}

fn pem_text(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be a string")?;
    if text.len() > PEM_MAX_CHARACTERS {
        return Err(format!("must have at most {PEM_MAX_CHARACTERS} characters"));
    }
    Ok(text.to_owned())
}

fn certificates(value: &Value) -> Result<Vec<Certificate>, String> {
    Certificate::read_pem(&pem_text(value)?).map_err(|error| error.to_string())
}

fn chain(value: &Value, now: OffsetDateTime) -> Result<Vec<Certificate>, String> {
    let chain = certificates(value)?;
    all_count(&chain, now)?;
    Ok(chain)
}

fn roots(value: &Value, now: OffsetDateTime) -> Result<String, String> {
    let roots = certificates(value)?;
    all_count(&roots, now)?;
    if crate::certificate::roots_of(&roots).len() < roots.len() {
        return Err(CertificateError::Unreadable.to_string());
    }
    Ok(pem_of(&roots))
}

/// What has expired, or is not valid yet, would end every handshake.
fn all_count(certificates: &[Certificate], now: OffsetDateTime) -> Result<(), String> {
    for certificate in certificates {
        let subject = &certificate.subject;
        if certificate.not_after < now {
            return Err(format!(
                "holds {subject}, which expired on {}",
                certificate.not_after.date()
            ));
        }
        if certificate.not_before > now {
            let from = certificate.not_before.date();
            return Err(format!("holds {subject}, which is not valid before {from}"));
        }
    }
    Ok(())
}

fn dns_name(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be a string")?;
    match DnsName::try_from(text) {
        Ok(_) => Ok(text.to_ascii_lowercase()),
        Err(_) => Err("must be a DNS name".to_owned()),
    }
}

/// What stored certificates say of themselves; none where the PEM does not read, which only another program could have
/// written.
pub(crate) fn facts(pem: Option<&str>) -> Vec<Certificate> {
    pem.and_then(|pem| Certificate::read_pem(pem).ok())
        .unwrap_or_default()
}

/// What an operator should see to, in words.
pub(super) fn warnings(server: &DirectoryServer, now: OffsetDateTime) -> Vec<String> {
    let client = server.tls.client.as_ref().map(|client| client.chain.as_str());
    let texts = |name: &'static str, pem| {
        facts(pem).into_iter().filter_map(move |certificate| {
            let (subject, ends) = (&certificate.subject, certificate.not_after);
            if ends < now {
                Some(format!("{name}: {subject} expired on {}", ends.date()))
            } else if ends - now <= EXPIRES_SOON {
                let days = (ends - now).whole_days();
                Some(format!(
                    "{name}: {subject} expires in {days} days, on {}",
                    ends.date()
                ))
            } else {
                None
            }
        })
    };
    texts("client_certificate", client)
        .chain(texts("roots", server.tls.roots.as_deref()))
        .collect()
}

/// For the audit: what identifies the certificates, and no key.
pub(super) fn as_written(tls: &DirectoryTls) -> Value {
    let brief = |pem: Option<&str>| -> Vec<Value> {
        facts(pem)
            .iter()
            .map(|certificate| {
                json!({
                    "subject": certificate.subject,
                    "serial": certificate.serial,
                    "sha256": certificate.fingerprint(),
                })
            })
            .collect()
    };
    json!({
        "client_certificate": tls.client.as_ref().map(|client| brief(Some(&client.chain))),
        "roots": tls.roots.as_deref().map(|roots| brief(Some(roots))),
        "results_names": tls.results_names,
    })
}

#[cfg(test)]
mod tests;
