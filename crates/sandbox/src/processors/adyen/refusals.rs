//! The vendor's own words for what an issuer answers.

use primitives::Brand;

/// A refusal: the vendor's code and text, and the issuer's code with its text where it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub text: &'static str,
    pub issuer_raw: Option<&'static str>,
}

/// 3-D Secure data that tell of no authentication.
pub const NOT_AUTHENTICATED: Refusal = Refusal {
    code: "11",
    text: "3D Not Authenticated",
    issuer_raw: None,
};

/// The refusal behind an issuer's response code.
pub fn of(issuer_code: &str, brand: Brand, fully_authenticated: bool) -> Refusal {
    let (code, text, raw) = match issuer_code {
        "14" => ("8", "Invalid Card Number", "14 : Invalid card number"),
        "41" => ("5", "Blocked Card", "41 : Lost card"),
        "43" => ("5", "Blocked Card", "43 : Stolen card"),
        "51" => ("12", "Not enough balance", "51 : Insufficient funds"),
        "54" => ("6", "Expired Card", "54 : Expired card"),
        "1A" => (
            "38",
            "Authentication required",
            "1A : Additional authentication required",
        ),
        "65" if fully_authenticated => (
            "29",
            "Withdrawal count exceeded",
            "65 : Exceeds withdrawal count limit",
        ),
        "65" => (
            "38",
            "Authentication required",
            "65 : Additional authentication required",
        ),
        "91" => ("9", "Issuer Unavailable", "91 : Issuer or switch inoperative"),
        _ => ("2", "Refused", "05 : Do not honor"),
    };
    // Only two networks have a code of their own that asks for an authentication.
    let told = code != "38" || matches!(brand, Brand::Visa | Brand::Mastercard);
    Refusal {
        code,
        text,
        issuer_raw: told.then_some(raw),
    }
}
