//! The table of card prefixes: imported.

use super::{Administration, AdministrationError, Changed};
use payments::{
    bins::{Bin, document::Import},
    fields::Problems,
};
use serde_json::{Value, json};
use store::audit::Actor;

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// How many rows were taken.
    pub taken: usize,
    /// Which rows were refused (from 0), and why.
    pub refused: Vec<(usize, Problems)>,
}

impl Administration {
    /// Takes the rows that are right; a prefix that is known already is known as the row says from now on.
    pub async fn bins_import(&self, actor: Actor, document: &Value) -> Result<Imported, AdministrationError> {
        let import = Import::read(document)?;
        let taken = import.bins.len();
        if taken > 0 {
            self.bins_put(actor, &import.bins).await?;
            self.configuration_changed().await;
        }
        Ok(Imported {
            taken,
            refused: import.refused,
        })
    }

    pub(super) async fn bins_put(&self, actor: Actor, bins: &[Bin]) -> Result<(), AdministrationError> {
        let audit = self
            .audit(actor, "bins.import", "bins")
            .showing(None, Some(json!({"rows": bins.len()})));
        Ok(self.store.bins_upsert(bins, &audit).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World};
    use super::*;
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn what_is_imported_is_seen_at_once_and_wrong_rows_are_told(pool: PgPool) {
        let world = World::new(pool);
        let bank = async |digits: &str| {
            let table = world.configuration.bins().table().await.unwrap();
            table.find(digits).and_then(|bin| bin.issuer_bank.clone())
        };
        assert_eq!(bank("40000010").await, None);
        let document = json!({"bins": [
            {"prefix": "400000", "brand": "visa", "issuer_bank": "Banco Uno"}, {"prefix": "4", "brand": "visa"},
        ]});
        let imported = world.administration.bins_import(ACTOR, &document).await.unwrap();
        assert_eq!((imported.taken, imported.refused.len()), (1, 1));
        assert_eq!(bank("40000010").await.as_deref(), Some("Banco Uno"));
        let nothing = json!({"bins": [{}]});
        let imported = world.administration.bins_import(ACTOR, &nothing).await.unwrap();
        assert_eq!((imported.taken, imported.refused[0].0), (0, 0));
        let audit = world.administration.audit_list(None, None, 10).await.unwrap();
        assert_eq!(audit.len(), 1, "an import of nothing changes nothing");
    }
}
