//! One brand's answers to PReqs: what is new, in the asker's version, and what goes wrong with it by a lever.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use emv3ds::code::{AcsInfoInd, ErrorCode};
use emv3ds::message::PReq;
use emv3ds::{DsTransId, Fault, Version};
use primitives::Brand;
use serde_json::value::RawValue;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::number_space::Block;
use super::preparation::{PRes, Shape, with_entry};
use super::ranges::{CardRange, CardRanges, Issuer, News, VERSIONS};
use crate::faults::message::{MessageFault, MessageFaultOrder};
use crate::spoil::spoil;

/// A block of numbers that no brand of ours has.
const NOBODYS: (&str, &str) = ("9999999999990", "9999999999999");

/// `cardRangeData` with everything, as one shape writes it, under its serial number.
type Written = (String, Arc<RawValue>);

/// The card ranges of one brand and whoever asks for them.
#[derive(Debug)]
pub struct CardRangeService {
    brand: Brand,
    public_url: String,
    ranges: RwLock<CardRanges>,
    products: Mutex<Products>,
    written: Mutex<HashMap<Shape, Written>>,
    limit: Mutex<Limit>,
}

/// The numbers that an access control server has, or had.
#[derive(Debug, Default)]
struct Products {
    known: Vec<Block>,
    /// What was taken out with a product that is gone.
    withdrawn: Vec<(Block, Arc<Issuer>)>,
}

/// How many PReqs an hour are answered.
#[derive(Debug, Default)]
struct Limit {
    per_hour: Option<usize>,
    answered: VecDeque<OffsetDateTime>,
}

impl CardRangeService {
    /// The service of a brand as the sandbox begins. `public_url` is the sandbox as browsers and gateways reach it.
    pub fn new(brand: Brand, public_url: &str) -> Self {
        Self {
            brand,
            public_url: public_url.to_owned(),
            ranges: RwLock::new(CardRanges::of(brand, public_url)),
            products: Mutex::default(),
            written: Mutex::default(),
            limit: Mutex::default(),
        }
    }

    /// The ranges as they are now.
    pub fn ranges(&self) -> RwLockReadGuard<'_, CardRanges> {
        self.ranges.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ranges, to change them.
    pub fn ranges_mut(&self) -> RwLockWriteGuard<'_, CardRanges> {
        self.ranges.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts everything back as it was in the beginning.
    pub fn reset(&self) {
        *self.ranges_mut() = CardRanges::of(self.brand, &self.public_url);
        *self.products.lock().unwrap_or_else(PoisonError::into_inner) = Products::default();
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = Limit::default();
    }

    /// Follows the products of an access control server: numbers of one that is gone leave, and come back with it.
    pub fn follow(&self, blocks: &[Block]) {
        let mut products = self.products.lock().unwrap_or_else(PoisonError::into_inner);
        if products.known == blocks {
            return;
        }
        let mut ranges = self.ranges_mut();
        let (back, gone): (Vec<_>, Vec<_>) = products
            .withdrawn
            .drain(..)
            .partition(|(block, _)| blocks.contains(block));
        products.withdrawn = gone;
        for (block, issuer) in back {
            ranges.add(CardRange { block, issuer });
        }
        let left: Vec<Block> = products
            .known
            .iter()
            .filter(|block| !blocks.contains(block))
            .cloned()
            .collect();
        for block in left {
            let (first, _) = block.bounds();
            let Some(issuer) = ranges.issuer_of(&first).cloned() else {
                continue;
            };
            if ranges.delete(&block).is_ok() {
                products.withdrawn.push((block, issuer));
            }
        }
        products.known = blocks.to_vec();
    }

    /// Lets a directory server answer so many PReqs an hour; `None` is as many as come.
    pub fn limit_to(&self, per_hour: Option<usize>) {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit.per_hour = per_hour;
        limit.answered.clear();
    }

    /// The PRes to a PReq.
    ///
    /// # Errors
    /// 103 when too many came, 307 for a serial number never given here, 404 when the answer cannot be written.
    pub fn answer(
        &self,
        preq: &PReq,
        ds_trans_id: DsTransId,
        order: Option<&MessageFaultOrder>,
        now: OffsetDateTime,
    ) -> Result<Vec<u8>, Fault> {
        if !self.within_limit(now) {
            return Err(Fault::new(ErrorCode::SentMessagesLimitExceeded, "PReq"));
        }
        let shape = Shape::of(preq.message_version);
        let fault = order.map(|order| order.fault);
        let mut pres = PRes::to(preq, ds_trans_id);
        if preq.card_range_data_download_ind.is_some() && shape == Shape::Lists {
            let serial_number = self.ranges().serial_number().to_owned();
            let (url, brand) = (&self.public_url, self.brand);
            let file = format!("{url}/directory/{brand}/ranges/{serial_number}.json");
            pres.card_range_data_file_url = Some(file);
            return written(&pres, order);
        }
        let asked_from = match fault {
            Some(MessageFault::PResWithoutSerial) => None,
            _ => preq.serial_num.as_deref(),
        };
        let data = {
            let ranges = self.ranges();
            pres.serial_num = Some(ranges.serial_number().to_owned());
            match ranges.news_since(asked_from) {
                None => return Err(Fault::new(ErrorCode::SerialNumberInvalid, "serialNum")),
                Some(News::Nothing) => None,
                Some(News::Changes(changes)) => {
                    pres.read_order = (shape == Shape::Lists).then_some("01");
                    Some(Arc::from(shape.changes(changes).map_err(unwritable)?))
                }
                Some(News::Everything(all)) => Some(
                    self.everything(shape, ranges.serial_number(), all)
                        .map_err(unwritable)?,
                ),
            }
        };
        let wrong = fault.and_then(|fault| self.wrong_entry(fault, shape, asked_from.is_some()));
        let data = match wrong {
            None => data,
            Some(entry) => {
                // Never the serial number of good content.
                pres.serial_num = Some(made_up_serial_number());
                pres.read_order = (shape == Shape::Lists && asked_from.is_some()).then_some("01");
                Some(Arc::from(
                    with_entry(data.as_deref(), &entry).map_err(unwritable)?,
                ))
            }
        };
        if fault == Some(MessageFault::PResWithoutSerial) {
            pres.serial_num = None;
        }
        pres.card_range_data = data.as_deref();
        written(&pres, order)
    }

