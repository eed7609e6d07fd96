//! The CReq that a browser brings: whose it is, and whether it opens a challenge.

use aws_lc_rs::digest;
use emv3ds::code::{Component, ErrorCode, MessageType};
use emv3ds::encoding::SESSION_DATA_MAX_CHARACTERS;
use emv3ds::message::{CReq, Received};
use emv3ds::{Fault, Rules, TransactionIds, Version};

use super::facts::Facts;
use super::step::{Came, Happened, Stepped};
use crate::challenge::{Ending, Refused};
use crate::service::Acs;
use crate::store::StoreError;
use crate::store::challenges::OpenedBy;

/// Why a CReq is refused, and whose it was if that can be told.
#[derive(Debug)]
pub(super) struct RefusedCReq {
    pub(super) facts: Option<Facts>,
    pub(super) fault: Fault,
}

impl Acs {
    /// Reads a CReq and lets it do what it does. Checked in the order that gives the code its sender expects: the message
    /// itself, then `acsTransID`, `threeDSServerTransID` and `messageVersion`, then where the challenge stands.
    pub(super) async fn creq(
        &self,
        field: &str,
        session_data: Option<&str>,
    ) -> Result<Result<(Facts, Stepped), Box<RefusedCReq>>, StoreError> {
        let rules = Rules::received_by(Component::Acs, &Version::ALL);
        let creq = match rules.read_form::<CReq>(field) {
            Ok(Received::Message(creq)) => creq,
            // An Erro in its place: the 3DS Server has found fault with something; the timers settle the rest.
            Ok(Received::Erro(erro)) => {
                let ids = TransactionIds {
                    three_ds_server_trans_id: erro.three_ds_server_trans_id,
                    acs_trans_id: erro.acs_trans_id,
                    ds_trans_id: erro.ds_trans_id,
                };
                let fault = Fault::new(ErrorCode::MessageReceivedInvalid, "messageType");
                let fault = fault.of(MessageType::Erro, None, ids);
                return Ok(Err(Box::new(RefusedCReq { facts: None, fault })));
            }
            Err(fault) => {
                let facts = match fault.ids.acs_trans_id {
                    Some(id) => self.facts(id).await?,
                    None => None,
                };
                return Ok(Err(Box::new(RefusedCReq { facts, fault: *fault })));
            }
        };
        let refused = |facts: Option<Facts>, code, detail: &str| {
            let ids = TransactionIds {
                three_ds_server_trans_id: Some(creq.three_ds_server_trans_id),
                acs_trans_id: Some(creq.acs_trans_id),
                ds_trans_id: None,
            };
            let fault = Fault::new(code, detail).of(MessageType::CReq, Some(creq.message_version), ids);
            Ok(Err(Box::new(RefusedCReq { facts, fault })))
        };
        let Some(facts) = self.facts(creq.acs_trans_id).await? else {
            return refused(None, ErrorCode::TransactionNotRecognised, "acsTransID");
        };
        let transaction = &facts.transaction;
        if transaction.three_ds_server_trans_id != creq.three_ds_server_trans_id {
            return refused(None, ErrorCode::TransactionNotRecognised, "threeDSServerTransID");
        }
        if transaction.version != creq.message_version {
            return refused(Some(facts), ErrorCode::FormatInvalid, "messageVersion");
        }
        if session_data.is_some_and(|data| data.len() > SESSION_DATA_MAX_CHARACTERS) {
            return refused(Some(facts), ErrorCode::FormatInvalid, "threeDSSessionData");
        }
        let by = OpenedBy {
            creq_hash: digest::digest(&digest::SHA256, field.as_bytes())
                .as_ref()
                .to_vec(),
            window_size: creq.challenge_window_size,
            session_data: session_data.map(str::to_owned),
        };
        match Box::pin(self.step(&facts, Happened::Opened(&by))).await? {
            Came::Stepped(Stepped { kept, .. }) if kept.challenge.ending() == Some(Ending::NeverOpened) => {
                refused(Some(facts), ErrorCode::TimedOut, "the first CReq came too late")
            }
            Came::Stepped(stepped) => Ok(Ok((facts, stepped))),
            Came::Refused(Refused::Ended, kept) if kept.challenge.ending() == Some(Ending::NeverOpened) => {
                refused(Some(facts), ErrorCode::TimedOut, "the first CReq came too late")
            }
            Came::Refused(Refused::Ended, _) => {
                let code = match facts.transaction.version {
                    Version::V2_1_0 | Version::V2_2_0 => ErrorCode::TransactionDataInvalid,
                    Version::V2_3_1 => ErrorCode::CreqAfterResults,
                };
                refused(Some(facts), code, "the challenge has ended")
            }
            Came::Conflicting | Came::Refused(..) | Came::Same(_) => refused(
                Some(facts),
                ErrorCode::TransactionDataInvalid,
                "a conflicting CReq",
            ),
            Came::Unknown => refused(Some(facts), ErrorCode::TransactionNotRecognised, "acsTransID"),
        }
    }
}
