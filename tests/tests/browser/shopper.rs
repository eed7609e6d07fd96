//! A person who buys in the sandbox's shop: what they do on its page, on ours and on the bank's.

use serde_json::Value;
use tests::bank::Bank;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::order::Order;
use tests::process::eventually;
use tests::system::System;

use crate::driver::{Driver, Habits};
use crate::window::Window;

/// The whole system with a browser in front of it.
#[derive(Debug)]
pub struct Stage {
    /// The system.
    pub system: System,
    driver: Driver,
}

/// A person with a browser.
#[derive(Debug)]
pub struct Shopper<'a> {
    /// What they look at.
    pub window: Window,
    system: &'a System,
}

/// How an order stands on the shop's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The shop's reference.
    pub reference: String,
    /// The headline.
    pub headline: String,
    /// Order and payment.
    pub status: (String, String),
    /// The code of the end.
    pub code: String,
    /// How the cardholder was authenticated.
    pub flow: String,
}

impl Stage {
    /// Starts system and driver.
    pub async fn set() -> Self {
        Self::of(System::start().await).await
    }

    /// Starts a driver for a system.
    pub async fn of(system: System) -> Self {
        Self {
            system,
            driver: Driver::start().await,
        }
    }

    /// A person comes in with a browser of their own.
    pub async fn enters(&self, habits: Habits) -> Shopper<'_> {
        Shopper {
            window: self.driver.opens(habits).await,
            system: &self.system,
        }
    }

    /// The bank's own program at its access control server.
    pub async fn bank(&self) -> Bank {
        Bank::signs_in(&self.system.http, &self.system.sandbox_json).await
    }

    /// Ends a test; also looks for secrets in the webhooks that the shop got.
    pub async fn finish(self) {
        let webhooks = self
            .system
            .http
            .get(&format!("{}/shop/webhooks", self.system.outside.url()))
            .await;
        tests::secrets::assert_none(&self.system.secrets.found_in("shop's webhooks", &webhooks.text));
        self.system.finish().await;
    }
}

impl Shopper<'_> {
    /// Goes to the shop and chooses a card.
    pub async fn chooses(&self, card: &Card) {
        self.system.secrets.used_card(&card.number);
        self.window
            .goes_to(&format!("{}/shop", self.system.outside.url()))
            .await;
        self.window.types("#card", &card.number).await;
        assert_eq!(self.window.property("#card", "value").await, card.number);
    }

    /// Buys something in the shop.
    pub async fn pays(&self, card: &Card, amount: &str) {
        self.pays_after(card, amount, async || ()).await;
    }

    /// The same, after a look at the form as it is filled in.
    pub async fn pays_after(&self, card: &Card, amount: &str, look: impl AsyncFnOnce()) {
        self.chooses(card).await;
        self.window.types("#amount", amount).await;
        look().await;
        self.window.presses("#buy").await;
    }

    /// Goes to the page of an order whose merchant has no address to come back to.
    pub async fn opens_the_page_of_no_shop(&self, card: &Card, amount: i64) -> Order {
        let merchant = &self.system.merchant;
        let mut body = merchant.one_step_body(amount, card);
        body.as_object_mut().unwrap().remove("callback_urls");
        let order = Order::of(&merchant.post(PURCHASE_V2, &body).await.json());
        self.window.goes_to(order.page_url().unwrap()).await;
        order
    }

    /// Presses the cancel button of our page, and the one that asks whether that was meant.
    pub async fn gives_up_on_our_page(&self) {
        self.window.presses("#give-up summary").await;
        self.window.picture("give-up").await;
        self.window.presses("#give-up button").await;
    }

    /// Looks into the frame that the bank has on our page.
    pub async fn looks_at_the_bank(&self) {
        self.window.enters("#challenge iframe").await;
        self.window.sees("#code").await;
    }

    /// Takes the phone and reads the newest code.
    pub async fn reads_the_code(&self) -> String {
        let messages = self.reads_the_messages().await;
        self.code_in(&messages[0])
    }

    /// Takes the phone and reads its messages, newest first, as soon as there is one.
    pub async fn reads_the_messages(&self) -> Vec<String> {
        self.reads_messages_until(1).await
    }

    /// The same, as soon as there are so many.
    pub async fn reads_messages_until(&self, count: usize) -> Vec<String> {
        let inbox = self.window.attribute("main a[href*=inbox]", "href").await;
        let (_, phone) = inbox.split_once("phone=").expect("a link to the phone's inbox");
        let mut messages = Vec::new();
        eventually("messages on the phone", async || {
            messages = self.system.outside.sms(phone).await;
            messages.len() >= count
        })
        .await;
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        messages.iter().map(text).collect()
    }

    /// The code in a message: the first run of four to eight digits.
    pub fn code_in(&self, text: &str) -> String {
        let code = text
            .split(|symbol: char| !symbol.is_ascii_digit())
            .find(|run| (4..=8).contains(&run.len()))
            .expect("a code");
        self.system.secrets.used_code(code);
        code.to_owned()
    }

    /// Types a code on the bank's page and sends it.
    pub async fn answers(&self, code: &str) {
        self.window.types("#code", code).await;
        self.window.presses("button[value=submit]").await;
    }

    /// Does all that the bank wants, and leaves its frame.
    pub async fn passes_the_challenge(&self) {
        self.looks_at_the_bank().await;
        let code = self.reads_the_code().await;
        self.answers(&code).await;
        self.window.leaves_the_frame().await;
    }

    /// Closes the browser, which has had nothing to complain about.
    pub async fn goes_away(self) {
        assert_eq!(self.window.complaints().await, Vec::<String>::new());
        self.window.closes().await;
    }

    /// Comes back to the shop and waits until it knows how the payment ended.
    pub async fn ends_at_the_shop(&self) -> Shown {
        self.window.arrives_at("/shop/return").await;
        self.window.sees("#headline.mood-good, #headline.mood-bad").await;
        let field = async |name: &str| self.window.text(&format!("[data-field={name}]")).await;
        Shown {
            reference: self.window.attribute("#order", "data-order").await,
            headline: self.window.text("#headline").await,
            status: (field("status").await, field("payment_status").await),
            code: field("code").await,
            flow: field("flow").await,
        }
    }
}

impl Shown {
    /// Both statuses.
    pub fn statuses(&self) -> (&str, &str) {
        (&self.status.0, &self.status.1)
    }
}

/// The AReqs of that amount that the directory server saw, in minor units.
pub async fn areqs_of(system: &System, amount: i64) -> Vec<Value> {
    let (messages, amount) = (system.outside.messages(None).await, amount.to_string());
    messages
        .into_iter()
        .filter(|entry| entry["message_type"] == "AReq")
        .map(|mut entry| entry["message"].take())
        .filter(|areq| areq["purchaseAmount"] == amount)
        .collect()
}

/// What a code is not.
pub fn other_than(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}
