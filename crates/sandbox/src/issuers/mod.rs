//! The issuers' access control servers: they decide at once or challenge the cardholder, and report the result.
//!
//! [`scenario`] says what a card number means, [`decision`] what its issuer answers, [`session`] how a challenge or a
//! decoupled authentication may go. Pages are in [`challenge`], [`bank_app`] and [`method`], the RReq and its repetitions
//! in [`report`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acs::authentication_value::ValueKey;
use emv3ds::code::{Component, ErrorCode, TransStatus, TransStatusReason, YesNo};
use emv3ds::message::{AReq, ARes, WireMessage as _};
use emv3ds::{AcsTransId, DsTransId, Fault, Rules, Version};
use primitives::Brand;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::directory::results::ResultsRoute;
use crate::faults::Faults;
use crate::faults::message::{self, MessageFault, MessageFaultOrder};
use crate::messages::MessageLog;
use crate::phone_network::PhoneNetwork;
use crate::recent::RecentMap;
use crate::spoil;

pub mod bank_app;
pub mod certification;
pub mod challenge;
pub mod code;
mod creq;
pub mod decision;
pub mod directlink;
pub mod facts;
pub mod malformed;
pub mod method;
mod report;
pub mod result_messages;
pub mod scenario;
pub mod session;
pub mod wishes;

use decision::{Circumstances, Decision, Verdict};
use facts::{Facts, Way, fingerprint, phone_of};
use scenario::Scenario;
use session::Session;

/// `acsReferenceNumber` of all issuers here.
pub const ACS_REFERENCE_NUMBER: &str = "3DS_LOA_ACS_SNDB_020200_00001";

/// Challenges open at the same time; further ones are answered `U` so that memory stays bounded.
const SESSIONS_MAX: usize = 100_000;
/// Authentications remembered to recognise a reference to an earlier one.
const REMEMBERED: usize = 100_000;
/// What the cardholder reads in the shop while the bank's app waits for them; 128 characters at most.
const DECOUPLED_TEXT: &str = "Confirma la compra en la app de Banco Sandbox cuando puedas.";

/// Patience and addresses of the issuers.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// The sandbox as browsers reach it, without a slash at the end.
    pub public_url: String,
    /// How long the first CReq may take; 30 s in the specification.
    pub first_creq_timeout: Duration,
    /// How long a page may go unanswered; 10 minutes in the specification.
    pub challenge_timeout: Duration,
    /// How long the bank's app may take in the browser's time before a code is sent instead.
    pub app_timeout: Duration,
    /// After how long a cardholder who is asked decoupled says yes.
    pub decoupled_after: Duration,
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
            app_timeout: Duration::from_secs(8),
            decoupled_after: Duration::from_secs(5),
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
    faults: Faults,
    /// Whose card an earlier authentication was about, by the ACS's identifier.
    earlier: Mutex<RecentMap<AcsTransId, u64>>,
}

impl Issuers {
    /// Issuers that send codes over `phones` and results over `results`, and err as `faults` say.
    pub fn new(
        settings: IssuerSettings,
        phones: PhoneNetwork,
        messages: MessageLog,
        results: ResultsRoute,
        faults: Faults,
    ) -> Self {
        let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
        let mut key = [0; 32];
        let bytes = first.as_bytes().iter().chain(second.as_bytes());
        key.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let (sessions, values) = (Mutex::default(), ValueKey::new(&key));
        let earlier = Mutex::new(RecentMap::new(REMEMBERED));
        Self(Arc::new(Inner {
            settings,
            sessions,
            phones,
            messages,
            results,
            values,
            faults,
            earlier,
        }))
    }

