//! Who calls: the `X-Api-Key` header, and what each kind of key may do (deuna-api.md sections 1 and 2).

use crate::orders::Orders;
use axum::http::{HeaderMap, HeaderName};
use orchestrator::{Caller, configuration::KeyKind};
use payments::{Refusal, RefusalCode};

pub const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Ours have about 45 characters; what is longer cannot be a key and is not looked up.
const API_KEY_MAX_CHARACTERS: usize = 128;

/// Which keys an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The merchant's backend only.
    Private,
    /// The merchant's pages too.
    Any,
}

/// The merchant whose key came with the request.
pub async fn caller(orders: &dyn Orders, headers: &HeaderMap, access: Access) -> Result<Caller, Refusal> {
    let mut given = headers.get_all(API_KEY).iter();
    let missing = || Refusal::new(RefusalCode::MissingHeader, API_KEY.as_str());
    let key = match (given.next(), given.next()) {
        (Some(key), None) => key.to_str().map_err(|_| missing())?.trim(),
        // Two keys: whoever stands between us and the caller may have seen the other one.
        _ => return Err(missing()),
    };
    if key.is_empty() {
        return Err(missing());
    }
    let unknown = || Refusal::new(RefusalCode::InvalidApiKey, "invalid api key");
    if key.len() > API_KEY_MAX_CHARACTERS {
        return Err(unknown());
    }
    let caller = orders.caller(key).await?.ok_or_else(unknown)?;
    match (access, caller.key) {
        (Access::Any, _) | (Access::Private, KeyKind::Private) => Ok(caller),
        (Access::Private, KeyKind::Public) => Err(Refusal::new(
            RefusalCode::Unauthorized,
            "this operation needs the private api key",
        )),
    }
}
