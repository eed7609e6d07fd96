//! The hosted pages with an invented gateway and an invented ACS behind them, to look at in a browser:
//! `cargo run -p api --example hosted_pages`, then open one of the addresses that it prints.
//!
//! Nothing is paid and nothing is stored. The ACS stands on a port of its own, so that it is another origin, as in life.
#![expect(clippy::print_stdout, reason = "its output is for whoever runs it")]

use api::pages::{
    CHALLENGE_NOTIFICATION_PATH, METHOD_NOTIFICATION_PATH, PageSettings, Pages, VIEW_PATH, router,
};
use axum::{
    Form, Router,
    response::Html,
    routing::{get, post},
};
use emv3ds::code::ChallengeWindowSize;
use orchestrator::flows::page_step::{
    ExpiredPage, PageError, PageOutcome, PageReturn, PageStep, PageView, StepName,
};
use payments::Browser;
use primitives::{Amount, Currency, UrlPolicy};
use std::{
    collections::HashMap,
    error::Error,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, time};

const GATEWAY: &str = "127.0.0.1:8097";
const ACS: &str = "127.0.0.1:8098";
const METHOD_TIMEOUT: Duration = Duration::from_secs(10);
const THINKING: Duration = Duration::from_millis(1500);

/// What a token's payment goes through after the browser's data have come.
#[derive(Clone, Copy)]
enum Script {
    Frictionless,
    Challenge(ChallengeWindowSize),
    Ends(PageOutcome),
    Expired,
}

const SCRIPTS: [(&str, &str, Script); 9] = [
    (
        "frictionless, back to the merchant",
        "01J00000000000000000000001",
        Script::Frictionless,
    ),
    (
        "challenge 500 x 600",
        "01J00000000000000000000002",
        Script::Challenge(ChallengeWindowSize::W500H600),
    ),
    (
        "challenge 250 x 400",
        "01J00000000000000000000003",
        Script::Challenge(ChallengeWindowSize::W250H400),
    ),
    (
        "challenge, full page",
        "01J00000000000000000000004",
        Script::Challenge(ChallengeWindowSize::FullScreen),
    ),
    (
        "ends approved",
        "01J00000000000000000000005",
        Script::Ends(PageOutcome::Succeeded),
    ),
    (
        "ends declined",
        "01J00000000000000000000006",
        Script::Ends(PageOutcome::Rejected),
    ),
    (
        "ends cancelled",
        "01J00000000000000000000007",
        Script::Ends(PageOutcome::Cancelled),
    ),
    (
        "ends failed",
        "01J00000000000000000000008",
        Script::Ends(PageOutcome::Failed),
    ),
    ("expired", "01J00000000000000000000009", Script::Expired),
];

#[derive(Clone, Default)]
struct Stage {
    steps: Arc<Mutex<HashMap<String, watch::Sender<PageStep>>>>,
}

impl Stage {
    fn script(token: &str) -> Result<Script, PageError> {
        let found = SCRIPTS
            .iter()
            .find(|(_, known, _)| *known == token)
            .ok_or(PageError::UnknownToken)?;
        let page = ExpiredPage {
            merchant_name: MERCHANT.into(),
            language: None,
            redirect: Some(callback("denied")),
        };
        if matches!(found.2, Script::Expired) {
            Err(PageError::Expired(Box::new(page)))
        } else {
            Ok(found.2)
        }
    }

    fn sender(&self, token: &str) -> watch::Sender<PageStep> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps
            .entry(token.into())
            .or_insert_with(|| watch::channel(PageStep::BrowserData).0)
            .clone()
    }

    fn view(&self, token: &str) -> Result<PageView, PageError> {
        Self::script(token)?;
        let amount =
            Amount::new(149_900, Currency::MXN).map_err(|error| PageError::Internal(error.to_string()))?;
        Ok(PageView {
            merchant_name: MERCHANT.into(),
            amount,
            language: None,
            step: self.sender(token).borrow().clone(),
        })
    }

    /// Goes to `step` after a while, unless somebody else has gone on meanwhile.
    fn later(&self, token: &str, after: Duration, from: StepName, step: PageStep) {
        let sender = self.sender(token);
        tokio::spawn(async move {
            time::sleep(after).await;
            sender.send_if_modified(|now| {
                let waiting = now.name() == from;
                if waiting {
                    *now = step;
                }
                waiting
            });
        });
    }

    fn goes_on(&self, token: &str) -> Result<PageStep, PageError> {
        Ok(match Self::script(token)? {
            Script::Frictionless | Script::Expired => {
                done(PageOutcome::Succeeded, Some(callback("processed")))
            }
            Script::Ends(outcome) => done(outcome, None),
            Script::Challenge(window_size) => PageStep::Challenge {
                acs_url: format!("http://{ACS}/challenge"),
                creq: "eyJtZXNzYWdlVHlwZSI6IkNSZXEifQ".into(),
                session_data: token.into(),
                window_size,
            },
        })
    }
}

