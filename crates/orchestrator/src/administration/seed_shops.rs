//! Seeded shops of the 3DS Server API.

use super::{
    Administration, AdministrationError, Changed,
    shops::{Settings, as_written, read_public_key},
};
use payments::fields::{Fields, Problems, ascii};
use primitives::Secret;
use serde_json::Value;
use store::{
    audit::Actor,
    threeds_server::shops::{CardVaultPair, Shop},
};

const MEMBERS: [&str; 9] = [
    "name",
    "merchant_id",
    "merchant_key",
    "carat_merchant_id",
    "carat_merchant_key",
    "public_key",
    "acquirer_country",
    "reads_per_second",
    "writes_per_second",
];

/// A shop as a seed has it: keys in the clear.
pub(super) struct ShopSeed {
    merchant_id: String,
    merchant_key: Secret<String>,
    card_vault: Option<(String, Secret<String>)>,
    public_key: Option<Vec<u8>>,
    settings: Settings,
}

impl ShopSeed {
    pub(super) fn read(path: &str, value: &Value, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::open(value, path, &MEMBERS, problems)?;
        let settings = Settings::of(&fields, problems);
        let merchant_id = fields.need("merchant_id", ascii(15), problems);
        let merchant_key = fields.need("merchant_key", ascii(80), problems);
        let card_vault_id = fields.take("carat_merchant_id", ascii(15), problems);
        let card_vault_key = fields.take("carat_merchant_key", ascii(80), problems);
        let public_key = fields.take("public_key", read_public_key, problems);
        Some(Self {
            merchant_id: merchant_id?,
            merchant_key: Secret::new(merchant_key?),
            card_vault: card_vault_id.zip(card_vault_key.map(Secret::new)),
            public_key,
            settings: settings?,
        })
    }

    fn apply_to(self, shop: &mut Shop, administration: &Administration) {
        let hash = |key: &Secret<String>| administration.vault.api_key_hash(key.reveal());
        shop.key_hash = hash(&self.merchant_key);
        shop.card_vault = self.card_vault.as_ref().map(|(id, key)| CardVaultPair {
            merchant_id: id.clone(),
            key_hash: hash(key),
        });
        shop.public_key = self.public_key;
        shop.disabled = false;
        self.settings.apply_to(shop);
    }
}

impl Administration {
    /// Makes a shop be as its seed says.
    pub(super) async fn seed_shop(&self, actor: Actor, seed: ShopSeed) -> Result<(), AdministrationError> {
        if let Some(stored) = self.store.shop_named(&seed.merchant_id).await? {
            let mut seeded = stored.clone();
            seed.apply_to(&mut seeded, self);
            if seeded != stored {
                self.shop_change(actor, "shop.update", stored, |shop| *shop = seeded)
                    .await?;
            }
            return Ok(());
        }
        let now = self.clock.now();
        let mut shop = Shop {
            id: (*self.clock).fresh_id(),
            merchant_id: seed.merchant_id.clone(),
            name: String::new(),
            key_hash: [0; 32],
            card_vault: None,
            public_key: None,
            acquirer_country: None,
            reads_per_second: None,
            writes_per_second: None,
            disabled: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        seed.apply_to(&mut shop, self);
        let audit = self
            .audit(actor, "shop.create", shop.id)
            .showing(None, Some(as_written(&shop)));
        Ok(self.store.shop_insert(&shop, &audit).await?)
    }
}
