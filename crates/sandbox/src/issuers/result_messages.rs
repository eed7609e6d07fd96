//! The messages that tell how a session ended: the RReq to the 3DS Server, the CRes through the browser.

use emv3ds::Version;
use emv3ds::code::{AuthenticationMethod, AuthenticationType, TransStatus, YesNo};
use emv3ds::message::{CRes, RReq};

use super::decision::Credential;
use super::facts::Way;
use super::session::{Outcome, Session};

impl Session {
    /// The RReq that tells the outcome.
    pub fn rreq(&self, outcome: &Outcome) -> RReq {
        let facts = &self.facts;
        let status = outcome.verdict.status;
        let proof = facts
            .proof
            .clone()
            .filter(|_| status == TransStatus::Authenticated);
        let answered = matches!(status, TransStatus::Authenticated | TransStatus::NotAuthenticated);
        let interactions = match facts.way {
            Way::Challenge(_) => Some(format!("{:02}", outcome.interactions.min(99))),
            Way::Decoupled => None,
        };
        RReq {
            message_version: facts.version,
            message_category: facts.category,
            three_ds_server_trans_id: facts.three_ds_server_trans_id,
            acs_trans_id: facts.acs_trans_id,
            ds_trans_id: facts.ds_trans_id,
            trans_status: Some(status),
            trans_status_reason: outcome.verdict.reason,
            authentication_value: proof,
            eci: outcome.verdict.eci,
            authentication_type: answered.then(|| authentication_type(facts.way, outcome.credential)),
            authentication_method: self.method_told(outcome).map(|method| vec![method]),
            interaction_counter: interactions,
            challenge_cancel: outcome.cancel,
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

    /// `authenticationMethod`; before 2.3.1 there is no value for a decoupled authentication.
    fn method_told(&self, outcome: &Outcome) -> Option<AuthenticationMethod> {
        let method = authentication_method(self.facts.way, outcome.credential);
        let known = self.facts.version >= Version::V2_3_1 || method != AuthenticationMethod::Decoupled;
        known.then_some(method)
    }

    /// The final CRes, which knows only `Y` and `N`, and `D` where the RReq has it.
    pub fn cres(&self, outcome: &Outcome) -> CRes {
        let trans_status = match outcome.verdict.status {
            TransStatus::Authenticated => TransStatus::Authenticated,
            TransStatus::DecoupledChallenge => TransStatus::DecoupledChallenge,
            _ => TransStatus::NotAuthenticated,
        };
        CRes {
            message_version: self.facts.version,
            three_ds_server_trans_id: self.facts.three_ds_server_trans_id,
            acs_trans_id: self.facts.acs_trans_id,
            trans_status,
            challenge_completion_ind: Some(YesNo::Yes),
            message_extension: None,
        }
    }
}

/// `authenticationType` of a way and a credential.
pub fn authentication_type(way: Way, credential: Credential) -> AuthenticationType {
    match (way, credential) {
        (Way::Decoupled, _) => AuthenticationType::Decoupled,
        (Way::Challenge(_), Credential::OneTimeCode) => AuthenticationType::Dynamic,
        (Way::Challenge(_), Credential::StaticPassword) => AuthenticationType::Static,
        (Way::Challenge(_), Credential::BankApp) => AuthenticationType::OutOfBand,
    }
}

/// `authenticationMethod` of a way and a credential.
pub fn authentication_method(way: Way, credential: Credential) -> AuthenticationMethod {
    match (way, credential) {
        (Way::Decoupled, _) => AuthenticationMethod::Decoupled,
        (Way::Challenge(_), Credential::OneTimeCode) => AuthenticationMethod::SmsCode,
        (Way::Challenge(_), Credential::StaticPassword) => AuthenticationMethod::StaticPasscode,
        (Way::Challenge(_), Credential::BankApp) => AuthenticationMethod::OutOfBandOther,
    }
}
