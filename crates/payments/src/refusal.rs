//! Why a call is refused: nothing happened, and the caller is told what to change.
//!
//! A decline is not a refusal: it is an outcome, and lives in the order.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// The codes of DEUNA that a call can be refused with (deuna-api.md section 10). Which HTTP status goes with
        /// each is the face's business.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum RefusalCode {
            $($(#[$doc])* $name,)*
        }

        impl RefusalCode {
            pub const ALL: &'static [RefusalCode] = &[$(RefusalCode::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(RefusalCode::$name => $code,)*
                }
            }
        }
    };
}

codes! {
    /// A header is missing or malformed.
    MissingHeader = "EMA-1000";
    /// The key was used with another body before.
    IdempotencyKeyReused = "EMA-1002";
    /// The body of an order call is wrong.
    PayloadError = "EMA-1002";
    OrderAlreadyProcessed = "EMA-1004";
    StatusNotValidForTransition = "EMA-1005";
    OrderNotFound = "EMA-3001";
    /// Our own fault; the description is an id to be looked up in the log.
    Internal = "EMA-9998";
    /// Outside service slow.
    ServiceTimeout = "EMA-4001";
    /// The key may not do this.
    Unauthorized = "EMA-5000";
    InvalidApiKey = "EMA-5001";
    /// The order cannot be refunded as it stands.
    CannotRefund = "EMA-6000";
    /// The order cannot be voided as it stands.
    CannotVoid = "EMA-6001";
    PendingPayment = "EMA-6002";
    /// The order cannot be captured as it stands.
    CannotCapture = "EMA-6003";
    CannotCreateOrder = "EMA-6004";
    OrderExpired = "EMA-6019";
    CannotExpireOrder = "EMA-6020";
    AttemptsExceeded = "EMA-9001";
    RateLimited = "EMA-4290";
    /// The body of a purchase is wrong.
    PurchasePayload = "DP-3000";
    InvalidCard = "DP-4017";
    /// The card's issuer or network forbids any further try of it.
    CardForbidden = "DP-4002";
    /// No saved card of that id.
    CardNotFound = "DP-4008";
    MissingSecurityCode = "DP-4100";
    BadSecurityCode = "DP-4101";
    BadExpiry = "DP-4300";
    BadCardNumber = "DP-4303";
    /// No connection takes this card.
    ProcessorNotFound = "DP-4009";
    /// No connection offers this payment method.
    MethodNotConfigured = "EM-1005";
    NotImplemented = "DP-5001";
    BadProcessorCredentials = "DP-4024";
    TransactionInProcess = "DP-4019";
    AlreadyProcessed = "DP-6000";
    /// More than is left to capture or to give back.
    AmountExceeded = "DP-4018";
    AlreadyRefunded = "DP-6005";
}

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: RefusalCode,
    /// The member of the request that is at fault, as a path: `order.total_amount`.
    pub field: Option<String>,
    /// For the caller: what is wrong and what would be right. Never quotes card data.
    pub description: String,
}

impl Refusal {
    pub fn new(code: RefusalCode, description: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            description: description.into(),
        }
    }

    pub fn of_field(code: RefusalCode, field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            code,
            field: Some(field.into()),
            description: description.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{} {field}: {}", self.code.as_str(), self.description),
            None => write!(f, "{} {}", self.code.as_str(), self.description),
        }
    }
}

impl std::error::Error for Refusal {}
