//! The PReq as bytes, and its answer read.

use emv3ds::{
    Fault, Rules, ThreeDsServerTransId, Version,
    code::{Component, ErrorCode},
    message::{Erro, PReq, PRes, Received},
};

use super::{Applied, CardRanges, LastPreq};
use crate::request::ServerIdentity;
use time::OffsetDateTime;

/// A PReq ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The message, for checking the answer.
    pub preq: PReq,
    /// The body to post to the directory server.
    pub body: Vec<u8>,
}

/// The PReq that asks for what changed since the cache's serial number, or for everything.
///
/// `id` is fresh: a PReq is a transaction of its own. The version is the highest of ours.
pub fn question(
    id: ThreeDsServerTransId,
    server: &ServerIdentity,
    serial: Option<&str>,
    ours: &[Version],
) -> Result<Question, Box<Fault>> {
    let version = ours.iter().copied().max().unwrap_or(Version::V2_2_0);
    let preq = PReq {
        message_version: version,
        three_ds_server_trans_id: id,
        three_ds_server_ref_number: server.reference_number.clone(),
        three_ds_server_operator_id: server.operator_id.clone(),
        serial_num: serial.map(str::to_owned),
        message_extension: None,
    };
    let body = Rules::received_by(Component::DirectoryServer, &[version]).write(&preq)?;
    Ok(Question { preq, body })
}

/// What the answer to a PReq led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The cache to swap in, and what changed in it.
    Applied(Box<CardRanges>, Applied),
    /// Nothing was applied: the cache stays as it is.
    Kept {
        /// What to say to the directory server, if anything.
        erro: Option<Box<Erro>>,
        /// What went wrong, for the log.
        why: String,
    },
}

/// Reads the answer and applies it to the cache. Also says how the PReq went, for [`super::next_preq`].
pub fn answer(
    question: &Question,
    body: &[u8],
    cache: &CardRanges,
    now: OffsetDateTime,
) -> (Outcome, LastPreq) {
    let ours = [question.preq.message_version];
    let asked_from = question.preq.serial_num.as_deref();
    let faulty = LastPreq::Faulty {
        at: now,
        asked_for_all: asked_from.is_none(),
    };

    let received = Rules::received_by(Component::Server, &ours).read_as::<PRes>(body);
    let checked = received.and_then(|received| match received {
        Received::Message(pres) => pres.answers(&question.preq).map(|()| Received::Message(pres)),
        Received::Erro(erro) => Ok(Received::Erro(erro)),
    });
    match checked {
        Ok(Received::Message(pres)) => match cache.apply(pres, asked_from) {
            Ok((ranges, applied)) => (
                Outcome::Applied(Box::new(ranges), applied),
                LastPreq::Applied { at: now },
            ),
            // 2.1.0 and 2.2.0 have no error code for it: everything is asked for instead.
            Err(why) => (
                Outcome::Kept {
                    erro: None,
                    why: why.to_string(),
                },
                faulty,
            ),
        },
        Ok(Received::Erro(erro)) => {
            let last = match erro.error_code {
                ErrorCode::SerialNumberInvalid if asked_from.is_some() => LastPreq::SerialRefused { at: now },
                _ => LastPreq::Refused { at: now },
            };
            let why = format!("Erro {} from {}", erro.error_code, erro.error_component);
            (Outcome::Kept { erro: None, why }, last)
        }
        Err(fault) => {
            let erro = fault.to_erro(Component::Server, &ours).map(Box::new);
            (
                Outcome::Kept {
                    erro,
                    why: fault.to_string(),
                },
                faulty,
            )
        }
    }
}
