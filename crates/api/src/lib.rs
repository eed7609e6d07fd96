//! Every HTTP face of the gateway, a folder each.
//!
//! Here are the [`orders`] API, the [`threeds_server`] API, [`directlink`], hosted pages, the results receiver, processors' [`notifications`]
//! and the admin, with what stands in front of all public ones: [`layers`] and the OpenAPI document ([`docs`]). A handler parses, calls one
//! function of the orchestrator, answers. Not here: what any of it means (`payments`), and how it is done (`orchestrator`).
//!
//! Read [`public_router`] first, then `orders/create.rs`.

pub mod admin;
mod client_address;
pub mod directlink;
pub mod docs;
pub mod health;
mod layers;
pub mod notifications;
pub mod orders;
pub mod pages;
pub mod problem;
mod request_id;
pub mod results;
pub mod server;
pub mod threeds_server;

pub use request_id::{REQUEST_ID, RequestId};

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn};
use directlink::DirectLinkState;
use health::Readiness;
use notifications::Notifications;
use orders::{OrdersState, errors::Failure};
use pages::{PageSettings, Pages};
use results::{ResultsReceiver, served::Served};
use std::sync::Arc;
use threeds_server::ThreeDsServerState;
use tokio::sync::watch;
use tower::ServiceBuilder;
use utoipa_axum::router::OpenApiRouter;

/// The largest body any public face reads. An order of some hundred items has about 100 KiB.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// What the public faces are served from.
pub struct PublicState {
    pub orders: OrdersState,
    pub pages: Arc<dyn Pages>,
    pub page_settings: PageSettings,
    pub threeds_server: ThreeDsServerState,
    pub directlink: DirectLinkState,
    pub notifications: Arc<dyn Notifications>,
    /// Only where nobody else could ask for client certificates, or a proxy does; otherwise see [`results_router`].
    pub results: Option<Arc<dyn ResultsReceiver>>,
    pub readiness: Arc<dyn Readiness>,
}

/// Everything that is reachable from outside. Serve it with `ConnectInfo<SocketAddr>`: the pages tell the issuer the
/// browser's address.
pub fn public_router(state: PublicState) -> Router {
    let pages = pages::router(state.pages, state.page_settings);
    let threeds_server = threeds_server::router(state.threeds_server);
    let directlink = directlink::router(state.directlink);
    let results = state.results.map(results::router).unwrap_or_default();
    let notifications = notifications::router(state.notifications);
    let health = health::router(state.readiness);
    dressed(
        orders::router(state.orders)
            .merge(pages)
            .merge(results)
            .merge(threeds_server)
            .merge(directlink)
            .merge(notifications)
            .merge(health),
    )
}

/// The results receiver on its own listener. Serve it with `ConnectInfo<Peer>`: the peer's certificate decides for which
/// brands it may speak.
pub fn results_router(receiver: Arc<dyn ResultsReceiver>, served: watch::Receiver<Arc<Served>>) -> Router {
    in_front(results::tls_router(receiver, served))
}

/// Puts in front of `faces` what all of them need, and beside them their documentation.
fn dressed(faces: OpenApiRouter) -> Router {
    in_front(docs::beside(faces))
}

fn in_front(faces: Router) -> Router {
    faces
        .fallback(|| async { Failure::no_such_route() })
        .method_not_allowed_fallback(|| async { Failure::no_such_method() })
        .layer(
            ServiceBuilder::new()
                // Outermost, so that whatever happens further in can be told and logged under a name.
                .layer(from_fn(request_id::name_request))
                // Outside of panics and time-outs, so that they are counted like other answers.
                .layer(from_fn(layers::observe))
                // Outside of the time-out, since the timer's task is ours too.
                .layer(from_fn(layers::catch_panic))
                // Around reading the body as well: a caller who sends one byte a second ends here.
                .layer(from_fn(layers::limit_time))
                // Innermost: it only sets what the extractors enforce, so each face refuses in its own shape.
                .layer(DefaultBodyLimit::max(BODY_MAX_BYTES)),
        )
}
