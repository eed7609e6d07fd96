//! Results on their way to directory servers: RReqs, sent until an RRes answers.
//!
//! A result is written down with the end of its challenge, and sent at once by whoever ended it. Where that fails, or the
//! process dies, a worker sends it again: the same message, byte for byte, with growing pauses, for an hour.

mod message;
#[cfg(test)]
mod tests;

use emv3ds::code::{Component, ErrorCode, ResultsStatus};
use emv3ds::message::{RReq, RRes, Received};
use emv3ds::validate::MESSAGE_MAX_BYTES;
use emv3ds::{Rules, Version};
use std::time::Duration as Wait;
use time::{Duration, OffsetDateTime};
use tokio::task::JoinSet;

use crate::flows::challenge::seconds;
use crate::flows::telemetry;
use crate::service::{Acs, Rounds};
use crate::store::results::{Settled, Taken};
use crate::store::{StoreError, results, transactions};

/// How long a result is its sender's: longer than an attempt may take, both its tries included.
pub(crate) const LEASE: Duration = Duration::seconds(20);
/// How long a directory server may take for an RRes.
const READ_TIMEOUT: Wait = Wait::from_secs(5);
/// From which age on a result is not sent any more.
const GIVEN_UP_AFTER: Duration = Duration::hours(1);
/// How much longer than the first pause the last is.
const PAUSES_MAX: u32 = 10;
/// Results sent at the same time.
const AT_ONCE: usize = 16;
const JSON: &str = "application/json; charset=utf-8";

/// What became of an attempt.
#[derive(Debug)]
pub(super) enum Sent {
    /// The 3DS Server has it, and says what it made of it.
    Receipt(ResultsStatus),
    /// An Erro.
    Erro(ErrorCode),
    /// Not HTTP 200.
    Status(u16),
    /// An answer that is no RRes to this RReq.
    Faulty,
    /// No answer in time; it may have arrived all the same.
    TimedOut,
    /// No connection, or it broke.
    Unreachable,
    /// There is nobody to send it to, or nothing that may be sent.
    Nowhere(&'static str),
}

impl Sent {
    /// The word for it in metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Receipt(_) => "rres",
            Self::Erro(_) => "erro",
            Self::Status(_) => "status",
            Self::Faulty => "faulty",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Nowhere(_) => "nowhere",
        }
    }
}

impl Acs {
    /// Sends what is due until the service ends.
    pub(crate) async fn deliver_results(self, mut rounds: Rounds) {
        let inner = self.inner();
        while rounds
            .next(&inner.wakes.results, inner.settings.timers.poll)
            .await
        {
            if let Err(error) = self.send_due_results().await {
                tracing::warn!(%error, "results that are due could not be looked for");
            }
        }
    }

    /// Sends every result that is due, some at a time; answers how many.
    pub(crate) async fn send_due_results(&self) -> Result<usize, StoreError> {
        let inner = self.inner();
        let (mut sending, mut sent) = (JoinSet::new(), 0);
        while let Some(taken) = results::take_due(&inner.store, inner.clock.now(), LEASE).await? {
            sent += 1;
            sending.spawn(self.clone().report(taken));
            if sending.len() >= AT_ONCE {
                sending.join_next().await;
            }
        }
        while sending.join_next().await.is_some() {}
        Ok(sent)
    }

    /// Sends a result that is ours for the time of the lease, and writes down what came of it.
    pub(crate) async fn report(self, taken: Taken) {
        let inner = self.inner();
        let Ok(_turn) = inner.results_at_once.acquire().await else {
            return;
        };
        // Whoever waited for its turn until the lease was over leaves the result to whoever has taken it since.
        if inner.clock.now() >= taken.until {
            return;
        }
        let done = match Box::pin(self.send_result(&taken)).await {
            Ok(sent) => self.settle_result(&taken, &sent).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::error!(acs_transaction = %taken.acs_trans_id, %error, "a result was not sent");
        }
    }

    async fn send_result(&self, taken: &Taken) -> Result<Sent, StoreError> {
        let Some(rreq) = self.rreq(taken.acs_trans_id).await? else {
            return Ok(Sent::Nowhere("there is no such challenge"));
        };
        let message::Addressed { rreq, brand, channel } = rreq;
        let Some(url) = self.inner().settings.results_urls.get(&brand) else {
            return Ok(Sent::Nowhere("the brand has no directory server"));
        };
        let rules = Rules::received_by(Component::DirectoryServer, &Version::ALL)
            .category(rreq.message_category)
            .channel(channel);
        let body = match rules.write(&rreq) {
            Ok(body) => body,
            Err(fault) => {
                tracing::error!(acs_transaction = %taken.acs_trans_id, %fault, "an RReq of ours breaks the rules");
                return Ok(Sent::Nowhere("the message breaks the rules"));
            }
        };
        // Where no connection can be made, a second is tried at once.
        Ok(match self.post_result(url, &rreq, &body).await {
            Sent::Unreachable => self.post_result(url, &rreq, &body).await,
            sent => sent,
        })
    }

