//! Authenticate: the AReq goes out as the shop has filled it in, and the answer comes back as the shop reads it.

use super::{
    GivenCard, Refused, Why, is_race,
    transaction::{Open, Particulars, Run, Stage, Stored, View},
};
use crate::{
    directories::identity,
    fault::Fault,
    flows::{advance::TRIES, directory::Heard},
    gateway::Gateway,
};
use emv3ds::{
    AccountNumber, Version,
    code::{DeviceChannel, ErrorCode, MessageCategory},
    message::{AReq, ARes, MessageExtension},
};
use mpi::{
    Failure, Prepared, Transaction,
    request::{self, Essentials, Requestor},
    transaction::News,
};
use serde_json::{Map, Value, json};
use store::{StoreError, threeds_server::shops::Shop};

/// What a shop wants authenticated.
///
/// No `Debug`: most of it is the cardholder's.
#[derive(Clone)]
pub struct Wanted {
    pub channel: DeviceChannel,
    pub category: MessageCategory,
    pub card: GivenCard,
    /// Elements of the AReq by their names in the protocol, each in the shape of version 2.3.1. Those that say who we
    /// are, and the card number, are ours to fill in.
    pub elements: Map<String, Value>,
    /// Where the result of a decoupled authentication is posted to.
    pub decoupled_notification_url: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub view: View,
    /// The message extensions of the ARes.
    pub extensions: Vec<MessageExtension>,
    /// The `broadInfo` of the ARes.
    pub broad_info: Option<Value>,
}

impl Gateway {
    /// Asks the directory server, once: of two calls for one transaction the other is refused.
    pub async fn threeds_authenticate(
        &self,
        shop: &Shop,
        open: Open,
        wanted: Wanted,
    ) -> Result<Asked, Refused> {
        let prepared = match self.threeds_prepared(shop, &open, &wanted).await {
            Ok(prepared) => prepared,
            Err(refused) if matches!(refused.why, Why::Fault(_)) => return Err(refused),
            Err(refused) => {
                let status = self.threeds_invalid(&open).await?;
                return Err(Refused::about(refused.why, open.id, status));
            }
        };
        let now = self.clock().now();
        let subject = open.subject(wanted.channel, wanted.category);
        let mut run = Run {
            transaction: Transaction::start(subject, false),
            particulars: None,
            decoupled_notification_url: wanted.decoupled_notification_url,
        };
        run.apply(News::asked(&prepared, false), now);
        let mut stored = open.as_stored(Stage::Run(Box::new(run)));
        stored.set_due(&self.three_ds().timers);
        match self
            .store()
            .threeds_transaction_write(&stored.record()?, None, now)
            .await
        {
            Ok(()) => stored.row_version += 1,
            Err(error) if is_race(&error) => return Err(self.threeds_taken(&open).await?),
            Err(error) => return Err(error.into()),
        }
        // The shop may hang up; what was asked is answered all the same.
        let gateway = self.clone();
        let asking = async move { gateway.threeds_ask(stored, prepared).await };
        self.spawn_flow(asking).await.map_err(Fault::from)?
    }

    async fn threeds_ask(&self, stored: Stored, prepared: Prepared) -> Result<Asked, Refused> {
        let Stage::Run(run) = &stored.stage else {
            return Err(Fault::Missing("the transaction that was asked for").into());
        };
        let heard = self.ask(run.transaction.subject(), prepared).await;
        let (stored, ares) = self.threeds_heard(stored, &heard).await?;
        let now = self.clock().now();
        if let Stage::Run(run) = &stored.stage
            && let Some(Err(failure)) = run.transaction.outcome()
            && let Some(why) = why(failure)
        {
            return Err(Refused::about(why, stored.id, stored.status(now)));
        }
        let ares = ares.as_deref();
        Ok(Asked {
            view: stored.view(now),
            extensions: ares
                .and_then(|ares| ares.message_extension.clone())
                .unwrap_or_default(),
            broad_info: ares.and_then(|ares| ares.broad_info.clone()).map(Value::Object),
        })
    }

