//! Who calls: an account of DirectLink with its passphrases open.

use crate::configuration::Caller;
use primitives::Secret;
use std::sync::Arc;
use store::directlink::accounts::Account;

/// An account that may be used. Secrets are open, so this lives in memory only.
#[derive(Debug, Clone)]
pub struct DirectLinkAccount {
    /// As it is stored.
    pub account: Arc<Account>,
    /// What requests are signed with; absent: they need no signature.
    pub sha_in: Option<Secret<String>>,
    /// What feedback is signed with; absent: it goes without.
    pub sha_out: Option<Secret<String>>,
    /// The merchant, as the orders' flows know it.
    pub caller: Caller,
}

/// What a user and a password are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Let in.
    Right,
    /// There is no such user of this account, or an operator disabled it.
    Unknown,
    /// The password is wrong, or too many before it were.
    Wrong,
}
