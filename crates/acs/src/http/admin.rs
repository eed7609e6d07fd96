//! The service's own administration, behind one bearer token: issuers, their clients and their keys, products, and the ranges
//! that directory servers list.

use super::issuer_api::call::{Document, bearer, timestamp};
use super::issuer_api::failure::{Answered, Failure};
use super::issuer_api::{policy, products as issuer_products, schema as issuer_schema};
use crate::flows::administration::{ClientKeys, PrivateJwk};
use crate::identifiers::IssuerId;
use crate::registration::members::plain;
use crate::service::Acs;
use crate::store::clients;
use crate::store::issuers::{self, Issuer};
use crate::store::products;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const BODY_MAX_BYTES: usize = 64 * 1024;
const CLIENT_ID: &str = "must be 1 to 64 letters, digits, _ and -";

/// Whoever showed the administration's token.
pub(crate) struct Administrator;

impl FromRequestParts<Acs> for Administrator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, acs: &Acs) -> Answered<Self> {
        let expected = acs.inner().settings.admin_token.as_ref();
        let shown = bearer(&parts.headers).unwrap_or_default();
        let same = expected.is_some_and(|expected| {
            verify_slices_are_equal(expected.reveal().as_bytes(), shown.as_bytes()).is_ok()
        });
        same.then_some(Self)
            .ok_or_else(|| Failure::unauthorized("the administration's token is needed"))
    }
}

/// The routes of the administration.
pub(crate) fn router() -> OpenApiRouter<Acs> {
    OpenApiRouter::new()
        .routes(routes!(list_issuers, create_issuer))
        .routes(routes!(get_issuer))
        .routes(routes!(put_policy))
        .routes(routes!(list_clients, create_client))
        .routes(routes!(rotate_client))
        .routes(routes!(disable_client))
        .routes(routes!(enable_client))
        .routes(routes!(put_product))
        .routes(routes!(card_ranges))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

/// An issuer to be registered.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "read by the derive only")]
struct IssuerBody {
    #[schema(min_length = 10, max_length = 10)]
    issuer_id: String,
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// A client to be made, or its other key.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "read by the derive only")]
struct ClientBody {
    /// Only where a client is made.
    client_id: Option<String>,
    /// A public key of P-256 as a JWK. Without it the service makes a pair, and shows the private half once.
    public_key: Option<Value>,
}

fn issuer_id(text: &str) -> Answered<IssuerId> {
    IssuerId::parse(text).ok_or_else(|| Failure::not_found("issuer"))
}

async fn issuer(acs: &Acs, text: &str) -> Answered<Issuer> {
    let found = issuers::load(&acs.inner().store, &issuer_id(text)?).await?;
    found.ok_or_else(|| Failure::not_found("issuer"))
}

fn shown_issuer(issuer: &Issuer) -> Value {
    json!({
        "issuerId": issuer.issuer.as_str(),
        "name": issuer.name,
        "createdAt": timestamp(issuer.created_at),
        "updatedAt": timestamp(issuer.updated_at),
    })
}

/// List issuers
#[utoipa::path(
    get, path = "/acs/admin/issuers", tag = "Administration", security(("admin_token" = [])),
    responses(
        (status = 200, description = "Every issuer", body = Value),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
    )
)]
async fn list_issuers(State(acs): State<Acs>, _administrator: Administrator) -> Answered<Json<Value>> {
    let issuers = issuers::list(&acs.inner().store).await?;
    let issuers: Vec<_> = issuers.iter().map(shown_issuer).collect();
    Ok(Json(json!({"issuers": issuers})))
}

/// Register an issuer
///
/// With the default policy, which the issuer may replace.
#[utoipa::path(
    post, path = "/acs/admin/issuers", tag = "Administration", security(("admin_token" = [])),
    request_body = IssuerBody,
    responses(
        (status = 201, description = "The issuer", body = Value),
        (status = 400, description = "A member is wrong", body = issuer_schema::FailureBody),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 409, description = "There is an issuer of this name", body = issuer_schema::FailureBody),
    )
)]
async fn create_issuer(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Document(mut members): Document,
) -> Answered<(StatusCode, Json<Value>)> {
    let must = "must be 10 letters, digits, _ and -";
    let name = members.text("issuerId", must, IssuerId::parse)?;
    let label = members.text("name", "must be a text of 1 to 64 characters", plain(64))?;
    members.finish()?;
    let issuer = acs.create_issuer(name, label).await?;
    Ok((StatusCode::CREATED, Json(shown_issuer(&issuer))))
}

