//! The flows of the 3DS Server API against a directory server that says what a test tells it to say.

use super::{GivenCard, NewTransaction, Refused, Status, Wanted, Why};
use crate::{
    clock::Clock,
    flows::{sender::Sender, testing::World},
};
use emv3ds::{
    AccountNumber,
    code::{DeviceChannel, MessageCategory},
};
use primitives::{Brand, Id, Secret, id::kind};
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use store::{
    audit::{Actor, AuditEntry},
    threeds_server::{card_tokens::CardToken, shops::Shop},
};
use time::Duration;

const CARD: &str = "4551820000009478";
const NOTIFIED: &str = "https://loja.example/decoupled";

struct Shopping {
    world: World,
    shop: Shop,
}

impl Shopping {
    async fn new(pool: PgPool) -> Self {
        let world = World::new(pool).await;
        let now = world.clock.now();
        let shop = Shop {
            id: world.clock.moment().fresh_id(),
            merchant_id: "LOJA".into(),
            name: "Loja".into(),
            key_hash: [1; 32],
            card_vault: None,
            public_key: None,
            acquirer_country: None,
            reads_per_second: None,
            writes_per_second: None,
            disabled: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let store = world.gateway.store();
        store.shop_insert(&shop, &audit(&world)).await.unwrap();
        Self { world, shop }
    }

    async fn create(&self, card: GivenCard) -> Result<Id<kind::Authentication>, Refused> {
        let new = NewTransaction {
            brand: Brand::Visa,
            card,
            channel: DeviceChannel::Browser,
        };
        let created = self.world.gateway.threeds_create(&self.shop, new).await?;
        Ok(created.id)
    }

    async fn created(&self) -> Id<kind::Authentication> {
        self.create(number()).await.unwrap()
    }

    async fn ask(
        &self,
        id: Id<kind::Authentication>,
        change: impl FnOnce(&mut Wanted),
    ) -> Result<super::Asked, Refused> {
        let gateway = &self.world.gateway;
        let open = gateway.threeds_open(&self.shop, id).await?;
        let mut wanted = wanted();
        change(&mut wanted);
        gateway.threeds_authenticate(&self.shop, open, wanted).await
    }

    async fn status(&self, id: Id<kind::Authentication>) -> &'static str {
        let view = self.world.gateway.threeds_query(&self.shop, id).await.unwrap();
        view.status.as_str()
    }

    /// A transaction whose answer is that of the script.
    async fn asked(&self, ares: &'static str) -> Id<kind::Authentication> {
        self.world.script().ares = ares;
        let id = self.created().await;
        self.ask(id, |_| {}).await.unwrap();
        id
    }

    async fn report(&self, rreq: &[u8]) -> Value {
        let gateway = &self.world.gateway;
        let answer = gateway.results_received(&Sender::Unchecked, rreq).await;
        serde_json::from_slice(&answer.unwrap()).unwrap()
    }

    async fn notices(&self) -> Vec<(String, String)> {
        sqlx::query_as("SELECT url, form FROM threeds_notices")
            .fetch_all(&self.world.pool)
            .await
            .unwrap()
    }

    async fn due_at(&self, id: Id<kind::Authentication>) -> Option<time::OffsetDateTime> {
        let record = self.world.gateway.store().threeds_transaction_load(id).await;
        record.unwrap().unwrap().due_at
    }
}

fn audit(world: &World) -> AuditEntry {
    AuditEntry {
        at: world.clock.now(),
        actor: Actor::CommandLine,
        action: "shop.create",
        merchant: None,
        subject: "x".into(),
        before: None,
        after: None,
    }
}

fn number() -> GivenCard {
    GivenCard::Number(AccountNumber::parse(CARD).unwrap())
}

