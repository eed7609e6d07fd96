//! Hosted pages: what a cardholder sees of a payment that needs them (deuna-api section 6.3, emv-3ds section 13).
//!
//! One page, `GET /transactions/view_challenge?token=…`, shows whatever step the payment stands at. Its script asks
//! [`progress`] what comes next; without scripts the same page is reloaded and every step has a button. The ACS is
//! reached through [`handover`], a document of ours that posts the form and whose content policy, unlike that of the
//! page, lets it; the browser comes back to [`notifications`].
//!
//! Here are documents, forms and headers. Not here: what the next step is ([`Pages`], which the gateway answers) and
//! the results message, which alone decides an authentication and arrives elsewhere.
//!
//! Read [`view`] first, then `templates/pages/hosted-page.js`.

pub(crate) mod assets;
mod browser_data;
mod cancel;
mod form;
mod gateway;
mod handover;
pub(crate) mod headers;
pub(crate) mod language;
mod notifications;
mod progress;
pub(crate) mod refused;
mod token;
pub(crate) mod view;
pub(crate) mod words;

use axum::{extract::DefaultBodyLimit, middleware};
use orchestrator::flows::page_step::{PageError, PageReturn, PageView, StepName};
use payments::Browser;
use primitives::UrlPolicy;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The page that a merchant sends the cardholder to.
pub const VIEW_PATH: &str = "/transactions/view_challenge";
/// Where the browser's data are posted.
pub const BROWSER_DATA_PATH: &str = "/transactions/3ds/browser-data";
/// Where the 3DS Method reports that it is done: `threeDSMethodNotificationURL`.
pub const METHOD_NOTIFICATION_PATH: &str = "/transactions/3ds/method-notification";
/// Where the ACS sends the browser back to: `notificationURL`.
pub const CHALLENGE_NOTIFICATION_PATH: &str = "/transactions/3ds/challenge-notification";
const HANDOVER_PATH: &str = "/transactions/3ds/handover";
const PROGRESS_PATH: &str = "/transactions/3ds/progress";
const CANCEL_PATH: &str = "/transactions/3ds/cancel";
const ASSET_PATH: &str = "/transactions/assets/{file}";

/// Largest body of any of these routes. A CRes is a few hundred bytes; message extensions may make it some 80 KiB.
const BODY_MAX_BYTES: usize = 128 * 1024;

/// The flow behind the page. Every answer may be asked for twice and is then the same, since browsers reload.
#[async_trait::async_trait]
pub trait Pages: Send + Sync {
    /// The page is opened or reloaded; the first opening starts its ten minutes.
    async fn opened(&self, token: &str) -> Result<PageView, PageError>;

    /// The browser has told about itself; answers what comes next, or that nothing does yet.
    async fn browser_data(&self, token: &str, browser: Browser) -> Result<PageView, PageError>;

    /// The 3DS Method is done: the field `threeDSMethodData` as the browser brought it.
    async fn method_notified(&self, three_ds_method_data: &str) -> Result<(), PageError>;

    /// Where the payment stands, without opening anything. Holds the answer for up to `wait_seconds` while the step is
    /// still `seen`.
    async fn progress(
        &self,
        token: &str,
        seen: Option<StepName>,
        wait_seconds: u8,
    ) -> Result<PageView, PageError>;

    /// The ACS is done with the browser: a CRes or an Erro as the browser brought it. It moves the browser on (the
    /// step is no longer the challenge) and grants nothing.
    async fn challenge_returned(
        &self,
        cres: &str,
        session_data: Option<&str>,
    ) -> Result<PageReturn, PageError>;

    /// The cardholder gives up.
    async fn cancelled(&self, token: &str) -> Result<PageView, PageError>;
}

/// What an operator decides about the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSettings {
    /// Which addresses the browser may be sent to, and which sites may embed the page: those of an ACS, of a 3DS
    /// Method, and of merchants.
    pub urls: UrlPolicy,
    /// Whether the last address of `X-Forwarded-For` is the browser's. On only behind a proxy that appends it, since
    /// anyone may send the header.
    pub trust_forwarded_for: bool,
}

#[derive(Clone)]
struct PageState {
    pages: Arc<dyn Pages>,
    settings: PageSettings,
}

/// The routes under `/transactions/`. Serve them with `ConnectInfo<SocketAddr>`; without it the browser's address is
/// unknown to the issuer.
pub fn router(pages: Arc<dyn Pages>, settings: PageSettings) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(view::view))
        .routes(routes!(handover::handover))
        .routes(routes!(browser_data::receive))
        .routes(routes!(notifications::method_done))
        .routes(routes!(notifications::challenge_done))
        .routes(routes!(progress::progress))
        .routes(routes!(cancel::cancel))
        .routes(routes!(assets::asset))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(middleware::map_response(headers::safe_by_default))
        .with_state(PageState { pages, settings })
}
