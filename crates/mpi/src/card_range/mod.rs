//! The card ranges of one directory server, kept in memory: which issuer's ACS speaks which versions, and whether it has
//! a 3DS Method.
//!
//! A range takes 24 bytes. What ranges have in common (versions, 3DS Method URL, abilities) is kept once per combination,
//! of which an issuer's processor has few. Bounds are account numbers of 13 to 19 digits and compare within one length
//! only, so there is one sorted array per length.
//!
//! [`CardRanges::apply`] takes a PRes in, [`next_preq`] says when to ask for one.

use emv3ds::{
    AccountNumber, ProtocolVersion,
    code::AcsInfoInd,
    message::{CardRangeData, RangeBound},
};
use primitives::Pan;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use crate::version_choice::VersionRange;

mod apply;
pub mod exchange;
mod schedule;

pub use apply::{Applied, Unapplicable};
pub use schedule::{LastPreq, NextPreq, next_preq};

/// Shortest and longest account number, in digits.
const DIGITS_MIN: u8 = 13;
const DIGITS_MAX: u8 = 19;
const LENGTHS: usize = (DIGITS_MAX - DIGITS_MIN + 1) as usize;

/// The card ranges of one directory server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardRanges {
    serial: Option<String>,
    directory: Option<VersionRange>,
    /// Per length from 13 digits, sorted and disjoint.
    rows: [Vec<Row>; LENGTHS],
    /// What the rows refer to.
    attributes: Vec<Attributes>,
}

/// Account numbers from `start` to `end`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    start: u64,
    end: u64,
    /// Index into the attributes.
    attributes: u32,
}

/// What a directory server says of a range, besides its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Attributes {
    acs_start: ProtocolVersion,
    acs_end: ProtocolVersion,
    ds_start: Option<ProtocolVersion>,
    ds_end: Option<ProtocolVersion>,
    method_url: Option<Box<str>>,
    acs_info: Box<[AcsInfoInd]>,
}

/// The range an account number lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardRange<'a> {
    /// The versions the ACS speaks.
    pub acs: VersionRange,
    /// The versions the directory server speaks for this range.
    pub directory: Option<VersionRange>,
    /// Where the 3DS Method is run, if the ACS has one.
    pub three_ds_method_url: Option<&'a str>,
    /// What the ACS can do.
    pub acs_info: &'a [AcsInfoInd],
}

/// What is to be stored of the cache besides its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Serial number to ask from next time.
    pub serial: Option<String>,
    /// Lowest version of the directory server, once it has said.
    pub ds_start: Option<ProtocolVersion>,
    /// Highest version of the directory server, once it has said.
    pub ds_end: Option<ProtocolVersion>,
}

impl CardRanges {
    /// Builds the cache from stored entries, in any order.
    pub fn from_entries(
        header: Header,
        entries: impl IntoIterator<Item = CardRangeData>,
    ) -> Result<Self, Unapplicable> {
        let mut ranges = Self {
            serial: header.serial,
            directory: header
                .ds_start
                .zip(header.ds_end)
                .map(|(start, end)| VersionRange { start, end }),
            ..Self::default()
        };
        let mut interner = Interner::default();
        for entry in entries {
            let row = Row {
                start: entry.start_range.number(),
                end: entry.end_range.number(),
                attributes: interner.index(Attributes::of(&entry)),
            };
            ranges.rows_of(entry.start_range.digits())?.push(row);
        }
        ranges.attributes = interner.attributes;
        ranges.settle()?;
        Ok(ranges)
    }

