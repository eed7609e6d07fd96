//! What Adyen's codes say: its own refusal codes, then the issuer's code behind them, which goes first.

use super::reply::{PaymentReply, unreadable};
use crate::reading::shortened;
use acquiring::{
    Advice, AuthorizationAnswer, Decline, Initiator, Meaning, Reason,
    response_code::{
        iso8583::{self, Switch},
        merchant_advice,
    },
};
use primitives::{Brand, Unreadable};

/// What the codes of a reply are read with.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The card's brand, where it is known to us.
    pub brand: Option<Brand>,
    pub fully_authenticated: bool,
    pub initiator: Initiator,
}

/// `refusalReasonCode`; `None` for a code that is not in the vendor's list.
pub fn refusal(code: &str) -> Option<Meaning> {
    use Reason::*;
    let reason = match code {
        "1" => return Some(Meaning::Approved),
        "13" => return Some(Meaning::OutcomeUnknown),
        "30" => return Some(Meaning::PartiallyApproved),
        "12" => InsufficientFunds,
        "28" | "29" => LimitExceeded,
        "2" | "27" => GenericDecline,
        "3" | "10" | "17" | "19" | "23" | "36" | "37" | "40" | "41" | "43" | "44" | "45" => NotPermitted,
        "8" | "34" | "35" => InvalidCard,
        "6" => ExpiredCard,
        "24" => InvalidCvc,
        "32" => AvsFailed,
        "5" | "25" => RestrictedCard,
        "31" => SuspectedFraud,
        "14" | "20" | "22" => ProcessorRiskBlock,
        "26" | "50" => RevokedMandate,
        "18" | "46" => RetryLimit,
        "33" | "38" => AuthenticationRequired,
        "11" | "39" | "42" => AuthenticationFailed,
        "9" => IssuerUnavailable,
        "4" | "21" => ProcessorError,
        "7" => InvalidAmount,
        "15" | "16" => Cancelled,
        "0" => Unknown,
        _ => return None,
    };
    Some(Meaning::Refused(reason))
}

/// The code behind a refusal's text, which is all that a notification gives.
pub fn code_of_text(text: &str) -> Option<&'static str> {
    let code = match text.trim().to_ascii_lowercase().as_str() {
        "refused" | "declined" => "2",
        "referral" => "3",
        "acquirer error" => "4",
        "blocked card" => "5",
        "expired card" => "6",
        "invalid amount" => "7",
        "invalid card number" => "8",
        "issuer unavailable" => "9",
        "not supported" => "10",
        "3d not authenticated" => "11",
        "not enough balance" => "12",
        "acquirer fraud" => "14",
        "cancelled" => "15",
        "shopper cancelled" => "16",
        "fraud" => "20",
        "not submitted" => "21",
        "fraud-cancelled" => "22",
        "transaction not permitted" => "23",
        "cvc declined" => "24",
        "restricted card" => "25",
        "revocation of auth" => "26",
        "declined non generic" => "27",
        "withdrawal amount exceeded" => "28",
        "withdrawal count exceeded" => "29",
        "issuer suspected fraud" => "31",
        "avs declined" => "32",
        "authentication required" => "38",
        _ => return None,
    };
    Some(code)
}

/// The issuer's two characters in `refusalReasonRaw` (`05 : Do not honor`).
pub fn issuer_code(raw: &str) -> Option<&str> {
    let code = raw.split(':').next().unwrap_or_default().trim();
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(code)
}

/// `errorCode` of a request that was not taken; `None` for one that is not listed here. The vendor has some hundreds, most of
/// which tell that a member is malformed.
pub fn error(code: &str) -> Option<Meaning> {
    use Reason::*;
    let reason = match code {
        // The same request is still being worked on.
        "704" => return Some(Meaning::Duplicate),
        "101" => InvalidCard,
        "102" | "905" => CardNotSupported,
        "103" => InvalidCvc,
        "129" | "140" | "141" => ExpiredCard,
        "100" | "137" | "138" | "907" => InvalidAmount,
        "167" => InvalidState,
        "010" | "901" => MerchantConfiguration,
        _ => return None,
    };
    Some(Meaning::Refused(reason))
}

