//! Pairs of API keys: issued, listed, revoked. A key is shown once, when it is issued.

use super::{Administration, AdministrationError, Changed, random};
use crate::vault::context;
use payments::fields::{Fields, Problems, text};
use primitives::{Id, Secret, id::kind};
use serde_json::{Value, json};
use store::{
    applications::{Application, NewApplication, NewKey, Revoked},
    audit::Actor,
};

/// A pair of keys just issued: the only time they are seen.
#[derive(Debug)]
pub struct IssuedApplication {
    pub application: Application,
    pub private_key: Secret<String>,
    /// Public, and yet shown only once: nobody needs to find it here.
    pub public_key: Secret<String>,
}

impl Administration {
    /// Issues a pair of keys. `document`: `{"name": "…"}`.
    pub async fn application_issue(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        document: &Value,
    ) -> Result<IssuedApplication, AdministrationError> {
        let mut problems = Problems::default();
        let name = Fields::open(document, "", &["name"], &mut problems)
            .and_then(|fields| fields.need("name", text(100), &mut problems));
        let name = problems.or(name)?;
        self.merchant_known(merchant).await?;
        let (new, issued) = self.new_application(merchant, &name)?;
        let audit = self
            .merchant_audit(actor, "application.issue", merchant, new.id)
            .showing(None, Some(as_audited(&issued.application)));
        self.store.application_insert(&new, &audit).await?;
        self.configuration_changed().await;
        Ok(issued)
    }

    /// A merchant's pairs of keys, without the keys.
    pub async fn applications_list(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<Vec<Application>, AdministrationError> {
        self.merchant_known(merchant).await?;
        Ok(self.store.applications_list(merchant).await?)
    }

    /// Makes a pair of keys useless at once. Revoking it again changes nothing.
    pub async fn application_revoke(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        application: Id<kind::Application>,
    ) -> Result<(), AdministrationError> {
        let audit = self.merchant_audit(actor, "application.revoke", merchant, application);
        match self
            .store
            .application_revoke(merchant, application, &audit)
            .await?
        {
            Revoked::Done => self.configuration_changed().await,
            Revoked::Already => {}
            Revoked::Unknown => return Err(AdministrationError::NotFound("application")),
            Revoked::OnlyOne => {
                return Err(AdministrationError::Conflict(
                    "these are the merchant's only keys, and webhooks are signed with them: issue others first"
                        .into(),
                ));
            }
        }
        Ok(())
    }

    /// A fresh pair of keys, not stored yet.
    pub(super) fn new_application(
        &self,
        merchant: Id<kind::Merchant>,
        name: &str,
    ) -> Result<(NewApplication, IssuedApplication), AdministrationError> {
        let environment = self.environment.as_str();
        let private = random::api_key("sk", environment)?;
        let public = random::api_key("pk", environment)?;
        self.application_of(merchant, name, private, public)
    }

    /// A pair of keys that are given, not stored yet.
    pub(super) fn application_of(
        &self,
        merchant: Id<kind::Merchant>,
        name: &str,
        private_key: Secret<String>,
        public_key: Secret<String>,
    ) -> Result<(NewApplication, IssuedApplication), AdministrationError> {
        let clock = &*self.clock;
        let key = |key: &Secret<String>| NewKey {
            id: clock.fresh_id(),
            hash: self.vault.api_key_hash(key.reveal()),
            last_four: last_four(key.reveal()),
        };
        let private = key(&private_key);
        let new = NewApplication {
            merchant,
            id: clock.fresh_id(),
            name: name.to_owned(),
            environment: self.environment.as_str(),
            private_sealed: self
                .vault
                .seal_text(&context("api key", private.id), private_key.reveal())?,
            private,
            public: key(&public_key),
            created_at: clock.now(),
        };
        let application = Application {
            id: new.id,
            name: new.name.clone(),
            environment: new.environment.to_owned(),
            private_last_four: new.private.last_four.clone(),
            public_last_four: new.public.last_four.clone(),
            created_at: new.created_at,
            revoked_at: None,
        };
        Ok((
            new,
            IssuedApplication {
                application,
                private_key,
                public_key,
            },
        ))
    }
}

fn last_four(key: &str) -> String {
    let mut last: Vec<_> = key.chars().rev().take(4).collect();
    last.reverse();
    last.into_iter().collect()
}

pub(super) fn as_audited(application: &Application) -> Value {
    json!({
        "name": application.name,
        "environment": application.environment,
        "private_last_four": application.private_last_four,
        "public_last_four": application.public_last_four,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World};
    use super::*;
    use crate::configuration::KeyKind;
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn issued_keys_call_as_their_kind_until_they_are_revoked(pool: PgPool) {
        let world = World::new(pool);
        let created = world.merchant("Shop").await;
        let merchant = created.merchant.id;
        let administration = &world.administration;
        let issued = administration
            .application_issue(ACTOR, merchant, &json!({"name": "Second"}))
            .await
            .unwrap();

        let caller = world.caller(&issued.private_key).await.unwrap();
        assert_eq!((caller.merchant.id, caller.key), (merchant, KeyKind::Private));
        assert_eq!(
            world.caller(&issued.public_key).await.unwrap().key,
            KeyKind::Public
        );
        assert!(
            world
                .caller(&Secret::new("sk_sandbox_guess".into()))
                .await
                .is_none()
        );

        let first = created.application.application.id;
        administration
            .application_revoke(ACTOR, merchant, first)
            .await
            .unwrap();
        administration
            .application_revoke(ACTOR, merchant, first)
            .await
            .unwrap();
        assert!(world.caller(&created.application.private_key).await.is_none());
        let profile = world.configuration.profile(merchant).await.unwrap().unwrap();
        assert_eq!(
            profile.private_key.reveal(),
            issued.private_key.reveal(),
            "the key that is left signs"
        );
        let last = administration
            .application_revoke(ACTOR, merchant, issued.application.id)
            .await;
        assert!(matches!(last, Err(AdministrationError::Conflict(_))));
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn another_merchants_application_is_not_found(pool: PgPool) {
        let world = World::new(pool);
        let first = world.merchant("First").await;
        let second = world.merchant("Second").await;
        let application = first.application.application.id;
        let revoked = world
            .administration
            .application_revoke(ACTOR, second.merchant.id, application)
            .await;
        assert!(matches!(
            revoked,
            Err(AdministrationError::NotFound("application"))
        ));
        assert!(world.caller(&first.application.private_key).await.is_some());
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn keys_are_nowhere_in_the_rows(pool: PgPool) {
        let world = World::new(pool.clone());
        let created = world.merchant("Shop").await;
        let rows: String = sqlx::query_scalar(
            "SELECT concat((SELECT json_agg(a) FROM audit a), (SELECT json_agg(k) FROM api_keys k),
                 (SELECT json_agg(m) FROM merchants m))::text",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        for secret in [
            &created.application.private_key,
            &created.application.public_key,
            &created.webhook_secret,
        ] {
            assert!(!rows.contains(secret.reveal().as_str()));
        }
    }
}
