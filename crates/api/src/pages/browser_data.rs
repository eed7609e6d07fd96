//! `POST /transactions/3ds/browser-data`: what the AReq must say of the browser (emv-3ds section 4.5). As JSON from the
//! page's script; as a form with nothing but the token from a browser without scripts.

use super::{
    PageState, language,
    progress::StepReply,
    refused::Refused,
    token::{PageToken, TokenField},
    view,
};
use crate::client_address::client_address;
use crate::problem::Problem;
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Extension, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, header},
    response::{IntoResponse, Redirect, Response},
};
use payments::Browser;
use serde::Deserialize;
use serde_json::Value;
use std::net::SocketAddr;
use utoipa::ToSchema;

/// Longest `browserAcceptHeader` and `browserUserAgent`; longer ones are cut, as the specification says.
const HEADER_MAX_CHARACTERS: usize = 2048;
/// `browserScreenHeight` and `browserScreenWidth` have six digits.
const SCREEN_MAX: u32 = 999_999;
/// `browserColorDepth` has two digits.
const COLOR_DEPTH_MAX: u32 = 99;
/// No place on earth is further from UTC than a day.
const TIME_ZONE_MAX_MINUTES: i32 = 24 * 60;

/// Tell about the browser
///
/// For the hosted page's script; what the AReq must say of the cardholder's browser.
#[utoipa::path(
    post,
    path = super::BROWSER_DATA_PATH,
    tag = "Hosted pages",
    operation_id = "tellBrowserData",
    request_body = BrowserData,
    responses(
        (status = 200, description = "What comes next.", body = StepReply),
        (status = 400, description = "A member is missing or wrong; `errors` names it.", body = Problem),
        (status = 404, description = "There is no page with this token.", body = Problem),
        (status = 410, description = "The page's time is over.", body = Problem),
    )
)]
pub(super) async fn receive(
    State(state): State<PageState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let seen = Browser {
        accept_header: accept_header(&headers),
        user_agent: text_of(&headers, header::USER_AGENT),
        ip_address: client_address(
            &headers,
            peer.map(|peer| peer.0.0),
            state.settings.trust_forwarded_for,
        )
        .map(|address| address.to_string()),
        ..Browser::default()
    };
    if is_form(&headers) {
        let told = async {
            let token = TokenField::of_body(body)?;
            let browser = Browser {
                language: language::first_tag(&headers),
                javascript_enabled: Some(false),
                java_enabled: Some(false),
                ..seen
            };
            state.pages.browser_data(token.as_str(), browser).await?;
            Ok::<_, Refused>(token)
        };
        return match told.await {
            Ok(token) => Redirect::to(&view::address(&token)).into_response(),
            Err(refused) => refused.into_page(&headers, state.settings.urls),
        };
    }
    let told = async {
        let data = BrowserData::read(&body.map_err(|_| Refused::TooLarge)?)?;
        let token = data.token()?;
        let view = state
            .pages
            .browser_data(token.as_str(), data.browser(seen)?)
            .await?;
        Ok::<_, Refused>(StepReply::of(&token, &view.step))
    };
    told.await
        .map_or_else(Refused::into_problem, |reply| Json(reply).into_response())
}

/// What the page's script tells of its browser. Numbers and booleans are taken as strings too, as on the orders face.
/// All but the last two are required: a browser that runs scripts can tell all of it, and the AReq needs it.
#[derive(Deserialize, ToSchema)]
pub(super) struct BrowserData {
    /// The page's token.
    #[schema(value_type = String, example = "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    token: Option<Value>,
    /// `screen.colorDepth`
    #[schema(value_type = u32, minimum = 1, maximum = 99)]
    color_depth: Option<Value>,
    /// `navigator.javaEnabled()`
    #[schema(value_type = bool)]
    java_enabled: Option<Value>,
    /// `navigator.language`
    #[schema(value_type = String, max_length = 35, example = "es-MX")]
    language: Option<Value>,
    /// `screen.height`
    #[schema(value_type = u32, maximum = 999_999)]
    screen_height: Option<Value>,
    /// `screen.width`
    #[schema(value_type = u32, maximum = 999_999)]
    screen_width: Option<Value>,
    /// `Date.getTimezoneOffset()`: minutes, positive when local time is behind UTC.
    #[schema(value_type = i32, minimum = -1440, maximum = 1440)]
    time_zone: Option<Value>,
    /// `navigator.userAgent`; matters only where the request has no such header.
    #[schema(value_type = Option<String>)]
    user_agent: Option<Value>,
    /// The header `Accept` of the page's own request, which says more than that of a script's request.
    #[schema(value_type = Option<String>)]
    accept_header: Option<Value>,
}

