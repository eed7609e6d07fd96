//! One-time codes.

use std::fmt;

/// A one-time code. `Debug` does not show it.
#[derive(Clone)]
pub struct Code(pub(super) String);

impl Code {
    /// Six random digits.
    pub fn random() -> Self {
        let number = uuid::Uuid::new_v4().as_u128() % 1_000_000;
        Self(format!("{number:06}"))
    }

    /// The digits, for the text message.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}
