//! Issuers' response codes (ISO 8583 field 39), per network or switch.
//!
//! Letter codes mean different things on different networks: `N7` is a wrong security code at Visa and a negative file
//! at Prosa. So the table is chosen by whoever produced the code, never by the code alone.

use super::{Meaning, Reason};
use primitives::Brand;

/// Who produced a response code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Visa's network.
    Visa,
    /// Mastercard's network.
    Mastercard,
    /// The Mexican switch, whose codes differ from the schemes' whatever the card's brand.
    Prosa,
    /// Any other: only what all of them share is read.
    Other,
}

impl Switch {
    /// The network of a card's brand, for processors that name no switch.
    pub fn of_brand(brand: Brand) -> Self {
        match brand {
            Brand::Visa => Switch::Visa,
            Brand::Mastercard => Switch::Mastercard,
            Brand::Amex
            | Brand::Elo
            | Brand::Jcb
            | Brand::Diners
            | Brand::Discover
            | Brand::Carnet
            | Brand::Other => Switch::Other,
        }
    }
}

/// What a two-character response code says, or `None` where it is in no table.
///
/// `fully_authenticated` tells whether the charge carried a full 3-D Secure authentication: Mastercard's `65` asks for
/// one where there was none, and is a limit where there was.
pub fn meaning(switch: Switch, code: &str, fully_authenticated: bool) -> Option<Meaning> {
    let own = match switch {
        Switch::Visa => visa(code),
        Switch::Mastercard => mastercard(code, fully_authenticated),
        Switch::Prosa => prosa(code),
        Switch::Other => None,
    };
    own.map(Meaning::Refused).or_else(|| shared(code))
}

fn shared(code: &str) -> Option<Meaning> {
    use Reason::*;
    let reason = match code {
        "00" | "08" | "11" => return Some(Meaning::Approved),
        "10" => return Some(Meaning::PartiallyApproved),
        "68" => return Some(Meaning::OutcomeUnknown),
        "09" | "94" => return Some(Meaning::Duplicate),
        "51" => InsufficientFunds,
        "61" | "65" => LimitExceeded,
        "01" | "02" | "05" | "06" | "12" | "21" | "25" => GenericDecline,
        "57" | "58" | "93" => NotPermitted,
        "14" | "15" | "39" | "52" | "53" | "56" | "76" | "77" => InvalidCard,
        "33" | "54" => ExpiredCard,
        "04" | "07" | "41" | "43" => LostOrStolen,
        "36" | "46" | "62" | "78" | "79" => RestrictedCard,
        "34" | "59" => SuspectedFraud,
        "38" | "75" => RetryLimit,
        "90" | "91" | "92" | "96" => IssuerUnavailable,
        "19" | "28" | "30" | "63" | "87" | "88" => ProcessorError,
        "13" => InvalidAmount,
        "03" => MerchantConfiguration,
        "17" => Cancelled,
        _ => return None,
    };
    Some(Meaning::Refused(reason))
}

fn visa(code: &str) -> Option<Reason> {
    use Reason::*;
    Some(match code {
        "N3" | "N4" | "N8" => LimitExceeded,
        "N0" | "85" => GenericDecline,
        "64" | "R2" | "B1" => NotPermitted,
        "6P" => InvalidCard,
        "N7" | "82" => InvalidCvc,
        "R0" | "R1" | "R3" => RevokedMandate,
        "1A" | "70" => AuthenticationRequired,
        "Q1" => AuthenticationFailed,
        "Z3" => IssuerUnavailable,
        _ => return None,
    })
}

fn mastercard(code: &str, fully_authenticated: bool) -> Option<Reason> {
    use Reason::*;
    Some(match code {
        "65" if fully_authenticated => LimitExceeded,
        "65" => AuthenticationRequired,
        "70" | "84" | "85" => GenericDecline,
        "81" | "82" => NotPermitted,
        "79" => RestrictedCard,
        "83" => SuspectedFraud,
        _ => return None,
    })
}

