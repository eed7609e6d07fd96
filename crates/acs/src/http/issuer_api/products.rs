//! Card products and their ranges.

use super::call::{Caller, Document, product_id, timestamp};
use super::failure::{Answered, Failure};
use super::schema;
use crate::identifiers::IssuerId;
use crate::registration::members::Members;
use crate::registration::product::ProductBody;
use crate::service::Acs;
use crate::store::products::{self, Deleted, Product, ProductWritten};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// A product as answers show it.
pub(crate) fn shown(product: &Product) -> Value {
    let ranges = product.ranges.iter();
    json!({
        "productId": product.product.as_str(),
        "brand": product.brand.as_str(),
        "name": product.name,
        "ranges": ranges
            .map(|range| json!({"start": range.start.to_string(), "end": range.end.to_string()}))
            .collect::<Vec<_>>(),
        "updatedAt": timestamp(product.updated_at),
    })
}

/// Writes a product of an issuer; true where it is new.
pub(crate) async fn write(
    acs: &Acs,
    issuer: &IssuerId,
    product: &str,
    mut members: Members,
) -> Answered<bool> {
    let product = product_id(product)?;
    let body = ProductBody::read(&mut members)?;
    members.finish()?;
    let inner = acs.inner();
    let now = inner.clock.now();
    let product = Product {
        issuer: issuer.clone(),
        product,
        brand: body.brand,
        name: body.name,
        ranges: body.ranges,
        created_at: now,
        updated_at: now,
    };
    match products::put(&inner.store, &product).await? {
        ProductWritten::Created => Ok(true),
        ProductWritten::Replaced => Ok(false),
        ProductWritten::Overlaps => Err(Failure::conflict(
            "RANGE_OVERLAPS",
            "a range holds numbers of another product",
        )),
        ProductWritten::HasCards => Err(Failure::conflict(
            "PRODUCT_IN_USE",
            "the brand of a product with cards stays as it is",
        )),
    }
}

/// List the issuer's products
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/products", tag = "Products", security(("access_token" = [])),
    params(("issuerId" = String, Path)),
    responses(
        (status = 200, body = schema::ProductListReply),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn list(State(acs): State<Acs>, caller: Caller) -> Answered<Json<Value>> {
    let products = products::list(&acs.inner().store, &caller.issuer).await?;
    let products: Vec<_> = products.iter().map(shown).collect();
    Ok(Json(json!({"products": products})))
}

/// Get a product
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/products/{productId}", tag = "Products",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("productId" = String, Path)),
    responses(
        (status = 200, body = schema::ProductReply),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such product", body = schema::FailureBody),
    )
)]
pub(crate) async fn get(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, product)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let product = product_id(&product)?;
    let found = products::load(&acs.inner().store, &caller.issuer, &product).await?;
    let found = found.ok_or_else(|| Failure::not_found("product"))?;
    Ok(Json(shown(&found)))
}

/// Set a product and its ranges
///
/// Ranges are replaced whole. No number may be in two products, whoever's they are. The directory server has to know the
/// product too before its cards can be authenticated.
#[utoipa::path(
    put, path = "/acs/banking/v2/issuers/{issuerId}/products/{productId}", tag = "Products",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("productId" = String, Path)),
    request_body = schema::ProductBody,
    responses(
        (status = 201, description = "Made"),
        (status = 204, description = "Replaced"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
        (status = 409, description = "A range overlaps, or the product has cards of another brand", body = schema::FailureBody),
    )
)]
pub(crate) async fn put(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, product)): Path<(String, String)>,
    Document(members): Document,
) -> Answered<StatusCode> {
    match write(&acs, &caller.issuer, &product, members).await? {
        true => Ok(StatusCode::CREATED),
        false => Ok(StatusCode::NO_CONTENT),
    }
}

/// Delete a product
///
/// Not while it has cards.
#[utoipa::path(
    delete, path = "/acs/banking/v2/issuers/{issuerId}/products/{productId}", tag = "Products",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("productId" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such product", body = schema::FailureBody),
        (status = 409, description = "It has cards", body = schema::FailureBody),
    )
)]
pub(crate) async fn delete(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, product)): Path<(String, String)>,
) -> Answered<StatusCode> {
    let product = product_id(&product)?;
    match products::delete(&acs.inner().store, &caller.issuer, &product).await? {
        Deleted::Done => Ok(StatusCode::NO_CONTENT),
        Deleted::Unknown => Err(Failure::not_found("product")),
        Deleted::InUse => Err(Failure::conflict("PRODUCT_IN_USE", "the product has cards")),
    }
}
