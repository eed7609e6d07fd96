//! What the vendor's reason codes say, and the network's advice beside them.
//!
//! The issuer's own response code is kept for people and never read: it differs from acquirer to acquirer, and the vendor
//! says not to branch on it.

use super::reply::{Processing, unreadable};
use crate::reading::shortened;
use acquiring::{Advice, Decline, Initiator, Meaning, Reason, response_code::merchant_advice};
use primitives::{Brand, Unreadable};

/// The status of a charge that the issuer approved and the risk rules then refused: what is held stays held.
pub const RISK_DECLINED: &str = "AUTHORIZED_RISK_DECLINED";

/// What a refusal is read with.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The card's brand, where it is known to us.
    pub brand: Option<Brand>,
    /// Who started the charge.
    pub initiator: Initiator,
}

impl Context {
    /// For whatever follows a charge, where neither card nor cardholder is known.
    pub fn settlement() -> Self {
        Self {
            brand: None,
            initiator: Initiator::Merchant,
        }
    }
}

/// The vendor's reason codes; `None` for one that is in no table.
pub fn meaning(reason: &str) -> Option<Meaning> {
    use Reason::*;
    let reason = match reason {
        "SYSTEM_ERROR" | "SERVER_TIMEOUT" | "SERVICE_TIMEOUT" | "PROCESSOR_TIMEOUT" => {
            return Some(Meaning::OutcomeUnknown);
        }
        "DUPLICATE_REQUEST" => return Some(Meaning::Duplicate),
        "INSUFFICIENT_FUND" => InsufficientFunds,
        "EXCEEDS_CREDIT_LIMIT" => LimitExceeded,
        "CONTACT_PROCESSOR" | "PROCESSOR_DECLINED" | "GENERAL_DECLINE" | "PAYMENT_REFUSED"
        | "DECLINED_CHECK" => GenericDecline,
        "UNAUTHORIZED_CARD" | "BLOCKED_BY_CARDHOLDER" => NotPermitted,
        "CARD_TYPE_NOT_ACCEPTED" | "INVALID_CARD_TYPE" => CardNotSupported,
        "INVALID_ACCOUNT" | "INVALID_CARD" => InvalidCard,
        "EXPIRED_CARD" => ExpiredCard,
        "CVN_NOT_MATCH" | "INVALID_CVN" | "CV_FAILED" => InvalidCvc,
        "AVS_FAILED" => AvsFailed,
        "STOLEN_LOST_CARD" => LostOrStolen,
        "SUSPENDED_ACCOUNT" => RestrictedCard,
        "BLACKLISTED_CUSTOMER" => SuspectedFraud,
        "DECISION_PROFILE_REJECT"
        | "SCORE_EXCEEDS_THRESHOLD"
        | "CUSTOMER_WATCHLIST_MATCH"
        | "ADDRESS_COUNTRY_WATCHLIST_MATCH"
        | "EMAIL_COUNTRY_WATCHLIST_MATCH"
        | "IP_COUNTRY_WATCHLIST_MATCH" => ProcessorRiskBlock,
        "ALLOWABLE_PIN_RETRIES_EXCEEDED" => RetryLimit,
        "PENDING_AUTHENTICATION" | "CONSUMER_AUTHENTICATION_REQUIRED" => AuthenticationRequired,
        "CONSUMER_AUTHENTICATION_FAILED" => AuthenticationFailed,
        "ISSUER_UNAVAILABLE" => IssuerUnavailable,
        "PROCESSOR_UNAVAILABLE" => ProcessorUnavailable,
        "PROCESSOR_ERROR" => ProcessorError,
        "INVALID_AMOUNT" | "EXCEEDS_AUTH_AMOUNT" => InvalidAmount,
        "MISSING_FIELD" | "INVALID_DATA" | "NOT_SUPPORTED" => InvalidRequest,
        "INVALID_MERCHANT_CONFIGURATION" => MerchantConfiguration,
        "INVALID_PAYMENT_ID"
        | "CAPTURE_ALREADY_VOIDED"
        | "ACCOUNT_NOT_ALLOWED_CREDIT"
        | "AUTH_ALREADY_REVERSED"
        | "TRANSACTION_ALREADY_SETTLED"
        | "NOT_VOIDABLE"
        | "MISSING_AUTH"
        | "TRANSACTION_ALREADY_REVERSED_OR_SETTLED" => InvalidState,
        _ => return None,
    };
    Some(Meaning::Refused(reason))
}

