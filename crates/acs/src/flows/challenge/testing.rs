//! A bank, its clock and a directory server, for tests of the flows.

mod directory;

use axum::Router;
use axum::routing::post;
use emv3ds::code::{ChallengeWindowSize, Component, DeviceChannel, ErrorCode, MessageCategory, TransStatus};
use emv3ds::message::{CReq, CRes, Erro, RReq, Received};
use emv3ds::{AcsTransId, DsTransId, Rules, ThreeDsServerTransId, Version, encoding};
use primitives::{Amount, Brand, Currency};
use sqlx::PgPool;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration as Wait;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::challenge::{ChallengeView, Pressed, Return, Screen};
use crate::clock::{Clock as _, SetClock};
use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use crate::keys::Keys;
use crate::language::Language;
use crate::phone::Phone;
use crate::policy::Policy;
use crate::service::{Acs, Parts, Settings};
use crate::sms::providers::Providers;
use crate::store::challenges::{self, NewChallenge, NewMeans, Way};
use crate::store::issuers::{self, Issuer};
use crate::store::transactions::{self, CardOf, MerchantFacts, Transaction};
use crate::store::{Store, deliveries};
use directory::take;
pub(crate) use directory::{Answer, Directory};

pub(crate) const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
pub(crate) const PROOF: &str = "AJkBAAAAAAAAAAAAAAAAAAAAAAA=";
const SESSION_DATA: &str = "c2hvcA";

/// One issuer with its service.
#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) acs: Acs,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) directory: Arc<Directory>,
    settings: Settings,
    pool: PgPool,
    /// The codes that were looked at.
    seen: Mutex<HashSet<(AcsTransId, u16)>>,
}

