//! DirectLink: accounts and their users, the payments that its shops began, the cards that they keep, and what the shops' servers
//! are told.

pub mod accounts;
pub mod aliases;
pub mod feedback;
pub mod payments;
pub mod users;

#[cfg(test)]
mod tests;
