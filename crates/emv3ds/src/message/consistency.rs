//! Whether a reply belongs to its request: what no table can tell from one message alone.

use serde::{Deserialize, Serialize};

use super::{ARes, CRes, PReq, PRes, RReq, RRes, WireMessage, asked::Asked};
use crate::{
    AcsTransId, DsTransId, Fault, ThreeDsServerTransId, Version,
    code::{
        DecoupledRequestInd, DeviceChannel, ErrorCode, MessageCategory, RequestorChallengeInd, TransStatus,
        YesNo,
    },
};

/// What an RReq, RRes or CRes is held against: the transaction as the ARes left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenged {
    /// The version of the whole transaction.
    pub version: Version,
    /// `threeDSServerTransID`.
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// `acsTransID`.
    pub acs_trans_id: AcsTransId,
    /// `dsTransID`.
    pub ds_trans_id: DsTransId,
    /// Whether the challenge may end as a decoupled authentication (`threeDSRequestorDecReqInd` F or B).
    #[serde(default)]
    pub decoupled_fallback: bool,
}

impl Challenged {
    /// The transaction that this ARes, an answer to what was asked, leaves open.
    pub fn by(ares: &ARes, asked: &Asked) -> Self {
        Self {
            version: ares.message_version,
            three_ds_server_trans_id: ares.three_ds_server_trans_id,
            acs_trans_id: ares.acs_trans_id,
            ds_trans_id: ares.ds_trans_id,
            decoupled_fallback: asked
                .dec_req_ind
                .is_some_and(DecoupledRequestInd::allows_as_fallback),
        }
    }
}

impl ARes {
    /// Whether it answers what was asked: same transaction (else 301), same version (else 203), and a status that the
    /// request allows (else 203; section 11.1 of the reference).
    pub fn answers(&self, asked: &Asked) -> Result<(), Box<Fault>> {
        if self.three_ds_server_trans_id != asked.three_ds_server_trans_id {
            return Err(unknown_transaction(self));
        }
        if self.message_version != asked.version {
            return Err(malformed(self, "messageVersion"));
        }
        if self.trans_status.is_some_and(|status| !asked.allows(status)) {
            return Err(malformed(self, "transStatus"));
        }
        let decoupled = self.trans_status == Some(TransStatus::DecoupledChallenge);
        if decoupled && self.acs_dec_con_ind != Some(YesNo::Yes) {
            return Err(malformed(self, "acsDecConInd"));
        }
        Ok(())
    }
}

impl Asked {
    /// Whether an ARes may have this status.
    fn allows(&self, status: TransStatus) -> bool {
        match status {
            TransStatus::ChallengeRequired => {
                self.device_channel != DeviceChannel::RequestorInitiated
                    && !self
                        .challenge_inds
                        .contains(RequestorChallengeInd::NoChallengeDataOnly)
            }
            TransStatus::DecoupledChallenge => {
                self.dec_req_ind.is_some_and(DecoupledRequestInd::allows_at_once)
            }
            TransStatus::InformationOnly => {
                let category_of_a_scheme =
                    matches!(self.message_category, MessageCategory::DirectoryServer(_));
                category_of_a_scheme || self.challenge_inds.iter().any(waives_challenge)
            }
            TransStatus::SecurePaymentConfirmation => {
                self.device_channel == DeviceChannel::Browser && self.spc_supported
            }
            TransStatus::Authenticated
            | TransStatus::NotAuthenticated
            | TransStatus::Unavailable
            | TransStatus::Attempted
            | TransStatus::Rejected => true,
        }
    }
}

/// Whether a requestor that says so may be answered for information only: 05, 06, 07, or what a scheme defines.
fn waives_challenge(indicator: RequestorChallengeInd) -> bool {
    matches!(
        indicator,
        RequestorChallengeInd::NoChallengeRiskAnalysed
            | RequestorChallengeInd::NoChallengeDataOnly
            | RequestorChallengeInd::NoChallengeAuthenticated
            | RequestorChallengeInd::DirectoryServer(_)
    )
}

impl RReq {
    /// Whether it concludes this transaction: all three identifiers (else 301), the version, and no status that the
    /// request ruled out (else 203).
    pub fn concludes(&self, challenged: &Challenged) -> Result<(), Box<Fault>> {
        let same = self.three_ds_server_trans_id == challenged.three_ds_server_trans_id
            && self.acs_trans_id == challenged.acs_trans_id
            && self.ds_trans_id == challenged.ds_trans_id;
        let decoupled = self.trans_status == Some(TransStatus::DecoupledChallenge);
        if !same {
            Err(unknown_transaction(self))
        } else if self.message_version != challenged.version {
            Err(malformed(self, "messageVersion"))
        } else if decoupled && !challenged.decoupled_fallback {
            Err(malformed(self, "transStatus"))
        } else {
            Ok(())
        }
    }
}

impl RRes {
    /// Whether it is the receipt for this RReq.
    pub fn answers(&self, rreq: &RReq) -> Result<(), Box<Fault>> {
        let same = self.three_ds_server_trans_id == rreq.three_ds_server_trans_id
            && self.acs_trans_id == rreq.acs_trans_id
            && self.ds_trans_id == rreq.ds_trans_id;
        if !same {
            Err(unknown_transaction(self))
        } else if self.message_version != rreq.message_version {
            Err(malformed(self, "messageVersion"))
        } else {
            Ok(())
        }
    }
}

impl CRes {
    /// Whether it is about this transaction. It came through a browser: nothing may be granted from it either way.
    pub fn is_about(&self, challenged: &Challenged) -> bool {
        self.three_ds_server_trans_id == challenged.three_ds_server_trans_id
            && self.acs_trans_id == challenged.acs_trans_id
            && self.message_version == challenged.version
    }
}

impl PRes {
    /// Whether it answers this PReq.
    pub fn answers(&self, preq: &PReq) -> Result<(), Box<Fault>> {
        if self.three_ds_server_trans_id != preq.three_ds_server_trans_id {
            Err(unknown_transaction(self))
        } else if self.message_version != preq.message_version {
            Err(malformed(self, "messageVersion"))
        } else {
            Ok(())
        }
    }
}

fn unknown_transaction<M: WireMessage>(message: &M) -> Box<Fault> {
    let id = message
        .ids()
        .three_ds_server_trans_id
        .map(|id| id.to_string())
        .unwrap_or_default();
    fault(message, ErrorCode::TransactionNotRecognised, id)
}

fn malformed<M: WireMessage>(message: &M, name: &str) -> Box<Fault> {
    fault(message, ErrorCode::FormatInvalid, name.to_owned())
}

fn fault<M: WireMessage>(message: &M, code: ErrorCode, detail: String) -> Box<Fault> {
    Box::new(Fault::new(code, detail).of(M::TYPE, message.version(), message.ids()))
}