    /// Takes the answer in and records it. An RReq may have come first, and then it is told to what that left.
    async fn threeds_heard(
        &self,
        mut stored: Stored,
        heard: &Heard,
    ) -> Result<(Stored, Option<Box<ARes>>), Refused> {
        for _ in 0..TRIES {
            let now = self.clock().now();
            let mut answer = None;
            if let Stage::Run(run) = &mut stored.stage {
                let told = self.hear(run.transaction.clone(), heard);
                run.transaction = told.transaction;
                run.particulars = told.ares.as_deref().map(Particulars::of);
                answer = told.ares;
                // The shop opens the challenge itself, with what we answer now.
                run.apply(News::ChallengeOpened, now);
            }
            stored.set_due(&self.three_ds().timers);
            let notice = stored.notice(now);
            match self
                .store()
                .threeds_transaction_write(&stored.record()?, notice.as_ref(), now)
                .await
            {
                Ok(()) => {
                    count(&stored.view(now));
                    if notice.is_some() {
                        self.wake_deliveries();
                    }
                    return Ok((stored, answer));
                }
                Err(error) if is_race(&error) => {
                    let record = self.store().threeds_transaction_load(stored.id).await?;
                    stored = Stored::read(record.ok_or(Fault::Missing("the transaction"))?)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Changed.into())
    }

    async fn threeds_prepared(&self, shop: &Shop, open: &Open, wanted: &Wanted) -> Result<Prepared, Refused> {
        let number = self.account_number(open.shop, &wanted.card).await?;
        let areq = self.threeds_areq(shop, open, wanted, number)?;
        request::prepare_areq(areq).map_err(|cannot| {
            let fault = cannot.0;
            tracing::info!(authentication = %open.id, %fault, "AReq cannot be made of what a shop sent");
            let why = Why::Elements {
                missing: fault.code == ErrorCode::RequiredElementMissing,
                names: fault.names().map(str::to_owned).collect(),
            };
            why.into()
        })
    }

    fn threeds_areq(
        &self,
        shop: &Shop,
        open: &Open,
        wanted: &Wanted,
        number: AccountNumber,
    ) -> Result<AReq, Refused> {
        let directory = self.directories().of(open.brand).ok_or(Why::CardNotSupported)?;
        let mut elements = wanted.elements.clone();
        let text = |name: &str| {
            wanted
                .elements
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let subject = open.subject(wanted.channel, wanted.category);
        let areq = request::blank(Essentials {
            id: subject.id,
            version: subject.version,
            channel: subject.channel,
            category: subject.category,
            server: &identity(&directory.server, self.three_ds()),
            requestor: Requestor {
                id: text("threeDSRequestorID"),
                name: text("threeDSRequestorName"),
                url: text("threeDSRequestorURL"),
            },
            account_number: number,
        });
        complete(&mut elements, subject.version, shop);
        merged(areq, elements).map_err(|error| {
            tracing::error!(authentication = %open.id, cause = %error, "elements that an AReq does not take");
            let names = Vec::new();
            Why::Elements {
                missing: false,
                names,
            }
            .into()
        })
    }
}

/// The AReq with the elements put in. Their names and shapes are those it is written in itself.
fn merged(areq: AReq, elements: Map<String, Value>) -> Result<AReq, serde_json::Error> {
    let mut document = serde_json::to_value(&areq)?;
    if let Value::Object(members) = &mut document {
        members.extend(elements);
        // What the shop calls its card is not what is sent.
        members.insert("acctNumber".to_owned(), serde_json::to_value(&areq.acct_number)?);
    }
    serde_json::from_value(document)
}

/// Takes out what only the API knows, and fills in what it has no field for.
fn complete(elements: &mut Map<String, Value>, version: Version, shop: &Shop) {
    // Only ever sent as true.
    if elements.get("payTokenInd") == Some(&Value::Bool(false)) {
        elements.remove("payTokenInd");
    }
    // What else the API lets a shop say of the list is an issuer's word, not a requestor's.
    let listed = elements.get("trustListStatus").and_then(Value::as_str);
    if !matches!(listed, Some("Y" | "N")) {
        elements.remove("trustListStatus");
        elements.remove("trustListStatusSource");
    }
    if version >= Version::V2_3_1 {
        complete_2_3_1(elements, shop);
    }
}

/// What 2.3.1 requires and the API, which is older, does not ask for.
fn complete_2_3_1(elements: &mut Map<String, Value>, shop: &Shop) {
    let country = match shop.acquirer_country {
        Some(country) => Some(json!(country.numeric3())),
        None => elements.get("merchantCountryCode").cloned(),
    };
    if let Some(country) = country {
        elements.insert("acquirerCountryCode".to_owned(), country);
        elements.insert("acquirerCountryCodeSource".to_owned(), json!("01"));
    }
    if let Some(language) = elements.get("browserLanguage").cloned() {
        elements.insert("acceptLanguage".to_owned(), json!([language]));
    }
    let says = |name: &str, values: &[&str]| {
        let text = elements.get(name).and_then(Value::as_str);
        text.is_some_and(|text| values.contains(&text))
    };
    if says("threeDSRequestorAuthenticationInd", &["02", "03"]) || says("threeRIInd", &["01", "02"]) {
        // Neither amount nor day of the next payment is known, which is what "variable" says.
        let variable = json!({ "amountInd": "02", "frequencyInd": "02" });
        elements.insert("recurringInd".to_owned(), variable);
    }
}

/// What the shop is told of a failure; `None` where it reads it from the status.
fn why(failure: Failure) -> Option<Why> {
    match failure {
        Failure::DirectoryErro { code } => Some(Why::Erro { component: "D", code }),
        // The shop was told the version, and its CReq will say it: there is no asking again in another one.
        Failure::VersionRefused { .. } => Some(Why::Erro {
            component: "D",
            code: ErrorCode::VersionNotSupported.number(),
        }),
        Failure::AcsErro { code } => Some(Why::Erro { component: "A", code }),
        Failure::DirectoryTimeout => Some(Why::DirectoryTimedOut),
        Failure::DirectoryUnreachable | Failure::UnusableAnswer => Some(Why::DirectoryFailed),
        Failure::CannotRequest | Failure::TimeExpired => None,
    }
}

/// Counts how an AReq was answered.
fn count(view: &View) {
    let (brand, status) = (view.brand.as_str(), view.status.as_str());
    metrics::counter!("pasarela_threeds_server_answers_total", "brand" => brand, "status" => status)
        .increment(1);
}
