//! Delivery receipts: a `deliver_sm` whose text, or whose optional parameters, say where a message is (SMPP 3.4, appendix B).

use super::short_message::{
    ESM_CLASS_RECEIPT, ESM_CLASS_TYPE, ShortMessage, TLV_MESSAGE_STATE, TLV_RECEIPTED_MESSAGE_ID,
};
use crate::sms::provider::ReceiptStatus;
use crate::sms::provider_words;

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// The centre's name for the message.
    pub message_id: String,
    /// Where it is; `None` for states that say nothing new.
    pub status: Option<ReceiptStatus>,
    /// `err:`, the network's own code.
    pub code: Option<String>,
}

/// Reads a receipt; `None` for messages that are none, or name no message.
pub fn read(message: &ShortMessage) -> Option<DeliveryReceipt> {
    if message.esm_class & ESM_CLASS_TYPE != ESM_CLASS_RECEIPT {
        return None;
    }
    // Of the text only words of ASCII are of interest; what quotes the message after `text:` is not looked at.
    let text = String::from_utf8_lossy(&message.short_message);
    let fields = text.split(" text:").next().unwrap_or_default();
    let field = |name: &str| {
        fields
            .split(' ')
            .find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))
    };
    let named = message.tlv(TLV_RECEIPTED_MESSAGE_ID).and_then(c_text);
    let message_id = provider_words::reference(named.or_else(|| field("id"))?)?;
    let status = match message.tlv(TLV_MESSAGE_STATE) {
        Some([state]) => of_state(*state),
        _ => field("stat").and_then(of_word),
    };
    let code = field("err").and_then(provider_words::code);
    Some(DeliveryReceipt {
        message_id,
        status,
        code,
    })
}

fn c_text(value: &[u8]) -> Option<&str> {
    let text = value.strip_suffix(&[0]).unwrap_or(value);
    std::str::from_utf8(text).ok()
}

/// `message_state`, section 5.2.28.
fn of_state(state: u8) -> Option<ReceiptStatus> {
    match state {
        1 | 6 => Some(ReceiptStatus::Sent),
        2 => Some(ReceiptStatus::Delivered),
        3 => Some(ReceiptStatus::Expired),
        4 | 8 => Some(ReceiptStatus::Failed),
        5 => Some(ReceiptStatus::Undelivered),
        _ => None,
    }
}

/// `stat:`, the state in seven letters.
fn of_word(word: &str) -> Option<ReceiptStatus> {
    match word {
        "ENROUTE" | "ACCEPTD" => of_state(1),
        "DELIVRD" => of_state(2),
        "EXPIRED" => of_state(3),
        "DELETED" | "REJECTD" => of_state(4),
        "UNDELIV" => of_state(5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::smpp::pdu::{Address, Tlv};

    fn receipt(esm_class: u8, text: &str, tlvs: Vec<Tlv>) -> ShortMessage {
        ShortMessage {
            source: Address::default(),
            destination: Address::default(),
            esm_class,
            validity_period: String::new(),
            registered_delivery: 0,
            data_coding: 0,
            short_message: text.as_bytes().to_vec().into(),
            tlvs,
        }
    }

    const TEXT: &str = "id:0A1B sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 \
                        text:id:9 stat:UNDELIV";

    #[test]
    fn the_text_of_a_receipt_is_read() {
        let read = read(&receipt(0x04, TEXT, Vec::new())).unwrap();
        assert_eq!(read.message_id, "0A1B");
        assert_eq!(read.status, Some(ReceiptStatus::Delivered), "not the quoted text");
        assert_eq!(read.code.as_deref(), Some("000"));
    }

    #[test]
    fn optional_parameters_go_before_the_text() {
        let tlvs = vec![
            Tlv {
                tag: TLV_RECEIPTED_MESSAGE_ID,
                value: b"other\0".to_vec(),
            },
            Tlv {
                tag: TLV_MESSAGE_STATE,
                value: vec![5],
            },
        ];
        let read = read(&receipt(0x04, TEXT, tlvs)).unwrap();
        assert_eq!(read.message_id, "other");
        assert_eq!(read.status, Some(ReceiptStatus::Undelivered));
    }

    #[test]
    fn every_state_has_its_place_on_the_ladder() {
        use ReceiptStatus::{Delivered, Expired, Failed, Sent, Undelivered};
        for (word, status) in [
            ("ENROUTE", Some(Sent)),
            ("ACCEPTD", Some(Sent)),
            ("DELIVRD", Some(Delivered)),
            ("EXPIRED", Some(Expired)),
            ("DELETED", Some(Failed)),
            ("REJECTD", Some(Failed)),
            ("UNDELIV", Some(Undelivered)),
            ("UNKNOWN", None),
            ("", None),
        ] {
            let message = receipt(0x04, &format!("id:1 stat:{word}"), Vec::new());
            assert_eq!(read(&message).unwrap().status, status, "{word}");
        }
    }

    #[test]
    fn what_is_no_receipt_is_not_read_as_one() {
        assert_eq!(read(&receipt(0x00, TEXT, Vec::new())), None, "a message");
        assert_eq!(
            read(&receipt(0x04, "stat:DELIVRD", Vec::new())),
            None,
            "of nothing"
        );
        assert_eq!(read(&receipt(0x04, "id:a,b stat:DELIVRD", Vec::new())), None);
    }
}