    async fn post_result(&self, url: &str, rreq: &RReq, body: &[u8]) -> Sent {
        let request = self
            .inner()
            .client
            .post(url)
            .header("content-type", JSON)
            .timeout(READ_TIMEOUT)
            .body(body.to_vec());
        let mut response = match request.send().await {
            Ok(response) if response.status() == 200 => response,
            Ok(response) => return Sent::Status(response.status().as_u16()),
            Err(error) => return failed(&error),
        };
        let mut answer = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.len() + chunk.len() <= MESSAGE_MAX_BYTES => {
                    answer.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => return Sent::Faulty,
                Ok(None) => return receipt(rreq, &answer),
                Err(error) => return failed(&error),
            }
        }
    }

    async fn settle_result(&self, taken: &Taken, sent: &Sent) -> Result<(), StoreError> {
        telemetry::sent(sent);
        let inner = self.inner();
        let now = inner.clock.now();
        let settled = settled(taken, sent, now, seconds(inner.settings.timers.results_retry));
        let answer = answer_text(sent);
        let id = taken.acs_trans_id;
        match settled {
            Settled::Acknowledged => tracing::info!(acs_transaction = %id, "a result has arrived"),
            Settled::Again(_) => tracing::info!(acs_transaction = %id, answer, "a result is sent again"),
            Settled::GivenUp => tracing::warn!(acs_transaction = %id, answer, "a result is given up"),
        }
        let mut transaction = inner.store.pool().begin().await?;
        let counts = results::settle_in(&mut transaction, taken, settled, &answer, now).await?;
        if counts && !matches!(settled, Settled::Again(_)) {
            transactions::forget_proof_in(&mut transaction, id).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// What an attempt means: whether it is over, or when the next one is.
///
/// A repeat that is refused because the identifier is known (301, from 2.3.1 on 312) says that an earlier one has arrived
/// whose RRes was lost.
fn settled(taken: &Taken, sent: &Sent, now: OffsetDateTime, first_pause: Duration) -> Settled {
    let repeated = taken.attempt > 1;
    match sent {
        Sent::Receipt(_) => return Settled::Acknowledged,
        Sent::Erro(ErrorCode::TransactionNotRecognised | ErrorCode::DuplicateMessage) if repeated => {
            return Settled::Acknowledged;
        }
        Sent::Erro(ErrorCode::TimedOut | ErrorCode::TransientFailure | ErrorCode::ConnectionFailure)
        | Sent::Status(_)
        | Sent::Faulty
        | Sent::TimedOut
        | Sent::Unreachable => {}
        Sent::Erro(_) | Sent::Nowhere(_) => return Settled::GivenUp,
    }
    if now - taken.queued_at >= GIVEN_UP_AFTER {
        return Settled::GivenUp;
    }
    let doubled = u32::try_from(taken.attempt - 1)
        .ok()
        .and_then(|times| 2_u32.checked_pow(times))
        .map_or(PAUSES_MAX, |pauses| pauses.min(PAUSES_MAX));
    Settled::Again(now + first_pause * doubled)
}

/// What is written down of an attempt.
fn answer_text(sent: &Sent) -> String {
    match sent {
        Sent::Receipt(status) => format!("RRes {}", status.as_str()),
        Sent::Erro(code) => format!("Erro {}", code.number()),
        Sent::Status(status) => format!("HTTP {status}"),
        Sent::Faulty => "not an RRes to this RReq".to_owned(),
        Sent::TimedOut => "no answer in time".to_owned(),
        Sent::Unreachable => "not reached".to_owned(),
        Sent::Nowhere(why) => (*why).to_owned(),
    }
}

fn failed(error: &reqwest::Error) -> Sent {
    if error.is_timeout() && !error.is_connect() {
        Sent::TimedOut
    } else {
        Sent::Unreachable
    }
}

fn receipt(rreq: &RReq, answer: &[u8]) -> Sent {
    match Rules::received_by(Component::Acs, &Version::ALL).read_as::<RRes>(answer) {
        Ok(Received::Message(rres)) if rres.answers(rreq).is_ok() => Sent::Receipt(rres.results_status),
        Ok(Received::Erro(erro)) => Sent::Erro(erro.error_code),
        Ok(Received::Message(_)) | Err(_) => Sent::Faulty,
    }
}
