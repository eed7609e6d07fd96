//! DirectLink: accounts and their users, and the payments that its shops began.

pub mod accounts;
pub mod payments;
pub mod users;
