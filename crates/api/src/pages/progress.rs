//! `GET /transactions/3ds/progress?token=&seen=&wait=`: what comes next, for the page's script.

use super::{
    PageState,
    form::{self, filled},
    handover,
    refused::Refused,
    token::PageToken,
};
use crate::problem::Problem;
use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use orchestrator::flows::page_step::{PageOutcome, PageStep, StepName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Longest time one question may be held, in seconds; below what proxies in between put up with.
const WAIT_MAX_SECONDS: u8 = 30;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ProgressQuery {
    /// The page's token.
    #[param(value_type = String, example = "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    token: Option<String>,
    /// The step that the asker is at; the answer is held while it is still this one.
    #[param(example = "challenge")]
    seen: Option<String>,
    /// How long to hold the answer, in seconds; 0 when left out.
    #[param(value_type = Option<u8>, maximum = 30)]
    wait: Option<String>,
}

/// A step on the wire. What the forms to the ACS carry is not in it: [`handover`] posts those.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "next", rename_all = "snake_case")]
pub(super) enum StepReply {
    BrowserData,
    Method {
        frame: String,
        timeout_ms: u32,
    },
    Challenge {
        frame: String,
        window: Option<Window>,
    },
    Decoupled {
        /// What the issuer wants the cardholder to read.
        text: Option<String>,
    },
    Working,
    Done {
        outcome: &'static str,
        redirect: Option<String>,
    },
}

/// Size of the challenge's frame in CSS pixels. None means the whole page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Window {
    width: u32,
    height: u32,
}

/// Ask what comes next
///
/// For the hosted page's script. Held while the step is still the one seen.
#[utoipa::path(
    get,
    path = super::PROGRESS_PATH,
    tag = "Hosted pages",
    operation_id = "pageProgress",
    params(ProgressQuery),
    responses(
        (status = 200, description = "What comes next.", body = StepReply),
        (status = 400, description = "A member is missing or wrong; `errors` names it.", body = Problem),
        (status = 404, description = "There is no page with this token.", body = Problem),
        (status = 410, description = "The page's time is over.", body = Problem),
    )
)]
pub(super) async fn progress(State(state): State<PageState>, RawQuery(query): RawQuery) -> Response {
    let answered = async {
        let query: ProgressQuery = form::of_query(query)?;
        let token = PageToken::of_member(filled(query.token.as_ref()))?;
        let seen = filled(query.seen.as_ref()).map(read_seen).transpose()?;
        let wait = filled(query.wait.as_ref()).map_or(Ok(0), read_wait)?;
        let view = state.pages.progress(token.as_str(), seen, wait).await?;
        Ok::<_, Refused>(StepReply::of(&token, &view.step))
    };
    answered
        .await
        .map_or_else(Refused::into_problem, |reply| Json(reply).into_response())
}

fn read_seen(text: &str) -> Result<StepName, Refused> {
    StepName::parse(text).ok_or(Refused::member("seen", "must be the name of a step"))
}

fn read_wait(text: &str) -> Result<u8, Refused> {
    let seconds: Option<u8> = text.parse().ok();
    seconds
        .filter(|seconds| *seconds <= WAIT_MAX_SECONDS)
        .ok_or(Refused::member(
            "wait",
            "must be a number of seconds from 0 to 30",
        ))
}

impl StepReply {
    pub(super) fn of(token: &PageToken, step: &PageStep) -> Self {
        match step {
            PageStep::BrowserData => Self::BrowserData,
            PageStep::Method { timeout_ms, .. } => Self::Method {
                frame: handover::address(token),
                timeout_ms: *timeout_ms,
            },
            PageStep::Challenge { window_size, .. } => Self::Challenge {
                frame: handover::address(token),
                window: window_size
                    .pixels()
                    .map(|(width, height)| Window { width, height }),
            },
            PageStep::Decoupled { text } => Self::Decoupled { text: text.clone() },
            PageStep::Working => Self::Working,
            PageStep::Done { outcome, redirect } => Self::Done {
                outcome: outcome_name(*outcome),
                redirect: redirect.clone(),
            },
        }
    }

    /// The reply as text, for the page that brings its first step with it.
    pub(super) fn to_json(&self) -> String {
        // Strings and numbers have no way to fail; without a step the script asks for progress.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn outcome_name(outcome: PageOutcome) -> &'static str {
    match outcome {
        PageOutcome::Succeeded => "succeeded",
        PageOutcome::Rejected => "rejected",
        PageOutcome::Cancelled => "cancelled",
        PageOutcome::Failed => "failed",
    }
}