    /// Answers an AReq that the directory server has checked and completed: the ARes as bytes.
    ///
    /// # Errors
    /// 201 when the directory server has not completed it, or when our own ARes would break the rules, which is a mistake
    /// of the sandbox.
    pub async fn authenticate(&self, brand: Brand, areq: &AReq) -> Result<Vec<u8>, Box<Fault>> {
        let (Some(ds_trans_id), Some(ds_reference_number)) = (areq.ds_trans_id, &areq.ds_reference_number)
        else {
            let fault = Fault::new(ErrorCode::RequiredElementMissing, "dsTransID,dsReferenceNumber");
            return Err(Box::new(fault.of(
                AReq::TYPE,
                Some(areq.message_version),
                areq.ids(),
            )));
        };
        let circumstances = Circumstances::of(brand, areq);
        let acs_trans_id = AcsTransId(Uuid::new_v4());
        let decision = self.decide(&circumstances, areq);
        let faults = self.faults_of(brand, areq, decision);
        let too_short = faults
            .iter()
            .any(|order| order.fault == MessageFault::DecoupledTooShort);
        let decision = if too_short {
            let reason = Some(TransStatusReason::DecoupledTimeTooShort);
            Decision::Frictionless(circumstances.verdict(TransStatus::NotAuthenticated, reason))
        } else {
            decision
        };
        self.remember(acs_trans_id, areq);
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
        let way = match decision {
            Decision::Challenge(_) | Decision::Decoupled if !self.has_room() => {
                let reason = Some(TransStatusReason::FrequencyExceeded);
                let verdict = circumstances.verdict(TransStatus::Unavailable, reason);
                self.conclude(&mut ares, brand, areq, verdict);
                None
            }
            Decision::Frictionless(verdict) => {
                self.conclude(&mut ares, brand, areq, verdict);
                None
            }
            Decision::Malformed => {
                let verdict = circumstances.verdict(TransStatus::Authenticated, None);
                self.conclude(&mut ares, brand, areq, verdict);
                None
            }
            Decision::Challenge(challenge) => Some(Way::Challenge(challenge)),
            Decision::Decoupled => Some(Way::Decoupled),
        };
        if let Some(way) = way {
            announce(&mut ares, way, &self.0.settings.public_url);
        }
        let rules = Rules::received_by(Component::Server, &Version::ALL)
            .category(areq.message_category)
            .channel(areq.device_channel);
        let bytes = rules.write(&ares)?;
        // A settled authentication leaves nothing behind, unless something is to go wrong afterwards.
        if way.is_some() || !faults.is_empty() {
            let way_of_session = way.unwrap_or(Way::Decoupled);
            let mut facts = self.facts(circumstances, areq, way_of_session, ds_trans_id, acs_trans_id);
            facts.faults.clone_from(&faults);
            let session = Arc::new(Session::new(facts));
            report::ahead_of_the_ares(self, &session, way.is_none()).await;
            if way.is_some() {
                self.begin(session);
            }
        }
        Ok(match decision {
            Decision::Malformed => malformed::spoil(bytes),
            _ => self.gone_wrong(bytes, &faults),
        })
    }

    /// What the issuer answers; a reference to somebody else's authentication gets nobody through.
    fn decide(&self, circumstances: &Circumstances, areq: &AReq) -> Decision {
        if circumstances.requestor_initiated && !self.prior_references_fit(areq) {
            let reason = Some(TransStatusReason::InvalidTransaction);
            let verdict = circumstances.verdict(TransStatus::NotAuthenticated, reason);
            return Decision::Frictionless(verdict);
        }
        decision::decide(Scenario::of_areq(areq), circumstances, areq)
    }

    /// Whether the earlier authentications that are named and known here were of the same card. What happened before this
    /// process began is not known to it; only who goes on with a challenge must name it.
    fn prior_references_fit(&self, areq: &AReq) -> bool {
        let card = fingerprint(areq.acct_number.reveal());
        let earlier = self.0.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let named = wishes::prior_references(areq).filter_map(AcsTransId::parse);
        let known: Vec<u64> = named.filter_map(|id| earlier.get(&id).copied()).collect();
        let goes_on = wishes::is_decoupled_fallback(areq);
        known.iter().all(|of| *of == card) && !(goes_on && known.is_empty())
    }

    fn remember(&self, acs_trans_id: AcsTransId, areq: &AReq) {
        let mut earlier = self.0.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.insert(acs_trans_id, fingerprint(areq.acct_number.reveal()));
    }

