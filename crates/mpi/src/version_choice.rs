//! Which protocol version an authentication is held in: ours to choose, everyone else's to echo.

use emv3ds::{ProtocolVersion, SpokenVersions, Version};

/// The highest of our versions that the ACS and the directory server speak as well.
///
/// A party that did not say counts as speaking all: with no card range any version may be tried (emv-3ds section 1).
/// Versions that a party speaks and we do not know are none of ours, and no error.
pub fn choose(
    ours: &[Version],
    acs: Option<&SpokenVersions>,
    directory: Option<&SpokenVersions>,
) -> Option<Version> {
    let speaks =
        |party: Option<&SpokenVersions>, version| party.is_none_or(|versions| versions.include(version));
    ours.iter()
        .copied()
        .filter(|version| speaks(acs, *version) && speaks(directory, *version))
        .max()
}

/// The version to ask again in when one was refused with Erro 102: the highest of ours below it that the Erro's
/// `errorDetail` offers, or, where that names no versions, the next lower one of ours.
pub fn instead_of(refused: Version, error_detail: &str, ours: &[Version]) -> Option<Version> {
    let offered = offered(error_detail);
    ours.iter()
        .copied()
        .filter(|version| *version < refused)
        .filter(|version| offered.as_ref().is_none_or(|offered| offered.include(*version)))
        .max()
}

/// The versions that the `errorDetail` of an Erro 102 names, comma separated; `None` when it names none. Peers put words
/// around them.
fn offered(error_detail: &str) -> Option<SpokenVersions> {
    let versions: Vec<_> = error_detail
        .split([',', ';', ' ', '[', ']', '"'])
        .filter_map(ProtocolVersion::parse)
        .collect();
    (!versions.is_empty()).then(|| SpokenVersions::listed(versions))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> SpokenVersions {
        let bound = |text| ProtocolVersion::parse(text).unwrap();
        SpokenVersions::span(bound(start), bound(end))
    }

    fn listed(versions: &[&str]) -> SpokenVersions {
        SpokenVersions::listed(versions.iter().filter_map(|text| ProtocolVersion::parse(text)))
    }

    const OURS: &[Version] = &[Version::V2_1_0, Version::V2_2_0];

    #[test]
    fn the_highest_common_version_is_chosen() {
        let (v21, v22) = (Some(Version::V2_1_0), Some(Version::V2_2_0));
        let (both, first) = (span("2.1.0", "2.2.0"), span("2.1.0", "2.1.0"));
        assert_eq!(choose(OURS, Some(&both), Some(&both)), v22);
        assert_eq!(choose(OURS, Some(&first), Some(&both)), v21);
        assert_eq!(choose(OURS, Some(&both), Some(&first)), v21);
        assert_eq!(choose(&[Version::V2_1_0], Some(&both), None), v21);
    }

    #[test]
    fn a_list_and_a_span_are_held_against_each_other() {
        let v21 = Some(Version::V2_1_0);
        let gap = listed(&["2.1.0", "2.3.1"]);
        assert_eq!(choose(OURS, Some(&gap), Some(&span("2.1.0", "2.2.0"))), v21);
        assert_eq!(choose(OURS, Some(&span("2.1.0", "2.2.0")), Some(&gap)), v21);
    }

    #[test]
    fn versions_that_we_do_not_know_are_no_error() {
        let (acs, directory) = (span("2.1.0", "2.9.0"), span("2.2.0", "2.9.0.1"));
        assert_eq!(choose(OURS, Some(&acs), Some(&directory)), Some(Version::V2_2_0));
        let acs = listed(&["2.0.1", "2.2.0", "2.9.0"]);
        assert_eq!(choose(OURS, Some(&acs), None), Some(Version::V2_2_0));
    }

    #[test]
    fn no_common_version_is_none() {
        assert_eq!(choose(OURS, Some(&span("2.9.0", "2.9.0")), None), None);
        let first = span("2.1.0", "2.1.0");
        assert_eq!(choose(&[Version::V2_2_0], Some(&first), None), None);
        assert_eq!(choose(&[], None, None), None);
    }

    #[test]
    fn without_a_card_range_our_highest_that_the_directory_server_speaks_is_tried() {
        let first = span("2.1.0", "2.1.0");
        assert_eq!(choose(OURS, None, Some(&first)), Some(Version::V2_1_0));
        assert_eq!(choose(OURS, None, None), Some(Version::V2_2_0));
    }

    #[test]
    fn a_refused_version_gives_way_to_a_lower_one_that_is_offered() {
        for (detail, instead) in [
            ("2.1.0,2.2.0", Some(Version::V2_1_0)),
            (" 2.1.0 ", Some(Version::V2_1_0)),
            ("[\"2.1.0\", \"2.0.1\"]", Some(Version::V2_1_0)),
            ("supported: 2.1.0", Some(Version::V2_1_0)),
            ("messageVersion", Some(Version::V2_1_0)),
            ("2.2.0", None),
            ("2.3.1", None),
        ] {
            assert_eq!(instead_of(Version::V2_2_0, detail, OURS), instead, "{detail}");
        }
        assert_eq!(instead_of(Version::V2_1_0, "2.1.0,2.2.0", OURS), None);
        assert_eq!(instead_of(Version::V2_2_0, "2.1.0", &[Version::V2_2_0]), None);
    }
}
