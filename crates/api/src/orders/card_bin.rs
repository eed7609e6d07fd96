//! What is known of a card's first digits: `GET /cards/bin/{bin}` (deuna-api.md section 11).

use crate::orders::{OrdersState, call::Call, errors::Failure, keys::Access, schema::ErrorBody};
use axum::{
    Json,
    extract::{FromRequestParts, Path, Request, State},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use payments::{
    Refusal, RefusalCode,
    bins::{Bin, PREFIX_DIGITS},
};
use serde_json::{Value, json};
use std::convert::Infallible;
use utoipa::ToSchema;

/// What stands in the path where a card's first digits should; judged once the caller is known.
pub struct FirstDigits(Option<String>);

impl FirstDigits {
    fn checked(self) -> Result<String, Refusal> {
        let digits = |text: &String| {
            PREFIX_DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        self.0
            .filter(digits)
            .ok_or_else(|| Refusal::of_field(RefusalCode::PayloadError, "bin", "must be 6 to 8 digits"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FirstDigits {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(text.ok().map(|Path(text)| text)))
    }
}

/// What is known of cards that begin so.
#[derive(ToSchema)]
#[schema(example = json!({"bin": "400000", "bank": "Banco Uno", "branch": "visa", "card_type": "credit",
    "country": "MEX", "country_iso": "MX", "currency": "MXN"}))]
pub struct CardBinReply {
    /// As it was asked for.
    pub bin: String,
    pub bank: Option<String>,
    /// The brand.
    pub branch: String,
    /// `credit`, `debit` or `prepaid`.
    pub card_type: Option<String>,
    /// The issuer's, ISO 3166-1 alpha-3.
    pub country: Option<String>,
    /// The same in alpha-2.
    pub country_iso: Option<String>,
    /// What the cards are billed in.
    pub currency: Option<String>,
}

/// Look a card's first digits up
#[utoipa::path(
    get,
    path = "/cards/bin/{bin}",
    tag = "Purchases",
    operation_id = "getCardBin",
    security(("api_key" = [])),
    params(("bin" = String, Path, description = "The first six to eight digits.", pattern = "^[0-9]{6,8}$")),
    responses(
        (status = 200, description = "What is known of such cards.", body = CardBinReply),
        (status = 400, description = "These are not six to eight digits (`EMA-1002`), or a header is wrong (`EMA-1000`).", body = ErrorBody),
        (status = 401, description = "The key is not known (`EMA-5001`).", body = ErrorBody),
        (status = 404, description = "Nothing is known of such cards (`DP-4008`).", body = ErrorBody),
        (status = 429, description = "Too many calls; `Retry-After` says when to come back.", body = ErrorBody),
        (status = 500, description = "Our fault; the description is an id for support (`EMA-9998`).", body = ErrorBody),
    )
)]
pub async fn get_card_bin(
    State(state): State<OrdersState>,
    digits: FirstDigits,
    request: Request,
) -> Result<Response, Failure> {
    Call::accept(&state, request, Access::Any).await?;
    let digits = digits.checked()?;
    let known = state.orders.card_bin(&digits).await?;
    let known = known.ok_or_else(Failure::no_such_bin)?;
    Ok(Json(shown(&digits, &known)).into_response())
}

fn shown(asked: &str, known: &Bin) -> Value {
    json!({
        "bin": asked,
        "bank": known.issuer_bank,
        "branch": known.brand.as_str(),
        "card_type": known.card_type,
        "country": known.issuer_country.map(|country| country.alpha3()),
        "country_iso": known.issuer_country.map(|country| country.alpha2()),
        "currency": known.currency,
    })
}

#[cfg(test)]
mod tests {
    use crate::orders::testing::{face, request, send};

    #[tokio::test]
    async fn what_is_known_of_first_digits_is_told() {
        let (face, _) = face();
        let get = async |path: &str| {
            let (status, _, body) = send(&face, request("GET", path, "")).await;
            (status.as_u16(), body)
        };
        let (status, found) = get("/cards/bin/40000010").await;
        assert_eq!(status, 200);
        assert_eq!(
            (&found["bin"], &found["branch"], &found["country_iso"]),
            (&"40000010".into(), &"visa".into(), &"MX".into())
        );
        for (path, expected, code) in [
            ("/cards/bin/51051051", 404, "DP-4008"),
            ("/cards/bin/4000", 400, "EMA-1002"),
            ("/cards/bin/4000001000000000", 400, "EMA-1002"),
            ("/cards/bin/%FF%FF%FF%FF%FF%FF", 400, "EMA-1002"),
        ] {
            let (status, body) = get(path).await;
            assert_eq!(
                (status, &body["error"]["code"]),
                (expected, &code.into()),
                "{path}"
            );
        }
    }
}
