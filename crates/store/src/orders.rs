//! Orders with the payment that counts: read whole, never in part.

use crate::{Store, StoreError};
use payments::{
    Lifecycle, Numbering, Order, Payment, PaymentState,
    history::History,
    payment::{Authenticated, Authorized},
    totals::Totals,
};
use primitives::{Amount, Currency, Email, HttpUrl, Id, UrlPolicy, id::kind};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// An order's row, joined with one payment's.
struct Row {
    merchant_id: Uuid,
    id: Uuid,
    reference: String,
    numbering: String,
    order_type: String,
    store_code: String,
    currency: String,
    total_amount: i64,
    details: Json<serde_json::Map<String, serde_json::Value>>,
    notify_url: Option<String>,
    callbacks: Json<payments::Callbacks>,
    payer_email: Option<String>,
    lifecycle: String,
    payments: i16,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    payment_id: Option<Uuid>,
    number: Option<i16>,
    state_data: Option<Json<PaymentState>>,
    amount: Option<i64>,
    authorized: Option<i64>,
    capturing: Option<i64>,
    captured: Option<i64>,
    refunding: Option<i64>,
    refunded: Option<i64>,
    card: Option<Json<payments::payment::CardFacts>>,
    terms: Option<Json<payments::payment::Terms>>,
    routes: Option<Json<Vec<payments::routing::Route>>>,
    authentication: Option<Json<Authenticated>>,
    history: Option<Json<History>>,
    payment_created_at: Option<OffsetDateTime>,
    payment_updated_at: Option<OffsetDateTime>,
}

impl Store {
    /// An order with its latest payment.
    pub async fn order_load(
        &self,
        merchant: Id<kind::Merchant>,
        order: Id<kind::Order>,
    ) -> Result<Option<Order>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            r#"SELECT o.merchant_id, o.id, o.reference, o.numbering, o.order_type, o.store_code, o.currency, o.total_amount,
                      o.details AS "details: _", o.notify_url, o.callbacks AS "callbacks: _", o.payer_email, o.lifecycle,
                      o.payments, o.version, o.created_at, o.updated_at,
                      p.id AS "payment_id?", p.number AS "number?", p.state_data AS "state_data?: _",
                      p.amount AS "amount?", p.authorized AS "authorized?", p.capturing AS "capturing?",
                      p.captured AS "captured?", p.refunding AS "refunding?", p.refunded AS "refunded?",
                      p.card AS "card?: _", p.terms AS "terms?: _", p.routes AS "routes?: _",
                      p.authentication AS "authentication?: _", p.history AS "history?: _", p.created_at AS "payment_created_at?",
                      p.updated_at AS "payment_updated_at?"
               FROM orders o LEFT JOIN LATERAL (
                   -- Kept whole by OFFSET, so that a plan made while there were few payments goes by their key as well.
                   SELECT * FROM payments WHERE merchant_id = o.merchant_id AND id = o.payment_id OFFSET 0
               ) p ON true
               WHERE o.merchant_id = $1 AND o.id = $2"#,
            merchant.uuid(),
            order.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        row.map(Order::try_from).transpose()
    }

    /// An order with one particular payment of its in place of the latest: for a look at a payment that another has
    /// followed since.
    pub async fn order_load_with_payment(
        &self,
        merchant: Id<kind::Merchant>,
        order: Id<kind::Order>,
        payment: Id<kind::Payment>,
    ) -> Result<Option<Order>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            r#"SELECT o.merchant_id, o.id, o.reference, o.numbering, o.order_type, o.store_code, o.currency, o.total_amount,
                      o.details AS "details: _", o.notify_url, o.callbacks AS "callbacks: _", o.payer_email, o.lifecycle,
                      o.payments, o.version, o.created_at, o.updated_at,
                      p.id AS "payment_id?", p.number AS "number?", p.state_data AS "state_data?: _",
                      p.amount AS "amount?", p.authorized AS "authorized?", p.capturing AS "capturing?",
                      p.captured AS "captured?", p.refunding AS "refunding?", p.refunded AS "refunded?",
                      p.card AS "card?: _", p.terms AS "terms?: _", p.routes AS "routes?: _",
                      p.authentication AS "authentication?: _", p.history AS "history?: _", p.created_at AS "payment_created_at?",
                      p.updated_at AS "payment_updated_at?"
               FROM orders o JOIN payments p ON p.merchant_id = o.merchant_id AND p.order_id = o.id
               WHERE o.merchant_id = $1 AND o.id = $2 AND p.id = $3"#,
            merchant.uuid(),
            order.uuid(),
            payment.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        row.map(Order::try_from).transpose()
    }

    /// Whose page a token opens. The page is public: the token alone says which payment it is for.
    pub async fn payment_by_page_token(&self, token: &str) -> Result<Option<PaymentKey>, StoreError> {
        let row = sqlx::query!(
            "SELECT merchant_id, order_id, id FROM payments WHERE page_token = $1",
            token
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| PaymentKey {
            merchant: Id::from_uuid(row.merchant_id),
            order: Id::from_uuid(row.order_id),
            payment: Id::from_uuid(row.id),
        }))
    }

    /// The token of a payment's page, once it has had one.
    pub async fn page_token_of(&self, of: PaymentKey) -> Result<Option<String>, StoreError> {
        let token = sqlx::query_scalar!(
            "SELECT page_token FROM payments WHERE merchant_id = $1 AND id = $2",
            of.merchant.uuid(),
            of.payment.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(token.flatten())
    }

    /// Who has the claim to that reference of the merchant's within its numbering, if it is an order other than the one named.
    pub async fn reference_claim(
        &self,
        merchant: Id<kind::Merchant>,
        numbering: &Numbering,
        reference: &str,
        other_than: Option<Id<kind::Order>>,
    ) -> Result<Option<ReferenceClaim>, StoreError> {
        let paid = sqlx::query_scalar!(
            r#"SELECT state = 'authorized' AS "paid!" FROM payments
               WHERE merchant_id = $1 AND numbering = $2 AND reference = $3 AND order_id IS DISTINCT FROM $4"#,
            merchant.uuid(),
            numbering.name(),
            reference,
            other_than.map(Id::uuid),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(paid.map(|paid| {
            if paid {
                ReferenceClaim::Paid
            } else {
                ReferenceClaim::BeingPaid
            }
        }))
    }
}

/// What the payment that claims a reference has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceClaim {
    /// Its outcome is still to come; it may yet be denied.
    BeingPaid,
    /// It took or holds money, and not all of that was given back.
    Paid,
}

