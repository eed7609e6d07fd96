//! What a cardholder is asked to approve.

use emv3ds::code::MessageCategory;
use emv3ds::message::AReq;
use primitives::{Amount, Currency};

/// The payee and the amount of an authentication: what dynamic linking binds a code to (RTS (EU) 2018/389, article 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// `merchantName`, as the merchant wrote it: text of a stranger.
    pub merchant_name: String,
    /// `None` for what is no payment, or where the request's amount makes no sense.
    pub amount: Option<Amount>,
}

impl Purchase {
    /// What an AReq asks for. An exponent that is not the currency's own means another amount, and so none.
    pub fn of(areq: &AReq) -> Self {
        let amount = match areq.message_category {
            MessageCategory::Payment => amount_of(areq),
            _ => None,
        };
        Self {
            merchant_name: areq.merchant_name.clone().unwrap_or_default(),
            amount,
        }
    }
}

fn amount_of(areq: &AReq) -> Option<Amount> {
    let currency = Currency::parse_numeric3(areq.purchase_currency.as_deref()?).ok()?;
    let minor = areq.purchase_amount.as_deref()?.parse().ok()?;
    let exponent = areq.purchase_exponent.as_ref()?.to_string();
    (exponent == currency.exponent().to_string())
        .then(|| Amount::new(minor, currency).ok())
        .flatten()
}
