//! The body that `submit_sm` and `deliver_sm` share (SMPP 3.4, sections 4.4.1 and 4.6.1).

use std::fmt;
use zeroize::Zeroizing;

use super::octets::{Malformed, Octets, Writer};

/// `esm_class`: the text begins with a user data header.
pub const ESM_CLASS_UDH: u8 = 0x40;
/// `esm_class`: the bits that say what a `deliver_sm` is.
pub const ESM_CLASS_TYPE: u8 = 0x3c;
/// `esm_class`: a delivery receipt.
pub const ESM_CLASS_RECEIPT: u8 = 0x04;
/// `data_coding`: the default alphabet of the centre, here GSM-7 with a septet an octet.
pub const DATA_CODING_DEFAULT: u8 = 0x00;
/// `data_coding`: UCS-2.
pub const DATA_CODING_UCS2: u8 = 0x08;
/// The longest `short_message`, in octets.
pub const SHORT_MESSAGE_MAX_OCTETS: usize = 254;
/// TLV `receipted_message_id`.
pub const TLV_RECEIPTED_MESSAGE_ID: u16 = 0x001e;
/// TLV `message_state`.
pub const TLV_MESSAGE_STATE: u16 = 0x0427;

/// Who sends or receives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Type of number: 1 international, 3 network specific, 5 alphanumeric, 0 unknown.
    pub ton: u8,
    /// Numbering plan: 1 ISDN (E.164), 0 unknown.
    pub npi: u8,
    /// Digits without a `+`, or letters.
    pub text: String,
}

/// An optional parameter.
#[derive(Clone, PartialEq, Eq)]
pub struct Tlv {
    /// Which one.
    pub tag: u16,
    /// Its value as it stands.
    pub value: Vec<u8>,
}

impl fmt::Debug for Tlv {
    /// Not the value: `message_payload` is one, and holds a text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tlv({:#06x}, {} octets)", self.tag, self.value.len())
    }
}

/// A message. `protocol_id`, `priority_flag`, `schedule_delivery_time`, `replace_if_present_flag` and
/// `sm_default_msg_id` are always zero with us and not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ShortMessage {
    /// From whom.
    pub source: Address,
    /// To whom.
    pub destination: Address,
    /// What kind of message it is.
    pub esm_class: u8,
    /// How long it may take, as `000000000430000R`; empty for the centre's own time.
    pub validity_period: String,
    /// 1 asks for a receipt of how it ends.
    pub registered_delivery: u8,
    /// In which alphabet the text is.
    pub data_coding: u8,
    /// The text with its header, if any.
    pub short_message: Zeroizing<Vec<u8>>,
    /// Whatever else is said.
    pub tlvs: Vec<Tlv>,
}

impl fmt::Debug for ShortMessage {
    /// Neither the text nor a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShortMessage")
            .field("esm_class", &self.esm_class)
            .field("data_coding", &self.data_coding)
            .field("octets", &self.short_message.len())
            .field("tlvs", &self.tlvs)
            .finish_non_exhaustive()
    }
}

impl ShortMessage {
    /// The value of an optional parameter.
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs
            .iter()
            .find(|tlv| tlv.tag == tag)
            .map(|tlv| tlv.value.as_slice())
    }

    pub(super) fn read(octets: &mut Octets<'_>) -> Result<Self, Malformed> {
        octets.c_string(6, "service_type")?;
        let source = Address::read(octets)?;
        let destination = Address::read(octets)?;
        let esm_class = octets.u8("esm_class")?;
        octets.u8("protocol_id")?;
        octets.u8("priority_flag")?;
        octets.c_string(17, "schedule_delivery_time")?;
        let validity_period = octets.c_string(17, "validity_period")?;
        let registered_delivery = octets.u8("registered_delivery")?;
        octets.u8("replace_if_present_flag")?;
        let data_coding = octets.u8("data_coding")?;
        octets.u8("sm_default_msg_id")?;
        let length = usize::from(octets.u8("sm_length")?);
        if length > SHORT_MESSAGE_MAX_OCTETS {
            return Err(Malformed("sm_length"));
        }
        let short_message = Zeroizing::new(octets.take(length, "short_message")?.to_vec());
        let mut tlvs = Vec::new();
        while !octets.is_empty() {
            let tag = octets.u16("optional parameter")?;
            let length = usize::from(octets.u16("optional parameter")?);
            let value = octets.take(length, "optional parameter")?.to_vec();
            tlvs.push(Tlv { tag, value });
        }
        Ok(Self {
            source,
            destination,
            esm_class,
            validity_period,
            registered_delivery,
            data_coding,
            short_message,
            tlvs,
        })
    }

    pub(super) fn write(&self, to: &mut Writer) -> Result<(), Malformed> {
        to.c_string("", 6, "service_type")?;
        self.source.write(to)?;
        self.destination.write(to)?;
        to.u8(self.esm_class);
        to.u8(0);
        to.u8(0);
        to.c_string("", 17, "schedule_delivery_time")?;
        to.c_string(&self.validity_period, 17, "validity_period")?;
        to.u8(self.registered_delivery);
        to.u8(0);
        to.u8(self.data_coding);
        to.u8(0);
        let length = u8::try_from(self.short_message.len())
            .ok()
            .filter(|length| usize::from(*length) <= SHORT_MESSAGE_MAX_OCTETS)
            .ok_or(Malformed("short_message"))?;
        to.u8(length);
        to.octets(&self.short_message);
        for tlv in &self.tlvs {
            to.u16(tlv.tag);
            to.u16(u16::try_from(tlv.value.len()).map_err(|_| Malformed("optional parameter"))?);
            to.octets(&tlv.value);
        }
        Ok(())
    }
}

impl Address {
    fn read(octets: &mut Octets<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            ton: octets.u8("addr_ton")?,
            npi: octets.u8("addr_npi")?,
            text: octets.c_string(21, "addr")?,
        })
    }

    fn write(&self, to: &mut Writer) -> Result<(), Malformed> {
        to.u8(self.ton);
        to.u8(self.npi);
        to.c_string(&self.text, 21, "addr")
    }
}
