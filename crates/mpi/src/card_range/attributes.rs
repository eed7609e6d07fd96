//! What ranges have in common, kept once per combination.

use emv3ds::{
    SpokenVersions, Version,
    code::AcsInfoInd,
    message::{AcsProtocolVersion, AcsTerms, AcsVersions, CardRangeData, SupportedExtension},
};
use std::{
    collections::{HashMap, HashSet},
    mem::{size_of, size_of_val},
    sync::Arc,
};

/// What a directory server says of a range, besides its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Attributes {
    pub acs: SpokenVersions,
    /// One for all versions of a span, else one for each that is listed.
    pub terms: Box<[Terms]>,
    pub directory: Option<SpokenVersions>,
    /// ISO 3166-1 numeric.
    pub issuer_country: Option<u16>,
}

/// What an ACS has and can do in a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub method_url: Option<Arc<str>>,
    pub abilities: AcsAbilities,
    pub extensions: Option<Arc<[SupportedExtension]>>,
}

/// A set of `acsInfoInd`: what the ACS of a range, or the directory server in its place, can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AcsAbilities(u32);

impl AcsAbilities {
    /// Values from here on belong to the directory servers.
    const DIRECTORY_FIRST: u32 = 80;
    /// Their first bit; below are the specification's own, of which there are fewer.
    const DIRECTORY_BIT: u32 = 12;

    /// Whether the ACS says so.
    pub fn has(self, ability: AcsInfoInd) -> bool {
        bit(ability.as_str()).is_some_and(|bit| self.0 & bit != 0)
    }

    /// All of them, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = AcsInfoInd> {
        (1..32_u32)
            .filter(move |position| self.0 & (1 << position) != 0)
            .filter_map(|position| {
                let number = if position < Self::DIRECTORY_BIT {
                    position
                } else {
                    position - Self::DIRECTORY_BIT + Self::DIRECTORY_FIRST
                };
                AcsInfoInd::parse(&format!("{number:02}"))
            })
    }
}

impl FromIterator<AcsInfoInd> for AcsAbilities {
    fn from_iter<I: IntoIterator<Item = AcsInfoInd>>(abilities: I) -> Self {
        Self(
            abilities
                .into_iter()
                .filter_map(|ability| bit(ability.as_str()))
                .fold(0, |bits, bit| bits | bit),
        )
    }
}

/// The bit of a code: 01 to 11, or 80 to 99.
fn bit(code: &str) -> Option<u32> {
    let number: u32 = code.parse().ok()?;
    let position = match number.checked_sub(AcsAbilities::DIRECTORY_FIRST) {
        Some(of_directory) => of_directory + AcsAbilities::DIRECTORY_BIT,
        None => Some(number).filter(|number| *number < AcsAbilities::DIRECTORY_BIT)?,
    };
    1_u32.checked_shl(position)
}

impl Attributes {
    /// The terms that hold in a version.
    pub fn terms_in(&self, version: Version) -> Option<&Terms> {
        match &self.acs {
            SpokenVersions::Span { .. } => self.terms.first(),
            SpokenVersions::Listed(versions) => {
                let at = versions
                    .iter()
                    .position(|one| one.release() == version.number())?;
                self.terms.get(at)
            }
        }
    }

    /// An entry that says the same, with no ranges.
    pub fn entry(&self) -> Option<CardRangeData> {
        let acs = match &self.acs {
            // Both ends of an ACS's span are always sent.
            SpokenVersions::Span { first, last } => AcsVersions::Span {
                first: (*first)?,
                last: (*last)?,
                terms: self.terms.first()?.as_sent(),
            },
            SpokenVersions::Listed(versions) => AcsVersions::Listed(
                versions
                    .iter()
                    .zip(&self.terms)
                    .map(|(version, terms)| AcsProtocolVersion {
                        version: *version,
                        terms: terms.as_sent(),
                    })
                    .collect(),
            ),
        };
        Some(CardRangeData {
            ranges: Vec::new(),
            action_ind: None,
            acs,
            ds_protocol_versions: self.directory.clone(),
            issuer_country_code: self.issuer_country.map(|country| format!("{country:03}")),
        })
    }

    /// Bytes of memory they take; an address already in `counted` takes none.
    pub fn resident_bytes<'a>(&'a self, counted: &mut HashSet<&'a str>) -> usize {
        let listed = |versions: &SpokenVersions| match versions {
            SpokenVersions::Span { .. } => 0,
            SpokenVersions::Listed(versions) => size_of_val(&**versions),
        };
        let terms = self.terms.iter().map(|terms| {
            let address = terms.method_url.as_deref().filter(|url| counted.insert(url));
            let extensions = terms.extensions.iter().flat_map(|extensions| extensions.iter());
            size_of::<Terms>()
                + address.map_or(0, |url| COUNTERS + url.len())
                + extensions
                    .map(|one| size_of::<SupportedExtension>() + one.id.capacity() + one.version.capacity())
                    .sum::<usize>()
        });
        COUNTERS
            + size_of::<Self>()
            + listed(&self.acs)
            + self.directory.as_ref().map_or(0, listed)
            + terms.sum::<usize>()
    }
}

