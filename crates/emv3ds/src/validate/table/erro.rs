use super::{MARKET, MESSAGE_VERSION, R};
use crate::{
    code::{Component, MessageType},
    validate::element::{
        Channels, Element,
        Format::{Code, Digits, OneOf, Text, Uuid},
        row,
    },
};

const AB3: Channels = Channels::AB3;

/// Erro (section 10 of the reference). The identifiers are there as far as they are known.
pub(super) const ERRO: &[Element] = &[
    row("messageType", OneOf(&["Erro"]), AB3, [R; 3]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R; 3]),
    row("threeDSServerTransID", Uuid, AB3, [MARKET; 3]),
    row("acsTransID", Uuid, AB3, [MARKET; 3]),
    row("dsTransID", Uuid, AB3, [MARKET; 3]),
    row("sdkTransID", Uuid, AB3, [MARKET; 3]),
    row("errorCode", Digits(3, 3), AB3, [R; 3]),
    row("errorComponent", Code(&Component::LIST), AB3, [R; 3]),
    row("errorDescription", Text(1, 2048), AB3, [R; 3]),
    row("errorDetail", Text(1, 2048), AB3, [R; 3]),
    row("errorMessageType", Code(&MessageType::LIST), AB3, [MARKET; 3]),
];
