//! The card ranges of each directory server and how they change.
//!
//! A brand's whole number space takes part. Cut out of it are blocks of ten numbers, one card each, that differ: those
//! with a 3DS Method, those of another protocol version, and the one card that is not enrolled at all. How ranges look
//! in a PRes is in [`super::preparation`]; the levers that change them are in [`super::range_levers`].

use std::sync::Arc;

use aws_lc_rs::digest;
use emv3ds::code::AcsInfoInd;
use emv3ds::{ProtocolVersion, Version};
use primitives::Brand;

use super::number_space::{self, Block};
use crate::issuers::certification;
use crate::issuers::scenario::{self, Scenario};

/// The versions all directory servers speak, and all issuers of whom nothing else is said.
pub const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::new(2, 1, 0), ProtocolVersion::new(2, 2, 0)];
/// Those, and the newest.
const VERSIONS_WITH_2_3_1: [ProtocolVersion; 3] = [
    ProtocolVersion::new(2, 1, 0),
    ProtocolVersion::new(2, 2, 0),
    ProtocolVersion::new(2, 3, 1),
];
/// Changes remembered; a 3DS Server that is further behind is told to start again.
const CHANGES_REMEMBERED: usize = 500_000;

/// What a card range says of its issuer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issuer {
    /// Versions the issuer speaks, lowest first; at least one.
    pub acs_versions: Vec<ProtocolVersion>,
    /// Versions the directory server speaks for this range, where they are not those of all.
    pub ds_versions: Option<Vec<ProtocolVersion>>,
    /// Where the 3DS Method is, if there is one.
    pub method_url: Option<String>,
    /// What else the issuer can do; the codes of `acsInfoInd`.
    pub info: Vec<String>,
}

impl Issuer {
    fn of(scenario: Scenario, public_url: &str) -> Self {
        let (acs_versions, ds_versions) = match scenario {
            Scenario::OldProtocol => (vec![Version::V2_1_0.number()], None),
            Scenario::NewProtocol => (VERSIONS_WITH_2_3_1.to_vec(), Some(VERSIONS_WITH_2_3_1.to_vec())),
            _ => (VERSIONS.to_vec(), None),
        };
        let mut info = vec![match scenario {
            Scenario::Attempted => AcsInfoInd::AttemptsSupported,
            _ => AcsInfoInd::AuthenticationAvailable,
        }];
        if scenario == Scenario::Decoupled {
            info.push(AcsInfoInd::DecoupledSupported);
        }
        Self {
            acs_versions,
            ds_versions,
            method_url: scenario.method_path().map(|path| format!("{public_url}{path}")),
            info: info.iter().map(AcsInfoInd::to_string).collect(),
        }
    }

    /// The versions that issuer and directory server both speak, lowest first.
    pub fn versions_spoken(&self) -> impl Iterator<Item = ProtocolVersion> {
        let ds_versions = self.ds_versions.as_deref().unwrap_or(&VERSIONS);
        let spoken = self.acs_versions.iter();
        spoken.filter(|version| ds_versions.contains(version)).copied()
    }
}

/// Account numbers with one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRange {
    /// Which numbers.
    pub block: Block,
    /// Whose.
    pub issuer: Arc<Issuer>,
}

/// What happened to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is new.
    Add,
    /// It is gone.
    Delete,
    /// Its issuer says something else.
    Modify,
}

impl Action {
    /// `actionInd`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Add => "A",
            Self::Delete => "D",
            Self::Modify => "M",
        }
    }
}

/// A range and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub action: Action,
    /// The range as it is now, or was before it went.
    pub range: CardRange,
}

/// Why a range cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotChange {
    /// A modification keeps the bounds.
    #[error("there is no range with exactly these bounds")]
    NoSuchRange,
    /// Nothing to take out.
    #[error("no range has any of these numbers")]
    NothingThere,
    /// More than all numbers of the largest range.
    #[error("so many ranges do not fit")]
    NoRoom,
}

