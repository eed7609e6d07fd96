//! Cards that a DirectLink account's shop pays with by a name: listed without what is secret of them, and deleted.

use super::{
    super::{Administration, AdministrationError, PAGE_MAX, written},
    names::{AliasName, Pspid},
};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use store::{audit::Actor, directlink::aliases::ListedAlias};

/// A name as the admin's answers write it.
pub fn directlink_alias_as_written(alias: &ListedAlias) -> Value {
    json!({
        "alias": alias.alias,
        "card_number": alias.masked_number,
        "brand": alias.brand,
        "expiry": alias.expiry,
        "created_at": written(alias.created_at),
        "updated_at": written(alias.updated_at),
    })
}

impl Administration {
    /// An account's names in their order: up to `limit` of those after `after`.
    pub async fn directlink_aliases_list(
        &self,
        merchant: Id<kind::Merchant>,
        pspid: &Pspid,
        after: Option<&AliasName>,
        limit: u16,
    ) -> Result<Vec<ListedAlias>, AdministrationError> {
        self.directlink_account_get(merchant, pspid).await?;
        let (after, limit) = (after.map(AliasName::as_str), limit.min(PAGE_MAX).into());
        Ok(self
            .store
            .directlink_aliases_list(pspid.as_str(), after, limit)
            .await?)
    }

    /// Deletes a name with its card. Payments that were begun with it go on.
    pub async fn directlink_alias_delete(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        (pspid, alias): (&Pspid, &AliasName),
    ) -> Result<(), AdministrationError> {
        self.directlink_account_get(merchant, pspid).await?;
        let subject = format!("{pspid}/{alias}");
        let audit = self.merchant_audit(actor, "directlink_alias.delete", merchant, subject);
        let deleted = self
            .store
            .directlink_alias_delete(pspid.as_str(), alias.as_str(), &audit)
            .await?;
        if deleted {
            Ok(())
        } else {
            Err(AdministrationError::NotFound("alias"))
        }
    }
}
