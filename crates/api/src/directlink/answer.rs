//! What is answered, in the order of attributes that clients have seen (ogone-directlink.md, section 5).

use super::{complaints::Complaint, entry::Page, form::Form, xml::NcResponse};
use orchestrator::flows::directlink::View;
use payments::directlink::{NcError, Telling, spelling};

/// `NCERRORPLUS` when nothing is wrong.
const FINE: &str = "!";
/// `PAYID` of what never became a payment.
const NO_PAYMENT: &str = "0";
/// `STATUS` of what is invalid.
const INVALID: &str = "0";
/// `STATUS` of what is refused.
const REFUSED: &str = "2";
/// `STATUS` of a query that could not be answered.
const QUERY_FAILED: &str = "88";

/// Why a request came to nothing, and the `STATUS` to say it with, where it is another than 0.
#[derive(Debug)]
pub(super) struct NotDone {
    pub complaint: Complaint,
    pub status: Option<&'static str>,
}

impl From<Complaint> for NotDone {
    fn from(complaint: Complaint) -> Self {
        Self {
            // What an acquirer would refuse is refused, not invalid.
            status: (complaint.error.nc_status() == 3).then_some(REFUSED),
            complaint,
        }
    }
}

impl NotDone {
    /// Something may have been done, and nobody here knows: not to be tried again.
    pub fn uncertain(status: &'static str, error_id: &str) -> Self {
        Self {
            complaint: Complaint::new(
                NcError::UNCERTAIN,
                format!("the result is not known, do not repeat; error id {error_id}"),
            ),
            status: Some(status),
        }
    }
}

/// An answer with nothing in it yet, in a root where the request wants one.
pub(super) fn new(form: &Form) -> NcResponse {
    NcResponse::new(
        form.get("WITHROOT")
            .is_some_and(|wanted| wanted.eq_ignore_ascii_case("Y")),
    )
}

/// `NCERRORPLUS` of what is told of a payment.
pub(super) fn explained(error: NcError) -> &'static str {
    match error {
        NcError::NONE => FINE,
        NcError::AUTHENTICATION_FAILED => "Authentication failed. Please retry or cancel.",
        NcError::AUTHENTICATION_UNAVAILABLE => "Authentication unavailable. Please retry or cancel.",
        NcError::UNCERTAIN => "The result is not known yet. Do not repeat.",
        _ => "CARD REFUSED",
    }
}

/// The answer to a new order that was tried.
pub(super) fn tried(form: &Form, view: &View) -> NcResponse {
    let telling = &view.telling;
    let (amount, currency) = money(telling);
    let [pm, brand] = method(telling);
    new(form)
        .with("orderID", &view.payment.reference)
        .with("PAYID", view.payment.payid.to_string())
        .with("NCSTATUS", telling.error.nc_status().to_string())
        .with("NCERROR", telling.error.to_string())
        .with("ACCEPTANCE", telling.acceptance.as_deref().unwrap_or_default())
        .with("STATUS", telling.status.to_string())
        .with("ECI", telling.eci.as_deref().unwrap_or_default())
        .with("amount", amount)
        .with("currency", currency)
        .with("PM", pm)
        .with("BRAND", brand)
        .with("NCERRORPLUS", explained(telling.error))
        .with_some("ALIAS", view.facts.alias.as_deref())
}

/// The answer to an order that is paid already, with what it was paid by.
pub(super) fn paid_before(form: &Form, view: &View) -> NcResponse {
    let error = NcError::ORDER_PROCESSED;
    let (_, currency) = money(&view.telling);
    new(form)
        .with("orderID", &view.payment.reference)
        .with("PAYID", view.payment.payid.to_string())
        .with("NCSTATUS", error.nc_status().to_string())
        .with("NCERROR", error.to_string())
        .with(
            "ACCEPTANCE",
            view.telling.acceptance.as_deref().unwrap_or_default(),
        )
        .with("STATUS", INVALID)
        .with("ECI", "")
        .with("amount", "")
        .with("currency", currency)
        .with("PM", "")
        .with("BRAND", "")
        .with("NCERRORPLUS", "this order is already processed")
        .with_some("ALIAS", view.facts.alias.as_deref())
}

/// The answer to what came to nothing.
pub(super) fn refused(page: Page, form: &Form, not_done: &NotDone) -> NcResponse {
    let Complaint { error, text } = &not_done.complaint;
    let order = new(form).with("orderID", form.get("ORDERID").unwrap_or_default());
    let (code, class) = (error.to_string(), error.nc_status().to_string());
    match page {
        Page::Order | Page::Rates => order
            .with("PAYID", NO_PAYMENT)
            .with("NCSTATUS", class)
            .with("NCERROR", code)
            .with("ACCEPTANCE", "")
            .with("STATUS", not_done.status.unwrap_or(INVALID))
            .with("ECI", "")
            .with("amount", "")
            .with("currency", form.get("CURRENCY").unwrap_or_default())
            .with("PM", "")
            .with("BRAND", "")
            .with("NCERRORPLUS", text),
        Page::Maintenance => order
            .with("PAYID", form.get("PAYID").unwrap_or(NO_PAYMENT))
            .with("PAYIDSUB", "")
            .with("NCSTATUS", class)
            .with("NCERROR", code)
            .with("NCERRORPLUS", text)
            .with("ACCEPTANCE", "")
            .with("STATUS", not_done.status.unwrap_or(INVALID))
            .with("amount", "")
            .with("currency", ""),
        Page::Query => {
            let (number, status) = match *error {
                // As the vendor's was recorded: there is nothing of which a status could be said.
                NcError::UNKNOWN_ORDER => ("", ""),
                NcError::TECHNICAL => (form.get("PAYID").unwrap_or_default(), QUERY_FAILED),
                _ => (form.get("PAYID").unwrap_or(NO_PAYMENT), INVALID),
            };
            order
                .with("PAYID", number)
                .with("PAYIDSUB", "")
                .with("NCSTATUS", class)
                .with("NCERROR", code)
                .with("NCERRORPLUS", text)
                .with("ACCEPTANCE", "")
                .with("STATUS", status)
                .with("ECI", "")
                .with("amount", "")
                .with("currency", "")
                .with("PM", "")
                .with("BRAND", "")
        }
    }
}

/// `amount` and `currency` of what is told.
pub(super) fn money(telling: &Telling) -> (String, &'static str) {
    (spelling::amount(telling.amount), telling.amount.currency().code())
}

/// `PM` and `BRAND`, empty while nobody tried to pay.
pub(super) fn method(telling: &Telling) -> [&'static str; 2] {
    telling.brand.map_or([""; 2], |brand| {
        [spelling::PAYMENT_METHOD, spelling::brand(brand)]
    })
}
