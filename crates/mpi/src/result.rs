//! What a finished authentication is worth.
//!
//! An [`AuthenticationResult`] can be made only here, from a final ARes or an RReq that was checked against its
//! transaction; holding one is evidence.

use emv3ds::{
    AcsTransId, AuthenticationValue, DsTransId, Eci, ThreeDsServerTransId, Version,
    code::{ChallengeCancel, DeviceChannel, MessageCategory, TransStatus, TransStatusReason},
    message::{ARes, RReq},
};
use primitives::Brand;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;

use crate::transaction::{self, Subject};

/// The outcome of one run of 3-D Secure, as the issuer or the directory server gave it.
///
/// It can be written to a record and read back; there is no other way to make one outside this crate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthenticationResult {
    three_ds_server_trans_id: ThreeDsServerTransId,
    ds_trans_id: DsTransId,
    acs_trans_id: AcsTransId,
    version: Version,
    brand: Brand,
    #[serde(default = "transaction::browser")]
    channel: DeviceChannel,
    #[serde(default = "transaction::payment")]
    category: MessageCategory,
    /// Whether no more was asked for than that data be shared with the issuer.
    #[serde(default)]
    data_only: bool,
    flow: Flow,
    trans_status: TransStatus,
    trans_status_reason: Option<TransStatusReason>,
    eci: Option<Eci>,
    authentication_value: Option<AuthenticationValue>,
    challenge_cancel: Option<ChallengeCancel>,
    #[serde(with = "time::serde::rfc3339")]
    authenticated_at: OffsetDateTime,
    /// The remote 3DS Server that brought it; `None` where it is our own's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<String>,
}

/// How much the cardholder saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Nothing.
    Frictionless,
    /// Our page, while the 3DS Method ran or browser data was collected; nothing was asked.
    SemiFrictionless,
    /// The issuer asked for something.
    Challenge,
}

impl Flow {
    pub fn as_str(self) -> &'static str {
        match self {
            Flow::Frictionless => "frictionless",
            Flow::SemiFrictionless => "semi_frictionless",
            Flow::Challenge => "challenge",
        }
    }
}

/// Why a run of 3-D Secure ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The directory server answered with an Erro that speaks of itself or of our request.
    #[error("the directory server refused the request with error {code}")]
    DirectoryErro { code: u16 },
    /// The Erro came from, or speaks of, the issuer's ACS.
    #[error("the issuer's access control server failed with error {code}")]
    AcsErro { code: u16 },
    /// The directory server or the ACS does not speak the version asked in (Erro 102).
    #[error("the protocol version is refused")]
    VersionRefused {
        /// The version to ask again in, as a new authentication; `None` where there is no other.
        instead: Option<Version>,
    },
    /// No answer within the read time-out, or the directory server says that it waited in vain itself.
    #[error("the directory server did not answer in time")]
    DirectoryTimeout,
    /// No connection could be made.
    #[error("the directory server cannot be reached")]
    DirectoryUnreachable,
    /// The ARes could not be read, or does not answer what was asked.
    #[error("the authentication response is unusable")]
    UnusableAnswer,
    /// The request could not be made of what is configured.
    #[error("the authentication request cannot be made")]
    CannotRequest,
    /// The challenge's time has passed without a result.
    #[error("the time for the challenge has passed")]
    TimeExpired,
}

impl AuthenticationResult {
    /// Makes the result of a final ARes. The caller has checked that it answers the AReq of this transaction.
    pub(crate) fn of_ares(
        ares: &ARes,
        status: TransStatus,
        subject: &Subject,
        data_only: bool,
        flow: Flow,
        at: OffsetDateTime,
    ) -> Self {
        Self {
            three_ds_server_trans_id: ares.three_ds_server_trans_id,
            ds_trans_id: ares.ds_trans_id,
            acs_trans_id: ares.acs_trans_id,
            version: ares.message_version,
            brand: subject.brand,
            channel: subject.channel,
            category: subject.category,
            data_only,
            flow,
            trans_status: status,
            trans_status_reason: ares.trans_status_reason,
            eci: ares.eci,
            authentication_value: proof(status, ares.authentication_value.as_ref()),
            challenge_cancel: None,
            authenticated_at: at,
            made_by: None,
        }
    }

