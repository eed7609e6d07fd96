//! Merchants: created with their first keys, changed, listed.

use super::{Administration, AdministrationError, Changed, IssuedApplication, PAGE_MAX, random};
use payments::fields::{Fields, Problems, integer, list, parsed, text};
use primitives::{Country, Currency, HttpUrl, Id, Secret, UrlPolicy, id::kind};
use serde_json::{Value, json};
use store::{audit::Actor, merchants::Merchant};
use time::OffsetDateTime;

/// The most calls per second that can be granted to one merchant.
const RATE_MAX: u32 = 100_000;

const MEMBERS: [&str; 9] = [
    "id",
    "name",
    "country",
    "currencies",
    "notify_url",
    "reads_per_second",
    "writes_per_second",
    "created_at",
    "updated_at",
];

/// A merchant as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownMerchant {
    pub id: Id<kind::Merchant>,
    pub settings: Settings,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// What of a merchant can be said and changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub name: String,
    pub country: Country,
    pub currencies: Vec<Currency>,
    pub notify_url: Option<HttpUrl>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
}

/// A new merchant with the secrets that are shown this once.
#[derive(Debug)]
pub struct CreatedMerchant {
    pub merchant: ShownMerchant,
    pub application: IssuedApplication,
    pub webhook_secret: Secret<String>,
}

impl Settings {
    fn read(document: &Value, policy: UrlPolicy) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &MEMBERS, &mut problems)
            .and_then(|fields| Self::of(&fields, policy, &mut problems));
        problems.or(read)
    }

    /// The members of `fields` that are a merchant's settings.
    pub(super) fn of(fields: &Fields<'_>, policy: UrlPolicy, problems: &mut Problems) -> Option<Self> {
        let url = |text: &str| HttpUrl::parse(text, policy);
        let rate = || integer(1..=RATE_MAX);
        let name = fields.need("name", text(100), problems);
        let country = fields.need("country", parsed(Country::parse), problems);
        let currencies = fields.need("currencies", list(1..=50, parsed(Currency::parse)), problems);
        let notify_url = fields.take("notify_url", parsed(url), problems);
        let reads_per_second = fields.take("reads_per_second", rate(), problems);
        let writes_per_second = fields.take("writes_per_second", rate(), problems);
        Some(Self {
            name: name?,
            country: country?,
            currencies: currencies?,
            notify_url,
            reads_per_second,
            writes_per_second,
        })
    }

    /// In the form in which they are read.
    pub fn as_written(&self) -> Value {
        json!({
            "name": self.name,
            "country": self.country,
            "currencies": self.currencies,
            "notify_url": self.notify_url,
            "reads_per_second": self.reads_per_second,
            "writes_per_second": self.writes_per_second,
        })
    }

    pub(super) fn apply_to(self, merchant: &mut Merchant) {
        merchant.name = self.name;
        merchant.country = self.country;
        merchant.currencies = self.currencies;
        merchant.notify_url = self.notify_url;
        merchant.reads_per_second = self.reads_per_second;
        merchant.writes_per_second = self.writes_per_second;
    }
}

impl From<&Merchant> for Settings {
    fn from(merchant: &Merchant) -> Self {
        Self {
            name: merchant.name.clone(),
            country: merchant.country,
            currencies: merchant.currencies.clone(),
            notify_url: merchant.notify_url.clone(),
            reads_per_second: merchant.reads_per_second,
            writes_per_second: merchant.writes_per_second,
        }
    }
}

impl From<&Merchant> for ShownMerchant {
    fn from(merchant: &Merchant) -> Self {
        Self {
            id: merchant.id,
            settings: Settings::from(merchant),
            created_at: merchant.created_at,
            updated_at: merchant.updated_at,
        }
    }
}

impl Administration {
    /// Creates a merchant with a pair of keys and a webhook secret.
    pub async fn merchant_create(
        &self,
        actor: Actor,
        document: &Value,
    ) -> Result<CreatedMerchant, AdministrationError> {
        let settings = Settings::read(document, self.policy())?;
        let id = (*self.clock).fresh_id();
        let webhook_secret = random::webhook_secret()?;
        let merchant = self.new_merchant(id, settings);
        let webhook_key = self.own_webhook_secret(id, &webhook_secret, merchant.created_at)?;
        let (new, application) = self.new_application(id, "First keys")?;
        let audit = self
            .merchant_audit(actor, "merchant.create", id, id)
            .showing(None, Some(Settings::from(&merchant).as_written()));
        self.store
            .merchant_insert(&merchant, &new, &webhook_key, &audit)
            .await?;
        self.configuration_changed().await;
        Ok(CreatedMerchant {
            merchant: ShownMerchant::from(&merchant),
            application,
            webhook_secret,
        })
    }

