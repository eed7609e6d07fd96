//! How values are written in answers and feedback (ogone-directlink.md, section 5.1).

use primitives::{Amount, Brand};

/// `PM` of every payment here.
pub const PAYMENT_METHOD: &str = "CreditCard";

/// `BRAND`.
pub fn brand(brand: Brand) -> &'static str {
    match brand {
        Brand::Visa => "VISA",
        Brand::Mastercard => "MasterCard",
        Brand::Amex => "American Express",
        Brand::Jcb => "JCB",
        Brand::Diners => "Diners Club",
        Brand::Elo => "Elo",
        Brand::Discover => "Discover",
        Brand::Carnet => "Carnet",
        Brand::Other => "Other",
    }
}

/// `CARDNO`: twelve `X` and the last four digits, eleven for the fifteen digits of American Express.
pub fn masked_number(brand: Brand, last_four: &str) -> String {
    let hidden = if brand == Brand::Amex { 11 } else { 12 };
    format!("{}{last_four}", "X".repeat(hidden))
}

/// `amount`: major units without trailing zeros, `5`, `4.5`, `0.02`.
pub fn amount(amount: Amount) -> String {
    let decimal = amount.to_decimal();
    match decimal.contains('.') {
        true => decimal.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => decimal,
    }
}
