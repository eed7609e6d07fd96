//! The element tables, a file each, in the order of the specification's Table A.1 per message.
//!
//! Columns: name, format, device channels (A app, B browser, 3 requestor initiated), inclusion in 2.1.0, 2.2.0 and 2.3.1.
//! `R` required, `O` optional, `X` not in that version, `when(…)` required when, `within(…)` only in these channels of
//! that version, `to_acs(…)` only in what the ACS receives, `MARKET` required by some markets or directory servers, which
//! a message does not show: never missed.

use super::element::{
    Channels, Condition, Element,
    Format::{self, AnyObject, Array, Ascii, Boolean, Digits, Object, PerVersion, Text, UpTo},
    Inclusion, row,
};
use crate::code::{Component, MessageCategory, MessageType};

mod areq;
mod areq_objects;
mod ares;
mod challenge;
mod erro;
mod objects;
mod preparation;
mod results;

pub use preparation::CARD_RANGE_DATA;

/// The table of a message.
pub const fn of(message_type: MessageType) -> &'static [Element] {
    match message_type {
        MessageType::AReq => areq::AREQ,
        MessageType::ARes => ares::ARES,
        MessageType::CReq => challenge::CREQ,
        MessageType::CRes => challenge::CRES,
        MessageType::RReq => results::RREQ,
        MessageType::RRes => results::RRES,
        MessageType::PReq => preparation::PREQ,
        MessageType::PRes => preparation::PRES,
        MessageType::Erro => erro::ERRO,
    }
}

const R: Inclusion = Inclusion::Required;
const O: Inclusion = Inclusion::Optional;
const X: Inclusion = Inclusion::Absent;
const MARKET: Inclusion = Inclusion::Conditional(Condition::OutsideTheMessage);
/// Required for a payment, optional otherwise.
const PA: Inclusion = Inclusion::Conditional(PAYMENT);
const PAYMENT: Condition = Condition::Category(MessageCategory::Payment);

/// Required when.
const fn when(condition: Condition) -> Inclusion {
    Inclusion::Conditional(condition)
}

/// In that version only in these channels.
const fn within(channels: Channels, inclusion: &'static Inclusion) -> Inclusion {
    Inclusion::Within(channels, inclusion)
}

/// Only in what an ACS receives.
const fn to_acs(inclusion: &'static Inclusion) -> Inclusion {
    Inclusion::To(Component::Acs, inclusion)
}

/// The status whose reason must be given, for a payment.
const REFUSED_PAYMENT: Inclusion = when(Condition::All(&[
    PAYMENT,
    Condition::Is("transStatus", &["N", "U", "R"]),
]));
/// The status that comes with an authentication value, for a payment.
const PROVEN_PAYMENT: Inclusion = when(Condition::All(&[
    PAYMENT,
    Condition::Is("transStatus", &["Y", "A"]),
]));

const MESSAGE_VERSION: Format = Format::Version;
const REFERENCE_NUMBER: Format = Text(1, 32);
const AMOUNT: Format = Digits(1, 48);
/// 28 characters, or what the scheme defines.
const AUTHENTICATION_VALUE: Format = PerVersion(&[
    Format::AuthenticationValue,
    Format::AuthenticationValue,
    Format::SchemeDefined(4000),
]);

/// `messageExtension` (section 17 of the reference): at most ten, fifteen from 2.3.1, each with at most 8059 characters of
/// data.
const MESSAGE_EXTENSION: Element = row(
    "messageExtension",
    PerVersion(&[
        UpTo(81_920, &Array(1, 10, &Object(EXTENSION))),
        UpTo(81_920, &Array(1, 10, &Object(EXTENSION))),
        Array(1, 15, &Object(EXTENSION)),
    ]),
    Channels::AB3,
    [MARKET; 3],
);

const EXTENSION: &[Element] = &[
    row("name", Text(1, 64), Channels::AB3, [R; 3]),
    row("id", Ascii(1, 64), Channels::AB3, [R; 3]),
    row("criticalityIndicator", Boolean, Channels::AB3, [R; 3]),
    row("data", AnyObject(8059), Channels::AB3, [R; 3]),
];
