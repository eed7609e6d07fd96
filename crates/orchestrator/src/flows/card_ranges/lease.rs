//! The lease under which one process of an installation asks a directory server.

use crate::{fault::Fault, gateway::Gateway};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::{
    card_ranges::{CardRangeLease, CardRangeState},
    directory_servers::DirectoryServer,
};

/// Beyond what an answer may take to begin: what it may take to be stored, and clocks that differ.
const MARGIN: Duration = Duration::from_secs(60);
/// How often it is renewed while an answer comes.
const RENEWAL: Duration = Duration::from_secs(15);

/// A lease we hold.
pub(super) struct Lease {
    pub key: CardRangeLease,
    length: Duration,
    renewed: Mutex<Instant>,
}

impl Lease {
    /// Takes it; `None` when another process is asking.
    pub async fn take(
        gateway: &Gateway,
        server: &DirectoryServer,
    ) -> Result<Option<(Self, CardRangeState)>, Fault> {
        // A connection is tried twice at most before anything comes.
        let answer = u64::from(server.connect_timeout_ms) + u64::from(server.read_timeout_ms);
        let length = Duration::from_millis(2 * answer) + MARGIN;
        let key = CardRangeLease {
            brand: server.brand,
            holder: gateway.clock().nonce(),
        };
        let now = gateway.clock().now();
        let taken = gateway
            .store()
            .card_ranges_take_lease(key, server.url.as_str(), now, now + length)
            .await?;
        let lease = Self {
            key,
            length,
            renewed: Mutex::new(Instant::now()),
        };
        Ok(taken.map(|state| (lease, state)))
    }

    /// Renews it, if it has not been for a while. When that fails, what comes is not saved, and the next one asks again.
    pub async fn renew(&self, gateway: &Gateway) {
        {
            let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
            if renewed.elapsed() < RENEWAL {
                return;
            }
            *renewed = Instant::now();
        }
        self.hold_for(gateway, 0).await;
    }

    /// Renews it for a pause of so many seconds more.
    pub async fn hold_for(&self, gateway: &Gateway, pause_seconds: u32) {
        let until = gateway.clock().now() + self.length + Duration::from_secs(pause_seconds.into());
        match gateway.store().card_ranges_renew_lease(self.key, until).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(brand = %self.key.brand, "somebody else asks for card ranges as well")
            }
            Err(error) => {
                tracing::warn!(brand = %self.key.brand, cause = %error, "the lease cannot be renewed")
            }
        }
    }
}
