//! The outside world in a box: directory servers, issuers, processors, a phone network and a shop, over real HTTP and
//! with the real wire formats. Never part of the production binary.
//!
//! Its binary also starts what a developer's machine lacks: a PostgreSQL cluster of its own ([`private_postgres`]) and
//! the gateway in front of the sandbox, as child processes ([`supervise`]), so that killing the gateway leaves the
//! world standing.

pub mod child;
pub mod lock;
pub mod private_postgres;
pub mod supervise;
pub mod with_postgres;
