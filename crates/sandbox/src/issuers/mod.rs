//! The issuers' access control servers: they decide at once or challenge the cardholder, and report the result.
//!
//! [`scenario`] says what a card number means, [`decision`] what its issuer answers, [`session`] how a challenge may
//! go. Pages are in [`challenge`] and [`method`], the RReq and its repetitions in [`report`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use emv3ds::code::{Component, ErrorCode, TransStatus, TransStatusReason, YesNo};
use emv3ds::message::{AReq, ARes, WireMessage as _};
use emv3ds::{AcsTransId, DsTransId, Fault, Rules, Version};
use primitives::{Amount, Brand, Currency};
use uuid::Uuid;

use crate::directory::results::ResultsRoute;
use crate::messages::MessageLog;
use crate::phone::PhoneNetwork;

pub mod authentication_value;
pub mod challenge;
pub mod decision;
pub mod malformed;
pub mod method;
mod report;
pub mod scenario;
pub mod session;

use authentication_value::ValueKey;
use decision::{Decision, Verdict};
use scenario::Scenario;
use session::{Facts, Session};

/// `acsReferenceNumber` of all issuers here.
pub const ACS_REFERENCE_NUMBER: &str = "3DS_LOA_ACS_SNDB_020200_00001";

/// Challenges open at the same time; further ones are answered `U` so that memory stays bounded.
const SESSIONS_MAX: usize = 100_000;

/// Patience and addresses of the issuers.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// The sandbox as browsers reach it, without a slash at the end.
    pub public_url: String,
    /// How long the first CReq may take; 30 s in the specification.
    pub first_creq_timeout: Duration,
    /// How long a page may go unanswered; 10 minutes in the specification.
    pub challenge_timeout: Duration,
    /// How long the browser is kept waiting for the RRes; 5 s in the specification.
    pub results_wait: Duration,
    /// How long between attempts to deliver an RReq, after one immediate repetition.
    pub results_retry_interval: Duration,
    /// For how long delivery is attempted.
    pub results_give_up_after: Duration,
    /// How long an ended challenge is remembered, for browsers that come back.
    pub session_linger: Duration,
}

impl IssuerSettings {
    /// The specification's times.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into(),
            first_creq_timeout: Duration::from_secs(30),
            challenge_timeout: Duration::from_secs(600),
            results_wait: Duration::from_secs(5),
            results_retry_interval: Duration::from_secs(2),
            results_give_up_after: Duration::from_secs(600),
            session_linger: Duration::from_secs(120),
        }
    }
}

/// All issuers of the sandbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: IssuerSettings,
    sessions: Mutex<HashMap<AcsTransId, Arc<Session>>>,
    phones: PhoneNetwork,
    messages: MessageLog,
    results: ResultsRoute,
    values: ValueKey,
}

impl Issuers {
    /// Issuers that send codes over `phones` and results over `results`.
    pub fn new(
        settings: IssuerSettings,
        phones: PhoneNetwork,
        messages: MessageLog,
        results: ResultsRoute,
    ) -> Self {
        let (sessions, values) = (Mutex::default(), ValueKey::random());
        Self(Arc::new(Inner {
            settings,
            sessions,
            phones,
            messages,
            results,
            values,
        }))
    }