    /// The entries to be stored, in order, each as an Add.
    pub fn entries(&self) -> impl Iterator<Item = CardRangeData> + '_ {
        let lengths = (DIGITS_MIN..=DIGITS_MAX).zip(&self.rows);
        lengths.flat_map(move |(digits, rows)| rows.iter().filter_map(move |row| self.entry(digits, row)))
    }

    /// What is to be stored beside the entries.
    pub fn header(&self) -> Header {
        Header {
            serial: self.serial.clone(),
            ds_start: self.directory.map(|versions| versions.start),
            ds_end: self.directory.map(|versions| versions.end),
        }
    }

    /// The serial number of the last PRes applied.
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// The versions of the directory server itself.
    pub fn directory_versions(&self) -> Option<VersionRange> {
        self.directory
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// Whether nothing has been loaded, or the directory server has no ranges at all.
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(Vec::is_empty)
    }

    /// The range this card's number lies in; `None` means that the card does not take part, as far as the directory
    /// server has told.
    pub fn lookup(&self, pan: &Pan) -> Option<CardRange<'_>> {
        self.find(RangeBound::parse(pan.reveal())?)
    }

    /// The same for an account number, of which no check digit is asked.
    pub fn lookup_number(&self, number: &AccountNumber) -> Option<CardRange<'_>> {
        self.find(RangeBound::parse(number.reveal())?)
    }

    fn find(&self, bound: RangeBound) -> Option<CardRange<'_>> {
        let rows = self.rows.get(length_index(bound.digits())?)?;
        let after = rows.partition_point(|row| row.start <= bound.number());
        let row = rows
            .get(after.checked_sub(1)?)
            .filter(|row| bound.number() <= row.end)?;
        let attributes = self.attributes_of(row)?;
        let directory = match (attributes.ds_start, attributes.ds_end, self.directory) {
            (Some(start), Some(end), _) => Some(VersionRange { start, end }),
            (start, end, Some(general)) => Some(VersionRange {
                start: start.unwrap_or(general.start),
                end: end.unwrap_or(general.end),
            }),
            (_, _, None) => None,
        };
        Some(CardRange {
            acs: VersionRange {
                start: attributes.acs_start,
                end: attributes.acs_end,
            },
            directory,
            three_ds_method_url: attributes.method_url.as_deref(),
            acs_info: &attributes.acs_info,
        })
    }

    fn attributes_of(&self, row: &Row) -> Option<&Attributes> {
        usize::try_from(row.attributes)
            .ok()
            .and_then(|index| self.attributes.get(index))
    }

    fn entry(&self, digits: u8, row: &Row) -> Option<CardRangeData> {
        let attributes = self.attributes_of(row)?;
        Some(CardRangeData {
            start_range: RangeBound::new(digits, row.start)?,
            end_range: RangeBound::new(digits, row.end)?,
            action_ind: None,
            acs_start_protocol_version: attributes.acs_start,
            acs_end_protocol_version: attributes.acs_end,
            ds_start_protocol_version: attributes.ds_start,
            ds_end_protocol_version: attributes.ds_end,
            three_ds_method_url: attributes.method_url.as_deref().map(str::to_owned),
            acs_info_ind: if attributes.acs_info.is_empty() {
                None
            } else {
                Some(attributes.acs_info.to_vec())
            },
        })
    }

    fn rows_of(&mut self, digits: u8) -> Result<&mut Vec<Row>, Unapplicable> {
        length_index(digits)
            .and_then(|index| self.rows.get_mut(index))
            .ok_or(Unapplicable::Overlap)
    }

    /// Sorts, and refuses ranges that overlap.
    fn settle(&mut self) -> Result<(), Unapplicable> {
        for rows in &mut self.rows {
            rows.sort_unstable_by_key(|row| row.start);
            let apart = rows.windows(2).all(|pair| match pair {
                [left, right] => left.end < right.start,
                _ => true,
            });
            if !apart || rows.iter().any(|row| row.start > row.end) {
                return Err(Unapplicable::Overlap);
            }
            rows.shrink_to_fit();
        }
        Ok(())
    }
}

impl Attributes {
    fn of(entry: &CardRangeData) -> Self {
        Self {
            acs_start: entry.acs_start_protocol_version,
            acs_end: entry.acs_end_protocol_version,
            ds_start: entry.ds_start_protocol_version,
            ds_end: entry.ds_end_protocol_version,
            method_url: entry.three_ds_method_url.as_deref().map(Box::from),
            acs_info: entry.acs_info_ind.as_deref().unwrap_or_default().into(),
        }
    }
}

/// Keeps one of each combination of attributes, while ranges are taken in.
#[derive(Default)]
struct Interner {
    attributes: Vec<Attributes>,
    known: HashMap<Attributes, u32>,
}

impl Interner {
    fn index(&mut self, attributes: Attributes) -> u32 {
        if let Some(index) = self.known.get(&attributes) {
            return *index;
        }
        // A PRes has 200,000 ranges at most, so there is no four thousand millionth combination.
        let index = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
        self.attributes.push(attributes.clone());
        self.known.insert(attributes, index);
        index
    }
}

fn length_index(digits: u8) -> Option<usize> {
    digits
        .checked_sub(DIGITS_MIN)
        .map(usize::from)
        .filter(|index| *index < LENGTHS)
}

#[cfg(test)]
mod tests;
