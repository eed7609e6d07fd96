//! The cardholder with a browser: does what the hosted page's script does, and answers the issuer's challenge with the
//! code from their phone.
//!
//! Every step is a request that a real browser would make, to the same addresses and with the same fields.

use reqwest::Method;
use serde_json::{Value, json};

use crate::http::{Answer, Http};
use crate::outside::Outside;
use crate::page::Page;
use crate::secrets::{Secrets, code_in};
use crate::story::Story;

/// Steps after which a page that leads nowhere is given up.
const STEPS_MAX: usize = 30;
/// How long the server may hold a question for the next step, in seconds.
const PROGRESS_WAIT_SECONDS: u8 = 20;

/// What the cardholder does when the bank asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temper {
    /// Types the code that was sent.
    TypesTheCode,
    /// Types something else until the bank has enough.
    TypesRubbish,
    /// Presses the bank's cancel button.
    CancelsAtTheBank,
    /// Presses the cancel button of our page instead of going to the bank.
    CancelsAtThePage,
}

/// Where the browser ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// `succeeded`, `rejected`, `cancelled` or `failed`.
    pub outcome: String,
    /// Where the browser goes: the merchant's callback.
    pub redirect: Option<String>,
    /// The steps it was led through, in order, without repetitions.
    pub steps: Vec<String>,
}

/// A cardholder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cardholder {
    http: Http,
    outside: Outside,
    secrets: Secrets,
    story: Story,
}

/// Our page, as a browser holds it open.
#[derive(Clone, Debug)]
pub struct OpenPage {
    /// `http://127.0.0.1:…`
    origin: String,
    /// The page's token.
    pub token: String,
    /// The step it shows.
    pub step: Value,
}

impl Cardholder {
    /// A cardholder whose messages arrive in the sandbox.
    pub fn new(http: Http, outside: Outside, secrets: Secrets, story: Story) -> Self {
        Self {
            http,
            outside,
            secrets,
            story,
        }
    }

    /// Opens the page and goes all the way to its end.
    pub async fn authenticates(&self, page_url: &str, temper: Temper) -> End {
        let mut page = self.open(page_url).await;
        let mut steps: Vec<String> = Vec::new();
        for _ in 0..STEPS_MAX {
            let next = page.next().to_owned();
            if steps.last() != Some(&next) {
                self.story.tell("browser", || format!("our page says: {next}"));
                steps.push(next.clone());
            }
            page.step = match next.as_str() {
                "browser_data" => self.tell_browser_data(&page).await,
                "method" => {
                    self.runs_method(&page).await;
                    self.next_after(&page).await
                }
                "challenge" if temper == Temper::CancelsAtThePage => {
                    self.cancels(&page).await;
                    self.next_after(&page).await
                }
                "challenge" => {
                    let challenge = self.goes_to_the_bank(&page).await;
                    let returning = self.answers(challenge, temper).await;
                    self.returns(&returning).await;
                    self.next_after(&page).await
                }
                "working" => self.next_after(&page).await,
                "done" => {
                    let text = |name: &str| page.step[name].as_str().map(str::to_owned);
                    let end = End {
                        outcome: text("outcome").unwrap_or_default(),
                        redirect: text("redirect"),
                        steps,
                    };
                    self.story.tell("browser", || {
                        format!(
                            "{} → {}",
                            end.outcome,
                            end.redirect.as_deref().unwrap_or("our own page")
                        )
                    });
                    return end;
                }
                other => panic!("unknown step {other}: {}", page.step),
            };
        }
        panic!("the page leads nowhere: {steps:?}");
    }

    /// Opens the page; its first step comes with it.
    pub async fn open(&self, page_url: &str) -> OpenPage {
        let answer = self.http.get(page_url).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = Page::of(page_url, &answer);
        let url = url::Url::parse(page_url).unwrap();
        let token = url
            .query_pairs()
            .find(|(name, _)| name == "token")
            .map(|(_, token)| token.into_owned())
            .unwrap();
        let step = match page.attribute("data-step") {
            Some(step) => serde_json::from_str(&step).unwrap(),
            // The result is another document, without script steps.
            None => json!({ "next": "working" }),
        };
        OpenPage {
            origin: url.origin().ascii_serialization(),
            token,
            step,
        }
    }

