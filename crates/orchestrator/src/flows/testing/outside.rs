//! What is outside: a server that is directory server and processor at once, and the processor's adapter.

use acquiring::{
    About, Account, Advice, Approval, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture,
    Captures, CredentialField, Decline, Exemption, Inquiry, InquiryAnswer, Notice, NotificationRefused,
    Processor, Reason, Recovery, Refund, Refunds, RefundsOf, Reversal, ReversalAnswer, Says,
    SettlementAnswer, SettlementInquiry, SettlementInquiryAnswer, SettlementKind, Void, Voids,
};
use primitives::{Amount, Brand, Currency, Exchange, HttpRequest, Method, Moment, Reply, Unreadable};
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
    /// `approved`, `declined`, `given_up` for a lost card, `vetoed` for a decline of whatever is not fully authenticated, `held` for no answer while it says so, or anything else for one that nobody can read.
    pub charge: &'static str,
    /// `approved`, `not_found`, or anything else for no usable answer.
    pub inquiry: &'static str,
    pub charges: Vec<Value>,
    pub voids: Vec<Value>,
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
    let mut text = script.lock().unwrap().answer(path, asked);
    while path == "/directory" && script.lock().unwrap().ares_held {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    while text == "held" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let script = script.lock().unwrap();
        let word = if path == "/charge" {
            script.charge
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
    fn answer(&mut self, path: &str, asked: Value) -> String {
        match path {
            "/directory" if asked["messageType"] == "AReq" => {
                let answer = self.ares(&asked);
                self.areqs.push(asked);
                answer.to_string()
            }
            "/charge" => {
                let authenticated = asked["eci"] == "05";
                self.charges.push(asked);
                match self.charge {
                    "vetoed" if authenticated => "approved".to_owned(),
                    word => word.to_owned(),
                }
            }
            "/inquiry" => self.inquiry.to_owned(),
            "/void" => {
                self.voids.push(asked);
                self.settle.to_owned()
            }
            "/capture" | "/refund" => {
                self.settlements.push(asked);
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

/// A processor whose answers are one word.
pub struct Fake;

const CAPABILITIES: Capabilities = Capabilities {
    brands: &[Brand::Visa],
    currencies: &[Currency::MXN],
    external_authentication: &[Brand::Visa],
    exemptions: &[Exemption::LowValue, Exemption::OneLegOut],
    needs_security_code: false,
    authorizations: true,
    captures: Captures::Several,
    voids: Voids::Full,
    refunds: Refunds::Several,
    refunds_of: RefundsOf::Charge,
    reversals: false,
    lost_charge: Recovery::Inquire,
    lost_capture: Recovery::Inquire,
    lost_void: Recovery::Repeat,
    lost_refund: Recovery::Repeat,
    inquiry_visible_after: std::time::Duration::from_secs(90),
    inquiry_final_after: std::time::Duration::from_secs(1_800),
    installments_max: 1,
};

fn settlement_answer(word: &str) -> Option<SettlementAnswer> {
    let processor_reference = Some("op-1".to_owned());
    match word {
        "done" => Some(SettlementAnswer::Done { processor_reference }),
        "accepted" => Some(SettlementAnswer::Accepted { processor_reference }),
        "refused" => Some(SettlementAnswer::Refused(decline(Reason::InvalidState))),
        _ => None,
    }
}

fn settlement_inquiry_answer(word: &str) -> Option<SettlementInquiryAnswer> {
    match word {
        "done" => Some(SettlementInquiryAnswer::Done {
            processor_reference: None,
        }),
        "pending" => Some(SettlementInquiryAnswer::Pending),
        "refused" => Some(SettlementInquiryAnswer::Refused(decline(Reason::InvalidState))),
        "not_found" => Some(SettlementInquiryAnswer::NotFound),
        _ => None,
    }
}

/// A notification: signed with a word, one notice a line of identity, subject, reference and outcome.
fn notices(headers: &[(String, String)], body: &[u8]) -> Result<Vec<Notice>, NotificationRefused> {
    if !headers.contains(&("signature".to_owned(), "right".to_owned())) {
        return Err(NotificationRefused::BadSignature);
    }
    String::from_utf8_lossy(body)
        .lines()
        .map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            let mut word = || {
                words
                    .next()
                    .ok_or(NotificationRefused::Unreadable("a word is missing"))
            };
            Ok(Notice {
                identity: word()?,
                about: match (word()?.as_str(), word()?, word()?.as_str()) {
                    ("charge", reference, said) => About::Charge {
                        reference,
                        says: charge_says(said)?,
                    },
                    ("capture", reference, said) => {
                        settlement_told(SettlementKind::Capture, reference, said)?
                    }
                    ("refund", reference, said) => settlement_told(SettlementKind::Refund, reference, said)?,
                    (other, _, _) => About::Other(other.to_owned()),
                },
            })
        })
        .collect()
}

/// Ours is a reference of 32 characters, the processor's own is not.
fn settlement_told(
    kind: SettlementKind,
    reference: String,
    said: &str,
) -> Result<About, NotificationRefused> {
    let is_ours = reference.len() == 32;
    Ok(About::Settlement {
        kind,
        reference: is_ours.then(|| reference.clone()),
        processor_reference: (!is_ours).then_some(reference),
        says: match said {
            "news" => Says::AskAgain,
            said => Says::Outcome(
                settlement_inquiry_answer(said)
                    .ok_or(NotificationRefused::Unreadable("an outcome that nobody knows"))?,
            ),
        },
    })
}

fn charge_says(said: &str) -> Result<Says<InquiryAnswer>, NotificationRefused> {
    let amount = Amount::new(10_000, Currency::MXN).unwrap();
    Ok(match said {
        "approved" => Says::Outcome(InquiryAnswer::Approved(approval(amount))),
        "declined" => Says::Outcome(InquiryAnswer::Declined(decline(Reason::GenericDecline))),
        "news" => Says::AskAgain,
        _ => return Err(NotificationRefused::Unreadable("an outcome that nobody knows")),
    })
}

const NOT_OFFERED: CannotBuild = CannotBuild::NotOffered("reversals");

fn exchange<A>(
    account: &Account,
    path: &str,
    body: Value,
    read: impl FnOnce(&str) -> Option<A> + Send + 'static,
) -> Exchange<A> {
    let mut url = account.base_url.clone();
    url.set_path(path);
    Exchange::new(
        HttpRequest::new(Method::Post, url).body(body.to_string().into_bytes()),
        move |reply: &Reply| {
            let word = String::from_utf8_lossy(&reply.body);
            read(&word).ok_or(Unreadable("says nothing known".into()))
        },
    )
}

fn approval(amount: Amount) -> Approval {
    Approval {
        processor_reference: "ticket-1".into(),
        approval_code: None,
        response_code: None,
        amount,
        network_transaction_id: None,
        issuer_bank: None,
        issuer_country: None,
    }
}

fn decline(reason: Reason) -> Decline {
    Decline {
        reason,
        advice: match reason {
            Reason::AuthenticationRequired => Advice::Reauthenticate,
            _ => Advice::Never,
        },
        raw_code: None,
        raw_message: None,
        network_advice: None,
        processor_reference: None,
        leaves_hold: false,
    }
}

impl Processor for Fake {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &[CredentialField {
            name: "key",
            required: true,
            max_characters: 8,
        }]
    }

    fn default_base_url(&self) -> &'static str {
        "https://plain.example"
    }

    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        _: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let amount = order.amount;
        Ok(exchange(
            account,
            "/charge",
            json!({
                "reference": order.reference, "exemption": order.exemption,
                "eci": order.authentication.as_ref().and_then(|values| values.eci.as_deref()),
            }),
            move |word| match word {
                "approved" => Some(AuthorizationAnswer::Approved(approval(amount))),
                "declined" => Some(AuthorizationAnswer::Declined(decline(Reason::GenericDecline))),
                "given_up" => Some(AuthorizationAnswer::Declined(decline(Reason::LostOrStolen))),
                "vetoed" => Some(AuthorizationAnswer::Declined(decline(
                    Reason::AuthenticationRequired,
                ))),
                _ => None,
            },
        ))
    }

    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        _: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let amount = order.amount;
        Ok(exchange(
            account,
            "/inquiry",
            json!({ "reference": order.reference }),
            move |word| match word {
                "approved" => Some(InquiryAnswer::Approved(approval(amount))),
                "not_found" => Some(InquiryAnswer::NotFound),
                _ => None,
            },
        ))
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Ok(exchange(
            account,
            "/void",
            json!({ "reference": order.reference }),
            settlement_answer,
        ))
    }

    fn capture(
        &self,
        account: &Account,
        order: &Capture,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let body = json!({
            "kind": "capture", "reference": order.reference, "of": order.of.reference,
            "amount": order.amount.minor(), "final": order.is_final,
        });
        Ok(exchange(account, "/capture", body, settlement_answer))
    }

    fn refund(
        &self,
        account: &Account,
        order: &Refund,
        _: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let body = json!({
            "kind": "refund", "reference": order.reference, "of": order.of.reference,
            "amount": order.amount.minor(), "reason": order.reason,
            "capture": order.capture.as_ref().map(|capture| &capture.reference),
        });
        Ok(exchange(account, "/refund", body, settlement_answer))
    }

    fn inquire_settlement(
        &self,
        account: &Account,
        order: &SettlementInquiry,
        _: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        let body = json!({ "reference": order.reference });
        Ok(exchange(account, "/settled", body, settlement_inquiry_answer))
    }

    fn reverse(&self, _: &Account, _: &Reversal, _: Moment) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        Err(NOT_OFFERED)
    }

    fn notification_receipt(&self) -> &'static str {
        "[accepted]"
    }

    fn notification(
        &self,
        _: &Account,
        headers: &[(String, String)],
        body: &[u8],
        _: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        notices(headers, body)
    }
}