    /// Answers an AReq that the directory server has checked and completed: the ARes as bytes.
    ///
    /// # Errors
    /// 201 when the directory server has not completed it, or when our own ARes would break the rules, which is a mistake
    /// of the sandbox.
    pub fn authenticate(&self, brand: Brand, areq: &AReq) -> Result<Vec<u8>, Box<Fault>> {
        let (Some(ds_trans_id), Some(ds_reference_number)) = (areq.ds_trans_id, &areq.ds_reference_number)
        else {
            let fault = Fault::new(ErrorCode::RequiredElementMissing, "dsTransID,dsReferenceNumber");
            return Err(Box::new(fault.of(
                AReq::TYPE,
                Some(areq.message_version),
                areq.ids(),
            )));
        };
        let acs_trans_id = AcsTransId(Uuid::new_v4());
        let scenario = Scenario::of(areq.acct_number.reveal());
        let mut ares = ARes {
            message_version: areq.message_version,
            three_ds_server_trans_id: areq.three_ds_server_trans_id,
            ds_trans_id,
            acs_trans_id,
            acs_reference_number: ACS_REFERENCE_NUMBER.to_owned(),
            ds_reference_number: ds_reference_number.clone(),
            acs_operator_id: None,
            trans_status: None,
            trans_status_reason: None,
            authentication_value: None,
            eci: None,
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
        };
        let rules = Rules::received_by(Component::Server, &Version::ALL).category(areq.message_category);
        match decision::decide(scenario, brand, areq) {
            Decision::Frictionless(verdict) => self.conclude(&mut ares, brand, areq, verdict),
            Decision::Challenge(challenge) => {
                let facts = self.facts(brand, areq, challenge, ds_trans_id, acs_trans_id);
                if self.begin(facts) {
                    ares.trans_status = Some(TransStatus::ChallengeRequired);
                    ares.acs_challenge_mandated = Some(YesNo::No);
                    ares.acs_url = Some(format!("{}/acs/challenge", self.0.settings.public_url));
                    ares.authentication_type = Some(session::authentication_type(challenge.credential));
                    ares.authentication_method =
                        Some(vec![session::authentication_method(challenge.credential)]);
                } else {
                    let reason = Some(TransStatusReason::FrequencyExceeded);
                    let verdict = Verdict::of(brand, TransStatus::Unavailable, reason);
                    self.conclude(&mut ares, brand, areq, verdict);
                }
            }
            Decision::Malformed => {
                let verdict = Verdict::of(brand, TransStatus::Authenticated, None);
                self.conclude(&mut ares, brand, areq, verdict);
                return rules.write(&ares).map(malformed::spoil);
            }
        }
        rules.write(&ares)
    }

    fn conclude(&self, ares: &mut ARes, brand: Brand, areq: &AReq, verdict: Verdict) {
        ares.trans_status = Some(verdict.status);
        ares.trans_status_reason = verdict.reason;
        ares.eci = verdict.eci;
        ares.authentication_value = self.0.values.value(brand, areq, ares.ds_trans_id, verdict.status);
    }

    fn facts(
        &self,
        brand: Brand,
        areq: &AReq,
        challenge: decision::Challenge,
        ds_trans_id: DsTransId,
        acs_trans_id: AcsTransId,
    ) -> Facts {
        let account_number = areq.acct_number.reveal();
        Facts {
            version: areq.message_version,
            category: areq.message_category,
            three_ds_server_trans_id: areq.three_ds_server_trans_id,
            ds_trans_id,
            acs_trans_id,
            brand,
            challenge,
            proof: self
                .0
                .values
                .value(brand, areq, ds_trans_id, TransStatus::Authenticated),
            phone: phone_of(account_number),
            last_four: account_number
                .get(account_number.len().saturating_sub(4)..)
                .unwrap_or_default()
                .to_owned(),
            merchant: areq.merchant_name.clone().unwrap_or_default(),
            amount: amount_shown(areq),
            three_ds_server_url: areq.three_ds_server_url.clone(),
            notification_url: areq.notification_url.clone().unwrap_or_default(),
        }
    }

    /// Opens a session and follows it to its end; false when there are too many.
    fn begin(&self, facts: Facts) -> bool {
        let session = Arc::new(Session::new(facts));
        let mut sessions = self.sessions();
        if sessions.len() >= SESSIONS_MAX {
            return false;
        }
        sessions.insert(session.facts.acs_trans_id, Arc::clone(&session));
        drop(sessions);
        tokio::spawn(report::follow(self.clone(), session));
        true
    }

    fn session(&self, id: AcsTransId) -> Option<Arc<Session>> {
        self.sessions().get(&id).cloned()
    }

    fn forget(&self, id: AcsTransId) {
        self.sessions().remove(&id);
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<AcsTransId, Arc<Session>>> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The phone of a card: each has its own, and the same after every restart.
pub fn phone_of(account_number: &str) -> String {
    let hash = digest::digest(&digest::SHA256, account_number.as_bytes());
    let head = hash
        .as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("+5255{:08}", head % 100_000_000)
}

/// `MXN 10.50`, or the bare digits where currency or amount make no sense.
fn amount_shown(areq: &AReq) -> String {
    let digits = areq.purchase_amount.clone().unwrap_or_default();
    let currency = areq
        .purchase_currency
        .as_deref()
        .and_then(|code| Currency::parse_numeric3(code).ok());
    let amount = digits
        .parse()
        .ok()
        .zip(currency)
        .and_then(|(minor, currency)| Amount::new(minor, currency).ok());
    amount.map_or(digits, |amount| amount.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_listed_card_has_its_own_phone() {
        let cards = scenario::listed_cards();
        let phones: HashSet<String> = cards.iter().map(|card| phone_of(&card.number)).collect();
        assert_eq!(phones.len(), cards.len());
    }
}
