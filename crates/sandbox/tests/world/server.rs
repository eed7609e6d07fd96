//! A world on a random port, and a 3DS Server in front of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use emv3ds::code::{Component, ErrorCode, ResultsStatus, TransStatus};
use emv3ds::message::{AReq, ARes, Asked, Challenged, Erro, RReq, RRes, Received, WireMessage as _};
use emv3ds::{Fault, Rules, ThreeDsServerTransId, Version};
use sandbox::faults::cut_connection;
use sandbox::seeds::MerchantKeys;
use sandbox::world::{Timers, World, WorldSettings};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;

/// Where everything is in one test.
pub struct Playground {
    /// The sandbox.
    pub url: String,
    /// What browsers and servers send with.
    pub client: reqwest::Client,
    /// The merchants whose keys the sandbox knows.
    pub merchants: Vec<MerchantKeys>,
    /// Our 3DS Server.
    pub results: Results,
}

/// Patience that fits into a test.
pub fn impatient() -> Timers {
    Timers {
        results_read_timeout: Duration::from_millis(300),
        results_retry_interval: Duration::from_millis(50),
        directory_silence: Duration::from_millis(200),
        app_timeout: Duration::from_millis(300),
        decoupled_after: Duration::from_millis(300),
        ..Timers::default()
    }
}

impl Playground {
    /// A world in front of nothing.
    pub async fn open() -> Self {
        Self::open_with(impatient(), "http://127.0.0.1:1").await
    }

    /// A world with these timers in front of a gateway.
    pub async fn open_with(timers: Timers, gateway: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let merchants = vec![MerchantKeys::random().unwrap(), MerchantKeys::random().unwrap()];
        let settings = WorldSettings {
            timers,
            ..WorldSettings::new(address, gateway, merchants.clone())
        };
        let world = World::new(settings).unwrap();
        tokio::spawn(sandbox::world::serve(listener, world));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let results = Results::open().await;
        Self {
            url: format!("http://{address}"),
            client,
            merchants,
            results,
        }
    }

    /// An AReq for a card as our 3DS Server would send it.
    pub fn areq(&self, card: &str) -> Value {
        let mut areq: Value =
            serde_json::from_str(include_str!("../../../emv3ds/testdata/areq.json")).unwrap();
        let now = OffsetDateTime::now_utc();
        let format = format_description!("[year][month][day][hour][minute][second]");
        areq["threeDSServerTransID"] = json!(Uuid::new_v4());
        areq["purchaseDate"] = json!(now.format(&format).unwrap());
        areq["acctNumber"] = json!(card);
        areq["threeDSServerURL"] = json!(self.results.url);
        areq["notificationURL"] = json!("http://127.0.0.1:1/back");
        areq
    }

    /// The same, and the issuer may answer when the cardholder has time.
    pub fn areq_with_decoupled(&self, card: &str) -> Value {
        let mut areq = self.areq(card);
        areq["threeDSRequestorDecReqInd"] = json!("Y");
        areq["threeDSRequestorDecMaxTime"] = json!("00010");
        areq
    }

    /// The same in protocol 2.1.0.
    pub fn areq_of_2_1_0(&self, card: &str) -> Value {
        let mut areq = self.areq(card);
        areq["messageVersion"] = json!("2.1.0");
        areq
    }

    /// The same in protocol 2.3.1.
    pub fn areq_of_2_3_1(&self, card: &str) -> Value {
        let mut areq = self.areq(card);
        areq["messageVersion"] = json!("2.3.1");
        areq["threeDSRequestorChallengeInd"] = json!(["01"]);
        areq["acquirerCountryCode"] = json!("484");
        areq["acquirerCountryCodeSource"] = json!("01");
        areq["acceptLanguage"] = json!(["es-MX"]);
        areq
    }