impl Bank {
    pub(crate) async fn open(pool: PgPool, policy: Policy) -> Self {
        let directory = Arc::new(Directory::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let results_url = format!("http://{}/results", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/results", post(take))
            .with_state(Arc::clone(&directory));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut settings = Settings::new("http://127.0.0.1:9");
        settings.production = false;
        settings.results_urls = [(Brand::Visa, results_url)].into();
        settings.timers.results_wait = Wait::from_secs(3);
        let clock = Arc::new(SetClock::at(START));
        let acs = service(&pool, &clock, &settings);
        let issuer = Issuer {
            issuer: issuer(),
            name: "Banco".into(),
            policy,
            created_at: START,
            updated_at: START,
        };
        issuers::insert(&acs.inner().store, &issuer).await.unwrap();
        Self {
            acs,
            clock,
            directory,
            settings,
            pool,
            seen: Mutex::default(),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.acs.inner().store
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The process dies and another one starts, with the same database, keys and settings.
    pub(crate) fn restart(&mut self) {
        self.acs = service(&self.pool, &self.clock, &self.settings);
    }

    pub(crate) fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.pass(Duration::seconds(seconds));
    }

    /// An AReq was answered `C`.
    pub(crate) async fn challenged(&self, number: u128, version: Version, means: NewMeans) -> AcsTransId {
        let patience = Duration::seconds(30);
        self.begun(number, version, means, Way::Browser { patience })
            .await
    }

    pub(crate) async fn begun(
        &self,
        number: u128,
        version: Version,
        means: NewMeans,
        way: Way,
    ) -> AcsTransId {
        let keys = &self.acs.inner().keys;
        let id = AcsTransId(Uuid::from_u128(number));
        let transaction = transaction(id, version, keys, matches!(way, Way::Decoupled { .. }));
        let mut open = self.pool.begin().await.unwrap();
        transactions::insert_in(&mut open, &transaction).await.unwrap();
        let new = NewChallenge {
            acs_trans_id: id,
            way,
            means,
            language: Language::Spanish,
        };
        challenges::begin_in(&mut open, keys, &new, self.clock.moment())
            .await
            .unwrap();
        open.commit().await.unwrap();
        id
    }

    /// The browser brings the CReq, as often as it likes.
    pub(crate) async fn brings(&self, id: AcsTransId, version: Version) -> Screen {
        self.acs
            .open_challenge(&creq(id, version), Some(SESSION_DATA))
            .await
            .unwrap()
    }

    /// The same, where a challenge is to be seen.
    pub(crate) async fn opens(&self, id: AcsTransId) -> ChallengeView {
        view(self.brings(id, Version::V2_2_0).await)
    }

    /// The screen as it is now.
    pub(crate) async fn looks(&self, id: AcsTransId) -> Screen {
        self.acs.challenge_page(&id.to_string()).await.unwrap()
    }

    /// The cardholder presses something on the screen as it is now.
    pub(crate) async fn presses(&self, id: AcsTransId, pressed: Pressed) -> Screen {
        let token = match self.looks(id).await {
            Screen::Challenge(view) => view.token.to_string(),
            Screen::Return(_) | Screen::Problem { .. } => String::new(),
        };
        self.acs.press(&id.to_string(), &token, pressed).await.unwrap()
    }

    /// The cardholder types something.
    pub(crate) async fn types(&self, id: AcsTransId, entry: &str) -> Screen {
        self.presses(id, Pressed::Submit(entry.to_owned().into())).await
    }

    /// What was queued for delivery since the last look: number, code and phone.
    pub(crate) async fn sent(&self) -> Vec<(u16, String, Option<String>)> {
        let leased = deliveries::tests::lease(self.store(), self.clock.nonce(), self.clock.now()).await;
        let keys = &self.acs.inner().keys;
        let read = |leased: &deliveries::Leased| {
            let (code, phone) = leased.open(keys).unwrap()?;
            let phone = phone.map(|phone| phone.reveal().to_owned());
            Some((leased.id.generation, code.reveal().to_owned(), phone))
        };
        let mut seen = self.seen.lock().unwrap();
        let fresh =
            |leased: &&deliveries::Leased| seen.insert((leased.id.acs_trans_id, leased.id.generation));
        leased.iter().filter(fresh).filter_map(read).collect()
    }

    /// The one code that was queued since the last look.
    pub(crate) async fn code(&self) -> String {
        let mut sent = self.sent().await;
        let (_, code, _) = sent.pop().expect("a code");
        assert_eq!(sent, [], "one code");
        code
    }

    /// So many results, once they are there: sent by whoever ended a challenge, or by a worker.
    pub(crate) async fn results(&self, count: usize) -> Vec<RReq> {
        for _ in 0..200 {
            self.acs.send_due_results().await.unwrap();
            if self.directory.bodies().len() >= count {
                return self.directory.received();
            }
            tokio::time::sleep(Wait::from_millis(20)).await;
        }
        panic!("{} results of {count}", self.directory.bodies().len())
    }

    /// The first cell of the first row.
    pub(crate) async fn tells<T>(&self, question: &'static str, id: AcsTransId) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(question)
            .bind(id.0)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

fn service(pool: &PgPool, clock: &Arc<SetClock>, settings: &Settings) -> Acs {
    Acs::new(Parts {
        store: Store::from_pool(pool.clone()),
        keys: Keys::for_tests(),
        clock: Arc::clone(clock) as Arc<dyn crate::clock::Clock>,
        settings: settings.clone(),
        providers: Providers::default(),
    })
    .unwrap()
}

pub(crate) fn issuer() -> IssuerId {
    IssuerId::parse("banco-0001").unwrap()
}

pub(crate) fn card() -> CardId {
    CardId::parse("card-1").unwrap()
}

/// So many phones, and nothing else.
pub(crate) fn phones(count: u8) -> NewMeans {
    let phone = |number| Phone::parse(&format!("+52551234567{number}")).unwrap();
    NewMeans {
        phones: (0..count).map(phone).collect(),
        ..NewMeans::default()
    }
}

pub(crate) fn app_and_phone() -> NewMeans {
    NewMeans {
        app: true,
        ..phones(1)
    }
}

/// A code that is surely not this one.
pub(crate) fn other_than(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    let rest: String = code.chars().skip(1).collect();
    format!("{first}{rest}")
}

pub(crate) fn view(screen: Screen) -> ChallengeView {
    match screen {
        Screen::Challenge(view) => *view,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn returned(screen: Screen) -> Return {
    match screen {
        Screen::Return(back) => back,
        other => panic!("{other:?}"),
    }
}

/// The status of the CRes that takes the browser back.
pub(crate) fn status_of_cres(screen: Screen) -> TransStatus {
    let back = returned(screen);
    assert_eq!(back.field, encoding::CRES_FIELD);
    assert_eq!(back.url, "https://shop.example/3ds");
    assert_eq!(back.session_data.as_deref(), Some(SESSION_DATA));
    let rules = Rules::received_by(Component::Server, &Version::ALL);
    match rules.read_form::<CRes>(&back.value).unwrap() {
        Received::Message(cres) => cres.trans_status,
        Received::Erro(erro) => panic!("{erro:?}"),
    }
}

/// The code of the Erro that takes the browser back.
pub(crate) fn code_of_erro(screen: Screen) -> ErrorCode {
    let back = returned(screen);
    assert_eq!(back.field, encoding::ERRO_FIELD);
    let rules = Rules::received_by(Component::Server, &Version::ALL);
    match rules.read_form::<Erro>(&back.value).unwrap() {
        Received::Message(erro) | Received::Erro(erro) => erro.error_code,
    }
}

pub(crate) fn creq_message(id: AcsTransId, version: Version) -> CReq {
    CReq {
        message_version: version,
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::from_u128(id.0.as_u128() + 1_000)),
        acs_trans_id: id,
        challenge_window_size: ChallengeWindowSize::W500H600,
        message_extension: None,
    }
}

pub(crate) fn form(creq: &CReq) -> String {
    Rules::received_by(Component::Acs, &Version::ALL)
        .write_form(creq)
        .unwrap()
}

pub(crate) fn creq(id: AcsTransId, version: Version) -> String {
    form(&creq_message(id, version))
}

/// What an AReq left behind.
pub(crate) fn transaction(id: AcsTransId, version: Version, keys: &Keys, decoupled: bool) -> Transaction {
    let status = if decoupled {
        TransStatus::DecoupledChallenge
    } else {
        TransStatus::ChallengeRequired
    };
    let proof = keys
        .seal(&transactions::proof_context(id), PROOF.as_bytes())
        .unwrap();
    Transaction {
        acs_trans_id: id,
        three_ds_server_trans_id: ThreeDsServerTransId(Uuid::from_u128(id.0.as_u128() + 1_000)),
        ds_trans_id: DsTransId(Uuid::from_u128(id.0.as_u128() + 2_000)),
        brand: Brand::Visa,
        version,
        channel: DeviceChannel::Browser,
        category: MessageCategory::Payment,
        card: Some(CardOf {
            issuer: issuer(),
            product: ProductId::parse("gold").unwrap(),
            card: card(),
            consumer: ConsumerId::parse("ana"),
            last_four: "4242".into(),
        }),
        merchant: MerchantFacts {
            name: "Electronic Store".into(),
            id: None,
            country: None,
            mcc: None,
        },
        amount: Some(Amount::new(123_456, Currency::MXN).unwrap()),
        notification_url: Some("https://shop.example/3ds".into()),
        browser_language: None,
        device_hash: None,
        address_hash: None,
        status,
        reason: None,
        eci: None,
        proof: Some(proof),
        decoupled_fallback: false,
        decoupled_minutes: None,
        explanation: serde_json::json!({}),
        decided_at: START,
        end: None,
    }
}

impl Acs {
    /// Lets something happen that ends the challenge, and dies before the result is sent.
    pub(crate) async fn dies_after(&self, id: AcsTransId, event: crate::challenge::Event) {
        let facts = self.facts(id).await.unwrap().unwrap();
        let happened = super::step::Happened::Event(event);
        let super::step::Came::Stepped(stepped) = self.step(&facts, happened).await.unwrap() else {
            panic!("nothing came of it")
        };
        stepped.report.unwrap().abort();
    }
}
