//! One connection to the centre.

use std::io;
use std::time::Duration;

use acs::sms::encoding::{Encoding, decode};
use acs::sms::smpp::concatenation::Place;
use acs::sms::smpp::frames::Frames;
use acs::sms::smpp::pdu::{Address, Bind, Body, Pdu, ShortMessage, Status};
use acs::sms::smpp::short_message::{DATA_CODING_DEFAULT, DATA_CODING_UCS2, ESM_CLASS_UDH};
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::parts::{Key, Part};
use crate::faults::text_message::SMPP;
use crate::faults::{Fault, Kind};
use crate::phone_network::PhoneNetwork;
use crate::phone_network::accounts::{CENTRE, SYSTEM_ID};
use crate::phone_network::carriage::{Carried, Fate};

/// What the centre calls itself.
const NAME: &str = "sandbox";
/// What is sent instead of an answer that is garbage: a length that no PDU has.
const GARBAGE: [u8; 32] = [0xfe; 32];

/// Serves a connection until either side ends it.
pub(super) async fn run(stream: TcpStream, network: PhoneNetwork) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (from, to) = tokio::io::split(stream);
    let (outgoing, mut answers) = mpsc::unbounded_channel();
    let mut session = Session {
        network,
        outgoing,
        bound: false,
    };
    let (mut from, mut to) = (Frames::new(from), to);
    loop {
        tokio::select! {
            step = next(&mut from, &mut session) => match step {
                Some(Step::Go) => {}
                Some(Step::Garbage) => {
                    to.write_all(&GARBAGE).await?;
                    return Ok(());
                }
                Some(Step::Cut) | None => return Ok(()),
            },
            answer = answers.recv() => match answer {
                Some(pdu) => write(&mut to, &pdu).await?,
                None => return Ok(()),
            },
        }
    }
}

async fn next(from: &mut Frames<ReadHalf<TcpStream>>, session: &mut Session) -> Option<Step> {
    let received = from.next().await.ok()?;
    Some(match received {
        Ok(pdu) => session.take(pdu),
        Err(unreadable) => {
            let refusal = Pdu::answer(unreadable.sequence, Status::RINVCMDLEN, Body::GenericNack);
            session.answer(refusal);
            Step::Go
        }
    })
}

async fn write(to: &mut WriteHalf<TcpStream>, pdu: &Pdu) -> io::Result<()> {
    let octets = pdu.write().map_err(io::Error::other)?;
    let says_goodbye = pdu.body == Body::UnbindResp;
    to.write_all(&octets).await?;
    if says_goodbye {
        to.shutdown().await?;
    }
    Ok(())
}

/// What becomes of the connection after a PDU.
enum Step {
    Go,
    /// An answer that makes no sense, and then the end.
    Garbage,
    Cut,
}

struct Session {
    network: PhoneNetwork,
    /// Answers and receipts on their way out.
    outgoing: mpsc::UnboundedSender<Pdu>,
    bound: bool,
}

/// What comes of a submission.
enum Submitted {
    Answered(Pdu),
    Silence,
}

impl Session {
    fn take(&mut self, pdu: Pdu) -> Step {
        let sequence = pdu.sequence;
        match pdu.body {
            Body::BindTransceiver(bind) => self.bind(sequence, &bind),
            Body::SubmitSm(message) if self.bound => return self.submit(sequence, &message),
            Body::SubmitSm(_) => self.answer(refusal(sequence, Status::RINVBNDSTS)),
            Body::EnquireLink => self.answer(Pdu::answer(sequence, Status::ROK, Body::EnquireLinkResp)),
            Body::Unbind => self.answer(Pdu::answer(sequence, Status::ROK, Body::UnbindResp)),
            body if body.is_request() => {
                self.answer(Pdu::answer(sequence, Status::RINVCMDID, Body::GenericNack));
            }
            Body::DeliverSmResp if pdu.status != Status::ROK => {
                tracing::warn!(status = pdu.status.name(), "a receipt was not taken");
            }
            _ => {}
        }
        Step::Go
    }

