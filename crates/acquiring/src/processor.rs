//! The contract every processor's adapter fulfils: our words in, an [`Exchange`] out. Pure functions; nothing here
//! talks. There are no default bodies: a processor without voids says so in one line.

use crate::{
    Account, Authorization, AuthorizationAnswer, Capabilities, Capture, CredentialField, Inquiry,
    InquiryAnswer, Notice, NotificationRefused, Refund, Reversal, ReversalAnswer, SettlementAnswer,
    SettlementInquiry, SettlementInquiryAnswer, Void,
};
use primitives::{Exchange, Moment};
use thiserror::Error;

/// The request cannot be made, so nothing left the house and another route may be tried.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CannotBuild {
    /// The processor does not offer the operation: `DP-5001` towards the merchant.
    #[error("the processor does not offer {0}")]
    NotOffered(&'static str),
    /// This card, amount or authentication cannot be expressed in its protocol.
    #[error("cannot be expressed: {0}")]
    NotExpressible(&'static str),
    /// A credential is missing from the connection.
    #[error("the connection lacks {0}")]
    MissingCredential(&'static str),
}

/// A processor's adapter.
pub trait Processor: Send + Sync {
    /// The name merchants and configuration use: `kushki`.
    fn name(&self) -> &'static str;

    fn capabilities(&self) -> &'static Capabilities;

    /// The credentials a connection needs.
    fn credential_fields(&self) -> &'static [CredentialField];

    /// Where it is reached when the connection does not say otherwise.
    fn default_base_url(&self) -> &'static str;

    /// A sale or an authorisation, as `order.kind` says.
    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        moment: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild>;

    fn capture(
        &self,
        account: &Account,
        order: &Capture,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild>;

    fn void(
        &self,
        account: &Account,
        order: &Void,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild>;

    fn refund(
        &self,
        account: &Account,
        order: &Refund,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild>;

    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        moment: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild>;

    /// What became of a capture, void or refund.
    fn inquire_settlement(
        &self,
        account: &Account,
        order: &SettlementInquiry,
        moment: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild>;

    /// Takes back a charge by our reference alone.
    fn reverse(
        &self,
        account: &Account,
        order: &Reversal,
        moment: Moment,
    ) -> Result<Exchange<ReversalAnswer>, CannotBuild>;

    /// Verifies, then reads: all of it or nothing. `headers` have lower-case names.
    fn notification(
        &self,
        account: &Account,
        headers: &[(String, String)],
        body: &[u8],
        moment: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused>;

    /// The body that tells the processor that its notification was taken; the status is always 200.
    fn notification_receipt(&self) -> &'static str;
}
