//! What a directory server says of a card, asked by brand and number: the shop names the brand, and no check digit is
//! wanted of the number.

use super::VersionBounds;
use crate::directories::Directories;
use emv3ds::{AccountNumber, SpokenVersions, Version};
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
        end: version_choice::OURS
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
    if !ranges.is_loaded() {
        return Some(Membership {
            version: version_choice::choose(version_choice::OURS, None, ranges.directory_versions())?,
            method_url: None,
            acs: ours(),
            ds: ranges.directory_versions().map_or_else(ours, bounds),
        });
    }
    let range = ranges.lookup_number(number)?;
    let directory = range.directory();
    let version = version_choice::choose(version_choice::OURS, Some(range.acs()), directory.as_ref())?;
    Some(Membership {
        version,
        method_url: range.three_ds_method_url(version).map(str::to_owned),
        acs: bounds(range.acs()),
        ds: directory.as_ref().map_or_else(ours, bounds),
    })
}

/// The first and the last version a party speaks; where it leaves one open, ours.
fn bounds(versions: &SpokenVersions) -> VersionBounds {
    let ours = ours();
    VersionBounds {
        start: versions
            .lowest()
            .map_or(ours.start, |version| version.to_string()),
        end: versions.highest().map_or(ours.end, |version| version.to_string()),
    }
}
