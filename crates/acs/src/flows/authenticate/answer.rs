//! The ARes.

use emv3ds::code::{
    AuthenticationMethod, AuthenticationType, Component, TransStatus, TransStatusReason, YesNo,
};
use emv3ds::message::{AReq, ARes};
use emv3ds::{Eci, Fault, Rules, Version};

use crate::authentication_value::{Circumstances, eci};
use crate::decision::{Decision, Means};
use crate::language::Language;
use crate::policy::Policy;
use crate::service::Settings;
use crate::store::transactions::Transaction;
use crate::wording;

/// Reason of Mastercard's answer to a message that only shares data, and the ECI that goes with it.
const DATA_ONLY: (&str, &str) = ("80", "04");
/// Longest text of `cardholderInfo`, in characters.
const CARDHOLDER_INFO_MAX: usize = 128;

/// The ECI of a decision.
pub(super) fn eci_of(circumstances: &Circumstances, decision: &Decision) -> Option<Eci> {
    let (reason, data_only) = DATA_ONLY;
    match decision.reason {
        Some(TransStatusReason::DirectoryServer(value)) if value.as_str() == reason => Eci::parse(data_only),
        _ => eci(circumstances, decision.status),
    }
}

/// What every ARes says.
pub(super) fn plain(areq: &AReq, transaction: &Transaction, settings: &Settings) -> ARes {
    ARes {
        message_version: areq.message_version,
        three_ds_server_trans_id: areq.three_ds_server_trans_id,
        ds_trans_id: transaction.ds_trans_id,
        acs_trans_id: transaction.acs_trans_id,
        acs_reference_number: settings.reference_number.clone(),
        ds_reference_number: areq.ds_reference_number.clone().unwrap_or_default(),
        acs_operator_id: Some(settings.operator_id.clone()),
        trans_status: Some(transaction.status),
        trans_status_reason: transaction.reason,
        trans_status_reason_info: None,
        authentication_value: None,
        eci: transaction.eci,
        acs_challenge_mandated: None,
        acs_url: None,
        acs_signed_content: None,
        acs_rendering_type: None,
        authentication_type: None,
        authentication_method: None,
        acs_dec_con_ind: None,
        cardholder_info: None,
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

/// What the ARes says of what is still to come.
pub(super) fn announce(
    ares: &mut ARes,
    means: Means,
    language: Language,
    policy: &Policy,
    settings: &Settings,
) {
    let (kind, method) = match ares.trans_status {
        Some(TransStatus::DecoupledChallenge) => {
            (AuthenticationType::Decoupled, AuthenticationMethod::Decoupled)
        }
        Some(TransStatus::ChallengeRequired) if means.app => (
            AuthenticationType::OutOfBand,
            AuthenticationMethod::OutOfBandOther,
        ),
        Some(TransStatus::ChallengeRequired) if means.password => {
            (AuthenticationType::Static, AuthenticationMethod::StaticPasscode)
        }
        Some(TransStatus::ChallengeRequired) => (AuthenticationType::Dynamic, AuthenticationMethod::SmsCode),
        _ => return,
    };
    ares.authentication_type = Some(kind);
    ares.authentication_method = Some(vec![method]);
    if ares.trans_status == Some(TransStatus::ChallengeRequired) {
        ares.acs_challenge_mandated = Some(YesNo::No);
        ares.acs_url = Some(format!("{}/acs/3ds/challenge", settings.public_url));
    } else {
        ares.acs_challenge_mandated = Some(YesNo::Yes);
        ares.acs_dec_con_ind = Some(YesNo::Yes);
        let text = wording::words(language)
            .app_later
            .replace("{bank}", &policy.bank_name);
        let text: String = text.chars().take(CARDHOLDER_INFO_MAX).collect();
        ares.cardholder_info = Some(text.as_str().into());
    }
}

/// The ARes as bytes, by the 3DS Server's rules.
pub(super) fn written(ares: &ARes, areq: &AReq) -> Result<Vec<u8>, Box<Fault>> {
    Rules::received_by(Component::Server, &Version::ALL)
        .category(areq.message_category)
        .channel(areq.device_channel)
        .write(ares)
}

/// The Erro to a faulty AReq.
pub(super) fn erro(fault: &Fault) -> Vec<u8> {
    let written = fault
        .to_erro(Component::Acs, &Version::ALL)
        .map(|erro| Rules::received_by(Component::DirectoryServer, &Version::ALL).write(&erro));
    match written {
        Some(Ok(bytes)) => bytes,
        Some(Err(broken)) => {
            tracing::error!(fault = %broken, "an Erro of ours breaks the rules");
            Vec::new()
        }
        // Erros are never answered with an Erro.
        None => Vec::new(),
    }
}