fn wanted() -> Wanted {
    let elements = json!({
        "threeDSCompInd": "U", "notificationURL": "https://loja.example/cres", "transType": "01",
        "threeDSRequestorAuthenticationInd": "01", "threeDSRequestorChallengeInd": ["01"],
        "threeDSRequestorID": "1", "threeDSRequestorName": "Loja", "threeDSRequestorURL": "https://loja.example",
        "threeDSRequestorPriorAuthenticationInfo": [{"threeDSReqPriorRef": "r", "threeDSReqPriorAuthMethod": "01"}],
        "acquirerBIN": "2", "acquirerMerchantID": "1", "browserAcceptHeader": "*/*", "browserIP": "203.0.113.1",
        "browserJavaEnabled": false, "browserJavascriptEnabled": true, "browserLanguage": "pt-BR",
        "browserColorDepth": "24", "browserScreenHeight": "800", "browserScreenWidth": "600", "browserTZ": "180",
        "browserUserAgent": "Test", "cardExpiryDate": "2212", "cardholderName": "ANA SOUZA", "acctType": "02",
        "acctInfo": {"chAccAgeInd": "05"}, "homePhone": {"cc": "55", "subscriber": "11999990000"}, "mcc": "0742",
        "merchantCountryCode": "076", "merchantName": "Loja", "purchaseAmount": "10000", "purchaseCurrency": "986",
        "purchaseExponent": "2", "purchaseDate": "20261122100000", "payTokenInd": false, "trustListStatus": "P",
        "trustListStatusSource": "03"
    });
    let Value::Object(elements) = elements else {
        panic!("elements are an object")
    };
    Wanted {
        channel: DeviceChannel::Browser,
        category: MessageCategory::Payment,
        card: number(),
        elements,
        decoupled_notification_url: Some(NOTIFIED.into()),
    }
}