/// One refusal, from whichever reply it came.
pub struct Refusal<'a> {
    /// `status`, which says that it is one.
    pub status: &'a str,
    /// `reason`.
    pub reason: Option<&'a str>,
    /// `message`.
    pub message: Option<&'a str>,
    /// `processorInformation`.
    pub processing: Option<&'a Processing>,
    /// The vendor's id of the transaction.
    pub id: Option<&'a str>,
    /// What the status alone says, where there is no reason or one in no table.
    pub otherwise: Reason,
}

impl Refusal<'_> {
    /// The decline. A reason that leaves the outcome open is none.
    pub fn decline(&self, context: &Context) -> Result<Decline, Unreadable> {
        let given = self.reason.filter(|reason| !reason.is_empty());
        let reason = match given.and_then(meaning) {
            Some(Meaning::Refused(reason)) => reason,
            Some(
                Meaning::OutcomeUnknown | Meaning::Duplicate | Meaning::Approved | Meaning::PartiallyApproved,
            ) => return Err(unreadable("has a reason that leaves the outcome open")),
            None => self.otherwise,
        };
        let network_advice = self.processing.and_then(Processing::advice);
        // Only Mastercard's codes are in a table.
        let advised = match (context.brand, network_advice) {
            (Some(Brand::Mastercard), Some(code)) => merchant_advice::mastercard(code, context.initiator),
            _ => None,
        };
        let usual = reason.usual_advice();
        let issuer = self
            .processing
            .and_then(|processing| processing.response_code.as_deref())
            .filter(|code| !code.is_empty());
        // Both codes are for people: the vendor's, and behind it the issuer's as its acquirer gave it.
        let code = match (given.unwrap_or(self.status), issuer) {
            (code, Some(issuer)) => format!("{code} {issuer}"),
            (code, None) => code.to_owned(),
        };
        Ok(Decline {
            reason,
            advice: Advice::of_sources([advised, Some(usual)]).unwrap_or(usual),
            raw_code: Some(shortened(&code)),
            raw_message: self.message.map(shortened),
            network_advice: network_advice.map(shortened),
            processor_reference: self.id.filter(|id| !id.is_empty()).map(str::to_owned),
            leaves_hold: false,
        })
    }
}

