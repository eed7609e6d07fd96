//! Telling of certificates whose end comes near, while there is time to renew them.

use crate::{
    administration::{EXPIRES_SOON, directory_tls::facts},
    certificate::Certificate,
    gateway::Gateway,
};
use std::{collections::HashMap, time::Duration};
use time::OffsetDateTime;

/// How often certificates of directory servers are looked at.
const LOOK: Duration = Duration::from_secs(60);
/// How long a warning holds before it is given again.
const WARN_AGAIN: time::Duration = time::Duration::DAY;

/// Tells metrics of every certificate, and the log once a day of those that end soon.
#[derive(Debug, Default)]
pub struct ExpiryWatch {
    /// When it was last warned of, by fingerprint.
    warned: HashMap<String, OffsetDateTime>,
}

impl ExpiryWatch {
    /// Looks at the certificates of one purpose: the metric is of the one that ends first.
    pub fn look(
        &mut self,
        owner: &'static str,
        purpose: &'static str,
        certificates: &[Certificate],
        now: OffsetDateTime,
    ) {
        let Some(first) = certificates
            .iter()
            .min_by_key(|certificate| certificate.not_after)
        else {
            return;
        };
        let left = first.not_after - now;
        metrics::gauge!("pasarela_certificate_expires_in_seconds", "owner" => owner, "purpose" => purpose)
            .set(left.as_seconds_f64());
        let warned = self.warned.get(&first.fingerprint()).copied();
        if left > EXPIRES_SOON || warned.is_some_and(|warned| now - warned < WARN_AGAIN) {
            return;
        }
        self.warned.retain(|_, warned| now - *warned < WARN_AGAIN);
        self.warned.insert(first.fingerprint(), now);
        tracing::warn!(
            owner, purpose, subject = first.subject, serial = first.serial, not_after = %first.not_after,
            "a certificate {}", if left.is_negative() { "has expired" } else { "expires soon" }
        );
    }
}

impl Gateway {
    /// Looks at the certificates of all directory servers, until the process ends.
    pub async fn watch_certificates_forever(self) {
        let mut watch = ExpiryWatch::default();
        loop {
            match self.configuration().directory_servers().await {
                Ok(servers) => {
                    let now = self.clock().now();
                    for server in servers.iter() {
                        let owner = server.brand.as_str();
                        let client = server.tls.client.as_ref().map(|client| client.chain.as_str());
                        watch.look(owner, "client_certificate", &facts(client), now);
                        watch.look(owner, "roots", &facts(server.tls.roots.as_deref()), now);
                    }
                }
                Err(fault) => {
                    fault.logged();
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::testing::Authority;
    use time::macros::datetime;

    #[test]
    fn a_certificate_is_warned_of_once_a_day_and_not_before_its_last_month() {
        let now = datetime!(2026-11-22 10:00 UTC);
        let authority = Authority::new("CA");
        let ending_in = |days| {
            let issued = authority.issue_for("x", now, now + time::Duration::days(days));
            Certificate::read_pem(&issued.certificate).unwrap()
        };
        let mut watch = ExpiryWatch::default();
        let (soon, later) = (ending_in(30), ending_in(32));
        let mut warned_at = |certificates: &[Certificate], hours| {
            let now = now + time::Duration::hours(hours);
            let before = watch.warned.values().filter(|warned| **warned == now).count();
            watch.look("visa", "roots", certificates, now);
            watch.warned.values().filter(|warned| **warned == now).count() > before
        };
        assert!(!warned_at(&later, 0));
        assert!(warned_at(&soon, 0));
        assert!(!warned_at(&soon, 23));
        assert!(warned_at(&soon, 24));
        assert!(warned_at(&later, 48));
    }
}
