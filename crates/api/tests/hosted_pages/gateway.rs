//! A gateway whose every token stands at one step for good, and which remembers what it was told.

use api::pages::Pages;
use emv3ds::code::ChallengeWindowSize;
use orchestrator::flows::page_step::{
    ExpiredPage, PageError, PageOutcome, PageReturn, PageStep, PageView, StepName,
};
use payments::Browser;
use primitives::{Amount, Currency};
use std::sync::Mutex;

pub const ASKS_BROWSER: &str = "01J00000000000000000000001";
pub const RUNS_METHOD: &str = "01J00000000000000000000002";
pub const CHALLENGES: &str = "01J00000000000000000000003";
pub const CHALLENGES_FULL_PAGE: &str = "01J00000000000000000000004";
pub const WORKS: &str = "01J00000000000000000000005";
pub const DONE: &str = "01J00000000000000000000006";
pub const DONE_WITH_CALLBACK: &str = "01J00000000000000000000007";
pub const DONE_WITH_SCRIPT: &str = "01J00000000000000000000008";
pub const EXPIRED: &str = "01J00000000000000000000009";
pub const BROKEN: &str = "01J0000000000000000000000A";
pub const HOSTILE_ACS: &str = "01J0000000000000000000000B";
/// The same as others, but that the merchant wants Portuguese spoken.
pub const EXPIRED_IN_PORTUGUESE: &str = "01J0000000000000000000000C";
pub const WORKS_IN_PORTUGUESE: &str = "01J0000000000000000000000D";
pub const CHALLENGES_IN_PORTUGUESE: &str = "01J0000000000000000000000E";
pub const UNKNOWN: &str = "01J0000000000000000000000Z";

pub const CALLBACK: &str = "https://shop.example/back?order_id=7&status=processed";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Opened(String),
    BrowserData(String, Box<Browser>),
    MethodNotified(String),
    Asked {
        token: String,
        seen: Option<StepName>,
        wait_seconds: u8,
    },
    ChallengeReturned {
        cres: String,
        session_data: Option<String>,
    },
    Cancelled(String),
}

#[derive(Default)]
pub struct Gateway {
    told: Mutex<Vec<Told>>,
}

impl Gateway {
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    fn note(&self, told: Told) {
        self.told.lock().unwrap().push(told);
    }
}

fn view(token: &str) -> Result<PageView, PageError> {
    let (token, language) = match token {
        EXPIRED_IN_PORTUGUESE => (EXPIRED, Some("pt_BR".to_owned())),
        WORKS_IN_PORTUGUESE => (WORKS, Some("pt_BR".to_owned())),
        CHALLENGES_IN_PORTUGUESE => (CHALLENGES, Some("pt_BR".to_owned())),
        other => (other, None),
    };
    let challenge = |acs_url: &str, window_size| PageStep::Challenge {
        acs_url: acs_url.into(),
        creq: "the-creq".into(),
        session_data: "the-session".into(),
        window_size,
    };
    let done = |redirect: Option<&str>| PageStep::Done {
        outcome: PageOutcome::Succeeded,
        redirect: redirect.map(str::to_owned),
    };
    let step = match token {
        ASKS_BROWSER => PageStep::BrowserData,
        RUNS_METHOD => PageStep::Method {
            url: "https://acs.example/method?a=1&b=2".into(),
            data: "the-method-data".into(),
            timeout_ms: 10_000,
        },
        CHALLENGES => challenge("https://acs.example/challenge", ChallengeWindowSize::W390H400),
        CHALLENGES_FULL_PAGE => challenge("https://acs.example/challenge", ChallengeWindowSize::FullScreen),
        HOSTILE_ACS => challenge("javascript:alert(1)", ChallengeWindowSize::W390H400),
        WORKS => PageStep::Working,
        DONE => done(None),
        DONE_WITH_CALLBACK => done(Some(CALLBACK)),
        DONE_WITH_SCRIPT => done(Some("javascript:alert(1)")),
        EXPIRED => {
            let page = ExpiredPage {
                merchant_name: "Café".into(),
                language,
                redirect: Some(CALLBACK.into()),
            };
            return Err(PageError::Expired(Box::new(page)));
        }
        BROKEN => return Err(PageError::Internal("err-4711".into())),
        _ => return Err(PageError::UnknownToken),
    };
    let amount = Amount::new(123_450, Currency::MXN).unwrap();
    Ok(PageView {
        merchant_name: "Café <b>& \"Libros\"</b>".into(),
        amount,
        language,
        step,
    })
}

#[async_trait::async_trait]
impl Pages for Gateway {
    async fn opened(&self, token: &str) -> Result<PageView, PageError> {
        self.note(Told::Opened(token.into()));
        view(token)
    }

    async fn browser_data(&self, token: &str, browser: Browser) -> Result<PageView, PageError> {
        self.note(Told::BrowserData(token.into(), Box::new(browser)));
        view(token)
    }

    async fn method_notified(&self, three_ds_method_data: &str) -> Result<(), PageError> {
        self.note(Told::MethodNotified(three_ds_method_data.into()));
        match three_ds_method_data {
            "unknown" => Err(PageError::UnknownToken),
            "garbled" => Err(PageError::Malformed("threeDSMethodData")),
            _ => Ok(()),
        }
    }

    async fn progress(
        &self,
        token: &str,
        seen: Option<StepName>,
        wait_seconds: u8,
    ) -> Result<PageView, PageError> {
        self.note(Told::Asked {
            token: token.into(),
            seen,
            wait_seconds,
        });
        view(token)
    }

    async fn challenge_returned(
        &self,
        cres: &str,
        session_data: Option<&str>,
    ) -> Result<PageReturn, PageError> {
        self.note(Told::ChallengeReturned {
            cres: cres.into(),
            session_data: session_data.map(str::to_owned),
        });
        match cres {
            "unknown" => Err(PageError::UnknownToken),
            "garbled" => Err(PageError::Malformed("cres")),
            cres => Ok(PageReturn {
                token: WORKS.into(),
                language: (cres == "portuguese").then(|| "pt_BR".into()),
            }),
        }
    }

    async fn cancelled(&self, token: &str) -> Result<PageView, PageError> {
        self.note(Told::Cancelled(token.into()));
        view(token)
    }
}