/// A refusal at the front door, before anything was looked at: wrong credentials (401) or too many requests (429).
pub fn front_door(status: u16) -> Decline {
    let reason = match status {
        429 => Reason::ProcessorUnavailable,
        _ => Reason::MerchantConfiguration,
    };
    Decline {
        reason,
        advice: reason.usual_advice(),
        raw_code: Some(status.to_string()),
        raw_message: None,
        network_advice: None,
        processor_reference: None,
        leaves_hold: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(reason: Option<&str>) -> Refusal<'_> {
        Refusal {
            status: "DECLINED",
            reason,
            message: Some("Decline"),
            processing: None,
            id: Some("7012345678901234567890"),
            otherwise: Reason::Unknown,
        }
    }

    fn context(brand: Brand) -> Context {
        Context {
            brand: Some(brand),
            initiator: Initiator::Customer,
        }
    }

    #[test]
    fn every_reason_of_the_reference_has_its_meaning_and_advice() {
        use Advice::*;
        use Reason::*;
        for (code, reason, advice) in [
            ("INSUFFICIENT_FUND", InsufficientFunds, Later),
            ("EXCEEDS_CREDIT_LIMIT", LimitExceeded, Later),
            ("PROCESSOR_DECLINED", GenericDecline, Failover),
            ("UNAUTHORIZED_CARD", NotPermitted, Failover),
            ("INVALID_CARD_TYPE", CardNotSupported, Failover),
            ("INVALID_ACCOUNT", InvalidCard, FixInput),
            ("EXPIRED_CARD", Reason::ExpiredCard, FixInput),
            ("CV_FAILED", InvalidCvc, FixInput),
            ("AVS_FAILED", AvsFailed, FixInput),
            ("STOLEN_LOST_CARD", LostOrStolen, Never),
            ("SUSPENDED_ACCOUNT", RestrictedCard, Never),
            ("BLACKLISTED_CUSTOMER", SuspectedFraud, Never),
            ("SCORE_EXCEEDS_THRESHOLD", ProcessorRiskBlock, Never),
            ("ALLOWABLE_PIN_RETRIES_EXCEEDED", RetryLimit, Never),
            (
                "CONSUMER_AUTHENTICATION_REQUIRED",
                AuthenticationRequired,
                Reauthenticate,
            ),
            ("CONSUMER_AUTHENTICATION_FAILED", AuthenticationFailed, Never),
            ("ISSUER_UNAVAILABLE", IssuerUnavailable, Transient),
            ("PROCESSOR_UNAVAILABLE", ProcessorUnavailable, Transient),
            ("PROCESSOR_ERROR", ProcessorError, Failover),
            ("EXCEEDS_AUTH_AMOUNT", InvalidAmount, Never),
            ("MISSING_FIELD", InvalidRequest, Never),
            ("INVALID_MERCHANT_CONFIGURATION", MerchantConfiguration, Failover),
            ("NOT_VOIDABLE", InvalidState, Never),
        ] {
            let decline = refusal(Some(code)).decline(&context(Brand::Visa)).unwrap();
            assert_eq!((decline.reason, decline.advice), (reason, advice), "{code}");
            assert_eq!(decline.raw_code.as_deref(), Some(code));
        }
    }

    #[test]
    fn a_reason_that_leaves_the_outcome_open_is_no_decline() {
        for code in [
            "SYSTEM_ERROR",
            "SERVER_TIMEOUT",
            "SERVICE_TIMEOUT",
            "PROCESSOR_TIMEOUT",
            "DUPLICATE_REQUEST",
        ] {
            assert!(
                refusal(Some(code)).decline(&context(Brand::Visa)).is_err(),
                "{code}"
            );
        }
    }

    #[test]
    fn without_a_known_reason_the_status_speaks_and_the_code_is_kept() {
        let decline = refusal(Some("SOMETHING_NEW"))
            .decline(&context(Brand::Visa))
            .unwrap();
        assert_eq!((decline.reason, decline.advice), (Reason::Unknown, Advice::Never));
        assert_eq!(decline.raw_code.as_deref(), Some("SOMETHING_NEW"));
        let decline = refusal(None).decline(&context(Brand::Visa)).unwrap();
        assert_eq!(decline.raw_code.as_deref(), Some("DECLINED"));
    }

    #[test]
    fn the_networks_advice_goes_first_and_a_never_wins() {
        let advised = |code: &str, brand| {
            let processing = serde_json::from_str(&format!(
                r#"{{"responseCode":"05","merchantAdvice":{{"code":"{code}"}}}}"#
            ));
            let processing: Processing = processing.unwrap();
            let refusal = Refusal {
                processing: Some(&processing),
                ..refusal(Some("PROCESSOR_DECLINED"))
            };
            refusal.decline(&context(brand)).unwrap()
        };
        let decline = advised("03", Brand::Mastercard);
        assert_eq!(decline.advice, Advice::Never);
        assert_eq!(decline.network_advice.as_deref(), Some("03"));
        assert_eq!(decline.raw_code.as_deref(), Some("PROCESSOR_DECLINED 05"));
        assert_eq!(advised("24", Brand::Mastercard).advice, Advice::Later);
        assert_eq!(advised("03", Brand::Visa).advice, Advice::Failover);
    }

    #[test]
    fn the_front_door_refuses_for_the_set_up_or_for_now() {
        assert_eq!(front_door(401).reason, Reason::MerchantConfiguration);
        assert_eq!(front_door(429).advice, Advice::Transient);
    }

    #[test]
    fn the_table_is_that_of_the_decline_map() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/specs/decline-map.json"
        );
        let Ok(text) = std::fs::read(path) else {
            eprintln!("SKIPPED: {path} is not there, so Cybersource's codes were compared with nothing");
            return;
        };
        let map: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for (code, word) in map["maps"]["cybersource_reason"].as_object().unwrap() {
            let got = match meaning(code) {
                Some(Meaning::OutcomeUnknown) => "outcome_unknown",
                Some(Meaning::Duplicate) => "duplicate",
                Some(Meaning::Refused(reason)) => reason.as_str(),
                _ => "",
            };
            assert_eq!(got, word.as_str().unwrap(), "{code}");
        }
    }
}
