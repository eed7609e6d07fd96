//! Shops of the 3DS Server API: created with their keys, changed, disabled.

use super::{Administration, AdministrationError, Changed, PAGE_MAX, random};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine, prelude::BASE64_STANDARD};
use payments::fields::{Fields, Problems, ascii, integer, parsed, text};
use primitives::{Country, Id, Secret, id::kind};
use serde_json::{Value, json};
use store::{
    audit::Actor,
    threeds_server::shops::{CardVaultPair, Shop},
};

/// The most calls per second that can be granted to one shop.
const RATE_MAX: u32 = 100_000;
/// The longest id that the API's headers take.
const ID_MAX_CHARACTERS: usize = 15;

const MEMBERS: [&str; 12] = [
    "id",
    "merchant_id",
    "name",
    "carat_merchant_id",
    "acquirer_country",
    "reads_per_second",
    "writes_per_second",
    "has_public_key",
    "status",
    "created_at",
    "updated_at",
    "public_key",
];

/// What of a shop can be said and changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub name: String,
    pub acquirer_country: Option<Country>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
}

/// A new shop with its keys, which are shown this once.
#[derive(Debug)]
pub struct CreatedShop {
    pub shop: Shop,
    pub merchant_key: Secret<String>,
    pub card_vault_key: Secret<String>,
}

impl Settings {
    /// The members of `fields` that are a shop's settings.
    pub(super) fn of(fields: &Fields<'_>, problems: &mut Problems) -> Option<Self> {
        let rate = || integer(1..=RATE_MAX);
        let name = fields.need("name", text(100), problems);
        let acquirer_country = fields.take("acquirer_country", parsed(Country::parse), problems);
        let reads_per_second = fields.take("reads_per_second", rate(), problems);
        let writes_per_second = fields.take("writes_per_second", rate(), problems);
        Some(Self {
            name: name?,
            acquirer_country,
            reads_per_second,
            writes_per_second,
        })
    }

    pub(super) fn apply_to(self, shop: &mut Shop) {
        shop.name = self.name;
        shop.acquirer_country = self.acquirer_country;
        shop.reads_per_second = self.reads_per_second;
        shop.writes_per_second = self.writes_per_second;
    }
}

/// A shop as operators see it, and as the audit keeps it: without its keys.
pub(super) fn as_written(shop: &Shop) -> Value {
    json!({
        "merchant_id": shop.merchant_id,
        "name": shop.name,
        "carat_merchant_id": shop.card_vault.as_ref().map(|pair| &pair.merchant_id),
        "acquirer_country": shop.acquirer_country,
        "reads_per_second": shop.reads_per_second,
        "writes_per_second": shop.writes_per_second,
        "has_public_key": shop.public_key.is_some(),
        "status": if shop.disabled { "disabled" } else { "active" },
    })
}

