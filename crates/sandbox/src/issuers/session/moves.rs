//! What the moves of a browser and its cardholder come to.

use super::super::code::Code;

/// What a CReq does.
#[derive(Debug)]
pub enum Opening {
    /// It opens the challenge; a code is to be sent where there is one.
    First(Option<Code>),
    /// The browser was refreshed: the same page again, nothing sent.
    Again,
}

/// Why a CReq does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// It came after the timer for the first CReq had run out: 402.
    TooLate,
    /// It differs from the one that opened the challenge: 305.
    Conflicting,
    /// It came after the result: 315, and 305 before 2.3.1.
    AfterResult,
}

/// What the cardholder's answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Wrong; so many answers are left.
    Wrong {
        /// At least one.
        attempts_left: u8,
    },
    /// The challenge has ended, now or before.
    Ended,
    /// The bank's app has not answered yet.
    StillWaiting,
    /// There is no page to answer yet.
    NotOpen,
}

/// What asking for another code does.
#[derive(Debug)]
pub enum Resent {
    /// This one is to be sent; earlier ones are void.
    Code(Code),
    /// Too many were sent, or there are none in this challenge.
    Refused,
    /// The challenge has ended.
    Ended,
    /// There is no page yet.
    NotOpen,
}
