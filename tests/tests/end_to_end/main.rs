//! The whole system over HTTP: gateway, sandbox and database as processes, a merchant and a cardholder as this test.
//!
//! Each test starts a system of its own and plays everything of its subject in it, side by side where nothing depends on
//! order. It ends with [`tests::system::System::finish`], which looks for secrets in all that was written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests may panic, and have chance of their own"
)]

mod access_control;
mod after_purchase;
mod amounts;
mod bad_input;
mod card_ranges;
mod chaos;
mod concurrency;
mod directlink;
mod directlink_feedback;
mod idempotency;
mod long_poll;
mod lost_results;
mod mutual_tls;
mod orders;
mod pages;
mod processors;
mod remote_threeds_server;
mod results;
mod results_message;
mod retry_limits;
mod routing;
mod scenarios;
mod secrets;
mod several;
mod stored_credentials;
mod text_messages;
mod threeds_server;
mod webhook_endpoints;
mod webhooks;
mod wishes;