    fn bind(&mut self, sequence: u32, bind: &Bind) {
        let password = self.network.accounts.password.reveal();
        let status = if self.bound {
            Status::RALYBND
        } else if bind.system_id != SYSTEM_ID {
            Status::RINVSYSID
        } else if *bind.password != *password {
            Status::RINVPASWD
        } else {
            Status::ROK
        };
        let system_id = NAME.to_owned();
        self.answer(Pdu::answer(
            sequence,
            status,
            Body::BindTransceiverResp { system_id },
        ));
        if status == Status::ROK {
            self.bound = true;
            self.network.centre.bind(self.outgoing.clone());
        }
    }

    fn submit(&mut self, sequence: u32, message: &ShortMessage) -> Step {
        let fault = self.network.faults.take(SMPP);
        if let Some(fault) = &fault {
            tracing::info!(target_name = SMPP, fault = ?fault.kind, "fault injected");
        }
        match fault {
            Some(Fault {
                kind: Kind::Refuse, ..
            }) => return Step::Cut,
            Some(Fault {
                kind: Kind::Http500, ..
            }) => {
                self.answer(refusal(sequence, Status::RSYSERR));
                return Step::Go;
            }
            _ => {}
        }
        let submitted = self.process(sequence, message);
        let fault = fault.map(|fault| (fault.kind, fault.delay));
        match (fault, submitted) {
            (Some((Kind::DropReply, _)), _) => Step::Cut,
            (Some((Kind::Garbage, _)), _) => Step::Garbage,
            (_, Submitted::Silence) => Step::Go,
            (Some((Kind::Delay, delay)), Submitted::Answered(answer)) => {
                self.answer_after(delay, answer);
                Step::Go
            }
            (Some((Kind::Duplicate, _)), Submitted::Answered(answer)) => {
                // Nothing tells a centre that it has had a message before.
                self.process(sequence, message);
                self.answer(answer);
                Step::Go
            }
            (_, Submitted::Answered(answer)) => {
                self.answer(answer);
                Step::Go
            }
        }
    }

    fn process(&self, sequence: u32, message: &ShortMessage) -> Submitted {
        let checked = match Checked::new(message) {
            Ok(checked) => checked,
            Err(status) => return Submitted::Answered(refusal(sequence, status)),
        };
        let phone = message.destination.text.as_str();
        let fate = self.network.fate(CENTRE, phone, &message.short_message);
        let refused = match fate {
            Fate::NoSuchNumber => Some(Status::RINVDSTADR),
            Fate::NoRoute => Some(Status::RSUBMITFAIL),
            Fate::Busy => Some(Status::RTHROTTLED),
            Fate::Arrives | Fate::Silence | Fate::Undelivered | Fate::Late => None,
        };
        if let Some(status) = refused {
            return Submitted::Answered(refusal(sequence, status));
        }
        let message_id = self.network.centre.next_id();
        self.join(message, checked, &message_id, fate);
        if fate == Fate::Silence {
            return Submitted::Silence;
        }
        Submitted::Answered(Pdu::answer(
            sequence,
            Status::ROK,
            Body::SubmitSmResp { message_id },
        ))
    }

    /// Carries the message if this was all of it, or its last part.
    fn join(&self, message: &ShortMessage, checked: Checked<'_>, message_id: &str, fate: Fate) {
        let part = Part {
            id: message_id.to_owned(),
            octets: checked.octets.to_vec(),
        };
        let parts = match checked.place {
            None => Some(vec![part]),
            Some(place) => {
                let key = Key {
                    phone: message.destination.text.clone(),
                    sender: message.source.text.clone(),
                    reference: place.reference,
                    total: place.total,
                };
                self.network.centre.inner().parts.add(key, place, part)
            }
        };
        let Some(parts) = parts else { return };
        let ids = parts.iter().map(|part| part.id.clone()).collect();
        let octets: Vec<u8> = parts.into_iter().flat_map(|part| part.octets).collect();
        let Ok(text) = decode(checked.encoding, &octets) else {
            tracing::warn!("the parts of a message make no text together");
            return;
        };
        let sender = if message.source.text.is_empty() {
            NAME.to_owned()
        } else {
            message.source.text.clone()
        };
        let carried = Carried {
            provider: CENTRE,
            phone: message.destination.text.clone(),
            sender,
            text,
            validity: checked.validity,
            ids,
        };
        self.network.carry(carried, fate);
    }

