//! Who calls: an account of DirectLink with its passphrases open.

use crate::{
    configuration::Caller,
    vault::{Vault, VaultError},
};
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

/// Which of an account's passphrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passphrase {
    /// Requests are signed with it.
    In,
    /// Feedback is signed with it.
    Out,
}

impl Passphrase {
    /// Seals the passphrase of an account, for this account and this direction alone.
    ///
    /// # Errors
    /// When the machine's cryptography fails.
    pub fn seal(self, vault: &Vault, pspid: &str, text: &Secret<String>) -> Result<Vec<u8>, VaultError> {
        vault.seal(&self.context(pspid), text.reveal().as_bytes())
    }

    /// Opens what [`Passphrase::seal`] made.
    ///
    /// # Errors
    /// When it was sealed for something else, or with a key that is not there any more.
    pub fn open(self, vault: &Vault, pspid: &str, sealed: &[u8]) -> Result<Secret<String>, VaultError> {
        vault.open_text(&self.context(pspid), sealed)
    }

    fn context(self, pspid: &str) -> Vec<u8> {
        let what: &[u8] = match self {
            Self::In => b"directlink sha-in:",
            Self::Out => b"directlink sha-out:",
        };
        [what, pspid.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::key_file::Keys;

    #[test]
    fn a_passphrase_opens_for_its_account_and_its_direction_alone() {
        let vault = Vault::from_keys(Keys::generate().unwrap()).unwrap();
        let text = Secret::new("Mysecretsig1875!?".to_owned());
        let sealed = Passphrase::In.seal(&vault, "shop", &text).unwrap();
        let opened = Passphrase::In.open(&vault, "shop", &sealed).unwrap();
        assert_eq!(opened.reveal(), text.reveal());
        assert!(Passphrase::Out.open(&vault, "shop", &sealed).is_err());
        assert!(Passphrase::In.open(&vault, "other", &sealed).is_err());
    }
}