    /// What goes wrong with this authentication, each thing once.
    fn faults_of(&self, brand: Brand, areq: &AReq, decision: Decision) -> Vec<MessageFaultOrder> {
        let mut taken: Vec<MessageFaultOrder> = Vec::new();
        let next = |taken: &[MessageFaultOrder]| {
            self.0.faults.take_message(message::ACS, |order| {
                decision.meets(order.fault)
                    && order.concerns(brand, areq.acct_number.reveal())
                    && !taken.iter().any(|known| known.fault == order.fault)
            })
        };
        while let Some(order) = next(&taken) {
            taken.push(order);
        }
        taken
    }

    fn gone_wrong(&self, ares: Vec<u8>, faults: &[MessageFaultOrder]) -> Vec<u8> {
        faults.iter().fold(ares, |ares, order| match order.fault {
            MessageFault::AResChallenge => {
                spoil::into_challenge(ares, &format!("{}/acs/challenge", self.0.settings.public_url))
            }
            MessageFault::AResDecoupled => spoil::into_decoupled(ares),
            MessageFault::ARes(fault) => spoil::spoil(ares, fault, order),
            _ => ares,
        })
    }

    fn conclude(&self, ares: &mut ARes, brand: Brand, areq: &AReq, verdict: Verdict) {
        ares.trans_status = Some(verdict.status);
        ares.trans_status_reason = verdict.reason;
        ares.eci = verdict.eci;
        let now = OffsetDateTime::now_utc();
        let values = &self.0.values;
        ares.authentication_value = values.value(brand, areq, ares.ds_trans_id, verdict.status, now);
    }

    fn facts(
        &self,
        circumstances: Circumstances,
        areq: &AReq,
        way: Way,
        ds_trans_id: DsTransId,
        acs_trans_id: AcsTransId,
    ) -> Facts {
        let account_number = areq.acct_number.reveal();
        let (brand, proven) = (circumstances.brand, TransStatus::Authenticated);
        Facts {
            version: areq.message_version,
            category: areq.message_category,
            three_ds_server_trans_id: areq.three_ds_server_trans_id,
            ds_trans_id,
            acs_trans_id,
            circumstances,
            way,
            decoupled_follows: wishes::allows_decoupled_fallback(areq)
                .then_some(TransStatusReason::DecoupledFallback),
            faults: Vec::new(),
            proof: self
                .0
                .values
                .value(brand, areq, ds_trans_id, proven, OffsetDateTime::now_utc()),
            phone: phone_of(account_number),
            last_four: account_number
                .get(account_number.len().saturating_sub(4)..)
                .unwrap_or_default()
                .to_owned(),
            merchant: areq.merchant_name.clone().unwrap_or_default(),
            amount: facts::amount_shown(areq),
            three_ds_server_url: areq.three_ds_server_url.clone(),
            notification_url: areq.notification_url.clone().unwrap_or_default(),
        }
    }

    fn has_room(&self) -> bool {
        self.sessions().len() < SESSIONS_MAX
    }

    /// Follows a session to its end.
    fn begin(&self, session: Arc<Session>) {
        self.sessions()
            .insert(session.facts.acs_trans_id, Arc::clone(&session));
        tokio::spawn(report::follow(self.clone(), session));
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

/// What the ARes says of what is still to come.
fn announce(ares: &mut ARes, way: Way, public_url: &str) {
    let credential = way.credential();
    ares.authentication_type = Some(result_messages::authentication_type(way, credential));
    ares.authentication_method = Some(vec![result_messages::authentication_method(way, credential)]);
    match way {
        Way::Challenge(_) => {
            ares.trans_status = Some(TransStatus::ChallengeRequired);
            ares.acs_challenge_mandated = Some(YesNo::No);
            ares.acs_url = Some(format!("{public_url}/acs/challenge"));
        }
        Way::Decoupled => {
            ares.trans_status = Some(TransStatus::DecoupledChallenge);
            ares.acs_challenge_mandated = Some(YesNo::Yes);
            ares.acs_dec_con_ind = Some(YesNo::Yes);
            ares.cardholder_info = Some(DECOUPLED_TEXT.into());
        }
    }
}
