//! The PReq as bytes, and its answer read: from a stream, since it may be long.

use emv3ds::{
    Fault, Rules, ThreeDsServerTransId, Version,
    code::{Component, ErrorCode},
    message::{Erro, PReq, PRes, Received, WireMessage, Yes},
    validate::{Preparation, Unread},
};
use std::io;
use time::OffsetDateTime;

use super::{Applied, CardRanges, LastPreq, Limits, NextPreq, Unapplicable, Update};
use crate::{request::ServerIdentity, version_choice};

/// A PReq ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The message, for checking the answer.
    pub preq: PReq,
    /// The body to post to the directory server.
    pub body: Vec<u8>,
    /// Our versions, to choose from when this one is refused.
    ours: Box<[Version]>,
}

/// The PReq that is due: what changed since the cache's serial number, or everything.
///
/// `id` is fresh: a PReq is a transaction of its own. The version is the highest of ours that the directory server is
/// known to speak; a serial number counts only in the version it was given in, since a newer one tells more.
pub fn question(
    id: ThreeDsServerTransId,
    server: &ServerIdentity,
    next: &NextPreq,
    ranges: &CardRanges,
    ours: &[Version],
) -> Result<Question, Box<Fault>> {
    let version = next.version(ours, ranges).unwrap_or(Version::V2_2_0);
    let serial = ranges
        .serial()
        .filter(|_| !next.all && ranges.version() == Some(version));
    let file = serial.is_none() && next.file && version >= Version::V2_3_1;
    let preq = PReq {
        message_version: version,
        three_ds_server_trans_id: id,
        three_ds_server_ref_number: server.reference_number.clone(),
        three_ds_server_operator_id: server.operator_id.clone(),
        serial_num: serial.map(str::to_owned),
        card_range_data_download_ind: file.then_some(Yes::Y),
        message_extension: None,
    };
    let body = Rules::received_by(Component::DirectoryServer, &[version]).write(&preq)?;
    Ok(Question {
        preq,
        body,
        ours: ours.into(),
    })
}

/// What the answer to a PReq led to.
#[derive(Debug)]
pub enum Outcome {
    /// The cache to swap in, and what changed in it.
    Applied(Box<CardRanges>, Applied),
    /// The ranges are in a file, to be fetched and handed to [`file`].
    InFile(Box<InFile>),
    /// Nothing was applied: the cache stays as it is.
    Kept {
        /// What to say to the directory server, if anything.
        erro: Option<Box<Erro>>,
        /// What went wrong, for the log.
        why: String,
    },
}

/// A PRes whose ranges are in a file.
#[derive(Debug)]
pub struct InFile {
    pub(super) pres: PRes,
    /// `cardRangeDataFileURL`.
    pub url: String,
}

/// Reads the answer and applies it to the cache. Also says how the PReq went, for [`super::next_preq`].
///
/// An error means that the stream broke off or is longer than the limit: the directory server was not heard out.
pub fn answer(
    question: &Question,
    body: impl io::Read,
    cache: &CardRanges,
    limits: &Limits,
    now: OffsetDateTime,
) -> io::Result<(Outcome, LastPreq)> {
    let asked_in = question.preq.message_version;
    let asked_from = question.preq.serial_num.as_deref();
    let faulty = LastPreq::Faulty {
        at: now,
        asked_for_all: asked_from.is_none(),
    };
    let mut update = Update::new(cache, asked_from, limits);
    let body = Limited::new(body, limits.body_max_bytes);
    let read = rules().read_preparation(asked_in, body, &mut |entry| update.take(entry));
    let Preparation { received, entries } = match read {
        Ok(read) => read,
        Err(Unread::Cut(error)) => return Err(error),
        Err(Unread::Fault(fault)) => return Ok((kept(&fault, &question.ours), faulty)),
    };
    let pres = match received {
        Received::Message(pres) => pres,
        Received::Erro(erro) => return Ok(refused(question, &erro, now)),
    };
    if let Err(fault) = pres.answers(&question.preq) {
        return Ok((kept(&fault, &question.ours), faulty));
    }
    if let (None, Some(url)) = (entries, pres.card_range_data_file_url.clone()) {
        let in_file = InFile { pres, url };
        return Ok((
            Outcome::InFile(Box::new(in_file)),
            LastPreq::FileFailed { at: now },
        ));
    }
    Ok(match update.finish(&pres) {
        Ok((ranges, applied)) => (
            Outcome::Applied(Box::new(ranges), applied),
            LastPreq::Applied { at: now },
        ),
        Err(why) => (unapplicable(why, &pres), faulty),
    })
}

