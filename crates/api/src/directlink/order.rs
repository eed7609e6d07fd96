//! `orderdirect.asp`: a new order.

use super::{
    DirectLinkState,
    answer::{self, NotDone},
    call,
    complaints::Complaint,
    form::Form,
    html_answer,
    order_request::{OrderRequest, alias},
    progress::Progress,
    refusals,
    xml::NcResponse,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use orchestrator::flows::directlink::{
    Ordered, View, account::DirectLinkAccount, alias::KeptCard, facts::Operation,
};
use payments::bins::CardType;
use payments::directlink::{NcError, status::WAITING_FOR_AUTHENTICATION};

pub(super) async fn answer(
    state: &DirectLinkState,
    account: &DirectLinkAccount,
    form: &Form,
    progress: &Progress,
) -> Result<NcResponse, NotDone> {
    let kept = kept_card(state, account, form).await?;
    let order = OrderRequest::read(form, kept.as_ref(), state.gateway.now().date())?;
    let card_kind = card_kind(state, &order).await?;
    let usual = Operation::parse(&account.account.operation).unwrap_or(Operation::Authorise);
    let wanted = order.wanted(usual);
    let operation = wanted.operation;
    if !account
        .caller
        .merchant
        .currencies
        .contains(&wanted.amount.currency())
    {
        let text = "The currency is not accepted by the merchant";
        return Err(Complaint::new(NcError::CURRENCY_NOT_ACCEPTED, text).into());
    }
    progress.money_may_move(refusals::uncertain_order(operation));
    // Rare and deep: on the heap, so that the whole of it does not live on the stack of every request.
    match Box::pin(state.gateway.order(account, wanted)).await {
        Ok(Ordered::Tried(view)) => Ok(tried(form, &view, card_kind)),
        Ok(Ordered::Paid(view)) => Ok(answer::paid_before(form, &view)),
        Ok(Ordered::InFlight) => {
            Err(Complaint::new(NcError::DUPLICATE, "this order is being processed").into())
        }
        Err(refusal) => Err(refusals::of_order(&refusal, operation)),
    }
}

/// The card that the order names instead of bringing one.
async fn kept_card(
    state: &DirectLinkState,
    account: &DirectLinkAccount,
    form: &Form,
) -> Result<Option<KeptCard>, Complaint> {
    match alias::pays_with(form) {
        Some(name) => {
            let kept = state.gateway.kept_card(account, name).await;
            kept.map_err(|fault| call::faulty(&fault))
        }
        None => Ok(None),
    }
}

/// What the answer says of the kind of card, for orders that want one. Of cards whose kind nobody knows none is refused.
async fn card_kind(state: &DirectLinkState, order: &OrderRequest) -> Result<Option<&'static str>, Complaint> {
    let Some(wanted) = order.card_kind else {
        return Ok(None);
    };
    let known = state.gateway.card_type(order.card.pan.bin8()).await;
    match known.map_err(|fault| call::faulty(&fault))? {
        Some(known) if known != wanted => Err(Complaint::new(
            NcError::WRONG_METHOD,
            "Wrong brand/Payment method was chosen: CREDITDEBIT is not the card's",
        )),
        Some(CardType::Credit) => Ok(Some("CREDIT")),
        Some(CardType::Debit) => Ok(Some("DEBIT")),
        Some(CardType::Prepaid) | None => Ok(Some("")),
    }
}

fn tried(form: &Form, view: &View, card_kind: Option<&str>) -> NcResponse {
    let mut response = answer::tried(form, view);
    if let Some(kind) = card_kind {
        response = response.with("CREDITDEBIT", kind);
    }
    if view.telling.told() != WAITING_FOR_AUTHENTICATION {
        return response;
    }
    response.with_html_answer(BASE64_STANDARD.encode(html_answer::of(view)))
}