/// Get an issuer
#[utoipa::path(
    get, path = "/acs/admin/issuers/{issuerId}", tag = "Administration", security(("admin_token" = [])),
    params(("issuerId" = String, Path)),
    responses(
        (status = 200, description = "The issuer", body = Value),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such issuer", body = issuer_schema::FailureBody),
    )
)]
async fn get_issuer(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path(name): Path<String>,
) -> Answered<Json<Value>> {
    Ok(Json(shown_issuer(&issuer(&acs, &name).await?)))
}

/// Set an issuer's policy
///
/// As the issuer itself may.
#[utoipa::path(
    put, path = "/acs/admin/issuers/{issuerId}/policy", tag = "Administration", security(("admin_token" = [])),
    params(("issuerId" = String, Path)),
    request_body(content = Value, description = "See docs/acs.md"),
    responses(
        (status = 204, description = "Set"),
        (status = 400, description = "A member is wrong", body = issuer_schema::FailureBody),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such issuer", body = issuer_schema::FailureBody),
    )
)]
async fn put_policy(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path(name): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Answered<StatusCode> {
    let issuer = issuer_id(&name)?;
    let body = body.map_err(|_| super::issuer_api::call::too_large())?;
    let policy = policy::read(&body, acs.inner().settings.production)?;
    policy::set(&acs, &issuer, &policy).await
}

/// List an issuer's clients
#[utoipa::path(
    get, path = "/acs/admin/issuers/{issuerId}/clients", tag = "Administration", security(("admin_token" = [])),
    params(("issuerId" = String, Path)),
    responses(
        (status = 200, description = "Its clients", body = Value),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such issuer", body = issuer_schema::FailureBody),
    )
)]
async fn list_clients(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path(name): Path<String>,
) -> Answered<Json<Value>> {
    let issuer = issuer(&acs, &name).await?;
    let clients = clients::list(&acs.inner().store, &issuer.issuer).await?;
    let clients = clients.iter().map(|client| {
        let previous = client.previous.as_ref();
        json!({
            "clientId": client.client,
            "publicKey": client.key.to_json(),
            "previousKeyUntil": previous.map(|(_, until)| timestamp(*until)),
            "disabledAt": client.disabled_at.map(timestamp),
            "createdAt": timestamp(client.created_at),
        })
    });
    Ok(Json(json!({"clients": clients.collect::<Vec<_>>()})))
}

/// Make a client of an issuer
///
/// With a public key of its own; or without one, then the pair is made here, and the answer shows the private half once.
#[utoipa::path(
    post, path = "/acs/admin/issuers/{issuerId}/clients", tag = "Administration", security(("admin_token" = [])),
    params(("issuerId" = String, Path)),
    request_body = ClientBody,
    responses(
        (status = 201, description = "The client, with its private key where it was made here", body = Value),
        (status = 400, description = "A member is wrong", body = issuer_schema::FailureBody),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such issuer", body = issuer_schema::FailureBody),
        (status = 409, description = "There is a client of this name", body = issuer_schema::FailureBody),
    )
)]
async fn create_client(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path(name): Path<String>,
    Document(mut members): Document,
) -> Answered<(StatusCode, Json<Value>)> {
    let issuer = issuer_id(&name)?;
    let client = members.text("clientId", CLIENT_ID, |text| Some(text.to_owned()))?;
    let key = members.value("publicKey");
    members.finish()?;
    let keys = acs.create_client(&issuer, &client, key.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(shown_keys(&client, &keys))))
}

fn shown_keys(client: &str, keys: &ClientKeys) -> Value {
    json!({
        "clientId": client,
        "publicKey": keys.public,
        "privateKey": keys.private.as_ref().map(PrivateJwk::reveal),
    })
}

