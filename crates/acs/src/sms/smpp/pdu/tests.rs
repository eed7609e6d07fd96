use super::*;
use proptest::prelude::*;

fn octets(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn message(esm_class: u8, text: &[u8]) -> ShortMessage {
    ShortMessage {
        source: Address {
            ton: 5,
            npi: 0,
            text: "Banco".to_owned(),
        },
        destination: Address {
            ton: 1,
            npi: 1,
            text: "525512345678".to_owned(),
        },
        esm_class,
        validity_period: "000000000447000R".to_owned(),
        registered_delivery: 1,
        data_coding: 8,
        short_message: text.to_vec().into(),
        tlvs: Vec::new(),
    }
}

/// PDUs as another implementation of the protocol writes them.
fn foreign() -> Vec<(&'static str, Pdu)> {
    let receipt = ShortMessage {
        source: Address {
            ton: 0,
            npi: 0,
            text: "525512345678".to_owned(),
        },
        destination: Address {
            ton: 0,
            npi: 0,
            text: "Banco".to_owned(),
        },
        esm_class: 4,
        validity_period: String::new(),
        registered_delivery: 0,
        data_coding: 0,
        short_message: b"id:msg-7 stat:DELIVRD err:000".to_vec().into(),
        tlvs: vec![
            Tlv {
                tag: 0x1e,
                value: b"msg-7\0".to_vec(),
            },
            Tlv {
                tag: 0x427,
                value: vec![2],
            },
        ],
    };
    vec![
        (
            "000000250000000900000000000000017061736172656c6100733363726574000034000000",
            Pdu::request(
                1,
                Body::BindTransceiver(Bind {
                    system_id: "pasarela".to_owned(),
                    password: "s3cret".to_owned().into(),
                    system_type: String::new(),
                    interface_version: INTERFACE_VERSION,
                }),
            ),
        ),
        (
            "0000001780000009000000000000000163656e74726500",
            Pdu::request(
                1,
                Body::BindTransceiverResp {
                    system_id: "centre".to_owned(),
                },
            ),
        ),
        (
            "0000004a00000004000000000000000700050042616e636f000101353235353132333435363738004000000030303030\
             3030303030343437303030520001000800080500030902013042",
            Pdu::request(7, Body::SubmitSm(message(0x40, &[5, 0, 3, 9, 2, 1, 0x30, 0x42]))),
        ),
        (
            "000000168000000400000000000000076d73672d3700",
            Pdu::request(
                7,
                Body::SubmitSmResp {
                    message_id: "msg-7".to_owned(),
                },
            ),
        ),
        (
            "0000005e00000005000000000000000300000035323535313233343536373800000042616e636f000400000000000000001d69643a6d\
             73672d3720737461743a44454c49565244206572723a303030001e00066d73672d37000427000102",
            Pdu::request(3, Body::DeliverSm(receipt)),
        ),
        (
            "00000010000000150000000000000009",
            Pdu::request(9, Body::EnquireLink),
        ),
        (
            "00000010800000000000000300000009",
            Pdu::answer(9, Status::RINVCMDID, Body::GenericNack),
        ),
    ]
}

#[test]
fn pdus_are_written_and_read_as_others_do() {
    for (digits, pdu) in foreign() {
        let frame = octets(digits);
        assert_eq!(Pdu::read(&frame), Ok(pdu.clone()));
        assert_eq!(*pdu.write().unwrap(), frame);
    }
}

#[test]
fn a_refusal_may_come_without_a_body() {
    let frame = octets("00000010800000040000005800000007");
    let pdu = Pdu::read(&frame).unwrap();
    assert_eq!(pdu.status, Status::RTHROTTLED);
    assert_eq!(
        pdu.body,
        Body::SubmitSmResp {
            message_id: String::new()
        }
    );
    let accepted = octets("00000010800000040000000000000007");
    assert!(
        Pdu::read(&accepted).is_err(),
        "a message that was taken has a name"
    );
}

#[test]
fn what_does_not_fit_into_its_field_is_not_written() {
    let with = |change: fn(&mut ShortMessage)| {
        let mut message = message(0, b"text");
        change(&mut message);
        Pdu::request(1, Body::SubmitSm(message)).write()
    };
    for (field, refused) in [
        ("addr", with(|message| message.source.text = "a".repeat(21))),
        (
            "addr",
            with(|message| message.destination.text = "a\0b".to_owned()),
        ),
        (
            "validity_period",
            with(|message| message.validity_period = "0".repeat(17)),
        ),
        (
            "short_message",
            with(|message| message.short_message = vec![0; 255].into()),
        ),
    ] {
        assert_eq!(refused, Err(Malformed(field)));
    }
}

#[test]
fn neither_text_nor_number_nor_password_shows() {
    let (_, bind) = &foreign()[0];
    let submit = Pdu::request(1, Body::SubmitSm(message(0, b"codigo 123456")));
    let shown = format!("{bind:?} {submit:?}");
    for hidden in ["s3cret", "123456", "525512345678", "49, 50, 51"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

fn address() -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), "[ -~]{0,20}").prop_map(|(ton, npi, text)| Address { ton, npi, text })
}

