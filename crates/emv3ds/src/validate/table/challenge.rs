use super::{MESSAGE_EXTENSION, MESSAGE_TYPE, MESSAGE_VERSION, O, R};
use crate::{
    code::ChallengeWindowSize,
    validate::element::{
        Channels, Element,
        Format::{Code, OneOf, Uuid},
        row,
    },
};

const B: Channels = Channels::B;

/// CReq, browser (section 6.1 of the reference). `sdkTransID` and `sdkCounterStoA` do not belong in it.
pub(super) const CREQ: &[Element] = &[
    row("messageType", MESSAGE_TYPE, B, [R, R]),
    row("messageVersion", MESSAGE_VERSION, B, [R, R]),
    row("threeDSServerTransID", Uuid, B, [R, R]),
    row("acsTransID", Uuid, B, [R, R]),
    row("challengeWindowSize", Code(&ChallengeWindowSize::LIST), B, [R, R]),
    MESSAGE_EXTENSION,
];

/// Final CRes, browser (section 6.4 of the reference).
pub(super) const CRES: &[Element] = &[
    row("messageType", MESSAGE_TYPE, B, [R, R]),
    row("messageVersion", MESSAGE_VERSION, B, [R, R]),
    row("threeDSServerTransID", Uuid, B, [R, R]),
    row("acsTransID", Uuid, B, [R, R]),
    row("transStatus", OneOf(&["Y", "N"]), B, [R, R]),
    // Sources differ on whether a browser CRes carries it; if it does, the challenge is complete.
    row("challengeCompletionInd", OneOf(&["Y"]), B, [O, O]),
    MESSAGE_EXTENSION,
];
