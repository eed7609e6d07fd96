//! One attempt: the POST, and what its answer is worth.

use crate::{
    address_guard::{AddressGuard, AddressRefused, GuardedResolver, NameLookup, SystemLookup},
    ending::{AttemptCode, Ending},
    excerpt::excerpt,
    feedback::target,
    message::Message,
    sign::SigningKeySet,
};
use primitives::UrlPolicy;
use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use serde::Deserialize;
use std::{error::Error as StdError, iter, sync::Arc, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

/// How much of an answer is read. More is neither needed to judge it nor kept.
const ANSWER_MAX_BYTES: usize = 16 * 1024;

/// How long a connection, TLS included, may take to be made. Part of the attempt's time.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How long an unused connection is kept. Shorter than servers commonly keep theirs, so that a request seldom meets
/// a connection that the other side is closing.
const IDLE_CONNECTION_KEPT: Duration = Duration::from_secs(20);

/// Unused connections kept per host.
const IDLE_CONNECTIONS_PER_HOST: usize = 32;

const USER_AGENT: &str = concat!("Pasarela-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Sends webhooks: the only HTTP client of this crate.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    guard: AddressGuard,
}

impl Sender {
    /// A client for all receivers. `attempt_timeout` is for everything from resolving the name to the answer's end.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: UrlPolicy, attempt_timeout: Duration) -> Result<Self, reqwest::Error> {
        Self::with_lookup(policy, attempt_timeout, Arc::new(SystemLookup))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the delivery client is built"
    )]
    fn with_lookup(
        policy: UrlPolicy,
        attempt_timeout: Duration,
        lookup: Arc<dyn NameLookup>,
    ) -> Result<Self, reqwest::Error> {
        let guard = AddressGuard::new(policy);
        let client = Client::builder()
            .user_agent(USER_AGENT)
            // Receivers are many and each gets little: one request at a time per connection is enough, and HTTP/1.1
            // is what all of them speak.
            .http1_only()
            .timeout(attempt_timeout)
            .connect_timeout(CONNECT_WITHIN)
            .pool_idle_timeout(IDLE_CONNECTION_KEPT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
            .dns_resolver(GuardedResolver::new(guard, lookup))
            // A redirect would lead around the guard and send a signed order to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            // When to send again is the schedule's business.
            .retry(reqwest::retry::never())
            // A proxy named in the environment would connect for us, unguarded.
            .no_proxy()
            .referer(false)
            // A small answer could unpack to one without end. We ask for none that is packed, and unpack none.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .build()?;
        Ok(Self { client, guard })
    }

    /// Sends a message once and waits for what becomes of it. `keys` are masked in the answer, should it show them.
    pub async fn send(
        &self,
        url: &str,
        message: Message,
        keys: &SigningKeySet,
        now: OffsetDateTime,
    ) -> Ending {
        let Ok(url) = Url::parse(url) else {
            return Ending::unanswered(AttemptCode::UnusableUrl);
        };
        if self.guard.check_url(&url).is_err() {
            return Ending::unanswered(AttemptCode::AddressRefused);
        }
        let sent = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("x-deuna-signature", message.deuna_signature)
            .header("webhook-id", message.webhook_id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.standard_signatures)
            .body(message.body)
            .send()
            .await;
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Ending::unanswered(code_of(&error)),
        };
        let status = response.status();
        let retry_after = retry_after(response.headers(), now);
        let (body, fault) = read_beginning(&mut response).await;
        Ending {
            code: fault.unwrap_or_else(|| judge(status, &body)),
            http_status: Some(status.as_u16()),
            body: Some(excerpt(&body, keys)),
            retry_after,
        }
    }
}

impl Sender {
    /// Hands parameters over once, in the address's query or as a form. Answers what came of it, and the HTTP status if there
    /// was one. A redirect counts as received, as this protocol has it, and is not followed.
    pub(crate) async fn hand_over(&self, request: &target::Request) -> (AttemptCode, Option<u16>) {
        let (url, form) = match request {
            target::Request::Get(url) => (url, None),
            target::Request::Post(url, form) => (url, Some(form.clone())),
        };
        if self.guard.check_url(url).is_err() {
            return (AttemptCode::AddressRefused, None);
        }
        let call = match form {
            None => self.client.get(url.clone()),
            Some(form) => self
                .client
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form),
        };
        match call.send().await {
            Ok(response) => {
                let status = response.status();
                let received = status.is_success() || status.is_redirection();
                let code = if received {
                    AttemptCode::Delivered
                } else {
                    AttemptCode::HttpStatus
                };
                (code, Some(status.as_u16()))
            }
            Err(error) => (code_of(&error), None),
        }
    }

    /// Posts a form once. Answers what came of it, and the HTTP status if there was one; an answer other than 200 is
    /// [`AttemptCode::HttpStatus`].
    pub async fn post_form(&self, url: &str, form: String) -> (AttemptCode, Option<u16>) {
        let Ok(url) = Url::parse(url) else {
            return (AttemptCode::UnusableUrl, None);
        };
        if self.guard.check_url(&url).is_err() {
            return (AttemptCode::AddressRefused, None);
        }
        let sent = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await;
        match sent {
            Ok(response) if response.status() == StatusCode::OK => (AttemptCode::Delivered, Some(200)),
            Ok(response) => (AttemptCode::HttpStatus, Some(response.status().as_u16())),
            Err(error) => (code_of(&error), None),
        }
    }
}

/// What the answer begins with, and why there is not more of it when that was not our choice.
async fn read_beginning(response: &mut Response) -> (Vec<u8>, Option<AttemptCode>) {
    let mut beginning = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = ANSWER_MAX_BYTES - beginning.len();
                beginning.extend(chunk.iter().take(room));
                if chunk.len() > room {
                    return (beginning, None);
                }
            }
            Ok(None) => return (beginning, None),
            Err(error) => return (beginning, Some(code_of(&error))),
        }
    }
}

fn code_of(error: &reqwest::Error) -> AttemptCode {
    let mut causes = iter::successors(error.source(), |cause| (*cause).source());
    if causes.any(|cause| cause.is::<AddressRefused>()) {
        AttemptCode::AddressRefused
    } else if error.is_timeout() {
        AttemptCode::TimedOut
    } else if error.is_connect() {
        AttemptCode::NotConnected
    } else {
        AttemptCode::CutOff
    }
}

/// A 2xx means that the merchant has it, unless its body says in the compatible system's words that it failed.
fn judge(status: StatusCode, body: &[u8]) -> AttemptCode {
    #[derive(Deserialize)]
    struct Answer {
        status: String,
    }
    if status == StatusCode::GONE {
        return AttemptCode::Gone;
    }
    if !status.is_success() {
        return AttemptCode::HttpStatus;
    }
    match serde_json::from_slice::<Answer>(body) {
        Ok(answer) if answer.status == "failed" => AttemptCode::AnsweredFailed,
        _ => AttemptCode::Delivered,
    }
}

/// `Retry-After` in either of its forms, seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Duration::try_from(date - now).ok()
}

#[cfg(test)]
mod tests;
