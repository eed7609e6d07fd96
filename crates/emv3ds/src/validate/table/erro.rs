use super::{MARKET, MESSAGE_TYPE, MESSAGE_VERSION, R};
use crate::{
    code::{Component, MessageType},
    validate::element::{
        Channels, Element,
        Format::{Code, Digits, Text, Uuid},
        row,
    },
};

const AB3: Channels = Channels::AB3;

/// Erro (section 10 of the reference). The identifiers are there as far as they are known.
pub(super) const ERRO: &[Element] = &[
    row("messageType", MESSAGE_TYPE, AB3, [R, R]),
    row("messageVersion", MESSAGE_VERSION, AB3, [R, R]),
    row("threeDSServerTransID", Uuid, AB3, [MARKET, MARKET]),
    row("acsTransID", Uuid, AB3, [MARKET, MARKET]),
    row("dsTransID", Uuid, AB3, [MARKET, MARKET]),
    row("errorCode", Digits(3, 3), AB3, [R, R]),
    row("errorComponent", Code(&Component::LIST), AB3, [R, R]),
    row("errorDescription", Text(1, 2048), AB3, [R, R]),
    row("errorDetail", Text(1, 2048), AB3, [R, R]),
    row(
        "errorMessageType",
        Code(&MessageType::LIST),
        AB3,
        [MARKET, MARKET],
    ),
];
