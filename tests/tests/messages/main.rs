//! Conformance over HTTP: messages of every version, right and wrong, sent to a running gateway by a directory server that
//! says whatever the case wants. Each case names the section of the reference it checks.
//!
//! [`directory`] is that directory server, [`case`] what a case is; [`answers`] has the cases of the ARes, [`results`] those
//! of the RReq. The expectations are written from the reference, not read from the tables they check.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "this is test code: it may panic, has a clock and HTTP clients of its own, and prints what it covered"
)]

mod answers;
mod case;
mod directory;
mod results;
