//! PReq and PRes of all versions, as one document and from a stream (emv-3ds sections 8.1 to 8.3).
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::io::{self, Read};

use emv3ds::{
    Rules, SpokenVersions, ThreeDsServerTransId, TransactionIds, Version,
    code::{AcsInfoInd, Component, ErrorCode},
    message::{AcsVersions, CardRangeData, PReq, PRes, ReadOrder, Received, WireMessage, Yes},
    validate::Unread,
};
use serde_json::{Value, json};

const RULES: Rules<'static> = Rules::received_by(Component::Server, &Version::ALL);

fn pres_2_3_1() -> Value {
    json!({
        "messageType": "PRes", "messageVersion": "2.3.1",
        "threeDSServerTransID": "6afa6072-9412-446b-9673-2f98b3ee98a2",
        "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
        "serialNum": "2", "readOrder": "02",
        "dsProtocolVersions": ["2.1.0", "2.2.0", "2.3.1"],
        "dsUrlList": [{ "dsUrl": "https://ds.example" }],
        "cardRangeData": [{
            "ranges": [
                { "startRange": "4000000000000000", "endRange": "4000009999999999" },
                { "startRange": "4100000000000000000", "endRange": "4100000000000000009" },
            ],
            "actionInd": "M",
            "acsProtocolVersions": [
                { "version": "2.2.0", "threeDSMethodURL": "https://acs.example/2.2" },
                { "version": "2.3.1", "acsInfoInd": ["01", "11", "80"],
                  "supportedMsgExt": [{ "id": "A000000004-merchantData", "version": "2.0" }] },
            ],
            "dsProtocolVersions": ["2.2.0"],
            "issuerCountryCode": "484",
        }],
    })
}

fn read(message: &Value) -> Result<PRes, (u16, String)> {
    match RULES.read_as::<PRes>(message.to_string().as_bytes()) {
        Ok(Received::Message(pres)) => Ok(pres),
        Ok(Received::Erro(erro)) => panic!("{erro:?}"),
        Err(fault) => Err((fault.code.number(), fault.detail)),
    }
}

/// The same from a stream, a byte at a time.
fn stream(message: &Value, asked_in: Version) -> Result<PRes, (u16, String)> {
    struct Drops<'a>(&'a [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }
    let text = message.to_string();
    let mut entries = Vec::new();
    let read = RULES.read_preparation(asked_in, Drops(text.as_bytes()), &mut |entry| entries.push(entry));
    match read {
        Ok(read) => {
            let Received::Message(mut pres) = read.received else {
                panic!("an Erro")
            };
            assert_eq!(read.entries.unwrap_or_default(), entries.len());
            if read.entries.is_some() {
                pres.set_card_ranges(entries);
            }
            Ok(pres)
        }
        Err(Unread::Fault(fault)) => Err((fault.code.number(), fault.detail)),
        Err(Unread::Cut(error)) => panic!("{error}"),
    }
}

fn only(pres: &PRes) -> &CardRangeData {
    &pres.card_range_data.as_deref().unwrap()[0]
}

#[test]
fn the_lists_of_2_3_1_are_read_and_written_as_they_came() {
    let message = pres_2_3_1();
    let pres = read(&message).unwrap();
    assert_eq!(pres.read_order, Some(ReadOrder::LastInFirstOut));
    assert!(pres.ds_protocol_versions.include(Version::V2_3_1));
    let entry = only(&pres);
    assert_eq!(entry.ranges.len(), 2);
    let AcsVersions::Listed(versions) = &entry.acs else {
        panic!("{entry:?}")
    };
    assert_eq!(
        versions[0].terms.three_ds_method_url.as_deref(),
        Some("https://acs.example/2.2")
    );
    assert_eq!(
        versions[1].terms.acs_info_ind.as_deref().unwrap()[1],
        AcsInfoInd::SecureCorporateExemption
    );
    let written: Value = serde_json::from_slice(&RULES.write(&pres).unwrap()).unwrap();
    assert_eq!(written, message);
    assert_eq!(stream(&message, Version::V2_3_1), Ok(pres));
}

