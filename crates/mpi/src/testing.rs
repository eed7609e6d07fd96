//! Messages as peers send them, for the tests of this crate.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use emv3ds::{
    AcsTransId, AuthenticationValue, DsTransId, Eci, ThreeDsServerTransId, Version,
    code::{AuthenticationType, ChallengeCancel, MessageCategory, TransStatus, TransStatusReason, YesNo},
    message::{ARes, Asked, RReq},
};
use uuid::Uuid;

pub fn transaction_id() -> ThreeDsServerTransId {
    ThreeDsServerTransId(Uuid::from_u128(1))
}

pub fn asked() -> Asked {
    Asked::plainly(Version::V2_2_0, transaction_id())
}

/// A frictionless Y.
pub fn ares() -> ARes {
    ARes {
        message_version: Version::V2_2_0,
        three_ds_server_trans_id: transaction_id(),
        ds_trans_id: DsTransId(Uuid::from_u128(2)),
        acs_trans_id: AcsTransId(Uuid::from_u128(3)),
        acs_reference_number: "3DS_LOA_ACS_1".into(),
        ds_reference_number: "3DS_LOA_DIS_1".into(),
        acs_operator_id: None,
        trans_status: Some(TransStatus::Authenticated),
        trans_status_reason: None,
        authentication_value: AuthenticationValue::parse("AJkBBkhgQQAAAE4gSEJydQAAAAA="),
        eci: Eci::parse("05"),
        acs_challenge_mandated: None,
        acs_url: None,
        authentication_type: None,
        acs_dec_con_ind: None,
        cardholder_info: None,
        trans_status_reason_info: None,
        acs_signed_content: None,
        acs_rendering_type: None,
        authentication_method: None,
        sdk_trans_id: None,
        trust_list_status: None,
        trust_list_status_source: None,
        card_security_code_status: None,
        card_security_code_status_source: None,
        device_binding_status: None,
        device_binding_status_source: None,
        device_info_recognised_version: None,
        three_ds_requestor_app_url_ind: None,
        trans_challenge_exemption: None,
        spc_trans_data: None,
        web_authn_cred_list: None,
        broad_info: None,
        message_extension: None,
    }
}

/// A challenge.
pub fn ares_challenge() -> ARes {
    ARes {
        trans_status: Some(TransStatus::ChallengeRequired),
        authentication_value: None,
        eci: None,
        acs_challenge_mandated: Some(YesNo::Yes),
        acs_url: Some("https://acs.example/challenge".into()),
        authentication_type: Some(AuthenticationType::Dynamic),
        ..ares()
    }
}

/// The challenge was passed.
pub fn rreq() -> RReq {
    RReq {
        message_version: Version::V2_2_0,
        message_category: MessageCategory::Payment,
        three_ds_server_trans_id: transaction_id(),
        acs_trans_id: AcsTransId(Uuid::from_u128(3)),
        ds_trans_id: DsTransId(Uuid::from_u128(2)),
        trans_status: Some(TransStatus::Authenticated),
        trans_status_reason: None,
        authentication_value: ares().authentication_value,
        eci: Eci::parse("05"),
        authentication_type: Some(AuthenticationType::Dynamic),
        authentication_method: None,
        interaction_counter: Some("01".into()),
        challenge_cancel: None,
        sdk_trans_id: None,
        trans_status_reason_info: None,
        acs_rendering_type: None,
        challenge_error_reporting: None,
        cardholder_info: None,
        trust_list_status: None,
        trust_list_status_source: None,
        device_binding_status: None,
        device_binding_status_source: None,
        message_extension: None,
    }
}

/// The ACS never saw a CReq.
pub fn rreq_never_started() -> RReq {
    RReq {
        trans_status: Some(TransStatus::NotAuthenticated),
        trans_status_reason: Some(TransStatusReason::TimedOutAtAcs),
        authentication_value: None,
        eci: None,
        challenge_cancel: Some(ChallengeCancel::FirstCreqNotReceived),
        ..rreq()
    }
}
