//! What is outside: a server that is directory server and processors at once.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the outside says, and what it was asked.
#[derive(Debug)]
pub struct Script {
    /// The `transStatus` of every ARes.
    pub ares: &'static str,
    /// `approved`, `partly` for less than was asked, `pending`, `declined`, `elsewhere` for a decline after which another
    /// processor may be tried, `given_up` for a lost card, `risky` for a decline that leaves a hold, `vetoed` for a decline
    /// of whatever is not fully authenticated, `held` for no answer while it says so, or anything else for one that nobody can read.
    pub charge: &'static str,
    /// The same of the processor that cannot be asked.
    pub charge_of_mute: &'static str,
    /// `approved`, `declined`, `pending`, `not_found`, or anything else for no usable answer.
    pub inquiry: &'static str,
    pub charges: Vec<Value>,
    pub inquiries: Vec<Value>,
    pub voids: Vec<Value>,
    /// What is said to reversals by our reference: `reversed`, `accepted`, `not_found`, or anything else for no usable answer.
    pub reversal: &'static str,
    pub reversals: Vec<Value>,
    /// What is said to captures, voids and refunds: `done`, `accepted`, `refused`, `held` for no answer while it says so, or
    /// anything else for one that nobody can read.
    pub settle: &'static str,
    /// What became of one: `done`, `pending`, `refused`, `not_found`, or anything else for no usable answer.
    pub settled: &'static str,
    /// Every capture and refund, as it was asked for.
    pub settlements: Vec<Value>,
    /// The same where no cardholder is present.
    pub ares_of_3ri: &'static str,
    /// Whether ARess are kept back while it says so.
    pub ares_held: bool,
    /// The versions that the directory server speaks, comma separated; `None` for whatever it is asked in.
    pub speaks: Option<&'static str>,
    /// Every AReq.
    pub areqs: Vec<Value>,
}

pub const DS_TRANS_ID: &str = "22222222-2222-4222-8222-222222222222";
pub const ACS_TRANS_ID: &str = "33333333-3333-4333-8333-333333333333";
pub const ISSUERS_WORDS: &str = "Open your bank's app";
pub const VALUE: &str = "AJkBBkhgQQAAAE4gSEJydQAAAAA=";

pub async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&script)));
    }
}

/// One request, one answer, and the connection is closed.
async fn answer(stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let asked = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut text = script.lock().unwrap().answer(path, &asked);
    while path == "/directory" && script.lock().unwrap().ares_held {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    while text == "held" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let script = script.lock().unwrap();
        let word = if path == "/charge" {
            script.charge_by(&asked)
        } else {
            script.settle
        };
        word.clone_into(&mut text);
    }
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

impl Script {
    fn charge_by(&self, asked: &Value) -> &'static str {
        if asked["processor"] == "mute" {
            self.charge_of_mute
        } else {
            self.charge
        }
    }

    fn answer(&mut self, path: &str, asked: &Value) -> String {
        match path {
            "/directory" if asked["messageType"] == "AReq" => {
                let answer = self.ares(asked);
                self.areqs.push(asked.clone());
                answer.to_string()
            }
            "/charge" => {
                self.charges.push(asked.clone());
                match self.charge_by(asked) {
                    "vetoed" if asked["eci"] == "05" => "approved".to_owned(),
                    word => word.to_owned(),
                }
            }
            "/inquiry" => {
                self.inquiries.push(asked.clone());
                self.inquiry.to_owned()
            }
            "/reversal" => {
                self.reversals.push(asked.clone());
                self.reversal.to_owned()
            }
            "/void" => {
                self.voids.push(asked.clone());
                self.settle.to_owned()
            }
            "/capture" | "/refund" => {
                self.settlements.push(asked.clone());
                self.settle.to_owned()
            }
            "/settled" => self.settled.to_owned(),
            _ => "?".to_owned(),
        }
    }

    fn ares(&self, asked: &Value) -> Value {
        let (id, version) = (&asked["threeDSServerTransID"], &asked["messageVersion"]);
        if let Some(speaks) = self.speaks
            && !speaks.split(',').any(|spoken| *version == spoken)
        {
            return json!({
                "messageType": "Erro", "messageVersion": "2.2.0", "threeDSServerTransID": id, "errorCode": "102",
                "errorComponent": "D", "errorDescription": "version", "errorDetail": speaks,
            });
        }
        let status = if asked["deviceChannel"] == "03" {
            self.ares_of_3ri
        } else {
            self.ares
        };
        let mut ares = json!({
            "messageType": "ARes", "messageVersion": version, "threeDSServerTransID": id,
            "dsTransID": DS_TRANS_ID, "acsTransID": ACS_TRANS_ID, "acsReferenceNumber": "ACS",
            "dsReferenceNumber": "DS", "transStatus": status,
        });
        let words = json!(ISSUERS_WORDS);
        let more = match status {
            "D" => json!({
                "acsDecConInd": "Y", "acsChallengeMandated": "Y", "authenticationType": "04",
                "authenticationMethod": ["12"],
                "cardholderInfo": if version == "2.3.1" { json!({ "text": words }) } else { words },
            }),
            "C" => json!({
                "acsURL": "https://acs.example/challenge", "acsChallengeMandated": "Y",
                "authenticationType": "02", "authenticationMethod": ["02"],
            }),
            "Y" => json!({ "authenticationValue": VALUE, "eci": "05" }),
            "A" => json!({ "authenticationValue": VALUE, "eci": "06" }),
            _ => json!({ "transStatusReason": "01" }),
        };
        for (name, value) in more.as_object().into_iter().flatten() {
            ares[name] = value.clone();
        }
        ares
    }
}