/// Give a client another key
///
/// The one before stays good for a day.
#[utoipa::path(
    post, path = "/acs/admin/issuers/{issuerId}/clients/{clientId}/key", tag = "Administration",
    security(("admin_token" = [])),
    params(("issuerId" = String, Path), ("clientId" = String, Path)),
    request_body = ClientBody,
    responses(
        (status = 200, description = "The key, with its private half where it was made here", body = Value),
        (status = 400, description = "A member is wrong", body = issuer_schema::FailureBody),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such client", body = issuer_schema::FailureBody),
    )
)]
async fn rotate_client(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path((name, client)): Path<(String, String)>,
    Document(mut members): Document,
) -> Answered<Json<Value>> {
    let issuer = issuer_id(&name)?;
    let key = members.value("publicKey");
    members.finish()?;
    let (keys, until) = acs.rotate_client(&issuer, &client, key.as_ref()).await?;
    let mut shown = shown_keys(&client, &keys);
    shown["previousKeyUntil"] = timestamp(until).into();
    Ok(Json(shown))
}

/// Disable a client
///
/// Its tokens end at once.
#[utoipa::path(
    post, path = "/acs/admin/issuers/{issuerId}/clients/{clientId}/disable", tag = "Administration",
    security(("admin_token" = [])),
    params(("issuerId" = String, Path), ("clientId" = String, Path)),
    responses(
        (status = 204, description = "Disabled"),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such client", body = issuer_schema::FailureBody),
    )
)]
async fn disable_client(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path((name, client)): Path<(String, String)>,
) -> Answered<StatusCode> {
    acs.set_client_disabled(&issuer_id(&name)?, &client, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enable a client
#[utoipa::path(
    post, path = "/acs/admin/issuers/{issuerId}/clients/{clientId}/enable", tag = "Administration",
    security(("admin_token" = [])),
    params(("issuerId" = String, Path), ("clientId" = String, Path)),
    responses(
        (status = 204, description = "Enabled"),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such client", body = issuer_schema::FailureBody),
    )
)]
async fn enable_client(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path((name, client)): Path<(String, String)>,
) -> Answered<StatusCode> {
    acs.set_client_disabled(&issuer_id(&name)?, &client, false)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set a product of an issuer
///
/// As the issuer itself may.
#[utoipa::path(
    put, path = "/acs/admin/issuers/{issuerId}/products/{productId}", tag = "Administration",
    security(("admin_token" = [])),
    params(("issuerId" = String, Path), ("productId" = String, Path)),
    request_body = issuer_schema::ProductBody,
    responses(
        (status = 201, description = "Made"),
        (status = 204, description = "Replaced"),
        (status = 400, description = "A member is wrong", body = issuer_schema::FailureBody),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
        (status = 404, description = "No such issuer", body = issuer_schema::FailureBody),
        (status = 409, description = "A range overlaps, or the product has cards of another brand", body = issuer_schema::FailureBody),
    )
)]
async fn put_product(
    State(acs): State<Acs>,
    _administrator: Administrator,
    Path((name, product)): Path<(String, String)>,
    Document(members): Document,
) -> Answered<StatusCode> {
    let issuer = issuer(&acs, &name).await?;
    match issuer_products::write(&acs, &issuer.issuer, &product, members).await? {
        true => Ok(StatusCode::CREATED),
        false => Ok(StatusCode::NO_CONTENT),
    }
}

/// List every range
///
/// What directory servers have to know of this service.
#[utoipa::path(
    get, path = "/acs/admin/card-ranges", tag = "Administration", security(("admin_token" = [])),
    responses(
        (status = 200, description = "Every range of every product", body = Value),
        (status = 401, description = "No good token", body = issuer_schema::FailureBody),
    )
)]
async fn card_ranges(State(acs): State<Acs>, _administrator: Administrator) -> Answered<Json<Value>> {
    let ranges = products::ranges(&acs.inner().store).await?;
    let ranges = ranges.iter().map(|of| {
        json!({
            "issuerId": of.issuer.as_str(),
            "productId": of.product.as_str(),
            "brand": of.brand.as_str(),
            "start": of.range.start.to_string(),
            "end": of.range.end.to_string(),
        })
    });
    Ok(Json(json!({"ranges": ranges.collect::<Vec<_>>()})))
}
