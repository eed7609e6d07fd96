//! The PDUs of SMPP 3.4 that a transceiver of text messages and its centre exchange, and their octets.
//!
//! A frame longer than [`PDU_MAX_OCTETS`] is not read at all. Nothing here panics, whatever the octets.

use zeroize::Zeroizing;

pub use super::octets::Malformed;
use super::octets::{Octets, Writer};
pub use super::short_message::{Address, ShortMessage, Tlv};
pub use super::status::Status;

/// Octets of a header.
pub const HEADER_OCTETS: usize = 16;
/// The longest PDU that is read or written.
pub const PDU_MAX_OCTETS: usize = 4 * 1024;
/// The version of the protocol, as `interface_version` says it.
pub const INTERFACE_VERSION: u8 = 0x34;
/// The bit of a command id that makes it the answer to a request.
const RESPONSE: u32 = 0x8000_0000;

/// A PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// What came of a request; [`Status::ROK`] in requests.
    pub status: Status,
    /// What joins an answer to its request.
    pub sequence: u32,
    /// The rest.
    pub body: Body,
}

/// What a PDU is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Says who wants to send and receive.
    BindTransceiver(Bind),
    /// Its answer.
    BindTransceiverResp {
        /// What the centre calls itself.
        system_id: String,
    },
    /// A message to be sent.
    SubmitSm(ShortMessage),
    /// Its answer.
    SubmitSmResp {
        /// The centre's name for the message; empty where it was not taken.
        message_id: String,
    },
    /// A message, or a receipt, from the centre.
    DeliverSm(ShortMessage),
    /// Its answer.
    DeliverSmResp,
    /// Asks whether anybody is there.
    EnquireLink,
    /// Its answer.
    EnquireLinkResp,
    /// Ends the session.
    Unbind,
    /// Its answer.
    UnbindResp,
    /// The answer to what cannot be read.
    GenericNack,
    /// A command that is not spoken here.
    Unknown {
        /// Its number.
        command_id: u32,
    },
}

/// Who wants to send and receive.
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    /// The name of the account.
    pub system_id: String,
    /// Its password.
    pub password: Zeroizing<String>,
    /// What kind of system it is; mostly empty.
    pub system_type: String,
    /// See [`INTERFACE_VERSION`].
    pub interface_version: u8,
}

impl std::fmt::Debug for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind")
            .field("system_id", &self.system_id)
            .finish_non_exhaustive()
    }
}

/// A PDU whose header could be read, and whose body could not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PDU of command {command_id:#010x} cannot be read: {fault}")]
pub struct Unreadable {
    /// What it was to be.
    pub command_id: u32,
    /// Its number.
    pub sequence: u32,
    /// What is wrong with it.
    pub fault: Malformed,
}

impl Pdu {
    /// A request.
    pub fn request(sequence: u32, body: Body) -> Self {
        Self {
            status: Status::ROK,
            sequence,
            body,
        }
    }

    /// The answer to a request of this number.
    pub fn answer(sequence: u32, status: Status, body: Body) -> Self {
        Self {
            status,
            sequence,
            body,
        }
    }

    /// Writes the whole PDU, its length in front.
    ///
    /// # Errors
    /// The field that is too long for its table.
    pub fn write(&self) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        let mut to = Writer::new(PDU_MAX_OCTETS);
        to.u32(0);
        to.u32(self.body.command_id());
        to.u32(self.status.0);
        to.u32(self.sequence);
        self.body.write(&mut to)?;
        let mut octets = to.0;
        let length = u32::try_from(octets.len())
            .ok()
            .filter(|_| octets.len() <= PDU_MAX_OCTETS)
            .ok_or(Malformed("command_length"))?;
        if let Some(place) = octets.first_chunk_mut() {
            *place = length.to_be_bytes();
        }
        Ok(octets)
    }

    /// Reads a PDU from exactly its own octets, the length in front included.
    ///
    /// # Errors
    /// [`Unreadable`]; of the answers to a request, an error may come without a body.
    pub fn read(frame: &[u8]) -> Result<Self, Unreadable> {
        let mut octets = Octets::new(frame);
        let mut header = || -> Result<(u32, u32, u32, u32), Malformed> {
            Ok((
                octets.u32("command_length")?,
                octets.u32("command_id")?,
                octets.u32("command_status")?,
                octets.u32("sequence_number")?,
            ))
        };
        let (length, command_id, status, sequence) = header().map_err(|fault| Unreadable {
            command_id: 0,
            sequence: 0,
            fault,
        })?;
        let unreadable = |fault| Unreadable {
            command_id,
            sequence,
            fault,
        };
        if usize::try_from(length) != Ok(frame.len()) {
            return Err(unreadable(Malformed("command_length")));
        }
        let status = Status(status);
        let body = Body::read(command_id, status, &mut octets).map_err(unreadable)?;
        Ok(Self {
            status,
            sequence,
            body,
        })
    }
}

