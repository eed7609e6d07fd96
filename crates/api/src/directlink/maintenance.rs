//! `maintenancedirect.asp`: captures, voids and refunds of a payment (ogone-directlink.md, section 10.1).

use super::{
    DirectLinkState,
    answer::{self, NotDone},
    complaints::{Complaint, Reading},
    form::Form,
    order_request::amount,
    progress::Progress,
    query, refusals,
    xml::NcResponse,
};
use orchestrator::flows::directlink::{
    Maintained, Maintenance, NotMaintained, View, account::DirectLinkAccount,
};
use payments::directlink::NcError;

pub(super) async fn answer(
    state: &DirectLinkState,
    account: &DirectLinkAccount,
    form: &Form,
    progress: &Progress,
) -> Result<NcResponse, NotDone> {
    let which = query::which(form)?;
    let asked = asked(form)?;
    progress.money_may_move(refusals::uncertain_maintenance(asked));
    match Box::pin(state.gateway.maintain(account, which, asked)).await {
        Ok(maintained) => Ok(done(form, &maintained)),
        Err(NotMaintained::Unknown) => Err(query::unknown(account, form).into()),
        Err(NotMaintained::Refused { view, why }) => {
            Ok(refused(form, &view, &refusals::of_maintenance(&why, asked)))
        }
        Err(NotMaintained::Failed(why)) => Err(refusals::of_maintenance(&why, asked)),
    }
}

/// The operation and its amount. Clients send more of the order along, which means nothing here.
fn asked(form: &Form) -> Result<Maintenance, Complaint> {
    let reading = Reading::of(form);
    let hundredths = form.get("AMOUNT").and_then(|_| amount::hundredths(&reading));
    let asked = operation(&reading, hundredths);
    reading.finish(asked)
}

fn operation(reading: &Reading<'_>, hundredths: Option<i64>) -> Option<Maintenance> {
    let given = reading
        .required("OPERATION", usize::MAX)?
        .trim()
        .to_ascii_uppercase();
    let (error, text) = match given.as_str() {
        "SAL" => {
            return Some(Maintenance::Capture {
                hundredths,
                closing: false,
            });
        }
        "SAS" => {
            return Some(Maintenance::Capture {
                hundredths,
                closing: true,
            });
        }
        "DEL" | "DES" => return Some(Maintenance::Void),
        "RFD" | "RFS" => return Some(Maintenance::Refund { hundredths }),
        "REN" => (
            NcError::OPERATION_NOT_OFFERED,
            "OPERATION REN is not offered by the acquirer",
        ),
        _ => (
            NcError::OPERATION,
            "OPERATION must be DEL, DES, SAL, SAS, RFD or RFS",
        ),
    };
    reading.complain(error, text);
    None
}

fn done(form: &Form, maintained: &Maintained) -> NcResponse {
    let telling = &maintained.telling;
    let (amount, currency) = answer::money(telling);
    answer::new(form)
        .with("orderID", &maintained.view.payment.reference)
        .with("PAYID", maintained.view.payment.payid.to_string())
        .with("PAYIDSUB", telling.level.unwrap_or_default().to_string())
        .with("NCSTATUS", telling.error.nc_status().to_string())
        .with("NCERROR", telling.error.to_string())
        .with("NCERRORPLUS", answer::explained(telling.error))
        .with("ACCEPTANCE", telling.acceptance.as_deref().unwrap_or_default())
        .with("STATUS", telling.status.to_string())
        .with("amount", amount)
        .with("currency", currency)
}

/// The payment is there, but does not let it be done. The level is the one that it would have had, which the next thing asked
/// gets: nothing is on record of what nobody was asked.
fn refused(form: &Form, view: &View, why: &NotDone) -> NcResponse {
    let level = view.levels.len().saturating_add(1);
    answer::new(form)
        .with("orderID", &view.payment.reference)
        .with("PAYID", view.payment.payid.to_string())
        .with("PAYIDSUB", level.to_string())
        .with("NCSTATUS", why.complaint.error.nc_status().to_string())
        .with("NCERROR", why.complaint.error.to_string())
        .with("NCERRORPLUS", &why.complaint.text)
        .with("ACCEPTANCE", "")
        .with("STATUS", why.status.unwrap_or("0"))
        .with("amount", "")
        .with("currency", "")
}
