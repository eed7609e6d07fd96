//! Card products, and which account numbers belong to them.

use super::issuers::{read_issuer, read_policy};
use super::{Store, StoreError};
use crate::identifiers::{IssuerId, ProductId};
use crate::policy::Policy;
use emv3ds::message::RangeBound;
use primitives::{Brand, Pan};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The constraint that keeps every two ranges apart.
const RANGES_APART: &str = "card_ranges_apart";

/// Account numbers from one to another, both included; as many digits in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRange {
    /// The first.
    pub start: RangeBound,
    /// The last.
    pub end: RangeBound,
}

/// A card product: a name of the issuer's for cards of one brand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Whose it is.
    pub issuer: IssuerId,
    /// Its name on the wire.
    pub product: ProductId,
    /// The card scheme, and so the directory server.
    pub brand: Brand,
    /// Its name for people.
    pub name: String,
    /// Its account numbers.
    pub ranges: Vec<CardRange>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When anything of it last changed.
    pub updated_at: OffsetDateTime,
}

/// What came of writing a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductWritten {
    /// It is new.
    Created,
    /// It was there and is now as said.
    Replaced,
    /// One of its ranges holds numbers of another product, of this issuer or another; nothing was written.
    Overlaps,
    /// It has cards and another brand; nothing was written.
    HasCards,
}

/// The product that a number belongs to, with the issuer's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductOfNumber {
    /// Whose it is.
    pub issuer: IssuerId,
    /// What the issuer set.
    pub policy: Policy,
    /// The product.
    pub product: ProductId,
    /// The card scheme.
    pub brand: Brand,
}

/// A range with the names it belongs to, as a directory server wants to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeOfProduct {
    /// Whose it is.
    pub issuer: IssuerId,
    /// The product.
    pub product: ProductId,
    /// The card scheme.
    pub brand: Brand,
    /// The numbers.
    pub range: CardRange,
}