const MERCHANT: &str = "Café & Libros del Centro";

fn callback(status: &str) -> String {
    format!("http://{ACS}/shop?order_id=4711&status={status}")
}

fn done(outcome: PageOutcome, redirect: Option<String>) -> PageStep {
    PageStep::Done { outcome, redirect }
}

#[async_trait::async_trait]
impl Pages for Stage {
    async fn opened(&self, token: &str) -> Result<PageView, PageError> {
        self.view(token)
    }

    async fn browser_data(&self, token: &str, browser: Browser) -> Result<PageView, PageError> {
        Self::script(token)?;
        println!("{browser:?}");
        let (step, from, after) = if browser.javascript_enabled == Some(true) {
            let method = PageStep::Method {
                url: format!("http://{ACS}/method"),
                data: token.into(),
                timeout_ms: 10_000,
            };
            (method, StepName::Method, METHOD_TIMEOUT)
        } else {
            (PageStep::Working, StepName::Working, THINKING)
        };
        self.sender(token).send_replace(step);
        self.later(token, after, from, self.goes_on(token)?);
        self.view(token)
    }

    async fn method_notified(&self, token: &str) -> Result<(), PageError> {
        Self::script(token)?;
        self.sender(token).send_replace(PageStep::Working);
        self.later(token, THINKING, StepName::Working, self.goes_on(token)?);
        Ok(())
    }

    async fn progress(
        &self,
        token: &str,
        seen: Option<StepName>,
        wait_seconds: u8,
    ) -> Result<PageView, PageError> {
        let mut steps = self.sender(token).subscribe();
        let another = steps.wait_for(|step| Some(step.name()) != seen);
        // Running out of time is an answer too: the same step.
        let _ = time::timeout(Duration::from_secs(wait_seconds.into()), another).await;
        self.view(token)
    }

    async fn challenge_returned(
        &self,
        cres: &str,
        session_data: Option<&str>,
    ) -> Result<PageReturn, PageError> {
        let token = session_data.ok_or(PageError::Malformed("threeDSSessionData"))?;
        Self::script(token)?;
        self.sender(token).send_replace(PageStep::Working);
        let end = if cres == "no" {
            done(PageOutcome::Rejected, Some(callback("denied")))
        } else {
            done(PageOutcome::Succeeded, None)
        };
        self.later(token, THINKING, StepName::Working, end);
        Ok(PageReturn {
            token: token.into(),
            language: None,
        })
    }

    async fn cancelled(&self, token: &str) -> Result<PageView, PageError> {
        Self::script(token)?;
        self.sender(token)
            .send_replace(done(PageOutcome::Cancelled, None));
        self.view(token)
    }
}

/// A 3DS Method that takes a moment and reports back.
async fn method(Form(fields): Form<HashMap<String, String>>) -> Html<String> {
    let data = fields.get("threeDSMethodData").map_or("", String::as_str);
    Html(format!(
        "<form method=post action='http://{GATEWAY}{METHOD_NOTIFICATION_PATH}'>\
         <input name=threeDSMethodData value='{data}'></form>\
         <script>setTimeout(() => document.forms[0].submit(), 700)</script>"
    ))
}

/// A challenge as a plain form.
async fn challenge(Form(fields): Form<HashMap<String, String>>) -> Html<String> {
    let session = fields.get("threeDSSessionData").map_or("", String::as_str);
    Html(format!(
        "<!doctype html><html lang=es><meta name=viewport content='width=device-width'>\
         <body style='font:16px sans-serif;padding:1rem'><h2>Banco Ficticio</h2>\
         <p>Escribe el código que te enviamos por SMS.</p>\
         <form method=post action='http://{GATEWAY}{CHALLENGE_NOTIFICATION_PATH}'>\
         <input type=hidden name=threeDSSessionData value='{session}'>\
         <p><input inputmode=numeric aria-label=Código style='font-size:1.2rem;width:9rem'></p>\
         <button name=cres value=yes>Confirmar</button> <button name=cres value=no>No es mía</button></form>"
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    for (what, token, _) in SCRIPTS {
        println!("http://{GATEWAY}{VIEW_PATH}?token={token}  {what}");
    }
    let acs = Router::new()
        .route("/method", post(method))
        .route("/challenge", post(challenge))
        .route("/shop", get(|| async { Html("<h1>The shop</h1>") }));
    let acs_listener = TcpListener::bind(ACS).await?;
    tokio::spawn(async move { axum::serve(acs_listener, acs).await });
    let settings = PageSettings {
        urls: UrlPolicy::LoopbackHttpToo,
        trust_forwarded_for: false,
    };
    let gateway = Router::from(router(Arc::new(Stage::default()), settings));
    let service = gateway.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(TcpListener::bind(GATEWAY).await?, service).await?;
    Ok(())
}