    /// The file of 2.3.1, if this is the serial number of the present content.
    pub fn file(&self, serial_number: &str) -> Option<Vec<u8>> {
        let ranges = self.ranges();
        if ranges.serial_number() != serial_number {
            return None;
        }
        let data = self.everything(Shape::Lists, serial_number, ranges.all()).ok()?;
        let mut file = br#"{"cardRangeData":"#.to_vec();
        file.extend_from_slice(data.get().as_bytes());
        file.push(b'}');
        Some(file)
    }

    /// Everything in one shape, written once for each serial number.
    fn everything(
        &self,
        shape: Shape,
        serial_number: &str,
        ranges: &[CardRange],
    ) -> serde_json::Result<Arc<RawValue>> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, data)) = written.get(&shape)
            && of == serial_number
        {
            return Ok(Arc::clone(data));
        }
        let data: Arc<RawValue> = Arc::from(shape.all(ranges)?);
        written.insert(shape, (serial_number.to_owned(), Arc::clone(&data)));
        Ok(data)
    }

    fn within_limit(&self, now: OffsetDateTime) -> bool {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(per_hour) = limit.per_hour else {
            return true;
        };
        limit.answered.retain(|at| now - *at < Duration::HOUR);
        if limit.answered.len() >= per_hour {
            return false;
        }
        limit.answered.push_back(now);
        true
    }

    /// The entry that a faulty directory server adds.
    fn wrong_entry(&self, fault: MessageFault, shape: Shape, delta: bool) -> Option<serde_json::Value> {
        let marked = |action: &'static str| Some(action);
        match fault {
            MessageFault::PResModifyUnknown => Some(shape.one(marked("M"), &nobodys_range()?)),
            MessageFault::PResDeleteUnknown => Some(shape.one(marked("D"), &nobodys_range()?)),
            MessageFault::PResAddKnown => Some(shape.one(marked("A"), self.ranges().all().first()?)),
            MessageFault::PResOverlap => {
                let first = self.ranges().all().first()?.clone();
                let start = *first.block.numbers.start();
                let inside = CardRange {
                    block: Block {
                        digits: first.block.digits,
                        numbers: start..=start,
                    },
                    issuer: first.issuer,
                };
                Some(shape.one(delta.then_some("A"), &inside))
            }
            _ => None,
        }
    }
}

fn nobodys_range() -> Option<CardRange> {
    let (start, end) = NOBODYS;
    Some(CardRange {
        block: Block::between(start, end)?,
        issuer: Arc::new(Issuer {
            acs_versions: VERSIONS.to_vec(),
            ds_versions: None,
            method_url: None,
            info: vec![AcsInfoInd::AuthenticationAvailable.to_string()],
        }),
    })
}

fn made_up_serial_number() -> String {
    (Uuid::new_v4().as_u128() % 1_000_000_000_000).to_string()
}

fn unwritable(error: serde_json::Error) -> Fault {
    tracing::error!(%error, "card ranges could not be written");
    Fault::new(ErrorCode::PermanentFailure, "card ranges")
}

fn written(pres: &PRes<'_>, order: Option<&MessageFaultOrder>) -> Result<Vec<u8>, Fault> {
    let mut bytes = serde_json::to_vec(pres).map_err(unwritable)?;
    match order.map(|order| order.fault) {
        Some(MessageFault::PResTruncated) => bytes.truncate(bytes.len() / 2),
        Some(MessageFault::PRes(fault)) => {
            if let Some(order) = order {
                bytes = spoil(bytes, fault, order);
            }
        }
        _ => {}
    }
    Ok(bytes)
}

/// The versions an issuer and its directory server both speak, of those that are spoken here at all.
pub fn versions_spoken(issuer: &Issuer) -> Vec<Version> {
    let spoken: Vec<_> = issuer.versions_spoken().collect();
    Version::ALL
        .into_iter()
        .filter(|version| spoken.contains(&version.number()))
        .collect()
}
