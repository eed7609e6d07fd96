//! DirectLink: accounts and their users, the payments that its shops began, and what the shops' servers are told of them.

pub mod accounts;
pub mod feedback;
pub mod payments;
pub mod users;

#[cfg(test)]
mod tests;
