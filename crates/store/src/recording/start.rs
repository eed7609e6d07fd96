//! A payment begins: the order as it is or as it was, the payment, its card, its first run of 3-D Secure, and the caller's
//! key.

use super::{Recording, Rest, lifecycle, page_token, payments_made, totals};
use crate::{StoreError, authentications::AuthenticationRecord, cards::SealedCard, idempotency::Claim};
use payments::Payment;
use primitives::Id;
use sqlx::{PgConnection, types::Json};

/// What is written together.
pub(super) struct Start<'a> {
    recording: &'a Recording<'a>,
    payment: &'a Payment,
    card: &'a SealedCard,
    authentication: Option<&'a AuthenticationRecord>,
    claim: Option<&'a Claim>,
}

/// The start that a step is, and what it does not write.
pub(super) fn of<'a>(
    recording: &'a Recording<'a>,
    payment: &'a Payment,
    card: &'a SealedCard,
) -> (Start<'a>, Rest<'a>) {
    let (authentication, authentications) = match recording.authentications.split_first() {
        Some((first, others)) if first.version == 0 => (Some(first), others),
        Some(_) | None => (None, recording.authentications.as_slice()),
    };
    let start = Start {
        recording,
        payment,
        card,
        authentication,
        claim: recording.claim.as_ref(),
    };
    let rest = Rest {
        authentications,
        claim: None,
        ..Rest::all_of(recording)
    };
    (start, rest)
}

impl Start<'_> {
    /// All of it, if the order is new or still at the version that was read.
    pub(super) async fn write_in(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let (order, payment, now) = (self.recording.order, self.payment, self.recording.now);
        let [authorized, capturing, captured, refunding, refunded] = totals(payment);
        let (code, code_expires_at) = self
            .card
            .security_code
            .as_ref()
            .map(|(code, at)| (code, *at))
            .unzip();
        let written = sqlx::query_scalar!(
            r#"WITH opened AS (
                   INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount,
                                       details, notify_url, callbacks, payer_email, lifecycle, payments, payment_id,
                                       version, created_at, updated_at, numbering)
                   SELECT $1::uuid, $2::uuid, $3, $4, $5, $6::text, $7, $8, $9::text, $10::jsonb, $11, $12::text,
                          $13::smallint, $14::uuid, $15::bigint, $16, $17::timestamptz, $54::text
                   WHERE $18::boolean
                   RETURNING 1
               ), moved AS (
                   UPDATE orders
                   SET version = version + 1, lifecycle = $12, payments = $13, payment_id = $14, notify_url = $9,
                       callbacks = $10, updated_at = $17
                   WHERE NOT $18 AND merchant_id = $1 AND id = $2 AND version = $15
                   RETURNING 1
               ), o AS (
                   SELECT FROM opened UNION ALL SELECT FROM moved
               ), p AS (
                   INSERT INTO payments (merchant_id, id, order_id, number, state, state_data, currency, amount,
                                         authorized, capturing, captured, refunding, refunded, card, terms, routes,
                                         authentication, page_token, look_again_at, created_at, updated_at, routing,
                                         history, reference, numbering)
                   SELECT $1, $14, $2, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34,
                          $35, $36, $51, $52, CASE WHEN $53::boolean THEN $3 END, $54
                   FROM o
               ), c AS (
                   INSERT INTO payment_cards (merchant_id, payment_id, fingerprint, sealed_card, sealed_security_code,
                                              security_code_expires_at)
                   SELECT $1, $14, $37, $38, $39, $40 FROM o
               ), a AS (
                   INSERT INTO authentications (id, merchant_id, order_id, payment_id, state, transaction_data, version,
                                                created_at, updated_at)
                   SELECT $41::uuid, $1, $2, $14, $42, $43, 1, $44::timestamptz, $44 FROM o WHERE $41 IS NOT NULL
               ), k AS (
                   INSERT INTO idempotency_keys (merchant_id, method, path, key, body_hash, order_id, payment_id,
                                                 answer, created_at)
                   SELECT $1, $45, $46, $47::text, $48, $2, $49, $50, $44 FROM o WHERE $47 IS NOT NULL
               )
               SELECT count(*) AS "count!" FROM o"#,
            order.merchant.uuid(),
            order.id.uuid(),
            order.reference,
            order.order_type,
            order.store_code,
            order.amount.currency().code(),
            order.amount.minor(),
            Json(&order.details) as _,
            order.notify_url.as_ref().map(|url| url.as_str()),
            Json(&order.callbacks) as _,
            order.payer_email.as_ref().map(|email| email.as_str()),
            lifecycle(order),
            payments_made(order),
            payment.id.uuid(),
            order.version,
            order.created_at,
            order.updated_at,
            self.recording.order_is_new,
            i16::try_from(payment.number).unwrap_or(i16::MAX),
            payment.state.name(),
            Json(&payment.state) as _,
            payment.amount.currency().code(),
            payment.amount.minor(),
            authorized,
            capturing,
            captured,
            refunding,
            refunded,
            Json(&payment.card) as _,
            Json(&payment.terms) as _,
            Json(&payment.routes) as _,
            payment.authentication.as_ref().map(Json) as _,
            page_token(payment),
            self.recording.look_again_at,
            payment.created_at,
            payment.updated_at,
            self.card.fingerprint,
            self.card.card,
            code,
            code_expires_at,
            self.authentication.map(|it| it.id.uuid()),
            self.authentication.map(|it| it.state.as_str()),
            self.authentication.map(|it| &it.transaction),
            now,
            self.claim.map(|it| it.method),
            self.claim.map(|it| it.path.as_str()),
            self.claim.map(|it| it.key.as_str()),
            self.claim.map(|it| it.body_hash.as_slice()),
            self.claim.and_then(|it| it.payment).map(Id::uuid),
            self.claim.and_then(|it| it.answer.as_deref()),
            self.recording.routing.as_ref().map(Json) as _,
            Json(&payment.history) as _,
            payment.state.claims_reference(),
            order.numbering.name(),
        )
        .fetch_one(connection)
        .await?;
        if written == 1 {
            Ok(())
        } else {
            Err(StoreError::Changed)
        }
    }
}
