//! Imports in bulk: an upload is cut into batches that are kept sealed; a worker takes them in their order, each whole in one
//! transaction. Whatever dies, nothing is half done: an upload goes on after the lines that are kept, and a batch that was
//! not worked off is there.

use crate::flows::registration::{IN_NO_RANGE, OF_ANOTHER_PRODUCT};
use crate::identifiers::{CardId, ConsumerId, IssuerId};
use crate::registration::card::{CARD_ID, CONSUMER_ID, CardBody};
use crate::registration::cardholder::CardholderBody;
use crate::registration::members::{Members, Refused};
use crate::service::{Acs, Rounds};
use crate::store::StoreError;
use crate::store::cardholders::{self, Cardholder};
use crate::store::cards::{self, Card, CardsWritten};
use crate::store::imports::{self, Batch, Progress, Refusal};
use crate::store::products::{self, Product};
use futures_util::{Stream, StreamExt as _};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use thiserror::Error;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Lines that are worked off together.
const BATCH_LINES: i32 = 500;
/// Bytes that are worked off together, more or less: the last line may go over.
const BATCH_BYTES: usize = 512 * 1024;
/// The longest line.
const LINE_MAX_BYTES: usize = 16 * 1024;
/// Lines of one import.
const LINES_MAX: i64 = 2_000_000;
/// How long an upload may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Rows after which others get their turn.
const ROWS_AT_A_STRETCH: usize = 25;
const UNREADABLE: &str = "must be a JSON object on a line of its own";

/// Why an upload ended early. What was kept stays, and an upload of the same name goes on after it.
#[derive(Debug, Error)]
pub(crate) enum UploadEnded {
    /// A line that is too long to be a row.
    #[error("line {0} is longer than 16384 bytes")]
    LineTooLong(i64),
    /// More than an import may have.
    #[error("an import has at most 2000000 lines")]
    TooManyLines,
    /// The connection broke, or nothing came for too long.
    #[error("the upload broke off")]
    BrokenOff,
    /// Somebody else uploads under this name.
    #[error("another upload of this import is under way")]
    Another,
    /// The database does not answer, or cryptography failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn context(issuer: &str, import: &str, first_line: i64) -> Vec<u8> {
    format!("import {import} of {issuer}, line {first_line}").into_bytes()
}

/// Cuts a stream of bytes into batches of lines.
struct Cutter {
    /// Lines that are not kept yet, each with its end.
    batch: Zeroizing<Vec<u8>>,
    lines: i32,
    /// The number of the batch's first line.
    first_line: i64,
    /// The beginning of a line.
    open: Zeroizing<Vec<u8>>,
    /// Lines that an earlier upload has left here.
    kept_before: i64,
}

impl Cutter {
    fn new(kept_before: i64) -> Self {
        Self {
            batch: Zeroizing::default(),
            lines: 0,
            first_line: 1,
            open: Zeroizing::default(),
            kept_before,
        }
    }

    /// The number of the line that is open.
    fn line(&self) -> i64 {
        self.first_line + i64::from(self.lines)
    }

    fn is_full(&self) -> bool {
        self.lines >= BATCH_LINES || self.batch.len() >= BATCH_BYTES
    }

    /// Takes bytes up to the next end of a line; answers what is left.
    fn take<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], UploadEnded> {
        let (line, rest) = match bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) => bytes.split_at(end),
            None => (bytes, &bytes[bytes.len()..]),
        };
        if self.open.len() + line.len() > LINE_MAX_BYTES {
            return Err(UploadEnded::LineTooLong(self.line()));
        }
        self.open.extend_from_slice(line);
        match rest.split_first() {
            None => Ok(rest),
            Some((_, rest)) => {
                self.end_line()?;
                Ok(rest)
            }
        }
    }

    fn end_line(&mut self) -> Result<(), UploadEnded> {
        if self.line() > LINES_MAX {
            return Err(UploadEnded::TooManyLines);
        }
        if self.line() <= self.kept_before {
            self.first_line += 1;
        } else {
            self.batch.extend_from_slice(&self.open);
            self.batch.push(b'\n');
            self.lines += 1;
        }
        self.open.clear();
        Ok(())
    }
}

impl Acs {
    /// Takes an upload, NDJSON, and keeps it; goes on after what an earlier one of the same name has left.
    pub(crate) async fn receive_import<B: AsRef<[u8]>, E>(
        &self,
        issuer: &IssuerId,
        import: &str,
        upload: impl Stream<Item = Result<B, E>>,
    ) -> Result<Progress, UploadEnded> {
        let inner = self.inner();
        let begun = imports::begin(&inner.store, issuer, import, inner.clock.now()).await?;
        if begun.complete {
            return Ok(begun);
        }
        let mut cutter = Cutter::new(begun.lines_received);
        let mut upload = std::pin::pin!(upload);
        loop {
            let chunk = match tokio::time::timeout(SILENCE_MAX, upload.next()).await {
                Ok(Some(Ok(chunk))) => chunk,
                Ok(None) => break,
                Ok(Some(Err(_))) | Err(_) => return Err(UploadEnded::BrokenOff),
            };
            let mut bytes = chunk.as_ref();
            while !bytes.is_empty() {
                bytes = cutter.take(bytes)?;
                if cutter.is_full() {
                    self.keep_batch(issuer, import, &mut cutter).await?;
                }
            }
        }
        // The last line may lack its end.
        if !cutter.open.is_empty() {
            cutter.end_line()?;
        }
        if cutter.lines > 0 {
            self.keep_batch(issuer, import, &mut cutter).await?;
        }
        imports::complete(&inner.store, issuer, import, inner.clock.now()).await?;
        let progress = imports::load(&inner.store, issuer, import).await?;
        Ok(progress.unwrap_or(begun))
    }