impl Body {
    fn command_id(&self) -> u32 {
        match self {
            Self::GenericNack => RESPONSE,
            Self::SubmitSm(_) => 0x04,
            Self::SubmitSmResp { .. } => RESPONSE | 0x04,
            Self::DeliverSm(_) => 0x05,
            Self::DeliverSmResp => RESPONSE | 0x05,
            Self::Unbind => 0x06,
            Self::UnbindResp => RESPONSE | 0x06,
            Self::BindTransceiver(_) => 0x09,
            Self::BindTransceiverResp { .. } => RESPONSE | 0x09,
            Self::EnquireLink => 0x15,
            Self::EnquireLinkResp => RESPONSE | 0x15,
            Self::Unknown { command_id } => *command_id,
        }
    }

    /// Whether it asks something, and so has to be answered.
    pub fn is_request(&self) -> bool {
        self.command_id() & RESPONSE == 0
    }

    fn write(&self, to: &mut Writer) -> Result<(), Malformed> {
        match self {
            Self::BindTransceiver(bind) => bind.write(to),
            Self::BindTransceiverResp { system_id } => to.c_string(system_id, 16, "system_id"),
            Self::SubmitSm(message) | Self::DeliverSm(message) => message.write(to),
            Self::SubmitSmResp { message_id } => to.c_string(message_id, 65, "message_id"),
            // Its message id is always empty.
            Self::DeliverSmResp => to.c_string("", 65, "message_id"),
            Self::EnquireLink
            | Self::EnquireLinkResp
            | Self::Unbind
            | Self::UnbindResp
            | Self::GenericNack
            | Self::Unknown { .. } => Ok(()),
        }
    }

    fn read(command_id: u32, status: Status, octets: &mut Octets<'_>) -> Result<Self, Malformed> {
        // What follows a body that has been read, such as parameters of later versions, is ignored.
        let mut named = |max, field| {
            if octets.is_empty() && status != Status::ROK {
                Ok(String::new())
            } else {
                octets.c_string(max, field)
            }
        };
        Ok(match command_id {
            RESPONSE => Self::GenericNack,
            0x8000_0004 => Self::SubmitSmResp {
                message_id: named(65, "message_id")?,
            },
            0x8000_0009 => Self::BindTransceiverResp {
                system_id: named(16, "system_id")?,
            },
            0x04 => Self::SubmitSm(ShortMessage::read(octets)?),
            0x05 => Self::DeliverSm(ShortMessage::read(octets)?),
            0x8000_0005 => Self::DeliverSmResp,
            0x06 => Self::Unbind,
            0x8000_0006 => Self::UnbindResp,
            0x09 => Self::BindTransceiver(Bind::read(octets)?),
            0x15 => Self::EnquireLink,
            0x8000_0015 => Self::EnquireLinkResp,
            command_id => Self::Unknown { command_id },
        })
    }
}

impl Bind {
    fn read(octets: &mut Octets<'_>) -> Result<Self, Malformed> {
        let bind = Self {
            system_id: octets.c_string(16, "system_id")?,
            password: Zeroizing::new(octets.c_string(9, "password")?),
            system_type: octets.c_string(13, "system_type")?,
            interface_version: octets.u8("interface_version")?,
        };
        octets.u8("addr_ton")?;
        octets.u8("addr_npi")?;
        octets.c_string(41, "address_range")?;
        Ok(bind)
    }

    fn write(&self, to: &mut Writer) -> Result<(), Malformed> {
        to.c_string(&self.system_id, 16, "system_id")?;
        to.c_string(&self.password, 9, "password")?;
        to.c_string(&self.system_type, 13, "system_type")?;
        to.u8(self.interface_version);
        to.u8(0);
        to.u8(0);
        to.c_string("", 41, "address_range")
    }
}

#[cfg(test)]
mod tests;
