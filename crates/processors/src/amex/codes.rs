//! What the gateway's codes say: its own, its recommendation, and the issuer's code behind them.

pub use crate::reading::shortened;
use acquiring::{
    Advice, Meaning, Reason,
    response_code::iso8583::{self, Switch},
};

/// What a gateway code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Something that ends or leaves open.
    Code(Meaning),
    /// The end comes later.
    Pending,
}

/// The codes of one refusal.
pub struct Codes<'a> {
    /// `response.gatewayCode`.
    pub gateway: &'a str,
    /// `response.gatewayRecommendation`.
    pub recommendation: Option<&'a str>,
    /// `response.acquirerCode`: an action code of American Express, or two characters of ISO 8583, as the link behind the
    /// gateway has it.
    pub acquirer: Option<&'a str>,
}

/// The gateway's own catalogue; `None` for a code that is not in it.
pub fn gateway(code: &str) -> Option<Said> {
    use Reason::*;
    let reason = match code {
        "APPROVED" | "APPROVED_AUTO" | "APPROVED_PENDING_SETTLEMENT" => {
            return Some(Said::Code(Meaning::Approved));
        }
        "PARTIALLY_APPROVED" => return Some(Said::Code(Meaning::PartiallyApproved)),
        "PENDING" | "SUBMITTED" | "DEFERRED_TRANSACTION_RECEIVED" => return Some(Said::Pending),
        "TIMED_OUT" | "UNKNOWN" => return Some(Said::Code(Meaning::OutcomeUnknown)),
        "DUPLICATE_BATCH" | "LOCK_FAILURE" => return Some(Said::Code(Meaning::Duplicate)),
        "INSUFFICIENT_FUNDS" | "NO_BALANCE" => InsufficientFunds,
        "DECLINED" | "DECLINED_PAYMENT_PLAN" | "REFERRED" | "UNSPECIFIED_FAILURE" => GenericDecline,
        "DECLINED_INVALID_PIN" | "DECLINED_PIN_REQUIRED" => NotPermitted,
        "NOT_SUPPORTED" => CardNotSupported,
        "EXPIRED_CARD" => ExpiredCard,
        "DECLINED_CSC" | "INVALID_CSC" => InvalidCvc,
        "DECLINED_AVS" | "DECLINED_AVS_CSC" => AvsFailed,
        "BLOCKED" | "DECLINED_DO_NOT_CONTACT" => RestrictedCard,
        "EXCEEDED_RETRY_LIMIT" => RetryLimit,
        "AUTHENTICATION_IN_PROGRESS" | "NOT_ENROLLED_3D_SECURE" => AuthenticationRequired,
        "AUTHENTICATION_FAILED" => AuthenticationFailed,
        "ACQUIRER_SYSTEM_ERROR" => IssuerUnavailable,
        "SYSTEM_ERROR" | "ABORTED" => ProcessorError,
        "CANCELLED" => Cancelled,
        _ => return None,
    };
    Some(Said::Code(Meaning::Refused(reason)))
}

/// What the gateway advises; `None` where it leaves that to us.
fn recommended(recommendation: &str) -> Option<Advice> {
    match recommendation {
        "DO_NOT_PROCEED" => Some(Advice::Never),
        "RESUBMIT_WITH_ALTERNATIVE_PAYMENT_DETAILS" => Some(Advice::FixInput),
        // PROCEED and NO_ACTION advise nothing about another try.
        _ => None,
    }
}

/// The issuer's code, where it is in one of the tables.
fn acquirer(code: &str) -> Option<Meaning> {
    match code.len() {
        2 => iso8583::meaning(Switch::Other, code, true),
        3 => action_code(code),
        _ => None,
    }
}

/// American Express's action codes (ISO 8583:1993 field 39).
fn action_code(code: &str) -> Option<Meaning> {
    use Reason::*;
    let reason = match code {
        "000" | "001" | "900" => return Some(Meaning::Approved),
        "002" => return Some(Meaning::PartiallyApproved),
        "100" | "107" => GenericDecline,
        "115" | "117" | "119" => NotPermitted,
        "111" | "187" => InvalidCard,
        "101" | "125" => ExpiredCard,
        "122" => InvalidCvc,
        "200" => LostOrStolen,
        "189" => RestrictedCard,
        "106" => RetryLimit,
        "912" => IssuerUnavailable,
        "909" => ProcessorError,
        "110" | "183" => InvalidAmount,
        "181" => InvalidRequest,
        "109" => MerchantConfiguration,
        _ => return None,
    };
    Some(Meaning::Refused(reason))
}

