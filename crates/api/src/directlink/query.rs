//! `querydirect.asp`: how a payment stands (ogone-directlink.md, section 10.2).

use super::{
    DirectLinkState,
    answer::{self, NotDone},
    call,
    complaints::{Complaint, Reading},
    form::Form,
    xml::NcResponse,
};
use orchestrator::flows::directlink::{View, Which, account::DirectLinkAccount, facts::Operation};
use payments::directlink::{NcError, Telling, feedback::shop_pairs, status::Told};

const NUMBER_MAX_CHARACTERS: usize = 20;
const ORDER_ID_MAX_CHARACTERS: usize = 40;

pub(super) async fn answer(
    state: &DirectLinkState,
    account: &DirectLinkAccount,
    form: &Form,
) -> Result<NcResponse, NotDone> {
    let which = which(form)?;
    let level = level(form, &which)?;
    let found = state.gateway.find(account, which).await;
    let view = found.map_err(|fault| call::faulty(&fault))?;
    let view = view.ok_or_else(|| unknown(account, form))?;
    Ok(told(form, &view, level)?)
}

/// The payment that a request names: `PAYID`, else `ORDERID`.
pub(super) fn which(form: &Form) -> Result<Which, Complaint> {
    let reading = Reading::of(form);
    let number = form
        .filled("PAYID")
        .and_then(|_| reading.text("PAYID", NUMBER_MAX_CHARACTERS));
    let which = match number.map(str::trim) {
        // Numbers too large to have been given out are as unknown as any other.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Which::Number(digits.parse().unwrap_or(i64::MAX)))
        }
        Some(_) => {
            reading.complain(NcError::INVALID, "PAYID not numeric");
            None
        }
        None => reading
            .text("ORDERID", ORDER_ID_MAX_CHARACTERS)
            .map(|reference| Which::Reference(reference.to_owned())),
    };
    reading.finish(which)
}

/// There is no such payment, or it is another merchant's, which is the same to the one who asks.
pub(super) fn unknown(account: &DirectLinkAccount, form: &Form) -> Complaint {
    let named = form.filled("PAYID").or_else(|| form.get("ORDERID"));
    let (named, pspid) = (named.unwrap_or_default().trim(), &account.account.pspid);
    Complaint::new(
        NcError::UNKNOWN_ORDER,
        format!("unknown orderid {named} for merchant {pspid}"),
    )
}

/// `PAYIDSUB`, which goes with `PAYID` only.
fn level(form: &Form, which: &Which) -> Result<Option<usize>, Complaint> {
    match (form.get("PAYIDSUB").map(str::trim), which) {
        (None, _) | (_, Which::Reference(_)) => Ok(None),
        (Some(given), Which::Number(_)) if given.bytes().all(|byte| byte.is_ascii_digit()) => {
            // Numbers too large to count with are as unknown as any other; an empty one is the payment's own.
            Ok((!given.is_empty()).then(|| given.parse().unwrap_or(usize::MAX)))
        }
        (Some(_), Which::Number(_)) => Err(Complaint::new(NcError::INVALID, "PAYIDSUB not numeric")),
    }
}

/// Without a level the payment as it is now, under the number of what was asked last.
fn told(form: &Form, view: &View, level: Option<usize>) -> Result<NcResponse, Complaint> {
    let (telling, level) = match level {
        None => (view.telling.clone(), view.levels.len()),
        Some(0) => (as_it_began(view), 0),
        Some(level) => {
            let found = view.levels.get(level - 1);
            let gone = || Complaint::new(NcError::UNKNOWN_LEVEL, format!("unknown PAYIDSUB {level}"));
            (found.cloned().ok_or_else(gone)?, level)
        }
    };
    let (amount, currency) = answer::money(&telling);
    let [pm, brand] = answer::method(&telling);
    let response = answer::new(form)
        .with("orderID", &view.payment.reference)
        .with("PAYID", view.payment.payid.to_string())
        .with("PAYIDSUB", level.to_string())
        .with("NCSTATUS", telling.error.nc_status().to_string())
        .with("NCERROR", telling.error.to_string())
        .with("NCERRORPLUS", answer::explained(telling.error))
        .with("ACCEPTANCE", telling.acceptance.as_deref().unwrap_or_default())
        .with("STATUS", telling.status.to_string())
        .with("ECI", telling.eci.as_deref().unwrap_or_default())
        .with("amount", amount)
        .with("currency", currency)
        .with("PM", pm)
        .with("BRAND", brand)
        .with("CARDNO", telling.card_number.as_deref().unwrap_or_default())
        .with_some("ALIAS", view.facts.alias.as_deref())
        .with("ED", view.facts.expiry.as_deref().unwrap_or_default())
        .with("IP", view.facts.ip_address.as_deref().unwrap_or_default());
    Ok(handed_back(response, view))
}

/// The payment before anything was asked after it: what was approved is authorised, or paid where it was a sale.
fn as_it_began(view: &View) -> Telling {
    let mut telling = view.telling.clone();
    if telling.acceptance.is_some() {
        let sale = view.payment.operation == Operation::Sale.as_str();
        let began = Told {
            status: if sale { 9 } else { 5 },
            error: NcError::NONE,
        };
        (telling.status, telling.error) = (began.status, began.error);
    }
    telling
}

/// `COMPLUS`, and each pair of `PARAMPLUS` under its own name, read as for feedback, as far as XML lets it and the answer does not have it already.
fn handed_back(mut response: NcResponse, view: &View) -> NcResponse {
    if let Some(value) = &view.facts.com_plus {
        response = response.with("COMPLUS", value);
    }
    let pairs = shop_pairs(view.facts.param_plus.as_deref().unwrap_or_default());
    for (name, value) in pairs {
        if is_attribute_name(&name) && !response.has(&name) {
            response = response.with(&name, value);
        }
    }
    response
}

/// The ASCII part of what XML calls a name, without the colon and without what XML keeps for itself.
fn is_attribute_name(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let goes_on = |rest: char| rest.is_ascii_alphanumeric() || matches!(rest, '_' | '-' | '.');
    starts && name.chars().all(goes_on) && !name.to_ascii_lowercase().starts_with("xml")
}
