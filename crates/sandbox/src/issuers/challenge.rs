//! The challenge as the cardholder's browser sees it: plain forms, no script needed.
//!
//! While the bank's app is asked, the page asks for itself again every two seconds, until the app has answered or a code
//! was sent instead.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use emv3ds::code::{Component, ErrorCode};
use emv3ds::encoding;
use emv3ds::message::Erro;
use emv3ds::{AcsTransId, Fault, Rules, Version};
use serde::Deserialize;
use tokio::time::timeout;

use super::code::Code;
use super::decision::Credential;
use super::session::{Answered, Opening, Outcome, Phase, Resent, Session};
use super::{Issuers, creq};
use crate::faults::message::MessageFault;
use crate::messages::Party;
use crate::page::{html, html_with};
use crate::spoil;

/// Who the text messages come from.
const SENDER: &str = "Banco Sandbox";

/// `/acs/challenge`, `/acs/challenge/page` and `/acs/challenge/answer`.
pub fn router(issuers: Issuers) -> Router {
    Router::new()
        .route("/acs/challenge", post(open))
        .route("/acs/challenge/page", get(show_again))
        .route("/acs/challenge/answer", post(answer))
        .with_state(issuers)
}

#[derive(Deserialize)]
struct Opened {
    #[serde(default)]
    creq: String,
    #[serde(rename = "threeDSSessionData")]
    session_data: Option<String>,
}

/// The browser brings a CReq.
async fn open(State(issuers): State<Issuers>, Form(form): Form<Opened>) -> Response {
    let session_data = form.session_data.as_deref().filter(|data| !data.is_empty());
    match creq::find(&issuers, &form.creq, session_data) {
        Ok((session, Opening::First(code))) => {
            if let Some(code) = code {
                send_code(&issuers, &session, &code);
            }
            challenge_page(&session, None)
        }
        Ok((session, Opening::Again)) => challenge_page(&session, None),
        Err(refused) => {
            let (session, fault) = *refused;
            refuse(&issuers, session.as_deref(), session_data, &fault)
        }
    }
}

/// The Erro goes back through the browser where we know where to; else the page says what is wrong.
fn refuse(
    issuers: &Issuers,
    session: Option<&Session>,
    session_data: Option<&str>,
    fault: &Fault,
) -> Response {
    let page = ProblemPage {
        code: fault.code.to_string(),
        detail: fault.detail.clone(),
    };
    let Some((session, erro)) = session.zip(fault.to_erro(Component::Acs, &Version::ALL)) else {
        return html_with(StatusCode::BAD_REQUEST, &page);
    };
    let rules = Rules::received_by(Component::Server, &Version::ALL);
    match rules.write::<Erro>(&erro) {
        Ok(bytes) => {
            let id = Some(session.facts.three_ds_server_trans_id);
            issuers
                .0
                .messages
                .record(id, Party::Acs, Party::Browser, &bytes, None);
            html(&ReturnPage {
                url: session.facts.notification_url.clone(),
                field: encoding::ERRO_FIELD,
                value: encoding::base64url(&bytes),
                session_data: session_data.map(str::to_owned),
            })
        }
        Err(fault) => {
            tracing::error!(%fault, "an Erro of ours breaks the rules");
            html_with(StatusCode::BAD_REQUEST, &page)
        }
    }
}

#[derive(Deserialize)]
struct Which {
    #[serde(rename = "acsTransID", default)]
    acs_trans_id: String,
}

/// The page as it is now, for a browser that waits.
async fn show_again(State(issuers): State<Issuers>, Query(which): Query<Which>) -> Response {
    let Some(session) = AcsTransId::parse(&which.acs_trans_id).and_then(|id| issuers.session(id)) else {
        return lost();
    };
    match (session.outcome(), session.asks_for()) {
        (Some(_), _) => finish(&issuers, &session).await,
        (None, Some(_)) => challenge_page(&session, None),
        (None, None) => lost(),
    }
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "acsTransID", default)]
    acs_trans_id: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    action: Action,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    Submit,
    Resend,
    Later,
    Cancel,
}

/// The cardholder pressed a button.
async fn answer(State(issuers): State<Issuers>, Form(form): Form<Typed>) -> Response {
    let Some(session) = AcsTransId::parse(&form.acs_trans_id).and_then(|id| issuers.session(id)) else {
        return lost();
    };
    match form.action {
        Action::Submit if goes_on_decoupled(&session) => finish(&issuers, &session).await,
        Action::Submit => match session.answer(&form.code) {
            Answered::Ended => finish(&issuers, &session).await,
            Answered::Wrong { attempts_left } => {
                challenge_page(&session, Some(Notice::Wrong { attempts_left }))
            }
            Answered::StillWaiting => challenge_page(&session, Some(Notice::StillWaiting)),
            Answered::NotOpen => lost(),
        },
        Action::Later if session.put_off() => finish(&issuers, &session).await,
        Action::Later => lost(),
        Action::Resend => match session.resend() {
            Resent::Code(code) => {
                send_code(&issuers, &session, &code);
                challenge_page(&session, Some(Notice::Resent))
            }
            Resent::Refused => challenge_page(&session, Some(Notice::NotResent)),
            Resent::Ended => finish(&issuers, &session).await,
            Resent::NotOpen => lost(),
        },
        Action::Cancel if session.cancel() => finish(&issuers, &session).await,
        Action::Cancel => lost(),
    }
}