fn decoupled(wanted: &mut Wanted) {
    let elements: &mut Map<String, Value> = &mut wanted.elements;
    elements.insert("threeDSRequestorDecReqInd".into(), json!("Y"));
    elements.insert("threeDSRequestorDecMaxTime".into(), json!("00010"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_shop_filled_in_is_asked_and_the_answer_is_its_own(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.created().await;
    assert_eq!(shopping.status(id).await, "NEW");
    let asked = shopping.ask(id, |_| {}).await.unwrap();
    let view = asked.view;
    assert_eq!((view.status, view.brand), (Status::Authenticated, Brand::Visa));
    assert_eq!(view.eci.unwrap().as_str(), "05");
    assert_eq!(view.particulars.unwrap().acs_reference_number, "ACS");
    assert_eq!(shopping.due_at(id).await, None, "nobody has to look again");

    let areq = shopping.world.areq();
    for (element, sent) in [
        ("threeDSServerTransID", json!(id.to_string())),
        ("threeDSServerURL", json!("https://pay.example/3ds/results")),
        ("acctNumber", json!(CARD)),
        ("notificationURL", json!("https://loja.example/cres")),
        ("threeDSRequestorChallengeInd", json!("01")),
        ("acquirerBIN", json!("2")),
        ("cardExpiryDate", json!("2212")),
        ("homePhone", json!({"cc": "55", "subscriber": "11999990000"})),
    ] {
        assert_eq!(areq[element], sent, "{element}");
    }
    for absent in ["payTokenInd", "whiteListStatus", "trustListStatus"] {
        assert!(areq.get(absent).is_none(), "{absent}");
    }
    let stored: String = sqlx::query_scalar("SELECT transaction_data::text FROM threeds_transactions")
        .fetch_one(&shopping.world.pool)
        .await
        .unwrap();
    assert!(!stored.contains(CARD) && !stored.contains("SOUZA"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_calls_at_once_one_asks_and_the_other_is_refused(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.created().await;
    let gateway = &shopping.world.gateway;
    let open = gateway.threeds_open(&shopping.shop, id).await.unwrap();
    let ask = || gateway.threeds_authenticate(&shopping.shop, open.clone(), wanted());
    let (one, other) = tokio::join!(ask(), ask());
    let refused = [one, other]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert!(matches!(refused[0].why, Why::WrongStatus));
    assert_eq!(shopping.world.script().areqs.len(), 1);
    assert!(matches!(
        shopping.ask(id, |_| {}).await,
        Err(Refused {
            why: Why::WrongStatus,
            transaction: Some((_, Status::Authenticated))
        })
    ));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_ends_with_the_directory_server_s_report(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.asked("C").await;
    assert_eq!(shopping.status(id).await, "AUC");
    let rres = shopping.report(&shopping.world.rreq()).await;
    assert_eq!(
        (&rres["messageType"], &rres["resultsStatus"]),
        (&json!("RRes"), &json!("01"))
    );
    assert_eq!(shopping.status(id).await, "AUY");
    assert_eq!(shopping.due_at(id).await, None);
    assert!(shopping.notices().await.is_empty(), "it was no decoupled one");
    let repeated = shopping.report(&shopping.world.rreq()).await;
    assert_eq!(repeated["messageType"], "Erro");
    assert_eq!(shopping.status(id).await, "AUY");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_that_nobody_opened_is_over_too(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.asked("C").await;
    shopping.report(&shopping.world.rreq_never_started()).await;
    assert_eq!(shopping.status(id).await, "AUN");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decoupled_result_is_told_with_a_form(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    shopping.world.script().ares = "D";
    let id = shopping.created().await;
    let asked = shopping.ask(id, decoupled).await.unwrap();
    assert_eq!(asked.view.status, Status::Decoupled);
    let info = asked.view.particulars.unwrap().cardholder_info;
    assert_eq!(info.as_deref(), Some("Open your bank's app"));
    assert_eq!(shopping.world.areq()["threeDSRequestorDecMaxTime"], "00010");

    let rreq = shopping.world.rreq_with(json!({"authenticationType": "04"}));
    shopping.report(&rreq).await;
    assert_eq!(shopping.status(id).await, "AUY");
    let notices = shopping.notices().await;
    let [(url, form)] = notices.as_slice() else {
        panic!("{notices:?}")
    };
    assert_eq!(url, NOTIFIED);
    let form: Map<String, Value> = url::form_urlencoded::parse(form.as_bytes())
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect();
    assert_eq!(
        Value::Object(form),
        json!({
            "three_ds_server_status": "AUY", "three_ds_server_trans_id": id.to_string(), "eci": "05",
            "authentication_value": "AJkBBkhgQQAAAE4gSEJydQAAAAA="
        })
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decoupled_authentication_that_nobody_reports_on_is_unavailable_and_told(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    shopping.world.script().ares = "D";
    let id = shopping.created().await;
    shopping.ask(id, decoupled).await.unwrap();
    let due_at = shopping.due_at(id).await.unwrap();
    let ten_minutes_and_the_grace = Duration::minutes(10) + Duration::seconds(3630);
    assert!(due_at - shopping.world.clock.now() >= ten_minutes_and_the_grace);
    shopping.world.clock.advance(Duration::minutes(60));
    assert_eq!(shopping.world.gateway.threeds_due().await.unwrap(), 0);
    shopping.world.clock.advance(Duration::minutes(20));
    assert_eq!(shopping.world.gateway.threeds_due().await.unwrap(), 1);
    assert_eq!(shopping.status(id).await, "AUU");
    let [(_, form)] = shopping.notices().await.try_into().unwrap();
    assert!(form.contains("three_ds_server_status=AUU") && !form.contains("eci"));

    // The report comes after all: it is answered, and changes nothing.
    shopping.report(&shopping.world.rreq()).await;
    assert_eq!(shopping.status(id).await, "AUU");
    assert_eq!(shopping.notices().await.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_that_nobody_reports_on_is_not_authenticated(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.asked("C").await;
    shopping.world.clock.advance(Duration::minutes(10));
    assert_eq!(shopping.world.gateway.threeds_due().await.unwrap(), 0);
    shopping.world.clock.advance(Duration::minutes(2));
    assert_eq!(shopping.world.gateway.threeds_due().await.unwrap(), 1);
    assert_eq!(shopping.status(id).await, "AUN");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_transaction_expires_whether_somebody_looks_or_not(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.created().await;
    shopping.world.clock.advance(Duration::minutes(30));
    assert_eq!(shopping.status(id).await, "EXP");
    let refused = shopping.ask(id, |_| {}).await.unwrap_err();
    assert!(matches!(refused.why, Why::WrongStatus));
    assert_eq!(shopping.world.gateway.threeds_due().await.unwrap(), 1);
    assert_eq!(shopping.world.gateway.threeds_due().await.unwrap(), 0);
    assert_eq!(shopping.status(id).await, "EXP");
    assert!(shopping.world.script().areqs.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_areq_whose_process_died_is_a_communication_error(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.created().await;
    shopping.world.script().ares_held = true;
    let gateway = shopping.world.gateway.clone();
    let shop = shopping.shop.clone();
    let open = gateway.threeds_open(&shop, id).await.unwrap();
    let asking = tokio::spawn(async move { gateway.threeds_authenticate(&shop, open, wanted()).await });
    while shopping.world.script().areqs.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // Whoever asks meanwhile sees what was there before, and cannot ask again.
    assert_eq!(shopping.status(id).await, "NEW");
    let refused = shopping.ask(id, |_| {}).await.unwrap_err();
    assert!(matches!(refused.why, Why::WrongStatus));

    shopping.world.clock.advance(Duration::seconds(20));
    assert_eq!(shopping.world.gateway.threeds_due().await.unwrap(), 1);
    assert_eq!(shopping.status(id).await, "ERR");
    shopping.world.script().ares_held = false;
    let late = asking.await.unwrap().unwrap_err();
    assert!(matches!(late.why, Why::DirectoryTimedOut), "{late:?}");
    assert_eq!(shopping.status(id).await, "ERR");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn elements_that_do_not_fit_end_the_transaction_before_anything_is_sent(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    for (element, value, missing) in [
        ("purchaseDate", json!("yesterday"), false),
        ("notificationURL", Value::Null, true),
    ] {
        let id = shopping.created().await;
        let refused = shopping
            .ask(id, |wanted| {
                if value.is_null() {
                    wanted.elements.remove(element);
                } else {
                    wanted.elements.insert(element.into(), value);
                }
            })
            .await
            .unwrap_err();
        let Why::Elements { missing: told, names } = refused.why else {
            panic!("{refused:?}")
        };
        assert_eq!(
            (told, names.as_slice()),
            (missing, [element.to_owned()].as_slice())
        );
        assert_eq!(refused.transaction, Some((id, Status::Invalid)));
        assert_eq!(shopping.status(id).await, "INV");
    }
    assert!(shopping.world.script().areqs.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_card_of_the_vault_is_asked_about_by_its_number(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let gateway = &shopping.world.gateway;
    let token = "T".repeat(86) + "==";
    let id = shopping.world.clock.moment().fresh_id();
    let stored = CardToken {
        id,
        shop: shopping.shop.id,
        token_hash: gateway.vault().card_token_hash(&token),
        sealed_card: gateway.vault().seal_card_number(id, CARD).unwrap(),
        last_four: "9478".into(),
        created_at: shopping.world.clock.now(),
    };
    let audit = audit(&shopping.world);
    gateway.store().card_token_insert(&stored, &audit).await.unwrap();
    // Clients lose characters at its end.
    for given in [&token[..], token.trim_end_matches('='), &token[..87]] {
        let card = GivenCard::Token(Secret::new(given.to_owned()));
        let transaction = shopping.create(card.clone()).await.unwrap();
        shopping
            .ask(transaction, |wanted| wanted.card = card)
            .await
            .unwrap();
        assert_eq!(shopping.world.areq()["acctNumber"], CARD);
    }
    let unknown = GivenCard::Token(Secret::new("another".into()));
    let refused = shopping.create(unknown).await.unwrap_err();
    assert!(matches!(refused.why, Why::UnknownCardToken));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn another_shop_knows_nothing_of_it(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let id = shopping.created().await;
    let stranger = Shop {
        id: shopping.world.clock.moment().fresh_id(),
        ..shopping.shop.clone()
    };
    let gateway = &shopping.world.gateway;
    for refused in [
        gateway.threeds_query(&stranger, id).await.err(),
        gateway.threeds_open(&stranger, id).await.err(),
    ] {
        let refused = refused.unwrap();
        assert!(matches!(refused.why, Why::NotFound));
        assert!(refused.transaction.is_none());
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_a_directory_server_no_card_of_the_brand_takes_part(pool: PgPool) {
    let shopping = Shopping::new(pool).await;
    let new = NewTransaction {
        brand: Brand::Elo,
        card: number(),
        channel: DeviceChannel::Browser,
    };
    let refused = shopping.world.gateway.threeds_create(&shopping.shop, new).await;
    assert!(matches!(refused.unwrap_err().why, Why::CardNotSupported));
    let short = shopping.create(GivenCard::TooShort).await.unwrap_err();
    assert!(matches!(short.why, Why::CardNotSupported));
}
