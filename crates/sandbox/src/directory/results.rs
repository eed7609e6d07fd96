//! The way of a result: ACS to directory server to 3DS Server, and the receipt back.

use std::collections::HashMap;
use std::time::Duration;

use emv3ds::code::{Component, DeviceChannel, ErrorCode, ResultsStatus, TransStatus};
use emv3ds::message::{Erro, RReq, RRes, Received, WireMessage as _};
use emv3ds::{Fault, Rules, Version};
use primitives::Brand;

use super::{JSON, MESSAGE_MAX_BYTES, REQUEST_ID};
use crate::certificates::Certificates;
use crate::messages::{MessageLog, Party};

/// What became of an RReq.
#[derive(Debug)]
pub enum Forwarded {
    /// The 3DS Server has it, and says what it made of it.
    Received(RRes),
    /// The 3DS Server answered with an Erro.
    Refused(Erro),
    /// The 3DS Server's answer is no RRes to this RReq.
    Faulty,
    /// No answer in time; it may have it all the same.
    TimedOut,
    /// No connection, a cut one, or not HTTP 200.
    Unreachable,
}

/// Whom an RReq is for, and who brings it.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// Whose directory server brings it.
    pub brand: Brand,
    /// The channel of the authentication.
    pub channel: DeviceChannel,
    /// `threeDSServerURL` of the AReq.
    pub three_ds_server_url: &'a str,
}

/// A directory server's connection to 3DS Servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ResultsRoute {
    client: reqwest::Client,
    /// Where certificates are used: a client for each brand's.
    certified: HashMap<Brand, reqwest::Client>,
    messages: MessageLog,
    read_timeout: Duration,
}

impl ResultsRoute {
    /// `read_timeout` is how long a 3DS Server may take for its RRes; 3 s in the specification.
    pub fn new(client: reqwest::Client, messages: MessageLog, read_timeout: Duration) -> Self {
        Self {
            client,
            certified: HashMap::new(),
            messages,
            read_timeout,
        }
    }

    /// The same with each brand's directory server showing its certificate, and trusting the sandbox's authority only.
    ///
    /// # Errors
    /// When no HTTP client can be set up with these certificates.
    pub fn certified(mut self, certificates: &Certificates) -> Result<Self, reqwest::Error> {
        for (brand, issued) in &certificates.directory_clients {
            let root = reqwest::Certificate::from_pem(certificates.authority.as_bytes())?;
            let client = reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .tls_certs_only([root])
                .identity(reqwest::Identity::from_pem(issued.pem().reveal().as_bytes())?)
                .build()?;
            self.certified.insert(*brand, client);
        }
        Ok(self)
    }

    /// Takes an RReq from an ACS to the 3DS Server, with one immediate repetition when no connection can be made.
    pub async fn forward(&self, rreq: &RReq, to: &Addressee<'_>) -> Forwarded {
        self.forward_altered(rreq, to, |bytes| bytes).await
    }

    /// The same with something changed on the way, which no honest directory server would let pass.
    pub async fn forward_altered(
        &self,
        rreq: &RReq,
        to: &Addressee<'_>,
        alter: impl Fn(Vec<u8>) -> Vec<u8>,
    ) -> Forwarded {
        let id = rreq.three_ds_server_trans_id;
        let written = |receiver| {
            let rules = Rules::received_by(receiver, &Version::ALL);
            rules
                .category(rreq.message_category)
                .channel(to.channel)
                .write(rreq)
        };
        let (from_the_acs, to_the_server) =
            match (written(Component::DirectoryServer), written(Component::Server)) {
                (Ok(from_the_acs), Ok(to_the_server)) => (alter(from_the_acs), alter(to_the_server)),
                (Err(fault), _) | (_, Err(fault)) => {
                    tracing::error!(%fault, "an RReq of ours breaks the rules");
                    return Forwarded::Faulty;
                }
            };
        tracing::debug!(brand = %to.brand, authentication = %id, "an RReq goes to its 3DS Server");
        self.messages
            .record(Some(id), Party::Acs, Party::DirectoryServer, &from_the_acs, None);
        let forwarded = match self.send(rreq, &to_the_server, to).await {
            Sent::Unreachable => self.send(rreq, &to_the_server, to).await,
            sent => sent,
        };
        match forwarded {
            Sent::Answered(body) => self.receipt(rreq, &body),
            Sent::TimedOut => Forwarded::TimedOut,
            Sent::Unreachable => Forwarded::Unreachable,
        }
    }

