//! Which protocol version an authentication is held in: ours to choose, everyone else's to echo.

use emv3ds::{ProtocolVersion, Version};

/// Versions from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRange {
    pub start: ProtocolVersion,
    pub end: ProtocolVersion,
}

impl VersionRange {
    /// Whether a version lies inside. An end that we do not know (2.3.1) takes in all that we do.
    pub fn contains(&self, version: Version) -> bool {
        (self.start..=self.end).contains(&version.number())
    }
}

/// The highest of our versions that the ACS and the directory server speak as well.
///
/// A party that did not say counts as speaking all: with no card range any version may be tried (emv-3ds section 1).
pub fn choose(
    ours: &[Version],
    acs: Option<VersionRange>,
    directory: Option<VersionRange>,
) -> Option<Version> {
    let speaks = |party: &Option<VersionRange>, version| party.is_none_or(|range| range.contains(version));
    ours.iter()
        .copied()
        .filter(|version| speaks(&acs, *version) && speaks(&directory, *version))
        .max()
}

/// The version to ask again in when one was refused with Erro 102: the highest of ours below it that the Erro's
/// `errorDetail` offers, or, where that names no versions, the next lower one of ours.
pub fn instead_of(refused: Version, error_detail: &str, ours: &[Version]) -> Option<Version> {
    let offered: Vec<ProtocolVersion> = error_detail
        .split(',')
        .filter_map(|version| ProtocolVersion::parse(version.trim()))
        .collect();
    ours.iter()
        .copied()
        .filter(|version| *version < refused)
        .filter(|version| offered.is_empty() || offered.contains(&version.number()))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: &str, end: &str) -> Option<VersionRange> {
        Some(VersionRange {
            start: ProtocolVersion::parse(start)?,
            end: ProtocolVersion::parse(end)?,
        })
    }

    #[test]
    fn the_highest_common_version_is_chosen() {
        let ours = &Version::ALL;
        let (v21, v22) = (Some(Version::V2_1_0), Some(Version::V2_2_0));
        assert_eq!(
            choose(ours, range("2.1.0", "2.2.0"), range("2.1.0", "2.2.0")),
            v22
        );
        assert_eq!(
            choose(ours, range("2.1.0", "2.1.0"), range("2.1.0", "2.2.0")),
            v21
        );
        assert_eq!(
            choose(ours, range("2.1.0", "2.2.0"), range("2.1.0", "2.1.0")),
            v21
        );
        assert_eq!(choose(&[Version::V2_1_0], range("2.1.0", "2.2.0"), None), v21);
    }

    #[test]
    fn an_end_version_that_we_do_not_know_is_no_error() {
        assert_eq!(
            choose(&Version::ALL, range("2.1.0", "2.3.1"), range("2.2.0", "2.3.1.1")),
            Some(Version::V2_2_0)
        );
    }

    #[test]
    fn no_common_version_is_none() {
        assert_eq!(choose(&Version::ALL, range("2.3.1", "2.3.1"), None), None);
        assert_eq!(choose(&[Version::V2_2_0], range("2.1.0", "2.1.0"), None), None);
    }

    #[test]
    fn without_a_card_range_our_highest_that_the_directory_server_speaks_is_tried() {
        assert_eq!(
            choose(&Version::ALL, None, range("2.1.0", "2.1.0")),
            Some(Version::V2_1_0)
        );
        assert_eq!(choose(&Version::ALL, None, None), Some(Version::V2_2_0));
    }

    #[test]
    fn a_refused_version_gives_way_to_a_lower_one_that_is_offered() {
        let ours = &Version::ALL;
        for (detail, instead) in [
            ("2.1.0,2.2.0", Some(Version::V2_1_0)),
            (" 2.1.0 ", Some(Version::V2_1_0)),
            ("messageVersion", Some(Version::V2_1_0)),
            ("2.2.0", None),
            ("2.3.1", None),
        ] {
            assert_eq!(instead_of(Version::V2_2_0, detail, ours), instead, "{detail}");
        }
        assert_eq!(instead_of(Version::V2_1_0, "2.1.0,2.2.0", ours), None);
        assert_eq!(instead_of(Version::V2_2_0, "2.1.0", &[Version::V2_2_0]), None);
    }
}
