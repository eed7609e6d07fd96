//! The sandbox as a gateway and a browser meet it: over HTTP, with the protocol crate as the peer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests are a 3DS Server, a browser and a merchant, with a clock and clients of their own"
)]

mod bank_app;
mod browser;
mod card_ranges;
mod certification;
mod challenge;
mod decoupled;
mod directory;
mod message_faults;
mod newest_version;
mod requestor_initiated;
mod results;
mod scenarios;
mod server;
mod shop;
mod webhooks;
