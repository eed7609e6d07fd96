//! The issuer's API over its own router, on a real database.

mod access;
mod bad_input;
mod imports;
mod operations;
mod registration;

use crate::clock::{Clock, SystemClock};
use crate::jose::jws::testing::signed;
use crate::keys::Keys;
use crate::service::{Acs, Parts, Settings};
use crate::sms::providers::Providers;
use crate::store::Store;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};
use time::{Duration, OffsetDateTime, macros::datetime};
use tower::ServiceExt as _;
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const ADMIN_TOKEN: &str = "administration-of-the-tests";
const PUBLIC_URL: &str = "https://acs.example";
/// A number with a right check digit within the range of [`Bank::products`].
const PAN: &str = "4000000000000002";
const OTHER_PAN: &str = "4000000000000010";

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
struct StoppedClock(Arc<Mutex<OffsetDateTime>>);

impl StoppedClock {
    fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }

    fn nonce(&self) -> Uuid {
        SystemClock.nonce()
    }

    fn unguessable(&self) -> Uuid {
        SystemClock.unguessable()
    }
}

/// A service with two issuers, and a client of the first.
struct Bank {
    acs: Acs,
    router: Router,
    clock: StoppedClock,
    client_key: EcdsaKeyPair,
    token: String,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Bank {
    async fn new(pool: PgPool) -> Self {
        let clock = StoppedClock(Arc::new(Mutex::new(NOW)));
        let settings = Settings {
            admin_token: Some(ADMIN_TOKEN.to_owned().into()),
            ..Settings::new(PUBLIC_URL)
        };
        let acs = Acs::new(Parts {
            store: Store::from_pool(pool),
            keys: Keys::for_tests(),
            clock: Arc::new(clock.clone()),
            settings,
            providers: Providers::default(),
        })
        .unwrap();
        let mut bank = Self {
            router: acs.router(),
            acs,
            clock,
            client_key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            token: String::new(),
        };
        for issuer in ["banco-0001", "banco-0002"] {
            let reply = bank
                .admin(
                    "POST",
                    "/issuers",
                    &json!({"issuerId": issuer, "name": "Banco de Pruebas"}),
                )
                .await;
            assert_eq!(reply.status, 201, "{}", reply.body);
        }
        let key = crate::jose::jwk::EcKey::of_point(bank.client_key.public_key().as_ref()).unwrap();
        let client = json!({"clientId": "core", "publicKey": key.to_json()});
        let reply = bank.admin("POST", "/issuers/banco-0001/clients", &client).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        bank.token = bank.fresh_token().await;
        bank
    }

    /// The same with a product, a cardholder and a card of each issuer's.
    async fn with_card(pool: PgPool) -> Self {
        let bank = Self::new(pool).await;
        bank.products().await;
        let reply = bank
            .call("PUT", "/consumers/ana", &json!({"language": "es-MX"}))
            .await;
        assert_eq!(reply.status, 204, "{}", reply.body);
        let card = json!({"consumerId": "ana", "pan": PAN, "exp": "1230"});
        let reply = bank.call("PUT", "/cards/one", &card).await;
        assert_eq!(reply.status, 204, "{}", reply.body);
        bank
    }

    async fn products(&self) {
        for (issuer, start, end) in [
            ("banco-0001", "4000000000000000", "4000000000009999"),
            ("banco-0002", "4000000000010000", "4000000000019999"),
        ] {
            let product =
                json!({"brand": "visa", "name": "Clásica", "ranges": [{"start": start, "end": end}]});
            let path = format!("/issuers/{issuer}/products/clasica");
            assert_eq!(self.admin("PUT", &path, &product).await.status, 201);
        }
    }

    async fn fresh_token(&self) -> String {
        let reply = self.ask_token(&self.assertion(json!({}))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["access_token"].as_str().unwrap().to_owned()
    }

    /// A good assertion, but for these claims.
    fn assertion(&self, different: Value) -> String {
        let mut claims = json!({
            "iss": "core",
            "exp": (self.clock.now() + Duration::minutes(10)).unix_timestamp(),
            "jti": self.clock.unguessable().to_string(),
        });
        for (name, value) in different.as_object().unwrap() {
            claims[name] = value.clone();
        }
        signed(&self.client_key, &json!({"alg": "ES256", "typ": "JWT"}), &claims)
    }

    async fn ask_token(&self, assertion: &str) -> Reply {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let form = format!("grant_type={grant}&assertion={assertion}");
        self.send(
            Request::post("/acs/oauth2/token")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.into())
                .unwrap(),
        )
        .await
    }

    /// A call of the first issuer's, about itself.
    async fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        let path = format!("/acs/banking/v2/issuers/banco-0001{path}");
        self.with_token(method, &path, Some(&self.token), body.to_string().into())
            .await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &Value::Null).await
    }

    async fn admin(&self, method: &str, path: &str, body: &Value) -> Reply {
        let path = format!("/acs/admin{path}");
        self.with_token(method, &path, Some(ADMIN_TOKEN), body.to_string().into())
            .await
    }

    async fn with_token(&self, method: &str, path: &str, token: Option<&str>, body: Body) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(body).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply {
            status,
            headers,
            body,
        }
    }
}

impl Reply {
    /// Code and field of a failure.
    fn failure(&self) -> (u16, &str, &str) {
        (
            self.status,
            self.body["code"].as_str().unwrap_or_default(),
            self.body["field"].as_str().unwrap_or_default(),
        )
    }
}
