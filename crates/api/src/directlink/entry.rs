//! Where requests arrive: the pages' names in any letter case, and answers that are always XML with HTTP 200.

use super::{
    DirectLinkState,
    answer::{self, NotDone},
    browser::{self, BrowserPage, Browsers},
    call::{self, Arrival},
    charset::Charset,
    complaints::Complaint,
    form::Form,
    maintenance, order,
    progress::Progress,
    query, rates,
    xml::CONTENT_TYPE,
};
use crate::{client_address::client_address, orders::errors::Failure};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, Extension, FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use orchestrator::administration::Environment;
use payments::directlink::NcError;
use std::net::SocketAddr;

const FORM: &str = "application/x-www-form-urlencoded";
/// The scheme that the client spoke to the proxy in front of us.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The pages of the protocol that a shop's server calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// `orderdirect.asp`
    Order,
    /// `maintenancedirect.asp`
    Maintenance,
    /// `querydirect.asp`
    Query,
    /// `getDCCRates.asp`
    Rates,
}

impl Page {
    /// By the last part of a path, with or without `_utf8`.
    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let stem = name.strip_suffix(".asp")?;
        Some(match stem.strip_suffix("_utf8").unwrap_or(stem) {
            "orderdirect" => Self::Order,
            "maintenancedirect" => Self::Maintenance,
            "querydirect" => Self::Query,
            "getdccrates" => Self::Rates,
            _ => return None,
        })
    }
}

/// Whoever a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Shops(Page),
    Browsers(BrowserPage),
}

/// A page, and the environment that its path says, if any.
fn place(path: &str) -> Option<(Option<Environment>, Named)> {
    let (before, name) = path.rsplit_once('/')?;
    let environment = match before.to_ascii_lowercase().as_str() {
        "" => None,
        "/ncol/test" => Some(Environment::Sandbox),
        "/ncol/prod" => Some(Environment::Production),
        _ => return None,
    };
    let of_browser = || BrowserPage::named(name).map(Named::Browsers);
    let named = Page::named(name).map(Named::Shops).or_else(of_browser)?;
    Some((environment, named))
}

/// Any request to a path that may be one of ours; what is not is answered as by everybody else.
pub(super) async fn receive(
    State(state): State<DirectLinkState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    request: Request,
) -> Response {
    let (environment, page) = match place(request.uri().path()) {
        Some((environment, Named::Shops(page))) => (environment, page),
        // Whose payment it is, the browser's token says.
        Some((_, Named::Browsers(page))) => {
            let browsers = Browsers {
                gateway: state.gateway,
                urls: state.urls,
            };
            return browser::answer(&browsers, page, request).await;
        }
        None => return Failure::no_such_route().into_response(),
    };
    let headers = request.headers();
    let arrival = Arrival {
        page,
        environment,
        address: client_address(headers, peer.map(|peer| peer.0.0), state.trust_forwarded_for),
        in_clear: state.trust_forwarded_for && says_http(headers),
    };
    let progress = Progress::of(request.extensions());
    // Stays empty where the request carries none, and as it is where answering breaks.
    let mut form = Form::default();
    let done = progress
        .watch(state.answer_within, async {
            form = read(request).await?;
            done(&state, &arrival, &form, &progress).await
        })
        .await;
    if let Err(not_done) = &done {
        count_fault(not_done);
    }
    let body = match (done, page) {
        (Ok(response), _) => response.to_bytes(),
        (Err(not_done), Page::Rates) => rates::refused(&form, &not_done.complaint),
        (Err(not_done), _) => answer::refused(page, &form, &not_done).to_bytes(),
    };
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))],
        body,
    )
        .into_response()
}

async fn done(
    state: &DirectLinkState,
    arrival: &Arrival,
    form: &Form,
    progress: &Progress,
) -> Result<super::xml::NcResponse, NotDone> {
    let account = call::let_in(state, arrival, form).await?;
    match arrival.page {
        Page::Order => order::answer(state, &account, form, progress).await,
        Page::Maintenance => maintenance::answer(state, &account, form, progress).await,
        Page::Query => query::answer(state, &account, form).await,
        Page::Rates => Err(rates::none(form).into()),
    }
}

/// Nobody sees by the HTTP status which answers were a fault of ours.
fn count_fault(not_done: &NotDone) {
    let result = match not_done.complaint.error {
        NcError::TECHNICAL => "nothing_done",
        NcError::UNCERTAIN => "uncertain",
        _ => return,
    };
    metrics::counter!("pasarela_directlink_faults_total", "result" => result).increment(1);
}

/// Only a proxy that we trust can tell how the shop's connection came; ours is inside of the house.
fn says_http(headers: &HeaderMap) -> bool {
    headers
        .get(FORWARDED_PROTO)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"http"))
}

/// The form that a request carries. An empty body is one: what it lacks is said by name.
async fn read(request: Request) -> Result<Form, Complaint> {
    let complaint = |text: &str| Complaint::new(NcError::INVALID, text);
    if request.method() != Method::POST {
        return Err(complaint("requests must be POST"));
    }
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let charset = Charset::of(content_type.as_deref(), request.uri().path());
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|_| complaint("the request is too long, or was cut"))?;
    let media_type = content_type.as_deref().map(|value| {
        let end = value.find(';').unwrap_or(value.len());
        value.get(..end).unwrap_or_default().trim()
    });
    // Some clients declare nothing; whatever else is declared could only be misread.
    if !body.is_empty() && media_type.is_some_and(|media_type| !media_type.eq_ignore_ascii_case(FORM)) {
        return Err(complaint(
            "Content-Type must be application/x-www-form-urlencoded",
        ));
    }
    Form::read(&body, charset).map_err(|error| complaint(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_known_in_any_letter_case() {
        let (test, production) = (Some(Environment::Sandbox), Some(Environment::Production));
        let back = Named::Browsers(BrowserPage::Returned);
        let shops = |environment, page| Some((environment, Named::Shops(page)));
        for (path, found) in [
            ("/ncol/test/orderdirect.asp", shops(test, Page::Order)),
            ("/ncol/prod/OrderDirect.ASP", shops(production, Page::Order)),
            ("/ncol/Test/orderdirect_UTF8.asp", shops(test, Page::Order)),
            ("/maintenancedirect.asp", shops(None, Page::Maintenance)),
            ("/QueryDirect_utf8.asp", shops(None, Page::Query)),
            ("/ncol/test/getDCCRates.asp", shops(test, Page::Rates)),
            ("/ncol/test/order_A3DS.asp", Some((test, back))),
            ("/ncol/else/orderdirect.asp", None),
            ("/orderdirect", None),
            ("/_utf8.asp", None),
            ("/", None),
        ] {
            assert_eq!(place(path), found, "{path}");
        }
    }
}
