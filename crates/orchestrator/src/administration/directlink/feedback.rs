//! What the servers of DirectLink's shops were told: listed, and sent again.

use super::{
    super::{Administration, AdministrationError, PAGE_MAX, written},
    names::Pspid,
};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use store::{audit::Actor, directlink::feedback::Feedback};

/// A message as the admin's answers write it.
pub fn directlink_feedback_as_written(feedback: &Feedback) -> Value {
    json!({
        "id": feedback.id,
        "payid": feedback.payid.to_string(),
        "occasion": feedback.occasion.as_str(),
        "status": feedback.telling.status,
        "ncerror": feedback.telling.error.to_string(),
        "payidsub": feedback.telling.level,
        "outcome": feedback.outcome,
        "attempts": feedback.attempts,
        "next_at": feedback.next_at.map(written),
        "last_code": feedback.last_code,
        "last_http_status": feedback.last_http_status,
        "created_at": written(feedback.created_at),
        "updated_at": written(feedback.updated_at),
    })
}

impl Administration {
    /// What an account's shop was told or is to be told, the latest first: of one payment, or of all; up to `limit` before the
    /// message `before`.
    pub async fn directlink_feedback_list(
        &self,
        merchant: Id<kind::Merchant>,
        pspid: &Pspid,
        payid: Option<i64>,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<Feedback>, AdministrationError> {
        self.directlink_account_get(merchant, pspid).await?;
        let limit = limit.min(PAGE_MAX).into();
        Ok(self
            .store
            .feedback_list(pspid.as_str(), payid, before, limit)
            .await?)
    }

    /// Has a message that is over sent again, from its first attempt on.
    pub async fn directlink_feedback_send_again(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        pspid: &Pspid,
        id: i64,
    ) -> Result<(), AdministrationError> {
        self.directlink_account_get(merchant, pspid).await?;
        let subject = format!("{pspid}/{id}");
        let audit = self.merchant_audit(actor, "directlink_feedback.send_again", merchant, subject);
        if self.store.feedback_send_again(pspid.as_str(), id, &audit).await? {
            Ok(())
        } else {
            Err(AdministrationError::NotFound("message that is over"))
        }
    }
}
