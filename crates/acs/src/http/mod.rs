//! The faces over HTTP, a file or folder each; all paths begin with `/acs/`.

use axum::Router;

use crate::service::Acs;

/// Every route.
pub(crate) fn router(_acs: &Acs) -> Router {
    Router::new()
}
