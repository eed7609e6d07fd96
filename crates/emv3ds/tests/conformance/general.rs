//! Messages that are settled before any table is looked at, and the order of the checks (sections 1, 2, 3.2 and 17 of the
//! reference).

use emv3ds::{
    Version,
    code::{Component, DeviceChannel, MessageCategory, MessageType},
};
use serde_json::{Value, json};

use super::{
    answers, areq, browser,
    case::{Case, Expected},
    preparation, results,
    sheet::{Sheet, set},
};

const AREA: &str = "any message";

/// Who takes what (section 2).
const TAKES: [(Component, &[MessageType]); 4] = [
    (
        Component::Server,
        &[
            MessageType::ARes,
            MessageType::RReq,
            MessageType::PRes,
            MessageType::Erro,
        ],
    ),
    (
        Component::DirectoryServer,
        &[
            MessageType::AReq,
            MessageType::ARes,
            MessageType::RReq,
            MessageType::RRes,
            MessageType::PReq,
            MessageType::Erro,
        ],
    ),
    (
        Component::Acs,
        &[
            MessageType::AReq,
            MessageType::CReq,
            MessageType::RRes,
            MessageType::Erro,
        ],
    ),
    (Component::Sdk, &[MessageType::CRes, MessageType::Erro]),
];

const TYPES: [MessageType; 9] = [
    MessageType::AReq,
    MessageType::ARes,
    MessageType::CReq,
    MessageType::CRes,
    MessageType::RReq,
    MessageType::RRes,
    MessageType::PReq,
    MessageType::PRes,
    MessageType::Erro,
];

fn case(
    section: &'static str,
    title: impl Into<String>,
    message_type: MessageType,
    version: Version,
    receiver: Component,
    text: String,
    expected: Expected,
) -> Case {
    Case {
        area: AREA,
        section,
        title: title.into(),
        about: String::new(),
        message_type,
        version,
        receiver,
        channel: DeviceChannel::Browser,
        category: MessageCategory::Payment,
        text,
        expected,
    }
}

/// Whole messages of the browser channel, as their receivers take them.
fn wholes() -> Vec<Sheet> {
    [
        areq::sheets(),
        answers::sheets(),
        browser::sheets(),
        results::sheets(),
        preparation::sheets(),
    ]
    .into_iter()
    .flatten()
    .filter(|sheet| sheet.channel == DeviceChannel::Browser && sheet.followed.is_empty())
    .collect()
}

pub fn cases() -> Vec<Case> {
    let mut cases = no_messages();
    cases.extend(receivers());
    for sheet in wholes() {
        for version in Version::ALL {
            let whole = sheet.whole(version);
            cases.extend(versions(&sheet, version, &whole));
            cases.extend(duplicates(&sheet, version, &whole));
            if whole.get("messageExtension").is_some() {
                cases.extend(extensions(&sheet, version, &whole));
            }
            cases.extend(unknown(&sheet, version, &whole));
        }
    }
    cases.extend(order());
    cases
}

