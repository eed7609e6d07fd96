//! The card ranges of each directory server, and the PRes that tells them.
//!
//! A brand's whole number space takes part. Cut out of it are blocks of ten numbers, one card each, that differ: those
//! with a 3DS Method, those of another protocol version, and the one card that is not enrolled at all.

use std::ops::RangeInclusive;

use aws_lc_rs::digest;
use emv3ds::code::{AcsInfoInd, ErrorCode};
use emv3ds::message::{AccountRange, AcsTerms, AcsVersions, CardRangeData, PReq, PRes, RangeBound};
use emv3ds::{DsTransId, Fault, ProtocolVersion, SpokenVersions, Version};
use primitives::Brand;

use crate::issuers::scenario::{self, Scenario};

/// Brands with a directory server here.
pub const BRANDS: [Brand; 5] = [
    Brand::Visa,
    Brand::Mastercard,
    Brand::Amex,
    Brand::Elo,
    Brand::Jcb,
];

/// Issuer identification numbers of Elo, six digits; some lie inside Visa's space and are not Visa's.
const ELO: [RangeInclusive<u64>; 23] = [
    401_178..=401_179,
    431_274..=431_274,
    438_935..=438_935,
    451_416..=451_416,
    457_393..=457_393,
    457_631..=457_632,
    504_175..=504_175,
    506_699..=506_778,
    509_000..=509_999,
    627_780..=627_780,
    636_297..=636_297,
    636_368..=636_368,
    650_031..=650_033,
    650_035..=650_051,
    650_405..=650_439,
    650_485..=650_538,
    650_541..=650_598,
    650_700..=650_718,
    650_720..=650_727,
    650_901..=650_920,
    651_652..=651_679,
    655_000..=655_019,
    655_021..=655_058,
];

/// Account numbers of one length.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    digits: u32,
    numbers: RangeInclusive<u64>,
}

impl Block {
    /// Every number of `digits` digits that begins with one of the prefixes, themselves of `prefix_digits` digits.
    fn of_prefixes(prefixes: &RangeInclusive<u64>, prefix_digits: u32, digits: u32) -> Self {
        let below = 10_u64.pow(digits - prefix_digits);
        Self {
            digits,
            numbers: prefixes.start() * below..=prefixes.end() * below + (below - 1),
        }
    }

    /// The ten numbers that share all but the last digit with a card.
    fn around(card: &str) -> Option<Self> {
        let number: u64 = card.parse().ok()?;
        let first = number - number % 10;
        Some(Self {
            digits: u32::try_from(card.len()).ok()?,
            numbers: first..=first + 9,
        })
    }

    /// What is left when `hole` is cut out.
    fn without(self, hole: &Self) -> Vec<Self> {
        let (start, end) = (*self.numbers.start(), *self.numbers.end());
        let (hole_start, hole_end) = (*hole.numbers.start(), *hole.numbers.end());
        if hole.digits != self.digits || hole_end < start || hole_start > end {
            return vec![self];
        }
        let before = (hole_start > start).then(|| start..=hole_start - 1);
        let after = (hole_end < end).then(|| hole_end + 1..=end);
        let digits = self.digits;
        before
            .into_iter()
            .chain(after)
            .map(|numbers| Self { digits, numbers })
            .collect()
    }
}

/// Where a brand's numbers begin: prefixes, the digits of a prefix, and the lengths of its account numbers.
fn number_space(brand: Brand) -> (Vec<RangeInclusive<u64>>, u32, RangeInclusive<u32>, usize) {
    match brand {
        // Thirteen, sixteen and nineteen digits.
        Brand::Visa => (vec![4..=4], 1, 13..=19, 3),
        Brand::Mastercard => (vec![2221..=2720, 5100..=5599], 4, 16..=16, 1),
        Brand::Amex => (vec![34..=34, 37..=37], 2, 15..=15, 1),
        Brand::Jcb => (vec![3528..=3589], 4, 16..=19, 1),
        Brand::Elo => (ELO.to_vec(), 6, 16..=16, 1),
        Brand::Diners | Brand::Discover | Brand::Carnet | Brand::Other => (Vec::new(), 1, 16..=16, 1),
    }
}

