//! Which account numbers are whose: blocks of numbers of one length, and where a brand's numbers begin.

use std::ops::RangeInclusive;

use primitives::Brand;

use crate::issuers::scenario;

/// Brands with a directory server here.
pub const BRANDS: [Brand; 5] = [
    Brand::Visa,
    Brand::Mastercard,
    Brand::Amex,
    Brand::Elo,
    Brand::Jcb,
];

/// Digits of the account numbers a card range may hold.
const DIGITS: RangeInclusive<usize> = 13..=19;

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
pub struct Block {
    /// How many digits each has.
    pub digits: u32,
    /// First and last.
    pub numbers: RangeInclusive<u64>,
}

impl Block {
    /// Every number of `digits` digits that begins with one of the prefixes, themselves of `prefix_digits` digits.
    pub fn of_prefixes(prefixes: &RangeInclusive<u64>, prefix_digits: u32, digits: u32) -> Self {
        let below = 10_u64.pow(digits - prefix_digits);
        Self {
            digits,
            numbers: prefixes.start() * below..=prefixes.end() * below + (below - 1),
        }
    }

    /// The numbers between two bounds of one length, 13 to 19 digits.
    pub fn between(start: &str, end: &str) -> Option<Self> {
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = start.len() == end.len() && DIGITS.contains(&start.len());
        if !fits || !all_digits(start) || !all_digits(end) {
            return None;
        }
        let numbers = start.parse().ok()?..=end.parse().ok()?;
        Some(Self {
            digits: u32::try_from(start.len()).ok()?,
            numbers,
        })
        .filter(|block| !block.numbers.is_empty())
    }

    /// The ten numbers that share all but the last digit with a card.
    pub fn around(card: &str) -> Option<Self> {
        let number: u64 = card.parse().ok()?;
        let first = number - number % 10;
        Some(Self {
            digits: u32::try_from(card.len()).ok()?,
            numbers: first..=first + 9,
        })
    }

    /// Whether an account number is one of these.
    pub fn holds(&self, account_number: &str) -> bool {
        let same_length = usize::try_from(self.digits).is_ok_and(|digits| digits == account_number.len());
        same_length
            && account_number
                .parse()
                .is_ok_and(|number: u64| self.numbers.contains(&number))
    }

    /// Whether any number is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.digits == other.digits
            && self.numbers.start() <= other.numbers.end()
            && other.numbers.start() <= self.numbers.end()
    }

    /// First and last account number, with all their digits.
    pub fn bounds(&self) -> (String, String) {
        let digits = usize::try_from(self.digits).unwrap_or_default();
        (
            format!("{:0digits$}", self.numbers.start()),
            format!("{:0digits$}", self.numbers.end()),
        )
    }

    /// What is left when `hole` is cut out.
    pub fn without(self, hole: &Self) -> Vec<Self> {
        let (start, end) = (*self.numbers.start(), *self.numbers.end());
        let (hole_start, hole_end) = (*hole.numbers.start(), *hole.numbers.end());
        if !self.overlaps(hole) {
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

/// All blocks of a brand's account numbers, without those that are nobody's or another brand's.
pub fn blocks_of(brand: Brand) -> Vec<Block> {
    let (prefixes, prefix_digits, lengths, step) = number_space(brand);
    let mut blocks: Vec<Block> = lengths
        .step_by(step)
        .flat_map(|digits| {
            prefixes
                .iter()
                .map(move |prefix| Block::of_prefixes(prefix, prefix_digits, digits))
        })
        .collect();
    for hole in &holes(brand) {
        blocks = blocks.into_iter().flat_map(|block| block.without(hole)).collect();
    }
    blocks
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
