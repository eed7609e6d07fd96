//! A directory server that answers what it is told to, and keeps what it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tests::cards::Card;
use tests::system::System;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::case::VERSIONS;

/// Makes the answer to an AReq.
type Answer = Box<dyn Fn(&Value) -> String + Send>;

/// The directory server of Visa for one test.
#[derive(Clone)]
pub struct ScriptedDirectory(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    answer: Option<Answer>,
    areq: Option<Value>,
    erros: Vec<Value>,
}

impl ScriptedDirectory {
    /// Takes the place of the sandbox's directory server in a system whose gateway starts anew with it.
    pub async fn in_place(system: &mut System) -> Self {
        let directory = Self(Arc::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/", post(answered))
            .with_state(directory.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        system.set_directory_server("visa", &url).await;
        system.kill_gateway().await;
        system.start_gateway().await;
        directory
    }

    /// What it answers to AReqs from now on.
    pub fn answers(&self, answer: impl Fn(&Value) -> String + Send + 'static) {
        self.0.lock().unwrap().answer = Some(Box::new(answer));
    }

    /// The last AReq.
    pub fn areq(&self) -> Value {
        self.0.lock().unwrap().areq.clone().expect("an AReq")
    }

    /// The Erro that came next, waiting a while for it.
    pub async fn erro(&self) -> Option<Value> {
        for _ in 0..200 {
            if let Some(erro) = self.0.lock().unwrap().erros.pop() {
                return Some(erro);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        None
    }

    /// The Erros that nobody has asked for.
    pub fn erros_left(&self) -> Vec<Value> {
        self.0.lock().unwrap().erros.clone()
    }
}

async fn answered(State(directory): State<ScriptedDirectory>, body: String) -> Response {
    let message: Value = serde_json::from_str(&body).unwrap();
    let mut script = directory.0.lock().unwrap();
    let answer = match message["messageType"].as_str() {
        Some("PReq") => card_ranges(&message).to_string(),
        Some("AReq") => {
            let answer = script.answer.as_ref().expect("an answer to give")(&message);
            script.areq = Some(message);
            answer
        }
        Some("Erro") => {
            script.erros.push(message);
            String::new()
        }
        other => panic!("a 3DS Server does not send {other:?}"),
    };
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], answer).into_response()
}

/// The card that is in the range of a version.
pub fn card_of(version: &str) -> Card {
    Card::visa(match version {
        "2.1.0" => 0,
        "2.2.0" => 1,
        _ => 2,
    })
}

/// A range of ten cards for each version, in the words of the PReq's own version.
fn card_ranges(preq: &Value) -> Value {
    let bounds = |version: &str| {
        let card = card_of(version).number;
        let start = &card[..card.len() - 1];
        (format!("{start}0"), format!("{start}9"))
    };
    let mut pres = json!({
        "messageType": "PRes",
        "messageVersion": preq["messageVersion"],
        "threeDSServerTransID": preq["threeDSServerTransID"],
        "dsTransID": Uuid::new_v4(),
        "serialNum": "1",
    });
    if preq["messageVersion"] == "2.3.1" {
        pres["dsProtocolVersions"] = json!(VERSIONS);
        pres["cardRangeData"] = VERSIONS
            .iter()
            .map(|version| {
                let (start, end) = bounds(version);
                json!({
                    "ranges": [{ "startRange": start, "endRange": end }],
                    "acsProtocolVersions": [{ "version": version }],
                })
            })
            .collect();
    } else {
        pres["dsStartProtocolVersion"] = json!(VERSIONS[0]);
        pres["dsEndProtocolVersion"] = json!(VERSIONS[2]);
        pres["cardRangeData"] = VERSIONS
            .iter()
            .map(|version| {
                let (start, end) = bounds(version);
                json!({
                    "startRange": start,
                    "endRange": end,
                    "acsStartProtocolVersion": version,
                    "acsEndProtocolVersion": version,
                })
            })
            .collect();
    }
    pres
}
