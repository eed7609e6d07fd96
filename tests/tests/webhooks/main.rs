//! Webhooks as merchants' servers and operators see them: who is told, how fast, how often, and whether others can verify
//! it.
//!
//! `PASARELA_WEBHOOK_EVENTS` says how many events the largest of these write; `make webhooks` has them write 20,000.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests may panic, have a clock of their own, and say what they measured or left out"
)]

mod event_log;
mod isolation;
mod losses;
mod scene;
mod sharing;
mod toolbox;
mod verifiers;