    async fn send(&self, rreq: &RReq, bytes: &[u8], to: &Addressee<'_>) -> Sent {
        let id = rreq.three_ds_server_trans_id;
        self.messages.record(
            Some(id),
            Party::DirectoryServer,
            Party::ThreeDsServer,
            bytes,
            None,
        );
        let client = self.certified.get(&to.brand).unwrap_or(&self.client);
        let mut request = client
            .post(to.three_ds_server_url)
            .header("content-type", JSON)
            .timeout(self.read_timeout)
            .body(bytes.to_vec());
        if rreq.message_version >= Version::V2_3_1 {
            request = request.header(REQUEST_ID, rreq.ds_trans_id.to_string());
        }
        let sent = match request.send().await {
            Ok(response) if response.status().is_success() => read(response).await,
            Ok(response) => {
                tracing::info!(status = %response.status(), "a 3DS Server did not take a result");
                Sent::Unreachable
            }
            Err(error) => Sent::failed(&error),
        };
        let trouble = match &sent {
            Sent::Answered(_) => return sent,
            Sent::TimedOut => ErrorCode::TimedOut,
            Sent::Unreachable => ErrorCode::ConnectionFailure,
        };
        let fault = Some(format!("{trouble} {}", trouble.description()));
        self.messages
            .record(Some(id), Party::ThreeDsServer, Party::DirectoryServer, b"", fault);
        sent
    }

    /// Reads the RRes: its own rules first, then that it is about this RReq.
    fn receipt(&self, rreq: &RReq, body: &[u8]) -> Forwarded {
        let versions = [rreq.message_version];
        let rules = Rules::received_by(Component::DirectoryServer, &versions);
        let received = rules.read_as::<RRes>(body).and_then(|received| match received {
            Received::Message(rres) => {
                rres.answers(rreq)?;
                is_fitting_receipt(&rres, rreq)?;
                Ok(Received::Message(rres))
            }
            Received::Erro(erro) => Ok(Received::Erro(erro)),
        });
        let fault = received.as_ref().err().map(ToString::to_string);
        let id = rreq.three_ds_server_trans_id;
        self.messages.record(
            Some(id),
            Party::ThreeDsServer,
            Party::DirectoryServer,
            body,
            fault.clone(),
        );
        match received {
            Ok(Received::Message(rres)) => {
                self.messages
                    .record(Some(id), Party::DirectoryServer, Party::Acs, body, None);
                Forwarded::Received(rres)
            }
            Ok(Received::Erro(erro)) => {
                self.messages
                    .record(Some(id), Party::DirectoryServer, Party::Acs, body, None);
                Forwarded::Refused(erro)
            }
            Err(fault) => {
                tracing::warn!(%fault, "a 3DS Server's RRes is faulty");
                Forwarded::Faulty
            }
        }
    }
}

/// Whether a receipt promises to go on exactly where the result left the challenge undecided (section 13.5).
fn is_fitting_receipt(rres: &RRes, rreq: &RReq) -> Result<(), Box<Fault>> {
    let undecided = rreq.trans_status == Some(TransStatus::DecoupledChallenge);
    if undecided == (rres.results_status == ResultsStatus::DecoupledFollows) {
        return Ok(());
    }
    let fault = Fault::new(ErrorCode::FormatInvalid, "resultsStatus");
    Err(Box::new(fault.of(
        RRes::TYPE,
        Some(rres.message_version),
        rres.ids(),
    )))
}

/// What one attempt came to.
enum Sent {
    Answered(Vec<u8>),
    TimedOut,
    Unreachable,
}

impl Sent {
    fn failed(error: &reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            Self::TimedOut
        } else {
            Self::Unreachable
        }
    }
}

async fn read(mut response: reqwest::Response) -> Sent {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MESSAGE_MAX_BYTES => {
                body.extend_from_slice(&chunk)
            }
            // Too long for an RRes: read as what it is, a faulty one.
            Ok(_) => return Sent::Answered(body),
            Err(error) => return Sent::failed(&error),
        }
    }
}
