//! The 3DS Server API end to end: the vendor's samples as printed, its certification cards and amounts, and every way a
//! cardholder is authenticated, with a shop that has no merchant, order or connection.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::http::Answer;
use tests::page::Page;
use tests::requestor::status;
use tests::system::System;
use uuid::Uuid;

/// The sample of the service "authenticate" as printed: a comma after the merchant's name, the word `date`, an expiry long
/// past, a country in letters, a number without a check digit, booleans as text and as themselves.
const PRINTED: &str = r#"{
  "three_ds_comp_ind": "U",
  "pay_token_ind": "false",
  "notification_url": "https://www.loja.com.br/notification",
  "trans_type": "01",
  "broad_info": "broad info",
  "three_ds_requestor": {
    "authentication_ind": "01", "challenge_ind": "01", "id": "1", "name": "Loja", "url": "https://www.loja.com.br"
  },
  "acquirer": { "bin": "2", "merchant_id": "1" },
  "browser": {
    "accept_header": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "ip": "192.168.0.1",
    "java_enabled": "false", "javascript_enabled": true, "language": "pt-BR", "color_depth": "24",
    "screen_height": "1080", "screen_width": "1920", "tz": "180", "user_agent": "Mozilla/5.0"
  },
  "cardholder": {
    "card_expiry_date": "2212", "name": "Nome do portador",
    "acct": { "type": "02", "number": "1234123412341234" }
  },
  "merchant": { "mcc": "742", "country_code": "BRA", "name": "Loja", },
  "message": { "category": "01" },
  "purchase": { "amount": "10000", "currency": "986", "exponent": "2", "date": "date" }
}"#;

const SAMPLE_CARD: &str = "1234123412341234";

/// A shop's backend that sends texts as they are.
struct Shop<'s> {
    system: &'s System,
}