/// Reads the file that a PRes named, which always holds everything. Errors are as for [`answer`].
pub fn file(
    in_file: &InFile,
    body: impl io::Read,
    cache: &CardRanges,
    limits: &Limits,
    now: OffsetDateTime,
) -> io::Result<(Outcome, LastPreq)> {
    let pres = &in_file.pres;
    let failed = LastPreq::FileFailed { at: now };
    let mut update = Update::new(cache, None, limits);
    let body = Limited::new(body, limits.body_max_bytes);
    let version = pres.message_version;
    let read = rules().read_card_range_file(version, pres.ids(), body, &mut |entry| update.take(entry));
    match read {
        Ok(_) => {}
        Err(Unread::Cut(error)) => return Err(error),
        Err(Unread::Fault(fault)) => return Ok((kept(&fault, &[version]), failed)),
    }
    Ok(match update.finish(pres) {
        Ok((ranges, applied)) => (
            Outcome::Applied(Box::new(ranges), applied),
            LastPreq::Applied { at: now },
        ),
        Err(why) => (unapplicable(why, pres), failed),
    })
}

/// Rules for reading: in any version, since an answer in another one than the question's is a fault of its own.
fn rules() -> Rules<'static> {
    Rules::received_by(Component::Server, &Version::ALL)
}

fn kept(fault: &Fault, ours: &[Version]) -> Outcome {
    Outcome::Kept {
        erro: fault.to_erro(Component::Server, ours).map(Box::new),
        why: fault.to_string(),
    }
}

/// 2.3.1 wants to be told; before, the request for everything says enough.
fn unapplicable(why: Unapplicable, pres: &PRes) -> Outcome {
    let version = pres.message_version;
    let told = why.told().filter(|_| version >= Version::V2_3_1);
    let erro = told.and_then(|(code, detail)| {
        let fault = Fault::new(code, detail).of(PRes::TYPE, Some(version), pres.ids());
        fault.to_erro(Component::Server, &[version])
    });
    Outcome::Kept {
        erro: erro.map(Box::new),
        why: why.to_string(),
    }
}

fn refused(question: &Question, erro: &Erro, now: OffsetDateTime) -> (Outcome, LastPreq) {
    let asked_in = question.preq.message_version;
    let lower = (erro.error_code == ErrorCode::VersionNotSupported)
        .then(|| version_choice::instead_of(asked_in, &erro.error_detail, &question.ours))
        .flatten();
    let last = match (erro.error_code, lower) {
        (ErrorCode::SerialNumberInvalid, _) if question.preq.serial_num.is_some() => {
            LastPreq::SerialRefused { at: now }
        }
        (_, Some(lower)) => LastPreq::VersionRefused { at: now, lower },
        _ => LastPreq::Refused { at: now },
    };
    let why = format!("Erro {} from {}", erro.error_code, erro.error_component);
    (Outcome::Kept { erro: None, why }, last)
}

/// A stream that fails when it is longer than it may be.
struct Limited<R> {
    stream: R,
    left: u64,
}

impl<R> Limited<R> {
    fn new(stream: R, most: u64) -> Self {
        Self { stream, left: most }
    }
}

impl<R: io::Read> io::Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        let length = u64::try_from(read).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| io::Error::other("longer than the limit"))?;
        Ok(read)
    }
}
