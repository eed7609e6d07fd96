//! The table of card prefixes, kept in memory.
//!
//! A purchase asks the database nothing of it. When the configuration was told to have changed, or a while has passed, one
//! look at the table's version tells whether it has to be read again.

use crate::fault::Fault;
use payments::bins::BinTable;
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};
use store::Store;
use tokio::sync::Mutex;

/// How long the table is believed when no notification comes.
const TIME_TO_LIVE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Kept {
    table: Arc<BinTable>,
    version: i64,
    /// Counts what it was told, so that a look from before is not taken for one from after.
    told: u64,
    /// When it was last known to be current; `None` after it was told to have changed, and before the first look.
    looked_at: Option<Instant>,
}

/// The table.
pub struct Bins {
    store: Store,
    kept: RwLock<Kept>,
    loading: Mutex<()>,
}

impl fmt::Debug for Bins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bins(…)")
    }
}

impl Bins {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            kept: RwLock::default(),
            loading: Mutex::default(),
        }
    }

    /// The table as it is now.
    pub async fn table(&self) -> Result<Arc<BinTable>, Fault> {
        if let Some(table) = self.current() {
            return Ok(table);
        }
        let _loading = self.loading.lock().await;
        if let Some(table) = self.current() {
            return Ok(table);
        }
        let (looked_at, told) = (Instant::now(), self.told());
        let version = self.store.bins_version().await?;
        let known = {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            (kept.version == version).then(|| Arc::clone(&kept.table))
        };
        let table = match known {
            Some(table) => table,
            None => Arc::new(self.store.bins_load().await?),
        };
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.table = Arc::clone(&table);
        kept.version = version;
        kept.looked_at = (kept.told == told).then_some(looked_at);
        drop(kept);
        Ok(table)
    }

    /// The table may have changed.
    pub(crate) fn invalidate(&self) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.told += 1;
        kept.looked_at = None;
    }

    fn told(&self) -> u64 {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).told
    }

    fn current(&self) -> Option<Arc<BinTable>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.looked_at
            .filter(|at| at.elapsed() < TIME_TO_LIVE)
            .map(|_| Arc::clone(&kept.table))
    }
}
