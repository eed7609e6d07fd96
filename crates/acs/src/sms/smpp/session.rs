//! One connection to a centre, from its bind to its end: submits within a window, takes receipts, keeps the link alive.

use std::collections::HashMap;
use std::time::Duration;
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use zeroize::Zeroizing;

use super::SmppSettings;
use super::frames::{Frames, StreamEnded};
use super::pdu::{Bind, Body, INTERFACE_VERSION, Malformed, Pdu, Status, Unreadable};
use super::receipt::{self, DeliveryReceipt};
use super::short_message::ShortMessage;
use super::submission::{Answer, Submission};

/// TCP set-up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the answer to a bind may take.
const BIND_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a PDU may take to be written: a centre that does not read is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a place of the window is kept for a submission that nobody answers.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the answer to `enquire_link` may take.
const ENQUIRY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the centre may take to let us go.
const UNBIND_TIMEOUT: Duration = Duration::from_secs(1);
/// How often times are looked at.
const TICK: Duration = Duration::from_millis(500);
/// The highest sequence number; they begin again after it.
const SEQUENCE_MAX: u32 = 0x7fff_ffff;

/// Why there is no session, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionEnded {
    #[error("no connection: {0}")]
    Connect(std::io::Error),
    #[error("{0} took too long")]
    Slow(&'static str),
    #[error("the bind was refused: {0}")]
    Refused(String),
    #[error("a PDU cannot be written: {0}")]
    Write(#[from] Malformed),
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
    #[error(transparent)]
    Stream(#[from] StreamEnded),
    #[error("the centre ended the session")]
    Unbound,
    #[error("nobody submits any more")]
    NotNeeded,
}

/// A submission that was written and not answered.
#[derive(Debug)]
struct Outstanding {
    answer: oneshot::Sender<Answer>,
    since: Instant,
}

/// A bound connection.
#[derive(Debug)]
pub(super) struct Session {
    from: Frames<ReadHalf<TcpStream>>,
    to: WriteHalf<TcpStream>,
    sequence: u32,
    outstanding: HashMap<u32, Outstanding>,
    window: usize,
    enquire_after: Duration,
    heard: Instant,
    enquired: Option<Instant>,
}

impl Session {
    /// Connects and binds as a transceiver.
    pub(super) async fn open(settings: &SmppSettings) -> Result<Self, SessionEnded> {
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(&settings.address))
            .await
            .map_err(|_| SessionEnded::Slow("connecting"))?
            .map_err(SessionEnded::Connect)?;
        stream.set_nodelay(true)?;
        let (from, to) = tokio::io::split(stream);
        let mut session = Self {
            from: Frames::new(from),
            to,
            sequence: 0,
            outstanding: HashMap::new(),
            window: settings.window.into(),
            enquire_after: Duration::from_secs(settings.enquire_link_seconds.into()),
            heard: Instant::now(),
            enquired: None,
        };
        timeout(BIND_TIMEOUT, session.bind(settings))
            .await
            .map_err(|_| SessionEnded::Slow("binding"))??;
        Ok(session)
    }

    async fn bind(&mut self, settings: &SmppSettings) -> Result<(), SessionEnded> {
        let bind = Body::BindTransceiver(Bind {
            system_id: settings.system_id.clone(),
            password: Zeroizing::new(settings.password.reveal().clone()),
            system_type: settings.system_type.clone(),
            interface_version: INTERFACE_VERSION,
        });
        let sequence = self.next_sequence();
        self.write(&Pdu::request(sequence, bind)).await?;
        loop {
            let Ok(pdu) = self.from.next().await? else {
                continue;
            };
            match pdu.body {
                Body::BindTransceiverResp { .. } | Body::GenericNack if pdu.sequence == sequence => {
                    let bound = pdu.status == Status::ROK && pdu.body != Body::GenericNack;
                    return bound
                        .then_some(())
                        .ok_or_else(|| SessionEnded::Refused(pdu.status.name()));
                }
                _ => {}
            }
        }
    }

    /// Submits what comes and hands on receipts until the session ends. Whoever waits for an answer then learns that
    /// there will be none.
    pub(super) async fn run(
        mut self,
        submissions: &mut mpsc::Receiver<Submission>,
        receipts: &mpsc::Sender<DeliveryReceipt>,
    ) -> SessionEnded {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let has_room = self.outstanding.len() < self.window;
            let step = tokio::select! {
                received = self.from.next() => match received {
                    Ok(received) => self.take(received, receipts).await,
                    Err(ended) => Err(ended.into()),
                },
                submission = submissions.recv(), if has_room => match submission {
                    Some(submission) => self.submit(submission).await,
                    None => Err(self.unbind().await),
                },
                _ = tick.tick() => self.look_at_the_time().await,
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    async fn submit(&mut self, submission: Submission) -> Result<(), SessionEnded> {
        let Some((message, answer)) = submission.claim() else {
            return Ok(());
        };
        let sequence = self.next_sequence();
        let octets = match Pdu::request(sequence, Body::SubmitSm(message)).write() {
            Ok(octets) => octets,
            Err(malformed) => {
                tracing::debug!(field = malformed.0, "a message does not fit into submit_sm");
                let _ = answer.send(Answer::NotSent("not_written"));
                return Ok(());
            }
        };
        // Before the first octet leaves: if writing fails in the middle, the message may have left all the same.
        let since = Instant::now();
        self.outstanding.insert(sequence, Outstanding { answer, since });
        self.write_octets(&octets).await
    }

    async fn take(
        &mut self,
        received: Result<Pdu, Unreadable>,
        receipts: &mpsc::Sender<DeliveryReceipt>,
    ) -> Result<(), SessionEnded> {
        self.heard = Instant::now();
        let pdu = match received {
            Ok(pdu) => pdu,
            Err(unreadable) => return self.refuse(unreadable).await,
        };
        let (sequence, status) = (pdu.sequence, pdu.status);
        let (status, answer) = match pdu.body {
            Body::SubmitSmResp { message_id } => {
                self.answered(sequence, status, message_id);
                return Ok(());
            }
            Body::GenericNack => {
                self.answered(sequence, status, String::new());
                return Ok(());
            }
            Body::EnquireLinkResp => {
                self.enquired = None;
                return Ok(());
            }
            Body::DeliverSm(message) => (take_receipt(&message, receipts), Body::DeliverSmResp),
            Body::EnquireLink => (Status::ROK, Body::EnquireLinkResp),
            Body::Unbind => {
                self.write(&Pdu::answer(sequence, Status::ROK, Body::UnbindResp))
                    .await?;
                return Err(SessionEnded::Unbound);
            }
            body if body.is_request() => (Status::RINVCMDID, Body::GenericNack),
            _ => return Ok(()),
        };
        self.write(&Pdu::answer(sequence, status, answer)).await
    }

    /// A submission is answered once; a later answer has nobody who waits for it.
    fn answered(&mut self, sequence: u32, status: Status, message_id: String) {
        if let Some(outstanding) = self.outstanding.remove(&sequence) {
            let _ = outstanding.answer.send(Answer::Centre { status, message_id });
        }
    }

    /// An answer that makes no sense leaves its submission lost; a request that makes none is refused.
    async fn refuse(&mut self, unreadable: Unreadable) -> Result<(), SessionEnded> {
        tracing::warn!(fault = %unreadable, "the centre sent a PDU that makes no sense");
        let what = Body::Unknown {
            command_id: unreadable.command_id,
        };
        if what.is_request() {
            let refusal = Pdu::answer(unreadable.sequence, Status::RINVCMDLEN, Body::GenericNack);
            return self.write(&refusal).await;
        }
        self.outstanding.remove(&unreadable.sequence);
        Ok(())
    }

    async fn look_at_the_time(&mut self) -> Result<(), SessionEnded> {
        self.outstanding
            .retain(|_, outstanding| outstanding.since.elapsed() < RESPONSE_TIMEOUT);
        if self
            .enquired
            .is_some_and(|enquired| enquired.elapsed() > ENQUIRY_TIMEOUT)
        {
            return Err(SessionEnded::Slow("the answer to enquire_link"));
        }
        if self.enquired.is_none() && self.heard.elapsed() > self.enquire_after {
            self.enquired = Some(Instant::now());
            let sequence = self.next_sequence();
            self.write(&Pdu::request(sequence, Body::EnquireLink)).await?;
        }
        Ok(())
    }

    async fn unbind(&mut self) -> SessionEnded {
        let sequence = self.next_sequence();
        let goodbye = async {
            self.write(&Pdu::request(sequence, Body::Unbind)).await?;
            while !matches!(self.from.next().await?, Ok(pdu) if pdu.body == Body::UnbindResp) {}
            Ok::<(), SessionEnded>(())
        };
        // Whether or not the centre says goodbye, the connection is closed now.
        let _ = timeout(UNBIND_TIMEOUT, goodbye).await;
        SessionEnded::NotNeeded
    }

    async fn write(&mut self, pdu: &Pdu) -> Result<(), SessionEnded> {
        let octets = pdu.write()?;
        self.write_octets(&octets).await
    }

    async fn write_octets(&mut self, octets: &[u8]) -> Result<(), SessionEnded> {
        timeout(WRITE_TIMEOUT, self.to.write_all(octets))
            .await
            .map_err(|_| SessionEnded::Slow("writing"))?
            .map_err(SessionEnded::Broken)
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence % SEQUENCE_MAX + 1;
        self.sequence
    }
}

/// What the centre is told of a message or receipt. One that cannot be handed on now is asked for again.
fn take_receipt(message: &ShortMessage, receipts: &mpsc::Sender<DeliveryReceipt>) -> Status {
    let kept = receipt::read(message).is_none_or(|receipt| receipts.try_send(receipt).is_ok());
    if kept { Status::ROK } else { Status::RX_T_APPN }
}
