//! What an issuer sets: numbers and choices of its challenges, rules, and the secret of its backend.

use super::call::{Caller, Document};
use super::failure::{Answered, Failure};
use super::schema;
use crate::decision::Rules;
use crate::flows::backend::backend_secret_context;
use crate::identifiers::IssuerId;
use crate::jose::jwk::EcKey;
use crate::policy::{BackendPolicy, Policy};
use crate::service::Acs;
use crate::store::issuers;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use primitives::{HttpUrl, UrlPolicy};
use serde_json::Value;
use zeroize::Zeroizing;

/// Get the policy
///
/// Complete, with every default.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/policy", tag = "Policy", security(("access_token" = [])),
    params(("issuerId" = String, Path)),
    responses(
        (status = 200, description = "See docs/acs.md", body = serde_json::Value),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn get(State(acs): State<Acs>, caller: Caller) -> Answered<Json<Policy>> {
    let found = issuers::load(&acs.inner().store, &caller.issuer).await?;
    Ok(Json(found.ok_or_else(|| Failure::not_found("issuer"))?.policy))
}

/// Set the policy
///
/// Whole: what is left out is the default from then on. Challenges that are open go on as they began.
#[utoipa::path(
    put, path = "/acs/banking/v2/issuers/{issuerId}/policy", tag = "Policy", security(("access_token" = [])),
    params(("issuerId" = String, Path)),
    request_body(content = serde_json::Value, description = "See docs/acs.md"),
    responses(
        (status = 204, description = "Set"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn put(
    State(acs): State<Acs>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Answered<StatusCode> {
    let body = body.map_err(|_| super::call::too_large())?;
    let policy = read(&body, acs.inner().settings.production)?;
    set(&acs, &caller.issuer, &policy).await
}

/// Replaces the policy of an issuer.
pub(crate) async fn set(acs: &Acs, issuer: &IssuerId, policy: &Policy) -> Answered<StatusCode> {
    let inner = acs.inner();
    match issuers::set_policy(&inner.store, issuer, policy, inner.clock.now()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Failure::not_found("issuer")),
    }
}

/// Reads a policy and holds it against the hard caps.
pub(crate) fn read(body: &[u8], production: bool) -> Answered<Policy> {
    let document: Value = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    if let Some(list) = list_for_object(&document) {
        return Err(Failure::format(&list, "must be an object"));
    }
    let policy: Policy = serde_path_to_error::deserialize(document).map_err(unreadable)?;
    policy
        .check()
        .map_err(|out| Failure::format(out.field, out.must))?;
    Rules::read(&policy.rules).map_err(|bad| Failure::format(&bad.member, bad.must))?;
    if let Some(backend) = &policy.backend {
        check_backend(backend, production)?;
    }
    Ok(policy)
}

/// The first place where a list stands for an object: serde would take its elements for members in their order.
fn list_for_object(document: &Value) -> Option<String> {
    let groups = ["otp", "app", "delivery", "limits", "backend"];
    if document.is_array() {
        return Some("policy".to_owned());
    }
    let in_limits = [
        "sends_per_phone",
        "sends_per_card",
        "challenges_per_address",
        "sends_per_issuer",
    ];
    let limits = in_limits.into_iter().find(|name| {
        let windows = document["limits"][name].as_array();
        windows.is_some_and(|windows| windows.iter().any(Value::is_array))
    });
    groups
        .into_iter()
        .find(|name| document[name].is_array())
        .map(str::to_owned)
        .or_else(|| limits.map(|name| format!("limits.{name}")))
}

fn unreadable(error: serde_path_to_error::Error<serde_json::Error>) -> Failure {
    let path = error.path().to_string();
    let field = if path == "." { "policy" } else { path.as_str() };
    Failure::format(field, "is not known here, or not of the right type")
}

fn not_json(error: &serde_json::Error) -> Failure {
    let place = format!("line {}, column {}", error.line(), error.column());
    Failure::new(
        StatusCode::BAD_REQUEST,
        "BODY_INVALID_FORMAT",
        format!("the body must be JSON: {place}"),
    )
}

/// Addresses that the service will call: https, and in a sandbox http on a loopback address too.
fn check_backend(backend: &BackendPolicy, production: bool) -> Answered<()> {
    let allowed = if production {
        UrlPolicy::HttpsOnly
    } else {
        UrlPolicy::LoopbackHttpToo
    };
    let token_url = backend.token_url.iter().map(|url| ("backend.token_url", url));
    for (field, url) in std::iter::once(("backend.url", &backend.url)).chain(token_url) {
        if HttpUrl::parse(url, allowed).is_err() || url.ends_with('/') {
            return Err(Failure::format(
                field,
                "must be an https URL without a slash at its end",
            ));
        }
    }
    if backend.token_url.is_some() != backend.client_id.is_some() {
        return Err(Failure::format(
            "backend.client_id",
            "must be there where token_url is, and only there",
        ));
    }
    match &backend.encryption_key {
        Some(key) if EcKey::parse(key).is_none() => Err(Failure::format(
            "backend.encryption_key",
            "must be a public key of P-256 as a JWK",
        )),
        _ => Ok(()),
    }
}

/// Set the secret of the issuer's backend
///
/// What the service shows, together with `backend.client_id` of the policy, where it gets its own access tokens. Taken and never
/// shown.
#[utoipa::path(
    put, path = "/acs/banking/v2/issuers/{issuerId}/backend-secret", tag = "Policy", security(("access_token" = [])),
    params(("issuerId" = String, Path)),
    request_body = schema::SecretBody,
    responses(
        (status = 204, description = "Set"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn put_backend_secret(
    State(acs): State<Acs>,
    caller: Caller,
    Document(mut members): Document,
) -> Answered<StatusCode> {
    let secret = members.text("secret", "must be 16 to 256 characters", |text| {
        let fits = (16..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Zeroizing::new(text.to_owned()))
    })?;
    members.finish()?;
    let inner = acs.inner();
    let sealed = inner
        .keys
        .seal(&backend_secret_context(&caller.issuer), secret.as_bytes())?;
    let now = inner.clock.now();
    match issuers::set_backend_secret(&inner.store, &caller.issuer, Some(&sealed), now).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Failure::not_found("issuer")),
    }
}