impl Shop<'_> {
    fn key(&self, name: &str) -> &str {
        self.system.sandbox_json["threeds_server"][name].as_str().unwrap()
    }

    async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let headers = [
            ("merchant_id", self.key("merchant_id")),
            ("merchant_key", self.key("merchant_key")),
            ("content-type", "application/json"),
        ];
        let url = format!("{}/3ds-server{path}", self.system.gateway_url);
        self.system.http.send(method, &url, &headers, body).await.unwrap()
    }

    async fn creates(&self, brand: &str, number: &str) -> String {
        self.system.secrets.used_card(number);
        let body = json!({"brand_id": brand, "cardholder": {"acct": {"number": number}}});
        let answer = self
            .send(Method::POST, "/v2/authentication", Some(body.to_string()))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let created = answer.json();
        assert_eq!(status(&created), "NEW");
        created["three_ds_server"]["trans_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Creates a transaction and asks for it with a body sent as it is.
    async fn asks(&self, brand: &str, number: &str, body: &str) -> (String, Answer) {
        let id = self.creates(brand, number).await;
        let path = format!("/v2/authentication/{id}");
        let answer = self.send(Method::PUT, &path, Some(body.to_owned())).await;
        (id, answer)
    }
}

fn sample(changes: &[(&str, &str)]) -> String {
    changes
        .iter()
        .fold(PRINTED.to_owned(), |text, (printed, instead)| {
            assert!(text.contains(printed), "{printed}");
            text.replace(printed, instead)
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_samples_and_the_certification_cards_have_their_documented_outcomes() {
    let system = System::start().await;
    let shop = Shop { system: &system };

    // The two samples of the reference, with either of the brands they use.
    for brand in ["1", "2"] {
        let (_, answer) = shop.asks(brand, SAMPLE_CARD, PRINTED).await;
        let frictionless = answer.json();
        assert_eq!(
            (answer.status, status(&frictionless)),
            (200, "AUY"),
            "{frictionless}"
        );
        assert_eq!(frictionless["transaction"]["status"], "Y");
        assert_eq!(frictionless["broad_info"], "broad info");
        for member in [
            "/eci",
            "/authentication/value",
            "/acs/trans_id",
            "/ds/reference_number",
        ] {
            assert!(
                frictionless.pointer(member).is_some_and(Value::is_string),
                "{member}"
            );
        }
        let challenge = sample(&[("\"10000\"", "\"10004\"")]);
        let (_, answer) = shop.asks(brand, SAMPLE_CARD, &challenge).await;
        let challenge = answer.json();
        assert_eq!((answer.status, status(&challenge)), (200, "AUC"), "{challenge}");
        for member in [
            "/acs/challenge_mandated",
            "/acs/url",
            "/authentication/type",
            "/ds/trans_id",
        ] {
            assert!(
                challenge.pointer(member).is_some_and(Value::is_string),
                "{member}"
            );
        }
        assert!(challenge.get("eci").is_none());
    }

    // Every amount.
    let decoupled = (
        "\"challenge_ind\": \"01\"",
        "\"challenge_ind\": \"01\", \"decoupled_max_time\": \"10\"",
    );
    for (amount, http, outcome, code) in [
        ("10001", 200, "AUN", ""),
        ("10002", 200, "AUU", ""),
        ("10003", 200, "AUA", ""),
        ("10005", 200, "AUR", ""),
        ("10006", 200, "AUD", ""),
        ("10007", 504, "ERR", "402"),
        ("10008", 502, "ERM", "405"),
        ("77777", 200, "AUY", ""),
    ] {
        let body = sample(&[("\"10000\"", &format!("\"{amount}\"")), decoupled]);
        let (id, answer) = shop.asks("2", SAMPLE_CARD, &body).await;
        let answered = answer.json();
        assert_eq!(
            (answer.status, status(&answered)),
            (http, outcome),
            "{amount}: {answered}"
        );
        assert_eq!(
            answered["error"]["code"].as_str().unwrap_or_default(),
            code,
            "{amount}"
        );
        let again = shop
            .send(Method::PUT, &format!("/v2/authentication/{id}"), Some(body))
            .await;
        assert_eq!(
            (again.status, again.error_code().as_str()),
            (409, "3"),
            "{amount}"
        );
    }

    // The certification cards, each with its brand; a mandated challenge; data only.
    for (brand, number) in [
        ("1", "4551820000009478"),
        ("2", "5555555555555555"),
        ("41", "5091490000009011"),
        ("41", "6091490000009011"),
        ("3", "3766001349171000"),
    ] {
        let body = sample(&[(SAMPLE_CARD, number)]);
        let (id, answer) = shop.asks(brand, number, &body).await;
        assert_eq!(status(&answer.json()), "AUY", "{number}: {}", answer.text);
        let queried = shop
            .send(Method::GET, &format!("/v2/transaction/{id}"), None)
            .await
            .json();
        assert_eq!(
            (status(&queried), queried["brand_id"].as_str()),
            ("AUY", Some(brand))
        );
    }
    let mandated = sample(&[("\"challenge_ind\": \"01\"", "\"challenge_ind\": \"04\"")]);
    let (_, answer) = shop.asks("2", SAMPLE_CARD, &mandated).await;
    assert_eq!(status(&answer.json()), "AUC", "{}", answer.text);
    let data_only = sample(&[("\"category\": \"01\"", "\"category\": \"80\"")]);
    let (_, answer) = shop.asks("2", SAMPLE_CARD, &data_only).await;
    let answered = answer.json();
    assert_eq!(status(&answered), "AUU", "{answered}");
    assert_eq!(
        (
            &answered["eci"],
            &answered["transaction"]["status"],
            &answered["transaction"]["status_reason"]
        ),
        (&json!("04"), &json!("U"), &json!("80"))
    );
    let (_, answer) = shop.asks("1", SAMPLE_CARD, &data_only).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (400, "203"));
    let shared = sample(&[("\"challenge_ind\": \"01\"", "\"challenge_ind\": \"06\"")]);
    let (_, answer) = shop.asks("1", SAMPLE_CARD, &shared).await;
    let answered = answer.json();
    assert_eq!(
        (status(&answered), &answered["transaction"]["status"]),
        ("AUU", &json!("I")),
        "{answered}"
    );

    // A card in no range.
    let body = json!({"brand_id": "1", "cardholder": {"acct": {"number": "4000000000002008"}}});
    let refused = shop
        .send(Method::POST, "/v2/authentication", Some(body.to_string()))
        .await;
    assert_eq!((refused.status, refused.error_code().as_str()), (422, "305"));
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_goes_through_the_shop_s_own_creq_and_ends_in_a_query() {
    let system = System::start().await;
    let requestor = system.requestor();
    for (temper, expected, cancelled) in [
        (Temper::TypesTheCode, "AUY", None),
        (Temper::CancelsAtTheBank, "AUN", Some("01")),
    ] {
        let card = Card::visa(5);
        let id = requestor.creates(&card, "02").await;
        let mut details = requestor.browser_details(&card);
        details["purchase"]["date"] = "date".into();
        let asked = requestor.authenticates(&id, &details).await;
        assert_eq!(status(&asked), "AUC", "{asked}");
        let creq = json!({
            "threeDSServerTransID": id, "acsTransID": asked["acs"]["trans_id"], "challengeWindowSize": "05",
            "messageType": "CReq", "messageVersion": asked["message_version"]
        });
        let acs = asked["acs"]["url"].as_str().unwrap();
        let field = BASE64_URL_SAFE_NO_PAD.encode(creq.to_string());
        let challenge = Page::of(acs, &system.http.post_form(acs, &[("creq", &field)]).await);
        let back = system.cardholder.answers(challenge, temper).await;
        assert_eq!(back.action, "https://shop.example/notification");
        let settled = requestor.settled(&id).await;
        assert_eq!(status(&settled), expected, "{settled}");
        assert_eq!(settled["authentication"]["value"].is_string(), expected == "AUY");
        assert_eq!(settled["challenge_cancel"].as_str(), cancelled);
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decoupled_result_is_posted_to_the_shop_and_3ri_needs_no_browser() {
    let system = System::start().await;
    let requestor = system.requestor();
    let card = Card::visa(11);
    let id = requestor.creates(&card, "02").await;
    let tag = format!("decoupled-{}", Uuid::new_v4().simple());
    let mut details = requestor.decoupled_details(&card, &tag);
    details["purchase"]["date"] = "date".into();
    let asked = requestor.authenticates(&id, &details).await;
    assert_eq!(status(&asked), "AUD", "{asked}");
    assert_eq!(asked["acs"]["decoupled_confirmation_ind"], "Y");
    let hooks = system.outside.hooks(&tag, 0).await;
    let form = hooks[0]["raw_body"].as_str().unwrap();
    let form: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let settled = requestor.asks(&id).await;
    assert_eq!(
        form,
        [
            ("three_ds_server_status".to_owned(), "AUY".to_owned()),
            ("three_ds_server_trans_id".to_owned(), id),
            ("eci".to_owned(), settled["eci"].as_str().unwrap().to_owned()),
            (
                "authentication_value".to_owned(),
                settled["authentication"]["value"].as_str().unwrap().to_owned()
            ),
        ]
    );

    let card = Card::visa(0);
    let id = requestor.creates(&card, "03").await;
    let mut details = requestor.recurring_details(&card);
    details["purchase"]["date"] = "date".into();
    let asked = requestor.authenticates(&id, &details).await;
    assert_eq!(
        (status(&asked), &asked["device_channel"]),
        ("AUY", &json!("03")),
        "{asked}"
    );
    system.finish().await;
}
