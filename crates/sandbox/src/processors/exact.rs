//! Amounts as processors' JSON has them, without a binary float.

use primitives::Amount;
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;

/// An amount as a JSON number of major units, digit by digit.
#[derive(Clone, Copy, Debug)]
pub struct Exact(pub Amount);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_decimal())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}
