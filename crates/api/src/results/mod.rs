//! The results receiver: where directory servers post RReqs (emv-3ds section 7).
//!
//! Server to server: no browser and no merchant comes here. HTTP 200 carries every answer of the protocol, an Erro
//! included; another status says that the transport failed and the message may come again.
//!
//! It stands on a [`listener`] of its own, which asks for client certificates. Among the public faces it stands only in a
//! sandbox without that listener, or behind a proxy that asks for certificates itself.

pub mod listener;
pub mod served;

use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use emv3ds::{DsTransId, ThreeDsServerTransId, Version};
use listener::Peer;
use orchestrator::{Fault, flows::sender::Sender};
use rustls::pki_types::UnixTime;
use serde::Deserialize;
use served::Served;
use std::sync::Arc;
use tokio::sync::watch;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Where RReqs are posted: `threeDSServerURL` is the public address with this path.
pub const RESULTS_PATH: &str = "/3ds/results";

/// Largest RReq: its message extensions alone may have 81,920 characters.
const BODY_MAX_BYTES: usize = 128 * 1024;

/// Who takes what a directory server posts.
#[async_trait::async_trait]
pub trait ResultsReceiver: Send + Sync {
    /// Answers the body to reply with, once the result is durable; empty for an Erro, which is not answered.
    async fn received(&self, sender: &Sender, body: &[u8]) -> Result<Vec<u8>, Fault>;
}

#[async_trait::async_trait]
impl ResultsReceiver for orchestrator::Gateway {
    async fn received(&self, sender: &Sender, body: &[u8]) -> Result<Vec<u8>, Fault> {
        self.results_received(sender, body).await
    }
}

pub fn router(receiver: Arc<dyn ResultsReceiver>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(receive))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(receiver)
}

/// The receiver behind the listener, where each sender is known by its certificate.
pub(crate) fn tls_router(receiver: Arc<dyn ResultsReceiver>, served: watch::Receiver<Arc<Served>>) -> Router {
    Router::new()
        .route(RESULTS_PATH, post(receive_from_peer))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state((receiver, served))
}

type TlsState = (Arc<dyn ResultsReceiver>, watch::Receiver<Arc<Served>>);

async fn receive_from_peer(
    State((receiver, served)): State<TlsState>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Response {
    let served = Arc::clone(&served.borrow());
    let sender = served.trust().sender(&peer.chain, UnixTime::now());
    answer(&body, receiver.received(&sender, &body).await)
}

/// Take the result of a challenge
///
/// For directory servers only: an RReq of EMV 3-D Secure 2.1.0, 2.2.0 or 2.3.1, answered with an RRes once the result is
/// durable, or with an Erro that names what is wrong. Nobody else's word changes a payment.
#[utoipa::path(
    post,
    path = "/3ds/results",
    tag = "3-D Secure results",
    request_body(content = serde_json::Value, description = "RReq", content_type = "application/json"),
    responses(
        (status = 200, description = "RRes or Erro; an Erro that was sent here is answered without a body",
            body = serde_json::Value, content_type = "application/json"),
        (status = 413, description = "Larger than any RReq"),
        (status = 503, description = "Not recorded: the message may come again"),
    ),
)]
async fn receive(State(receiver): State<Arc<dyn ResultsReceiver>>, body: Bytes) -> Response {
    answer(&body, receiver.received(&Sender::Unchecked, &body).await)
}

fn answer(message: &[u8], answer: Result<Vec<u8>, Fault>) -> Response {
    match answer {
        Ok(answer) if answer.is_empty() => StatusCode::OK.into_response(),
        Ok(answer) => (
            [(CONTENT_TYPE, "application/json; charset=utf-8")],
            transaction_ids(message),
            answer,
        )
            .into_response(),
        Err(fault) => {
            fault.logged();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// What the answer's headers are made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    message_version: Version,
    #[serde(rename = "threeDSServerTransID")]
    three_ds_server_trans_id: ThreeDsServerTransId,
    #[serde(rename = "dsTransID")]
    ds_trans_id: DsTransId,
}

/// From 2.3.1 on the answer to a message repeats its sender's transaction id and tells ours (emv-3ds section 3.1).
fn transaction_ids(message: &[u8]) -> HeaderMap {
    let sent = serde_json::from_slice::<Sent>(message).ok();
    let newest = sent.filter(|sent| sent.message_version >= Version::V2_3_1);
    newest
        .into_iter()
        .flat_map(|sent| {
            [
                ("x-request-id", sent.ds_trans_id.to_string()),
                ("x-response-id", sent.three_ds_server_trans_id.to_string()),
            ]
        })
        .filter_map(|(name, id)| Some((HeaderName::from_static(name), HeaderValue::from_str(&id).ok()?)))
        .collect()
}

#[cfg(test)]
mod tls_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use tower::ServiceExt;

    struct Says(Option<&'static [u8]>);

    #[async_trait::async_trait]
    impl ResultsReceiver for Says {
        async fn received(&self, _sender: &Sender, _body: &[u8]) -> Result<Vec<u8>, Fault> {
            self.0.map(<[u8]>::to_vec).ok_or(Fault::Missing("the database"))
        }
    }

    async fn post_to(receiver: Says, bytes: usize) -> (StatusCode, Option<String>, Vec<u8>) {
        let request = Request::post(RESULTS_PATH)
            .body(Body::from(vec![b' '; bytes]))
            .unwrap();
        let (router, _) = router(Arc::new(receiver)).split_for_parts();
        let response = router.oneshot(request).await.unwrap();
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| value.to_str().unwrap().to_owned());
        (
            response.status(),
            content_type,
            to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec(),
        )
    }

    #[tokio::test]
    async fn an_answer_is_json_and_an_erro_gets_none() {
        let (status, content_type, body) = post_to(Says(Some(b"{}")), 1).await;
        assert_eq!((status, body.as_slice()), (StatusCode::OK, b"{}".as_slice()));
        assert_eq!(content_type.as_deref(), Some("application/json; charset=utf-8"));
        assert_eq!(post_to(Says(Some(b"")), 1).await.2, b"");
    }

    #[test]
    fn an_answer_of_2_3_1_names_both_sides_transactions() {
        let sent = |version: &str| {
            serde_json::json!({
                "messageType": "RReq",
                "messageVersion": version,
                "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
                "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
            })
            .to_string()
        };
        let headers = transaction_ids(sent("2.3.1").as_bytes());
        assert_eq!(headers["x-request-id"], "f25084f0-5b16-4c0a-ae5d-b24808a95e4b");
        assert_eq!(headers["x-response-id"], "8a880dc0-d2d2-4067-bcb1-b08d1690b26e");
        assert!(transaction_ids(sent("2.2.0").as_bytes()).is_empty());
        assert!(transaction_ids(b"{").is_empty());
    }

    #[tokio::test]
    async fn a_fault_of_ours_is_no_protocol_answer_so_that_the_message_comes_again() {
        assert_eq!(post_to(Says(None), 1).await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            post_to(Says(Some(b"{}")), BODY_MAX_BYTES + 1).await.0,
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }
}
