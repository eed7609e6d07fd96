//! The agreement that a recurring or instalment payment belongs to (emv-3ds section 4.3).

use emv3ds::{
    Version,
    message::{AReq, RecurringInd},
};
use primitives::Amount;
use time::Date;

use super::text;

/// 2.1.0 and 2.2.0 want a last day even of an agreement without an end.
const WITHOUT_END: &str = "99991231";
/// And a least number of days between two payments, even where nobody counts them.
const ANY_DAY: u16 = 1;
const DAYS_MAX: u16 = 9_999;

/// What cardholder and merchant have agreed on. What is not known, or varies, is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The most payments of an instalment plan, more than one.
    pub instalments_max: Option<u16>,
    /// The last day on which there may be a payment.
    pub ends_on: Option<Date>,
    /// The least days between two payments.
    pub days_between: Option<u16>,
    /// What every later payment amounts to.
    pub amount: Option<Amount>,
    /// When the next payment is due.
    pub next_on: Option<Date>,
}

/// Fills in the elements of an agreement.
pub(super) fn describe(agreement: &Agreement, areq: &mut AReq) {
    areq.purchase_instal_data = agreement
        .instalments_max
        .filter(|payments| (2..=999).contains(payments))
        .map(|payments| payments.to_string());
    let ends_on = agreement.ends_on.map(text::date);
    let days_between = agreement
        .days_between
        .map(|days| days.clamp(ANY_DAY, DAYS_MAX).to_string());
    if areq.message_version < Version::V2_3_1 {
        areq.recurring_expiry = Some(ends_on.unwrap_or_else(|| WITHOUT_END.to_owned()));
        areq.recurring_frequency = Some(days_between.unwrap_or_else(|| ANY_DAY.to_string()));
        return;
    }
    areq.recurring_expiry = ends_on;
    // Intervals are fixed where they are known together with the next of the days.
    let intervals = days_between.zip(agreement.next_on.map(text::date));
    areq.recurring_ind = Some(RecurringInd {
        amount_ind: fixed(agreement.amount.is_some()),
        frequency_ind: fixed(intervals.is_some()),
    });
    (areq.recurring_frequency, areq.recurring_date) = intervals.unzip();
    if let Some(amount) = agreement.amount {
        areq.recurring_amount = Some(amount.minor().to_string());
        areq.recurring_currency = Some(amount.currency().numeric3());
        areq.recurring_exponent = Some(amount.currency().exponent().to_string());
    }
}

/// `amountInd` and `frequencyInd`: 01 fixed, 02 variable.
fn fixed(is_fixed: bool) -> String {
    if is_fixed { "01" } else { "02" }.to_owned()
}