    /// Posts the browser's data, as the page's script does; answers the next step.
    pub async fn tell_browser_data(&self, page: &OpenPage) -> Value {
        let data = json!({
            "token": page.token,
            "color_depth": 24,
            "java_enabled": false,
            "language": "es-MX",
            "screen_height": 1080,
            "screen_width": 1920,
            "time_zone": 360,
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "accept_header": "text/html,*/*",
        });
        let url = format!("{}/transactions/3ds/browser-data", page.origin);
        let answer = self.http.post_json(&url, &data).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Waits for a step that is another than the one the page shows.
    pub async fn next_after(&self, page: &OpenPage) -> Value {
        let answer = self
            .progress(page, Some(page.next()), PROGRESS_WAIT_SECONDS)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Asks what comes next.
    pub async fn progress(&self, page: &OpenPage, seen: Option<&str>, wait_seconds: u8) -> Answer {
        let seen = seen.map(|seen| format!("&seen={seen}")).unwrap_or_default();
        let url = format!(
            "{}/transactions/3ds/progress?token={}{seen}&wait={wait_seconds}",
            page.origin, page.token
        );
        self.http.send(Method::GET, &url, &[], None).await.unwrap()
    }

    /// Runs the 3DS Method in its frame: our form to the ACS, whose document posts back to us if it means to.
    pub async fn runs_method(&self, page: &OpenPage) {
        let at_the_acs = self.hands_over(page).await;
        if at_the_acs.has_form() {
            self.story
                .tell("browser", || "the 3DS Method reports back".to_owned());
            let told = self.posts(&at_the_acs, &[]).await;
            assert_eq!(told.status, 200, "{}", told.html);
        }
    }

    /// Opens the challenge: our form with the CReq to the ACS.
    pub async fn goes_to_the_bank(&self, page: &OpenPage) -> Page {
        let challenge = self.hands_over(page).await;
        self.story.tell("browser", || {
            format!("CReq to the ACS → HTTP {}, its own form", challenge.status)
        });
        challenge
    }

    async fn hands_over(&self, page: &OpenPage) -> Page {
        let frame = page.step["frame"].as_str().unwrap();
        let address = format!("{}{frame}", page.origin);
        let handover = Page::of(&address, &self.http.get(&address).await);
        assert!(handover.has_form(), "{}", handover.html);
        let at_the_acs = self.posts(&handover, &[]).await;
        assert_eq!(at_the_acs.status, 200, "{}", at_the_acs.html);
        at_the_acs
    }

    /// Fills in the ACS's form until the bank sends the browser back; answers the page that does.
    pub async fn answers(&self, challenge: Page, temper: Temper) -> Page {
        let mut page = challenge;
        for _ in 0..STEPS_MAX {
            if page.hidden.contains_key("cres") || page.hidden.contains_key("erro") {
                return page;
            }
            let code = self.code_for(&page).await;
            let (typed, button) = match temper {
                Temper::TypesTheCode => (code.as_str(), "submit"),
                Temper::TypesRubbish if code == "000000" => ("111111", "submit"),
                Temper::TypesRubbish => ("000000", "submit"),
                Temper::CancelsAtTheBank | Temper::CancelsAtThePage => ("", "cancel"),
            };
            self.story.tell("browser", || match button {
                "cancel" => "presses Cancel on the ACS's form".to_owned(),
                _ => format!("types {typed} into the ACS's form"),
            });
            page = self.posts(&page, &[("code", typed), ("action", button)]).await;
            assert_eq!(page.status, 200, "{}", page.html);
        }
        panic!("the bank is never satisfied: {}", page.html);
    }

    /// Brings what the ACS gave the browser back to us.
    pub async fn returns(&self, returning: &Page) {
        self.story.tell("browser", || "brings the CRes back".to_owned());
        let back = self.posts(returning, &[]).await;
        assert_eq!(back.status, 200, "{}", back.html);
    }

    async fn cancels(&self, page: &OpenPage) {
        let url = format!("{}/transactions/3ds/cancel", page.origin);
        let answer = self.http.post_form(&url, &[("token", &page.token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
    }

    /// Sends the page's form, with more that was filled in.
    pub async fn posts(&self, page: &Page, more: &[(&str, &str)]) -> Page {
        let answer = self.http.post_form(&page.action, &page.fields(more)).await;
        Page::of(&page.action, &answer)
    }

    /// The code for the challenge on that page, from the newest message that names its amount. The amount tells apart challenges of one card that run side by side.
    async fn code_for(&self, page: &Page) -> String {
        let phone = page
            .between("/sms/inbox?phone=", "\"")
            .expect("a link to the inbox");
        let amount = page.between("<dt>Importe</dt><dd>", "</dd>").expect("the amount");
        let deadline = tokio::time::Instant::now() + crate::process::READY_PATIENCE;
        loop {
            let messages = self.outside.sms(&phone).await;
            let text = messages
                .iter()
                .filter_map(|message| message["text"].as_str())
                .find(|text| text.contains(&amount));
            if let Some(code) = text.and_then(code_in) {
                self.story
                    .tell("SMS", || format!("to +{phone}: {}", text.unwrap_or_default()));
                self.secrets.used_code(code);
                return code.to_owned();
            }
            assert!(tokio::time::Instant::now() < deadline, "no message: {messages:?}");
            tokio::time::sleep(crate::process::LOOK_EVERY).await;
        }
    }
}

impl OpenPage {
    /// The name of the step it shows.
    pub fn next(&self) -> &str {
        self.step["next"].as_str().unwrap_or_default()
    }
}
