//! `GET /acs/admin/providers`: how the carriers of codes are doing.

use super::admin::Administrator;
use super::issuer_api::failure::Answered;
use super::issuer_api::schema;
use crate::service::Acs;
use crate::store::provider_health::{self, ProviderHealth};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use utoipa_axum::{router::OpenApiRouter, routes};

/// How far back is looked, to the hour.
const LOOKED_BACK: Duration = Duration::hours(1);

/// The route.
pub(crate) fn router() -> OpenApiRouter<Acs> {
    OpenApiRouter::new().routes(routes!(list_providers))
}

/// List the carriers of codes
///
/// What became of the messages of this hour and the one before, by carrier and country; and whether a carrier's circuit
/// breaker lets messages through to it in the process that answers.
#[utoipa::path(
    get, path = "/acs/admin/providers", tag = "Administration", security(("admin_token" = [])),
    responses(
        (status = 200, description = "Every carrier that was asked lately", body = Value),
        (status = 401, description = "No good token", body = schema::FailureBody),
    )
)]
async fn list_providers(State(acs): State<Acs>, _administrator: Administrator) -> Answered<Json<Value>> {
    let inner = acs.inner();
    let now = inner.clock.now();
    let known = provider_health::since(&inner.store, now - LOOKED_BACK).await?;
    let shown: Vec<_> = known.iter().map(|health| shown(&acs, health, now)).collect();
    Ok(Json(json!({ "providers": shown })))
}

fn shown(acs: &Acs, health: &ProviderHealth, now: OffsetDateTime) -> Value {
    json!({
        "provider": health.provider,
        "prefix": health.prefix,
        "breaker": acs.breakers().state(&health.provider, now).as_str(),
        "accepted": health.accepted,
        "refused": health.refused,
        "notTaken": health.not_taken,
        "unknown": health.unknown,
        "delivered": health.delivered,
        "undelivered": health.undelivered,
        "answerMilliseconds": health.answer_millis,
        "deliveryMilliseconds": health.delivery_millis,
    })
}
