//! What authentications came to, and how the providers of text messages do.

use super::call::{Asked, AskedQuery, Caller};
use super::failure::{Answered, Failure};
use super::schema;
use crate::service::Acs;
use crate::store::statistics::{self, Span};
use crate::store::{provider_health, transactions};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, Time};

/// Days that are told where nobody says which.
const DAYS_DEFAULT: i64 = 7;
/// Days that are told at once.
const DAYS_MAX: i64 = 92;
/// How far back the health of providers goes.
const HEALTH: Duration = Duration::hours(24);
const DATE: &str = "must be a day such as 2026-03-01";

fn date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// The days from `from` to `to`, both included.
fn span(query: AskedQuery, now: OffsetDateTime) -> Answered<Span> {
    let mut asked = Asked::read(query)?;
    let from = asked.maybe("from", DATE, date)?;
    let to = asked.maybe("to", DATE, date)?.unwrap_or(now.date());
    asked.finish()?;
    let from = from.unwrap_or(to.saturating_sub(Duration::days(DAYS_DEFAULT - 1)));
    let days = (to - from).whole_days() + 1;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Failure::format(
            "from",
            "must be at most 92 days before to, and not after it",
        ));
    }
    let midnight = |day: Date| day.with_time(Time::MIDNIGHT).assume_utc();
    Ok(Span {
        from: midnight(from),
        until: midnight(to.saturating_add(Duration::DAY)),
    })
}

/// Get statistics
///
/// Of some days, UTC: authentications by answer and outcome, challenges by how they were asked and how they ended with the median
/// time to the end, codes sent and typed, and day by day.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/statistics", tag = "Statistics", security(("access_token" = [])),
    params(
        ("issuerId" = String, Path),
        ("from" = Option<String>, Query, description = "The first day; six before `to`"),
        ("to" = Option<String>, Query, description = "The last day; today"),
    ),
    responses(
        (status = 200, body = schema::StatisticsReply),
        (status = 400, description = "A parameter is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn get(State(acs): State<Acs>, caller: Caller, query: AskedQuery) -> Answered<Json<Value>> {
    let inner = acs.inner();
    let span = span(query, inner.clock.now())?;
    let (store, issuer) = (&inner.store, &caller.issuer);
    let outcomes = transactions::counts(store, issuer, span.from, span.until).await?;
    let endings = statistics::endings(store, issuer, span).await?;
    let codes = statistics::codes(store, issuer, span).await?;
    let days = statistics::days(store, issuer, span).await?;
    let endings = endings.iter().map(|ended| {
        json!({
            "method": ended.method,
            "ending": ended.ending,
            "count": ended.count,
            "medianMillis": ended.median_millis,
        })
    });
    let days = days.iter().map(|day| {
        json!({
            "day": day.day.to_string(),
            "authentications": day.authentications,
            "challenges": day.challenges,
            "passed": day.passed,
        })
    });
    Ok(Json(json!({
        "authentications": outcomes,
        "challenges": endings.collect::<Vec<_>>(),
        "codes": {"sent": codes.sent, "verified": codes.verified, "withheld": codes.withheld},
        "days": days.collect::<Vec<_>>(),
    })))
}

/// Get the health of the providers of text messages
///
/// Of the last 24 hours, by provider and country prefix, over all issuers; and of the issuer's own backend.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/providers", tag = "Statistics", security(("access_token" = [])),
    params(("issuerId" = String, Path)),
    responses(
        (status = 200, body = schema::ProviderListReply),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn providers(State(acs): State<Acs>, caller: Caller) -> Answered<Json<Value>> {
    let inner = acs.inner();
    let known = provider_health::since(&inner.store, inner.clock.now() - HEALTH).await?;
    let shown = known
        .iter()
        // Another issuer's backend is nobody else's business.
        .filter(|health| match health.provider.split_once('/') {
            None => true,
            Some((_, issuer)) => issuer == caller.issuer.as_str(),
        })
        .map(|health| {
            json!({
                "provider": health.provider,
                "prefix": health.prefix,
                "accepted": health.accepted,
                "refused": health.refused,
                "notTaken": health.not_taken,
                "unknown": health.unknown,
                "delivered": health.delivered,
                "undelivered": health.undelivered,
                "answerMillis": health.answer_millis,
                "deliveryMillis": health.delivery_millis,
            })
        });
    Ok(Json(json!({"providers": shown.collect::<Vec<_>>()})))
}