/// Numbers in a brand's space that are another brand's or nobody's, and so in none of its ranges.
fn holes(brand: Brand) -> Vec<Block> {
    if brand != Brand::Visa {
        return Vec::new();
    }
    let elo = ELO
        .iter()
        .flat_map(|prefixes| [13, 16, 19].map(|digits| Block::of_prefixes(prefixes, 6, digits)));
    elo.chain(Block::around(scenario::NOT_ENROLLED_CARD)).collect()
}

/// What a card range says of its issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attributes {
    lowest: ProtocolVersion,
    highest: ProtocolVersion,
    method_path: Option<&'static str>,
    attempts_only: bool,
}

impl Attributes {
    fn of(scenario: Scenario) -> Self {
        let (lowest, highest) = match scenario {
            Scenario::OldProtocol => (Version::V2_1_0.number(), Version::V2_1_0.number()),
            // The directory servers stop at 2.2.0: a 3DS Server has to take the highest all three can speak.
            Scenario::NewProtocol => (Version::V2_1_0.number(), ProtocolVersion::new(2, 3, 1)),
            _ => (Version::V2_1_0.number(), Version::V2_2_0.number()),
        };
        let attempts_only = scenario == Scenario::Attempted;
        Self {
            lowest,
            highest,
            method_path: scenario.method_path(),
            attempts_only,
        }
    }
}

/// A directory server's card ranges under the serial number of their content.
#[derive(Clone, Debug)]
pub struct CardRanges {
    ranges: Vec<CardRangeData>,
    serial_number: String,
}

impl CardRanges {
    /// The ranges of a brand, disjoint and in order. `public_url` is the sandbox as browsers reach it.
    pub fn of(brand: Brand, public_url: &str) -> Self {
        let default = Attributes::of(Scenario::Frictionless);
        let apart: Vec<(Block, Attributes)> = scenario::listed_cards()
            .iter()
            .filter(|card| card.brand == brand.as_str() && card.number != scenario::NOT_ENROLLED_CARD)
            .map(|card| {
                (
                    Block::around(&card.number),
                    Attributes::of(Scenario::of(&card.number)),
                )
            })
            .filter_map(|(block, attributes)| Some((block?, attributes)))
            .filter(|(_, attributes)| *attributes != default)
            .collect();
        let (prefixes, prefix_digits, lengths, step) = number_space(brand);
        let mut rest: Vec<Block> = lengths
            .step_by(step)
            .flat_map(|digits| {
                prefixes
                    .iter()
                    .map(move |prefix| Block::of_prefixes(prefix, prefix_digits, digits))
            })
            .collect();
        for hole in holes(brand).iter().chain(apart.iter().map(|(block, _)| block)) {
            rest = rest.into_iter().flat_map(|block| block.without(hole)).collect();
        }
        let mut blocks: Vec<(Block, Attributes)> = rest
            .into_iter()
            .map(|block| (block, default.clone()))
            .chain(apart)
            .collect();
        blocks.sort_by_key(|(block, _)| (block.digits, *block.numbers.start()));
        let ranges: Vec<CardRangeData> = blocks
            .iter()
            .filter_map(|(block, attributes)| entry(block, attributes, public_url))
            .collect();
        let serial_number = serial_number(&ranges);
        Self {
            ranges,
            serial_number,
        }
    }

