use super::*;
use acs::clock::{Clock as _, SystemClock};
use time::format_description::well_known::Rfc3339;

const CONSUMER: &str = "/issuer-backend/banking/d1/v1/issuers/banco-0001/consumers/ana";
const NOTICES: &str = "/issuer-backend/notifications/d1/v1/issuers/banco-0001/cards/card-1/3ds/notifications";

struct Called {
    backend: IssuerBackend,
    phones: PhoneNetwork,
    url: String,
    client: reqwest::Client,
}

async fn open() -> Called {
    let phones = PhoneNetwork::new(Faults::default());
    let backend = IssuerBackend::new(Faults::default(), phones.clone());
    backend.knows(
        "ana",
        Consumer {
            phone: "+525512345678".to_owned(),
            language: "es-MX".to_owned(),
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = router(backend.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Called {
        backend,
        phones,
        url,
        client: reqwest::Client::new(),
    }
}

impl Called {
    async fn token(&self) -> String {
        let answer = self
            .client
            .post(format!("{}/issuer-backend/oauth2/token", self.url))
            .basic_auth(CLIENT_ID, Some(self.backend.secret().reveal()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .unwrap();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> StatusCode {
        let answer = self
            .client
            .post(format!("{}{path}", self.url))
            .bearer_auth(token)
            .header("x-correlation-id", "use-case-1")
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        StatusCode::from_u16(answer.status().as_u16()).unwrap()
    }
}

#[tokio::test]
async fn a_call_without_a_token_of_the_banks_is_refused() {
    let called = open().await;
    assert_eq!(
        called
            .post(&format!("{CONSUMER}/deliver-otp"), "made-up", &json!({}))
            .await,
        StatusCode::UNAUTHORIZED
    );
    let wrong = called
        .client
        .post(format!("{}/issuer-backend/oauth2/token", called.url))
        .basic_auth(CLIENT_ID, Some("guessed"))
        .body("grant_type=client_credentials")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status().as_u16(), 401);
}

#[tokio::test]
async fn a_code_in_the_clear_or_of_somebody_unknown_is_not_sent() {
    let called = open().await;
    let token = called.token().await;
    let expires_at = SystemClock.now() + Duration::minutes(5);
    let body = json!({
        "otp": {
            "value": "123456", "expirationDate": expires_at.format(&Rfc3339).unwrap(),
            "reason": "CARDHOLDER-VERIFICATION",
        },
        "deliveryChannel": "SMS",
        "panSuffix": "4242",
        "threeDSDetails": { "acsTransId": Uuid::from_u128(1), "merchantName": "Tienda" },
    });
    let path = format!("{CONSUMER}/deliver-otp");
    assert_eq!(called.post(&path, &token, &body).await, StatusCode::BAD_REQUEST);
    let stranger = path.replace("/ana/", "/bob/");
    assert_eq!(called.post(&stranger, &token, &body).await, StatusCode::NOT_FOUND);
    assert!(called.phones.messages(None).is_empty());
}

#[tokio::test]
async fn a_notification_is_kept_once_and_shown_to_everybody() {
    let called = open().await;
    let token = called.token().await;
    let notice = json!({
        "operationId": "op-1", "operation": "3DS_CHALLENGE_OTP_SMS", "status": "SUCCESSFUL",
        "startTime": "2026-11-22T12:00:00Z", "consumerId": "ana", "details": {},
    });
    for _ in 0..2 {
        assert_eq!(
            called.post(NOTICES, &token, &notice).await,
            StatusCode::NO_CONTENT
        );
    }
    let mut wrong = notice.clone();
    wrong["status"] = json!("successful");
    assert_eq!(
        called.post(NOTICES, &token, &wrong).await,
        StatusCode::BAD_REQUEST
    );
    let shown = called
        .client
        .get(format!("{}/issuer-backend/notifications", called.url))
        .send()
        .await
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.bytes().await.unwrap()).unwrap();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(
        [&shown[0]["operationId"], &shown[0]["cardId"]],
        ["op-1", "card-1"]
    );
}

#[tokio::test]
async fn a_cardholders_phone_is_told_in_two_parts() {
    let called = open().await;
    let token = called.token().await;
    let answer = called
        .client
        .get(format!("{}{CONSUMER}", called.url))
        .bearer_auth(token)
        .header("x-correlation-id", "use-case-2")
        .send()
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(
        body["mobilePhoneNumber"],
        json!({"countryCode": "+52", "phoneNumber": "5512345678"})
    );
}