/// 101: no JSON object, or no type.
fn no_messages() -> Vec<Case> {
    let mut cases = Vec::new();
    for (receiver, _) in TAKES {
        for (text, detail) in [
            ("", "the message is not a JSON object"),
            ("{", "the message is not a JSON object"),
            ("[]", "the message is not a JSON object"),
            ("\"AReq\"", "the message is not a JSON object"),
            ("{} {}", "the message is not a JSON object"),
            ("{}", "messageType"),
            (r#"{"messageType":"BReq"}"#, "messageType"),
            (r#"{"messageType":7}"#, "messageType"),
        ] {
            cases.push(case(
                "emv-3ds 3.2",
                format!("{text:?}"),
                MessageType::Erro,
                Version::V2_2_0,
                receiver,
                text.to_owned(),
                Expected::refused(101, detail),
            ));
        }
    }
    cases
}

/// 101: not for this receiver.
fn receivers() -> Vec<Case> {
    let mut cases = Vec::new();
    for (receiver, takes) in TAKES {
        for message_type in TYPES.into_iter().filter(|one| !takes.contains(one)) {
            let text = json!({ "messageType": message_type, "messageVersion": "2.2.0" });
            cases.push(case(
                "emv-3ds 2",
                format!("{message_type} to {receiver}"),
                message_type,
                Version::V2_2_0,
                receiver,
                text.to_string(),
                Expected::refused(101, "messageType"),
            ));
        }
    }
    cases
}

fn of(
    sheet: &Sheet,
    version: Version,
    section: &'static str,
    title: &str,
    text: String,
    expected: Expected,
) -> Case {
    case(
        section,
        title,
        sheet.message_type,
        version,
        sheet.receiver,
        text,
        expected,
    )
}

fn versions(sheet: &Sheet, version: Version, whole: &Value) -> Vec<Case> {
    let mut without = whole.clone();
    without.as_object_mut().unwrap().remove("messageVersion");
    let mut cases = vec![
        of(
            sheet,
            version,
            "emv-3ds 3.2",
            "without a version",
            without.to_string(),
            Expected::refused(201, "messageVersion"),
        ),
        of(
            sheet,
            version,
            "emv-3ds 3.2",
            "with half a version",
            set(whole, "messageVersion", json!("2.2")).to_string(),
            Expected::refused(203, "messageVersion"),
        ),
    ];
    // An Erro may be about the version: it is taken in any.
    if sheet.message_type != MessageType::Erro {
        cases.push(of(
            sheet,
            version,
            "emv-3ds 1",
            "in a version nobody speaks",
            set(whole, "messageVersion", json!("2.0.1")).to_string(),
            Expected::refused(102, "2.1.0,2.2.0,2.3.1"),
        ));
    }
    cases
}

/// 204: the same name twice in one object, at any depth.
fn duplicates(sheet: &Sheet, version: Version, whole: &Value) -> Vec<Case> {
    let text = whole.to_string();
    let doubled = |inside: &str, name: &str| {
        let at = text.find(inside).unwrap() + inside.len();
        let (head, tail) = text.split_at(at);
        format!(r#"{head}"{name}":"x","{name}":"x",{tail}"#)
    };
    let mut cases = vec![of(
        sheet,
        version,
        "emv-3ds 3.2",
        "with a name twice",
        doubled("{", "twice"),
        Expected::refused(204, "twice"),
    )];
    if whole.get("messageExtension").is_some() {
        cases.push(of(
            sheet,
            version,
            "emv-3ds 3.2",
            "with a name twice in an object",
            doubled(r#""messageExtension":[{"#, "twice"),
            Expected::refused(204, "messageExtension.twice"),
        ));
    }
    cases
}

/// 202: what is critical and not known; what is not critical passes.
fn extensions(sheet: &Sheet, version: Version, whole: &Value) -> Vec<Case> {
    let extension = |id: &str, critical: bool| json!([{ "name": "x", "id": id, "criticalityIndicator": critical, "data": { "a": "b" } }]);
    let with = |value: Value| set(whole, "messageExtension", value).to_string();
    let many =
        vec![extension("A000000802-004", false)[0].clone(); if version < Version::V2_3_1 { 10 } else { 15 }];
    let long: Vec<Value> = (0..10)
        .map(|_| json!({ "name": "x".repeat(64), "id": "x".repeat(64), "criticalityIndicator": false, "data": { "a": "b".repeat(8051) } }))
        .collect();
    let too_long = if version < Version::V2_3_1 {
        Expected::refused(203, "messageExtension")
    } else {
        Expected::taken()
    };
    vec![
        of(
            sheet,
            version,
            "emv-3ds 17",
            "with a critical extension nobody knows",
            with(extension("A000000802-004", true)),
            Expected::refused(202, "A000000802-004"),
        ),
        of(
            sheet,
            version,
            "emv-3ds 17",
            "with an extension nobody knows",
            with(extension("A000000802-004", false)),
            Expected::taken(),
        ),
        of(
            sheet,
            version,
            "emv-3ds 17",
            "with as many extensions as there may be",
            with(json!(many)),
            Expected::taken(),
        ),
        of(
            sheet,
            version,
            "emv-3ds 17",
            "with extensions of more than 81,920 characters together",
            with(json!(long)),
            too_long,
        ),
    ]
}

/// Unknown elements are ignored and not passed on, whatever they hold.
fn unknown(sheet: &Sheet, version: Version, whole: &Value) -> Vec<Case> {
    let odd = [json!(null), json!({ "deep": [1, null] }), json!("")];
    odd.into_iter()
        .map(|value| {
            of(
                sheet,
                version,
                "emv-3ds 3.2",
                "with an element nobody knows",
                set(whole, "somethingNew", value).to_string(),
                Expected::Taken {
                    ignored: vec!["somethingNew".to_owned()],
                },
            )
        })
        .collect()
}

/// Of several faults the one that comes first: 101, 102, 204, 202, 201, 203, 207.
fn order() -> Vec<Case> {
    let sheet = wholes()
        .into_iter()
        .find(|sheet| sheet.message_type == MessageType::AReq)
        .unwrap();
    let mut cases = Vec::new();
    for version in Version::ALL {
        let late = version >= Version::V2_3_1;
        let mut faulty = sheet.whole(version);
        let mut push = |title: &str, faulty: &Value, expected| {
            cases.push(of(
                &sheet,
                version,
                "emv-3ds 3.2",
                title,
                faulty.to_string(),
                expected,
            ));
        };
        faulty["acctType"] = json!("78");
        let reserved = if late { 207 } else { 203 };
        push(
            "a reserved value",
            &faulty,
            Expected::refused(reserved, "acctType"),
        );
        faulty["email"] = json!("nobody");
        let malformed = if late { "email" } else { "acctType,email" };
        push(
            "a malformed value before a reserved one",
            &faulty,
            Expected::refused(203, malformed),
        );
        faulty.as_object_mut().unwrap().remove("mcc");
        push(
            "a missing element before a malformed one",
            &faulty,
            Expected::refused(201, "mcc"),
        );
        faulty["messageExtension"][0]["criticalityIndicator"] = json!(true);
        push(
            "a critical extension before a missing element",
            &faulty,
            Expected::refused(202, "x"),
        );
        let twice = faulty
            .to_string()
            .replacen('{', r#"{"taxId":"1","taxId":"1","#, 1);
        // `taxId` stands in the message itself as well where the version has it.
        let twice = of(
            &sheet,
            version,
            "emv-3ds 3.2",
            "a name twice before a critical extension",
            twice,
            Expected::refused(204, "taxId"),
        );
        let unspoken = of(
            &sheet,
            version,
            "emv-3ds 3.2",
            "a version nobody speaks before a name twice",
            twice.text.replacen(
                &format!(r#""messageVersion":"{version}""#),
                r#""messageVersion":"2.9.9""#,
                1,
            ),
            Expected::refused(102, "2.1.0,2.2.0,2.3.1"),
        );
        let untyped = of(
            &sheet,
            version,
            "emv-3ds 3.2",
            "an unknown type before a version nobody speaks",
            unspoken
                .text
                .replacen(r#""messageType":"AReq""#, r#""messageType":"aReq""#, 1),
            Expected::refused(101, "messageType"),
        );
        cases.extend([twice, unspoken, untyped]);
    }
    cases
}