impl Administration {
    /// Creates a shop with its pair of keys and that of the card vault. Ids that the document does not give are made.
    pub async fn shop_create(
        &self,
        actor: Actor,
        document: &Value,
    ) -> Result<CreatedShop, AdministrationError> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &MEMBERS, &mut problems).and_then(|fields| {
            let id = || ascii(ID_MAX_CHARACTERS);
            let merchant_id = fields.take("merchant_id", id(), &mut problems);
            let card_vault_id = fields.take("carat_merchant_id", id(), &mut problems);
            let public_key = fields.take("public_key", read_public_key, &mut problems);
            let settings = Settings::of(&fields, &mut problems)?;
            Some((merchant_id, card_vault_id, public_key, settings))
        });
        let (merchant_id, card_vault_id, public_key, settings) = problems.or(read)?;
        let given = |id: Option<String>| id.map_or_else(|| random::code(ID_MAX_CHARACTERS), Ok);
        let merchant_key = random::api_key("tk", self.environment.as_str())?;
        let card_vault_key = random::api_key("ck", self.environment.as_str())?;
        let now = self.clock.now();
        let mut shop = Shop {
            id: (*self.clock).fresh_id(),
            merchant_id: given(merchant_id)?,
            name: String::new(),
            key_hash: self.vault.api_key_hash(merchant_key.reveal()),
            card_vault: Some(CardVaultPair {
                merchant_id: given(card_vault_id)?,
                key_hash: self.vault.api_key_hash(card_vault_key.reveal()),
            }),
            public_key,
            acquirer_country: None,
            reads_per_second: None,
            writes_per_second: None,
            disabled: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        settings.apply_to(&mut shop);
        let audit = self
            .audit(actor, "shop.create", shop.id)
            .showing(None, Some(as_written(&shop)));
        self.store.shop_insert(&shop, &audit).await?;
        self.configuration_changed().await;
        Ok(CreatedShop {
            shop,
            merchant_key,
            card_vault_key,
        })
    }

    /// One shop.
    pub async fn shop_get(&self, id: Id<kind::Shop>) -> Result<Shop, AdministrationError> {
        self.store
            .shop_load(id)
            .await?
            .ok_or(AdministrationError::NotFound("shop"))
    }

    /// Shops by age: up to `limit` of those after `after`.
    pub async fn shops_list(
        &self,
        after: Option<Id<kind::Shop>>,
        limit: u16,
    ) -> Result<Vec<Shop>, AdministrationError> {
        Ok(self.store.shops_list(after, limit.min(PAGE_MAX).into()).await?)
    }

    /// Changes the members that `document` has; `null` clears those that may be absent. Ids stay what they are.
    pub async fn shop_update(
        &self,
        actor: Actor,
        id: Id<kind::Shop>,
        document: &Value,
    ) -> Result<Shop, AdministrationError> {
        const CHANGEABLE: [&str; 4] = [
            "name",
            "acquirer_country",
            "reads_per_second",
            "writes_per_second",
        ];
        let shop = self.shop_get(id).await?;
        let change = document
            .as_object()
            .ok_or_else(|| Problems::of("", "must be an object"))?;
        let mut whole = json!({
            "name": shop.name,
            "acquirer_country": shop.acquirer_country,
            "reads_per_second": shop.reads_per_second,
            "writes_per_second": shop.writes_per_second,
        });
        if let Value::Object(members) = &mut whole {
            members.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let mut problems = Problems::default();
        let read = Fields::open(&whole, "", &CHANGEABLE, &mut problems)
            .and_then(|fields| Settings::of(&fields, &mut problems));
        let settings = problems.or(read)?;
        self.shop_change(actor, "shop.update", shop, |shop| settings.apply_to(shop))
            .await
    }

    /// Gives the shop another key, which is shown this once; the old one is useless at once.
    pub async fn shop_key_rotate(
        &self,
        actor: Actor,
        id: Id<kind::Shop>,
    ) -> Result<Secret<String>, AdministrationError> {
        let key = random::api_key("tk", self.environment.as_str())?;
        let hash = self.vault.api_key_hash(key.reveal());
        let shop = self.shop_get(id).await?;
        self.shop_change(actor, "shop.rotate_key", shop, |shop| shop.key_hash = hash)
            .await?;
        Ok(key)
    }

    /// Gives the shop another key of the card vault, which is shown this once.
    pub async fn shop_card_vault_key_rotate(
        &self,
        actor: Actor,
        id: Id<kind::Shop>,
    ) -> Result<(String, Secret<String>), AdministrationError> {
        let key = random::api_key("ck", self.environment.as_str())?;
        let key_hash = self.vault.api_key_hash(key.reveal());
        let shop = self.shop_get(id).await?;
        let merchant_id = match &shop.card_vault {
            Some(pair) => pair.merchant_id.clone(),
            None => random::code(ID_MAX_CHARACTERS)?,
        };
        let pair = CardVaultPair {
            merchant_id: merchant_id.clone(),
            key_hash,
        };
        self.shop_change(actor, "shop.rotate_card_vault_key", shop, |shop| {
            shop.card_vault = Some(pair);
        })
        .await?;
        Ok((merchant_id, key))
    }

    /// Sets the RSA public key that signs the shop's requests: from then on, unsigned ones are refused.
    pub async fn shop_public_key_set(
        &self,
        actor: Actor,
        id: Id<kind::Shop>,
        document: &Value,
    ) -> Result<Shop, AdministrationError> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &["public_key"], &mut problems)
            .and_then(|fields| fields.need("public_key", read_public_key, &mut problems));
        let key = problems.or(read)?;
        let shop = self.shop_get(id).await?;
        self.shop_change(actor, "shop.set_public_key", shop, |shop| {
            shop.public_key = Some(key);
        })
        .await
    }

    /// Takes the public key away: the shop's requests need no signature any more.
    pub async fn shop_public_key_delete(
        &self,
        actor: Actor,
        id: Id<kind::Shop>,
    ) -> Result<Shop, AdministrationError> {
        let shop = self.shop_get(id).await?;
        if shop.public_key.is_none() {
            return Err(AdministrationError::NotFound("public key"));
        }
        self.shop_change(actor, "shop.delete_public_key", shop, |shop| {
            shop.public_key = None
        })
        .await
    }

    /// Lets a shop's calls in, or keeps them out. Transactions under way come to their ends all the same.
    pub async fn shop_set_disabled(
        &self,
        actor: Actor,
        id: Id<kind::Shop>,
        disabled: bool,
    ) -> Result<Shop, AdministrationError> {
        let shop = self.shop_get(id).await?;
        if shop.disabled == disabled {
            return Ok(shop);
        }
        let action = if disabled { "shop.disable" } else { "shop.enable" };
        self.shop_change(actor, action, shop, |shop| shop.disabled = disabled)
            .await
    }

    pub(super) async fn shop_change(
        &self,
        actor: Actor,
        action: &'static str,
        mut shop: Shop,
        change: impl FnOnce(&mut Shop),
    ) -> Result<Shop, AdministrationError> {
        let before = as_written(&shop);
        change(&mut shop);
        let audit = self
            .audit(actor, action, shop.id)
            .showing(Some(before), Some(as_written(&shop)));
        shop.updated_at = audit.at;
        self.store.shop_update(&shop, &audit).await?;
        shop.version += 1;
        self.configuration_changed().await;
        Ok(shop)
    }
}

