//! What issuer identification numbers tell of a card.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use payments::bins::{Bin, BinTable, CardType};
use primitives::{Brand, Country, Currency};

struct Row {
    prefix: String,
    brand: String,
    card_type: Option<String>,
    issuer_bank: Option<String>,
    issuer_country: Option<String>,
    currency: Option<String>,
}

impl TryFrom<Row> for Bin {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "bins",
            column,
            key: row.prefix.clone(),
        };
        let card_type = |text: &String| {
            let known = CardType::WORDS.iter().find(|(word, _)| word == text);
            known
                .map(|(_, card_type)| *card_type)
                .ok_or_else(|| corrupt("card_type"))
        };
        let country = |text: &String| Country::parse(text).map_err(|_| corrupt("issuer_country"));
        let currency = |text: &String| Currency::parse(text).map_err(|_| corrupt("currency"));
        Ok(Self {
            brand: Brand::parse(&row.brand).ok_or_else(|| corrupt("brand"))?,
            card_type: row.card_type.as_ref().map(card_type).transpose()?,
            issuer_country: row.issuer_country.as_ref().map(country).transpose()?,
            currency: row.currency.as_ref().map(currency).transpose()?,
            issuer_bank: row.issuer_bank,
            prefix: row.prefix,
        })
    }
}

impl Store {
    /// Sets what is known of these prefixes; of one that is there twice, the last row counts. The time is the audit entry's.
    pub async fn bins_upsert(&self, bins: &[Bin], audit: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        let texts = |text: fn(&Bin) -> Option<String>| bins.iter().map(text).collect::<Vec<_>>();
        let prefixes: Vec<_> = bins.iter().map(|bin| bin.prefix.clone()).collect();
        let brands: Vec<_> = bins.iter().map(|bin| bin.brand.as_str().to_owned()).collect();
        sqlx::query!(
            "INSERT INTO bins (prefix, brand, card_type, issuer_bank, issuer_country, currency, updated_at)
             SELECT DISTINCT ON (prefix) prefix, brand, card_type, issuer_bank, issuer_country, currency, $7
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
                  WITH ORDINALITY AS row (prefix, brand, card_type, issuer_bank, issuer_country, currency, number)
             ORDER BY prefix, number DESC
             ON CONFLICT (prefix) DO UPDATE SET brand = excluded.brand, card_type = excluded.card_type,
                 issuer_bank = excluded.issuer_bank, issuer_country = excluded.issuer_country,
                 currency = excluded.currency, updated_at = excluded.updated_at",
            &prefixes,
            &brands,
            &texts(|bin| bin.card_type.map(|it| it.as_str().to_owned())) as &[Option<String>],
            &texts(|bin| bin.issuer_bank.clone()) as &[Option<String>],
            &texts(|bin| bin.issuer_country.map(|it| it.alpha2().to_owned())) as &[Option<String>],
            &texts(|bin| bin.currency.map(|it| it.code().to_owned())) as &[Option<String>],
            audit.at,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO bin_imports (at, rows) VALUES ($1, $2)",
            audit.at,
            i32::try_from(bins.len()).unwrap_or(i32::MAX),
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// All that is known.
    pub async fn bins_load(&self) -> Result<BinTable, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT prefix, brand, card_type, issuer_bank, issuer_country, currency FROM bins",
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(Bin::try_from)
        .collect()
    }

    /// Counts the changes of the table; 0 before the first.
    pub async fn bins_version(&self) -> Result<i64, StoreError> {
        Ok(
            sqlx::query_scalar!(r#"SELECT COALESCE(max(id), 0) AS "version!" FROM bin_imports"#)
                .fetch_one(self.pool())
                .await?,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::audit;
    use sqlx::PgPool;

    fn bin(prefix: &str, bank: Option<&str>) -> Bin {
        Bin {
            prefix: prefix.to_owned(),
            brand: Brand::Visa,
            card_type: bank.map(|_| CardType::Prepaid),
            issuer_bank: bank.map(str::to_owned),
            issuer_country: bank.and_then(|_| Country::parse("MX").ok()),
            currency: bank.map(|_| Currency::MXN),
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn what_is_imported_last_counts_and_the_version_tells_of_it(pool: PgPool) {
        let store = Store::from_pool(pool);
        assert_eq!(store.bins_version().await.unwrap(), 0);
        let first = [
            bin("400000", None),
            bin("400000", Some("Uno")),
            bin("40000010", Some("Ocho")),
        ];
        store.bins_upsert(&first, &audit("bins.import")).await.unwrap();
        let version = store.bins_version().await.unwrap();
        assert!(version > 0);
        let table = store.bins_load().await.unwrap();
        assert_eq!(table.len(), 2);
        assert_eq!(table.find("40000099"), Some(&first[1]));
        assert_eq!(table.find("4000001000000000"), Some(&first[2]));
        store
            .bins_upsert(&[bin("400000", Some("Dos"))], &audit("bins.import"))
            .await
            .unwrap();
        assert!(store.bins_version().await.unwrap() > version);
        let table = store.bins_load().await.unwrap();
        assert_eq!(table.find("400000").unwrap().issuer_bank.as_deref(), Some("Dos"));
    }
}
