//! A card product and its ranges.

use super::members::{Members, Refused, plain};
use crate::store::products::CardRange;
use emv3ds::message::RangeBound;
use primitives::Brand;

/// Ranges of one product.
const RANGES_MAX: usize = 200;
const BOUND: &str = "must be 13 to 19 digits";

/// What an issuer says of a product.
pub(crate) struct ProductBody {
    pub(crate) brand: Brand,
    pub(crate) name: String,
    pub(crate) ranges: Vec<CardRange>,
}

impl ProductBody {
    /// Reads a body.
    pub(crate) fn read(members: &mut Members) -> Result<Self, Refused> {
        let brand = members.text("brand", "must be a card brand such as visa", Brand::parse)?;
        let name = members.text("name", "must be a text of 1 to 64 characters", plain(64))?;
        let must = "must be a list of at most 200 ranges";
        let ranges = members
            .objects("ranges", RANGES_MAX, must)?
            .ok_or_else(|| members.missing("ranges"))?;
        let ranges = ranges.into_iter().map(range).collect::<Result<_, _>>()?;
        Ok(Self { brand, name, ranges })
    }
}

fn range(mut members: Members) -> Result<CardRange, Refused> {
    let bound = |digits: &str| RangeBound::parse(digits).filter(|_| !digits.starts_with('0'));
    let start = members.text("start", BOUND, bound)?;
    let end = members.text("end", BOUND, bound)?;
    if start.to_string().len() != end.to_string().len() || start > end {
        return Err(members.wrong("end", "must be as long as start and not before it"));
    }
    members.finish()?;
    Ok(CardRange { start, end })
}
