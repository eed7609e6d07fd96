//! `POST /acs/webhooks/sms/{provider}`: providers of text messages tell where one is.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use crate::service::Acs;
use crate::sms::receipts::{self, RECEIPT_BODY_MAX_BYTES, ReceiptRefused, SIGNATURE_HEADER};

/// The providers' door.
pub(super) fn router(acs: &Acs) -> Router {
    Router::new()
        .route("/acs/webhooks/sms/{provider}", post(hear))
        .layer(DefaultBodyLimit::max(RECEIPT_BODY_MAX_BYTES))
        .with_state(acs.clone())
}

/// 204 for every receipt that was signed and understood, whatever it changed, so that the provider does not tell it again.
/// A provider that is not known is told the same as one whose signature is wrong.
async fn hear(
    State(acs): State<Acs>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(key) = acs.inner().receipt_keys.get(&provider) else {
        return StatusCode::UNAUTHORIZED;
    };
    let signature = headers
        .get(SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok());
    let receipt = match receipts::read(&provider, key, signature, &body, acs.inner().clock.now()) {
        Ok(Some(receipt)) => receipt,
        Ok(None) => return StatusCode::NO_CONTENT,
        Err(refused) => {
            tracing::warn!(provider, cause = %refused, "a receipt was refused");
            return match refused {
                ReceiptRefused::Signature => StatusCode::UNAUTHORIZED,
                ReceiptRefused::Unreadable => StatusCode::BAD_REQUEST,
            };
        }
    };
    match acs.receipt(receipt).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(error) => {
            tracing::error!(provider, %error, "a receipt could not be taken in");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, SystemClock};
    use crate::keys::Keys;
    use crate::service::{Parts, Settings};
    use crate::sms::providers::Providers;
    use crate::sms::receipts::ReceiptKey;
    use crate::store::Store;
    use aws_lc_rs::hmac;
    use axum::body::Body;
    use axum::http::Request;
    use sqlx::PgPool;
    use std::sync::Arc;
    use tower::ServiceExt as _;

    const SECRET: &str = "receipts-secret-of-norte";

    fn service(pool: PgPool) -> Acs {
        let key = ReceiptKey::new(SECRET.to_owned().into()).unwrap();
        Acs::new(Parts {
            store: Store::from_pool(pool),
            keys: Keys::for_tests(),
            clock: Arc::new(SystemClock),
            settings: Settings::new("https://acs.example"),
            providers: Providers {
                receipt_keys: [("norte".to_owned(), key)].into(),
                ..Providers::default()
            },
        })
        .unwrap()
    }

    async fn told(acs: &Acs, provider: &str, secret: &str, body: &str) -> StatusCode {
        let seconds = SystemClock.now().unix_timestamp();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let request = Request::post(format!("/acs/webhooks/sms/{provider}"))
            .header(SIGNATURE_HEADER, format!("t={seconds},v1={digits}"))
            .body(Body::from(body.to_owned()))
            .unwrap();
        router(acs).oneshot(request).await.unwrap().status()
    }

    #[sqlx::test(migrator = "crate::store::MIGRATOR")]
    async fn only_a_provider_that_signs_is_heard(pool: PgPool) {
        let acs = service(pool.clone());
        let body = r#"{"id":"msg-1","status":"delivered"}"#;
        let unauthorized = StatusCode::UNAUTHORIZED;
        assert_eq!(
            told(&acs, "norte", "somebody-elses-secret", body).await,
            unauthorized
        );
        assert_eq!(told(&acs, "nobody", SECRET, body).await, unauthorized);
        assert_eq!(told(&acs, "norte", SECRET, "{}").await, StatusCode::BAD_REQUEST);
        let no_content = StatusCode::NO_CONTENT;
        assert_eq!(told(&acs, "norte", SECRET, body).await, no_content);
        assert_eq!(told(&acs, "norte", SECRET, body).await, no_content, "again");
        let queued = r#"{"id":"msg-1","status":"queued"}"#;
        assert_eq!(told(&acs, "norte", SECRET, queued).await, no_content);
        let long = format!(
            r#"{{"id":"msg-1","status":"{}"}}"#,
            "x".repeat(RECEIPT_BODY_MAX_BYTES)
        );
        let too_long = StatusCode::PAYLOAD_TOO_LARGE;
        assert_eq!(told(&acs, "norte", SECRET, &long).await, too_long);
        pool.close().await;
        let again_later = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(told(&acs, "norte", SECRET, body).await, again_later);
    }
}