    /// One merchant.
    pub async fn merchant_get(&self, id: Id<kind::Merchant>) -> Result<ShownMerchant, AdministrationError> {
        Ok(ShownMerchant::from(&self.stored_merchant(id).await?))
    }

    /// Merchants by age: up to `limit` of those after `after`.
    pub async fn merchants_list(
        &self,
        after: Option<Id<kind::Merchant>>,
        limit: u16,
    ) -> Result<Vec<ShownMerchant>, AdministrationError> {
        let merchants = self
            .store
            .merchants_list(after, limit.min(PAGE_MAX).into())
            .await?;
        Ok(merchants.iter().map(ShownMerchant::from).collect())
    }

    /// Changes the members that `document` has; `null` clears those that may be absent.
    pub async fn merchant_update(
        &self,
        actor: Actor,
        id: Id<kind::Merchant>,
        document: &Value,
    ) -> Result<ShownMerchant, AdministrationError> {
        let change = document
            .as_object()
            .ok_or_else(|| Problems::of("", "must be an object"))?;
        let mut merchant = self.stored_merchant(id).await?;
        let before = Settings::from(&merchant).as_written();
        let mut whole = before.clone();
        if let Value::Object(members) = &mut whole {
            members.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let settings = Settings::read(&whole, self.policy())?;
        let audit = self
            .merchant_audit(actor, "merchant.update", id, id)
            .showing(Some(before), Some(settings.as_written()));
        settings.apply_to(&mut merchant);
        merchant.updated_at = audit.at;
        self.store.merchant_update(&merchant, &audit).await?;
        self.configuration_changed().await;
        Ok(ShownMerchant::from(&merchant))
    }

    /// A merchant's row, not stored yet.
    pub(super) fn new_merchant(&self, id: Id<kind::Merchant>, settings: Settings) -> Merchant {
        let now = self.clock.now();
        Merchant {
            id,
            name: settings.name,
            country: settings.country,
            currencies: settings.currencies,
            notify_url: settings.notify_url,
            reads_per_second: settings.reads_per_second,
            writes_per_second: settings.writes_per_second,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub(super) async fn merchant_known(&self, id: Id<kind::Merchant>) -> Result<(), AdministrationError> {
        self.stored_merchant(id).await.map(|_| ())
    }

    pub(super) async fn stored_merchant(
        &self,
        id: Id<kind::Merchant>,
    ) -> Result<Merchant, AdministrationError> {
        self.store
            .merchant_load(id)
            .await?
            .ok_or(AdministrationError::NotFound("merchant"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World};
    use super::*;
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_change_is_seen_by_the_next_call_and_audited(pool: PgPool) {
        let world = World::new(pool);
        let created = world.merchant("Shop").await;
        let id = created.merchant.id;
        assert_eq!(
            world
                .caller(&created.application.private_key)
                .await
                .unwrap()
                .merchant
                .name,
            "Shop"
        );

        let change = json!({"name": "Tienda", "writes_per_second": 25});
        world
            .administration
            .merchant_update(ACTOR, id, &change)
            .await
            .unwrap();
        let profile = world
            .caller(&created.application.private_key)
            .await
            .unwrap()
            .merchant;
        assert_eq!(
            (profile.name.as_str(), profile.writes_per_second),
            ("Tienda", Some(25))
        );

        let change = json!({"writes_per_second": null});
        let shown = world
            .administration
            .merchant_update(ACTOR, id, &change)
            .await
            .unwrap();
        assert_eq!(shown.settings.writes_per_second, None);
        let audit = world.administration.audit_list(Some(id), None, 10).await.unwrap();
        let actions: Vec<_> = audit.iter().map(|row| row.action.as_str()).collect();
        assert_eq!(actions, ["merchant.update", "merchant.update", "merchant.create"]);
        assert_eq!(audit[1].before.as_ref().unwrap()["name"], "Shop");
        assert_eq!(audit[1].after.as_ref().unwrap()["name"], "Tienda");
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn wrong_documents_change_nothing(pool: PgPool) {
        let world = World::new(pool);
        let document = json!({"country": "Nowhere", "currencies": [], "notify_url": "ftp://x", "colour": 1});
        let refused = world.administration.merchant_create(ACTOR, &document).await;
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        let fields: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["colour", "name", "country", "currencies", "notify_url"]);
        assert_eq!(world.administration.merchants_list(None, 10).await.unwrap(), []);
        let unknown = Id::from_uuid(uuid::Uuid::from_u128(9));
        let update = world
            .administration
            .merchant_update(ACTOR, unknown, &json!({"name": "x"}))
            .await;
        assert!(matches!(update, Err(AdministrationError::NotFound("merchant"))));
    }
}