/// What an `Arc` keeps beside its value.
const COUNTERS: usize = 2 * size_of::<usize>();

impl Terms {
    fn as_sent(&self) -> AcsTerms {
        let abilities: Vec<_> = self.abilities.iter().collect();
        AcsTerms {
            three_ds_method_url: self.method_url.as_deref().map(str::to_owned),
            acs_info_ind: (!abilities.is_empty()).then_some(abilities),
            supported_msg_ext: self.extensions.as_deref().map(<[_]>::to_vec),
        }
    }
}

/// Keeps one of each combination of attributes, and one of each address, while ranges are taken in.
#[derive(Default)]
pub(super) struct Interner {
    attributes: Vec<Arc<Attributes>>,
    known: HashMap<Arc<Attributes>, u32>,
    addresses: HashSet<Arc<str>>,
}

impl Interner {
    /// Goes on where a cache left off, so that its rows stay as they are.
    pub fn of(attributes: &[Arc<Attributes>]) -> Self {
        let mut interner = Self::default();
        for known in attributes {
            for terms in &known.terms {
                interner.addresses.extend(terms.method_url.clone());
            }
            interner.known.insert(Arc::clone(known), interner.next_index());
            interner.attributes.push(Arc::clone(known));
        }
        interner
    }

    /// The index of what the entry says of its ranges.
    pub fn index(&mut self, entry: &mut CardRangeData) -> u32 {
        let attributes = self.attributes_of(entry);
        match self.known.get(&attributes) {
            Some(index) => *index,
            None => self.add(attributes),
        }
    }

    /// Adds a combination that is not there yet; answers its index.
    pub fn add(&mut self, attributes: Attributes) -> u32 {
        let (index, attributes) = (self.next_index(), Arc::new(attributes));
        self.attributes.push(Arc::clone(&attributes));
        self.known.insert(attributes, index);
        index
    }

    /// All combinations, by index.
    pub fn finish(mut self) -> Vec<Arc<Attributes>> {
        self.attributes.shrink_to_fit();
        self.attributes
    }

    /// There are never as many combinations as a `u32` can tell apart: each has a range, and ranges are limited.
    fn next_index(&self) -> u32 {
        u32::try_from(self.attributes.len()).unwrap_or(u32::MAX)
    }

    fn attributes_of(&mut self, entry: &mut CardRangeData) -> Attributes {
        let (acs, terms): (_, Box<[Terms]>) = match &mut entry.acs {
            AcsVersions::Span { first, last, terms } => {
                (SpokenVersions::span(*first, *last), [self.terms(terms)].into())
            }
            AcsVersions::Listed(versions) => (
                SpokenVersions::listed(versions.iter().map(|entry| entry.version)),
                versions
                    .iter_mut()
                    .map(|entry| self.terms(&mut entry.terms))
                    .collect(),
            ),
        };
        Attributes {
            acs,
            terms,
            directory: entry.ds_protocol_versions.take(),
            issuer_country: entry
                .issuer_country_code
                .as_deref()
                .and_then(|country| country.parse().ok()),
        }
    }

    fn terms(&mut self, terms: &mut AcsTerms) -> Terms {
        Terms {
            method_url: terms.three_ds_method_url.take().map(|url| self.address(url)),
            abilities: terms.acs_info_ind.take().into_iter().flatten().collect(),
            extensions: terms.supported_msg_ext.take().map(Arc::from),
        }
    }

    /// The one copy of an address.
    pub fn address(&mut self, url: String) -> Arc<str> {
        if let Some(known) = self.addresses.get(url.as_str()) {
            return Arc::clone(known);
        }
        let url: Arc<str> = url.into();
        self.addresses.insert(Arc::clone(&url));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abilities_keep_what_was_said_in_ascending_order() {
        let said = ["99", "01", "80", "03", "01"].map(|code| AcsInfoInd::parse(code).unwrap());
        let abilities: AcsAbilities = said.into_iter().collect();
        let told: Vec<_> = abilities.iter().map(AcsInfoInd::as_str).collect();
        assert_eq!(told, ["01", "03", "80", "99"]);
        assert!(abilities.has(AcsInfoInd::DecoupledSupported));
        assert!(!abilities.has(AcsInfoInd::AttemptsSupported));
    }

    #[test]
    fn every_code_of_the_list_has_a_bit_of_its_own() {
        let codes = AcsInfoInd::LIST.values().filter_map(AcsInfoInd::parse);
        for code in codes {
            let only: AcsAbilities = [code].into_iter().collect();
            assert_eq!(only.iter().collect::<Vec<_>>(), [code], "{code}");
        }
    }
}
