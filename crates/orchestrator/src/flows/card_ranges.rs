//! Keeping the card-range cache fresh: PReq at start and on schedule, for each directory server on its own.
//!
//! Every process has all ranges in memory, and the database has them for those that start. Of an installation's
//! processes one asks, under a lease; the others load what it stored.

mod lease;
mod pipe;
#[cfg(test)]
mod tests;
mod transfer;

use crate::{
    directories::{Directory, identity},
    fault::Fault,
    gateway::Gateway,
};
use emv3ds::{ThreeDsServerTransId, message::Erro};
use lease::Lease;
use mpi::{
    CardRanges,
    card_range::{
        Applied, LastPreq, Limits, NextPreq,
        exchange::{Outcome, question},
        next_preq,
    },
    transaction::receive,
};
use primitives::Brand;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::{StoreError, directory_servers::DirectoryServer};
use tokio::{sync::Mutex, task::JoinHandle};
use transfer::Transfer;

/// The longest sleep between two looks at the schedule; changes of configuration are seen by then.
const POLL: Duration = Duration::from_secs(5);
/// Between two looks while another process is asking and we have nothing yet.
const POLL_AT_START: Duration = Duration::from_millis(200);
/// Requests in a row that may be due at once: refused versions, a refused serial number, a faulty change.
const REQUESTS_IN_A_ROW_MAX: u32 = 5;

/// Limits of what a directory server may send.
#[derive(Debug, Clone, Copy)]
pub struct CardRangeSettings {
    pub limits: Limits,
    /// From the PReq to the last byte of the answer, and of the file it may name.
    pub transfer_max: Duration,
}

impl Default for CardRangeSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            transfer_max: Duration::from_secs(900),
        }
    }
}

/// What this process knows of each directory server's ranges. Whoever is at it holds the lock.
#[derive(Debug, Default)]
pub struct CardRangeSchedule(BTreeMap<Brand, Arc<Mutex<Option<Known>>>>);

#[derive(Debug, Clone)]
struct Known {
    /// The directory server that told them.
    url: String,
    ranges: Arc<CardRanges>,
    /// What we go by.
    last: LastPreq,
    /// How the last PReq of any process went, as it was stored then.
    stored_last: LastPreq,
    generation: i64,
}

/// What a look at a directory server's ranges came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing was due, or somebody was asked.
    Done,
    /// Another process is asking.
    Elsewhere,
}

impl Gateway {
    /// Loads what is stored and asks every directory server that is due, so that the first purchases find the ranges
    /// there. What goes wrong at one of them is logged, and holds up none of the others.
    pub async fn load_card_ranges(&self) -> Result<CardRangeSchedule, Fault> {
        let mut schedule = CardRangeSchedule::default();
        loop {
            let mut elsewhere = false;
            for look in self.look_after_card_ranges(&mut schedule).await? {
                elsewhere |= look.await? == Look::Elsewhere;
            }
            if !elsewhere {
                return Ok(schedule);
            }
            tokio::time::sleep(POLL_AT_START).await;
        }
    }

