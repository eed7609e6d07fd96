//! Notify 3-D Secure card operation: how an authentication ended. At least once; the receiver keys on `operationId`.

use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::{Backend, CallFault};
use crate::identifiers::{CardId, ConsumerId, IssuerId};
use emv3ds::AcsTransId;

/// How a cardholder was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Without being asked anything.
    Frictionless,
    /// By the bank's app.
    ChallengeApp,
    /// By a code, or by a password, sent or not.
    ChallengeCode,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Frictionless => "3DS_FRICTIONLESS",
            Self::ChallengeApp => "3DS_CHALLENGE_OOB_ISSUER",
            Self::ChallengeCode => "3DS_CHALLENGE_OTP_SMS",
        }
    }
}

/// What an issuer's backend is told of one authentication.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its name; whoever hears it twice knows by this.
    pub operation_id: Uuid,
    /// Whose card it was.
    pub issuer: IssuerId,
    /// Which.
    pub card: CardId,
    /// The cardholder.
    pub consumer: Option<ConsumerId>,
    /// How they were authenticated.
    pub operation: Operation,
    /// Whether they were.
    pub successful: bool,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// `acsTransID`.
    pub acs_trans_id: AcsTransId,
    /// `threeDSServerTransID`.
    pub threeds_server_trans_id: String,
    /// What went wrong, in words for people, where something did.
    pub error: Option<String>,
}

impl Notice {
    /// The body, the same every time it is posted. The spelling of `status` is not public; this one is ours.
    pub fn document(&self) -> Value {
        let mut document = json!({
            "operationId": self.operation_id,
            "operation": self.operation.as_str(),
            "status": if self.successful { "SUCCESSFUL" } else { "FAILED" },
            "startTime": self.started_at.format(&Rfc3339).unwrap_or_default(),
            "details": {
                "acsTransactionId": self.acs_trans_id.0,
                "threeDSServerTransId": self.threeds_server_trans_id,
            },
        });
        if let Some(members) = document.as_object_mut() {
            if let Some(consumer) = &self.consumer {
                members.insert("consumerId".to_owned(), json!(consumer.as_str()));
            }
            if let (Some(error), false) = (&self.error, self.successful) {
                members.insert("error".to_owned(), json!(error));
            }
        }
        document
    }
}

impl Backend<'_> {
    /// Posts a notice, within `limit`. Everything but 204 is a reason to post it again.
    pub(crate) async fn notify(
        &self,
        card: &CardId,
        operation_id: Uuid,
        document: &Value,
        now: OffsetDateTime,
        limit: Duration,
    ) -> Result<(), String> {
        let url = self.url(&format!(
            "/notifications/d1/v1/issuers/{}/cards/{card}/3ds/notifications",
            self.issuer
        ));
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .body(document.to_string());
        match self.call(request, &operation_id.to_string(), now, limit).await {
            Ok(answer) if answer.status() == StatusCode::NO_CONTENT => Ok(()),
            Ok(answer) => Err(format!("http_{}", answer.status().as_u16())),
            Err(fault @ (CallFault::NoToken | CallFault::NotConnected | CallFault::NoAnswer)) => {
                Err(fault.as_str().to_owned())
            }
        }
    }
}