    /// An AReq that the requestor starts by itself, for a recurring payment.
    pub fn areq_of_3ri(&self, card: &str) -> Value {
        let mut areq = self.areq(card);
        let elements = areq.as_object_mut().unwrap();
        elements.retain(|name, _| !name.starts_with("browser"));
        for name in [
            "threeDSCompInd",
            "notificationURL",
            "threeDSRequestorAuthenticationInd",
            "threeDSRequestorChallengeInd",
        ] {
            elements.remove(name);
        }
        areq["deviceChannel"] = json!("03");
        areq["threeRIInd"] = json!("01");
        areq["recurringExpiry"] = json!("20301231");
        areq["recurringFrequency"] = json!("30");
        areq
    }

    /// What a directory server answers.
    pub async fn ask(&self, brand: &str, message: &Value) -> Vec<u8> {
        let request = self
            .client
            .post(format!("{}/directory/{brand}", self.url))
            .header("content-type", "application/json; charset=utf-8")
            .body(message.to_string());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["content-type"],
            "application/json; charset=utf-8"
        );
        response.bytes().await.unwrap().to_vec()
    }

    /// The ARes to an AReq, held against the rules and the request.
    pub async fn authenticate(&self, areq: &Value) -> ARes {
        let brand = brand_of(areq["acctNumber"].as_str().unwrap());
        self.authenticate_at(brand, areq).await
    }

    /// The same at a directory server that the card's digits do not tell.
    pub async fn authenticate_at(&self, brand: &str, areq: &Value) -> ARes {
        let body = self.ask(brand, areq).await;
        let asked = Asked::from(&parsed(areq));
        let rules = at_the_server()
            .category(asked.message_category)
            .channel(asked.device_channel);
        match rules.read_as::<ARes>(&body) {
            Ok(Received::Message(ares)) => {
                ares.answers(&asked).unwrap();
                ares
            }
            other => panic!("no ARes: {other:?}"),
        }
    }

    /// The Erro to a message.
    pub async fn refused(&self, brand: &str, message: &Value) -> Erro {
        let body = self.ask(brand, message).await;
        match at_the_server().read_as::<Erro>(&body) {
            Ok(Received::Message(erro) | Received::Erro(erro)) => erro,
            other => panic!("no Erro: {other:?} {}", String::from_utf8_lossy(&body)),
        }
    }

    /// An oracle's answer.
    pub async fn get(&self, path: &str) -> Value {
        let response = self
            .client
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// Sets a fault for so many times.
    pub async fn set_fault(&self, target: &str, fault: &str, times: u32) {
        let order = json!({ "target": target, "fault": fault, "times": times });
        self.order_fault(&order).await;
    }

    /// Sets a fault with all that its order may say.
    pub async fn order_fault(&self, order: &Value) {
        let response = self.post_json("/faults", order).await;
        let status = response.status();
        assert_eq!(status, 204, "{}", response.text().await.unwrap());
    }

    /// Posts JSON to the sandbox.
    pub async fn post_json(&self, path: &str, body: &Value) -> reqwest::Response {
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .body(body.to_string());
        request.send().await.unwrap()
    }
}

/// An AReq as a message.
pub fn parsed(areq: &Value) -> AReq {
    let rules = Rules::received_by(Component::DirectoryServer, &Version::ALL);
    match rules.read_as::<AReq>(areq.to_string().as_bytes()) {
        Ok(Received::Message(areq)) => areq,
        other => panic!("no AReq: {other:?}"),
    }
}

/// The rules of our 3DS Server.
pub fn at_the_server() -> Rules<'static> {
    Rules::received_by(Component::Server, &Version::ALL)
}

/// The directory server a card belongs to.
pub fn brand_of(card: &str) -> &'static str {
    primitives::Pan::parse(card).unwrap().brand().as_str()
}

/// How our 3DS Server takes the next RReq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// RRes 01.
    Receipt,
    /// The connection is cut.
    Cut,
    /// No answer in time.
    Silence,
    /// An RRes about another transaction.
    Strange,
    /// An Erro: this RReq has come before.
    Erro,
}

/// The results receiver of our 3DS Server.
#[derive(Clone)]
pub struct Results {
    /// `threeDSServerURL`.
    pub url: String,
    inner: Arc<Mutex<Received3ds>>,
}

