//! What captures, voids and refunds share: their bodies, and the answer to what a processor refused.

use crate::orders::{
    OrdersState, call::Call, errors::Failure, fields::Fields, keys::Access, problems::Problems, reply,
    token::OrderToken,
};
use axum::{extract::Request, response::Response};
use orchestrator::{AmountAsked, Answer, SettledEnd, SettlementAsked};
use payments::{Refusal, RefusalCode};

const REASON_MAX_CHARACTERS: usize = 255;

/// Lets a call in, reads its body, and has it done. A processor's refusal is an error that carries the order as it now
/// stands.
pub async fn settle(
    state: &OrdersState,
    token: OrderToken,
    request: Request,
    read: fn(&Fields<'_>) -> SettlementAsked,
    refused: RefusalCode,
) -> Result<Result<Answer, Box<Response>>, Failure> {
    let call = Call::accept(state, request, Access::Private).await?;
    let asked = parse(&call, read)?;
    let order = token.known()?;
    let answer = state
        .orders
        .settle(&call.caller, order, asked, call.idempotency)
        .await?;
    Ok(unless_failed(answer, refused))
}

/// The answer, unless the processor refused or was not reached.
pub fn unless_failed(answer: Answer, refused: RefusalCode) -> Result<Answer, Box<Response>> {
    match answer.settled.as_ref().map(|settled| &settled.end) {
        Some(SettledEnd::Failed { reason }) => {
            let response = reply::denied(&answer.document, refused.as_str(), reason);
            Err(Box::new(reply::marked(response, answer.replayed)))
        }
        Some(SettledEnd::Done | SettledEnd::Pending) | None => Ok(answer),
    }
}

fn parse(call: &Call, read: fn(&Fields<'_>) -> SettlementAsked) -> Result<SettlementAsked, Refusal> {
    let body = call.object_if_any(RefusalCode::PayloadError)?;
    let problems = Problems::new(RefusalCode::PayloadError);
    let asked = read(&Fields::root(&body, &problems));
    problems.unless_any(Some(asked))
}

/// `amount`, with `currency` where the caller says it; absent for all that is left. `known` are the other members of the call.
pub fn amount(root: &Fields<'_>, known: &[&str]) -> Option<AmountAsked> {
    let currency = root.currency("currency");
    let minor = root.minor_units("amount");
    if root
        .members()
        .get("amount")
        .is_none_or(serde_json::Value::is_null)
    {
        if root.has("currency") {
            root.wrong("amount", "is required beside currency");
        }
        // Without an amount the call is about all there is, which a misspelt amount must not become.
        for name in root
            .members()
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            if !["amount", "currency"].contains(&name.as_str()) {
                root.wrong(name, "is not a member of this call, and there is no amount");
            }
        }
    }
    minor.map(|minor| AmountAsked { minor, currency })
}

/// `reason`: for people.
pub fn reason(root: &Fields<'_>) -> Option<String> {
    root.text("reason", REASON_MAX_CHARACTERS).map(str::to_owned)
}
