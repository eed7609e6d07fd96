//! The issuer's backend, as far as the service calls it: handing codes over (`DeliverOTP`), asking for a cardholder's phone
//! (Get consumer information), and telling of outcomes (Notify 3-D Secure card operation).
//!
//! Every call carries `x-correlation-id`, which groups the calls of one use case and says nothing of a person, and, where the
//! issuer wants one, an access token. A backend that asks for a certificate instead (mutual TLS) has it asked by whatever
//! stands between: the service has one HTTP client for everybody.

pub(crate) mod consumer;
pub(crate) mod deliver_otp;
pub(crate) mod notice;
mod token;

use primitives::Secret;
use reqwest::{RequestBuilder, Response, StatusCode};
use std::time::Duration;
use time::OffsetDateTime;

pub use consumer::ConsumerInfo;
pub use notice::{Notice, Operation};
pub(crate) use token::Tokens;

use crate::identifiers::IssuerId;
use crate::policy::BackendPolicy;

/// What a backend is called among those who carry codes; no provider can have this name.
pub const CARRIER: &str = "issuer_backend";

const CORRELATION_HEADER: &str = "x-correlation-id";
/// The longest answer that is read.
const ANSWER_MAX_BYTES: usize = 16 * 1024;

/// The backend of one issuer.
#[derive(Debug)]
pub(crate) struct Backend<'b> {
    /// For all calls: no redirects, no retries.
    pub(crate) client: &'b reqwest::Client,
    /// The access tokens of all issuers.
    pub(crate) tokens: &'b Tokens,
    /// Whose backend it is.
    pub(crate) issuer: &'b IssuerId,
    /// Where it is.
    pub(crate) settings: &'b BackendPolicy,
    /// What proves at the token URL who we are.
    pub(crate) secret: Option<Secret<String>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallFault {
    /// No access token: nothing was asked.
    NoToken,
    /// No connection: nothing was asked.
    NotConnected,
    /// It was asked, and nobody can say what came of it.
    NoAnswer,
}

impl CallFault {
    /// A word for logs and rows.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::NotConnected => "not_connected",
            Self::NoAnswer => "no_answer",
        }
    }
}

impl Backend<'_> {
    /// An address of the backend's. The parts are identifiers, which need no escapes.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }

    /// Asks, within `limit` in all. A token that is refused is forgotten, so that the next call gets another one.
    async fn call(
        &self,
        request: RequestBuilder,
        correlation_id: &str,
        now: OffsetDateTime,
        limit: Duration,
    ) -> Result<Response, CallFault> {
        let begun = tokio::time::Instant::now();
        let token = tokio::time::timeout(limit, self.token(now))
            .await
            .unwrap_or(Err(CallFault::NoToken))?;
        let request = match &token {
            Some(token) => request.bearer_auth(token.reveal()),
            None => request,
        };
        let answer = request
            .header(CORRELATION_HEADER, correlation_id)
            .timeout(limit.saturating_sub(begun.elapsed()))
            .send()
            .await
            .map_err(|error| {
                if error.is_connect() || error.is_builder() {
                    CallFault::NotConnected
                } else {
                    CallFault::NoAnswer
                }
            })?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            self.tokens.forget(self.issuer);
        }
        Ok(answer)
    }
}

/// An answer's body, unless it is longer than any answer is.
async fn body(mut answer: Response) -> Result<Vec<u8>, CallFault> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| CallFault::NoAnswer)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX_BYTES {
            return Err(CallFault::NoAnswer);
        }
    }
    Ok(body)
}
