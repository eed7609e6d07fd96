//! Events on their way from a real database to real receivers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

mod dispatching;
mod endpoints;
mod messages;
mod world;
