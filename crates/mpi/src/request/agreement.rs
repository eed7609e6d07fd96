//! The agreement that a recurring or instalment payment belongs to (emv-3ds section 4.3).

use emv3ds::message::AReq;
use primitives::Amount;
use time::Date;

use super::text;

/// 2.1.0 and 2.2.0 want a last day even of an agreement without an end.
const WITHOUT_END: &str = "99991231";
/// And a least number of days between two payments, even where nobody counts them.
const ANY_DAY: u16 = 1;

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
    areq.recurring_expiry = Some(
        agreement
            .ends_on
            .map_or_else(|| WITHOUT_END.to_owned(), text::date),
    );
    let days = agreement.days_between.unwrap_or(ANY_DAY).clamp(ANY_DAY, 9_999);
    areq.recurring_frequency = Some(days.to_string());
}
