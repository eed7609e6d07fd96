//! Accounts of DirectLink.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use primitives::{Id, id::kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// An account: what a shop calls itself by, and the merchant behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// At most 30 characters.
    pub pspid: String,
    pub merchant: Id<kind::Merchant>,
    /// Charges go to the merchant's connections of this processor only.
    pub processor: Option<String>,
    /// `sha1`, `sha256` or `sha512`.
    pub hash: String,
    /// The passphrase that requests are signed with, sealed; `None`: they need no signature.
    pub sha_in_sealed: Option<Vec<u8>>,
    /// The passphrase that feedback is signed with, sealed.
    pub sha_out_sealed: Option<Vec<u8>>,
    /// `RES` or `SAL`: what an order does that does not say.
    pub operation: String,
    /// Networks in CIDR form that requests may come from; empty: any.
    pub allowed_addresses: Vec<String>,
    pub urls: AccountUrls,
    pub feedback_on_redirect: bool,
    pub post_sale: PostSale,
    /// How often a shopper may try to pay one order.
    pub attempts_max: u8,
    pub disabled: bool,
    /// The version that was read.
    pub version: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// Where browsers go, where a request does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountUrls {
    pub accept: Option<String>,
    pub decline: Option<String>,
    pub exception: Option<String>,
    pub cancel: Option<String>,
}

/// Requests to the shop's server about how a payment ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostSale {
    /// What was accepted, is open or uncertain.
    pub accept_url: Option<String>,
    /// What was refused or cancelled.
    pub decline_url: Option<String>,
    /// What became of it later.
    pub change_url: Option<String>,
    /// `GET` or `POST`.
    pub method: String,
    /// Whether the browser goes on to the shop only once the shop's server was told, or that took too long.
    pub online: bool,
}

/// An account's passphrases as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPassphrases {
    pub pspid: String,
    pub sha_in_sealed: Option<Vec<u8>>,
    pub sha_out_sealed: Option<Vec<u8>>,
}

/// `post_sale_timing` of accounts whose browsers do not wait.
const DEFERRED: &str = "deferred";
/// That of accounts whose browsers do.
const ONLINE: &str = "online";

