//! Moving everything that older key-encryption keys sealed to the newest one.

use super::{Administration, AdministrationError};
use store::sealed::SealedColumn;

const BATCH: i64 = 500;

impl Administration {
    /// Rewraps every sealed value that needs it, and answers how many. Beside a running gateway this is safe: a value
    /// that changed meanwhile is left alone, and was sealed by whichever key that process knows as the newest.
    pub async fn rewrap(&self) -> Result<u64, AdministrationError> {
        let mut moved = 0;
        for column in SealedColumn::ALL {
            moved += self.rewrap_column(column).await?;
        }
        for (brand, sealed) in self.store.directory_keys_list().await? {
            if let Some(new) = self.vault.rewrap(&sealed)?
                && self.store.directory_key_replace(brand, &sealed, &new).await?
            {
                moved += 1;
            }
        }
        for server in self.store.remote_threeds_servers_list().await? {
            let (name, sealed) = (&server.name, &server.secrets_sealed);
            if let Some(new) = self.vault.rewrap(sealed)?
                && self
                    .store
                    .remote_threeds_server_secrets_replace(name, sealed, &new)
                    .await?
            {
                moved += 1;
            }
        }
        Ok(moved + self.rewrap_passphrases().await?)
    }

    /// DirectLink's passphrases, whose accounts go by names. Answers how many accounts had some to be moved.
    async fn rewrap_passphrases(&self) -> Result<u64, AdministrationError> {
        let (mut moved, mut after) = (0, String::new());
        loop {
            let accounts = self.store.directlink_passphrases_list(&after, BATCH).await?;
            let Some(last) = accounts.last() else {
                return Ok(moved);
            };
            after.clone_from(&last.pspid);
            for old in &accounts {
                let mut new = old.clone();
                for sealed in [&mut new.sha_in_sealed, &mut new.sha_out_sealed] {
                    if let Some(sealed) = sealed
                        && let Some(moved) = self.vault.rewrap(sealed)?
                    {
                        *sealed = moved;
                    }
                }
                if new != *old && self.store.directlink_passphrases_replace(old, &new).await? {
                    moved += 1;
                }
            }
        }
    }

    async fn rewrap_column(&self, column: SealedColumn) -> Result<u64, AdministrationError> {
        let (mut moved, mut after) = (0, None);
        loop {
            let values = self.store.sealed_list(column, after, BATCH).await?;
            let Some(last) = values.last() else {
                return Ok(moved);
            };
            after = Some(last.place());
            for value in &values {
                if let Some(new) = self.vault.rewrap(&value.sealed)?
                    && self.store.sealed_replace(column, value, &new).await?
                {
                    moved += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World, connection};
    use crate::{
        administration::directory_tls::open_key,
        certificate::testing::Authority,
        vault::{Vault, key_file::Keys},
    };
    use primitives::Brand;
    use serde_json::json;
    use sqlx::PgPool;
    use std::{collections::BTreeMap, sync::Arc};
    use store::deliveries::DeliveryTarget;
    use time::macros::datetime;
    use zeroize::Zeroizing;

    fn vault(versions: &[u32]) -> Arc<Vault> {
        let keys: BTreeMap<_, _> = versions
            .iter()
            .map(|version| (*version, Zeroizing::new([*version as u8; 32])))
            .collect();
        Arc::new(Vault::from_keys(Keys::new(Zeroizing::new([9; 32]), keys).unwrap()).unwrap())
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn what_was_rewrapped_needs_the_old_key_no_more(pool: PgPool) {
        let old = World::with_vault(pool.clone(), vault(&[1]));
        let created = old.merchant("Shop").await;
        let merchant = created.merchant.id;
        old.administration
            .connection_create(ACTOR, merchant, &connection("One"))
            .await
            .unwrap();
        let endpoint = old.endpoint(merchant, "https://a.example").await;
        old.administration
            .webhook_keys_rotate(ACTOR, merchant, DeliveryTarget::Own, &json!({}))
            .await
            .unwrap();
        let issued = Authority::new("CA").issue_for(
            "3ds.pasarela.example",
            datetime!(2026-01-01 00:00 UTC),
            datetime!(2028-01-01 00:00 UTC),
        );
        let directory = json!({
            "url": "https://ds.example", "client_certificate": issued.certificate, "client_key": issued.key,
        });
        old.administration
            .directory_server_set(ACTOR, Brand::Visa, &directory)
            .await
            .unwrap();
        let remote =
            json!({"base_url": "https://tds.example", "merchant_id": "shop-1", "merchant_key": "a-key"});
        old.administration
            .remote_threeds_server_set(ACTOR, "certified", &remote)
            .await
            .unwrap();
        let account = json!({
            "pspid": "shop", "hash": "sha256", "operation": "RES",
            "sha_in": "Mysecretsig1875!?", "sha_out": "Mysecretsig1876!?",
        });
        old.administration
            .directlink_account_create(ACTOR, merchant, &account)
            .await
            .unwrap();
        sqlx::query("INSERT INTO payment_cards VALUES ($1, $1, 'x', $2, $3, now())")
            .bind(merchant.uuid())
            .bind(vault(&[1]).seal(b"card", b"number").unwrap())
            .bind(vault(&[1]).seal(b"code", b"737").unwrap())
            .execute(&pool)
            .await
            .unwrap();

        let both = World::with_vault(pool.clone(), vault(&[1, 2]));
        assert_eq!(both.administration.rewrap().await.unwrap(), 12);
        assert_eq!(both.administration.rewrap().await.unwrap(), 0);

        let new = World::with_vault(pool, vault(&[2]));
        let profile = new.configuration.profile(merchant).await.unwrap().unwrap();
        assert_eq!(
            profile.private_key.reveal(),
            created.application.private_key.reveal()
        );
        let now = new.administration.clock.now();
        let own = new.configuration.webhook_keys(merchant, None, now).await.unwrap();
        assert!(
            own.iter()
                .any(|key| key.secret.reveal() == created.webhook_secret.reveal())
        );
        let endpoint_s = Some(endpoint.shown.endpoint.id);
        let keys = new
            .configuration
            .webhook_keys(merchant, endpoint_s, now)
            .await
            .unwrap();
        let secret = endpoint.issued.secret.unwrap();
        assert!(keys.iter().any(|key| key.secret.reveal() == secret.reveal()));
        assert_eq!(
            profile.connections[0].account.credentials.get("key"),
            Some("k-123")
        );
        let remote = new
            .configuration
            .remote_server("certified")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(remote.server.merchant_key.reveal(), "a-key");
        let account = new
            .configuration
            .directlink_account("shop")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(account.sha_in.as_ref().unwrap().reveal(), "Mysecretsig1875!?");
        assert_eq!(account.sha_out.as_ref().unwrap().reveal(), "Mysecretsig1876!?");
        let servers = new.configuration.directory_servers().await.unwrap();
        let client = servers[0].tls.client.as_ref().unwrap();
        let key = open_key(&vault(&[2]), Brand::Visa, client).unwrap();
        assert_eq!(*key.reveal(), issued.key);
    }
}
