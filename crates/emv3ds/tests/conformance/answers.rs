//! ARes (section 5 of the reference) and Erro (section 10).

use emv3ds::code::{Component, DeviceChannel, MessageType};

use super::{
    areq::{DEVICE_BINDING, DEVICE_BINDING_SOURCE},
    looks::Looks::{self, AuthenticationValue, Codes, Digits, Eci, Https, List, OneOf, Text, Uuid},
    objects::{
        BROAD_INFO, CARDHOLDER_INFO, EXTENSIONS, RENDERING_TYPE, SPC_TRANS_DATA, WEB_AUTHN_CREDENTIALS,
    },
    sheet::{Line, Sheet, line, per_channel},
};

/// Section 11.2.
pub const REASON: Looks = Codes(
    &[
        (
            "2.1.0",
            &[
                "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15",
                "16", "17", "18", "19", "20", "21",
            ],
        ),
        ("2.2.0", &["22", "23", "24", "25", "26"]),
        ("2.3.1", &["27", "28", "29", "30"]),
    ],
    true,
);
/// Section 11.3.
pub const AUTHENTICATION_TYPE: Looks = Codes(&[("2.1.0", &["01", "02", "03"]), ("2.2.0", &["04"])], true);
/// Section 11.9.
pub const AUTHENTICATION_METHOD: Looks = Codes(
    &[
        (
            "2.1.0",
            &["01", "02", "03", "04", "05", "06", "07", "08", "09", "10"],
        ),
        ("2.2.0", &["11"]),
        ("2.3.1", &["12", "13", "14", "15", "16"]),
    ],
    true,
);
/// Section 11.8.
pub const TRUST_LIST: Looks = OneOf(&["Y", "N", "E", "P", "R", "U"]);
/// Section 11.8.
pub const TRUST_LIST_SOURCE: Looks = Codes(&[("2.1.0", &["01", "02", "03"])], true);
const YES_NO: Looks = OneOf(&["Y", "N"]);

const ARES: &[Line] = &[
    line("emv-3ds 5", "messageType", OneOf(&["ARes"]), "RRR"),
    line("emv-3ds 5", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 5", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 5", "dsTransID", Uuid, "RRR"),
    line("emv-3ds 5", "acsTransID", Uuid, "RRR"),
    line("emv-3ds 5", "acsReferenceNumber", Text(1, 32), "RRR"),
    line("emv-3ds 5", "dsReferenceNumber", Text(1, 32), "RRR"),
    line("emv-3ds 5", "acsOperatorID", Text(1, 32), "OOO"),
    // The whole message says Y.
    line(
        "emv-3ds 11.1",
        "transStatus",
        Codes(
            &[
                ("2.1.0", &["Y", "N", "U", "A", "R", "C"]),
                ("2.2.0", &["D", "I"]),
                ("2.3.1", &["S"]),
            ],
            false,
        ),
        "RRR",
    ),
    line("emv-3ds 11.2", "transStatusReason", REASON, "OOO"),
    line("emv-3ds 5", "transStatusReasonInfo", Text(1, 256), "--O"),
    line("emv-3ds 16.2", "authenticationValue", AuthenticationValue, "RRR"),
    line("emv-3ds 16.1", "eci", Eci, "OOO"),
    per_channel("emv-3ds 5", "acsChallengeMandated", YES_NO, ["OOO", "OOO", "-OO"]),
    per_channel("emv-3ds 5", "acsURL", Https(2048), ["---", "OOO", "---"]),
    per_channel(
        "emv-3ds 5",
        "acsSignedContent",
        Looks::Since231(&Text(1, 64_000), &Text(1, 16_000)),
        ["OOO", "---", "---"],
    ),
    per_channel(
        "emv-3ds 5",
        "acsRenderingType",
        RENDERING_TYPE,
        ["OOO", "---", "---"],
    ),
    line("emv-3ds 11.3", "authenticationType", AUTHENTICATION_TYPE, "OO-"),
    line(
        "emv-3ds 11.9",
        "authenticationMethod",
        List(1, 99, &AUTHENTICATION_METHOD),
        "--O",
    ),
    line("emv-3ds 5", "acsDecConInd", YES_NO, "-OO"),
    // The whole message confirms a decoupled authentication.
    per_channel(
        "emv-3ds 5",
        "cardholderInfo",
        CARDHOLDER_INFO,
        ["ORR", "ORR", "-RR"],
    ),
    per_channel("emv-3ds 5", "sdkTransID", Uuid, ["RRR", "---", "---"]),
    line("emv-3ds 5", "whiteListStatus", TRUST_LIST, "-O-"),
    line("emv-3ds 5", "whiteListStatusSource", TRUST_LIST_SOURCE, "-R-"),
    line("emv-3ds 5", "trustListStatus", TRUST_LIST, "--O"),
    line("emv-3ds 5", "trustListStatusSource", TRUST_LIST_SOURCE, "--R"),
    line(
        "emv-3ds 5",
        "cardSecurityCodeStatus",
        OneOf(&["Y", "N", "U"]),
        "--O",
    ),
    line(
        "emv-3ds 5",
        "cardSecurityCodeStatusSource",
        OneOf(&["01", "02"]),
        "--R",
    ),
    line("emv-3ds 5", "deviceBindingStatus", DEVICE_BINDING, "--O"),
    line(
        "emv-3ds 5",
        "deviceBindingStatusSource",
        DEVICE_BINDING_SOURCE,
        "--R",
    ),
    per_channel(
        "emv-3ds 5",
        "deviceInfoRecognisedVersion",
        Text(3, 64),
        ["--R", "---", "---"],
    ),
    per_channel(
        "emv-3ds 5",
        "threeDSRequestorAppURLInd",
        YES_NO,
        ["--R", "---", "---"],
    ),
    line(
        "emv-3ds 5",
        "transChallengeExemption",
        Codes(&[("2.3.1", &["05", "08", "10", "11", "79"])], true),
        "--O",
    ),
    per_channel("emv-3ds 5", "spcTransData", SPC_TRANS_DATA, ["---", "--O", "---"]),
    per_channel(
        "emv-3ds 5",
        "webAuthnCredList",
        WEB_AUTHN_CREDENTIALS,
        ["---", "--O", "---"],
    ),
    line("emv-3ds 5", "broadInfo", BROAD_INFO, "OOO"),
    line("emv-3ds 5", "messageExtension", EXTENSIONS, "OOO"),
];

