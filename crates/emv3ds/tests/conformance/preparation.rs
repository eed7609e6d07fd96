//! PReq and PRes (section 8 of the reference).

use emv3ds::code::{Component, DeviceChannel, MessageType};

use super::{
    looks::Looks::{
        self, Addresses, Bound, Codes, Country, Https, List, Object, OneOf, OneOrMore, Text, Uuid,
    },
    objects::EXTENSIONS,
    sheet::{Line, Sheet, line},
};

const PREQ: &[Line] = &[
    line("emv-3ds 8.1", "messageType", OneOf(&["PReq"]), "RRR"),
    line("emv-3ds 8.1", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 8.1", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 8.1", "threeDSServerRefNumber", Text(1, 32), "RRR"),
    line("emv-3ds 8.1", "threeDSServerOperatorID", Text(1, 32), "OOO"),
    line("emv-3ds 8.1", "serialNum", Text(1, 20), "OOO"),
    line("emv-3ds 8.1", "cardRangeDataDownloadInd", OneOf(&["Y"]), "--O"),
    line("emv-3ds 8.1", "messageExtension", EXTENSIONS, "OOO"),
];

const PRES: &[Line] = &[
    line("emv-3ds 8.2", "messageType", OneOf(&["PRes"]), "RRR"),
    line("emv-3ds 8.2", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 8.2", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 8.2", "dsTransID", Uuid, "RRR"),
    line("emv-3ds 8.2", "serialNum", Text(1, 20), "OOO"),
    line("emv-3ds 8.2", "cardRangeData", OneOrMore(&Object(ENTRY)), "OOO"),
    line("emv-3ds 8.2", "dsStartProtocolVersion", Looks::Version, "RR-"),
    line("emv-3ds 8.2", "dsEndProtocolVersion", Looks::Version, "RR-"),
    line(
        "emv-3ds 8.2",
        "dsProtocolVersions",
        List(1, 10, &Looks::Version),
        "--R",
    ),
    line("emv-3ds 8.2", "readOrder", OneOf(&["01", "02"]), "--O"),
    line("emv-3ds 8.2", "dsUrlList", Addresses, "--O"),
    line("emv-3ds 8.2", "cardRangeDataFileURL", Https(2048), "--O"),
    line("emv-3ds 8.2", "messageExtension", EXTENSIONS, "OOO"),
];

const LOWEST: Looks = Bound("4000000000000000");
const HIGHEST: Looks = Bound("4000009999999999");
const ACS_INFO: Looks = List(
    1,
    99,
    &Codes(
        &[
            ("2.1.0", &["01", "02", "03", "04"]),
            ("2.3.1", &["05", "06", "07", "08", "09", "10", "11"]),
        ],
        true,
    ),
);

/// An entry of `cardRangeData`.
const ENTRY: &[Line] = &[
    line("emv-3ds 8.3", "startRange", LOWEST, "RR-"),
    line("emv-3ds 8.3", "endRange", HIGHEST, "RR-"),
    line(
        "emv-3ds 8.3",
        "ranges",
        List(
            1,
            5000,
            &Object(&[
                line("emv-3ds 8.3", "startRange", LOWEST, "--R"),
                line("emv-3ds 8.3", "endRange", HIGHEST, "--R"),
            ]),
        ),
        "--R",
    ),
    line("emv-3ds 8.3", "actionInd", OneOf(&["A", "D", "M"]), "OOO"),
    line("emv-3ds 8.3", "acsStartProtocolVersion", Looks::Version, "RR-"),
    line("emv-3ds 8.3", "acsEndProtocolVersion", Looks::Version, "RR-"),
    line(
        "emv-3ds 8.3",
        "acsProtocolVersions",
        List(
            1,
            10,
            &Object(&[
                line("emv-3ds 8.3", "version", Looks::Version, "--R"),
                line("emv-3ds 8.3", "acsInfoInd", ACS_INFO, "--O"),
                line("emv-3ds 8.3", "threeDSMethodURL", Https(2048), "--O"),
                line(
                    "emv-3ds 8.3",
                    "supportedMsgExt",
                    List(
                        1,
                        15,
                        &Object(&[
                            line("emv-3ds 8.3", "id", Text(1, 64), "--R"),
                            line("emv-3ds 8.3", "version", Text(1, 64), "--R"),
                        ]),
                    ),
                    "--O",
                ),
            ]),
        ),
        "--R",
    ),
    line("emv-3ds 8.3", "dsStartProtocolVersion", Looks::Version, "OO-"),
    line("emv-3ds 8.3", "dsEndProtocolVersion", Looks::Version, "OO-"),
    line(
        "emv-3ds 8.3",
        "dsProtocolVersions",
        OneOrMore(&Looks::Version),
        "--O",
    ),
    line("emv-3ds 8.3", "threeDSMethodURL", Https(256), "OO-"),
    line("emv-3ds 8.3", "acsInfoInd", ACS_INFO, "-O-"),
    line("emv-3ds 8.3", "issuerCountryCode", Country, "--O"),
];

pub fn sheets() -> Vec<Sheet> {
    let sheet = |area, message_type, receiver, lines: &[Line]| Sheet {
        area,
        message_type,
        receiver,
        channel: DeviceChannel::Browser,
        lines: lines.to_vec(),
        followed: Vec::new(),
    };
    vec![
        sheet("PReq", MessageType::PReq, Component::DirectoryServer, PREQ),
        sheet("PRes", MessageType::PRes, Component::Server, PRES),
    ]
}