#[derive(Default)]
struct Received3ds {
    rreqs: Vec<RReq>,
    refused: Vec<Fault>,
    to_undecided: Option<ResultsStatus>,
    manners: VecDeque<Manner>,
}

impl Results {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let results = Self {
            url: format!("http://{address}/results"),
            inner: Arc::default(),
        };
        let router = Router::new()
            .route("/results", post(receive))
            .with_state(results.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        results
    }

    /// How the next RReqs are taken; those after them with a receipt.
    pub fn take_next(&self, manners: &[Manner]) {
        self.inner.lock().unwrap().manners.extend(manners);
    }

    /// What is said to an RReq that leaves the challenge undecided.
    pub fn answer_decoupled_with(&self, status: ResultsStatus) {
        self.inner.lock().unwrap().to_undecided = Some(status);
    }

    /// The RReqs so far.
    pub fn received(&self) -> Vec<RReq> {
        self.inner.lock().unwrap().rreqs.clone()
    }

    /// What was wrong with those that broke the rules.
    pub fn refused(&self) -> Vec<Fault> {
        self.inner.lock().unwrap().refused.clone()
    }

    /// The RReqs once there are so many.
    pub async fn wait_for(&self, count: usize) -> Vec<RReq> {
        let enough = async {
            while self.received().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), enough)
            .await
            .expect("the RReq comes");
        self.received()
    }
}

async fn receive(State(results): State<Results>, body: Bytes) -> Response {
    let rreq = match at_the_server().read_as::<RReq>(&body) {
        Ok(Received::Message(rreq)) => rreq,
        Ok(Received::Erro(erro)) => panic!("no RReq: {erro:?}"),
        Err(fault) => {
            let erro = fault.to_erro(Component::Server, &Version::ALL).unwrap();
            results.inner.lock().unwrap().refused.push(*fault);
            let rules = Rules::received_by(Component::DirectoryServer, &Version::ALL);
            return rules.write(&erro).unwrap().into_response();
        }
    };
    let (manner, to_undecided) = {
        let mut inner = results.inner.lock().unwrap();
        inner.rreqs.push(rreq.clone());
        let manner = inner.manners.pop_front().unwrap_or(Manner::Receipt);
        (manner, inner.to_undecided)
    };
    let undecided = rreq.trans_status == Some(TransStatus::DecoupledChallenge);
    let status = to_undecided
        .filter(|_| undecided)
        .unwrap_or(ResultsStatus::Received);
    let mut rres = RRes::to(&rreq, status);
    match manner {
        Manner::Receipt => {}
        Manner::Cut => return cut_connection(),
        Manner::Silence => tokio::time::sleep(Duration::from_secs(2)).await,
        Manner::Erro => {
            let fault = Fault::new(ErrorCode::TransactionNotRecognised, "threeDSServerTransID");
            let fault = fault.of(RReq::TYPE, Some(rreq.message_version), rreq.ids());
            let erro = fault.to_erro(Component::Server, &Version::ALL).unwrap();
            let rules = Rules::received_by(Component::DirectoryServer, &Version::ALL);
            return rules.write(&erro).unwrap().into_response();
        }
        Manner::Strange => rres.three_ds_server_trans_id = ThreeDsServerTransId(Uuid::new_v4()),
    }
    let rules = Rules::received_by(Component::DirectoryServer, &Version::ALL);
    rules.write(&rres).unwrap().into_response()
}

/// That an RReq belongs to the challenge an ARes announced, and what it says.
pub fn status_of(rreq: &RReq, ares: &ARes) -> TransStatus {
    rreq.concludes(&challenged(ares)).unwrap();
    rreq.trans_status.unwrap()
}

/// The transaction that an ARes left open, as its asker remembers it.
pub fn challenged(ares: &ARes) -> Challenged {
    let asked = Asked::plainly(ares.message_version, ares.three_ds_server_trans_id);
    Challenged::by(ares, &asked)
}
