//! A payment goes on: order, payment, security code, waiting answer, run of 3-D Secure and attempt change together.

use super::{Recording, Rest, Told, lifecycle, page_token, settled_at, totals};
use crate::{StoreError, authentications::AuthenticationRecord};
use payments::{Payment, attempt::AttemptRecord};
use primitives::Id;
use sqlx::{PgConnection, types::Json};

/// What is written together.
pub(super) struct Movement<'a> {
    recording: &'a Recording<'a>,
    payment: &'a Payment,
    authentication: Option<&'a AuthenticationRecord>,
    attempt: Option<&'a AttemptRecord>,
}

/// The movement that a step is, and what it does not write.
pub(super) fn of<'a>(recording: &'a Recording<'a>, payment: &'a Payment) -> (Movement<'a>, Rest<'a>) {
    let (authentication, authentications) = match recording.authentications.split_first() {
        Some((first, others)) if first.version > 0 => (Some(first), others),
        Some(_) | None => (None, recording.authentications.as_slice()),
    };
    // In their order: an attempt that ends makes room for the next.
    let (attempt, attempts) = recording.attempts.split_first().unzip();
    let movement = Movement {
        recording,
        payment,
        authentication,
        attempt,
    };
    let rest = Rest {
        authentications,
        attempts: attempts.unwrap_or_default(),
        ..Rest::all_of(recording)
    };
    (movement, rest)
}

impl Movement<'_> {
    /// All of it, if order and run are still at the versions that were read. The run is locked before the order counts
    /// up, so that neither can be overtaken between the two.
    ///
    /// A payment gives up its claim to the order's reference once it holds no money any more. Should it turn out that it
    /// does after all, because the processor takes a refund back, it claims the reference again unless another has it now.
    pub(super) async fn write_in(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let (recording, order, payment) = (self.recording, self.recording.order, self.payment);
        let [authorized, capturing, captured, refunding, refunded] = totals(payment);
        let told = self.attempt.map(|it| Told::by(&it.state)).unwrap_or_default();
        let written = sqlx::query_scalar!(
            r#"WITH run AS (
                   SELECT FROM authentications WHERE id = $19 AND version = $20 FOR UPDATE
               ), o AS (
                   UPDATE orders SET version = version + 1, lifecycle = $4, updated_at = $5
                   WHERE merchant_id = $1 AND id = $2 AND version = $3
                         AND ($19::uuid IS NULL OR EXISTS (SELECT FROM run))
                   RETURNING 1
               ), p AS (
                   UPDATE payments
                   SET state = $7, state_data = $8, authorized = $9, capturing = $10, captured = $11, refunding = $12,
                       refunded = $13, card = $14, authentication = $15, look_again_at = $16, leased_until = NULL,
                       page_token = COALESCE($36, page_token), history = $38, updated_at = $5,
                       reference = CASE
                           WHEN NOT $39 THEN NULL
                           WHEN reference IS NOT NULL THEN reference
                           WHEN NOT EXISTS (
                               SELECT FROM payments other
                               WHERE other.merchant_id = $1 AND other.numbering = payments.numbering
                                     AND other.reference = $40
                           ) THEN $40
                       END
                   WHERE merchant_id = $1 AND id = $6 AND EXISTS (SELECT FROM o)
               ), c AS (
                   UPDATE payment_cards SET sealed_security_code = NULL, security_code_expires_at = NULL
                   WHERE $17 AND merchant_id = $1 AND payment_id = $6 AND sealed_security_code IS NOT NULL
                         AND EXISTS (SELECT FROM o)
               ), k AS (
                   UPDATE idempotency_keys SET answer = $18
                   WHERE $18::text IS NOT NULL AND merchant_id = $1 AND payment_id = $6 AND answer IS NULL
                         AND settlement_id IS NOT DISTINCT FROM $37::uuid AND EXISTS (SELECT FROM o)
               ), a AS (
                   UPDATE authentications
                   SET state = $21, transaction_data = $22, version = version + 1, updated_at = $23
                   WHERE id = $19 AND EXISTS (SELECT FROM o)
               ), t AS (
                   INSERT INTO attempts (merchant_id, id, payment_id, connection_id, processor_name, reference, state,
                                         reason, response_code, response_text, processor_reference, approval_code,
                                         sent_at, settled_at)
                   SELECT $1, $24::uuid, $6, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35
                   FROM o WHERE $24 IS NOT NULL
                   ON CONFLICT (merchant_id, id) DO UPDATE
                   SET state = excluded.state, reason = excluded.reason, response_code = excluded.response_code,
                       response_text = excluded.response_text,
                       processor_reference = COALESCE(excluded.processor_reference, attempts.processor_reference),
                       approval_code = COALESCE(excluded.approval_code, attempts.approval_code),
                       settled_at = excluded.settled_at
               )
               SELECT count(*) AS "count!" FROM o"#,
            order.merchant.uuid(),
            order.id.uuid(),
            order.version,
            lifecycle(order),
            order.updated_at,
            payment.id.uuid(),
            payment.state.name(),
            Json(&payment.state) as _,
            authorized,
            capturing,
            captured,
            refunding,
            refunded,
            Json(&payment.card) as _,
            payment.authentication.as_ref().map(Json) as _,
            recording.look_again_at,
            recording.forget_security_code,
            recording.answer,
            self.authentication.map(|it| it.id.uuid()),
            self.authentication.map(|it| it.version),
            self.authentication.map(|it| it.state.as_str()),
            self.authentication.map(|it| &it.transaction),
            recording.now,
            self.attempt.map(|it| it.id.uuid()),
            self.attempt.map(|it| it.connection.uuid()),
            self.attempt.map(|it| it.processor.as_str()),
            self.attempt.map(|it| it.reference.as_str()),
            self.attempt.map(|it| it.state.name()),
            told.reason,
            told.response_code,
            told.response_text,
            told.processor_reference,
            told.approval_code,
            self.attempt.map(|it| it.sent_at),
            self.attempt.and_then(|it| settled_at(it, recording.now)),
            page_token(payment),
            recording.answered.map(Id::uuid),
            Json(&payment.history) as _,
            payment.state.claims_reference(),
            order.reference,
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
