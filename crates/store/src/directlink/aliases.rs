//! Cards that DirectLink's shops pay with by a name.
//!
//! An order's card is proposed before anything is charged, and becomes the name's in the transaction that records the
//! authorisation, or is forgotten in the one that records another end ([`crate::recording::Recording::card_to_keep`]). So a name
//! has the card that was authorised under it last, and an order that is refused leaves it as it was.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use payments::{Order, PaymentState, directlink::CardFate};
use primitives::{Brand, Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// An order's card, to be kept under a name once it is authorised.
#[derive(Debug, Clone)]
pub struct ProposedCard<'a> {
    pub pspid: &'a str,
    /// 1 to 50 letters, digits, `_` and `-`.
    pub alias: &'a str,
    pub merchant: Id<kind::Merchant>,
    pub order: Id<kind::Order>,
    /// Number, expiry and holder, for this account and this name.
    pub sealed: Vec<u8>,
    /// Keyed hash of the number.
    pub fingerprint: [u8; 32],
    /// All but the last four digits are `X`.
    pub masked_number: String,
    pub brand: Brand,
    /// As `2030-12`.
    pub expiry: String,
    pub created_at: OffsetDateTime,
}

/// A card as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAlias {
    pub sealed: Vec<u8>,
    /// The scheme's id of the charge that brought the card, where the processor told it.
    pub network_transaction_id: Option<String>,
}

/// A name, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAlias {
    pub alias: String,
    pub masked_number: String,
    pub brand: String,
    /// As `2030-12`.
    pub expiry: String,
    pub created_at: OffsetDateTime,
    /// When an authorised order brought the card, or its expiry, last.
    pub updated_at: OffsetDateTime,
}

impl Store {
    /// Writes an order's card beside the order, which has its number already.
    pub async fn directlink_alias_propose(&self, card: &ProposedCard<'_>) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO directlink_aliases_proposed (merchant_id, order_id, pspid, alias, sealed_card, fingerprint,
                                                      masked_number, brand, expiry, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            card.merchant.uuid(),
            card.order.uuid(),
            card.pspid,
            card.alias,
            card.sealed,
            card.fingerprint.as_slice(),
            card.masked_number,
            card.brand.as_str(),
            card.expiry,
            card.created_at,
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// The card that an account keeps under a name.
    pub async fn directlink_alias_load(
        &self,
        pspid: &str,
        alias: &str,
    ) -> Result<Option<SealedAlias>, StoreError> {
        Ok(sqlx::query_as!(
            SealedAlias,
            "SELECT sealed_card AS sealed, network_transaction_id FROM directlink_aliases WHERE pspid = $1 AND alias = $2",
            pspid,
            alias,
        )
        .fetch_optional(self.pool())
        .await?)
    }

    /// An account's names in their order: up to `limit` of those after `after`.
    pub async fn directlink_aliases_list(
        &self,
        pspid: &str,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<ListedAlias>, StoreError> {
        Ok(sqlx::query_as!(
            ListedAlias,
            "SELECT alias, masked_number, brand, expiry, created_at, updated_at FROM directlink_aliases
             WHERE pspid = $1 AND alias > $2 ORDER BY alias LIMIT $3",
            pspid,
            after.unwrap_or_default(),
            limit,
        )
        .fetch_all(self.pool())
        .await?)
    }

    /// Deletes a name with its card, and what open orders would put there. `false`: there is no such name.
    pub async fn directlink_alias_delete(
        &self,
        pspid: &str,
        alias: &str,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        // In the order in which an authorisation takes them: it either comes first and is deleted below, or finds nothing.
        sqlx::query!(
            "DELETE FROM directlink_aliases_proposed WHERE pspid = $1 AND alias = $2",
            pspid,
            alias,
        )
        .execute(&mut *transaction)
        .await?;
        let deleted = sqlx::query!(
            "DELETE FROM directlink_aliases WHERE pspid = $1 AND alias = $2",
            pspid,
            alias,
        )
        .execute(&mut *transaction)
        .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Deletes the cards that were proposed before that time for orders that nobody tried to pay: no step of theirs will.
    /// Answers how many.
    pub async fn directlink_aliases_prune(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let pruned = sqlx::query!(
            "DELETE FROM directlink_aliases_proposed p
             WHERE created_at < $1
                   AND NOT EXISTS (SELECT FROM orders
                                   WHERE merchant_id = p.merchant_id AND id = p.order_id AND payment_id IS NOT NULL)",
            before,
        )
        .execute(self.pool())
        .await?;
        Ok(pruned.rows_affected())
    }
}

/// Does with an order's card what its end means: nothing where none was proposed.
pub(crate) async fn alias_settle_in(
    connection: &mut PgConnection,
    order: &Order,
    fate: CardFate,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    match fate {
        CardFate::Kept => alias_keep_in(connection, order, now).await,
        CardFate::Forgotten => {
            sqlx::query!(
                "DELETE FROM directlink_aliases_proposed WHERE merchant_id = $1 AND order_id = $2",
                order.merchant.uuid(),
                order.id.uuid(),
            )
            .execute(connection)
            .await?;
            Ok(())
        }
    }
}

/// A card that was there before keeps the scheme's id of its charge where this one's processor tells none.
async fn alias_keep_in(
    connection: &mut PgConnection,
    order: &Order,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let network_transaction_id = order.payment.as_ref().and_then(|payment| match &payment.state {
        PaymentState::Authorized(paid) => paid.approval.network_transaction_id.as_deref(),
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => None,
    });
    sqlx::query!(
        "WITH proposed AS (
             DELETE FROM directlink_aliases_proposed WHERE merchant_id = $1 AND order_id = $2 RETURNING *
         )
         INSERT INTO directlink_aliases AS kept (pspid, alias, merchant_id, order_id, sealed_card, fingerprint, masked_number,
                                                 brand, expiry, network_transaction_id, created_at, updated_at)
         SELECT pspid, alias, merchant_id, order_id, sealed_card, fingerprint, masked_number, brand, expiry, $3, $4, $4
         FROM proposed
         ON CONFLICT (pspid, alias) DO UPDATE
         SET merchant_id = excluded.merchant_id, order_id = excluded.order_id, sealed_card = excluded.sealed_card,
             fingerprint = excluded.fingerprint, masked_number = excluded.masked_number, brand = excluded.brand,
             expiry = excluded.expiry, updated_at = excluded.updated_at,
             network_transaction_id = COALESCE(excluded.network_transaction_id,
                                               CASE WHEN kept.fingerprint = excluded.fingerprint
                                                    THEN kept.network_transaction_id END)",
        order.merchant.uuid(),
        order.id.uuid(),
        network_transaction_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
