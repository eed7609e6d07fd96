//! Parameters that are checked although they change nothing here.

use crate::directlink::complaints::Reading;
use payments::directlink::NcError;

const GROUP_MAX_CHARACTERS: usize = 15;
const TIMEOUT_DIGITS: usize = 2;
const LANGUAGE_CHARACTERS: usize = 5;

/// Looks at all of them.
pub fn check(reading: &Reading<'_>) {
    // For joint maintenance of several payments, which no connection offers.
    reading.text("GLOBORDERID", GROUP_MAX_CHARACTERS);
    // Every call to an acquirer has limits of its own, inside of the vendor's 30 to 90 seconds.
    if let Some(seconds) = reading.text("RTIMEOUT", TIMEOUT_DIGITS)
        && !seconds.bytes().all(|byte| byte.is_ascii_digit())
    {
        reading.complain(NcError::INVALID, "RTIMEOUT not valid");
    }
    // A shopper who agreed to another currency would be charged something else.
    if reading
        .get("DCC_INDICATOR")
        .is_some_and(|given| given.trim() != "0")
    {
        reading.complain(NcError::INVALID, "DCC_INDICATOR not valid: no DCC configuration");
    }
}

/// `LANGUAGE` as `en_US`; what is none is as absent, and pages are in the browser's own.
pub fn language(reading: &Reading<'_>) -> Option<String> {
    let given = reading.get("LANGUAGE")?.trim();
    let letters = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let known = match given.split_once(['_', '-']) {
        Some((language, country)) => letters(language) && letters(country),
        None => letters(given),
    };
    (known && given.len() <= LANGUAGE_CHARACTERS).then(|| given.to_owned())
}
