//! The version check: whether and how a card takes part, asked of whoever authenticates for a connection.
//!
//! Our own MPI answers from memory. A remote server is asked over the wire, before anything is recorded: it moves no
//! money, and a transaction that is made there and never used expires there.

use crate::{
    directories::{Enrollment, Source},
    fault::Fault,
    gateway::Gateway,
    transport::{Sent, Silence},
};
use emv3ds::Version;
use mpi::{
    Failure,
    remote::{self, CannotAsk, Creation, Enrolled},
};
use payments::connection::ThreeDsSettings;
use primitives::{Card, Moment};
use std::time::Instant;

impl Gateway {
    /// Whether and how a card takes part; `None`: it does not.
    pub(crate) async fn enrollment(
        &self,
        settings: &ThreeDsSettings,
        card: &Card,
        moment: Moment,
    ) -> Result<Option<Enrollment>, Fault> {
        match &settings.remote {
            None => Ok(self.directories().enrollment(&card.pan)),
            // Boxed, as everything here is where it is called: the flows of our own MPI need not carry it on their stack.
            Some(name) => Box::pin(self.remote_enrollment(name, card, moment)).await,
        }
    }

    async fn remote_enrollment(
        &self,
        name: &str,
        card: &Card,
        moment: Moment,
    ) -> Result<Option<Enrollment>, Fault> {
        let failed = |failure| Ok(Some(Enrollment::failed(name, failure)));
        let Some(remote) = self.configuration().remote_server(name).await? else {
            return failed(Failure::DirectoryUnreachable);
        };
        let exchange = match remote::create(&remote.server, &card.pan, moment) {
            Ok(exchange) => exchange,
            Err(CannotAsk::UnknownBrand) => return Ok(None),
            Err(CannotAsk::CannotSign) => return failed(Failure::CannotRequest),
        };
        let sent_at = Instant::now();
        let sent = self.transport().send_within(exchange, remote.read_timeout).await;
        super::count_seconds(name, "create", sent_at);
        match sent {
            Sent::Answered(Creation::Enrolled(Enrolled {
                id,
                version,
                method_url,
            })) => Ok(Some(Enrollment {
                version,
                method_url,
                source: Source::Remote {
                    server: name.to_owned(),
                    transaction: Ok(id),
                },
            })),
            Sent::Answered(Creation::NotEnrolled) => Ok(None),
            Sent::Answered(Creation::Failed(failure)) => {
                tracing::warn!(remote = name, %failure, "remote 3DS server made no transaction");
                failed(failure)
            }
            Sent::NotSent(why) => {
                tracing::warn!(remote = name, why, "remote 3DS server cannot be reached");
                failed(Failure::DirectoryUnreachable)
            }
            Sent::Silent(silence) => {
                tracing::warn!(
                    remote = name,
                    ?silence,
                    "no usable answer from a remote 3DS server"
                );
                failed(match silence {
                    Silence::TimedOut => Failure::DirectoryTimeout,
                    Silence::Cut | Silence::TooLarge | Silence::Unreadable(_) => {
                        Failure::DirectoryUnreachable
                    }
                })
            }
        }
    }
}

impl Enrollment {
    /// A card of which a remote server could not tell anything: its authentication ends before it begins.
    pub(crate) fn failed(server: &str, failure: Failure) -> Self {
        Self {
            // None was agreed on, and no message is going to be written in it.
            version: Version::V2_2_0,
            method_url: None,
            source: Source::Remote {
                server: server.to_owned(),
                transaction: Err(failure),
            },
        }
    }

    /// The moment whose fresh identifier is the run's: the remote server's own transaction where it made one, since that
    /// is what the ACS, the 3DS Method and the browser name.
    pub(crate) fn moment(&self, moment: Moment) -> Moment {
        match &self.source {
            Source::Remote {
                transaction: Ok(id), ..
            } => Moment::new(moment.now, id.0),
            Source::Remote { .. } | Source::Own => moment,
        }
    }

    /// Why there will be no authentication.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match &self.source {
            Source::Remote {
                transaction: Err(failure),
                ..
            } => Some(*failure),
            Source::Remote { .. } | Source::Own => None,
        }
    }

    /// The remote server that authenticates; `None`: our own MPI.
    pub(crate) fn remote(&self) -> Option<&str> {
        match &self.source {
            Source::Remote { server, .. } => Some(server),
            Source::Own => None,
        }
    }
}