/// Also inside an RReq of 2.3.1.
pub const ERRO: &[Line] = &[
    line("emv-3ds 10", "messageType", OneOf(&["Erro"]), "RRR"),
    line("emv-3ds 10", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 10", "threeDSServerTransID", Uuid, "OOO"),
    line("emv-3ds 10", "acsTransID", Uuid, "OOO"),
    line("emv-3ds 10", "dsTransID", Uuid, "OOO"),
    line("emv-3ds 10", "sdkTransID", Uuid, "OOO"),
    line("emv-3ds 10", "errorCode", Digits(3, 3), "RRR"),
    line(
        "emv-3ds 10",
        "errorComponent",
        OneOf(&["C", "S", "D", "A"]),
        "RRR",
    ),
    line("emv-3ds 10", "errorDescription", Text(1, 2048), "RRR"),
    line("emv-3ds 10", "errorDetail", Text(1, 2048), "RRR"),
    line(
        "emv-3ds 10",
        "errorMessageType",
        OneOf(&[
            "AReq", "ARes", "CReq", "CRes", "RReq", "RRes", "PReq", "PRes", "Erro",
        ]),
        "OOO",
    ),
];

pub fn sheets() -> Vec<Sheet> {
    let channels = [
        ("ARes, app", DeviceChannel::App),
        ("ARes, browser", DeviceChannel::Browser),
        ("ARes, 3RI", DeviceChannel::RequestorInitiated),
    ];
    let erro = Sheet {
        area: "Erro",
        message_type: MessageType::Erro,
        receiver: Component::Server,
        channel: DeviceChannel::Browser,
        lines: ERRO.to_vec(),
        followed: Vec::new(),
    };
    let answers = channels.map(|(area, channel)| Sheet {
        area,
        message_type: MessageType::ARes,
        receiver: Component::Server,
        channel,
        lines: ARES.to_vec(),
        followed: Vec::new(),
    });
    answers.into_iter().chain([erro]).collect()
}