    async fn keep_batch(
        &self,
        issuer: &IssuerId,
        import: &str,
        cutter: &mut Cutter,
    ) -> Result<(), UploadEnded> {
        let inner = self.inner();
        let sealing = context(issuer.as_str(), import, cutter.first_line);
        let sealed = inner
            .keys
            .seal(&sealing, &cutter.batch)
            .map_err(StoreError::from)?;
        let batch = (cutter.first_line, cutter.lines, sealed.as_slice());
        if !imports::add_batch(&inner.store, issuer, import, batch, inner.clock.now()).await? {
            return Err(UploadEnded::Another);
        }
        inner.wakes.imports.notify_one();
        cutter.first_line = cutter.line();
        cutter.lines = 0;
        cutter.batch.clear();
        Ok(())
    }

    /// Works imports off until the service ends.
    pub(crate) async fn work_imports_off(self, mut rounds: Rounds) {
        let inner = self.inner();
        while rounds
            .next(&inner.wakes.imports, inner.settings.timers.poll)
            .await
        {
            loop {
                match self.work_batch_off().await {
                    // The next batch is taken at once, unless the service ends.
                    Ok(true) if !rounds.over() => {}
                    Ok(_) => break,
                    Err(error) => {
                        tracing::error!(%error, "rows of an import could not be worked off, and will be tried again");
                        break;
                    }
                }
            }
        }
    }

    /// Works the oldest batch off; `false` where none waits.
    pub(crate) async fn work_batch_off(&self) -> Result<bool, StoreError> {
        let inner = self.inner();
        let mut transaction = inner.store.pool().begin().await?;
        let Some(batch) = imports::next_in(&mut transaction).await? else {
            return Ok(false);
        };
        let corrupt = || StoreError::Corrupt {
            table: "import_batches",
            column: "issuer_id",
            key: batch.import_id.clone(),
        };
        let issuer = IssuerId::parse(&batch.issuer_id).ok_or_else(corrupt)?;
        let sealing = context(&batch.issuer_id, &batch.import_id, batch.first_line);
        let opened = inner.keys.open(&sealing, &batch.content)?;
        let lines = opened.strip_suffix(b"\n").unwrap_or(&opened);
        let products = products::list(&inner.store, &issuer).await?;
        let mut rows = Rows::new(inner.clock.now());
        let mut read = Vec::new();
        let numbered = (batch.first_line..).zip(lines.split(|byte| *byte == b'\n'));
        for (count, (line, text)) in numbered.enumerate() {
            if count % ROWS_AT_A_STRETCH == 0 {
                tokio::task::yield_now().await;
            }
            match self.read_row(&issuer, &products, text, rows.now)? {
                Ok((holder, card)) => read.push((line, holder, card)),
                Err(refused) => rows.refuse(line, refused),
            }
        }
        let hashes: Vec<[u8; 32]> = read.iter().map(|(_, _, card)| card.pan_hash).collect();
        for known in cards::of_hashes_in(&mut transaction, &hashes).await? {
            rows.known.insert(known.pan_hash, (known.issuer, known.card));
        }
        for (line, holder, card) in read {
            if let Err(refused) = rows.add(holder, card) {
                rows.refuse(line, refused);
            }
        }
        rows.write(&mut transaction, &batch).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Reads a row: a cardholder and a card.
    fn read_row(
        &self,
        issuer: &IssuerId,
        products: &[Product],
        text: &[u8],
        now: OffsetDateTime,
    ) -> Result<Result<(Cardholder, Card), Refused>, StoreError> {
        let keys = &self.inner().keys;
        let read = || {
            let document = serde_json::from_slice(text).map_err(|_| Refused::format("", UNREADABLE))?;
            let mut members = Members::of(document)?;
            let card = members.text("cardId", CARD_ID, CardId::parse)?;
            let consumer = members.text("consumerId", CONSUMER_ID, ConsumerId::parse)?;
            let body = CardBody::read(&mut members, &|text| self.open_card_data(text))?;
            let holder = CardholderBody::read(&mut members)?;
            members.finish()?;
            let product = product_of(products, body.number.pan.reveal())
                .ok_or_else(|| Refused::format("pan", IN_NO_RANGE))?;
            if body.product.as_ref().is_some_and(|said| *said != product.product) {
                return Err(Refused::format("productId", OF_ANOTHER_PRODUCT));
            }
            let names = (card, consumer, product.product.clone());
            Ok((holder, body.kept(keys, issuer, names, now)))
        };
        match read() {
            Ok((holder, card)) => {
                let holder = holder.sealed(keys, issuer, &card.consumer, now)?;
                Ok(Ok((holder, card)))
            }
            Err(refused) => Ok(Err(refused)),
        }
    }
}

/// The product that a number belongs to.
fn product_of<'p>(products: &'p [Product], number: &str) -> Option<&'p Product> {
    let number = emv3ds::message::RangeBound::parse(number)?;
    products.iter().find(|product| {
        let mut ranges = product.ranges.iter();
        // Bounds of other lengths are other numbers.
        ranges.any(|range| {
            range.start.digits() == number.digits() && range.start <= number && number <= range.end
        })
    })
}

