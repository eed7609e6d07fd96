//! Black-box tests, and what they are made with: a whole system of processes, and everybody who talks to it.
//!
//! [`system`] starts a database, the sandbox's world and a gateway that can be killed; read that first. [`merchant`] is
//! the merchant's backend, [`requestor`] that of a shop that only wants 3-D Secure, [`directlink`] that of one on the form-encoded gateway, [`cardholder`] the cardholder with a browser, [`outside`] what the sandbox tells and lets
//! happen, [`webhook`] the check of what arrives at the merchant, [`consumers`] merchants' servers
//! of all manners, [`outbox`] a load for them, [`published`] what others wrote to be run against us. [`secrets`] looks for card numbers and codes where
//! none may be. [`access_control`] is the issuers' side by itself. [`demo`] plays the main flows for people. Nothing here knows the gateway from inside: its binary and its
//! wire formats are all there is, so nothing of ours is imported.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "this is test code: it may panic, and has a clock, chance and HTTP clients of its own"
)]

pub mod access_control;
pub mod bank;
pub mod cardholder;
pub mod cards;
pub mod consumers;
pub mod database;
pub mod demo;
pub mod directlink;
pub mod http;
pub mod merchant;
pub mod operator;
pub mod order;
pub mod outbox;
pub mod outside;
pub mod page;
pub mod ports;
pub mod process;
pub mod published;
pub mod requestor;
pub mod secrets;
pub mod story;
pub mod system;
pub mod webhook;