struct Row {
    pspid: String,
    merchant_id: Uuid,
    processor: Option<String>,
    hash: String,
    sha_in_sealed: Option<Vec<u8>>,
    sha_out_sealed: Option<Vec<u8>>,
    operation: String,
    allowed_addresses: Vec<String>,
    accept_url: Option<String>,
    decline_url: Option<String>,
    exception_url: Option<String>,
    cancel_url: Option<String>,
    feedback_on_redirect: bool,
    post_sale_accept_url: Option<String>,
    post_sale_decline_url: Option<String>,
    post_sale_change_url: Option<String>,
    post_sale_method: String,
    post_sale_timing: String,
    attempts_max: i16,
    status: String,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Account {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "directlink_accounts",
            column,
            key: row.pspid.clone(),
        };
        let online = match row.post_sale_timing.as_str() {
            DEFERRED => false,
            ONLINE => true,
            _ => return Err(corrupt("post_sale_timing")),
        };
        Ok(Self {
            disabled: match row.status.as_str() {
                "active" => false,
                "disabled" => true,
                _ => return Err(corrupt("status")),
            },
            attempts_max: u8::try_from(row.attempts_max).map_err(|_| corrupt("attempts_max"))?,
            pspid: row.pspid,
            merchant: Id::from_uuid(row.merchant_id),
            processor: row.processor,
            hash: row.hash,
            sha_in_sealed: row.sha_in_sealed,
            sha_out_sealed: row.sha_out_sealed,
            operation: row.operation,
            allowed_addresses: row.allowed_addresses,
            urls: AccountUrls {
                accept: row.accept_url,
                decline: row.decline_url,
                exception: row.exception_url,
                cancel: row.cancel_url,
            },
            feedback_on_redirect: row.feedback_on_redirect,
            post_sale: PostSale {
                accept_url: row.post_sale_accept_url,
                decline_url: row.post_sale_decline_url,
                change_url: row.post_sale_change_url,
                method: row.post_sale_method,
                online,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Account {
    fn status(&self) -> &'static str {
        if self.disabled { "disabled" } else { "active" }
    }

    fn post_sale_timing(&self) -> &'static str {
        if self.post_sale.online { ONLINE } else { DEFERRED }
    }
}

impl Store {
    /// Stores a new account.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is another account's.
    pub async fn directlink_account_insert(
        &self,
        account: &Account,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO directlink_accounts (pspid, merchant_id, processor, hash, sha_in_sealed, sha_out_sealed, operation,
                 allowed_addresses, accept_url, decline_url, exception_url, cancel_url, feedback_on_redirect,
                 post_sale_accept_url, post_sale_decline_url, post_sale_change_url, post_sale_method, attempts_max, status,
                 post_sale_timing, version, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[]::cidr[], $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $21,
                 1, $20, $20)",
            account.pspid,
            account.merchant.uuid(),
            account.processor,
            account.hash,
            account.sha_in_sealed,
            account.sha_out_sealed,
            account.operation,
            &account.allowed_addresses,
            account.urls.accept,
            account.urls.decline,
            account.urls.exception,
            account.urls.cancel,
            account.feedback_on_redirect,
            account.post_sale.accept_url,
            account.post_sale.decline_url,
            account.post_sale.change_url,
            account.post_sale.method,
            i16::from(account.attempts_max),
            account.status(),
            account.created_at,
            account.post_sale_timing(),
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Writes everything about an account that can change. [`StoreError::Changed`]: it is no longer at the version that was
    /// read.
    pub async fn directlink_account_update(
        &self,
        account: &Account,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        let written = sqlx::query!(
            "UPDATE directlink_accounts
             SET processor = $3, hash = $4, sha_in_sealed = $5, sha_out_sealed = $6, operation = $7,
                 allowed_addresses = $8::text[]::cidr[], accept_url = $9, decline_url = $10, exception_url = $11,
                 cancel_url = $12, feedback_on_redirect = $13, post_sale_accept_url = $14, post_sale_decline_url = $15,
                 post_sale_change_url = $16, post_sale_method = $17, attempts_max = $18, status = $19,
                 post_sale_timing = $21, version = version + 1, updated_at = $20
             WHERE pspid = $1 AND version = $2",
            account.pspid,
            account.version,
            account.processor,
            account.hash,
            account.sha_in_sealed,
            account.sha_out_sealed,
            account.operation,
            &account.allowed_addresses,
            account.urls.accept,
            account.urls.decline,
            account.urls.exception,
            account.urls.cancel,
            account.feedback_on_redirect,
            account.post_sale.accept_url,
            account.post_sale.decline_url,
            account.post_sale.change_url,
            account.post_sale.method,
            i16::from(account.attempts_max),
            account.status(),
            account.updated_at,
            account.post_sale_timing(),
        )
        .execute(&mut *transaction)
        .await?;
        if written.rows_affected() == 0 {
            return Err(StoreError::Changed);
        }
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// The account of that name.
    pub async fn directlink_account_load(&self, pspid: &str) -> Result<Option<Account>, StoreError> {
        sqlx::query_as!(
            Row,
            r#"SELECT pspid, merchant_id, processor, hash, sha_in_sealed, sha_out_sealed, operation,
                 allowed_addresses::text[] AS "allowed_addresses!", accept_url, decline_url, exception_url, cancel_url,
                 feedback_on_redirect, post_sale_accept_url, post_sale_decline_url, post_sale_change_url, post_sale_method,
                 post_sale_timing, attempts_max, status, version, created_at, updated_at
             FROM directlink_accounts WHERE pspid = $1"#,
            pspid,
        )
        .fetch_optional(self.pool())
        .await?
        .map(Account::try_from)
        .transpose()
    }

    /// A merchant's accounts by name: up to `limit` of those after `after`.
    pub async fn directlink_accounts_list(
        &self,
        merchant: Id<kind::Merchant>,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Account>, StoreError> {
        sqlx::query_as!(
            Row,
            r#"SELECT pspid, merchant_id, processor, hash, sha_in_sealed, sha_out_sealed, operation,
                 allowed_addresses::text[] AS "allowed_addresses!", accept_url, decline_url, exception_url, cancel_url,
                 feedback_on_redirect, post_sale_accept_url, post_sale_decline_url, post_sale_change_url, post_sale_method,
                 post_sale_timing, attempts_max, status, version, created_at, updated_at
             FROM directlink_accounts WHERE merchant_id = $1 AND pspid > $2 ORDER BY pspid LIMIT $3"#,
            merchant.uuid(),
            after.unwrap_or_default(),
            limit,
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(Account::try_from)
        .collect()
    }

    /// The sealed passphrases of up to `limit` accounts after `after`, by name: for requests, and for feedback.
    pub async fn directlink_passphrases_list(
        &self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<SealedPassphrases>, StoreError> {
        Ok(sqlx::query_as!(
            SealedPassphrases,
            "SELECT pspid, sha_in_sealed, sha_out_sealed FROM directlink_accounts
             WHERE pspid > $1 ORDER BY pspid LIMIT $2",
            after,
            limit,
        )
        .fetch_all(self.pool())
        .await?)
    }

    /// Puts `new` where `old` is, which says the same. Answers `false` when something else is there by now, or nothing.
    pub async fn directlink_passphrases_replace(
        &self,
        old: &SealedPassphrases,
        new: &SealedPassphrases,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query!(
            "UPDATE directlink_accounts SET sha_in_sealed = $4, sha_out_sealed = $5
             WHERE pspid = $1 AND sha_in_sealed IS NOT DISTINCT FROM $2 AND sha_out_sealed IS NOT DISTINCT FROM $3",
            old.pspid,
            old.sha_in_sealed,
            old.sha_out_sealed,
            new.sha_in_sealed,
            new.sha_out_sealed,
        );
        Ok(query.execute(self.pool()).await?.rows_affected() == 1)
    }
}
