//! RReq and RRes (section 7 of the reference).

use emv3ds::code::{Component, DeviceChannel, MessageType};

use super::{
    answers::{AUTHENTICATION_METHOD, AUTHENTICATION_TYPE, ERRO, REASON, TRUST_LIST, TRUST_LIST_SOURCE},
    areq::{DEVICE_BINDING, DEVICE_BINDING_SOURCE},
    looks::Looks::{
        self, AuthenticationValue, Codes, Digits, Eci, List, Object, OneOf, Since231, Text, Uuid,
    },
    objects::{CARDHOLDER_INFO_OBJECT, EXTENSIONS, RENDERING_TYPE},
    sheet::{Line, Sheet, line, per_channel},
};

/// The whole message says Y.
const RREQ: &[Line] = &[
    line("emv-3ds 7.1", "messageType", OneOf(&["RReq"]), "RRR"),
    line("emv-3ds 7.1", "messageVersion", Looks::Version, "RRR"),
    line(
        "emv-3ds 7.1",
        "messageCategory",
        Codes(&[("2.1.0", &["01", "02"])], true),
        "RRR",
    ),
    line("emv-3ds 7.1", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 7.1", "acsTransID", Uuid, "RRR"),
    line("emv-3ds 7.1", "dsTransID", Uuid, "RRR"),
    per_channel("emv-3ds 7.1", "sdkTransID", Uuid, ["-RR", "---", "---"]),
    // D needs another reason than the whole message has: see the conditions.
    line(
        "emv-3ds 11.1",
        "transStatus",
        OneOf(&["Y", "N", "U", "A", "R"]),
        "RRR",
    ),
    line("emv-3ds 11.2", "transStatusReason", REASON, "OOO"),
    line("emv-3ds 7.1", "transStatusReasonInfo", Text(1, 256), "--O"),
    line("emv-3ds 16.2", "authenticationValue", AuthenticationValue, "RRR"),
    line("emv-3ds 16.1", "eci", Eci, "OOO"),
    line("emv-3ds 11.3", "authenticationType", AUTHENTICATION_TYPE, "RR-"),
    per_channel(
        "emv-3ds 7.1",
        "acsRenderingType",
        RENDERING_TYPE,
        ["ROO", "---", "---"],
    ),
    per_channel(
        "emv-3ds 7.1",
        "interactionCounter",
        Digits(2, 2),
        ["ROO", "ROO", "---"],
    ),
    per_channel(
        "emv-3ds 11.7",
        "challengeCancel",
        Codes(
            &[
                ("2.1.0", &["01", "04", "05", "06", "07", "08"]),
                ("2.2.0", &["03"]),
                ("2.3.1", &["09", "10"]),
            ],
            true,
        ),
        ["OOO", "OOO", "-OO"],
    ),
    per_channel(
        "emv-3ds 7.1",
        "challengeErrorReporting",
        Object(ERRO),
        ["--O", "--O", "---"],
    ),
    line("emv-3ds 7.1", "cardholderInfo", CARDHOLDER_INFO_OBJECT, "--O"),
    line("emv-3ds 7.1", "whiteListStatus", TRUST_LIST, "-O-"),
    line("emv-3ds 7.1", "whiteListStatusSource", TRUST_LIST_SOURCE, "-R-"),
    line("emv-3ds 7.1", "trustListStatus", TRUST_LIST, "--O"),
    line("emv-3ds 7.1", "trustListStatusSource", TRUST_LIST_SOURCE, "--R"),
    line("emv-3ds 7.1", "deviceBindingStatus", DEVICE_BINDING, "--O"),
    line(
        "emv-3ds 7.1",
        "deviceBindingStatusSource",
        DEVICE_BINDING_SOURCE,
        "--R",
    ),
    line("emv-3ds 7.1", "messageExtension", EXTENSIONS, "OOO"),
];

/// Before 2.3.1 between the ACS and the directory server only.
const METHOD_TO_THE_SERVER: &[Line] = &[line(
    "emv-3ds 11.9",
    "authenticationMethod",
    List(1, 99, &AUTHENTICATION_METHOD),
    "--O",
)];
const METHOD_TO_THE_DIRECTORY_SERVER: &[Line] = &[line(
    "emv-3ds 11.9",
    "authenticationMethod",
    Since231(&AUTHENTICATION_METHOD, &List(1, 99, &AUTHENTICATION_METHOD)),
    "OOO",
)];

const RRES: &[Line] = &[
    line("emv-3ds 7.2", "messageType", OneOf(&["RRes"]), "RRR"),
    line("emv-3ds 7.2", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 7.2", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 7.2", "acsTransID", Uuid, "RRR"),
    line("emv-3ds 7.2", "dsTransID", Uuid, "RRR"),
    per_channel("emv-3ds 7.2", "sdkTransID", Uuid, ["-OO", "---", "---"]),
    line(
        "emv-3ds 7.2",
        "resultsStatus",
        Since231(&OneOf(&["01", "02", "03"]), &OneOf(&["01", "02", "03", "04"])),
        "RRR",
    ),
    line("emv-3ds 7.2", "messageExtension", EXTENSIONS, "OOO"),
];

pub fn sheets() -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for (rreq, to_the_directory_server, rres, channel) in [
        (
            "RReq, app",
            "RReq, app, by the ACS",
            "RRes, app",
            DeviceChannel::App,
        ),
        (
            "RReq, browser",
            "RReq, browser, by the ACS",
            "RRes, browser",
            DeviceChannel::Browser,
        ),
        (
            "RReq, 3RI",
            "RReq, 3RI, by the ACS",
            "RRes, 3RI",
            DeviceChannel::RequestorInitiated,
        ),
    ] {
        let mut sheet = |area, message_type, receiver, lines: Vec<Line>, followed| {
            sheets.push(Sheet {
                area,
                message_type,
                receiver,
                channel,
                lines,
                followed,
            });
        };
        sheet(
            rreq,
            MessageType::RReq,
            Component::Server,
            [RREQ, METHOD_TO_THE_SERVER].concat(),
            Vec::new(),
        );
        sheet(
            to_the_directory_server,
            MessageType::RReq,
            Component::DirectoryServer,
            [RREQ, METHOD_TO_THE_DIRECTORY_SERVER].concat(),
            vec!["authenticationMethod"],
        );
        sheet(
            rres,
            MessageType::RRes,
            Component::DirectoryServer,
            RRES.to_vec(),
            Vec::new(),
        );
    }
    sheets
}
