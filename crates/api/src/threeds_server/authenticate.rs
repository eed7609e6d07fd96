//! Authenticate (carat-3ds-server.md section 3).

use super::{
    ThreeDsServerState,
    call::{self, Call},
    errors::{BadInput, Code, Failure},
    fields::{
        engine::{self, Fields},
        table,
    },
    reply,
};
use axum::{
    Json,
    extract::{Path, Request, State},
};
use emv3ds::{
    Version,
    code::{DeviceChannel, MessageCategory},
};
use orchestrator::flows::threeds_server::{Open, Wanted};
use primitives::Brand;
use serde_json::{Map, Value, json};

/// Mastercard's category of authentications that only share data with the issuer.
const DATA_ONLY: &str = "80";

/// Authenticate the cardholder
///
/// Sends the authentication request and answers what the issuer says: done (`AUY`, `AUN`, `AUU`, `AUA`, `AUR`), a challenge
/// (`AUC`: post a CReq to `acs.url`), or decoupled (`AUD`: the result is posted to `decoupled_notification_url`). A
/// transaction can be asked for once.
#[utoipa::path(
    put,
    path = "/v2/authentication/{id}",
    tag = "3DS Server API",
    operation_id = "threedsAuthenticate",
    params(
        ("id" = String, Path, description = "`three_ds_server.trans_id`"),
        ("merchant_id" = String, Header, description = "The shop's id"),
        ("merchant_key" = String, Header, description = "The shop's key"),
        ("carat_merchant_id" = Option<String>, Header, description = "Where the card is named by a token"),
        ("carat_merchant_key" = Option<String>, Header, description = "Where the card is named by a token"),
    ),
    request_body(content = Value, content_type = "application/json", example = json!(example())),
    responses(
        (status = 200, description = "The issuer's answer", body = Value, content_type = "application/json",
            example = json!({
                "three_ds_server": {"trans_id": "0190c5a2-1df0-7cc4-a3a2-6d0f5e9c1a11", "status": "AUY"},
                "acs": {"reference_number": "3DS_LOA_ACS_SNDB_020200_00001", "trans_id": "7c0ba6b1-2b1c-4d9a-8f0d-1c1e5d5c8f10"},
                "ds": {"reference_number": "3DS_LOA_DIS_SNDB_020200_00001", "trans_id": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"},
                "eci": "05", "authentication": {"value": "AJkBBkhgQQAAAE4gSEJydQAAAAA="},
                "transaction": {"status": "Y"}, "device_channel": "02", "message_version": "2.2.0"
            })),
        (status = 400, description = "Errors 201, 202, 203 and 301; `error.detail` names the field, and the transaction is \
            `INV`", body = Value),
        (status = 401, description = "Error 1: credentials are wrong", body = Value),
        (status = 404, description = "Error 2: no such transaction", body = Value),
        (status = 409, description = "Error 3: it is no longer `NEW`", body = Value),
        (status = 422, description = "Error 305: the card takes part in no 3-D Secure 2", body = Value),
        (status = 429, description = "Faster than agreed", body = Value),
        (status = 502, description = "Error 405: the directory server cannot be reached (`ERR`) or complains (`ERM`)", body = Value),
        (status = 504, description = "Error 402: the directory server did not answer in time (`ERR`)", body = Value),
    ),
)]
pub(super) async fn authenticate(
    State(state): State<ThreeDsServerState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, Failure> {
    let call = Call::accept(&state, request.method(), request.headers()).await?;
    let id = call::transaction_id(&id)?;
    let open = state.server.open(&call.shop, id).await?;
    let read = call
        .document(&state, request)
        .await?
        .and_then(|document| wanted(&state, &call, &open, &document));
    let (wanted, broad_info) = match read {
        Ok(read) => read,
        Err(bad) => {
            let status = state.server.invalid(&open).await?;
            return Err(Failure::of(bad).about(id, status));
        }
    };
    let asked = state.server.authenticate(&call.shop, open, wanted).await?;
    Ok(Json(reply::asked(&asked, broad_info)))
}

/// What the document asks for, and the `broad_info` that is echoed.
fn wanted(
    state: &ThreeDsServerState,
    call: &Call,
    open: &Open,
    document: &Map<String, Value>,
) -> Result<(Wanted, Option<Value>), BadInput> {
    let fields = engine::read(document, table::AUTHENTICATE, call.reading(state))?;
    let channel = call::channel(&fields);
    if channel == DeviceChannel::App {
        // Its fields are checked above; the protocol's app channel is not spoken yet.
        return Err(BadInput::invalid("device_channel"));
    }
    let category = fields.text("message.category").unwrap_or_default();
    if category == DATA_ONLY && open.brand != Brand::Mastercard {
        return Err(BadInput::invalid("message.category"));
    }
    let category = MessageCategory::parse(category).ok_or_else(|| BadInput::invalid("message.category"))?;
    let card = call.card(state, &fields)?;
    let mut elements = fields.elements();
    if let Some(extensions) = extensions(&fields)? {
        elements.insert("messageExtension".to_owned(), Value::Array(extensions));
    }
    if let Some(minutes) = fields.text("three_ds_requestor.decoupled_max_time") {
        elements.insert("threeDSRequestorDecReqInd".to_owned(), json!("Y"));
        elements.insert(
            "threeDSRequestorDecMaxTime".to_owned(),
            json!(format!("{minutes:0>5}")),
        );
    }
    let broad_info = fields.value("broad_info").cloned();
    // From 2.3.1 on it has a structure of the protocol's own, which this API does not know.
    if open.version < Version::V2_3_1
        && let Some(broad_info @ Value::Object(_)) = &broad_info
    {
        elements.insert("broadInfo".to_owned(), broad_info.clone());
    }
    let wanted = Wanted {
        channel,
        category,
        card,
        elements,
        decoupled_notification_url: fields.text("decoupled_notification_url").map(str::to_owned),
    };
    Ok((wanted, broad_info))
}

/// The message extensions that can be passed on. We know none, so that one which must be understood is refused; one that
/// lacks a part that the protocol requires is left out, as whoever does not understand it would.
fn extensions(fields: &Fields) -> Result<Option<Vec<Value>>, BadInput> {
    let members = |name: &str| {
        let path = format!("message.extension[].{name}");
        fields.value(&path).and_then(Value::as_array)
    };
    let entry = |name: &str, index: usize| members(name)?.get(index).filter(|value| !value.is_null());
    let count = members("id").map_or(0, Vec::len);
    let mut extensions = Vec::new();
    for index in 0..count {
        if entry("criticality_indicator", index) == Some(&Value::Bool(true)) {
            let path = format!("message.extension[{index}]");
            return Err(BadInput::new(Code::ExtensionNotRecognised, path));
        }
        if let (Some(id), Some(name), Some(data)) =
            (entry("id", index), entry("name", index), entry("data", index))
        {
            extensions.push(json!({
                "id": id, "name": name, "criticalityIndicator": false, "data": data,
            }));
        }
    }
    Ok((!extensions.is_empty()).then_some(extensions))
}

/// A request with everything a browser's payment needs.
pub(super) fn example() -> Value {
    json!({
        "device_channel": "02", "three_ds_comp_ind": "U", "notification_url": "https://loja.example/3ds/cres",
        "trans_type": "01",
        "three_ds_requestor": {
            "authentication_ind": "01", "challenge_ind": "01", "id": "SNDB-0001", "name": "Loja",
            "url": "https://loja.example"
        },
        "acquirer": {"bin": "2", "merchant_id": "9876543210001"},
        "browser": {
            "accept_header": "text/html,*/*", "ip": "203.0.113.10", "java_enabled": "false",
            "javascript_enabled": "true", "language": "pt-BR", "color_depth": "24", "screen_height": "1080",
            "screen_width": "1920", "tz": "180", "user_agent": "Mozilla/5.0"
        },
        "cardholder": {
            "card_expiry_date": "3012", "name": "ANA SOUZA",
            "acct": {"type": "02", "number": "4551820000009478"}
        },
        "merchant": {"mcc": "5411", "country_code": "BRA", "name": "Loja"},
        "message": {"category": "01"},
        "purchase": {"amount": "10000", "currency": "986", "exponent": "2", "date": "20261122101500"}
    })
}
