//! Talking to directory servers: what is posted, and what their answers, or their silence, mean for a transaction.
//!
//! It is the same whoever wants the cardholder authenticated: a payment of ours, or a shop that only asks for 3-D Secure.

use crate::{
    authenticator::Said,
    directories::Directory,
    gateway::Gateway,
    transport::{Sent, Silence},
};
use emv3ds::{
    Version,
    message::{ARes, Erro},
};
use mpi::{
    Prepared, Subject, Transaction,
    transaction::{News, Step, receive},
};
use primitives::{Brand, Exchange, HttpRequest, Method, Unreadable};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// What came of an AReq. It can be told to the transaction again, should somebody have written that meanwhile.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A body: ARes, Erro or rubbish.
    Answer(Vec<u8>),
    /// Nothing in time.
    TimedOut,
    /// No connection, or one that broke.
    Unreachable,
    /// From a remote 3DS Server, which was asked instead.
    Remote { server: String, said: Said },
}

/// A transaction that has heard what came of its AReq.
#[derive(Debug)]
pub(crate) struct Told {
    pub transaction: Transaction,
    /// The ARes in full, where a usable one came.
    pub ares: Option<Box<ARes>>,
    /// What the directory server is to be told about its answer.
    pub erro: Option<Box<Erro>>,
}

impl Heard {
    /// Takes it into the transaction.
    pub fn told_to(&self, transaction: Transaction, now: OffsetDateTime) -> Told {
        let id = transaction.subject().id;
        let before = transaction.clone();
        let quiet = |step: Step| Told {
            transaction: step.transaction,
            ares: None,
            erro: None,
        };
        let told = match self {
            Self::Answer(body) => transaction.receive_answer(body, now).map(|taken| {
                if let Some(fault) = taken.fault {
                    tracing::warn!(authentication = %id, %fault, "unusable answer to an AReq");
                }
                Told {
                    ares: taken.ares,
                    erro: taken.erro,
                    ..quiet(taken.step)
                }
            }),
            Self::Remote { server, said } => said.told_to(transaction, server, now).map(|taken| {
                if let Some(flaw) = taken.flaw {
                    tracing::warn!(authentication = %id, remote = server, flaw, "unusable answer of a remote 3DS server");
                }
                quiet(taken.step)
            }),
            Self::TimedOut => transaction.apply(News::DirectoryTimedOut, now).map(quiet),
            Self::Unreachable => transaction.apply(News::DirectoryUnreachable, now).map(quiet),
        };
        told.unwrap_or_else(|refused| {
            tracing::warn!(authentication = %id, %refused, "answer to no AReq");
            Told {
                transaction: before,
                ares: None,
                erro: None,
            }
        })
    }
}

impl Gateway {
    /// Posts the AReq of a transaction that is recorded as asked; [`hear`](Self::hear) makes the transaction of what came.
    pub(crate) async fn ask(&self, subject: &Subject, prepared: Prepared) -> Heard {
        let (id, brand) = (subject.id, subject.brand);
        let Some(directory) = self.directories().of(brand) else {
            return Heard::Unreachable;
        };
        let sent_at = Instant::now();
        // From 2.3.1 on a request says in its header, too, what it is about [Req 468].
        let request_id = (subject.version >= Version::V2_3_1).then(|| id.to_string());
        let sent = self.post_as(&directory, &prepared.body, request_id).await;
        metrics::histogram!("pasarela_directory_server_seconds", "brand" => brand.as_str())
            .record(sent_at.elapsed());
        match sent {
            Sent::Answered(body) => Heard::Answer(body),
            Sent::NotSent(why) => {
                tracing::warn!(authentication = %id, %brand, why, "directory server cannot be reached");
                Heard::Unreachable
            }
            Sent::Silent(Silence::TimedOut) => {
                tracing::warn!(authentication = %id, %brand, "directory server did not answer in time");
                Heard::TimedOut
            }
            Sent::Silent(silence) => {
                tracing::warn!(authentication = %id, %brand, ?silence, "no usable answer from the directory server");
                Heard::Unreachable
            }
        }
    }

    /// Takes what came of the AReq into its transaction, and tells the directory server what was wrong with it.
    pub(crate) fn hear(&self, transaction: Transaction, heard: &Heard) -> Told {
        let brand = transaction.subject().brand;
        let told = heard.told_to(transaction, self.clock().now());
        let erro = told.erro.as_ref().and_then(|erro| receive::erro_body(erro).ok());
        if let (Some(erro), Some(directory)) = (erro, self.directories().of(brand)) {
            // Nothing waits for it: the outcome stands, and the directory server is merely informed.
            let gateway = self.clone();
            tokio::spawn(async move { gateway.post(&directory, &erro).await });
        }
        told
    }

    /// How long an AReq of this brand may be on its way before its sender counts as dead: the configured time, or what the
    /// brand's directory server may take if that is longer.
    pub(crate) fn areq_lease_seconds(&self, brand: Brand) -> u32 {
        let configured = self.limits().authentication_lease_seconds;
        match self.directories().of(brand) {
            Some(directory) => configured.max(longest_seconds(&directory, self.transport().queue_timeout())),
            None => configured,
        }
    }

    /// Posts a message to a directory server.
    pub(crate) async fn post(&self, directory: &Directory, body: &[u8]) -> Sent<Vec<u8>> {
        self.post_as(directory, body, None).await
    }

    /// Posts a message, with its `X-Request-ID` where it has one. A connection that cannot be made is tried once more, at the backup
    /// address where there is one (emv-3ds section 14): an authentication request moves no money.
    async fn post_as(&self, directory: &Directory, body: &[u8], request_id: Option<String>) -> Sent<Vec<u8>> {
        let server = &directory.server;
        let time_limit =
            Duration::from_millis(u64::from(server.connect_timeout_ms) + u64::from(server.read_timeout_ms));
        let line = match self.transport().line_to(server, self.vault()) {
            Ok(line) => line,
            Err(cause) => {
                tracing::error!(brand = %server.brand, %cause, "no connection to the directory server can be set up");
                return Sent::NotSent("its certificates cannot be used");
            }
        };
        let second = server.backup_url.as_ref().unwrap_or(&server.url);
        let mut last = Sent::NotSent("no address");
        for url in [&server.url, second] {
            let Ok(url) = url::Url::parse(url.as_str()) else {
                continue;
            };
            let mut request = HttpRequest::new(Method::Post, url)
                .header("content-type", "application/json; charset=utf-8")
                .header("accept-encoding", "identity")
                .body(body.to_vec());
            if let Some(request_id) = &request_id {
                request = request.header("x-request-id", request_id.as_str());
            }
            let exchange = Exchange::new(request, |reply| match reply.status {
                200 => Ok(reply.body.clone()),
                status => Err(Unreadable(format!("HTTP status {status}"))),
            });
            last = self.transport().send_on(&line, exchange, time_limit).await;
            if !matches!(last, Sent::NotSent(_)) {
                break;
            }
        }
        last
    }
}

/// The longest [`Gateway::post`] can take: two connections, each after waiting for its turn, and an answer by the second.
fn longest_seconds(directory: &Directory, queue_timeout: Duration) -> u32 {
    let server = &directory.server;
    let connecting = Duration::from_millis(u64::from(server.connect_timeout_ms)) + queue_timeout;
    let reading = Duration::from_millis(u64::from(server.read_timeout_ms));
    let longest = connecting * 2 + reading;
    u32::try_from(longest.as_secs()).unwrap_or(u32::MAX)
}
