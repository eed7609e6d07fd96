//! Keeping the card-range cache fresh: PReq at start and on schedule, for each directory server.

use crate::{
    directories::{Directory, identity},
    fault::Fault,
    gateway::Gateway,
    transport::Sent,
};
use emv3ds::ThreeDsServerTransId;
use mpi::{
    CardRanges,
    card_range::{
        Header, LastPreq, Limits, NextPreq, StoredChunk,
        exchange::{Outcome, answer, question},
        next_preq,
    },
    version_choice::OURS,
};
use primitives::Brand;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::{card_ranges::CardRangeSnapshot, directory_servers::DirectoryServer};

/// The longest sleep between two looks at the schedule; changes of configuration are seen by then.
const POLL: Duration = Duration::from_secs(5);

/// The cache as it is stored.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    header: Header,
    attributes: Vec<Vec<u8>>,
    rows: Vec<Vec<u8>>,
}

/// When each directory server was last asked; one that is not in it is due.
#[derive(Debug, Default)]
pub struct CardRangeSchedule(BTreeMap<Brand, LastPreq>);

impl Gateway {
    /// Loads what is stored and asks every directory server once, so that the first purchases find the ranges there.
    pub async fn load_card_ranges(&self) -> Result<CardRangeSchedule, Fault> {
        let mut schedule = CardRangeSchedule::default();
        self.refresh_due_card_ranges(&mut schedule.0).await?;
        Ok(schedule)
    }

    /// Asks whoever is due, until the process ends.
    pub async fn refresh_card_ranges_forever(self, mut schedule: CardRangeSchedule) {
        loop {
            if let Err(fault) = self.refresh_due_card_ranges(&mut schedule.0).await {
                fault.logged();
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn refresh_due_card_ranges(&self, last: &mut BTreeMap<Brand, LastPreq>) -> Result<(), Fault> {
        let servers = self.configuration().directory_servers().await?;
        let brands: Vec<Brand> = servers.iter().map(|server| server.brand).collect();
        self.directories().keep_only(&brands);
        for server in servers.iter() {
            let known = self.directories().of(server.brand);
            let (ranges, stored_last) = match known {
                Some(known) => (Arc::clone(&known.ranges), None),
                None => self.stored_ranges(server.brand).await?,
            };
            let before = last
                .get(&server.brand)
                .copied()
                .or(stored_last)
                .unwrap_or_default();
            self.directories().put(Directory {
                server: server.clone(),
                ranges: Arc::clone(&ranges),
            });
            let next = next_preq(before, &ranges, &self.three_ds().timers);
            if next.is_due(self.clock().now()) {
                let after = self.refresh(server, &ranges, &next, before).await?;
                last.insert(server.brand, after);
            } else {
                last.insert(server.brand, before);
            }
        }
        Ok(())
    }

    async fn stored_ranges(&self, brand: Brand) -> Result<(Arc<CardRanges>, Option<LastPreq>), Fault> {
        let Some(stored) = self.store().card_ranges_load(brand).await? else {
            return Ok((Arc::default(), None));
        };
        let snapshot: Snapshot = serde_json::from_value(stored.snapshot)?;
        let attributes = snapshot.attributes.into_iter().map(StoredChunk::Attributes);
        let rows = snapshot.rows.into_iter().map(StoredChunk::Rows);
        let ranges = match CardRanges::from_stored(snapshot.header, attributes.chain(rows)) {
            Ok(ranges) => ranges,
            Err(why) => {
                tracing::error!(%brand, %why, "stored card ranges do not fit together; asking for all");
                return Ok((Arc::default(), None));
            }
        };
        // At the start of a process the directory server is asked for what changed since, whenever that was.
        Ok((Arc::new(ranges), None))
    }

    async fn refresh(
        &self,
        server: &DirectoryServer,
        ranges: &CardRanges,
        next: &NextPreq,
        before: LastPreq,
    ) -> Result<LastPreq, Fault> {
        let now = self.clock().now();
        let id = ThreeDsServerTransId(self.clock().nonce());
        let Ok(question) = question(id, &identity(server, self.three_ds()), next, ranges, OURS) else {
            tracing::error!(brand = %server.brand, "PReq cannot be made of what is configured");
            return Ok(LastPreq::Refused { at: now });
        };
        let directory = Directory {
            server: server.clone(),
            ranges: Arc::default(),
        };
        let body = match self.post(&directory, &question.body).await {
            Sent::Answered(body) => body,
            Sent::NotSent(_) | Sent::Silent(_) => {
                let times = if let LastPreq::Unreachable { times, .. } = before {
                    times.saturating_add(1)
                } else {
                    1
                };
                tracing::warn!(brand = %server.brand, times, "directory server does not answer PReq");
                return Ok(LastPreq::Unreachable { at: now, times });
            }
        };
        let Ok((outcome, last)) = answer(&question, body.as_slice(), ranges, &Limits::default(), now) else {
            return Ok(LastPreq::Unreachable { at: now, times: 2 });
        };
        match outcome {
            Outcome::Applied(ranges, _) => {
                tracing::info!(brand = %server.brand, ranges = ranges.len(), "card ranges received");
                let mut snapshot = Snapshot {
                    header: ranges.header().clone(),
                    attributes: Vec::new(),
                    rows: Vec::new(),
                };
                for chunk in ranges.stored().chunks() {
                    match chunk {
                        StoredChunk::Attributes(bytes) => snapshot.attributes.push(bytes),
                        StoredChunk::Rows(bytes) => snapshot.rows.push(bytes),
                    }
                }
                let stored = CardRangeSnapshot {
                    serial_num: ranges.serial().map(str::to_owned),
                    snapshot: serde_json::to_value(&snapshot)?,
                    received_at: now,
                };
                self.directories().put(Directory {
                    server: server.clone(),
                    ranges: ranges.into(),
                });
                self.store().card_ranges_save(server.brand, &stored).await?;
            }
            Outcome::InFile(_) => {
                tracing::warn!(brand = %server.brand, "card ranges are in a file, which is not fetched");
            }
            Outcome::Kept { erro, why } => {
                tracing::warn!(brand = %server.brand, %why, "card ranges kept as they were");
                if let Some(body) = erro.and_then(|erro| mpi::transaction::receive::erro_body(&erro).ok()) {
                    let gateway = self.clone();
                    tokio::spawn(async move { gateway.post(&directory, &body).await });
                }
            }
        }
        Ok(last)
    }
}
