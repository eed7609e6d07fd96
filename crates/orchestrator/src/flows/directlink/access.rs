//! Who is let in.

use super::account::{DirectLinkAccount, Standing};
use crate::{fault::Fault, gateway::Gateway};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use primitives::Secret;
use std::sync::Arc;

impl Gateway {
    /// The active account of that name, as configuration keeps it in memory.
    pub async fn directlink_account(&self, pspid: &str) -> Result<Option<Arc<DirectLinkAccount>>, Fault> {
        let account = self.configuration().directlink_account(pspid).await?;
        Ok(account.filter(|account| !account.account.disabled))
    }

    /// Whether the user may call for the account. Counts wrong passwords, of which five in a row lock the user, and takes the
    /// same steps for a user that there is not.
    pub async fn directlink_user(
        &self,
        account: &DirectLinkAccount,
        userid: &str,
        password: &Secret<String>,
    ) -> Result<Standing, Fault> {
        let pspid = &account.account.pspid;
        let given = self.vault().directlink_password_hash(pspid, userid, password);
        let user = self.store().directlink_user_load(pspid, userid).await?;
        let expected = user.as_ref().map_or([0; 32], |user| user.password_hash);
        let right = verify_slices_are_equal(&expected, &given).is_ok();
        let unlocked = self.store().directlink_user_tried(pspid, userid, right).await?;
        Ok(match user {
            Some(user) if !user.disabled && right && unlocked => Standing::Right,
            Some(user) if !user.disabled => Standing::Wrong,
            Some(_) | None => Standing::Unknown,
        })
    }
}