    /// The answer to a PReq: everything, nothing when the asker is up to date, and a fault when it names a serial number
    /// this directory server never gave (as after a restart with other addresses).
    ///
    /// # Errors
    /// 307, serial number not valid.
    pub fn answer(&self, preq: &PReq, ds_trans_id: DsTransId) -> Result<PRes, Fault> {
        let up_to_date = match &preq.serial_num {
            None => false,
            Some(serial_number) if *serial_number == self.serial_number => true,
            Some(_) => return Err(Fault::new(ErrorCode::SerialNumberInvalid, "serialNum")),
        };
        let mut card_range_data = (!up_to_date).then(|| self.ranges.clone());
        if preq.message_version < Version::V2_2_0 {
            for range in card_range_data.iter_mut().flatten() {
                if let AcsVersions::Span { terms, .. } = &mut range.acs {
                    terms.acs_info_ind = None;
                }
            }
        }
        Ok(PRes {
            message_version: preq.message_version,
            three_ds_server_trans_id: preq.three_ds_server_trans_id,
            ds_trans_id,
            serial_num: Some(self.serial_number.clone()),
            ds_protocol_versions: SpokenVersions::span(Version::V2_1_0.number(), Version::V2_2_0.number()),
            read_order: None,
            ds_url_list: None,
            card_range_data,
            card_range_data_file_url: None,
            message_extension: None,
        })
    }

    /// Whether an account number is in a range, and which protocol versions its issuer speaks.
    pub fn versions_for(&self, account_number: &str) -> Option<RangeInclusive<ProtocolVersion>> {
        let number = RangeBound::parse(account_number)?;
        let spans = self.ranges.iter().flat_map(|entry| {
            let ranges = entry.ranges.iter();
            ranges.map(move |range| (range, &entry.acs))
        });
        let (_, acs) = spans
            .filter(|(range, _)| range.digits() == number.digits())
            .find(|(range, _)| range.start() <= number && number <= range.end())?;
        match acs {
            AcsVersions::Span { first, last, .. } => Some(*first..=*last),
            AcsVersions::Listed(_) => None,
        }
    }
}

fn entry(block: &Block, attributes: &Attributes, public_url: &str) -> Option<CardRangeData> {
    let bound = |number: &u64| {
        let digits = usize::try_from(block.digits).ok()?;
        RangeBound::parse(&format!("{number:0digits$}"))
    };
    let info = if attributes.attempts_only {
        AcsInfoInd::AttemptsSupported
    } else {
        AcsInfoInd::AuthenticationAvailable
    };
    Some(CardRangeData {
        ranges: vec![AccountRange::new(
            bound(block.numbers.start())?,
            bound(block.numbers.end())?,
        )?],
        action_ind: None,
        acs: AcsVersions::Span {
            first: attributes.lowest,
            last: attributes.highest,
            terms: AcsTerms {
                three_ds_method_url: attributes.method_path.map(|path| format!("{public_url}{path}")),
                acs_info_ind: Some(vec![info]),
                supported_msg_ext: None,
            },
        },
        ds_protocol_versions: None,
        issuer_country_code: None,
    })
}

