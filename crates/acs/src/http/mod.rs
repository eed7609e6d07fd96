//! The faces over HTTP, a file or folder each; all paths begin with `/acs/`.

pub mod pages;

use axum::Router;

use crate::service::Acs;

/// Every route.
pub(crate) fn router(_acs: &Acs) -> Router {
    Router::new().merge(pages::assets())
}
