//! Answers that break: a panic, or more time than there is. What is said then depends on how far the request had come.

use super::{answer::NotDone, complaints::Complaint};
use crate::{
    layers::{REQUEST_MAX_SECONDS, caught},
    request_id::RequestId,
};
use axum::http::Extensions;
use std::{sync::OnceLock, time::Duration};
use tokio::time::timeout;

/// How long an answer may take: a little less than any request has, so that this face still says it in its own words.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(REQUEST_MAX_SECONDS - 1);

/// How far a request has come.
pub(super) struct Progress {
    /// The request's name in the log.
    error_id: String,
    /// The `STATUS` of not knowing; empty until money may move.
    uncertain: OnceLock<&'static str>,
}

impl Progress {
    /// A request of which nothing is done yet.
    pub fn of(extensions: &Extensions) -> Self {
        Self {
            error_id: RequestId::shown(extensions),
            uncertain: OnceLock::new(),
        }
    }

    /// From here on money may move: if the answer breaks, nobody knows, and this `STATUS` says so.
    pub fn money_may_move(&self, uncertain: &'static str) {
        // Each page says it once, before the one call that does it.
        self.uncertain.get_or_init(|| uncertain);
    }

    /// The answer, also where answering breaks or takes longer than that.
    ///
    /// # Errors
    /// What the answering came to, or that it broke.
    pub async fn watch<T>(
        &self,
        within: Duration,
        answering: impl Future<Output = Result<T, NotDone>>,
    ) -> Result<T, NotDone> {
        match timeout(within, caught(answering)).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(self.broken()),
            Err(_) => {
                tracing::error!("the answer took too long");
                Err(self.broken())
            }
        }
    }

    fn broken(&self) -> NotDone {
        match self.uncertain.get() {
            Some(status) => NotDone::uncertain(status, &self.error_id),
            None => Complaint::technical(&self.error_id).into(),
        }
    }
}
