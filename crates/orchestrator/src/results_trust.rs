//! Whose client certificates count at the results listener, and which brands each may speak for.
//!
//! A certificate stands for a brand when it is issued under the roots of that brand's directory server (or, where none are
//! pinned, under the listener's own) and, where names are configured, has one of them. Schemes run authorities of their
//! own, but one operator may serve several brands under one root: that is what the names are for.

use crate::{
    certificate::{Certificate, roots_of},
    flows::sender::Sender,
};
use primitives::Brand;
use rustls::{
    client::verify_server_name,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{ParsedCertificate, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use std::{fmt, sync::Arc};
use store::directory_servers::DirectoryServer;

/// What is trusted, all brands together and each by itself.
pub struct ResultsTrust {
    anybody: Option<Arc<dyn ClientCertVerifier>>,
    brands: Vec<BrandTrust>,
}

struct BrandTrust {
    brand: Brand,
    verifier: Arc<dyn ClientCertVerifier>,
    /// `None`: any.
    names: Option<Vec<ServerName<'static>>>,
}

impl fmt::Debug for ResultsTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brands = self.brands.iter().map(|trust| trust.brand.as_str());
        f.debug_list().entries(brands).finish()
    }
}

impl ResultsTrust {
    /// What follows from the directory servers and the listener's own roots.
    pub fn new(servers: &[DirectoryServer], listener_roots: &[Certificate]) -> Self {
        let mut every_root = listener_roots.to_vec();
        let mut brands = Vec::new();
        for server in servers {
            let pinned = server.tls.roots.as_deref();
            let roots = match pinned.map(Certificate::read_pem) {
                Some(Ok(roots)) => roots,
                Some(Err(error)) => {
                    tracing::error!(brand = %server.brand, %error, "the directory server's roots do not read");
                    continue;
                }
                None => listener_roots.to_vec(),
            };
            let Some(verifier) = verifier_of(&roots) else {
                continue;
            };
            brands.push(BrandTrust {
                brand: server.brand,
                verifier,
                names: server.tls.results_names.as_ref().map(|names| {
                    names
                        .iter()
                        .filter_map(|name| ServerName::try_from(name.clone()).ok())
                        .collect()
                }),
            });
            every_root.extend(roots);
        }
        Self {
            anybody: verifier_of(&every_root),
            brands,
        }
    }

    /// Verifies in a handshake that a client is anybody at all; `None` while nobody is trusted.
    pub fn verifier(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        self.anybody.clone()
    }

    /// Who a client is, by the chain it showed, its own certificate first. It is asked for each message, so that a
    /// connection does not outlive what was trusted when it began.
    pub fn sender(&self, chain: &[CertificateDer<'static>], now: UnixTime) -> Sender {
        let Some((own, intermediates)) = chain.split_first() else {
            return Sender::Certified {
                subject: String::new(),
                brands: Vec::new(),
            };
        };
        let speaks_for = |trust: &&BrandTrust| {
            let verified = trust.verifier.verify_client_cert(own, intermediates, now);
            verified.is_ok() && trust.names.as_ref().is_none_or(|names| has_one(own, names))
        };
        Sender::Certified {
            subject: Certificate::read(own.clone())
                .map(|certificate| certificate.subject)
                .unwrap_or_default(),
            brands: self
                .brands
                .iter()
                .filter(speaks_for)
                .map(|trust| trust.brand)
                .collect(),
        }
    }
}

fn has_one(certificate: &CertificateDer<'static>, names: &[ServerName<'static>]) -> bool {
    ParsedCertificate::try_from(certificate)
        .is_ok_and(|parsed| names.iter().any(|name| verify_server_name(&parsed, name).is_ok()))
}

