//! What passes through the browser: CReq and final CRes (section 6 of the reference).

use emv3ds::code::{Component, DeviceChannel, MessageType};

use super::{
    looks::Looks::{self, OneOf, Since231, Uuid},
    objects::EXTENSIONS,
    sheet::{Line, Sheet, line},
};

const CREQ: &[Line] = &[
    line("emv-3ds 6.1", "messageType", OneOf(&["CReq"]), "RRR"),
    line("emv-3ds 6.1", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 6.1", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 6.1", "acsTransID", Uuid, "RRR"),
    line(
        "emv-3ds 6.1",
        "challengeWindowSize",
        OneOf(&["01", "02", "03", "04", "05"]),
        "RRR",
    ),
    line("emv-3ds 6.1", "messageExtension", EXTENSIONS, "OOO"),
    // The app's, not the browser's.
    line("emv-3ds 6.1", "sdkTransID", Uuid, "---"),
    line("emv-3ds 6.1", "sdkCounterStoA", OneOf(&["000"]), "---"),
];

const CRES: &[Line] = &[
    line("emv-3ds 6.4", "messageType", OneOf(&["CRes"]), "RRR"),
    line("emv-3ds 6.4", "messageVersion", Looks::Version, "RRR"),
    line("emv-3ds 6.4", "threeDSServerTransID", Uuid, "RRR"),
    line("emv-3ds 6.4", "acsTransID", Uuid, "RRR"),
    line(
        "emv-3ds 11.1",
        "transStatus",
        Since231(&OneOf(&["Y", "N"]), &OneOf(&["Y", "N", "D"])),
        "RRR",
    ),
    line("emv-3ds 6.4", "challengeCompletionInd", OneOf(&["Y"]), "OOO"),
    line("emv-3ds 6.4", "messageExtension", EXTENSIONS, "OOO"),
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
        sheet("CReq, browser", MessageType::CReq, Component::Acs, CREQ),
        sheet("CRes, browser", MessageType::CRes, Component::Sdk, CRES),
    ]
}