/// The rows of a batch that are to be written. Of the same card or cardholder the last one counts.
struct Rows {
    now: OffsetDateTime,
    cardholders: BTreeMap<ConsumerId, Cardholder>,
    cards: BTreeMap<CardId, Card>,
    /// Which card has a number, within the batch.
    numbers: HashMap<[u8; 32], CardId>,
    /// Which card had it before.
    known: HashMap<[u8; 32], (IssuerId, CardId)>,
    refusals: Vec<Refusal>,
}

impl Rows {
    fn new(now: OffsetDateTime) -> Self {
        Self {
            now,
            cardholders: BTreeMap::new(),
            cards: BTreeMap::new(),
            numbers: HashMap::new(),
            known: HashMap::new(),
            refusals: Vec::new(),
        }
    }

    fn add(&mut self, holder: Cardholder, card: Card) -> Result<(), Refused> {
        let within = self.numbers.get(&card.pan_hash);
        let before = self.known.get(&card.pan_hash);
        let of_another = within.is_some_and(|other| *other != card.card)
            || before.is_some_and(|(issuer, other)| *issuer != card.issuer || *other != card.card);
        if of_another {
            return Err(Refused::format("pan", NUMBER_TAKEN));
        }
        self.numbers.insert(card.pan_hash, card.card.clone());
        self.cardholders.insert(holder.consumer.clone(), holder);
        if let Some(earlier) = self.cards.insert(card.card.clone(), card.clone())
            && earlier.pan_hash != card.pan_hash
        {
            self.numbers.remove(&earlier.pan_hash);
        }
        Ok(())
    }

    fn refuse(&mut self, line: i64, refused: Refused) {
        self.refusals.push(Refusal {
            line,
            field: refused.field,
            code: refused.wrong.code().to_owned(),
            detail: refused.must.to_owned(),
        });
    }

    async fn write(mut self, connection: &mut PgConnection, batch: &Batch) -> Result<(), StoreError> {
        let cardholders: Vec<Cardholder> = self.cardholders.into_values().collect();
        let cards: Vec<Card> = self.cards.into_values().collect();
        cardholders::put_in(connection, &cardholders).await?;
        match cards::put_in(connection, &cards).await? {
            CardsWritten::Done { .. } => {}
            // Somebody wrote in between; with the next look it is seen in time.
            CardsWritten::NumberTaken | CardsWritten::Dangling => {
                return Err(StoreError::Database(sqlx::Error::RowNotFound));
            }
        }
        self.refusals.sort_by_key(|refusal| refusal.line);
        imports::done_in(connection, batch, &self.refusals, self.now).await
    }
}

/// What holds for a number that another card has.
const NUMBER_TAKEN: &str = "must not be another card's number";

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(kept_before: i64, chunks: &[&str]) -> Result<(i64, i32, String, String), UploadEnded> {
        let mut cutter = Cutter::new(kept_before);
        for chunk in chunks {
            let mut bytes = chunk.as_bytes();
            while !bytes.is_empty() {
                bytes = cutter.take(bytes)?;
            }
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ok((
            cutter.first_line,
            cutter.lines,
            text(&cutter.batch),
            text(&cutter.open),
        ))
    }

    #[test]
    fn lines_are_cut_wherever_the_chunks_end() {
        let whole = cut(0, &["a\nb\nc"]).unwrap();
        assert_eq!(whole, (1, 2, "a\nb\n".to_owned(), "c".to_owned()));
        assert_eq!(cut(0, &["a", "\n", "b\nc"]).unwrap(), whole);
    }

    #[test]
    fn lines_that_are_kept_already_are_left_out() {
        assert_eq!(
            cut(2, &["a\nb\nc\n"]).unwrap(),
            (3, 1, "c\n".to_owned(), String::new())
        );
    }

    #[test]
    fn a_line_without_an_end_is_not_collected_for_ever() {
        let long = "x".repeat(LINE_MAX_BYTES);
        assert!(cut(0, &["a\n", &long]).is_ok());
        let told = cut(0, &["a\n", &long, "x"]).unwrap_err();
        assert!(matches!(told, UploadEnded::LineTooLong(2)), "{told}");
    }
}
