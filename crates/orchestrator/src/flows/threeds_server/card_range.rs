//! What a directory server says of a card, asked by brand and number: the shop names the brand, and no check digit is
//! wanted of the number.

use super::VersionBounds;
use crate::directories::Directories;
use emv3ds::{AccountNumber, Version};
use mpi::version_choice;
use primitives::Brand;

/// A card that takes part.
pub(super) struct Membership {
    pub version: Version,
    pub method_url: Option<String>,
    pub acs: VersionBounds,
    pub ds: VersionBounds,
}

/// Every version we speak: what is said of a party that has not told its own.
fn ours() -> VersionBounds {
    VersionBounds {
        start: Version::V2_1_0.to_string(),
        end: Version::ALL
            .iter()
            .max()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

/// Whether and how the card takes part. As for payments: while a directory server has not told any ranges, every card of
/// its brand does, in the highest version it may speak.
pub(super) fn membership(
    directories: &Directories,
    brand: Brand,
    number: &AccountNumber,
) -> Option<Membership> {
    let directory = directories.of(brand)?;
    let ranges = &directory.ranges;
    let bounds = |range: mpi::version_choice::VersionRange| VersionBounds {
        start: range.start.to_string(),
        end: range.end.to_string(),
    };
    if ranges.serial().is_none() && ranges.is_empty() {
        return Some(Membership {
            version: version_choice::choose(&Version::ALL, None, ranges.directory_versions())?,
            method_url: None,
            acs: ours(),
            ds: ranges.directory_versions().map_or_else(ours, bounds),
        });
    }
    let range = ranges.lookup_number(number)?;
    let speaks = range.directory.or(ranges.directory_versions());
    Some(Membership {
        version: version_choice::choose(&Version::ALL, Some(range.acs), speaks)?,
        method_url: range.three_ds_method_url.map(str::to_owned),
        acs: bounds(range.acs),
        ds: speaks.map_or_else(ours, bounds),
    })
}
