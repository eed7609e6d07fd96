//! A browser without script: it knows forms, and reads text messages for its owner.

use std::collections::BTreeMap;

use emv3ds::code::{ChallengeWindowSize, Component};
use emv3ds::message::{ARes, CReq};
use emv3ds::{Rules, Version, encoding};

use crate::server::Playground;

/// A page with a form.
#[derive(Debug)]
pub struct Page {
    /// Its HTTP status.
    pub status: u16,
    /// Everything on it.
    pub html: String,
    /// Where its form goes.
    pub action: String,
    /// The hidden inputs of its form.
    pub hidden: BTreeMap<String, String>,
}

impl Page {
    /// A page as it came.
    pub fn of(status: u16, html: String) -> Self {
        let hidden = html
            .split("<input ")
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
            .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
            .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
            .collect();
        let form = html
            .split("<form ")
            .nth(1)
            .and_then(|rest| rest.split('>').next())
            .unwrap_or_default();
        let action = attribute(form, "action").unwrap_or_default();
        Self {
            status,
            action,
            hidden,
            html,
        }
    }

    /// Whether the page says something.
    pub fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

/// The `creq` our 3DS Server gives its page.
pub fn creq(ares: &ARes) -> String {
    let creq = CReq {
        message_version: ares.message_version,
        three_ds_server_trans_id: ares.three_ds_server_trans_id,
        acs_trans_id: ares.acs_trans_id,
        challenge_window_size: ChallengeWindowSize::W390H400,
        message_extension: None,
    };
    Rules::received_by(Component::Acs, &Version::ALL)
        .write_form(&creq)
        .unwrap()
}

/// Posts a form and reads the page that comes.
pub async fn post(playground: &Playground, url: &str, fields: &[(&str, &str)]) -> Page {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request = playground
        .client
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    Page::of(status, response.text().await.unwrap())
}

/// Opens the challenge an ARes announced.
pub async fn open_challenge(playground: &Playground, ares: &ARes) -> Page {
    let session_data = encoding::session_data(b"our session").unwrap();
    let url = ares.acs_url.as_deref().unwrap();
    let page = post(
        playground,
        url,
        &[("creq", &creq(ares)), ("threeDSSessionData", &session_data)],
    )
    .await;
    assert_eq!(page.status, 200);
    page
}

/// Types something on a challenge page and presses a button.
pub async fn press(playground: &Playground, page: &Page, typed: &str, button: &str) -> Page {
    let url = format!("{}{}", playground.url, page.action);
    let acs_trans_id = &page.hidden["acsTransID"];
    post(
        playground,
        &url,
        &[("acsTransID", acs_trans_id), ("code", typed), ("action", button)],
    )
    .await
}

/// The code in the newest text message of the phone the page shows the inbox of.
pub async fn code_for(playground: &Playground, page: &Page) -> String {
    let phone = page
        .html
        .split("/sms/inbox?phone=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let messages = playground.get(&format!("/sms?phone={phone}")).await;
    let text = messages[0]["text"].as_str().expect("a message");
    let runs = text.split(|symbol: char| !symbol.is_ascii_digit());
    runs.into_iter()
        .find(|run| (4..=8).contains(&run.len()))
        .unwrap()
        .to_owned()
}

/// A code that is not the right one.
pub fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}