fn any_message() -> impl Strategy<Value = ShortMessage> {
    let tlv = (any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40));
    (
        (address(), address(), any::<u8>(), "([0-9]{15}R)?"),
        (any::<u8>(), any::<u8>()),
        proptest::collection::vec(any::<u8>(), 0..=254),
        proptest::collection::vec(tlv.prop_map(|(tag, value)| Tlv { tag, value }), 0..4),
    )
        .prop_map(
            |((source, destination, esm_class, validity_period), coding, text, tlvs)| ShortMessage {
                source,
                destination,
                esm_class,
                validity_period,
                registered_delivery: coding.0,
                data_coding: coding.1,
                short_message: text.into(),
                tlvs,
            },
        )
}

fn any_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        any_message().prop_map(Body::SubmitSm),
        any_message().prop_map(Body::DeliverSm),
        "[!-~]{0,64}".prop_map(|message_id| Body::SubmitSmResp { message_id }),
        ("[ -~]{0,15}", "[ -~]{0,8}", "[ -~]{0,12}", any::<u8>()).prop_map(
            |(system_id, password, system_type, interface_version)| {
                Body::BindTransceiver(Bind {
                    system_id,
                    password: password.into(),
                    system_type,
                    interface_version,
                })
            }
        ),
        "[ -~]{0,15}".prop_map(|system_id| Body::BindTransceiverResp { system_id }),
        Just(Body::DeliverSmResp),
        Just(Body::EnquireLink),
        Just(Body::EnquireLinkResp),
        Just(Body::Unbind),
        Just(Body::UnbindResp),
        Just(Body::GenericNack),
    ]
}

proptest! {
    #[test]
    fn every_pdu_comes_back_as_it_was_written(body in any_body(), status: u32, sequence: u32) {
        let pdu = Pdu { status: Status(status), sequence, body };
        let frame = pdu.write().unwrap();
        prop_assert!(frame.len() <= PDU_MAX_OCTETS);
        prop_assert_eq!(Pdu::read(&frame), Ok(pdu));
    }

    #[test]
    fn no_octets_make_a_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Pdu::read(&octets);
    }

    #[test]
    fn a_pdu_with_any_octet_changed_or_cut_never_makes_a_reader_panic(
        body in any_body(), place: proptest::sample::Index, octet: u8, length: proptest::sample::Index,
    ) {
        let mut frame = Pdu::request(1, body).write().unwrap().to_vec();
        let at = place.index(frame.len());
        frame[at] = octet;
        let _ = Pdu::read(&frame);
        frame.truncate(length.index(frame.len()));
        prop_assert!(Pdu::read(&frame).is_err());
    }
}
