//! The 3DS Method: a page in a hidden frame that looks at the browser and reports back.
//!
//! What a real issuer would collect interests nobody here; the report is the point.

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use emv3ds::encoding::{METHOD_DATA_FIELD, MethodNotification, MethodRequest};
use serde::Deserialize;

use crate::messages::{MessageLog, Party};
use crate::page::{html, html_with};

/// Longest notification URL in 2.1.0 and 2.2.0, in characters.
const NOTIFICATION_URL_MAX_CHARACTERS: usize = 256;

/// `/acs/method`, and `/acs/method/silent`, which never reports back.
pub fn router(messages: MessageLog) -> Router {
    Router::new()
        .route("/acs/method", post(report))
        .route("/acs/method/silent", post(stay_silent))
        .with_state(messages)
}

#[derive(Deserialize)]
struct Posted {
    #[serde(rename = "threeDSMethodData", default)]
    data: String,
}

#[derive(Template)]
#[template(path = "issuers/method.html")]
struct MethodPage {
    /// Where to report and what; `None` on the page that does not.
    report: Option<Report>,
}

struct Report {
    url: String,
    field: &'static str,
    data: String,
}

async fn report(State(messages): State<MessageLog>, Form(posted): Form<Posted>) -> Response {
    let Some(request) = read(&messages, &posted) else {
        return refused();
    };
    let data = MethodNotification {
        three_ds_server_trans_id: request.three_ds_server_trans_id,
    }
    .to_form();
    let url = request.three_ds_method_notification_url;
    html(&MethodPage {
        report: Some(Report {
            url,
            field: METHOD_DATA_FIELD,
            data,
        }),
    })
}

async fn stay_silent(State(messages): State<MessageLog>, Form(posted): Form<Posted>) -> Response {
    if read(&messages, &posted).is_some() {
        html(&MethodPage { report: None })
    } else {
        refused()
    }
}

fn read(messages: &MessageLog, posted: &Posted) -> Option<MethodRequest> {
    let request = MethodRequest::from_form(&posted.data).ok().filter(|request| {
        let url = &request.three_ds_method_notification_url;
        let parsed = url::Url::parse(url).ok();
        url.chars().count() <= NOTIFICATION_URL_MAX_CHARACTERS
            && parsed.is_some_and(|url| matches!(url.scheme(), "https" | "http"))
    });
    let id = request.as_ref().map(|request| request.three_ds_server_trans_id);
    let json = request
        .as_ref()
        .and_then(|request| serde_json::to_vec(request).ok())
        .unwrap_or_default();
    let fault = request
        .is_none()
        .then(|| "threeDSMethodData is not what the specification says".to_owned());
    messages.record(id, Party::Browser, Party::Acs, &json, fault);
    request
}

#[derive(Template)]
#[template(path = "issuers/problem.html")]
struct ProblemPage {
    code: &'static str,
    detail: &'static str,
}

fn refused() -> Response {
    html_with(
        StatusCode::BAD_REQUEST,
        &ProblemPage {
            code: "203",
            detail: METHOD_DATA_FIELD,
        },
    )
}
