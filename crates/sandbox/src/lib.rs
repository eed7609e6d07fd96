//! The outside world in a box: directory servers, issuers, processors, a phone network and a shop, over real HTTP and
//! with the real wire formats. Never part of the production binary.
//!
//! Its binary also starts what a developer's machine lacks: a PostgreSQL cluster of its own ([`private_postgres`]) and
//! the gateway in front of the sandbox, as child processes ([`supervise`]), so that killing the gateway leaves the
//! world standing.
//!
//! [`world`] is the whole of what a gateway talks to, on one address; read that first, then [`directory`] and
//! [`issuers`].
#![allow(
    clippy::disallowed_methods,
    reason = "this is the outside world: it has a clock, chance and HTTP clients of its own"
)]

pub mod access_control;
pub mod certificates;
pub mod child;
pub mod directory;
pub mod faults;
pub mod issuer_backend;
pub mod issuers;
pub mod ledger;
pub mod lock;
pub mod log;
pub mod messages;
mod page;
pub mod phone_network;
pub mod private_postgres;
pub mod processors;
mod recent;
pub mod seeds;
pub mod shop;
mod spoil;
pub mod supervise;
pub mod with_postgres;
pub mod world;