/// Reason and advice of a refusal: the gateway's recommendation goes before the issuer's code, that before the gateway's,
/// and a "never" from any of them wins. `None` where a code leaves the outcome open.
pub fn read(codes: &Codes<'_>) -> Option<(Reason, Advice)> {
    let by_gateway = match gateway(codes.gateway) {
        None => None,
        Some(Said::Code(Meaning::Refused(reason))) => Some(reason),
        Some(
            Said::Pending
            | Said::Code(
                Meaning::Approved | Meaning::PartiallyApproved | Meaning::OutcomeUnknown | Meaning::Duplicate,
            ),
        ) => return None,
    };
    let by_issuer = match codes.acquirer.and_then(acquirer) {
        Some(Meaning::Refused(reason)) => Some(reason),
        // What the issuer approved the gateway may still refuse, for a wrong security code, say.
        None | Some(Meaning::Approved | Meaning::PartiallyApproved) => None,
        Some(Meaning::OutcomeUnknown | Meaning::Duplicate) => return None,
    };
    let reason = by_issuer.or(by_gateway).unwrap_or(Reason::Unknown);
    let advice = Advice::of_sources([
        codes.recommendation.and_then(recommended),
        by_issuer.map(Reason::usual_advice),
        by_gateway.map(Reason::usual_advice),
    ]);
    Some((reason, advice.unwrap_or_else(|| reason.usual_advice())))
}

/// Why a request was not taken (`error.cause`); `None` where that leaves open what was done. `of_state` says that the
/// request was well formed, so that what is wrong can only be the state of the order.
pub fn cause(cause: &str, status: u16, of_state: bool) -> Option<Reason> {
    match (cause, status) {
        ("SERVER_BUSY", 400..=599) => Some(Reason::ProcessorUnavailable),
        ("INVALID_REQUEST", 401 | 403) | ("REQUEST_REJECTED", 400 | 401 | 403) => {
            Some(Reason::MerchantConfiguration)
        }
        ("INVALID_REQUEST", 400 | 404) if of_state => Some(Reason::InvalidState),
        ("INVALID_REQUEST", 400 | 404) => Some(Reason::InvalidRequest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(
        gateway: &str,
        recommendation: Option<&str>,
        acquirer: Option<&str>,
    ) -> Option<(Reason, Advice)> {
        read(&Codes {
            gateway,
            recommendation,
            acquirer,
        })
    }

    #[test]
    fn the_recommendation_goes_before_the_issuers_code_and_that_before_the_gateways() {
        for (gateway, recommendation, acquirer, expected) in [
            ("DECLINED", None, None, (Reason::GenericDecline, Advice::Failover)),
            (
                "DECLINED",
                Some("NO_ACTION"),
                Some("111"),
                (Reason::InvalidCard, Advice::FixInput),
            ),
            (
                "DECLINED",
                Some("PROCEED"),
                Some("51"),
                (Reason::InsufficientFunds, Advice::Later),
            ),
            (
                "DECLINED",
                Some("DO_NOT_PROCEED"),
                Some("100"),
                (Reason::GenericDecline, Advice::Never),
            ),
            (
                "INSUFFICIENT_FUNDS",
                Some("RESUBMIT_WITH_ALTERNATIVE_PAYMENT_DETAILS"),
                Some("116"),
                (Reason::InsufficientFunds, Advice::FixInput),
            ),
            (
                "BLOCKED",
                Some("RESUBMIT_WITH_ALTERNATIVE_PAYMENT_DETAILS"),
                None,
                (Reason::RestrictedCard, Advice::Never),
            ),
            (
                "DECLINED_CSC",
                None,
                Some("000"),
                (Reason::InvalidCvc, Advice::FixInput),
            ),
            ("NEW_CODE", None, Some("999"), (Reason::Unknown, Advice::Never)),
            (
                "NEW_CODE",
                None,
                Some("912"),
                (Reason::IssuerUnavailable, Advice::Transient),
            ),
        ] {
            assert_eq!(
                reading(gateway, recommendation, acquirer),
                Some(expected),
                "{gateway} {acquirer:?}"
            );
        }
    }

    #[test]
    fn a_code_that_leaves_the_outcome_open_is_no_refusal() {
        for gateway in [
            "TIMED_OUT",
            "UNKNOWN",
            "DUPLICATE_BATCH",
            "LOCK_FAILURE",
            "PENDING",
            "APPROVED",
            "PARTIALLY_APPROVED",
        ] {
            assert_eq!(reading(gateway, None, None), None, "{gateway}");
        }
        assert_eq!(reading("DECLINED", None, Some("68")), None);
    }

    #[test]
    fn the_decline_map_is_read_as_it_is_written() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/specs/decline-map.json"
        );
        let Ok(text) = std::fs::read(path) else {
            eprintln!("SKIPPED: {path} is not there, so the codes were compared with no list");
            return;
        };
        let map: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let mut compared = 0;
        for (table, read) in [
            ("mpgs_gateway_code", gateway as fn(&str) -> Option<Said>),
            ("amex_action_code", |code| action_code(code).map(Said::Code)),
        ] {
            for (code, word) in map["maps"][table].as_object().unwrap() {
                let ours = match read(code) {
                    Some(Said::Pending) => "pending",
                    Some(Said::Code(Meaning::Approved)) => "approved",
                    Some(Said::Code(Meaning::PartiallyApproved)) => "partially_approved",
                    Some(Said::Code(Meaning::OutcomeUnknown)) => "outcome_unknown",
                    Some(Said::Code(Meaning::Duplicate)) => "duplicate",
                    Some(Said::Code(Meaning::Refused(reason))) => reason.as_str(),
                    None => "none",
                };
                assert_eq!(word, ours, "{table} {code}");
                compared += 1;
            }
        }
        assert!(compared > 40, "{compared}");
    }
}