    fn answer(&self, pdu: Pdu) {
        // The receiver is gone when the connection is.
        let _ = self.outgoing.send(pdu);
    }

    fn answer_after(&self, delay: Duration, pdu: Pdu) {
        let outgoing = self.outgoing.clone();
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let _ = outgoing.send(pdu);
        });
    }
}

fn refusal(sequence: u32, status: Status) -> Pdu {
    let message_id = String::new();
    Pdu::answer(sequence, status, Body::SubmitSmResp { message_id })
}

/// A submission that keeps to the centre's rules.
struct Checked<'a> {
    encoding: Encoding,
    validity: Duration,
    place: Option<Place>,
    octets: &'a [u8],
}

impl<'a> Checked<'a> {
    fn new(message: &'a ShortMessage) -> Result<Self, Status> {
        if message.destination.ton != 1 {
            return Err(Status::RINVDSTTON);
        }
        if message.destination.npi != 1 {
            return Err(Status::RINVDSTNPI);
        }
        if acs::phone::Phone::parse(&format!("+{}", message.destination.text)).is_err() {
            return Err(Status::RINVDSTADR);
        }
        if !is_sender(&message.source) {
            return Err(Status::RINVSRCADR);
        }
        let validity = relative(&message.validity_period).ok_or(Status::RINVEXPIRY)?;
        let encoding = match message.data_coding {
            DATA_CODING_DEFAULT => Encoding::Gsm7,
            DATA_CODING_UCS2 => Encoding::Ucs2,
            _ => return Err(Status::RSUBMITFAIL),
        };
        let (place, octets) = match message.esm_class {
            0 => (None, message.short_message.as_slice()),
            ESM_CLASS_UDH => {
                let (place, octets) = Place::read(&message.short_message).ok_or(Status::RINVESMCLASS)?;
                (Some(place), octets)
            }
            _ => return Err(Status::RINVESMCLASS),
        };
        // What a phone takes in one message: 140 octets, of which the header takes its part.
        let octets_max = match (encoding, place) {
            (Encoding::Gsm7, None) => 160,
            (Encoding::Gsm7, Some(_)) => 153,
            (Encoding::Ucs2, None) => 140,
            (Encoding::Ucs2, Some(_)) => 134,
        };
        if octets.len() > octets_max {
            return Err(Status::RINVMSGLEN);
        }
        if place.is_none() && decode(encoding, octets).is_err() {
            return Err(Status::RSUBMITFAIL);
        }
        Ok(Self {
            encoding,
            validity,
            place,
            octets,
        })
    }
}

fn is_sender(source: &Address) -> bool {
    let text = source.text.as_str();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (source.ton, source.npi) {
        (0, 0) => text.is_empty(),
        (1, 1) => is_number && text.len() <= 15,
        (3, 0) => is_number && text.len() <= 8,
        (5, 0) => (1..=11).contains(&text.len()) && !is_number,
        _ => false,
    }
}

/// A time from now on: `YYMMDDhhmmss000R`, of which no years and months are taken; a day without any.
fn relative(period: &str) -> Option<Duration> {
    if period.is_empty() {
        return Some(Duration::from_secs(86_400));
    }
    let digits = period.strip_suffix("000R").filter(|digits| digits.len() == 12)?;
    let pair = |at: usize| digits.get(at..at + 2)?.parse::<u64>().ok();
    let (0, 0) = (pair(0)?, pair(2)?) else {
        return None;
    };
    let (days, hours, minutes, seconds) = (pair(4)?, pair(6)?, pair(8)?, pair(10)?);
    (hours < 24 && minutes < 60 && seconds < 60)
        .then(|| Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_from_now_on_is_read() {
        let seconds = |period| relative(period).map(|time| time.as_secs());
        assert_eq!(seconds("000000000447000R"), Some(287));
        assert_eq!(seconds("000001000000000R"), Some(86_400));
        for wrong in [
            "000000000460000R",
            "000000000447000+",
            "447",
            "0100000000000 0R",
            "010000000000000R",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
