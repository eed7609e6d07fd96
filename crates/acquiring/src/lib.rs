//! What is asked of an acquirer and what comes back.
//!
//! Here are the operations of card acquiring in our words (authorization, capture, void, refund, inquiry), the
//! answers, the reasons for a decline with the advice that goes with them, and the [`Processor`] contract that every
//! adapter fulfils, together with the conformance suite that holds it to that contract. Not here: any processor
//! (`processors`), and the rules that decide what is asked (`payments`).
//!
//! Read [`processor`] first.
#![deny(clippy::float_arithmetic, reason = "money is counted in integers")]

pub mod account;
pub mod authorization;
pub mod capabilities;
pub mod conformance;
pub mod exemption;
pub mod inquiry;
pub mod notification;
pub mod processor;
pub mod response_code;
pub mod settlement;

pub use account::{Account, CredentialField, Credentials};
pub use authorization::{
    Address, Agreement, Approval, AuthenticationFlow, Authorization, AuthorizationAnswer,
    CardholderAuthentication, ChargeKind, Decline, Initiator, Shopper, StoredCredential,
};
pub use capabilities::{Capabilities, Captures, Recovery, Refunds, RefundsOf, Voids};
pub use exemption::Exemption;
pub use inquiry::{Inquiry, InquiryAnswer};
pub use notification::{About, Notice, NotificationRefused, Says};
pub use processor::{CannotBuild, Processor};
pub use response_code::{Advice, Meaning, Reason};
pub use settlement::{
    Capture, CaptureRef, Charged, Refund, Reversal, ReversalAnswer, SettlementAnswer, SettlementInquiry,
    SettlementInquiryAnswer, SettlementKind, Void,
};
