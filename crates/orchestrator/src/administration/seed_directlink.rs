//! Seeded accounts of DirectLink, with their users.

use super::{
    Administration, AdministrationError, Changed,
    directlink::{MEMBERS, Passphrased, Pspid, Settings, UserSeed, as_written, blank, pspid, put_into},
};
use crate::{flows::directlink::account::Passphrase, vault::VaultError};
use payments::fields::{Fields, Problems};
use primitives::{Id, id::kind};
use serde_json::Value;
use store::{audit::Actor, directlink::accounts::Account};

/// An account as a seed has it: passphrases and passwords in the clear.
pub(super) struct DirectLinkSeed {
    pspid: Pspid,
    settings: Settings,
    users: Vec<UserSeed>,
}

impl DirectLinkSeed {
    pub(super) fn read(
        administration: &Administration,
        path: &str,
        value: &Value,
        problems: &mut Problems,
    ) -> Option<Self> {
        let known = [MEMBERS.as_slice(), &["users"]].concat();
        let fields = Fields::open(value, path, &known, problems)?;
        let pspid = pspid(&fields, problems);
        let settings = Settings::of(&fields, administration.directlink_rules(), None, problems);
        let users = super::seed::entries(&fields, "users", problems)
            .into_iter()
            .filter_map(|(path, value)| UserSeed::read(&path, value, pspid.as_ref(), problems))
            .collect();
        Some(Self {
            pspid: pspid?,
            settings,
            users,
        })
    }
}

impl Administration {
    /// Makes an account and its users be as their seed says. Users that the seed does not name stay.
    pub(super) async fn seed_directlink(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        seed: DirectLinkSeed,
    ) -> Result<(), AdministrationError> {
        let DirectLinkSeed {
            pspid,
            settings,
            users,
        } = seed;
        match self.store.directlink_account_load(pspid.as_str()).await? {
            None => {
                let mut account = blank(&pspid, merchant, self.clock.now());
                put_into(&mut account, settings, &self.vault)?;
                let audit = self
                    .merchant_audit(actor, "directlink_account.create", merchant, &pspid)
                    .showing(None, Some(as_written(&account)));
                self.store.directlink_account_insert(&account, &audit).await?;
            }
            Some(account) if account.merchant != merchant => {
                return Err(AdministrationError::Conflict(format!(
                    "another merchant has a DirectLink account of the name {pspid}"
                )));
            }
            Some(account) => {
                if let Some(settings) = self.what_differs(&account, settings)? {
                    self.directlink_account_change(actor, account, settings).await?;
                }
            }
        }
        for user in users {
            let stored = self
                .store
                .directlink_user_load(pspid.as_str(), user.userid.as_str())
                .await?;
            let hash =
                self.vault
                    .directlink_password_hash(pspid.as_str(), user.userid.as_str(), &user.password);
            let as_seeded = stored
                .is_some_and(|stored| stored.password_hash == hash && !stored.locked && !stored.disabled);
            if !as_seeded {
                self.directlink_user_let_in(actor, (merchant, &pspid), &user)
                    .await?;
            }
        }
        Ok(())
    }

    /// The settings as a change of the account; `None` when it is so already. A passphrase that the seed does not name is
    /// taken away.
    fn what_differs(
        &self,
        account: &Account,
        mut settings: Settings,
    ) -> Result<Option<Settings>, VaultError> {
        let mut differs = false;
        for (which, given, sealed) in [
            (Passphrase::In, &mut settings.sha_in, &account.sha_in_sealed),
            (Passphrase::Out, &mut settings.sha_out, &account.sha_out_sealed),
        ] {
            let opened = match sealed {
                Some(sealed) => Some(which.open(&self.vault, &account.pspid, sealed)?),
                None => None,
            };
            *given = match (&*given, opened) {
                (Passphrased::Given(text), Some(opened)) if text.reveal() == opened.reveal() => {
                    Passphrased::Kept
                }
                (Passphrased::Given(text), _) => Passphrased::Given(text.clone()),
                (_, None) => Passphrased::Kept,
                (_, Some(_)) => Passphrased::Taken,
            };
            differs |= !matches!(given, Passphrased::Kept);
        }
        let mut seeded = account.clone();
        settings.clone().apply_to(&mut seeded);
        Ok((differs || seeded != *account).then_some(settings))
    }
}