fn prosa(code: &str) -> Option<Reason> {
    use Reason::*;
    Some(match code {
        "O4" | "P1" | "P4" | "P6" | "Q4" | "Q6" | "N4" | "N5" | "N6" => LimitExceeded,
        "N0" | "83" | "86" => GenericDecline,
        "31" | "T3" | "P8" | "Q9" => CardNotSupported,
        "N1" | "O6" | "P2" | "T8" => InvalidCard,
        "Q1" => ExpiredCard,
        "N7" | "O3" | "P5" | "Q5" | "T5" | "R8" => RestrictedCard,
        "R9" | "S9" => IssuerUnavailable,
        "40" | "82" | "87" | "88" | "89" | "O1" | "O8" | "O9" | "P0" | "T6" => ProcessorError,
        "O2" | "P3" | "P9" | "Q3" | "Q7" | "T1" | "T4" | "64" => InvalidAmount,
        "Q0" | "Q2" | "T2" => InvalidRequest,
        "35" | "37" => MerchantConfiguration,
        "N2" | "95" => InvalidState,
        "76" | "77" | "78" | "79" | "80" | "81" | "R0" | "R1" | "R2" | "R3" => Unknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_letters_mean_what_their_network_says() {
        let reason = |switch, code| meaning(switch, code, true);
        assert_eq!(
            reason(Switch::Visa, "N7"),
            Some(Meaning::Refused(Reason::InvalidCvc))
        );
        assert_eq!(
            reason(Switch::Prosa, "N7"),
            Some(Meaning::Refused(Reason::RestrictedCard))
        );
        assert_eq!(reason(Switch::Mastercard, "N7"), None);
        assert_eq!(
            reason(Switch::Other, "51"),
            Some(Meaning::Refused(Reason::InsufficientFunds))
        );
    }

    #[test]
    fn mastercard_65_asks_for_an_authentication_only_where_there_was_none() {
        assert_eq!(
            meaning(Switch::Mastercard, "65", false),
            Some(Meaning::Refused(Reason::AuthenticationRequired))
        );
        assert_eq!(
            meaning(Switch::Mastercard, "65", true),
            Some(Meaning::Refused(Reason::LimitExceeded))
        );
        assert_eq!(
            meaning(Switch::Visa, "65", false),
            Some(Meaning::Refused(Reason::LimitExceeded))
        );
    }

    #[test]
    fn codes_that_leave_the_outcome_open_are_no_declines() {
        for (code, expected) in [
            ("68", Meaning::OutcomeUnknown),
            ("09", Meaning::Duplicate),
            ("94", Meaning::Duplicate),
            ("10", Meaning::PartiallyApproved),
        ] {
            assert_eq!(meaning(Switch::Visa, code, false), Some(expected), "{code}");
        }
    }

    /// The tables against the project's machine-readable copy, which lies beside the checkout where there is one.
    #[test]
    fn the_tables_are_those_of_the_decline_map() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/specs/decline-map.json"
        );
        let Ok(text) = std::fs::read(path) else {
            eprintln!("SKIPPED: {path} is not there, so the ISO 8583 tables were compared with nothing");
            return;
        };
        let map: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for (table, switch) in [
            ("iso_common", Switch::Other),
            ("iso_visa_extra", Switch::Visa),
            ("iso_mastercard_extra", Switch::Mastercard),
            ("iso_prosa_extra", Switch::Prosa),
        ] {
            for (code, word) in map["maps"][table].as_object().unwrap() {
                let got = match meaning(switch, code, true) {
                    Some(Meaning::Approved) => "approved",
                    Some(Meaning::PartiallyApproved) => "partially_approved",
                    Some(Meaning::OutcomeUnknown) => "outcome_unknown",
                    Some(Meaning::Duplicate) => "duplicate",
                    Some(Meaning::Refused(reason)) => reason.as_str(),
                    None => "",
                };
                assert_eq!(got, word.as_str().unwrap(), "{table} {code}");
            }
        }
        for (word, entry) in map["reasons"].as_object().unwrap() {
            let Some(reason) = Reason::ALL.iter().find(|reason| reason.as_str() == word) else {
                continue;
            };
            let advice = serde_json::to_value(reason.usual_advice()).unwrap();
            assert_eq!(advice, entry["retry"], "{word}");
        }
    }
}
