//! `orderdirect.asp`: a new order.

use super::{
    DirectLinkState,
    answer::{self, NotDone},
    complaints::Complaint,
    form::Form,
    html_answer,
    order_request::OrderRequest,
    refusals,
    xml::NcResponse,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use orchestrator::flows::directlink::{Ordered, View, account::DirectLinkAccount, facts::Operation};
use payments::directlink::{NcError, status::WAITING_FOR_AUTHENTICATION};

pub(super) async fn answer(
    state: &DirectLinkState,
    account: &DirectLinkAccount,
    form: &Form,
) -> Result<NcResponse, NotDone> {
    let order = OrderRequest::read(form, state.gateway.now().date())?;
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
    // Rare and deep: on the heap, so that the whole of it does not live on the stack of every request.
    match Box::pin(state.gateway.order(account, wanted)).await {
        Ok(Ordered::Tried(view)) => Ok(tried(form, &view)),
        Ok(Ordered::Paid(view)) => Ok(answer::paid_before(form, &view)),
        Ok(Ordered::InFlight) => {
            Err(Complaint::new(NcError::DUPLICATE, "this order is being processed").into())
        }
        Err(refusal) => Err(refusals::of_order(&refusal, operation)),
    }
}

fn tried(form: &Form, view: &View) -> NcResponse {
    let response = answer::tried(form, view);
    if view.telling.told() != WAITING_FOR_AUTHENTICATION {
        return response;
    }
    response.with_html_answer(BASE64_STANDARD.encode(html_answer::of(view)))
}