    /// Asks whoever is due, until the process ends.
    pub async fn refresh_card_ranges_forever(self, mut schedule: CardRangeSchedule) {
        loop {
            // The looks go on by themselves: one directory server's long answer delays no other's.
            if let Err(fault) = self.look_after_card_ranges(&mut schedule).await {
                fault.logged();
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Begins a look at each directory server's ranges, unless the last one is still going on.
    async fn look_after_card_ranges(
        &self,
        schedule: &mut CardRangeSchedule,
    ) -> Result<Vec<JoinHandle<Look>>, Fault> {
        let servers = self.configuration().directory_servers().await?;
        let brands: Vec<Brand> = servers.iter().map(|server| server.brand).collect();
        self.directories().keep_only(&brands);
        schedule.0.retain(|brand, _| brands.contains(brand));
        let mut looks = Vec::new();
        for server in servers.iter() {
            let known = schedule.0.entry(server.brand).or_default();
            if let Ok(mut known) = Arc::clone(known).try_lock_owned() {
                let (gateway, server) = (self.clone(), server.clone());
                looks.push(tokio::spawn(async move {
                    match gateway.look_after(&server, &mut known).await {
                        Ok(look) => look,
                        Err(fault) => {
                            let error_id = fault.logged();
                            tracing::error!(brand = %server.brand, error_id, "card ranges were not looked after");
                            Look::Done
                        }
                    }
                }));
            }
        }
        Ok(looks)
    }

    async fn look_after(&self, server: &DirectoryServer, known: &mut Option<Known>) -> Result<Look, Fault> {
        let timers = &self.three_ds().timers;
        let same_server = known.take().filter(|known| known.url == server.url.as_str());
        let known = known.insert(match same_server {
            Some(known) => known,
            None => {
                let stored = self.stored_ranges(server).await?;
                Known {
                    last: stored.last.at_start(self.clock().now(), timers),
                    ..stored
                }
            }
        });
        self.show(server, known);
        if !next_preq(known.last, &known.ranges, timers).is_due(self.clock().now()) {
            return Ok(Look::Done);
        }
        let Some((lease, state)) = Lease::take(self, server).await? else {
            return Ok(Look::Elsewhere);
        };
        if state.generation != known.generation || state.last_preq != known.stored_last {
            // Another process has asked since we looked.
            *known = self.stored_ranges(server).await?;
            self.show(server, known);
        }
        for _ in 0..REQUESTS_IN_A_ROW_MAX {
            let next = next_preq(known.last, &known.ranges, timers);
            if !next.is_due(self.clock().now()) {
                break;
            }
            known.last = self.ask_for_card_ranges(server, known, &next, &lease).await?;
        }
        known.stored_last = known.last;
        if !self.store().card_ranges_release(lease.key, known.last).await? {
            tracing::warn!(brand = %server.brand, "somebody else asked for card ranges meanwhile");
        }
        Ok(Look::Done)
    }

    /// Lets purchases find what is known.
    fn show(&self, server: &DirectoryServer, known: &Known) {
        let shown = self.directories().of(server.brand);
        let same =
            shown.is_some_and(|shown| shown.server == *server && Arc::ptr_eq(&shown.ranges, &known.ranges));
        if !same {
            self.directories().put(self.directory(server, &known.ranges));
        }
    }

    fn directory(&self, server: &DirectoryServer, ranges: &Arc<CardRanges>) -> Directory {
        Directory::new(server, ranges, &self.three_ds().versions)
    }

    /// What is stored of this very directory server; nothing where that is of another one, or spoilt.
    async fn stored_ranges(&self, server: &DirectoryServer) -> Result<Known, Fault> {
        let nothing = Known {
            url: server.url.as_str().to_owned(),
            ranges: Arc::default(),
            last: LastPreq::Never,
            stored_last: LastPreq::Never,
            generation: 0,
        };
        match self.store().card_ranges_load(server.brand).await {
            Ok(None) => Ok(nothing),
            Ok(Some((state, ranges))) => {
                let same = state.directory_url == nothing.url;
                Ok(Known {
                    ranges: if same { Arc::new(ranges) } else { Arc::default() },
                    last: if same { state.last_preq } else { LastPreq::Never },
                    stored_last: state.last_preq,
                    generation: state.generation,
                    ..nothing
                })
            }
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(brand = %server.brand, cause = %error, "stored card ranges are spoilt; asking for all");
                Ok(nothing)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One PReq and what comes of it.
    async fn ask_for_card_ranges(
        &self,
        server: &DirectoryServer,
        known: &mut Known,
        next: &NextPreq,
        lease: &Lease,
    ) -> Result<LastPreq, Fault> {
        let (now, brand) = (self.clock().now(), server.brand);
        let id = ThreeDsServerTransId(self.clock().nonce());
        let identity = identity(server, self.three_ds());
        let ours = self.directory(server, &known.ranges).versions;
        let Ok(question) = question(id, &identity, next, &known.ranges, &ours) else {
            tracing::error!(%brand, "PReq cannot be made of what is configured");
            return Ok(LastPreq::Refused { at: now });
        };
        let heard = match Transfer::new(self, server, lease) {
            Ok(transfer) => transfer.ask(question, Arc::clone(&known.ranges), now).await,
            Err(why) => Err(why),
        };
        let (outcome, last) = match heard {
            Ok(heard) => heard,
            Err(why) => {
                let times = match known.last {
                    LastPreq::Unreachable { times, .. } => times.saturating_add(1),
                    _ => 1,
                };
                tracing::warn!(%brand, times, why, "directory server does not answer PReq");
                return Ok(LastPreq::Unreachable { at: now, times });
            }
        };
        match outcome {
            Outcome::Applied(ranges, applied) => {
                self.apply_card_ranges(server, known, *ranges, applied, lease)
                    .await?;
            }
            Outcome::Kept { erro, why } => {
                tracing::warn!(%brand, %why, "card ranges kept as they were");
                if let Some(erro) = erro {
                    self.tell_directory(server, known, &erro);
                }
            }
            // The transfer follows it.
            Outcome::InFile(_) => tracing::error!(%brand, "a card range file was not fetched"),
        }
        Ok(last)
    }

    async fn apply_card_ranges(
        &self,
        server: &DirectoryServer,
        known: &mut Known,
        ranges: CardRanges,
        applied: Applied,
        lease: &Lease,
    ) -> Result<(), Fault> {
        let brand = server.brand;
        tracing::info!(%brand, ranges = ranges.len(), ?applied, "card ranges received");
        if applied == Applied::NothingNew && ranges.header() == known.ranges.header() {
            return Ok(());
        }
        let now = self.clock().now();
        let stored = self.store().card_ranges_replace(lease.key, &ranges, now).await?;
        // Without the lease what another process got is newer, and found at the next look.
        if let Some(generation) = stored {
            known.generation = generation;
            known.ranges = Arc::new(ranges);
            self.show(server, known);
        }
        Ok(())
    }

    /// Tells the directory server what was wrong with its answer. Nothing waits for it.
    fn tell_directory(&self, server: &DirectoryServer, known: &Known, erro: &Erro) {
        if let Ok(body) = receive::erro_body(erro) {
            let (gateway, directory) = (self.clone(), self.directory(server, &known.ranges));
            tokio::spawn(async move { gateway.post(&directory, &body).await });
        }
    }
}
