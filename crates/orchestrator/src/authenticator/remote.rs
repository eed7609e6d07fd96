//! A remote 3DS Server is asked for an authentication, and for what became of it.
//!
//! An authentication is asked for once. Where no answer came, reports tell what became of it; they may be asked for as
//! often as one likes.

use super::Remote;
use crate::{
    fault::Stopped,
    flows::{Heard, is_race, run::StoredRun},
    gateway::Gateway,
    transport::{Sent, Silence},
};
use mpi::{
    Prepared, Transaction,
    remote::{self, Answered, Report, Taken},
    transaction::{Effect, Refused},
};
use primitives::{Id, id::kind};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// Pauses before the reports that settle an authentication which brought no answer.
const SETTLING: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// How much sooner than its lease ends an authentication has to have come to something.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
/// Pauses between reports on a challenge: the first, and the longest.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// When the recovery looks first; then as often as its lease lets it.
pub(crate) const LOOK_AGAIN: time::Duration = time::Duration::seconds(30);

/// What a remote server said of an authentication that was on its way.
#[derive(Debug)]
pub(crate) enum Said {
    Answer(Answered),
    /// In place of an answer that was lost.
    Report(Report),
}

/// What a look for the results of a challenge found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nobody waits for results of a remote server.
    NothingAwaited,
    StillWaiting,
    /// They are recorded, and the payment goes on.
    Settled,
}

impl Said {
    /// Takes it into the transaction.
    pub fn told_to(
        &self,
        transaction: Transaction,
        server: &str,
        now: OffsetDateTime,
    ) -> Result<Taken, Refused> {
        match self {
            Self::Answer(answered) => transaction.receive_remote_answer(answered, server, now),
            Self::Report(report) => transaction.receive_remote_report(report, server, now),
        }
    }
}

impl Gateway {
    /// Asks for the authentication of a transaction that is recorded as asked.
    pub(crate) async fn ask_remote(
        &self,
        server: &str,
        transaction: &Transaction,
        prepared: &Prepared,
    ) -> Heard {
        let lease = Duration::from_secs(self.limits().authentication_lease_seconds.into());
        let asking = self.ask_until_settled(server, transaction, prepared);
        match tokio::time::timeout(lease.saturating_sub(LEASE_MARGIN), asking).await {
            Ok(heard) => heard,
            Err(_) => Heard::TimedOut,
        }
    }

    async fn ask_until_settled(&self, server: &str, transaction: &Transaction, prepared: &Prepared) -> Heard {
        let id = transaction.subject().id;
        let Some(remote) = self.remote(server).await else {
            return Heard::Unreachable;
        };
        let mut sent = self.send_authentication(&remote, transaction, prepared).await;
        if let Sent::NotSent(_) = sent {
            // Nothing reached it, so this is no repetition.
            sent = self.send_authentication(&remote, transaction, prepared).await;
        }
        let unsettled = match sent {
            Sent::Answered(answered) if !answered.was_asked_before() => {
                return Heard::Remote {
                    server: server.to_owned(),
                    said: Said::Answer(answered),
                };
            }
            Sent::NotSent(why) => {
                tracing::warn!(authentication = %id, remote = server, why, "remote 3DS server cannot be reached");
                return Heard::Unreachable;
            }
            Sent::Answered(_) | Sent::Silent(Silence::TimedOut) => Heard::TimedOut,
            Sent::Silent(Silence::Cut | Silence::TooLarge | Silence::Unreadable(_)) => Heard::Unreachable,
        };
        tracing::warn!(authentication = %id, remote = server, "no answer from a remote 3DS server; asking what became of it");
        for pause in SETTLING {
            tokio::time::sleep(pause).await;
            if let Some(said) = self.settled_by_report(&remote, transaction).await {
                return Heard::Remote {
                    server: server.to_owned(),
                    said,
                };
            }
        }
        unsettled
    }

    /// The report that settles an authentication whose answer is lost, if there is one.
    async fn settled_by_report(&self, remote: &Remote, transaction: &Transaction) -> Option<Said> {
        let report = self.remote_report(remote, transaction).await?;
        let taken =
            transaction
                .clone()
                .receive_remote_report(&report, &remote.server.name, self.clock().now());
        let moves = taken.is_ok_and(|taken| taken.step.effect == Effect::Moved);
        moves.then_some(Said::Report(report))
    }