/// Twenty digits at most, and the same only for the same ranges: a 3DS Server that remembers ranges from before a
/// restart with another port must not believe that nothing has changed.
fn serial_number(ranges: &[CardRangeData]) -> String {
    let json = serde_json::to_vec(ranges).unwrap_or_default();
    let hash = digest::digest(&digest::SHA256, &json);
    let head = hash
        .as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    head.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use emv3ds::ThreeDsServerTransId;
    use primitives::Pan;
    use uuid::Uuid;

    const PUBLIC_URL: &str = "http://127.0.0.1:8090";

    fn ranges_of(brand: Brand) -> CardRanges {
        CardRanges::of(brand, PUBLIC_URL)
    }

    #[test]
    fn ranges_are_disjoint_and_in_order() {
        for brand in BRANDS {
            let ranges: Vec<AccountRange> = ranges_of(brand)
                .ranges
                .into_iter()
                .flat_map(|entry| entry.ranges)
                .collect();
            assert!(!ranges.is_empty());
            for pair in ranges.windows(2) {
                let same_length = pair[0].digits() == pair[1].digits();
                assert!(!same_length || pair[0].end() < pair[1].start(), "{pair:?}");
            }
        }
    }

    #[test]
    fn every_listed_card_but_one_is_in_a_range_of_its_brand_alone() {
        for card in scenario::listed_cards() {
            for brand in BRANDS {
                let covered = ranges_of(brand).versions_for(&card.number).is_some();
                let expected = card.brand == brand.as_str() && card.number != scenario::NOT_ENROLLED_CARD;
                assert_eq!(covered, expected, "{} at {brand}", card.number);
            }
        }
    }

    #[test]
    fn every_number_of_a_range_has_the_range_s_brand() {
        for brand in BRANDS {
            let entries = ranges_of(brand).ranges;
            for range in entries.into_iter().flat_map(|entry| entry.ranges) {
                for bound in [range.start(), range.end()] {
                    // The last digit is free within a block of ten, and one of the ten has the right check digit.
                    let card = (0..10)
                        .map(|digit| {
                            format!("{}{digit}", &bound.to_string()[..usize::from(bound.digits()) - 1])
                        })
                        .find_map(|card| Pan::parse(&card).ok())
                        .unwrap();
                    assert_eq!(card.brand(), brand, "{bound}");
                }
            }
        }
    }

    #[test]
    fn numbers_of_every_length_and_corner_take_part() {
        for (brand, card) in [
            (Brand::Visa, "4222222222222"),
            (Brand::Visa, "4111111111111111"),
            (Brand::Visa, "4000000000000000006"),
            (Brand::Mastercard, "2223000048400011"),
            (Brand::Mastercard, "5555555555554444"),
            (Brand::Amex, "341111111111111"),
            (Brand::Elo, "5067310000000010"),
            (Brand::Elo, "4011780000000006"),
            (Brand::Jcb, "3528000000000007"),
        ] {
            assert!(ranges_of(brand).versions_for(card).is_some(), "{card}");
        }
        assert!(
            ranges_of(Brand::Visa).versions_for("4011780000000006").is_none(),
            "Elo's, not Visa's"
        );
    }

    #[test]
    fn only_cards_with_a_method_have_its_address_and_versions_differ_by_scenario() {
        let ranges = ranges_of(Brand::Mastercard);
        let with_method: Vec<String> = ranges
            .ranges
            .iter()
            .filter(|entry| {
                matches!(&entry.acs, AcsVersions::Span { terms, .. } if terms.three_ds_method_url.is_some())
            })
            .map(|entry| entry.ranges[0].start().to_string())
            .collect();
        assert_eq!(
            with_method,
            ["5200000000001060", "5200000000001090", "5200000000001130"]
        );
        let old = ranges.versions_for("5200000000001146").unwrap();
        assert_eq!(old, Version::V2_1_0.number()..=Version::V2_1_0.number());
        assert!(
            ranges
                .versions_for("5200000000001153")
                .unwrap()
                .contains(&ProtocolVersion::new(2, 3, 1))
        );
    }

    #[test]
    fn a_serial_number_spares_the_ranges_and_a_strange_one_is_refused() {
        let ranges = ranges_of(Brand::Visa);
        let ask = |serial_num: Option<String>| {
            let preq = PReq {
                message_version: Version::V2_2_0,
                three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
                three_ds_server_ref_number: "3DS_LOA_SER_PASA_020200_00001".into(),
                three_ds_server_operator_id: None,
                serial_num,
                card_range_data_download_ind: None,
                message_extension: None,
            };
            ranges.answer(&preq, DsTransId(Uuid::nil()))
        };
        let everything = ask(None).unwrap();
        assert!(everything.card_range_data.is_some());
        let nothing_new = ask(everything.serial_num.clone()).unwrap();
        assert_eq!(
            (nothing_new.card_range_data, &nothing_new.serial_num),
            (None, &everything.serial_num)
        );
        assert_eq!(
            ask(Some("7".into())).unwrap_err().code,
            ErrorCode::SerialNumberInvalid
        );
        let elsewhere = CardRanges::of(Brand::Visa, "http://127.0.0.1:9090");
        assert_ne!(elsewhere.serial_number, ranges.serial_number);
    }
}
