//! Shops of the 3DS Server API: their keys, their signatures, their cards.

use super::{
    AdminState,
    call::{Answered, Document, ListQuery, id, page, timestamp},
    schema::{
        CardTokenBody, CardTokenListReply, CreatedCardTokenReply, CreatedShopReply, ProblemBody, ShopBody,
        ShopCardVaultKeyReply, ShopChangeBody, ShopKeyReply, ShopListReply, ShopPublicKeyBody, ShopReply,
    },
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use store::threeds_server::{card_tokens::ListedCardToken, shops::Shop};

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

fn as_shown(shop: &Shop) -> Value {
    json!({
        "id": shop.id,
        "merchant_id": shop.merchant_id,
        "name": shop.name,
        "carat_merchant_id": shop.card_vault.as_ref().map(|pair| &pair.merchant_id),
        "acquirer_country": shop.acquirer_country,
        "reads_per_second": shop.reads_per_second,
        "writes_per_second": shop.writes_per_second,
        "has_public_key": shop.public_key.is_some(),
        "status": if shop.disabled { "disabled" } else { "active" },
        "created_at": timestamp(shop.created_at),
        "updated_at": timestamp(shop.updated_at),
    })
}

fn card_as_shown(card: &ListedCardToken) -> Value {
    json!({ "id": card.id, "last_four": card.last_four, "created_at": timestamp(card.created_at) })
}

/// List shops of the 3DS Server API
#[utoipa::path(
    get, path = "/threeds-shops", tag = "3DS Server API", operation_id = "shops_list", security(("session" = [])),
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "Those after this one"),
    ),
    responses(
        (status = 200, body = ShopListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let page = page(query)?;
    let shops = state
        .administration
        .shops_list(page.after()?, page.limit()?)
        .await?;
    Ok(Json(
        json!({"data": shops.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

/// Create a shop
///
/// Its keys are shown this once: the pair for all calls, and that of the card vault for calls that name a card by a token.
#[utoipa::path(
    post, path = "/threeds-shops", tag = "3DS Server API", operation_id = "shops_create", security(("session" = [])),
    request_body = ShopBody,
    responses(
        (status = 201, body = CreatedShopReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 409, description = "An id is taken", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Document(document): Document,
) -> Answered<Response> {
    let created = state
        .administration
        .shop_create(operator.actor, &document)
        .await?;
    let mut shown = as_shown(&created.shop);
    shown["merchant_key"] = json!(created.merchant_key.reveal());
    shown["carat_merchant_key"] = json!(created.card_vault_key.reveal());
    Ok((StatusCode::CREATED, NO_STORE, Json(shown)).into_response())
}

/// Show a shop
#[utoipa::path(
    get, path = "/threeds-shops/{shop_id}", tag = "3DS Server API", operation_id = "shops_get",
    security(("session" = [])),
    params(("shop_id" = String, Path)),
    responses(
        (status = 200, body = ShopReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
    )
)]
pub(super) async fn get(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(shop): Path<String>,
) -> Answered<Json<Value>> {
    let shop = state.administration.shop_get(id(&shop, "shop")?).await?;
    Ok(Json(as_shown(&shop)))
}

/// Change a shop
#[utoipa::path(
    patch, path = "/threeds-shops/{shop_id}", tag = "3DS Server API", operation_id = "shops_update",
    security(("session" = [])),
    params(("shop_id" = String, Path)),
    request_body = ShopChangeBody,
    responses(
        (status = 200, body = ShopReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
        (status = 409, description = "It was changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn update(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let shop = state
        .administration
        .shop_update(operator.actor, id(&shop, "shop")?, &document)
        .await?;
    Ok(Json(as_shown(&shop)))
}

/// Give a shop another key
///
/// Shown this once; the old one is useless at once.
#[utoipa::path(
    post, path = "/threeds-shops/{shop_id}/key", tag = "3DS Server API", operation_id = "shops_rotate_key",
    security(("session" = [])),
    params(("shop_id" = String, Path)),
    responses(
        (status = 201, body = ShopKeyReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
    )
)]
pub(super) async fn rotate_key(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
) -> Answered<Response> {
    let key = state
        .administration
        .shop_key_rotate(operator.actor, id(&shop, "shop")?)
        .await?;
    let shown = json!({ "merchant_key": key.reveal() });
    Ok((StatusCode::CREATED, NO_STORE, Json(shown)).into_response())
}

/// Give a shop another key of the card vault
#[utoipa::path(
    post, path = "/threeds-shops/{shop_id}/card-vault-key", tag = "3DS Server API",
    operation_id = "shops_rotate_card_vault_key", security(("session" = [])),
    params(("shop_id" = String, Path)),
    responses(
        (status = 201, body = ShopCardVaultKeyReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
    )
)]
pub(super) async fn rotate_card_vault_key(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
) -> Answered<Response> {
    let (merchant_id, key) = state
        .administration
        .shop_card_vault_key_rotate(operator.actor, id(&shop, "shop")?)
        .await?;
    let shown = json!({ "carat_merchant_id": merchant_id, "carat_merchant_key": key.reveal() });
    Ok((StatusCode::CREATED, NO_STORE, Json(shown)).into_response())
}

/// Register the RSA key that signs a shop's requests
///
/// From then on a transaction is created only with a signature in `Authorization`.
#[utoipa::path(
    put, path = "/threeds-shops/{shop_id}/public-key", tag = "3DS Server API", operation_id = "shops_set_public_key",
    security(("session" = [])),
    params(("shop_id" = String, Path)),
    request_body = ShopPublicKeyBody,
    responses(
        (status = 200, body = ShopReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
        (status = 422, description = "It is no RSA public key", body = ProblemBody),
    )
)]
pub(super) async fn set_public_key(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let shop = state
        .administration
        .shop_public_key_set(operator.actor, id(&shop, "shop")?, &document)
        .await?;
    Ok(Json(as_shown(&shop)))
}

/// Take a shop's public key away
#[utoipa::path(
    delete, path = "/threeds-shops/{shop_id}/public-key", tag = "3DS Server API",
    operation_id = "shops_delete_public_key", security(("session" = [])),
    params(("shop_id" = String, Path)),
    responses(
        (status = 204, description = "Its requests need no signature any more"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop, or it has none", body = ProblemBody),
    )
)]
pub(super) async fn delete_public_key(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
) -> Answered<StatusCode> {
    state
        .administration
        .shop_public_key_delete(operator.actor, id(&shop, "shop")?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keep a shop's calls out
#[utoipa::path(
    post, path = "/threeds-shops/{shop_id}/disable", tag = "3DS Server API", operation_id = "shops_disable",
    security(("session" = [])),
    params(("shop_id" = String, Path)),
    responses(
        (status = 200, body = ShopReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
    )
)]
pub(super) async fn disable(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
) -> Answered<Json<Value>> {
    set_disabled(&state, &operator, &shop, true).await
}

/// Let a shop's calls in again
#[utoipa::path(
    post, path = "/threeds-shops/{shop_id}/enable", tag = "3DS Server API", operation_id = "shops_enable",
    security(("session" = [])),
    params(("shop_id" = String, Path)),
    responses(
        (status = 200, body = ShopReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
    )
)]
pub(super) async fn enable(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
) -> Answered<Json<Value>> {
    set_disabled(&state, &operator, &shop, false).await
}

async fn set_disabled(
    state: &AdminState,
    operator: &Operator,
    shop: &str,
    disabled: bool,
) -> Answered<Json<Value>> {
    let shop = state
        .administration
        .shop_set_disabled(operator.actor, id(shop, "shop")?, disabled)
        .await?;
    Ok(Json(as_shown(&shop)))
}

/// List a shop's cards
#[utoipa::path(
    get, path = "/threeds-shops/{shop_id}/card-tokens", tag = "3DS Server API", operation_id = "card_tokens_list",
    security(("session" = [])),
    params(
        ("shop_id" = String, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "Those after this one"),
    ),
    responses(
        (status = 200, body = CardTokenListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn list_cards(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(shop): Path<String>,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let page = page(query)?;
    let cards = state
        .administration
        .card_tokens_list(id(&shop, "shop")?, page.after()?, page.limit()?)
        .await?;
    Ok(Json(
        json!({"data": cards.iter().map(card_as_shown).collect::<Vec<_>>()}),
    ))
}

/// Put a card under a token
///
/// The token, 88 characters, is shown this once, and is good for `cardholder.acct.token` of this shop only.
#[utoipa::path(
    post, path = "/threeds-shops/{shop_id}/card-tokens", tag = "3DS Server API", operation_id = "card_tokens_create",
    security(("session" = [])),
    params(("shop_id" = String, Path)),
    request_body = CardTokenBody,
    responses(
        (status = 201, body = CreatedCardTokenReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such shop", body = ProblemBody),
        (status = 422, description = "It is no card number", body = ProblemBody),
    )
)]
pub(super) async fn create_card(
    State(state): State<AdminState>,
    operator: Operator,
    Path(shop): Path<String>,
    Document(document): Document,
) -> Answered<Response> {
    let created = state
        .administration
        .card_token_create(operator.actor, id(&shop, "shop")?, &document)
        .await?;
    let mut shown = card_as_shown(&created.listed);
    shown["token"] = json!(created.token.reveal());
    Ok((StatusCode::CREATED, NO_STORE, Json(shown)).into_response())
}

/// Forget a card
#[utoipa::path(
    delete, path = "/threeds-shops/{shop_id}/card-tokens/{card_id}", tag = "3DS Server API",
    operation_id = "card_tokens_delete", security(("session" = [])),
    params(("shop_id" = String, Path), ("card_id" = String, Path)),
    responses(
        (status = 204, description = "Its token names nothing any more"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such card", body = ProblemBody),
    )
)]
pub(super) async fn delete_card(
    State(state): State<AdminState>,
    operator: Operator,
    Path((shop, card)): Path<(String, String)>,
) -> Answered<StatusCode> {
    state
        .administration
        .card_token_delete(operator.actor, id(&shop, "card")?, id(&card, "card")?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
