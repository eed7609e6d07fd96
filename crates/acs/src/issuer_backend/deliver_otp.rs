//! `DeliverOTP`: the issuer's backend gets the code and sends it.
//!
//! The address and the names under `threeDSDetails` are not public; those here are ours (docs/acs.md). The code is never
//! in the clear: `otp.value` is a compact JWE to the issuer's key.

use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Backend, CallFault};
use crate::identifiers::ConsumerId;
use crate::jose::encrypt::encrypt;
use crate::jose::jwk::EcKey;
use crate::otp::OtpCode;
use crate::sms::provider::Handed;
use crate::store::deliveries::{Content, DeliveryId};

/// A code for the backend to send.
#[derive(Debug)]
pub(crate) struct CodeForIssuer<'c> {
    /// Which; the correlation id, the same on every try.
    pub(crate) id: DeliveryId,
    /// For whom.
    pub(crate) consumer: &'c ConsumerId,
    /// The digits.
    pub(crate) code: &'c OtpCode,
    /// What the message should say besides.
    pub(crate) content: &'c Content,
    /// When the code is void.
    pub(crate) expires_at: OffsetDateTime,
}

impl Backend<'_> {
    /// Hands a code over, within `limit`. A repetition says the same, but for how the code is encrypted.
    pub(crate) async fn deliver_otp(
        &self,
        code: &CodeForIssuer<'_>,
        now: OffsetDateTime,
        limit: Duration,
    ) -> Handed {
        let Some(body) = self.body_of(code) else {
            return Handed::Refused {
                code: "no_encryption_key".to_owned(),
                elsewhere: true,
            };
        };
        let url = self.url(&format!(
            "/banking/d1/v1/issuers/{}/consumers/{}/deliver-otp",
            self.issuer, code.consumer
        ));
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string());
        match self.call(request, &code.id.as_text(), now, limit).await {
            Ok(answer) => handed(answer.status()),
            Err(CallFault::NoAnswer) => Handed::Unknown,
            Err(fault @ (CallFault::NoToken | CallFault::NotConnected)) => Handed::NotTaken {
                code: fault.as_str().to_owned(),
            },
        }
    }

    fn body_of(&self, code: &CodeForIssuer<'_>) -> Option<Value> {
        let jwk = self.settings.encryption_key.as_ref()?;
        let kid = jwk.get("kid").and_then(Value::as_str);
        let sealed = encrypt(&EcKey::parse(jwk)?, kid, code.code.reveal().as_bytes()).ok()?;
        let mut details = json!({
            "acsTransId": code.id.acs_trans_id.0,
            "threeDSServerTransId": code.content.threeds_server_trans_id,
            "merchantName": code.content.merchant_name,
        });
        let purchase = code.content.purchase();
        if let (Some(amount), Some(members)) = (purchase.amount, details.as_object_mut()) {
            members.insert("purchaseAmount".to_owned(), json!(amount.minor().to_string()));
            members.insert("purchaseCurrency".to_owned(), json!(amount.currency().numeric3()));
            members.insert(
                "purchaseExponent".to_owned(),
                json!(amount.currency().exponent().to_string()),
            );
        }
        if let (Some(date), Some(members)) = (&code.content.purchase_date, details.as_object_mut()) {
            members.insert("purchaseDate".to_owned(), json!(date));
        }
        if let (Some(reference), Some(members)) = (&code.content.reference_code, details.as_object_mut()) {
            members.insert("referenceCode".to_owned(), json!(reference));
        }
        Some(json!({
            "otp": {
                "value": sealed,
                "expirationDate": code.expires_at.format(&Rfc3339).ok()?,
                "reason": "CARDHOLDER-VERIFICATION",
            },
            "deliveryChannel": "SMS",
            "language": code.content.language.code(),
            "panSuffix": code.content.last_four,
            "threeDSDetails": details,
        }))
    }
}

/// What an answer means. 204 is the only yes; what is documented as a refusal was not sent; after anything else nobody
/// knows.
fn handed(status: StatusCode) -> Handed {
    let code = format!("http_{}", status.as_u16());
    match status {
        StatusCode::NO_CONTENT => Handed::Accepted {
            provider_reference: String::new(),
        },
        // The token was too old, or there was too much at once: the next try may be luckier.
        StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS => Handed::NotTaken { code },
        _ if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => Handed::Refused {
            code,
            elsewhere: true,
        },
        _ => Handed::Unknown,
    }
}
