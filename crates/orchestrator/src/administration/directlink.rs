//! Accounts of DirectLink, the form-encoded protocol: created for a merchant, changed, disabled.
//!
//! Passphrases are written and never read back: what is shown says only whether there are any. Who may call for an account
//! is in [`users`], which cards its shop keeps in [`aliases`], what the shop's server was told in [`feedback`].

mod aliases;
mod feedback;
mod names;
mod settings;
mod users;

pub use aliases::directlink_alias_as_written;
pub use feedback::directlink_feedback_as_written;
pub use names::{AliasName, NotAName, Pspid, UserId};
pub use users::{PutUser, directlink_user_as_written};

pub(super) use settings::{MEMBERS, Passphrased, Rules, Settings, as_written, pspid};
pub(super) use users::UserSeed;

use super::{Administration, AdministrationError, Changed, PAGE_MAX};
use crate::{
    flows::directlink::account::Passphrase,
    vault::{Vault, VaultError},
};
use payments::fields::{Fields, Problems};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use store::{
    audit::Actor,
    directlink::accounts::{Account, AccountUrls, PostSale},
};
use time::OffsetDateTime;

const NOT_THERE: AdministrationError = AdministrationError::NotFound("DirectLink account");

/// An account as the admin's answers write it.
pub fn directlink_account_as_written(account: &Account) -> Value {
    let mut shown = as_written(account);
    shown["merchant_id"] = json!(account.merchant);
    shown["version"] = json!(account.version);
    shown["created_at"] = json!(super::written(account.created_at));
    shown["updated_at"] = json!(super::written(account.updated_at));
    shown
}

/// An account of which nothing is said yet.
pub(super) fn blank(pspid: &Pspid, merchant: Id<kind::Merchant>, now: OffsetDateTime) -> Account {
    Account {
        pspid: pspid.as_str().to_owned(),
        merchant,
        processor: None,
        hash: String::new(),
        sha_in_sealed: None,
        sha_out_sealed: None,
        operation: String::new(),
        allowed_addresses: Vec::new(),
        urls: AccountUrls::default(),
        feedback_on_redirect: false,
        post_sale: PostSale {
            accept_url: None,
            decline_url: None,
            change_url: None,
            method: String::new(),
            online: false,
        },
        attempts_max: 0,
        disabled: false,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Puts settings into an account, its passphrases sealed.
pub(super) fn put_into(account: &mut Account, settings: Settings, vault: &Vault) -> Result<(), VaultError> {
    let pspid = account.pspid.clone();
    let sealed = |which: Passphrase, given: &Passphrased, before: Option<Vec<u8>>| match given {
        Passphrased::Kept => Ok(before),
        Passphrased::Taken => Ok(None),
        Passphrased::Given(text) => which.seal(vault, &pspid, text).map(Some),
    };
    account.sha_in_sealed = sealed(Passphrase::In, &settings.sha_in, account.sha_in_sealed.take())?;
    account.sha_out_sealed = sealed(Passphrase::Out, &settings.sha_out, account.sha_out_sealed.take())?;
    settings.apply_to(account);
    Ok(())
}

impl Administration {
    pub(super) fn directlink_rules(&self) -> Rules<'_> {
        Rules {
            policy: self.policy(),
            processors: self.processors(),
        }
    }

    /// Creates an account of a merchant. It has no users yet, so nobody can call for it.
    pub async fn directlink_account_create(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        document: &Value,
    ) -> Result<Account, AdministrationError> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &MEMBERS, &mut problems).and_then(|fields| {
            let pspid = pspid(&fields, &mut problems);
            let settings = Settings::of(&fields, self.directlink_rules(), None, &mut problems);
            Some((pspid?, settings))
        });
        let (pspid, settings) = problems.or(read)?;
        self.merchant_known(merchant).await?;
        let mut account = blank(&pspid, merchant, self.clock.now());
        put_into(&mut account, settings, &self.vault)?;
        let audit = self
            .merchant_audit(actor, "directlink_account.create", merchant, &pspid)
            .showing(None, Some(as_written(&account)));
        self.store.directlink_account_insert(&account, &audit).await?;
        self.configuration_changed().await;
        Ok(account)
    }

    /// A merchant's accounts by name: up to `limit` of those after `after`.
    pub async fn directlink_accounts_list(
        &self,
        merchant: Id<kind::Merchant>,
        after: Option<&Pspid>,
        limit: u16,
    ) -> Result<Vec<Account>, AdministrationError> {
        self.merchant_known(merchant).await?;
        let (after, limit) = (after.map(Pspid::as_str), limit.min(PAGE_MAX).into());
        Ok(self
            .store
            .directlink_accounts_list(merchant, after, limit)
            .await?)
    }

    /// One account of a merchant.
    pub async fn directlink_account_get(
        &self,
        merchant: Id<kind::Merchant>,
        pspid: &Pspid,
    ) -> Result<Account, AdministrationError> {
        self.store
            .directlink_account_load(pspid.as_str())
            .await?
            .filter(|account| account.merchant == merchant)
            .ok_or(NOT_THERE)
    }

    /// Changes the members that `document` has; `null` clears those that may be absent, passphrases too. If it has
    /// `version`, that must be the account's. The name stays what it is.
    pub async fn directlink_account_update(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        pspid: &Pspid,
        document: &Value,
    ) -> Result<Account, AdministrationError> {
        let account = self.directlink_account_get(merchant, pspid).await?;
        let settings = Settings::read_change(document, self.directlink_rules(), &account)?;
        if let Some(name) = document.get("pspid")
            && *name != account.pspid
        {
            return Err(Problems::of("pspid", "cannot be changed").into());
        }
        if let Some(version) = document.get("version")
            && *version != account.version
        {
            return Err(AdministrationError::Conflict(format!(
                "it was changed meanwhile and is at version {}: read it again",
                account.version
            )));
        }
        self.directlink_account_change(actor, account, settings).await
    }

    pub(super) async fn directlink_account_change(
        &self,
        actor: Actor,
        mut account: Account,
        settings: Settings,
    ) -> Result<Account, AdministrationError> {
        let before = as_written(&account);
        let replaced = [("sha_in", &settings.sha_in), ("sha_out", &settings.sha_out)]
            .map(|(name, passphrase)| (name, matches!(passphrase, Passphrased::Given(_))));
        put_into(&mut account, settings, &self.vault)?;
        let mut after = as_written(&account);
        for (name, _) in replaced.iter().filter(|(_, replaced)| *replaced) {
            after[*name] = json!("replaced");
        }
        let audit = self
            .merchant_audit(
                actor,
                "directlink_account.update",
                account.merchant,
                &account.pspid,
            )
            .showing(Some(before), Some(after));
        account.updated_at = audit.at;
        self.store.directlink_account_update(&account, &audit).await?;
        account.version += 1;
        self.configuration_changed().await;
        Ok(account)
    }
}

#[cfg(test)]
mod tests;