#[test]
fn published_examples_name_the_bounds_and_the_versions_otherwise() {
    let mut message = pres_2_3_1();
    message["cardRangeData"][0]["ranges"][0] =
        json!({ "start": "4000000000000000", "end": "4000009999999999" });
    let entry = message["cardRangeData"][0].as_object_mut().unwrap();
    entry.remove("dsProtocolVersions");
    let plain = read(&pres_2_3_1()).unwrap();
    for singular in [json!("2.2.0"), json!(["2.2.0"])] {
        message["cardRangeData"][0]["dsProtocolVersion"] = singular;
        assert_eq!(read(&message).as_ref(), Ok(&plain));
        assert_eq!(stream(&message, Version::V2_3_1).as_ref(), Ok(&plain));
    }
    message["dsUrlList"] = json!(["https://ds.example"]);
    assert_eq!(read(&message), Ok(plain));
}

#[test]
fn what_is_wrong_in_an_entry_is_named_from_the_root() {
    type Change = fn(&mut Value);
    let cases: [(Change, u16, &str); 9] = [
        (|entry| entry["ranges"] = json!([]), 203, "cardRangeData.ranges"),
        (
            |entry| entry["ranges"][0]["endRange"] = json!("3999999999999999"),
            203,
            "cardRangeData.ranges.endRange",
        ),
        (
            |entry| entry["ranges"][0] = json!({ "startRange": "4000000000000000" }),
            201,
            "cardRangeData.ranges.endRange",
        ),
        (
            |entry| entry["acsProtocolVersions"][0] = json!({ "threeDSMethodURL": "https://a.example" }),
            201,
            "cardRangeData.acsProtocolVersions.version",
        ),
        (
            |entry| entry["acsProtocolVersions"] = json!([]),
            203,
            "cardRangeData.acsProtocolVersions",
        ),
        (
            |entry| entry["acsProtocolVersions"][1]["threeDSMethodURL"] = json!("ftp://a.example"),
            203,
            "cardRangeData.acsProtocolVersions.threeDSMethodURL",
        ),
        (
            |entry| entry["issuerCountryCode"] = json!("901"),
            203,
            "cardRangeData.issuerCountryCode",
        ),
        (
            |entry| entry["actionInd"] = json!("X"),
            203,
            "cardRangeData.actionInd",
        ),
        (|entry| *entry = json!(1), 203, "cardRangeData"),
    ];
    for (change, code, detail) in cases {
        let mut message = pres_2_3_1();
        change(&mut message["cardRangeData"][0]);
        let expected = Err((code, detail.to_owned()));
        assert_eq!(read(&message), expected, "{message}");
        assert_eq!(stream(&message, Version::V2_3_1), expected, "{message}");
    }
}

#[test]
fn each_version_has_its_own_shape() {
    let mut message = pres_2_3_1();
    message["messageVersion"] = json!("2.2.0");
    let missing = read(&message).unwrap_err();
    assert_eq!(missing.0, 201);
    assert!(missing.1.contains("dsStartProtocolVersion") && missing.1.contains("cardRangeData.startRange"));

    let older = json!({
        "messageType": "PRes", "messageVersion": "2.2.0",
        "threeDSServerTransID": "6afa6072-9412-446b-9673-2f98b3ee98a2",
        "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
        "dsStartProtocolVersion": "2.1.0", "dsEndProtocolVersion": "2.3.1",
        // What 2.3.1 added is unknown here, and ignored.
        "readOrder": "09", "cardRangeDataFileURL": 1,
        "cardRangeData": [{
            "startRange": "4000000000000000", "endRange": "4000009999999999",
            "acsStartProtocolVersion": "2.1.0", "acsEndProtocolVersion": "2.3.1",
            "ranges": 1, "issuerCountryCode": "x",
        }],
    });
    let pres = read(&older).unwrap();
    assert_eq!((pres.read_order, &pres.card_range_data_file_url), (None, &None));
    assert!(matches!(pres.ds_protocol_versions, SpokenVersions::Span { .. }));
    assert_eq!(only(&pres).issuer_country_code, None);
    assert_eq!(stream(&older, Version::V2_2_0).as_ref(), Ok(&pres));
    // In another version than asked in.
    assert_eq!(
        stream(&older, Version::V2_1_0),
        Err((203, "messageVersion".to_owned()))
    );
}