impl BrowserData {
    fn read(body: &[u8]) -> Result<Self, Refused> {
        let unreadable = Refused::member("body", "must be a JSON object");
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(unreadable);
        }
        serde_json::from_slice(body).map_err(|_| unreadable)
    }

    fn token(&self) -> Result<PageToken, Refused> {
        PageToken::of_member(text("token", self.token.as_ref())?)
    }

    /// What the script told, added to what the request itself shows.
    fn browser(&self, seen: Browser) -> Result<Browser, Refused> {
        let header = |told: &str| shortened(told.to_owned());
        let user_agent = text("user_agent", self.user_agent.as_ref())?.map(header);
        let accept_header = text("accept_header", self.accept_header.as_ref())?.map(header);
        let language = text("language", self.language.as_ref())?;
        let language = language.ok_or(Refused::member("language", "is required"))?;
        if !language::is_tag(language) {
            return Err(Refused::member(
                "language",
                "must be a language tag of at most 35 characters",
            ));
        }
        Ok(Browser {
            accept_header: accept_header.or(seen.accept_header),
            user_agent: seen.user_agent.or(user_agent),
            ip_address: seen.ip_address,
            language: Some(language.to_owned()),
            color_depth: Some(natural(
                "color_depth",
                self.color_depth.as_ref(),
                1,
                COLOR_DEPTH_MAX,
            )?),
            java_enabled: Some(boolean("java_enabled", self.java_enabled.as_ref())?),
            javascript_enabled: Some(true),
            screen_height: Some(natural(
                "screen_height",
                self.screen_height.as_ref(),
                0,
                SCREEN_MAX,
            )?),
            screen_width: Some(natural(
                "screen_width",
                self.screen_width.as_ref(),
                0,
                SCREEN_MAX,
            )?),
            time_zone: Some(minutes("time_zone", self.time_zone.as_ref())?),
        })
    }
}

fn text<'a>(name: &'static str, value: Option<&'a Value>) -> Result<Option<&'a str>, Refused> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(Refused::member(name, "must be a string")),
    }
}

fn integer(name: &'static str, value: Option<&Value>) -> Result<i64, Refused> {
    let number = match value.ok_or(Refused::member(name, "is required"))? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or(Refused::member(name, "must be a whole number"))
}

fn natural(name: &'static str, value: Option<&Value>, min: u32, max: u32) -> Result<u32, Refused> {
    let number = u32::try_from(integer(name, value)?).ok();
    number
        .filter(|number| (min..=max).contains(number))
        .ok_or(Refused::member(name, "is out of range"))
}

fn minutes(name: &'static str, value: Option<&Value>) -> Result<i32, Refused> {
    let number = i32::try_from(integer(name, value)?).ok();
    number
        .filter(|number| (-TIME_ZONE_MAX_MINUTES..=TIME_ZONE_MAX_MINUTES).contains(number))
        .ok_or(Refused::member(name, "must be minutes from -1440 to 1440"))
}

fn boolean(name: &'static str, value: Option<&Value>) -> Result<bool, Refused> {
    match value.ok_or(Refused::member(name, "is required"))? {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        _ => Err(Refused::member(name, "must be true or false")),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    declared.starts_with("application/x-www-form-urlencoded")
}

/// `browserAcceptHeader` as this request shows it.
pub(super) fn accept_header(headers: &HeaderMap) -> Option<String> {
    text_of(headers, header::ACCEPT)
}

/// A header's value, readable or not, cut to what the AReq has room for.
fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| shortened(String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(HEADER_MAX_CHARACTERS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_cut_at_a_character() {
        assert_eq!(shortened("é".repeat(3000)).chars().count(), HEADER_MAX_CHARACTERS);
    }
}
