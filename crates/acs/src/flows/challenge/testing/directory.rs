//! A directory server that keeps what it gets and answers what it is told.

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use emv3ds::code::{Component, ErrorCode, MessageType, ResultsStatus};
use emv3ds::message::{RReq, RRes, Received, WireMessage as _};
use emv3ds::{Fault, Rules, Version};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration as Wait;

/// How a directory server answers an RReq.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Receipt,
    Erro(ErrorCode),
    Status(u16),
    Silence,
}

/// What a directory server was sent, and what it answers next; `RRes` when nothing is said.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    received: Mutex<Vec<Vec<u8>>>,
    answers: Mutex<VecDeque<Answer>>,
}

impl Directory {
    pub(crate) fn answers(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// The RReqs so far, as bytes.
    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        self.received.lock().unwrap().clone()
    }

    /// The RReqs so far.
    pub(crate) fn received(&self) -> Vec<RReq> {
        let rules = Rules::received_by(Component::DirectoryServer, &Version::ALL);
        let read = |body: &Vec<u8>| match rules.read_as::<RReq>(body).unwrap() {
            Received::Message(rreq) => rreq,
            Received::Erro(erro) => panic!("{erro:?}"),
        };
        self.bodies().iter().map(read).collect()
    }
}

/// Takes an RReq.
pub(super) async fn take(Shared(directory): Shared<Arc<Directory>>, body: Bytes) -> (StatusCode, Vec<u8>) {
    directory.received.lock().unwrap().push(body.to_vec());
    let answer = directory.answers.lock().unwrap().pop_front();
    let rreq = directory.received().pop().unwrap();
    let to_us = Rules::received_by(Component::Acs, &Version::ALL);
    match answer.unwrap_or(Answer::Receipt) {
        Answer::Receipt => {
            let rres = RRes::to(&rreq, ResultsStatus::Received);
            (StatusCode::OK, to_us.write(&rres).unwrap())
        }
        Answer::Erro(code) => {
            let fault =
                Fault::new(code, "test").of(MessageType::RReq, Some(rreq.message_version), rreq.ids());
            let erro = fault.to_erro(Component::DirectoryServer, &Version::ALL).unwrap();
            (StatusCode::OK, to_us.write(&erro).unwrap())
        }
        Answer::Status(status) => (StatusCode::from_u16(status).unwrap(), Vec::new()),
        Answer::Silence => {
            tokio::time::sleep(Wait::from_secs(60)).await;
            (StatusCode::OK, Vec::new())
        }
    }
}