/// The codes of one refusal, from whichever message they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Codes<'a> {
    /// Adyen's own.
    pub refusal: Option<&'a str>,
    /// The issuer's code with its text.
    pub issuer_raw: Option<&'a str>,
    /// Mastercard's merchant advice code with its text.
    pub merchant_advice: Option<&'a str>,
}

/// Reason and advice: the issuer's code goes before Adyen's, the network's advice before both, and a "never" from any of
/// them wins. That nothing was taken is Adyen's word, so an issuer's code that would leave the outcome open is passed over.
pub fn read(codes: &Codes<'_>, context: &Context, otherwise: Reason) -> (Reason, Advice) {
    let switch = context.brand.map_or(Switch::Other, Switch::of_brand);
    let refused = |meaning: Option<Meaning>| match meaning {
        Some(Meaning::Refused(reason)) => Some(reason),
        _ => None,
    };
    let by_issuer = refused(
        codes
            .issuer_raw
            .and_then(issuer_code)
            .and_then(|code| iso8583::meaning(switch, code, context.fully_authenticated)),
    );
    let by_adyen = refused(codes.refusal.and_then(refusal));
    let by_network = match switch {
        Switch::Mastercard => codes
            .merchant_advice
            .and_then(issuer_code)
            .and_then(|code| merchant_advice::mastercard(code, context.initiator)),
        Switch::Visa | Switch::Prosa | Switch::Other => None,
    };
    let reason = by_issuer.or(by_adyen).unwrap_or(otherwise);
    let advice = Advice::of_sources([
        by_network,
        by_issuer.map(Reason::usual_advice),
        by_adyen.map(Reason::usual_advice),
    ]);
    (reason, advice.unwrap_or_else(|| reason.usual_advice()))
}

/// A payment that was not authorised (`Refused`, `Error`, `Cancelled`).
pub fn answer(body: &PaymentReply, context: &Context) -> Result<AuthorizationAnswer, Unreadable> {
    let code = body
        .refusal_reason_code
        .as_deref()
        .filter(|code| !code.is_empty());
    match code.and_then(refusal) {
        Some(Meaning::OutcomeUnknown) => {
            return Ok(AuthorizationAnswer::Pending {
                processor_reference: body.psp_reference.clone().filter(|id| !id.is_empty()),
            });
        }
        Some(Meaning::Approved | Meaning::PartiallyApproved | Meaning::Duplicate) => {
            return Err(unreadable("refuses and approves at once"));
        }
        Some(Meaning::Refused(_)) | None => {}
    }
    let more = body.additional_data.as_ref();
    let codes = Codes {
        refusal: code,
        issuer_raw: more.and_then(|more| more.refusal_reason_raw.as_deref()),
        merchant_advice: more.and_then(|more| more.merchant_advice_code.as_deref()),
    };
    let otherwise = match body.result_code.as_deref() {
        Some("Error") => Reason::ProcessorError,
        Some("Cancelled") => Reason::Cancelled,
        _ => Reason::Unknown,
    };
    let (reason, advice) = read(&codes, context, otherwise);
    Ok(AuthorizationAnswer::Declined(Decline {
        reason,
        advice,
        raw_code: codes
            .issuer_raw
            .and_then(issuer_code)
            .or(code)
            .or(body.result_code.as_deref())
            .map(shortened),
        raw_message: codes.issuer_raw.or(body.refusal_reason.as_deref()).map(shortened),
        network_advice: codes.merchant_advice.map(shortened),
        processor_reference: body.psp_reference.clone().filter(|id| !id.is_empty()),
        leaves_hold: false,
    }))
}

