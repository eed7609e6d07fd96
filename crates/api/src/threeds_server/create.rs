//! Create transaction (carat-3ds-server.md section 2).

use super::{
    ThreeDsServerState,
    call::{self, Call},
    errors::{Code, Failure},
    fields::{
        engine::{self, Fields},
        table,
    },
    reply,
    signature::{self, Signed},
};
use axum::{
    Json,
    extract::{Request, State},
    http::header::AUTHORIZATION,
};
use orchestrator::flows::threeds_server::NewTransaction;
use primitives::Brand;
use serde_json::Value;

/// The brands of this API, by the numbers it gives them.
const BRANDS: [(&str, Brand); 4] = [
    ("1", Brand::Visa),
    ("2", Brand::Mastercard),
    ("3", Brand::Amex),
    ("41", Brand::Elo),
];

/// The number of a brand.
pub fn brand_id(brand: Brand) -> Option<&'static str> {
    BRANDS
        .iter()
        .find(|(_, known)| *known == brand)
        .map(|(id, _)| *id)
}

fn brand(fields: &Fields) -> Option<Brand> {
    let id = fields.text("brand_id")?;
    BRANDS
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, brand)| *brand)
}

/// Create a transaction
///
/// Answers the identifier for all later calls, the address of the issuer's 3DS Method where it has one, and the version
/// that the shop's CReq has to say. A card that takes part in no 3-D Secure is error 305.
#[utoipa::path(
    post,
    path = "/v2/authentication",
    tag = "3DS Server API",
    operation_id = "threedsCreate",
    params(
        ("merchant_id" = String, Header, description = "The shop's id"),
        ("merchant_key" = String, Header, description = "The shop's key"),
        ("carat_merchant_id" = Option<String>, Header, description = "Where the card is named by a token"),
        ("carat_merchant_key" = Option<String>, Header, description = "Where the card is named by a token"),
        ("Authorization" = Option<String>, Header,
            description = "`Bearer` and a JWT (RS256) over merchant_id, merchant_key, cartao or token, and timestamp. \
                Mandatory once the shop has registered a public key"),
    ),
    request_body(content = Value, content_type = "application/json",
        example = json!({"brand_id": "1", "cardholder": {"acct": {"number": "4551820000009478"}}})),
    responses(
        (status = 200, description = "It is there, status `NEW`", body = Value, content_type = "application/json",
            example = json!({
                "three_ds_server": {"trans_id": "0190c5a2-1df0-7cc4-a3a2-6d0f5e9c1a11", "status": "NEW"},
                "acs": {"protocol_version": {"start": "2.1.0", "end": "2.2.0"}},
                "ds": {"protocol_version": {"start": "2.1.0", "end": "2.2.0"}},
                "device_channel": "02", "message_version": "2.2.0"
            })),
        (status = 400, description = "Errors 201 and 203: a field is missing or does not fit", body = Value),
        (status = 401, description = "Error 1: credentials or signature are wrong", body = Value),
        (status = 422, description = "Error 305: the card takes part in no 3-D Secure 2", body = Value),
        (status = 429, description = "Faster than agreed", body = Value),
    ),
)]
pub(super) async fn create(
    State(state): State<ThreeDsServerState>,
    request: Request,
) -> Result<Json<Value>, Failure> {
    let call = Call::accept(&state, request.method(), request.headers()).await?;
    let document = call.document(&state, request).await?.map_err(Failure::of)?;
    let fields = engine::read(&document, table::CREATE, call.reading(&state)).map_err(Failure::of)?;
    let card = call.card(&state, &fields).map_err(Failure::of)?;
    check_signature(&state, &call, &fields)?;
    let new = NewTransaction {
        brand: brand(&fields).unwrap_or(Brand::Other),
        card,
        channel: call::channel(&fields),
    };
    let created = state.server.create(&call.shop, new).await?;
    Ok(Json(reply::created(&created)))
}

/// Shops that registered a key sign; nobody else's signature could be checked.
fn check_signature(state: &ThreeDsServerState, call: &Call, fields: &Fields) -> Result<(), Failure> {
    let Some(public_key) = &call.shop.public_key else {
        return Ok(());
    };
    let header = call
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let about = Signed {
        merchant_id: &call.merchant_id,
        merchant_key: call.merchant_key.reveal(),
        number: fields.text("cardholder.acct.number"),
        token: fields.text("cardholder.acct.token"),
    };
    let holds = header.is_some_and(|header| signature::holds(header, public_key, about, state.server.now()));
    if holds {
        Ok(())
    } else {
        tracing::warn!(shop = %call.shop.id, "a request is not signed with the shop's key");
        Err(Failure::new(Code::InvalidCredentials))
    }
}
