//! Talking to directory servers: what is posted, and what their answers, or their silence, mean for a transaction.
//!
//! It is the same whoever wants the cardholder authenticated: a payment of ours, or a shop that only asks for 3-D Secure.

use crate::{
    directories::Directory,
    gateway::Gateway,
    transport::{Sent, Silence},
};
use emv3ds::message::{ARes, Erro};
use mpi::{
    Prepared, Subject, Transaction,
    transaction::{News, Step, receive},
};
use primitives::{Exchange, HttpRequest, Method, Unreadable};
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
    /// Posts the AReq of a transaction that is recorded as asked, and answers the transaction with what came of it.
    pub(crate) async fn ask_directory(&self, transaction: Transaction, prepared: Prepared) -> Told {
        let heard = self.ask(transaction.subject(), prepared).await;
        self.hear(transaction, &heard)
    }

    /// Posts the AReq.
    pub(crate) async fn ask(&self, subject: &Subject, prepared: Prepared) -> Heard {
        let (id, brand) = (subject.id, subject.brand);
        let Some(directory) = self.directories().of(brand) else {
            return Heard::Unreachable;
        };
        let sent_at = Instant::now();
        let sent = self.post(&directory, &prepared.body).await;
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

    /// Posts a message to a directory server. A connection that cannot be made is tried once more, at the backup
    /// address where there is one (emv-3ds section 14): an authentication request moves no money.
    pub(crate) async fn post(&self, directory: &Directory, body: &[u8]) -> Sent<Vec<u8>> {
        let server = &directory.server;
        let time_limit =
            Duration::from_millis(u64::from(server.connect_timeout_ms) + u64::from(server.read_timeout_ms));
        let second = server.backup_url.as_ref().unwrap_or(&server.url);
        let mut last = Sent::NotSent("no address");
        for url in [&server.url, second] {
            let Ok(url) = url::Url::parse(url.as_str()) else {
                continue;
            };
            let request = HttpRequest::new(Method::Post, url)
                .header("content-type", "application/json; charset=utf-8")
                .header("accept-encoding", "identity")
                .body(body.to_vec());
            let exchange = Exchange::new(request, |reply| match reply.status {
                200 => Ok(reply.body.clone()),
                status => Err(Unreadable(format!("HTTP status {status}"))),
            });
            last = self.transport().send_within(exchange, time_limit).await;
            if !matches!(last, Sent::NotSent(_)) {
                break;
            }
        }
        last
    }
}
