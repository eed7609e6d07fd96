//! Whether a reply belongs to its request: what no table can tell from one message alone.

use serde::{Deserialize, Serialize};

use super::{AReq, ARes, CRes, PReq, PRes, RReq, RRes, WireMessage};
use crate::{
    AcsTransId, DsTransId, Fault, ThreeDsServerTransId, Version,
    code::{ErrorCode, RequestorChallengeInd, TransStatus, YesNo},
};

/// What an ARes is held against: the part of the AReq that its sender remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The version asked in.
    pub version: Version,
    /// The transaction.
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// The requestor's wish about a challenge, if it had one.
    pub challenge_ind: Option<RequestorChallengeInd>,
    /// Whether decoupled authentication was allowed.
    pub decoupled: bool,
}

impl From<&AReq> for Asked {
    fn from(areq: &AReq) -> Self {
        Self {
            version: areq.message_version,
            three_ds_server_trans_id: areq.three_ds_server_trans_id,
            challenge_ind: areq.three_ds_requestor_challenge_ind,
            decoupled: areq.three_ds_requestor_dec_req_ind == Some(YesNo::Yes),
        }
    }
}

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
}

impl From<&ARes> for Challenged {
    fn from(ares: &ARes) -> Self {
        Self {
            version: ares.message_version,
            three_ds_server_trans_id: ares.three_ds_server_trans_id,
            acs_trans_id: ares.acs_trans_id,
            ds_trans_id: ares.ds_trans_id,
        }
    }
}

impl ARes {
    /// Whether it answers what was asked: same transaction (else 301), same version (else 203), and no status the
    /// request ruled out (else 203).
    pub fn answers(&self, asked: &Asked) -> Result<(), Box<Fault>> {
        if self.three_ds_server_trans_id != asked.three_ds_server_trans_id {
            return Err(unknown_transaction(self));
        }
        if self.message_version != asked.version {
            return Err(malformed(self, "messageVersion"));
        }
        let data_only = asked.challenge_ind == Some(RequestorChallengeInd::NoChallengeDataOnly);
        match self.trans_status {
            Some(TransStatus::ChallengeRequired) if data_only => Err(malformed(self, "transStatus")),
            Some(TransStatus::DecoupledChallenge) if !asked.decoupled => Err(malformed(self, "transStatus")),
            Some(TransStatus::DecoupledChallenge) if self.acs_dec_con_ind != Some(YesNo::Yes) => {
                Err(malformed(self, "acsDecConInd"))
            }
            _ => Ok(()),
        }
    }
}

impl RReq {
    /// Whether it concludes this transaction: all three identifiers (else 301) and the version (else 203).
    pub fn concludes(&self, challenged: &Challenged) -> Result<(), Box<Fault>> {
        let same = self.three_ds_server_trans_id == challenged.three_ds_server_trans_id
            && self.acs_trans_id == challenged.acs_trans_id
            && self.ds_trans_id == challenged.ds_trans_id;
        if !same {
            Err(unknown_transaction(self))
        } else if self.message_version != challenged.version {
            Err(malformed(self, "messageVersion"))
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