    /// Makes the result of an RReq. The caller has checked that all three ids are this transaction's.
    pub(crate) fn of_rreq(rreq: &RReq, status: TransStatus, subject: &Subject, at: OffsetDateTime) -> Self {
        Self {
            three_ds_server_trans_id: rreq.three_ds_server_trans_id,
            ds_trans_id: rreq.ds_trans_id,
            acs_trans_id: rreq.acs_trans_id,
            version: rreq.message_version,
            brand: subject.brand,
            channel: subject.channel,
            category: subject.category,
            data_only: false,
            flow: Flow::Challenge,
            trans_status: status,
            trans_status_reason: rreq.trans_status_reason,
            eci: rreq.eci,
            authentication_value: proof(status, rreq.authentication_value.as_ref()),
            challenge_cancel: rreq.challenge_cancel,
            authenticated_at: at,
            made_by: None,
        }
    }

    pub fn three_ds_server_trans_id(&self) -> ThreeDsServerTransId {
        self.three_ds_server_trans_id
    }

    pub fn ds_trans_id(&self) -> DsTransId {
        self.ds_trans_id
    }

    pub fn acs_trans_id(&self) -> AcsTransId {
        self.acs_trans_id
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn brand(&self) -> Brand {
        self.brand
    }

    pub fn channel(&self) -> DeviceChannel {
        self.channel
    }

    pub fn category(&self) -> MessageCategory {
        self.category
    }

    /// Whether no more was asked for than that data be shared with the issuer (Visa's challenge indicator 06,
    /// Mastercard's category 80): then an `I` is what was wanted, and no sign of trouble.
    pub fn data_only(&self) -> bool {
        self.data_only
    }

    pub fn flow(&self) -> Flow {
        self.flow
    }

    pub fn trans_status(&self) -> TransStatus {
        self.trans_status
    }

    pub fn trans_status_reason(&self) -> Option<TransStatusReason> {
        self.trans_status_reason
    }

    /// Exactly as it came; never computed from the status (emv-3ds section 16.1).
    pub fn eci(&self) -> Option<&Eci> {
        self.eci.as_ref()
    }

    pub fn authentication_value(&self) -> Option<&AuthenticationValue> {
        self.authentication_value.as_ref()
    }

    pub fn challenge_cancel(&self) -> Option<ChallengeCancel> {
        self.challenge_cancel
    }

    pub fn authenticated_at(&self) -> OffsetDateTime {
        self.authenticated_at
    }

    /// The remote 3DS Server that brought it; `None` where our own did.
    pub fn made_by(&self) -> Option<&str> {
        self.made_by.as_deref()
    }

    /// Says which remote 3DS Server brought it.
    pub(crate) fn mark_as_made_by(&mut self, name: &str) {
        self.made_by = Some(name.to_owned());
    }

    /// Whether the issuer carries fraud liability: authenticated or attempted, with the ECI that says so for the brand
    /// and an authentication value to prove it (processors README, "Neutral 3DS input"). Never for what is no payment,
    /// for data only, or with nobody present.
    pub fn liability_shift(&self) -> bool {
        let cardholder_paid = self.category == MessageCategory::Payment
            && self.channel != DeviceChannel::RequestorInitiated
            && !self.data_only;
        let proven = matches!(
            self.trans_status,
            TransStatus::Authenticated | TransStatus::Attempted
        ) && self.authentication_value.is_some();
        cardholder_paid
            && proven
            && self
                .eci
                .as_ref()
                .is_some_and(|eci| eci_shifts_liability(self.brand, eci.as_str()))
    }
}

/// Whether this ECI says, for the brand, that the issuer carries fraud liability.
pub fn eci_shifts_liability(brand: Brand, eci: &str) -> bool {
    match brand {
        Brand::Mastercard => matches!(eci, "02" | "01"),
        Brand::Visa
        | Brand::Amex
        | Brand::Elo
        | Brand::Jcb
        | Brand::Diners
        | Brand::Discover
        | Brand::Carnet
        | Brand::Other => matches!(eci, "05" | "06"),
    }
}

/// The authentication value, where the status is one that proves something (emv-3ds section 16.2): with N, U and R there
/// is none, whatever the message holds.
fn proof(status: TransStatus, value: Option<&AuthenticationValue>) -> Option<AuthenticationValue> {
    match status {
        TransStatus::Authenticated | TransStatus::Attempted | TransStatus::InformationOnly => value.cloned(),
        TransStatus::NotAuthenticated
        | TransStatus::Unavailable
        | TransStatus::Rejected
        | TransStatus::ChallengeRequired
        | TransStatus::DecoupledChallenge
        | TransStatus::SecurePaymentConfirmation => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use time::macros::datetime;

    const AT: OffsetDateTime = datetime!(2026-11-22 00:15 UTC);

    fn subject(brand: Brand) -> Subject {
        Subject::browser_payment(testing::transaction_id(), brand, Version::V2_2_0)
    }

    fn result(brand: Brand, status: TransStatus, eci: &str, value: bool) -> AuthenticationResult {
        let ares = ARes {
            eci: Eci::parse(eci),
            authentication_value: testing::ares().authentication_value.filter(|_| value),
            ..testing::ares()
        };
        AuthenticationResult::of_ares(&ares, status, &subject(brand), false, Flow::Frictionless, AT)
    }

    #[test]
    fn liability_shifts_with_the_brand_s_eci_and_a_value() {
        use TransStatus::{Attempted, Authenticated, Unavailable};
        for (brand, status, eci, value, shifts) in [
            (Brand::Visa, Authenticated, "05", true, true),
            (Brand::Visa, Attempted, "06", true, true),
            (Brand::Visa, Authenticated, "07", true, false),
            (Brand::Visa, Authenticated, "05", false, false),
            (Brand::Visa, Authenticated, "02", true, false),
            (Brand::Mastercard, Authenticated, "02", true, true),
            (Brand::Mastercard, Attempted, "01", true, true),
            (Brand::Mastercard, Authenticated, "05", true, false),
            (Brand::Amex, Unavailable, "05", true, false),
        ] {
            let result = result(brand, status, eci, value);
            assert_eq!(result.liability_shift(), shifts, "{brand} {status} {eci} {value}");
        }
    }

    #[test]
    fn liability_never_shifts_without_a_payment_of_somebody_present() {
        let status = TransStatus::Authenticated;
        let with = |subject: &Subject, data_only| {
            let flow = Flow::Frictionless;
            AuthenticationResult::of_ares(&testing::ares(), status, subject, data_only, flow, AT)
        };
        let payment = subject(Brand::Visa);
        assert!(with(&payment, false).liability_shift());
        assert!(!with(&payment, true).liability_shift());
        for subject in [
            Subject {
                category: MessageCategory::NonPayment,
                ..payment
            },
            Subject {
                channel: DeviceChannel::RequestorInitiated,
                ..payment
            },
        ] {
            assert!(!with(&subject, false).liability_shift(), "{subject:?}");
            let rreq = AuthenticationResult::of_rreq(&testing::rreq(), status, &subject, AT);
            assert!(!rreq.liability_shift(), "{subject:?}");
        }
    }

    #[test]
    fn a_refusal_carries_no_authentication_value() {
        for status in [
            TransStatus::NotAuthenticated,
            TransStatus::Unavailable,
            TransStatus::Rejected,
        ] {
            assert_eq!(
                result(Brand::Visa, status, "07", true).authentication_value(),
                None
            );
        }
    }

    #[test]
    fn a_result_is_stored_and_read_back_as_it_was() {
        let result = result(Brand::Visa, TransStatus::Authenticated, "05", true);
        let json = serde_json::to_string(&result).unwrap();
        assert_eq!(
            serde_json::from_str::<AuthenticationResult>(&json).unwrap(),
            result
        );
        assert!(!format!("{result:?}").contains("AJkBBkhg"));
    }

    #[test]
    fn a_result_stored_before_there_were_other_channels_is_a_payment_in_a_browser() {
        let result = result(Brand::Visa, TransStatus::Authenticated, "05", true);
        let mut stored = serde_json::to_value(&result).unwrap();
        for name in ["channel", "category", "data_only"] {
            assert!(stored.as_object_mut().unwrap().remove(name).is_some());
        }
        assert_eq!(
            serde_json::from_value::<AuthenticationResult>(stored).unwrap(),
            result
        );
    }
}
