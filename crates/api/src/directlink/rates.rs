//! `getDCCRates.asp`: currency conversion at the point of sale, which no account here offers (ogone-directlink.md, section
//! 12). Shops that ask charge in their own currency.

use super::{
    complaints::{Complaint, Reading},
    form::Form,
    order_request::amount,
    xml,
};
use payments::directlink::NcError;

/// Digits of a card number's beginning.
const BIN_DIGITS: usize = 6;
const ORDER_ID_MAX_CHARACTERS: usize = 40;

/// Why there is no rate: what is wrong with the request, else that nobody offers any.
pub(super) fn none(form: &Form) -> Complaint {
    let reading = Reading::of(form);
    reading.text("ORDERID", ORDER_ID_MAX_CHARACTERS);
    let amount = amount::read(&reading);
    let bin = reading.required("BIN", BIN_DIGITS).map(str::trim);
    if bin.is_some_and(|bin| bin.len() != BIN_DIGITS || !bin.bytes().all(|byte| byte.is_ascii_digit())) {
        reading.complain(NcError::INVALID, "BIN must be 6 digits");
    }
    match reading.finish(amount) {
        Err(complaint) => complaint,
        Ok(_) => Complaint::new(NcError::NO_CONVERSION, "no DCC configuration"),
    }
}

/// The answer, in the shape of this page.
pub(super) fn refused(form: &Form, complaint: &Complaint) -> Vec<u8> {
    let error = [
        xml::element("code", &complaint.error.to_string()),
        xml::element("desc", &complaint.text),
    ]
    .concat();
    let order = xml::element("orderid", form.get("ORDERID").unwrap_or_default());
    let prologue = xml::PROLOGUE;
    format!("{prologue}<dccResponse>{order}<error>{error}</error></dccResponse>").into_bytes()
}
