//! The CReq that a browser brings: whose it is, and whether it opens a challenge.

use std::sync::Arc;

use emv3ds::code::{Component, ErrorCode, MessageType};
use emv3ds::encoding::{self, SESSION_DATA_MAX_CHARACTERS};
use emv3ds::message::{CReq, Received};
use emv3ds::{Fault, Rules, ThreeDsServerTransId, Version};

use super::Issuers;
use super::session::{NotOpened, Opening, Session};
use crate::messages::Party;

/// Why a CReq is refused, and whose it was if that can be told.
pub type Refused = Box<(Option<Arc<Session>>, Fault)>;

/// Reads a CReq and lets it do what it does.
///
/// # Errors
/// What is wrong with it.
pub fn find(
    issuers: &Issuers,
    creq: &str,
    session_data: Option<&str>,
) -> Result<(Arc<Session>, Opening), Refused> {
    let read = Rules::received_by(Component::Acs, &Version::ALL).read_form::<CReq>(creq);
    let seen = encoding::from_base64url(creq).unwrap_or_default();
    let record = |id: Option<ThreeDsServerTransId>, fault: Option<&Fault>| {
        let fault = fault.map(ToString::to_string);
        issuers
            .0
            .messages
            .record(id, Party::Browser, Party::Acs, &seen, fault);
    };
    let creq_read = match read {
        Ok(Received::Message(message)) => message,
        // An Erro in its place: the 3DS Server has found fault with something; the timers settle the rest.
        Ok(Received::Erro(erro)) => {
            record(erro.three_ds_server_trans_id, None);
            let ids = emv3ds::TransactionIds {
                three_ds_server_trans_id: erro.three_ds_server_trans_id,
                acs_trans_id: erro.acs_trans_id,
                ds_trans_id: erro.ds_trans_id,
            };
            let fault = Fault::new(ErrorCode::MessageReceivedInvalid, "messageType");
            return Err(Box::new((None, fault.of(MessageType::Erro, None, ids))));
        }
        Err(fault) => {
            record(fault.ids.three_ds_server_trans_id, Some(&fault));
            let session = fault.ids.acs_trans_id.and_then(|id| issuers.session(id));
            return Err(Box::new((session, *fault)));
        }
    };
    let found = open_session(issuers, creq, &creq_read, session_data);
    record(
        Some(creq_read.three_ds_server_trans_id),
        found.as_ref().err().map(|refused| &refused.1),
    );
    found
}

fn open_session(
    issuers: &Issuers,
    field: &str,
    creq: &CReq,
    session_data: Option<&str>,
) -> Result<(Arc<Session>, Opening), Refused> {
    let ids = emv3ds::TransactionIds {
        three_ds_server_trans_id: Some(creq.three_ds_server_trans_id),
        acs_trans_id: Some(creq.acs_trans_id),
        ds_trans_id: None,
    };
    let refused = |session: Option<Arc<Session>>, code, detail: &str| {
        let fault = Fault::new(code, detail).of(MessageType::CReq, Some(creq.message_version), ids);
        Err(Box::new((session, fault)))
    };
    let Some(session) = issuers.session(creq.acs_trans_id) else {
        return refused(None, ErrorCode::TransactionNotRecognised, "acsTransID");
    };
    if session.facts.three_ds_server_trans_id != creq.three_ds_server_trans_id {
        return refused(None, ErrorCode::TransactionNotRecognised, "threeDSServerTransID");
    }
    if session.facts.version != creq.message_version {
        return refused(Some(session), ErrorCode::FormatInvalid, "messageVersion");
    }
    if session_data.is_some_and(|data| data.len() > SESSION_DATA_MAX_CHARACTERS) {
        return refused(Some(session), ErrorCode::FormatInvalid, "threeDSSessionData");
    }
    match session.open(field, session_data) {
        Ok(opening) => Ok((session, opening)),
        Err(NotOpened::TooLate) => {
            refused(Some(session), ErrorCode::TimedOut, "the first CReq came too late")
        }
        Err(NotOpened::Conflicting) => refused(
            Some(session),
            ErrorCode::TransactionDataInvalid,
            "a conflicting CReq",
        ),
        Err(NotOpened::AfterResult) => {
            let code = match session.facts.version {
                Version::V2_1_0 | Version::V2_2_0 => ErrorCode::TransactionDataInvalid,
                Version::V2_3_1 => ErrorCode::CreqAfterResults,
            };
            refused(Some(session), code, "the challenge has ended")
        }
    }
}
