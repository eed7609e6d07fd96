//! The protocol versions a party says it speaks.

use crate::{ProtocolVersion, Version};

/// The versions a directory server or an ACS names in a PRes. Those we do not know are none of ours, and no error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SpokenVersions {
    /// All from the first to the last, both included, as 2.1.0 and 2.2.0 say it; a bound left out is open.
    Span {
        /// The lowest version.
        first: Option<ProtocolVersion>,
        /// The highest version.
        last: Option<ProtocolVersion>,
    },
    /// One by one, as 2.3.1 says it.
    Listed(Box<[ProtocolVersion]>),
}

impl SpokenVersions {
    /// All versions from the first to the last.
    pub const fn span(first: ProtocolVersion, last: ProtocolVersion) -> Self {
        Self::Span {
            first: Some(first),
            last: Some(last),
        }
    }

    /// Exactly these.
    pub fn listed(versions: impl IntoIterator<Item = ProtocolVersion>) -> Self {
        Self::Listed(versions.into_iter().collect())
    }

    /// The lowest, where one is named.
    pub fn lowest(&self) -> Option<ProtocolVersion> {
        match self {
            Self::Span { first, .. } => *first,
            Self::Listed(versions) => versions.iter().copied().min(),
        }
    }

    /// The highest, where one is named.
    pub fn highest(&self) -> Option<ProtocolVersion> {
        match self {
            Self::Span { last, .. } => *last,
            Self::Listed(versions) => versions.iter().copied().max(),
        }
    }

    /// Whether a version is among them. Patch levels count as the version they mend: peers send `2.3.1` for `2.3.1.1`
    /// (emv-3ds section 1).
    pub fn include(&self, version: Version) -> bool {
        let version = version.number();
        match self {
            Self::Span { first, last } => {
                first.is_none_or(|first| first.release() <= version)
                    && last.is_none_or(|last| version <= last)
            }
            Self::Listed(versions) => versions.iter().any(|one| one.release() == version),
        }
    }

    /// These versions, with the open bounds of a span filled in from what holds in general.
    #[must_use]
    pub fn bounded_by(&self, general: &Self) -> Self {
        match (self, general) {
            (
                Self::Span { first, last },
                Self::Span {
                    first: general_first,
                    last: general_last,
                },
            ) => Self::Span {
                first: first.or(*general_first),
                last: last.or(*general_last),
            },
            (own, _) => own.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ProtocolVersion {
        ProtocolVersion::parse(text).unwrap()
    }

    #[test]
    fn a_span_takes_in_what_lies_between_even_when_its_ends_are_unknown_to_us() {
        let span = SpokenVersions::span(version("2.0.1"), version("2.9.9"));
        assert!(Version::ALL.iter().all(|version| span.include(*version)));
        let first = SpokenVersions::span(version("2.1.0"), version("2.1.0"));
        assert!(first.include(Version::V2_1_0) && !first.include(Version::V2_2_0));
        let open = SpokenVersions::Span {
            first: Some(version("2.2.0")),
            last: None,
        };
        assert!(open.include(Version::V2_2_0) && !open.include(Version::V2_1_0));
    }

    #[test]
    fn a_list_has_gaps_and_its_patch_levels_count_as_their_version() {
        let list = SpokenVersions::listed([version("2.1.0"), version("2.2.0.1")]);
        assert!(list.include(Version::V2_1_0) && list.include(Version::V2_2_0));
        assert_eq!(list.lowest(), Some(version("2.1.0")));
        assert_eq!(list.highest(), Some(version("2.2.0.1")));
        let gap = SpokenVersions::listed([version("2.1.0"), version("2.3.1")]);
        assert!(!gap.include(Version::V2_2_0));
        let first = SpokenVersions::span(version("2.2.0.1"), version("2.2.0.1"));
        assert!(first.include(Version::V2_2_0));
    }

    #[test]
    fn what_a_range_leaves_open_holds_as_in_general() {
        let general = SpokenVersions::span(version("2.1.0"), version("2.2.0"));
        let own = SpokenVersions::Span {
            first: None,
            last: Some(version("2.1.0")),
        };
        assert_eq!(
            own.bounded_by(&general),
            SpokenVersions::span(version("2.1.0"), version("2.1.0"))
        );
        let list = SpokenVersions::listed([version("2.2.0")]);
        assert_eq!(list.bounded_by(&general), list);
    }
}