/// An RSA public key of 2048 to 8192 bits, as PEM or as the Base64 inside it.
pub(super) fn read_public_key(value: &Value) -> Result<Vec<u8>, String> {
    const MUST: &str = "must be an RSA public key of 2048 to 8192 bits in PEM";
    let text = value.as_str().ok_or(MUST)?;
    if text.contains("PRIVATE KEY") {
        return Err("is a private key, which must never leave the shop: send its public key".to_owned());
    }
    let inside: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("-----"))
        .flat_map(str::chars)
        .filter(|symbol| !symbol.is_whitespace())
        .collect();
    let key = BASE64_STANDARD.decode(inside).map_err(|_| MUST)?;
    // The signature checks take RSA keys only, and take them in either encoding.
    ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key).map_err(|_| MUST)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World};
    use super::*;
    use aws_lc_rs::{
        encoding::AsDer,
        rsa::KeySize,
        signature::{KeyPair, RsaKeyPair},
    };
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_shop_is_let_in_with_its_newest_key_until_it_is_disabled(pool: PgPool) {
        let world = World::new(pool);
        let administration = &world.administration;
        let created = administration
            .shop_create(ACTOR, &json!({"name": "Loja", "acquirer_country": "BRA"}))
            .await
            .unwrap();
        let (id, name) = (created.shop.id, created.shop.merchant_id.clone());
        assert_eq!(name.len(), 15);
        assert!(created.merchant_key.reveal().len() <= 80);
        let knows = async |key: &str| world.configuration.shop(&name, key).await.unwrap().is_some();
        assert!(knows(created.merchant_key.reveal()).await);
        assert!(!knows(created.card_vault_key.reveal()).await);

        let newer = administration.shop_key_rotate(ACTOR, id).await.unwrap();
        assert!(!knows(created.merchant_key.reveal()).await);
        assert!(knows(newer.reveal()).await);

        administration.shop_set_disabled(ACTOR, id, true).await.unwrap();
        assert!(!knows(newer.reveal()).await);
        administration.shop_set_disabled(ACTOR, id, false).await.unwrap();
        assert!(knows(newer.reveal()).await);

        let audit = administration.audit_list(None, None, 10).await.unwrap();
        let actions: Vec<_> = audit.iter().map(|row| row.action.as_str()).collect();
        assert_eq!(
            actions,
            ["shop.enable", "shop.disable", "shop.rotate_key", "shop.create"]
        );
        let told = serde_json::to_string(&audit.iter().map(|row| &row.after).collect::<Vec<_>>()).unwrap();
        assert!(!told.contains(newer.reveal()));
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn changes_and_public_keys_are_checked(pool: PgPool) {
        let world = World::new(pool);
        let administration = &world.administration;
        let refused = administration
            .shop_create(
                ACTOR,
                &json!({"merchant_id": "0123456789012345", "acquirer_country": "XX", "colour": 1}),
            )
            .await;
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        let fields: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["colour", "merchant_id", "name", "acquirer_country"]);

        let document = json!({"name": "Loja", "merchant_id": "LOJA1"});
        let id = administration
            .shop_create(ACTOR, &document)
            .await
            .unwrap()
            .shop
            .id;
        let twin = administration.shop_create(ACTOR, &document).await;
        assert!(matches!(twin, Err(AdministrationError::Conflict(_))));
        let changed = administration
            .shop_update(ACTOR, id, &json!({"name": "Tienda", "writes_per_second": 5}))
            .await
            .unwrap();
        assert_eq!(
            (changed.name.as_str(), changed.writes_per_second),
            ("Tienda", Some(5))
        );
        let refused = administration
            .shop_update(ACTOR, id, &json!({"merchant_id": "x"}))
            .await;
        assert!(matches!(refused, Err(AdministrationError::Invalid(_))));

        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = key.public_key().as_der().unwrap().as_ref().to_vec();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            BASE64_STANDARD.encode(&der)
        );
        let shop = administration
            .shop_public_key_set(ACTOR, id, &json!({ "public_key": pem }))
            .await
            .unwrap();
        assert_eq!(shop.public_key, Some(der));
        for bad in [
            "",
            "x",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
        ] {
            let refused = administration
                .shop_public_key_set(ACTOR, id, &json!({ "public_key": bad }))
                .await;
            assert!(matches!(refused, Err(AdministrationError::Invalid(_))), "{bad}");
        }
        administration.shop_public_key_delete(ACTOR, id).await.unwrap();
        let again = administration.shop_public_key_delete(ACTOR, id).await;
        assert!(matches!(again, Err(AdministrationError::NotFound(_))));
    }
}
