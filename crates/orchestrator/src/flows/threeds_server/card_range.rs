//! What a directory server says of a card, asked by brand and number: the shop names the brand, and no check digit is
//! wanted of the number.

use super::VersionBounds;
use crate::directories::Directories;
use emv3ds::{AccountNumber, ProtocolVersion, SpokenVersions, Version};
use primitives::Brand;

/// A card that takes part.
pub(super) struct Membership {
    pub version: Version,
    pub method_url: Option<String>,
    pub acs: VersionBounds,
    pub ds: VersionBounds,
}

/// Whether and how the card takes part. As for payments: while a directory server has not told any ranges, every card of
/// its brand does, in the highest version it may speak.
pub(super) fn membership(
    directories: &Directories,
    brand: Brand,
    number: &AccountNumber,
) -> Option<Membership> {
    let directory = directories.of(brand)?;
    let bounds = |versions: Option<&SpokenVersions>| bounds(versions, &directory.versions);
    if !directory.ranges.is_loaded() {
        return Some(Membership {
            version: directory.version_for(None)?,
            method_url: None,
            acs: bounds(None),
            ds: bounds(directory.ranges.directory_versions()),
        });
    }
    let range = directory.ranges.lookup_number(number)?;
    let version = directory.version_for(Some(&range))?;
    Some(Membership {
        version,
        method_url: range.three_ds_method_url(version).map(str::to_owned),
        acs: bounds(Some(range.acs())),
        ds: bounds(range.directory().as_ref()),
    })
}

/// The first and the last version a party speaks; of one that has not told, or leaves an end open, ours.
fn bounds(versions: Option<&SpokenVersions>, ours: &[Version]) -> VersionBounds {
    let told = |end: fn(&SpokenVersions) -> Option<ProtocolVersion>| versions.and_then(end);
    let lowest = ours.iter().min().copied().map(ProtocolVersion::from);
    let highest = ours.iter().max().copied().map(ProtocolVersion::from);
    let said = |version: Option<ProtocolVersion>| version.map(|version| version.to_string());
    VersionBounds {
        start: said(told(SpokenVersions::lowest).or(lowest)).unwrap_or_default(),
        end: said(told(SpokenVersions::highest).or(highest)).unwrap_or_default(),
    }
}