/// Whether a lever ends this challenge undecided, whatever was typed.
fn goes_on_decoupled(session: &Session) -> bool {
    session.facts.fault(MessageFault::RReqDecoupledFollows).is_some() && session.put_off()
}

/// Waits for the RRes as long as the specification keeps a browser waiting, then sends the browser back with the CRes.
async fn finish(issuers: &Issuers, session: &Session) -> Response {
    let mut phase = session.phase();
    let reported = phase.wait_for(|phase| *phase == Phase::Reported);
    if timeout(issuers.0.settings.results_wait, reported).await.is_err() {
        tracing::info!(
            authentication = %session.facts.three_ds_server_trans_id,
            "the browser goes back before its result has arrived"
        );
    }
    match session.outcome() {
        Some(outcome) => return_page(issuers, session, &outcome),
        None => lost(),
    }
}

fn return_page(issuers: &Issuers, session: &Session, outcome: &Outcome) -> Response {
    let versions = [session.facts.version];
    let rules = Rules::received_by(Component::Server, &versions);
    match rules.write(&session.cres(outcome)) {
        Ok(cres) => {
            let bytes = gone_wrong(session, cres);
            let id = Some(session.facts.three_ds_server_trans_id);
            issuers
                .0
                .messages
                .record(id, Party::Acs, Party::Browser, &bytes, None);
            let missing = session.facts.fault(MessageFault::CResMissing).is_some();
            html(&ReturnPage {
                url: session.facts.notification_url.clone(),
                field: encoding::CRES_FIELD,
                value: if missing {
                    String::new()
                } else {
                    encoding::base64url(&bytes)
                },
                session_data: session.session_data(),
            })
        }
        Err(fault) => {
            tracing::error!(%fault, "a CRes of ours breaks the rules");
            lost()
        }
    }
}

/// The CRes as levers have it.
fn gone_wrong(session: &Session, cres: Vec<u8>) -> Vec<u8> {
    session
        .facts
        .faults
        .iter()
        .fold(cres, |cres, order| match order.fault {
            MessageFault::CResContradicted => spoil::contradict(cres),
            MessageFault::CRes(fault) => spoil::spoil(cres, fault, order),
            _ => cres,
        })
}

fn lost() -> Response {
    let (code, detail) = (
        ErrorCode::TransactionNotRecognised.to_string(),
        "acsTransID".to_owned(),
    );
    html_with(StatusCode::NOT_FOUND, &ProblemPage { code, detail })
}

/// Sends a code to the card's phone.
pub(super) fn send_code(issuers: &Issuers, session: &Session, code: &Code) {
    // The code stands first: readers of the inbox take the first run of digits.
    let facts = &session.facts;
    let text = format!(
        "{} es tu codigo para pagar {} en {}. No lo compartas con nadie.",
        code.reveal(),
        facts.amount,
        facts.merchant
    );
    issuers.0.phones.send(&facts.phone, SENDER, text);
}

/// What a page says besides its form.
#[derive(Clone, Copy)]
enum Notice {
    Wrong { attempts_left: u8 },
    Resent,
    NotResent,
    StillWaiting,
}

#[derive(Template)]
#[template(path = "issuers/challenge.html")]
struct ChallengePage<'a> {
    acs_trans_id: String,
    brand: &'a str,
    merchant: &'a str,
    amount: &'a str,
    last_four: &'a str,
    masked_phone: String,
    inbox_digits: String,
    by_code: bool,
    by_app: bool,
    may_be_later: bool,
    notice: Option<Notice>,
}

fn challenge_page(session: &Session, notice: Option<Notice>) -> Response {
    let facts = &session.facts;
    let asked = session.asks_for().unwrap_or(facts.way.credential());
    let shown = facts
        .phone
        .get(facts.phone.len().saturating_sub(2)..)
        .unwrap_or_default();
    html(&ChallengePage {
        acs_trans_id: facts.acs_trans_id.to_string(),
        brand: facts.circumstances.brand.as_str(),
        merchant: &facts.merchant,
        amount: &facts.amount,
        last_four: &facts.last_four,
        masked_phone: format!("•• •••• ••{shown}"),
        inbox_digits: facts.phone.trim_start_matches('+').to_owned(),
        by_code: asked == Credential::OneTimeCode,
        by_app: asked == Credential::BankApp,
        may_be_later: facts.decoupled_follows.is_some(),
        notice,
    })
}

/// Sends the browser back to the 3DS Server, by itself or by a press of a button.
#[derive(Template)]
#[template(path = "issuers/return.html")]
struct ReturnPage {
    url: String,
    field: &'static str,
    value: String,
    session_data: Option<String>,
}

#[derive(Template)]
#[template(path = "issuers/problem.html")]
struct ProblemPage {
    code: String,
    detail: String,
}