#[test]
fn a_stream_is_judged_like_a_document() {
    let doubled =
        pres_2_3_1()
            .to_string()
            .replacen(r#""actionInd":"M""#, r#""actionInd":"M","actionInd":"A""#, 1);
    let mut none = |_: CardRangeData| {};
    let fault = |text: &str, none: &mut dyn FnMut(CardRangeData)| match RULES.read_preparation(
        Version::V2_3_1,
        text.as_bytes(),
        none,
    ) {
        Err(Unread::Fault(fault)) => (fault.code, fault.detail),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        fault(&doubled, &mut none),
        (ErrorCode::DuplicateElement, "cardRangeData.actionInd".to_owned())
    );
    let twice = pres_2_3_1()
        .to_string()
        .replacen('{', r#"{"cardRangeData":[],"#, 1);
    assert_eq!(
        fault(&twice, &mut none),
        (ErrorCode::DuplicateElement, "cardRangeData".to_owned())
    );
    for (text, detail) in [
        ("", "the message is not a JSON object"),
        ("[]", "the message is not a JSON object"),
        ("{}", "messageType"),
        (
            r#"{"messageType":"ARes","messageVersion":"2.2.0"}"#,
            "messageType",
        ),
        (r#"{"messageType":"PRes"} {}"#, "the message is not a JSON object"),
    ] {
        assert_eq!(
            fault(text, &mut none),
            (ErrorCode::MessageReceivedInvalid, detail.to_owned()),
            "{text}"
        );
    }
    for odd in [
        json!({}),
        json!(1),
        json!("x"),
        json!(true),
        json!(null),
        json!(1.5),
        json!([]),
    ] {
        let mut message = pres_2_3_1();
        message["cardRangeData"] = odd;
        assert_eq!(
            fault(&message.to_string(), &mut none),
            (ErrorCode::FormatInvalid, "cardRangeData".to_owned())
        );
    }
}

#[test]
fn a_card_range_file_holds_card_range_data_alone() {
    let entries = pres_2_3_1()["cardRangeData"].clone();
    let read = |file: &Value| {
        let mut taken = 0;
        let text = file.to_string();
        let ids = TransactionIds::default();
        let count = RULES.read_card_range_file(Version::V2_3_1, ids, text.as_bytes(), &mut |_| taken += 1);
        match count {
            Ok(count) => {
                assert_eq!(count, taken);
                Ok(count)
            }
            Err(Unread::Fault(fault)) => Err((fault.code.number(), fault.detail)),
            Err(Unread::Cut(error)) => panic!("{error}"),
        }
    };
    assert_eq!(read(&json!({ "cardRangeData": entries })), Ok(1));
    let missing = (201, "cardRangeData".to_owned());
    assert_eq!(read(&json!({ "note": "none" })), Err(missing));
}

#[test]
fn a_preq_offers_to_fetch_a_file_from_2_3_1_on() {
    let preq = |message_version| PReq {
        message_version,
        three_ds_server_trans_id: ThreeDsServerTransId::parse("6afa6072-9412-446b-9673-2f98b3ee98a2")
            .unwrap(),
        three_ds_server_ref_number: "3DS_LOA_SER_1".into(),
        three_ds_server_operator_id: None,
        serial_num: None,
        card_range_data_download_ind: Some(Yes::Y),
        message_extension: None,
    };
    let to_directory = Rules::received_by(Component::DirectoryServer, &Version::ALL);
    let sent =
        |version| -> Value { serde_json::from_slice(&to_directory.write(&preq(version)).unwrap()).unwrap() };
    assert_eq!(sent(Version::V2_3_1)["cardRangeDataDownloadInd"], "Y");
    assert_eq!(sent(Version::V2_2_0).get("cardRangeDataDownloadInd"), None);
}
