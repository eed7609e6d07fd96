use super::{MESSAGE_EXTENSION, MESSAGE_VERSION, O, R};
use crate::{
    code::ChallengeWindowSize,
    validate::element::{
        Channels, Element,
        Format::{Code, OneOf, PerVersion, Uuid},
        row,
    },
};

const B: Channels = Channels::B;

/// CReq, browser (section 6.1 of the reference). `sdkTransID` and `sdkCounterStoA` do not belong in it.
pub(super) const CREQ: &[Element] = &[
    row("messageType", OneOf(&["CReq"]), B, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, B, [R; 3]),
    row("threeDSServerTransID", Uuid, B, [R; 3]),
    row("acsTransID", Uuid, B, [R; 3]),
    row("challengeWindowSize", Code(&ChallengeWindowSize::LIST), B, [R; 3]),
    MESSAGE_EXTENSION,
];

/// Final CRes, browser (section 6.4 of the reference).
pub(super) const CRES: &[Element] = &[
    row("messageType", OneOf(&["CRes"]), B, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, B, [R; 3]),
    row("threeDSServerTransID", Uuid, B, [R; 3]),
    row("acsTransID", Uuid, B, [R; 3]),
    row(
        "transStatus",
        PerVersion(&[OneOf(&["Y", "N"]), OneOf(&["Y", "N"]), OneOf(&["Y", "N", "D"])]),
        B,
        [R; 3],
    ),
    // Sources differ on whether a browser CRes carries it; if it does, the challenge is complete.
    row("challengeCompletionInd", OneOf(&["Y"]), B, [O; 3]),
    MESSAGE_EXTENSION,
];
