//! The card ranges of one directory server, kept in memory: which issuer's ACS speaks which versions, and whether it has
//! a 3DS Method.
//!
//! A range takes 24 bytes. What ranges have in common (versions, 3DS Method URLs, abilities) is kept once per
//! combination, of which an issuer's processor has few. Bounds are account numbers of 13 to 19 digits and compare within
//! one length only, so there is one sorted array per length.
//!
//! [`exchange`] asks and takes the answer in, [`Update`] applies it to a copy, [`next_preq`] says when to ask, and
//! [`CardRanges::stored`] is how it outlives the process.

use emv3ds::{
    AccountNumber, SpokenVersions, Version,
    message::{AccountRange, CardRangeData, RangeBound, SupportedExtension},
};
use primitives::Pan;
use std::{collections::HashSet, mem::size_of, sync::Arc};

mod attributes;
pub mod exchange;
mod schedule;
mod stored;
mod update;

pub use attributes::AcsAbilities;
use attributes::{Attributes, Terms};
pub use schedule::{LastPreq, NextPreq, next_preq};
pub use stored::{Header, Stored, StoredChunk, Unusable};
pub use update::{Applied, Limits, Unapplicable, Update};

/// Shortest and longest account number, in digits.
const DIGITS_MIN: u8 = 13;
const DIGITS_MAX: u8 = 19;
const LENGTHS: usize = (DIGITS_MAX - DIGITS_MIN + 1) as usize;

/// The card ranges of one directory server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardRanges {
    header: Header,
    rows: Rows,
    /// What the rows refer to.
    attributes: Vec<Arc<Attributes>>,
}

/// Per length from 13 digits, sorted and disjoint.
type Rows = [Vec<Row>; LENGTHS];

/// Account numbers from `start` to `end`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    start: u64,
    end: u64,
    /// Index into the attributes.
    attributes: u32,
}

/// The range an account number lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardRange<'a> {
    attributes: &'a Attributes,
    general: Option<&'a SpokenVersions>,
}

impl<'a> CardRange<'a> {
    /// The versions the ACS speaks.
    pub fn acs(&self) -> &'a SpokenVersions {
        &self.attributes.acs
    }

    /// The versions the directory server speaks for this range.
    pub fn directory(&self) -> Option<SpokenVersions> {
        match (&self.attributes.directory, self.general) {
            (Some(own), Some(general)) => Some(own.bounded_by(general)),
            (own, general) => own.as_ref().or(general).cloned(),
        }
    }

    /// Where the 3DS Method is run in a version, if the ACS has one there.
    pub fn three_ds_method_url(&self, version: Version) -> Option<&'a str> {
        self.terms(version)?.method_url.as_deref()
    }

    /// What the ACS can do in a version.
    pub fn abilities(&self, version: Version) -> AcsAbilities {
        self.terms(version)
            .map(|terms| terms.abilities)
            .unwrap_or_default()
    }

    /// The message extensions the ACS knows in a version.
    pub fn extensions(&self, version: Version) -> &'a [SupportedExtension] {
        self.terms(version)
            .and_then(|terms| terms.extensions.as_deref())
            .unwrap_or_default()
    }

    /// The issuer's country, ISO 3166-1 numeric, where the directory server tells.
    pub fn issuer_country(&self) -> Option<u16> {
        self.attributes.issuer_country
    }

    fn terms(&self, version: Version) -> Option<&'a Terms> {
        self.attributes.terms_in(version)
    }
}

impl CardRanges {
    /// The serial number of the last PRes applied.
    pub fn serial(&self) -> Option<&str> {
        self.header.serial.as_deref()
    }

    /// The version of the PRes the ranges came in; `None` when none has come.
    pub fn version(&self) -> Option<Version> {
        self.header.version
    }

    /// The versions of the directory server itself.
    pub fn directory_versions(&self) -> Option<&SpokenVersions> {
        self.header.directory.as_ref()
    }

    /// What is known besides the ranges.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether a directory server has told us anything yet. Then a card that is in no range does not take part.
    pub fn is_loaded(&self) -> bool {
        self.header.serial.is_some() || !self.is_empty()
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// Whether nothing has been loaded, or the directory server has no ranges at all.
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(Vec::is_empty)
    }

    /// How many different things are said of ranges.
    pub fn combinations(&self) -> usize {
        self.attributes.len()
    }

    /// Bytes of memory the ranges take, by the capacity of what holds them; the allocator's own few bytes per
    /// combination are not counted.
    pub fn resident_bytes(&self) -> usize {
        let rows: usize = self.rows.iter().map(Vec::capacity).sum();
        let mut addresses = HashSet::new();
        let combinations: usize = self
            .attributes
            .iter()
            .map(|one| one.resident_bytes(&mut addresses))
            .sum();
        size_of::<Self>()
            + rows * size_of::<Row>()
            + self.attributes.capacity() * size_of::<Arc<()>>()
            + combinations
    }

    /// The range this card's number lies in; `None` means that the card does not take part, as far as the directory
    /// server has told.
    pub fn lookup(&self, pan: &Pan) -> Option<CardRange<'_>> {
        self.find(RangeBound::parse(pan.reveal())?)
    }

    /// The same for an account number of the 3DS Server API.
    pub fn lookup_number(&self, number: &AccountNumber) -> Option<CardRange<'_>> {
        self.find(RangeBound::parse(number.reveal())?)
    }

    fn find(&self, number: RangeBound) -> Option<CardRange<'_>> {
        let rows = self.rows.get(length_index(number.digits())?)?;
        let after = rows.partition_point(|row| row.start <= number.number());
        let row = rows
            .get(after.checked_sub(1)?)
            .filter(|row| number.number() <= row.end)?;
        Some(CardRange {
            attributes: self.attributes_of(row)?,
            general: self.header.directory.as_ref(),
        })
    }

    /// Every range in order, each as an entry that would add it.
    pub fn entries(&self) -> impl Iterator<Item = CardRangeData> + '_ {
        let lengths = (DIGITS_MIN..=DIGITS_MAX).zip(&self.rows);
        lengths.flat_map(move |(digits, rows)| {
            rows.iter().filter_map(move |row| {
                let mut entry = self.attributes_of(row)?.entry()?;
                entry.ranges.push(row.range(digits)?);
                Some(entry)
            })
        })
    }

    fn attributes_of(&self, row: &Row) -> Option<&Attributes> {
        usize::try_from(row.attributes)
            .ok()
            .and_then(|index| self.attributes.get(index))
            .map(Arc::as_ref)
    }
}

impl Row {
    fn range(&self, digits: u8) -> Option<AccountRange> {
        AccountRange::new(
            RangeBound::new(digits, self.start)?,
            RangeBound::new(digits, self.end)?,
        )
    }
}

/// Sorts, and names two ranges that share account numbers, if there are any.
fn settle(rows: &mut Rows) -> Result<(), [AccountRange; 2]> {
    for (digits, rows) in (DIGITS_MIN..=DIGITS_MAX).zip(rows) {
        rows.sort_unstable_by_key(|row| row.start);
        let shared = rows.windows(2).find_map(|pair| match pair {
            [left, right] if left.end >= right.start => left.range(digits).zip(right.range(digits)),
            _ => None,
        });
        if let Some((left, right)) = shared {
            return Err([left, right]);
        }
        rows.shrink_to_fit();
    }
    Ok(())
}

fn length_index(digits: u8) -> Option<usize> {
    digits
        .checked_sub(DIGITS_MIN)
        .map(usize::from)
        .filter(|index| *index < LENGTHS)
}

#[cfg(test)]
mod tests;
