//! Routing: a merchant's rules, why payments took their routes, and how connections have been answering.

use super::{
    AdminState,
    call::{Answered, Document, id, timestamp},
    schema::{
        ConnectionHealthReply, ExplainBody, ExplainReply, OrderRoutingReply, ProblemBody, RoutingRuleBody,
        RoutingRuleChangeBody, RoutingRuleListReply, RoutingRuleReply,
    },
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use payments::routing::{Choice, Route, rule::Action};
use serde_json::{Value, json};
use store::routing_rules::StoredRule;

fn as_shown(stored: &StoredRule) -> Value {
    let mut shown = stored.rule.settings.as_written();
    shown["id"] = json!(stored.rule.id);
    shown["merchant_id"] = json!(stored.merchant);
    shown["version"] = json!(stored.version);
    shown["created_at"] = json!(timestamp(stored.created_at));
    shown["updated_at"] = json!(timestamp(stored.updated_at));
    shown
}

/// List a merchant's routing rules
///
/// In the order in which they are asked.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/routing/rules", tag = "Routing", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    responses(
        (status = 200, body = RoutingRuleListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(merchant): Path<String>,
) -> Answered<Json<Value>> {
    let merchant = id(&merchant, "merchant")?;
    let rules = state.administration.routing_rules_list(merchant).await?;
    Ok(Json(
        json!({"data": rules.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

/// Create a routing rule
///
/// It is asked from the next purchase on. Rules are asked by ascending priority; the first whose conditions all hold decides.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/routing/rules", tag = "Routing", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body = RoutingRuleBody,
    responses(
        (status = 201, body = RoutingRuleReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 409, description = "The merchant has another rule of this name", body = ProblemBody),
        (status = 422, description = "Members are wrong, or name no connection", body = ProblemBody),
    )
)]
pub(super) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    Document(document): Document,
) -> Answered<(StatusCode, Json<Value>)> {
    let merchant = id(&merchant, "merchant")?;
    let stored = state
        .administration
        .routing_rule_create(operator.actor, merchant, &document)
        .await?;
    Ok((StatusCode::CREATED, Json(as_shown(&stored))))
}

/// Get a routing rule
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/routing/rules/{rule_id}", tag = "Routing", security(("session" = [])),
    params(("merchant_id" = String, Path), ("rule_id" = String, Path)),
    responses(
        (status = 200, body = RoutingRuleReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such rule", body = ProblemBody),
    )
)]
pub(super) async fn get(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, rule)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let (merchant, rule) = (id(&merchant, "routing rule")?, id(&rule, "routing rule")?);
    Ok(Json(as_shown(
        &state.administration.routing_rule_get(merchant, rule).await?,
    )))
}

/// Change a routing rule
///
/// Members that are there replace what is; `when` and `then` are replaced whole. With `version`, only if the rule is still at
/// that version.
#[utoipa::path(
    patch, path = "/merchants/{merchant_id}/routing/rules/{rule_id}", tag = "Routing", security(("session" = [])),
    params(("merchant_id" = String, Path), ("rule_id" = String, Path)),
    request_body = RoutingRuleChangeBody,
    responses(
        (status = 200, body = RoutingRuleReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such rule", body = ProblemBody),
        (status = 409, description = "A name that is taken, or changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong, or name no connection", body = ProblemBody),
    )
)]
pub(super) async fn update(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, rule)): Path<(String, String)>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let (merchant, rule) = (id(&merchant, "routing rule")?, id(&rule, "routing rule")?);
    let changed = state
        .administration
        .routing_rule_update(operator.actor, merchant, rule, &document)
        .await?;
    Ok(Json(as_shown(&changed)))
}

/// Take a routing rule away
#[utoipa::path(
    delete, path = "/merchants/{merchant_id}/routing/rules/{rule_id}", tag = "Routing", security(("session" = [])),
    params(("merchant_id" = String, Path), ("rule_id" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such rule", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, rule)): Path<(String, String)>,
) -> Answered<StatusCode> {
    let (merchant, rule) = (id(&merchant, "routing rule")?, id(&rule, "routing rule")?);
    state
        .administration
        .routing_rule_delete(operator.actor, merchant, rule)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Explain where a purchase would go
///
/// Nothing is bought. The answer is what a purchase of that order would be routed by now.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/routing/explain", tag = "Routing", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body = ExplainBody,
    responses(
        (status = 200, body = ExplainReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn explain(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(merchant): Path<String>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let merchant = id(&merchant, "merchant")?;
    let explained = state.administration.routing_explain(merchant, &document).await?;
    let choice = &explained.choice;
    Ok(Json(json!({
        "order_token": explained.order,
        "outcome": outcome(choice),
        "routes": choice.routes.iter().map(route_as_shown).collect::<Vec<_>>(),
        "explanation": choice.explanation,
    })))
}

fn outcome(choice: &Choice) -> &'static str {
    let standing = choice.explanation.retry_limits;
    if standing.is_some_and(|standing| standing.refused.is_some()) {
        return "refused";
    }
    match (choice.explanation.action, choice.routes.is_empty()) {
        (Action::Reject, _) => "rejected",
        (Action::Process, true) => "no_connection",
        (Action::Process, false) => "processed",
    }
}

fn route_as_shown(route: &Route) -> Value {
    json!({
        "connection_id": route.connection,
        "processor_name": route.processor,
        "authenticates": route.authenticates,
        "three_ds": route.three_ds,
        "claims": route.claims,
    })
}

/// Explain where an order's payments went
///
/// As it was chosen when each payment was made, the latest first.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/orders/{order_token}/routing", tag = "Routing", security(("session" = [])),
    params(("merchant_id" = String, Path), ("order_token" = String, Path)),
    responses(
        (status = 200, body = OrderRoutingReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such order", body = ProblemBody),
    )
)]
pub(super) async fn of_order(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, order)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let (merchant, order) = (id(&merchant, "order")?, id(&order, "order")?);
    let payments = state.administration.order_routing(merchant, order).await?;
    let shown: Vec<_> = payments
        .iter()
        .map(|payment| {
            json!({
                "payment_id": payment.payment,
                "number": payment.number,
                "created_at": timestamp(payment.created_at),
                "explanation": payment.explanation,
            })
        })
        .collect();
    Ok(Json(json!({"data": shown})))
}

/// See how a connection has been answering
///
/// As this process saw it within the last while. What issuers decline is answered.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/connections/{connection_id}/health", tag = "Routing",
    security(("session" = [])),
    params(("merchant_id" = String, Path), ("connection_id" = String, Path)),
    responses(
        (status = 200, body = ConnectionHealthReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such connection", body = ProblemBody),
    )
)]
pub(super) async fn health(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, connection)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let (merchant, connection) = (id(&merchant, "connection")?, id(&connection, "connection")?);
    let report = state
        .administration
        .connection_health(merchant, connection)
        .await?;
    let milliseconds = |latency: Option<std::time::Duration>| latency.map(|latency| latency.as_millis());
    Ok(Json(json!({
        "connection_id": connection,
        "breaker": report.breaker,
        "next_probe_at": report.next_probe_at.map(timestamp),
        "approved": report.approved,
        "declined": report.declined,
        "pending": report.pending,
        "failed": report.failed,
        "success_percent": report.answered_percent,
        "error_percent": report.failed_percent,
        "approval_percent": report.approved_percent,
        "latency_p50_ms": milliseconds(report.latency_p50),
        "latency_p95_ms": milliseconds(report.latency_p95),
    })))
}
