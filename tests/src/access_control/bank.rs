//! An issuer at an access control server: it registers cards as its own systems would, over the issuer's API.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{AccessControl, send_json};

/// An issuer, and what its systems call the server with.
#[derive(Clone, Debug)]
pub struct Bank {
    /// `issuerId`.
    pub issuer: String,
    token: String,
    /// The digits after the first that tell this issuer's cards from another's.
    prefix: String,
}

/// A cardholder with one card and one phone.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The card's number.
    pub pan: String,
    /// `cardId`.
    pub card: String,
    /// In E.164 form.
    pub phone: String,
}

impl Bank {
    /// A new issuer with that policy, and a product for its cards. Issuers of one server have different numbers, 0 to 99.
    pub async fn open(acs: &AccessControl, number: u8, policy: &Value) -> Self {
        let issuer = format!("banco-{number:04}");
        let prefix = format!("40000{number:03}");
        acs.administer(
            Method::POST,
            "/issuers",
            &json!({ "issuerId": issuer, "name": "Banco" }),
        )
        .await;
        let path = |rest: &str| format!("/issuers/{issuer}{rest}");
        acs.administer(Method::PUT, &path("/policy"), policy).await;
        let range = json!({ "start": format!("{prefix}00000000"), "end": format!("{prefix}99999999") });
        let product = json!({ "brand": "visa", "name": "Clásica", "ranges": [range] });
        acs.administer(Method::PUT, &path("/products/clasica"), &product)
            .await;
        let client = json!({ "clientId": format!("systems-{number}") });
        let client = acs.administer(Method::POST, &path("/clients"), &client).await;
        let token = token(acs, &client).await;
        Self {
            issuer,
            token,
            prefix,
        }
    }

    /// Registers so many cardholders.
    pub async fn register(&self, acs: &AccessControl, count: u32) -> Vec<Holder> {
        let mut holders = Vec::new();
        for number in 0..count {
            let subscriber = format!("55{}{number:05}", &self.prefix[5..]);
            let holder = Holder {
                pan: with_check_digit(&format!("{}{number:07}", self.prefix)),
                card: format!("card-{number}"),
                phone: format!("+52{subscriber}"),
            };
            let body = json!({
                "language": "es-MX",
                "appRegistered": false,
                "mobilePhoneNumber": { "countryCode": "+52", "phoneNumber": subscriber },
                "cards": [{ "cardId": holder.card, "pan": holder.pan, "exp": "1230" }],
            });
            let url = format!(
                "{}/acs/banking/v2/issuers/{}/consumers/holder-{number}/cards",
                acs.url, self.issuer
            );
            send_json(&acs.client, Method::PUT, &url, &self.token, &body).await;
            holders.push(holder);
        }
        holders
    }
}

/// An access token for an assertion that the client signs.
async fn token(acs: &AccessControl, client: &Value) -> String {
    let url = format!("{}/acs/oauth2/token", acs.url);
    let key = &client["privateKey"];
    let part = |name: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(key[name].as_str().unwrap())
            .unwrap()
    };
    let public = [vec![4], part("x"), part("y")].concat();
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &part("d"), &public)
            .unwrap();
    let claims = json!({
        "iss": client["clientId"],
        "aud": url,
        "exp": OffsetDateTime::now_utc().unix_timestamp() + 600,
        "jti": Uuid::new_v4(),
    });
    let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        encoded(&json!({ "alg": "ES256", "typ": "JWT" })),
        encoded(&claims)
    );
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    let assertion = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .append_pair("assertion", &assertion)
        .finish();
    let request = acs
        .client
        .post(&url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = request.send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

/// The digits with the one that ISO/IEC 7812-1 puts behind them.
fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}
