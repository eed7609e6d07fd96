//! What is kept for a time only is removed: counters of limits when their windows are over, transactions when the settings say.

use std::time::Duration;
use tokio::sync::Notify;

use crate::service::{Acs, Rounds};
use crate::store::{StoreError, limits, notices, transactions};

/// How often it is looked for.
const PAUSE: Duration = Duration::from_secs(60);
/// How long deliveries are kept, with what was heard of them.
const DELIVERIES_KEPT: time::Duration = time::Duration::days(90);
/// How long it is kept that an issuer was told.
const NOTICES_KEPT: time::Duration = time::Duration::days(30);
/// Rows that are removed at once.
const STEP: u32 = 1_000;

impl Acs {
    /// Removes what is over, every minute, in steps that hold nothing for long.
    pub(crate) async fn tidy(self, mut rounds: Rounds) {
        let nobody_rings = Notify::new();
        while rounds.next(&nobody_rings, PAUSE).await {
            if let Err(error) = self.tidy_once().await {
                tracing::warn!(%error, "what is over could not be removed");
            }
        }
    }

    async fn tidy_once(&self) -> Result<(), StoreError> {
        let inner = self.inner();
        let now = inner.clock.now();
        while limits::prune(&inner.store, now).await? > 0 {}
        let kept = time::Duration::days(inner.settings.transactions_kept_days.into());
        while transactions::remove_before(&inner.store, now - kept).await? > 0 {}
        while inner.store.deliveries_prune(now - DELIVERIES_KEPT, STEP).await? > 0 {}
        while notices::prune(&inner.store, now - NOTICES_KEPT, STEP).await? > 0 {}
        Ok(())
    }
}