/// A payment that Adyen would only go on with after an authentication of its own.
pub fn wants_authentication(body: &PaymentReply) -> Decline {
    let reason = Reason::AuthenticationRequired;
    Decline {
        reason,
        advice: reason.usual_advice(),
        raw_code: body.result_code.as_deref().map(shortened),
        raw_message: None,
        network_advice: None,
        processor_reference: body.psp_reference.clone().filter(|id| !id.is_empty()),
        leaves_hold: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::published;

    fn context(brand: Brand) -> Context {
        Context {
            brand: Some(brand),
            fully_authenticated: true,
            initiator: Initiator::Customer,
        }
    }

    fn told(brand: Brand, refusal: &str, issuer_raw: &str, advice: &str) -> (Reason, Advice) {
        let codes = Codes {
            refusal: Some(refusal),
            issuer_raw: Some(issuer_raw),
            merchant_advice: Some(advice),
        };
        read(&codes, &context(brand), Reason::Unknown)
    }

    #[test]
    fn the_issuers_code_goes_before_adyens() {
        assert_eq!(
            told(Brand::Visa, "2", "51 : Insufficient funds", ""),
            (Reason::InsufficientFunds, Advice::Later)
        );
        assert_eq!(
            told(Brand::Visa, "12", "AUTHORISED", ""),
            (Reason::InsufficientFunds, Advice::Later)
        );
        assert_eq!(
            told(Brand::Visa, "9", "68 : Response received too late", ""),
            (Reason::IssuerUnavailable, Advice::Transient)
        );
    }

    #[test]
    fn mastercards_own_advice_goes_before_both_and_never_wins() {
        assert_eq!(
            told(Brand::Mastercard, "2", "05 : Do not honor", "25 : Try later"),
            (Reason::GenericDecline, Advice::Later)
        );
        assert_eq!(
            told(
                Brand::Mastercard,
                "2",
                "05 : Do not honor",
                "03 : Do not try again"
            ),
            (Reason::GenericDecline, Advice::Never)
        );
        assert_eq!(
            told(Brand::Visa, "2", "05 : Do not honor", "03"),
            (Reason::GenericDecline, Advice::Failover)
        );
        assert_eq!(
            told(Brand::Mastercard, "46", "05 : Do not honor", "25"),
            (Reason::GenericDecline, Advice::Never)
        );
    }

    #[test]
    fn a_code_that_leaves_the_outcome_open_is_no_decline() {
        let body = |code: &str| {
            let json =
                format!(r#"{{"resultCode":"Refused","pspReference":"p","refusalReasonCode":"{code}"}}"#);
            serde_json::from_str::<PaymentReply>(&json).unwrap()
        };
        let answered = |code| answer(&body(code), &context(Brand::Visa));
        assert_eq!(
            answered("13"),
            Ok(AuthorizationAnswer::Pending {
                processor_reference: Some("p".into())
            })
        );
        assert!(answered("1").is_err());
        assert!(answered("30").is_err());
        let Ok(AuthorizationAnswer::Declined(decline)) = answered("99") else {
            panic!("not declined");
        };
        assert_eq!((decline.reason, decline.advice), (Reason::Unknown, Advice::Never));
        assert_eq!(decline.raw_code.as_deref(), Some("99"));
    }

    #[test]
    fn every_text_stands_for_a_listed_code() {
        for text in [
            "Not enough balance",
            "CVC Declined",
            "FRAUD",
            "Issuer Unavailable",
        ] {
            assert!(refusal(code_of_text(text).unwrap()).is_some(), "{text}");
        }
        assert_eq!(code_of_text("081234:1111:03/2030"), None);
    }

    #[test]
    fn the_codes_are_those_of_the_decline_map() {
        let Some(map) = published::file("decline-map.json") else {
            return;
        };
        for (code, word) in map["maps"]["adyen_refusal_reason_code"].as_object().unwrap() {
            let got = match refusal(code) {
                Some(Meaning::Approved) => "approved",
                Some(Meaning::PartiallyApproved) => "partially_approved",
                Some(Meaning::OutcomeUnknown) => "pending",
                Some(Meaning::Refused(reason)) => reason.as_str(),
                Some(Meaning::Duplicate) | None => "",
            };
            assert_eq!(got, word.as_str().unwrap(), "{code}");
        }
    }
}
