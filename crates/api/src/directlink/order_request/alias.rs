//! `ALIAS`: a card that the vendor keeps for the shop under a name. Nobody keeps any here, so a name alone finds none; beside
//! a card's own number it is passed over, and the answer does not repeat it, which says that nothing was kept.

use crate::directlink::complaints::Reading;
use payments::directlink::NcError;

const NAME_MAX_CHARACTERS: usize = 50;
const USAGE_MAX_CHARACTERS: usize = 255;

/// Looks at the name and at what goes with it. Whether the name was found wrong, so that no card need be missed.
pub fn read(reading: &Reading<'_>) -> bool {
    reading.text("ALIASUSAGE", USAGE_MAX_CHARACTERS);
    reading.one_of("ALIASOPERATION", |text| {
        ["BYMERCHANT", "BYPSP"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(text))
            .then_some(())
    });
    if reading.get("ALIAS").is_none() {
        return false;
    }
    let Some(name) = reading.text("ALIAS", NAME_MAX_CHARACTERS) else {
        return true;
    };
    let wrong = if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    {
        (NcError::INVALID, "ALIAS not valid".to_owned())
    } else if reading.get("CARDNO").is_none() {
        (NcError::INVALID, format!("Alias \"{name}\" not Found"))
    } else if reading.get("CARDNO").map(str::trim) == Some(name) {
        (
            NcError::ALIAS_IS_CARD,
            "ALIAS must not be the card number".to_owned(),
        )
    } else {
        return false;
    };
    reading.complain(wrong.0, wrong.1);
    true
}