struct Row {
    issuer_id: String,
    product_id: String,
    brand: String,
    name: String,
    range_starts: Vec<String>,
    range_ends: Vec<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Product {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let ranges = row.range_starts.iter().zip(&row.range_ends);
        Ok(Self {
            issuer: read_issuer(&row.issuer_id, "products")?,
            product: read_product(&row.product_id)?,
            brand: read_brand(&row.brand, &row.product_id)?,
            ranges: ranges
                .map(|(start, end)| read_range(start, end))
                .collect::<Result<_, _>>()?,
            name: row.name,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(crate) fn read_product(text: &str) -> Result<ProductId, StoreError> {
    ProductId::parse(text).ok_or_else(|| StoreError::Corrupt {
        table: "products",
        column: "product_id",
        key: text.to_owned(),
    })
}

pub(crate) fn read_brand(text: &str, product: &str) -> Result<Brand, StoreError> {
    Brand::parse(text).ok_or_else(|| StoreError::Corrupt {
        table: "products",
        column: "brand",
        key: product.to_owned(),
    })
}

fn read_range(start: &str, end: &str) -> Result<CardRange, StoreError> {
    match (RangeBound::parse(start), RangeBound::parse(end)) {
        (Some(start), Some(end)) => Ok(CardRange { start, end }),
        _ => Err(StoreError::Corrupt {
            table: "card_ranges",
            column: "range_start",
            key: start.to_owned(),
        }),
    }
}

/// Writes a product and exactly its ranges, all or nothing.
///
/// # Errors
/// When the database does not answer, or there is no such issuer.
pub async fn put(store: &Store, product: &Product) -> Result<ProductWritten, StoreError> {
    let mut transaction = store.pool().begin().await?;
    let written = put_product_in(&mut transaction, product).await?;
    if written == ProductWritten::HasCards {
        return Ok(written);
    }
    match put_ranges_in(&mut transaction, product).await {
        Ok(()) => {}
        Err(StoreError::Database(sqlx::Error::Database(refusal)))
            if refusal.constraint() == Some(RANGES_APART) =>
        {
            return Ok(ProductWritten::Overlaps);
        }
        Err(fault) => return Err(fault),
    }
    transaction.commit().await?;
    Ok(written)
}

async fn put_product_in(
    connection: &mut PgConnection,
    product: &Product,
) -> Result<ProductWritten, StoreError> {
    // A card's number tells its brand, so the brand of a product with cards cannot change.
    let created = sqlx::query_scalar!(
        r#"INSERT INTO acs.products AS p (issuer_id, product_id, brand, name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (issuer_id, product_id) DO UPDATE
         SET brand = excluded.brand, name = excluded.name, updated_at = excluded.updated_at
         WHERE p.brand = excluded.brand
             OR NOT EXISTS (SELECT FROM acs.cards c WHERE c.issuer_id = p.issuer_id AND c.product_id = p.product_id)
         RETURNING (xmax = 0) AS "created!""#,
        product.issuer.as_str(),
        product.product.as_str(),
        product.brand.as_str(),
        product.name,
        product.created_at,
        product.updated_at,
    )
    .fetch_optional(connection)
    .await?;
    Ok(match created {
        Some(true) => ProductWritten::Created,
        Some(false) => ProductWritten::Replaced,
        None => ProductWritten::HasCards,
    })
}

async fn put_ranges_in(connection: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    let starts: Vec<String> = product
        .ranges
        .iter()
        .map(|range| range.start.to_string())
        .collect();
    let ends: Vec<String> = product.ranges.iter().map(|range| range.end.to_string()).collect();
    sqlx::query!(
        "DELETE FROM acs.card_ranges WHERE issuer_id = $1 AND product_id = $2",
        product.issuer.as_str(),
        product.product.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO acs.card_ranges (issuer_id, product_id, range_start, range_end)
         SELECT $1, $2, range_start, range_end FROM unnest($3::text[], $4::text[]) AS r (range_start, range_end)",
        product.issuer.as_str(),
        product.product.as_str(),
        &starts,
        &ends,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One product of an issuer.
///
/// # Errors
/// When the database does not answer.
pub async fn load(
    store: &Store,
    issuer: &IssuerId,
    product: &ProductId,
) -> Result<Option<Product>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT issuer_id, product_id, brand, name, created_at, updated_at,
             ARRAY(SELECT range_start FROM acs.card_ranges r WHERE r.issuer_id = p.issuer_id
                 AND r.product_id = p.product_id ORDER BY range_start) AS "range_starts!",
             ARRAY(SELECT range_end FROM acs.card_ranges r WHERE r.issuer_id = p.issuer_id
                 AND r.product_id = p.product_id ORDER BY range_start) AS "range_ends!"
         FROM acs.products p WHERE issuer_id = $1 AND product_id = $2"#,
        issuer.as_str(),
        product.as_str(),
    )
    .fetch_optional(store.pool())
    .await?
    .map(Product::try_from)
    .transpose()
}

/// The products of an issuer, by name on the wire.
///
/// # Errors
/// When the database does not answer.
pub async fn list(store: &Store, issuer: &IssuerId) -> Result<Vec<Product>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT issuer_id, product_id, brand, name, created_at, updated_at,
             ARRAY(SELECT range_start FROM acs.card_ranges r WHERE r.issuer_id = p.issuer_id
                 AND r.product_id = p.product_id ORDER BY range_start) AS "range_starts!",
             ARRAY(SELECT range_end FROM acs.card_ranges r WHERE r.issuer_id = p.issuer_id
                 AND r.product_id = p.product_id ORDER BY range_start) AS "range_ends!"
         FROM acs.products p WHERE issuer_id = $1 ORDER BY product_id"#,
        issuer.as_str(),
    )
    .fetch_all(store.pool())
    .await?
    .into_iter()
    .map(Product::try_from)
    .collect()
}

/// What came of deleting something that others may hang on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// There was none.
    Unknown,
    /// Something still hangs on it.
    InUse,
}

/// Deletes a product with its ranges, unless cards hang on it.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(store: &Store, issuer: &IssuerId, product: &ProductId) -> Result<Deleted, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM acs.products WHERE issuer_id = $1 AND product_id = $2",
        issuer.as_str(),
        product.as_str(),
    )
    .execute(store.pool())
    .await;
    match done {
        Ok(done) if done.rows_affected() == 1 => Ok(Deleted::Done),
        Ok(_) => Ok(Deleted::Unknown),
        Err(sqlx::Error::Database(refusal)) if refusal.is_foreign_key_violation() => Ok(Deleted::InUse),
        Err(fault) => Err(fault.into()),
    }
}

/// The product that an account number belongs to, whether or not its card is registered.
///
/// # Errors
/// When the database does not answer.
pub async fn of_number(store: &Store, number: &Pan) -> Result<Option<ProductOfNumber>, StoreError> {
    let found = sqlx::query!(
        "SELECT p.issuer_id, p.product_id, p.brand, i.policy
         FROM acs.card_ranges r
         JOIN acs.products p USING (issuer_id, product_id)
         JOIN acs.issuers i USING (issuer_id)
         WHERE numrange(r.range_start::numeric, r.range_end::numeric, '[]') @> ($1::text)::numeric",
        number.reveal(),
    )
    .fetch_optional(store.pool())
    .await?;
    found
        .map(|row| {
            Ok(ProductOfNumber {
                issuer: read_issuer(&row.issuer_id, "products")?,
                policy: read_policy(row.policy, &row.issuer_id)?,
                product: read_product(&row.product_id)?,
                brand: read_brand(&row.brand, &row.product_id)?,
            })
        })
        .transpose()
}

/// Every range of every product: what directory servers list for this service.
///
/// # Errors
/// When the database does not answer.
pub async fn ranges(store: &Store) -> Result<Vec<RangeOfProduct>, StoreError> {
    let rows = sqlx::query!(
        "SELECT r.issuer_id, r.product_id, p.brand, r.range_start, r.range_end
         FROM acs.products p JOIN acs.card_ranges r USING (issuer_id, product_id)
         ORDER BY r.issuer_id, r.product_id, r.range_start",
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(RangeOfProduct {
                issuer: read_issuer(&row.issuer_id, "card_ranges")?,
                brand: read_brand(&row.brand, &row.product_id)?,
                range: read_range(&row.range_start, &row.range_end)?,
                product: read_product(&row.product_id)?,
            })
        })
        .collect()
}
