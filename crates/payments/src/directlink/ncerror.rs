//! What is wrong with a request or a payment, as the protocol numbers it (ogone-directlink.md, section 7).

use crate::RefusalCode;
use acquiring::{Reason, SettlementKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An `NCERROR` of eight digits, or `0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NcError(pub u32);

impl NcError {
    /// Nothing is wrong.
    pub const NONE: Self = Self(0);
    /// The acquirer refused, and says no more.
    pub const REFUSED: Self = Self(30_001_001);
    /// Nobody behind the acquirer could be asked.
    pub const ACQUIRER_UNAVAILABLE: Self = Self(30_911_001);
    /// Nobody knows what became of it.
    pub const UNCERTAIN: Self = Self(20_001_001);
    /// The cardholder was not authenticated.
    pub const AUTHENTICATION_FAILED: Self = Self(40_001_134);
    /// Nobody could authenticate the cardholder.
    pub const AUTHENTICATION_UNAVAILABLE: Self = Self(40_001_135);
    /// A fault of ours.
    pub const TECHNICAL: Self = Self(40_001_998);
    /// The number has not enough or too many digits for its brand, or fails Luhn.
    pub const CARD_NUMBER: Self = Self(50_001_002);
    /// An `OPERATION` that there is not.
    pub const OPERATION: Self = Self(50_001_007);
    /// An operation that the account may not use.
    pub const OPERATION_NOT_ALLOWED: Self = Self(50_001_046);
    /// A card that `EXCLPMLIST` excludes.
    pub const CARD_EXCLUDED: Self = Self(50_001_054);
    /// A security code of other than digits in their number.
    pub const CVC_FORMAT: Self = Self(50_001_066);
    /// A brand that is not the card's.
    pub const BRAND_MISMATCH: Self = Self(50_001_069);
    /// An `ECI` that there is not.
    pub const ECI: Self = Self(50_001_070);
    /// Authentication is required.
    pub const AUTHENTICATION_REQUIRED: Self = Self(50_001_087);
    /// No security code.
    pub const CVC_MISSING: Self = Self(50_001_090);
    /// A validation without a number of its own.
    pub const INVALID: Self = Self(50_001_111);
    /// The order was paid before.
    pub const ORDER_PROCESSED: Self = Self(50_001_113);
    /// The request came without TLS.
    pub const NOT_SECURE: Self = Self(50_001_115);
    /// The account has a list of addresses, and this is none of them.
    pub const ADDRESS: Self = Self(50_001_116);
    /// The account has a list of addresses, and nobody knows where the request came from.
    pub const NO_ADDRESS: Self = Self(50_001_117);
    /// The account is not known, or not active.
    pub const ACCOUNT: Self = Self(50_001_118);
    /// The password is wrong, or the user locked.
    pub const PASSWORD: Self = Self(50_001_119);
    /// A currency that there is not.
    pub const CURRENCY: Self = Self(50_001_120);
    /// An amount finer than the currency's minor unit.
    pub const DECIMALS: Self = Self(50_001_121);
    /// A currency that the account does not take.
    pub const CURRENCY_NOT_ACCEPTED: Self = Self(50_001_122);
    /// A brand that no connection of the account takes.
    pub const CARD_TYPE_INACTIVE: Self = Self(50_001_123);
    /// More would be captured than was authorised.
    pub const CAPTURE_EXCEEDS: Self = Self(50_001_126);
    /// The payment is not in a state for it.
    pub const WRONG_STATUS: Self = Self(50_001_127);
    /// More would be given back than was captured.
    pub const REFUND_EXCEEDS: Self = Self(50_001_129);
    /// There is no such payment of this account.
    pub const UNKNOWN_ORDER: Self = Self(50_001_130);
    /// Nothing of that level was asked after the payment.
    pub const UNKNOWN_LEVEL: Self = Self(50_001_131);
    /// The same request is being worked on.
    pub const DUPLICATE: Self = Self(50_001_133);
    /// The account converts no currencies.
    pub const NO_CONVERSION: Self = Self(50_001_146);
    /// `REMOTE_ADDR` is no address.
    pub const SHOPPER_ADDRESS: Self = Self(50_001_150);
    /// A holder's name longer than 35 characters.
    pub const HOLDER_TOO_LONG: Self = Self(50_001_174);
    /// A holder's name with characters that no name has.
    pub const HOLDER_CHARACTERS: Self = Self(50_001_175);
    /// A card number longer than 21 characters.
    pub const CARD_TOO_LONG: Self = Self(50_001_176);
    /// A card number of other than digits.
    pub const CARD_NOT_NUMERIC: Self = Self(50_001_177);
    /// A security code longer than 5.
    pub const CVC_TOO_LONG: Self = Self(50_001_179);
    /// A security code of other than digits.
    pub const CVC_NOT_NUMERIC: Self = Self(50_001_180);
    /// An expiry of other than digits.
    pub const EXPIRY_NOT_NUMERIC: Self = Self(50_001_181);
    /// A month that there is not.
    pub const EXPIRY_MONTH: Self = Self(50_001_182);
    /// A card that has expired.
    pub const EXPIRED: Self = Self(50_001_183);
    /// The signature of a request for rates is wrong.
    pub const SIGNATURE: Self = Self(50_001_184);
    /// An operation that no processor here offers.
    pub const OPERATION_NOT_OFFERED: Self = Self(50_001_186);
    /// A country that there is not.
    pub const COUNTRY: Self = Self(50_001_209);
    /// An alias that is the card's own number.
    pub const ALIAS_IS_CARD: Self = Self(50_001_216);
    /// An address that is none.
    pub const EMAIL: Self = Self(50_001_225);
    /// A card of another kind than was wanted.
    pub const WRONG_METHOD: Self = Self(50_001_300);

    /// Why a processor or issuer refused. Mostly `30`, the response code of ISO 8583 that means as much, and `1001`.
    /// Processors' own codes are passed over, for many of them look like that standard's and are not.
    pub fn of_reason(reason: Reason) -> Self {
        Self(match reason {
            Reason::InsufficientFunds => 30_511_001,
            Reason::LimitExceeded => 30_611_001,
            Reason::NotPermitted | Reason::RevokedMandate => 30_571_001,
            Reason::CardNotSupported => 30_581_001,
            Reason::InvalidCard => 30_141_001,
            Reason::ExpiredCard => 30_541_001,
            Reason::InvalidCvc => 30_001_090,
            Reason::AvsFailed => 30_001_092,
            Reason::LostOrStolen => 30_431_001,
            Reason::RestrictedCard => 30_621_001,
            Reason::SuspectedFraud => 30_591_001,
            Reason::ProcessorRiskBlock => 30_341_001,
            Reason::RetryLimit => 30_001_154,
            Reason::AuthenticationRequired => 30_631_001,
            Reason::AuthenticationFailed => return Self::AUTHENTICATION_FAILED,
            Reason::IssuerUnavailable => return Self::ACQUIRER_UNAVAILABLE,
            Reason::ProcessorUnavailable | Reason::ProcessorError => 30_961_001,
            Reason::InvalidAmount => 30_131_001,
            Reason::InvalidRequest => 30_301_001,
            Reason::MerchantConfiguration => 30_031_001,
            Reason::Cancelled => 30_171_001,
            Reason::GenericDecline | Reason::InvalidState | Reason::Unknown => return Self::REFUSED,
        })
    }

    /// Why nothing was asked of anybody, where the rules refuse a call. `asked`: what it asked for after a payment, if it did.
    pub fn of_refusal(code: RefusalCode, asked: Option<SettlementKind>) -> Self {
        use RefusalCode as Code;
        match code {
            Code::OrderAlreadyProcessed | Code::AlreadyProcessed | Code::CannotCreateOrder => {
                Self::ORDER_PROCESSED
            }
            Code::TransactionInProcess => Self::DUPLICATE,
            Code::OrderNotFound => Self::UNKNOWN_ORDER,
            Code::ProcessorNotFound | Code::MethodNotConfigured => Self::CARD_TYPE_INACTIVE,
            Code::BadExpiry => Self::EXPIRED,
            Code::MissingSecurityCode => Self::CVC_MISSING,
            Code::BadSecurityCode => Self::CVC_FORMAT,
            Code::BadCardNumber | Code::InvalidCard => Self::CARD_NUMBER,
            // The network forbids another try of the card: what the acquirer would say as well.
            Code::CardForbidden => Self::REFUSED,
            Code::NotImplemented => Self::OPERATION_NOT_ALLOWED,
            Code::AmountExceeded if asked == Some(SettlementKind::Refund) => Self::REFUND_EXCEEDS,
            Code::AmountExceeded => Self::CAPTURE_EXCEEDS,
            Code::StatusNotValidForTransition
            | Code::PendingPayment
            | Code::CannotCapture
            | Code::CannotVoid
            | Code::CannotRefund
            | Code::AlreadyRefunded
            | Code::OrderExpired
            | Code::CannotExpireOrder
            | Code::AttemptsExceeded => Self::WRONG_STATUS,
            Code::MissingHeader
            | Code::IdempotencyKeyReused
            | Code::PayloadError
            | Code::PurchasePayload
            | Code::CardNotFound => Self::INVALID,
            Code::Internal
            | Code::ServiceTimeout
            | Code::Unauthorized
            | Code::InvalidApiKey
            | Code::RateLimited
            | Code::BadProcessorCredentials => Self::TECHNICAL,
        }
    }

    /// `NCSTATUS`: the class of the number. The failed authentication is paired with 5, as the vendor's page has it.
    pub fn nc_status(self) -> u8 {
        match self.0 / 10_000_000 {
            2 => 2,
            3 => 3,
            4 | 5 => 5,
            _ => 0,
        }
    }
}

impl fmt::Display for NcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decline_is_numbered_as_a_refusal_whatever_its_reason() {
        for reason in Reason::ALL {
            let error = NcError::of_reason(*reason);
            let expected = if *reason == Reason::AuthenticationFailed {
                5
            } else {
                3
            };
            assert_eq!(error.nc_status(), expected, "{reason:?} {error}");
        }
        assert_eq!(NcError::of_reason(Reason::InsufficientFunds), NcError(30_511_001));
    }

    #[test]
    fn what_the_rules_refuse_has_a_number_of_its_own() {
        for code in RefusalCode::ALL {
            for asked in SettlementKind::ALL.map(Some).into_iter().chain([None]) {
                assert_ne!(NcError::of_refusal(*code, asked), NcError::NONE, "{code:?}");
            }
        }
        let exceeded = |asked| NcError::of_refusal(RefusalCode::AmountExceeded, Some(asked));
        assert_eq!(exceeded(SettlementKind::Refund), NcError::REFUND_EXCEEDS);
        assert_eq!(exceeded(SettlementKind::Capture), NcError::CAPTURE_EXCEEDS);
        assert_eq!(
            NcError::of_refusal(RefusalCode::ProcessorNotFound, None),
            NcError::CARD_TYPE_INACTIVE
        );
    }

    #[test]
    fn the_status_is_the_class_of_the_number() {
        for (error, status) in [
            (NcError::NONE, 0),
            (NcError::UNCERTAIN, 2),
            (NcError::REFUSED, 3),
            (NcError::AUTHENTICATION_FAILED, 5),
            (NcError::INVALID, 5),
        ] {
            assert_eq!(error.nc_status(), status, "{error}");
        }
    }
}