/// What a 3DS Server with a serial number, or none, is to be told.
#[derive(Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// All ranges.
    Everything(&'a [CardRange]),
    /// Nothing has changed.
    Nothing,
    /// These changes, in this order.
    Changes(&'a [Change]),
}

/// A directory server's card ranges under the serial number of their content.
#[derive(Clone, Debug)]
pub struct CardRanges {
    /// Disjoint, by length and then number.
    ranges: Vec<CardRange>,
    serial_number: String,
    changes: Vec<Change>,
    /// Earlier serial numbers, and how many changes there were when they were given.
    earlier: Vec<(String, usize)>,
}

impl CardRanges {
    /// The ranges of a brand. `public_url` is the sandbox as browsers reach it.
    pub fn of(brand: Brand, public_url: &str) -> Self {
        let ordinary = Arc::new(Issuer::of(Scenario::Frictionless, public_url));
        let of_certification = certification::cards_of(brand).filter_map(Block::around);
        let apart: Vec<CardRange> = scenario::listed_cards()
            .iter()
            .filter(|card| card.brand == brand.as_str() && card.number != scenario::NOT_ENROLLED_CARD)
            .filter_map(|card| {
                let issuer = Issuer::of(Scenario::of(&card.number), public_url);
                let block = Block::around(&card.number)?;
                (issuer != *ordinary).then(|| CardRange {
                    block,
                    issuer: Arc::new(issuer),
                })
            })
            .chain(of_certification.map(|block| CardRange {
                block,
                issuer: Arc::clone(&ordinary),
            }))
            .collect();
        let mut ranges: Vec<CardRange> = number_space::blocks_of(brand)
            .into_iter()
            .map(|block| CardRange {
                block,
                issuer: Arc::clone(&ordinary),
            })
            .collect();
        for hole in &apart {
            ranges = ranges
                .into_iter()
                .flat_map(|range| range.without(&hole.block))
                .collect();
        }
        ranges.extend(apart);
        sort(&mut ranges);
        let serial_number = serial_number("", &ranges);
        Self {
            ranges,
            serial_number,
            changes: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// The serial number of the present content.
    pub fn serial_number(&self) -> &str {
        &self.serial_number
    }

    /// All ranges.
    pub fn all(&self) -> &[CardRange] {
        &self.ranges
    }

    /// What is new since a serial number; `None` for one this directory server never gave, or too long ago.
    pub fn news_since(&self, serial_number: Option<&str>) -> Option<News<'_>> {
        match serial_number {
            None => Some(News::Everything(&self.ranges)),
            Some(serial_number) if serial_number == self.serial_number => Some(News::Nothing),
            Some(serial_number) => {
                let (_, after) = self
                    .earlier
                    .iter()
                    .find(|(earlier, _)| earlier == serial_number)?;
                self.changes.get(*after..).map(News::Changes)
            }
        }
    }

    /// The issuer of an account number, if it takes part.
    pub fn issuer_of(&self, account_number: &str) -> Option<&Arc<Issuer>> {
        let digits = u32::try_from(account_number.len()).ok()?;
        let number: u64 = account_number.parse().ok()?;
        let after = self
            .ranges
            .partition_point(|range| (range.block.digits, *range.block.numbers.start()) <= (digits, number));
        let range = self.ranges.get(after.checked_sub(1)?)?;
        range.block.holds(account_number).then_some(&range.issuer)
    }

    /// Gives numbers an issuer of their own, out of whatever ranges they were in.
    pub fn add(&mut self, range: CardRange) {
        let mut changes = self.carved(&range.block);
        changes.push(Change {
            action: Action::Add,
            range,
        });
        self.apply(changes);
    }

    /// Takes numbers out of whatever ranges they are in.
    ///
    /// # Errors
    /// When they are in none.
    pub fn delete(&mut self, block: &Block) -> Result<(), CannotChange> {
        let changes = self.carved(block);
        if changes.is_empty() {
            return Err(CannotChange::NothingThere);
        }
        self.apply(changes);
        Ok(())
    }

    /// Lets a range's issuer say something else.
    ///
    /// # Errors
    /// When there is no range with these bounds.
    pub fn modify(&mut self, range: CardRange) -> Result<(), CannotChange> {
        if !self.ranges.iter().any(|present| present.block == range.block) {
            return Err(CannotChange::NoSuchRange);
        }
        self.apply(vec![Change {
            action: Action::Modify,
            range,
        }]);
        Ok(())
    }

    /// Splits the largest range until there are `count` ranges; leaves more as they are.
    ///
    /// # Errors
    /// When the largest range has not so many numbers.
    pub fn split_to(&mut self, count: usize) -> Result<(), CannotChange> {
        let Some(pieces) = (count + 1)
            .checked_sub(self.ranges.len())
            .filter(|pieces| *pieces > 1)
        else {
            return Ok(());
        };
        let size = |range: &CardRange| range.block.numbers.end() - range.block.numbers.start();
        let largest = self.ranges.iter().max_by_key(|range| size(range));
        let largest = largest.cloned().ok_or(CannotChange::NoRoom)?;
        let pieces = u64::try_from(pieces).map_err(|_| CannotChange::NoRoom)?;
        let step = (size(&largest) / pieces)
            .checked_sub(1)
            .ok_or(CannotChange::NoRoom)?;
        let (mut start, end) = (*largest.block.numbers.start(), *largest.block.numbers.end());
        let mut changes = vec![Change {
            action: Action::Delete,
            range: largest.clone(),
        }];
        for piece in 1..=pieces {
            let last = if piece == pieces { end } else { start + step };
            changes.push(Change {
                action: Action::Add,
                range: CardRange {
                    block: Block {
                        digits: largest.block.digits,
                        numbers: start..=last,
                    },
                    issuer: Arc::clone(&largest.issuer),
                },
            });
            start = last + 1;
        }
        self.apply(changes);
        Ok(())
    }

    /// The changes that free the numbers of a block: whole ranges go, and what is left of them comes back.
    fn carved(&self, block: &Block) -> Vec<Change> {
        let touched = self.ranges.iter().filter(|range| range.block.overlaps(block));
        touched
            .flat_map(|range| {
                let gone = Change {
                    action: Action::Delete,
                    range: range.clone(),
                };
                let left = range.clone().without(block).into_iter().map(|range| Change {
                    action: Action::Add,
                    range,
                });
                std::iter::once(gone).chain(left).collect::<Vec<_>>()
            })
            .collect()
    }

    fn apply(&mut self, changes: Vec<Change>) {
        let deleted: Vec<&Block> = changes
            .iter()
            .filter(|change| change.action == Action::Delete)
            .map(|change| &change.range.block)
            .collect();
        self.ranges.retain(|range| !deleted.contains(&&range.block));
        for change in &changes {
            match change.action {
                Action::Add => self.ranges.push(change.range.clone()),
                Action::Delete => {}
                Action::Modify => {
                    let same = self
                        .ranges
                        .iter_mut()
                        .filter(|range| range.block == change.range.block);
                    same.for_each(|range| range.issuer = Arc::clone(&change.range.issuer));
                }
            }
        }
        sort(&mut self.ranges);
        let next = serial_number(&self.serial_number, changes.iter().map(|change| &change.range));
        let before = std::mem::replace(&mut self.serial_number, next);
        self.earlier.push((before, self.changes.len()));
        self.changes.extend(changes);
        if self.changes.len() > CHANGES_REMEMBERED {
            self.changes.clear();
            self.earlier.clear();
        }
    }
}

impl CardRange {
    fn without(self, hole: &Block) -> Vec<Self> {
        let issuer = self.issuer;
        let left = self.block.without(hole).into_iter();
        left.map(|block| Self {
            block,
            issuer: Arc::clone(&issuer),
        })
        .collect()
    }
}

fn sort(ranges: &mut [CardRange]) {
    ranges.sort_by_key(|range| (range.block.digits, *range.block.numbers.start()));
}

/// Twenty digits at most, and the same only for the same ranges after the same history: a 3DS Server that remembers
/// ranges from before a restart with another port must not believe that nothing has changed.
fn serial_number<'a>(before: &str, ranges: impl IntoIterator<Item = &'a CardRange>) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(before.as_bytes());
    for range in ranges {
        hash.update(format!("{range:?}").as_bytes());
    }
    let hash = hash.finish();
    let head = hash
        .as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    head.to_string()
}

#[cfg(test)]
mod tests;