fn verifier_of(roots: &[Certificate]) -> Option<Arc<dyn ClientCertVerifier>> {
    let provider = Arc::new(default_provider());
    // Without roots there is nothing to build, and nobody who could be verified.
    WebPkiClientVerifier::builder_with_provider(roots_of(roots).into(), provider)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::testing::{Authority, Issued};
    use primitives::{HttpUrl, UrlPolicy};
    use std::time::Duration;
    use store::directory_servers::DirectoryTls;
    use time::{OffsetDateTime, macros::datetime};

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    fn server(brand: Brand, roots: Option<&Authority>, name: Option<&str>) -> DirectoryServer {
        DirectoryServer {
            brand,
            url: HttpUrl::parse("https://ds.example/", UrlPolicy::HttpsOnly).unwrap(),
            backup_url: None,
            connect_timeout_ms: 1,
            read_timeout_ms: 1,
            reference_number: None,
            operator_id: None,
            versions: None,
            results_url: None,
            tls: DirectoryTls {
                client: None,
                roots: roots.map(Authority::pem),
                results_names: name.map(|name| vec![name.to_owned()]),
            },
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn issued(authority: &Authority, name: &str) -> Issued {
        authority.issue_for(name, NOW - time::Duration::days(1), NOW + time::Duration::days(1))
    }

    fn brands(trust: &ResultsTrust, issued: &Issued, now: OffsetDateTime) -> Vec<Brand> {
        let chain: Vec<_> = Certificate::read_pem(&issued.certificate)
            .unwrap()
            .iter()
            .map(|certificate| certificate.der().clone())
            .collect();
        let seconds = u64::try_from(now.unix_timestamp()).unwrap();
        match trust.sender(&chain, UnixTime::since_unix_epoch(Duration::from_secs(seconds))) {
            Sender::Certified { brands, .. } => brands,
            Sender::Unchecked => panic!("it was checked"),
        }
    }

    #[test]
    fn a_certificate_speaks_for_the_brands_under_whose_roots_it_is() {
        let (visa, shared, foreign) = (
            Authority::new("Visa"),
            Authority::new("Shared"),
            Authority::new("?"),
        );
        let trust = ResultsTrust::new(
            &[
                server(Brand::Visa, Some(&visa), None),
                server(Brand::Mastercard, Some(&shared), Some("mc.ds.example")),
                server(Brand::Jcb, Some(&shared), Some("jcb.ds.example")),
                server(Brand::Amex, None, None),
            ],
            &[],
        );
        let speak_for = |issued: &Issued| brands(&trust, issued, NOW);
        assert_eq!(speak_for(&issued(&visa, "any.example")), [Brand::Visa]);
        assert_eq!(speak_for(&issued(&shared, "mc.ds.example")), [Brand::Mastercard]);
        assert_eq!(speak_for(&issued(&shared, "jcb.ds.example")), [Brand::Jcb]);
        assert_eq!(speak_for(&issued(&shared, "elo.ds.example")), []);
        assert_eq!(speak_for(&issued(&foreign, "mc.ds.example")), []);
        assert_eq!(
            brands(
                &trust,
                &issued(&visa, "any.example"),
                NOW + time::Duration::days(2)
            ),
            [],
            "it has expired since the connection began"
        );
        assert!(trust.verifier().is_some());
    }

    #[test]
    fn the_listener_s_roots_count_for_brands_that_pin_none() {
        let (visa, own) = (Authority::new("Visa"), Authority::new("Own"));
        let roots = Certificate::read_pem(&own.pem()).unwrap();
        let servers = [
            server(Brand::Visa, Some(&visa), None),
            server(Brand::Amex, None, Some("amex.ds.example")),
        ];
        let trust = ResultsTrust::new(&servers, &roots);
        assert_eq!(
            brands(&trust, &issued(&own, "amex.ds.example"), NOW),
            [Brand::Amex]
        );
        assert_eq!(brands(&trust, &issued(&own, "visa.ds.example"), NOW), []);
    }

    #[test]
    fn while_nothing_is_configured_nobody_is_trusted() {
        assert!(ResultsTrust::new(&[], &[]).verifier().is_none());
        assert!(
            ResultsTrust::new(&[server(Brand::Amex, None, None)], &[])
                .verifier()
                .is_none()
        );
    }
}
