//! Accounts of DirectLink, their passphrases opened.

use super::{Caller, Configuration, KeyKind, fresh, insert};
use crate::{
    fault::Fault,
    flows::directlink::account::{DirectLinkAccount, Passphrase},
};
use primitives::Secret;
use std::sync::Arc;

impl Configuration {
    /// The account of that name, a disabled one too.
    pub async fn directlink_account(&self, pspid: &str) -> Result<Option<Arc<DirectLinkAccount>>, Fault> {
        if let Some(account) = fresh(self.read().directlink_accounts.get(pspid)) {
            return Ok(Some(account));
        }
        let generation = self.read().generation;
        let Some(stored) = self.store.directlink_account_load(pspid).await? else {
            return Ok(None);
        };
        let merchant = self
            .profile(stored.merchant)
            .await?
            .ok_or(Fault::Missing("the account's merchant"))?;
        let open = |which: Passphrase, sealed: &Option<Vec<u8>>| -> Result<Option<Secret<String>>, Fault> {
            let opened = sealed
                .as_deref()
                .map(|sealed| which.open(&self.vault, &stored.pspid, sealed));
            Ok(opened.transpose()?)
        };
        let account = Arc::new(DirectLinkAccount {
            sha_in: open(Passphrase::In, &stored.sha_in_sealed)?,
            sha_out: open(Passphrase::Out, &stored.sha_out_sealed)?,
            caller: Caller {
                merchant,
                key: KeyKind::Private,
            },
            account: Arc::new(stored),
        });
        self.keep(generation, |cache| {
            insert(
                &mut cache.directlink_accounts,
                pspid.to_owned(),
                Arc::clone(&account),
            );
        });
        Ok(Some(account))
    }
}
