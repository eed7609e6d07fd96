//! A cardholder's way through a challenge: AReq, CReq, the page's forms, CRes. Whatever should not be is an error in words,
//! since a measurement counts it and goes on.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::AccessControl;
use super::bank::Holder;
use crate::http::Answer;
use crate::page::Page;
use crate::secrets::code_in;

/// A challenge in a browser.
#[derive(Debug)]
pub struct Browser<'a> {
    acs: &'a AccessControl,
    holder: &'a Holder,
    server_trans_id: String,
    /// `acsTransID`.
    pub acs_trans_id: String,
    /// What is shown.
    pub page: Page,
    messages: usize,
}

impl<'a> Browser<'a> {
    /// A purchase of MXN 123.00 with that card is challenged: from the AReq to the first screen.
    ///
    /// # Errors
    /// When it is not challenged.
    pub async fn challenged(acs: &'a AccessControl, holder: &'a Holder) -> Result<Self, String> {
        let (areq, server_trans_id) = areq(holder);
        let messages = acs.surroundings.messages(&holder.phone);
        let url = format!("{}/acs/3ds/areq/visa", acs.url);
        let ares = post(acs, &url, "application/json; charset=utf-8", areq.to_string()).await?;
        let told: Value = serde_json::from_str(&ares.text).unwrap_or_default();
        if told["transStatus"] != "C" {
            return Err(format!("not challenged: {}", ares.text));
        }
        let acs_trans_id = told["acsTransID"].as_str().unwrap_or_default().to_owned();
        let mut browser = Self {
            acs,
            holder,
            server_trans_id,
            acs_trans_id,
            page: Page::of(&url, &ares),
            messages,
        };
        browser.opens().await?;
        Ok(browser)
    }

    /// Brings the CReq, for the first time or again.
    ///
    /// # Errors
    /// When there is no screen.
    pub async fn opens(&mut self) -> Result<(), String> {
        let creq = json!({
            "messageType": "CReq",
            "messageVersion": "2.2.0",
            "threeDSServerTransID": self.server_trans_id,
            "acsTransID": self.acs_trans_id,
            "challengeWindowSize": "05",
        });
        let creq = BASE64_URL_SAFE_NO_PAD.encode(creq.to_string());
        let url = format!("{}/acs/3ds/challenge", self.acs.url);
        self.sends(&url, &[("creq", &creq)]).await
    }

    /// The code of the newest message, once there is one that this challenge has not seen.
    ///
    /// # Errors
    /// When none comes.
    pub async fn code(&mut self) -> Result<String, String> {
        let outside = &self.acs.surroundings;
        let text = outside.message_after(&self.holder.phone, self.messages).await?;
        self.messages = outside.messages(&self.holder.phone);
        code_in(&text)
            .map(str::to_owned)
            .ok_or("a message without a code".to_owned())
    }

    /// Types a code and presses the button.
    ///
    /// # Errors
    /// When there is no next screen.
    pub async fn types(&mut self, code: &str) -> Result<(), String> {
        self.presses(&[("action", "submit"), ("code", code)]).await
    }

    /// Asks for another code.
    ///
    /// # Errors
    /// As [`Browser::types`].
    pub async fn asks_again(&mut self) -> Result<(), String> {
        self.presses(&[("action", "resend")]).await
    }

    /// `transStatus` of the CRes that the screen sends back; none while the challenge goes on.
    pub fn trans_status(&self) -> Option<String> {
        let cres = BASE64_URL_SAFE_NO_PAD
            .decode(self.page.hidden.get("cres")?)
            .ok()?;
        let cres: Value = serde_json::from_slice(&cres).ok()?;
        cres["transStatus"].as_str().map(str::to_owned)
    }

    async fn presses(&mut self, fields: &[(&str, &str)]) -> Result<(), String> {
        let (action, fields) = (self.page.action.clone(), self.page.fields(fields));
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.sends(&action, &fields).await
    }

    async fn sends(&mut self, url: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let answer = post(self.acs, url, "application/x-www-form-urlencoded", form).await?;
        self.page = Page::of(url, &answer);
        match answer.status {
            200 => Ok(()),
            status => Err(format!("HTTP {status}: {}", answer.text)),
        }
    }
}

async fn post(acs: &AccessControl, url: &str, content_type: &str, body: String) -> Result<Answer, String> {
    let request = acs
        .client
        .post(url)
        .header("content-type", content_type)
        .body(body);
    let reply = request.send().await.map_err(|error| format!("{error:?}"))?;
    Ok(Answer {
        status: reply.status().as_u16(),
        headers: reply.headers().clone(),
        text: reply.text().await.map_err(|error| format!("{error:?}"))?,
    })
}

/// What a directory server asks, and `threeDSServerTransID`.
fn areq(holder: &Holder) -> (Value, String) {
    let server_trans_id = Uuid::new_v4().to_string();
    let areq = json!({
        "messageType": "AReq",
        "messageVersion": "2.2.0",
        "messageCategory": "01",
        "deviceChannel": "02",
        "threeDSServerTransID": server_trans_id,
        "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
        "threeDSServerURL": "https://server.example/results",
        "threeDSRequestorID": "requestor-1",
        "threeDSRequestorName": "Tienda de Prueba",
        "threeDSRequestorURL": "https://tienda.example",
        "threeDSRequestorAuthenticationInd": "01",
        "threeDSRequestorChallengeInd": "04",
        "dsReferenceNumber": "DS_LOA_DIS_TEST_020200_00001",
        "dsTransID": Uuid::new_v4(),
        "dsURL": "https://ds.example/results",
        "acquirerBIN": "400551",
        "acquirerMerchantID": "9876543210001",
        "mcc": "5411",
        "merchantCountryCode": "484",
        "merchantName": "Tienda de Prueba",
        "purchaseAmount": "12300",
        "purchaseCurrency": "484",
        "purchaseExponent": "2",
        "purchaseDate": crate::requestor::now(),
        "acctNumber": holder.pan,
        "cardExpiryDate": "3012",
        "threeDSCompInd": "U",
        "notificationURL": "https://server.example/challenge",
        "browserAcceptHeader": "text/html,application/xhtml+xml",
        "browserIP": "203.0.113.7",
        "browserJavascriptEnabled": true,
        "browserJavaEnabled": false,
        "browserLanguage": "es-MX",
        "browserColorDepth": "24",
        "browserScreenHeight": "1080",
        "browserScreenWidth": "1920",
        "browserTZ": "360",
        "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
    });
    (areq, server_trans_id)
}
