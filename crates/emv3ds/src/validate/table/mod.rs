//! The element tables, a file each, in the order of the specification's Table A.1 per message.
//!
//! Columns: name, format, device channels (A app, B browser, 3 requestor initiated), inclusion in 2.1.0 and in 2.2.0.
//! `R` required, `O` optional, `X` not in that version, `when(…)` required when, `MARKET` required by some markets or
//! directory servers, which a message does not show: never missed.

use super::element::{
    Channels, Condition, Element,
    Format::{self, AnyObject, Array, Ascii, Boolean, Digits, Object, Text},
    Inclusion, row,
};
use crate::code::{MessageCategory, MessageType};

mod areq;
mod areq_objects;
mod ares;
mod challenge;
mod erro;
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

/// The status whose reason must be given, for a payment.
const REFUSED_PAYMENT: Condition = Condition::All(&[PAYMENT, Condition::Is("transStatus", &["N", "U", "R"])]);
/// The status that comes with an authentication value, for a payment.
const PROVEN_PAYMENT: Condition = Condition::All(&[PAYMENT, Condition::Is("transStatus", &["Y", "A"])]);

const MESSAGE_TYPE: Format = Text(4, 4);
const MESSAGE_VERSION: Format = Format::Version;
const REFERENCE_NUMBER: Format = Text(1, 32);
const AMOUNT: Format = Digits(1, 48);

/// `messageExtension`: at most ten, each with at most 8059 characters of data.
const MESSAGE_EXTENSION: Element = row(
    "messageExtension",
    Array(1, 10, &Object(EXTENSION)),
    Channels::AB3,
    [MARKET, MARKET],
);

const EXTENSION: &[Element] = &[
    row("name", Text(1, 64), Channels::AB3, [R, R]),
    row("id", Ascii(1, 64), Channels::AB3, [R, R]),
    row("criticalityIndicator", Boolean, Channels::AB3, [R, R]),
    row("data", AnyObject(8059), Channels::AB3, [R, R]),
];
