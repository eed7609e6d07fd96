//! A challenge's life beside the browser: its timers, and the RReq that tells how it ended.
//!
//! One task per challenge, so that a result leaves even when the browser is gone.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::{sleep, timeout};

use super::Issuers;
use super::decision::Course;
use super::session::{Phase, Session};
use crate::directory::results::Forwarded;

/// Follows a challenge until it may be forgotten.
pub async fn follow(issuers: Issuers, session: Arc<Session>) {
    until_ended(&issuers, &session).await;
    deliver(&issuers, &session).await;
    session.reported();
    sleep(issuers.0.settings.session_linger).await;
    issuers.forget(session.facts.acs_trans_id);
}

/// Returns once the challenge has an outcome, of its own or because its time is over.
async fn until_ended(issuers: &Issuers, session: &Session) {
    let settings = &issuers.0.settings;
    let mut phase = session.phase();
    loop {
        let left = match *phase.borrow_and_update() {
            Phase::AwaitingCreq => settings.first_creq_timeout,
            Phase::Shown(at) => settings.challenge_timeout.saturating_sub(at.elapsed()),
            Phase::Ended | Phase::Reported => return,
        };
        if timeout(left, phase.changed()).await.is_err() {
            session.time_out();
        }
    }
}

/// Sends the RReq until it is delivered: again at once when no connection can be made, then at intervals.
///
/// Only failed connections are tried again. After a read time-out the 3DS Server may have the result already, and a
/// second RReq would be a duplicate.
async fn deliver(issuers: &Issuers, session: &Session) {
    let settings = &issuers.0.settings;
    let Some(outcome) = session.outcome() else { return };
    let rreq = session.rreq(&outcome);
    let url = &session.facts.three_ds_server_url;
    let began = Instant::now();
    loop {
        match issuers.0.results.forward(&rreq, url).await {
            Forwarded::Unreachable if began.elapsed() < settings.results_give_up_after => {
                sleep(settings.results_retry_interval).await;
            }
            Forwarded::Unreachable => {
                tracing::warn!(authentication = %rreq.three_ds_server_trans_id, "gave up delivering a result");
                return;
            }
            Forwarded::Received(_) | Forwarded::Refused(_) | Forwarded::Faulty | Forwarded::TimedOut => break,
        }
    }
    if session.facts.challenge.course == Course::ReportedTwice {
        issuers.0.results.forward(&rreq, url).await;
    }
}
