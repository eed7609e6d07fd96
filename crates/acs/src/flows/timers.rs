//! Times of challenges that are over: the first CReq that never came, the code that has expired, the app that is silent,
//! the cardholder who has gone.
//!
//! Deadlines are columns, so that nothing is forgotten when the process ends: whoever starts next finds what is over. That
//! two look at the same challenge does no harm: each locks it and asks again what is over.

use crate::challenge::Event;
use crate::flows::challenge::FlowError;
use crate::flows::telemetry;
use crate::service::{Acs, Rounds};
use crate::store::{StoreError, challenges};

/// Challenges looked at in one go.
const BATCH: i64 = 50;

impl Acs {
    /// Looks after the times of challenges until the service ends.
    pub(crate) async fn watch_timers(self, mut rounds: Rounds) {
        telemetry::describe();
        let inner = self.inner();
        while rounds.next(&inner.wakes.timers, inner.settings.timers.poll).await {
            if let Err(error) = self.let_time_pass().await {
                tracing::warn!(%error, "challenges whose time may be over could not be looked for");
            }
        }
    }

    /// Lets the time of every challenge pass whose time is over; answers how many were looked at.
    pub(crate) async fn let_time_pass(&self) -> Result<usize, StoreError> {
        let inner = self.inner();
        let mut looked_at = 0;
        loop {
            let due = challenges::due(&inner.store, inner.clock.now(), BATCH).await?;
            let mut troubled = false;
            for id in &due {
                if let Err(error) = self.challenge_event(*id, Event::TimePassed).await {
                    troubled = true;
                    tracing::error!(acs_transaction = %id, %error, "the time of a challenge could not pass");
                    if let FlowError::Store(StoreError::Database(_)) = error {
                        return Ok(looked_at);
                    }
                }
            }
            looked_at += due.len();
            // With some that cannot be looked at, the rest waits for the next round: they would be found again at once.
            if troubled || due.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(looked_at);
            }
        }
    }
}
