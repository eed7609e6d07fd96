//! Talking to directory servers: what is posted, and what their answers, or their silence, mean for a run.

use super::run::StoredRun;
use crate::{
    directories::Directory,
    gateway::Gateway,
    transport::{Sent, Silence},
};
use mpi::{
    Prepared,
    transaction::{News, receive},
};
use primitives::{Exchange, HttpRequest, Method, Unreadable};
use std::time::{Duration, Instant};

impl Gateway {
    /// Posts the AReq and takes what comes into the run.
    pub(crate) async fn ask_directory(&self, stored: &mut StoredRun, prepared: Prepared) {
        let brand = stored.run.transaction.subject().brand;
        let Some(directory) = self.directories().of(brand) else {
            stored.apply(News::DirectoryUnreachable, self.clock().now());
            return;
        };
        let sent_at = Instant::now();
        let sent = self.post(&directory, &prepared.body).await;
        metrics::histogram!("pasarela_directory_server_seconds", "brand" => brand.as_str())
            .record(sent_at.elapsed());
        let now = self.clock().now();
        match sent {
            Sent::Answered(body) => match stored.run.transaction.clone().receive_answer(&body, now) {
                Ok(taken) => {
                    stored.run.transaction = taken.step.transaction;
                    if let Some(fault) = taken.fault {
                        tracing::warn!(authentication = %stored.id, %fault, "unusable answer to an AReq");
                    }
                    if let Some(erro) = taken.erro.and_then(|erro| receive::erro_body(&erro).ok()) {
                        // Nothing waits for it: the payment is decided, and the directory server merely informed.
                        let gateway = self.clone();
                        tokio::spawn(async move { gateway.post(&directory, &erro).await });
                    }
                }
                Err(refused) => tracing::warn!(authentication = %stored.id, %refused, "answer to no AReq"),
            },
            Sent::NotSent(why) => {
                tracing::warn!(authentication = %stored.id, %brand, why, "directory server cannot be reached");
                stored.apply(News::DirectoryUnreachable, now);
            }
            Sent::Silent(Silence::TimedOut) => {
                tracing::warn!(authentication = %stored.id, %brand, "directory server did not answer in time");
                stored.apply(News::DirectoryTimedOut, now);
            }
            Sent::Silent(silence) => {
                tracing::warn!(authentication = %stored.id, %brand, ?silence, "no usable answer from the directory server");
                stored.apply(News::DirectoryUnreachable, now);
            }
        }
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
