//! Why a charge was refused, in one vocabulary for all processors, and what may be done about it.
//!
//! The tables of the networks' own codes are in [`iso8583`] and [`merchant_advice`]; a processor's own codes are in its
//! adapter.

pub mod iso8583;
pub mod merchant_advice;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal => $advice:ident;)*) => {
        /// A normalised reason (processors README, "Normalised reasons").
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// The word written to rows and shown to merchants.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Reason::$name => $text,)*
                }
            }

            /// What the reason alone advises; a processor's or network's own advice goes before it.
            pub fn usual_advice(self) -> Advice {
                match self {
                    $(Reason::$name => Advice::$advice,)*
                }
            }
        }
    };
}

reasons! {
    /// Not enough money or credit.
    InsufficientFunds = "insufficient_funds" => Later;
    /// Amount or frequency limit of the card.
    LimitExceeded = "limit_exceeded" => Later;
    /// The issuer said no without a usable reason.
    GenericDecline = "generic_decline" => Failover;
    /// Issuer or product rules forbid this kind of transaction.
    NotPermitted = "not_permitted" => Failover;
    /// Processor or merchant contract does not take this card.
    CardNotSupported = "card_not_supported" => Failover;
    /// Number, account or issuer does not exist.
    InvalidCard = "invalid_card" => FixInput;
    /// Expired card, or wrong expiry date.
    ExpiredCard = "expired_card" => FixInput;
    /// Security code wrong or missing.
    InvalidCvc = "invalid_cvc" => FixInput;
    /// Address check failed.
    AvsFailed = "avs_failed" => FixInput;
    /// Lost, stolen, pick up.
    LostOrStolen = "lost_or_stolen" => Never;
    /// Blocked, inactive or closed account.
    RestrictedCard = "restricted_card" => Never;
    /// Issuer or network suspects fraud.
    SuspectedFraud = "suspected_fraud" => Never;
    /// The processor's own risk rules.
    ProcessorRiskBlock = "processor_risk_block" => Never;
    /// The cardholder stopped this or all recurring payments.
    RevokedMandate = "revoked_mandate" => Never;
    /// Too many attempts on this card.
    RetryLimit = "retry_limit" => Never;
    /// Soft decline: needs 3DS, or a stronger one.
    AuthenticationRequired = "authentication_required" => Reauthenticate;
    /// 3DS data refused, or authentication failed.
    AuthenticationFailed = "authentication_failed" => Never;
    /// Issuer or network could not answer.
    IssuerUnavailable = "issuer_unavailable" => Transient;
    /// The processor could not take the request; known not processed.
    ProcessorUnavailable = "processor_unavailable" => Transient;
    /// The processor failed internally; known not approved.
    ProcessorError = "processor_error" => Failover;
    /// Amount or currency refused.
    InvalidAmount = "invalid_amount" => Never;
    /// Malformed or missing data: our defect.
    InvalidRequest = "invalid_request" => Never;
    /// Credentials, contract or set-up wrong.
    MerchantConfiguration = "merchant_configuration" => Failover;
    /// Capture, void or refund not possible in this state.
    InvalidState = "invalid_state" => Never;
    /// Cancelled by shopper or merchant.
    Cancelled = "cancelled" => Never;
    /// A code that is in no table.
    Unknown = "unknown" => Never;
}

/// What may be done after a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The same card after hours or days.
    Later,
    /// One immediate try at another processor.
    Failover,
    /// Repeat or fail over: the issuer could not answer.
    Transient,
    /// Authenticate (with a challenge), then one more try.
    Reauthenticate,
    /// The shopper must correct what was typed.
    FixInput,
    /// Never again with this card.
    Never,
}

impl Advice {
    /// Whether another route may be tried at once.
    pub fn lets_another_route_try(self) -> bool {
        match self {
            Advice::Failover | Advice::Transient => true,
            Advice::Later | Advice::Reauthenticate | Advice::FixInput | Advice::Never => false,
        }
    }

    /// The advice that holds when several sources gave one, named in the order of their authority (network advice,
    /// processor advice, issuer code, processor code): the first given, except that a [`Advice::Never`] from any of
    /// them wins.
    pub fn of_sources(sources: impl IntoIterator<Item = Option<Advice>>) -> Option<Advice> {
        sources
            .into_iter()
            .flatten()
            .reduce(|first, next| if next == Advice::Never { next } else { first })
    }
}

/// What a code says of a charge. Most codes refuse; some leave the outcome open and must not be read as a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Approved as asked.
    Approved,
    /// Approved for less than was asked.
    PartiallyApproved,
    /// May or may not have been approved: inquire before anything else is sent.
    OutcomeUnknown,
    /// The same request was seen before; what became of it is not said: inquire.
    Duplicate,
    /// Refused, and nothing was taken.
    Refused(Reason),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_advice_holds_unless_somebody_says_never() {
        use Advice::{Failover, Later, Never};
        assert_eq!(
            Advice::of_sources([None, Some(Later), Some(Failover)]),
            Some(Later)
        );
        assert_eq!(Advice::of_sources([Some(Later), None, Some(Never)]), Some(Never));
        assert_eq!(Advice::of_sources([Some(Never), Some(Failover)]), Some(Never));
        assert_eq!(Advice::of_sources([None, None]), None);
    }
}