/// Which payment of which order of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PaymentKey {
    pub merchant: Id<kind::Merchant>,
    pub order: Id<kind::Order>,
    pub payment: Id<kind::Payment>,
}

impl TryFrom<Row> for Order {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.id;
        let corrupt = |column| StoreError::Corrupt {
            table: "orders",
            column,
            key: key.to_string(),
        };
        let currency = Currency::parse(&row.currency).map_err(|_| corrupt("currency"))?;
        let url = |text: String| {
            // The policy was applied when the URL came in; what is stored may be a sandbox's.
            HttpUrl::parse(&text, UrlPolicy::LoopbackHttpToo).map_err(|_| corrupt("notify_url"))
        };
        let lifecycle = match row.lifecycle.as_str() {
            "open" => Lifecycle::Open,
            "cancelled" => Lifecycle::Cancelled,
            "expired" => Lifecycle::Expired,
            _ => return Err(corrupt("lifecycle")),
        };
        let payment = row.payment_id.map(|id| PaymentColumns {
            id,
            number: row.number,
            state_data: row.state_data,
            amount: row.amount,
            totals: [
                row.authorized,
                row.capturing,
                row.captured,
                row.refunding,
                row.refunded,
            ],
            card: row.card,
            terms: row.terms,
            routes: row.routes,
            authentication: row.authentication,
            history: row.history,
            created_at: row.payment_created_at,
            updated_at: row.payment_updated_at,
        });
        Ok(Order {
            id: Id::from_uuid(row.id),
            merchant: Id::from_uuid(row.merchant_id),
            reference: row.reference,
            numbering: Numbering::named(row.numbering),
            order_type: row.order_type,
            amount: Amount::new(row.total_amount, currency).map_err(|_| corrupt("total_amount"))?,
            store_code: row.store_code,
            details: row.details.0,
            notify_url: row.notify_url.map(url).transpose()?,
            callbacks: row.callbacks.0,
            payer_email: row
                .payer_email
                .map(|text| Email::parse(&text).map_err(|_| corrupt("payer_email")))
                .transpose()?,
            lifecycle,
            payments: u16::try_from(row.payments).map_err(|_| corrupt("payments"))?,
            payment: payment
                .map(|columns| columns.into_payment(currency))
                .transpose()?,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A payment's columns as the outer join gives them: all there, or none.
struct PaymentColumns {
    id: Uuid,
    number: Option<i16>,
    state_data: Option<Json<PaymentState>>,
    amount: Option<i64>,
    totals: [Option<i64>; 5],
    card: Option<Json<payments::payment::CardFacts>>,
    terms: Option<Json<payments::payment::Terms>>,
    routes: Option<Json<Vec<payments::routing::Route>>>,
    authentication: Option<Json<Authenticated>>,
    history: Option<Json<History>>,
    created_at: Option<OffsetDateTime>,
    updated_at: Option<OffsetDateTime>,
}

impl PaymentColumns {
    fn into_payment(self, currency: Currency) -> Result<Payment, StoreError> {
        let key = self.id;
        let corrupt = |column| StoreError::Corrupt {
            table: "payments",
            column,
            key: key.to_string(),
        };
        let amount_of = |minor: Option<i64>, column| {
            minor
                .and_then(|minor| Amount::new(minor, currency).ok())
                .ok_or_else(|| corrupt(column))
        };
        let mut state = self.state_data.ok_or_else(|| corrupt("state_data"))?.0;
        if let PaymentState::Authorized(Authorized { totals, .. }) = &mut state {
            let [authorized, capturing, captured, refunding, refunded] = self.totals;
            // The columns are what the constraints guard, so they are what counts.
            *totals = Totals::from_parts([
                amount_of(authorized, "authorized")?,
                amount_of(capturing, "capturing")?,
                amount_of(captured, "captured")?,
                amount_of(refunding, "refunding")?,
                amount_of(refunded, "refunded")?,
            ])
            .map_err(|_| corrupt("captured"))?;
        }
        Ok(Payment {
            id: Id::from_uuid(self.id),
            number: self
                .number
                .and_then(|number| u16::try_from(number).ok())
                .ok_or_else(|| corrupt("number"))?,
            amount: amount_of(self.amount, "amount")?,
            card: self.card.ok_or_else(|| corrupt("card"))?.0,
            terms: self.terms.ok_or_else(|| corrupt("terms"))?.0,
            routes: self.routes.ok_or_else(|| corrupt("routes"))?.0,
            authentication: self.authentication.map(|json| json.0),
            state,
            history: self.history.ok_or_else(|| corrupt("history"))?.0,
            created_at: self.created_at.ok_or_else(|| corrupt("created_at"))?,
            updated_at: self.updated_at.ok_or_else(|| corrupt("updated_at"))?,
        })
    }
}

#[cfg(test)]
mod tests;