    /// What became of an authentication whose asker is dead: one report.
    pub(crate) async fn heard_by_report(&self, stored: &StoredRun) -> Option<Heard> {
        let server = stored.run.remote.as_deref()?;
        let remote = self.remote(server).await?;
        let said = self.settled_by_report(&remote, &stored.run.transaction).await?;
        Some(Heard::Remote {
            server: server.to_owned(),
            said,
        })
    }

    /// Looks once whether the remote server has the results that a run waits for, and records them.
    pub(crate) async fn look_for_results(&self, id: Id<kind::Authentication>) -> Result<Look, Stopped> {
        let Some(mut stored) = self.readable_run(id).await? else {
            return Ok(Look::NothingAwaited);
        };
        let (Transaction::AwaitingResults(_), Some(server)) = (&stored.run.transaction, &stored.run.remote)
        else {
            return Ok(Look::NothingAwaited);
        };
        let server = server.clone();
        let Some(remote) = self.remote(&server).await else {
            return Ok(Look::StillWaiting);
        };
        let Some(report) = self.remote_report(&remote, &stored.run.transaction).await else {
            return Ok(Look::StillWaiting);
        };
        let transaction = stored.run.transaction.clone();
        let taken = match transaction.receive_remote_report(&report, &server, self.clock().now()) {
            Ok(taken) => taken,
            Err(refused) => {
                tracing::warn!(authentication = %id, %refused, "report that this run cannot take");
                return Ok(Look::StillWaiting);
            }
        };
        if let Some(flaw) = taken.flaw {
            tracing::warn!(authentication = %id, remote = server, flaw, "unusable report from a remote 3DS server");
        }
        if taken.step.effect != Effect::Moved {
            return Ok(Look::StillWaiting);
        }
        stored.run.transaction = taken.step.transaction;
        match self.results_moved(stored).await {
            Ok(()) => Ok(Look::Settled),
            // Somebody else wrote it: the next look finds what.
            Err(stopped) if is_race(&stopped) => Ok(Look::StillWaiting),
            Err(stopped) => Err(stopped),
        }
    }

    /// Looks for the results again and again, with growing pauses, until nobody waits for them any more. Should this
    /// process end meanwhile, the page and the recovery still look.
    pub(crate) fn follow_results(&self, id: Id<kind::Authentication>) {
        let gateway = self.clone();
        tokio::spawn(async move {
            let mut pause = PAUSE;
            loop {
                let looking = {
                    let gateway = gateway.clone();
                    async move { gateway.look_for_results(id).await }
                };
                // A look that finds something goes on to charge, and must not be cut off.
                match gateway.spawn_flow(looking).await {
                    Ok(Ok(Look::StillWaiting)) => {}
                    Ok(Ok(Look::Settled | Look::NothingAwaited)) | Err(_) => return,
                    Ok(Err(stopped)) => {
                        tracing::error!(authentication = %id, cause = %stopped, "look for results failed");
                    }
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        });
    }

    async fn send_authentication(
        &self,
        remote: &Remote,
        transaction: &Transaction,
        prepared: &Prepared,
    ) -> Sent<Answered> {
        let exchange = remote::authenticate(&remote.server, transaction.subject().id, prepared);
        let sent_at = Instant::now();
        let sent = self.transport().send_within(exchange, remote.read_timeout).await;
        super::count_seconds(&remote.server.name, "authenticate", sent_at);
        sent
    }

    async fn remote_report(&self, remote: &Remote, transaction: &Transaction) -> Option<Report> {
        let id = transaction.subject().id;
        let exchange = remote::report(&remote.server, id);
        let sent_at = Instant::now();
        let sent = self.transport().send_within(exchange, remote.read_timeout).await;
        super::count_seconds(&remote.server.name, "report", sent_at);
        match sent {
            Sent::Answered(report) => Some(report),
            Sent::NotSent(why) => {
                tracing::warn!(authentication = %id, remote = remote.server.name, why, "remote 3DS server cannot be reached");
                None
            }
            Sent::Silent(silence) => {
                tracing::warn!(authentication = %id, remote = remote.server.name, ?silence, "no report from a remote 3DS server");
                None
            }
        }
    }

    /// The server of that name. One that is not there any more cannot be reached.
    async fn remote(&self, name: &str) -> Option<std::sync::Arc<Remote>> {
        match self.configuration().remote_server(name).await {
            Ok(found) => found,
            Err(fault) => {
                fault.logged();
                None
            }
        }
    }
}
