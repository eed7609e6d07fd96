//! A directory server that answers PReqs as a test says, one answer after the other, and remembers what it was asked.

use super::*;
use crate::{administration::testing::ACTOR, flows::testing::World};
use emv3ds::Version;
use flate2::{Compression, write::GzEncoder};
use primitives::Pan;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::{collections::VecDeque, io::Write, sync};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the directory server does when it is asked next.
enum Act {
    /// Answers with this, made for the PReq's identifier.
    Pres(Value),
    /// The same, packed.
    Packed(Value),
    /// Answers with an Erro of this code and detail.
    Erro(&'static str, &'static str),
    /// Closes the connection without a word.
    HangUp,
    /// Sends a file: all of it, or this many bytes and then nothing.
    File(Vec<u8>, Option<usize>),
    /// Sends the rest of a file from the byte asked for.
    Rest(Vec<u8>),
}

#[derive(Default)]
struct Script {
    acts: VecDeque<Act>,
    /// Heads and bodies, in order.
    asked: Vec<(String, Value)>,
}

struct Directory {
    script: Arc<sync::Mutex<Script>>,
    url: String,
}

impl Directory {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(sync::Mutex::new(Script::default()));
        let served = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&served)));
            }
        });
        Self { script, url }
    }

    fn then(&self, act: Act) -> &Self {
        self.script.lock().unwrap().acts.push_back(act);
        self
    }

    fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }

    fn serials(&self) -> Vec<Value> {
        self.asked()
            .into_iter()
            .map(|(_, preq)| preq["serialNum"].clone())
            .collect()
    }
}

async fn answer(stream: TcpStream, script: Arc<sync::Mutex<Script>>) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) <= 2 {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let asked: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let act = {
        let mut script = script.lock().unwrap();
        script.asked.push((head.clone(), asked.clone()));
        script.acts.pop_front()
    };
    let with_id = |mut message: Value| {
        message["threeDSServerTransID"] = asked["threeDSServerTransID"].clone();
        message.to_string().into_bytes()
    };
    let (status, more, content, sent) = match act {
        None | Some(Act::HangUp) => return,
        Some(Act::Pres(pres)) => ("200 OK", String::new(), with_id(pres), None),
        Some(Act::Packed(pres)) => (
            "200 OK",
            "content-encoding: gzip\r\n".to_owned(),
            packed(&with_id(pres)),
            None,
        ),
        Some(Act::Erro(code, detail)) => {
            let erro = json!({
                "messageType": "Erro", "messageVersion": "2.2.0", "errorCode": code, "errorComponent": "D",
                "errorDescription": "refused", "errorDetail": detail, "errorMessageType": "PReq",
            });
            ("200 OK", String::new(), with_id(erro), None)
        }
        Some(Act::File(file, sent)) => (
            "200 OK",
            "content-encoding: gzip\r\netag: \"one\"\r\n".to_owned(),
            file,
            sent,
        ),
        Some(Act::Rest(file)) => {
            let from = head.split("range: bytes=").nth(1).unwrap();
            let from: usize = from.split('-').next().unwrap().parse().unwrap();
            let range = format!(
                "content-range: bytes {from}-{}/{}\r\n",
                file.len() - 1,
                file.len()
            );
            ("206 Partial Content", range, file[from..].to_vec(), None)
        }
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n",
        content.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let sent = sent.unwrap_or(content.len());
    let _ = stream.write_all(&content[..sent]).await;
    let _ = stream.flush().await;
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn entry(first: u64, action: &str) -> Value {
    json!({
        "ranges": [{ "startRange": first.to_string(), "endRange": (first + 999_999).to_string() }],
        "actionInd": action,
        "acsProtocolVersions": [{ "version": "2.2.0", "threeDSMethodURL": "https://acs.example/method" }],
    })
}

fn pres(serial: Option<&str>, entries: Option<Vec<Value>>) -> Value {
    let mut pres = json!({
        "messageType": "PRes", "messageVersion": "2.3.1",
        "dsTransID": "22222222-2222-4222-8222-222222222222",
        "dsProtocolVersions": ["2.2.0", "2.3.1"],
    });
    if let Some(serial) = serial {
        pres["serialNum"] = json!(serial);
    }
    if let Some(entries) = entries {
        pres["cardRangeData"] = json!(entries);
    }
    pres
}

const FIRST: u64 = 4_000_000_000_000_000;
const SECOND: u64 = 4_000_000_001_000_000;
const IN_FIRST: &str = "4000000000001000";

/// A gateway with this directory server for Visa, which it has not asked yet.
async fn world(pool: PgPool, directory: &Directory) -> World {
    let world = World::speaking(pool, &Version::ALL).await;
    set(&world, Brand::Visa, &directory.url).await;
    world
}

async fn set(world: &World, brand: Brand, url: &str) {
    let document = json!({ "url": url, "connect_timeout_ms": 1_000, "read_timeout_ms": 2_000 });
    let set = world.administration.directory_server_set(ACTOR, brand, &document);
    set.await.unwrap();
}

fn enrolled(world: &World, card: &str) -> bool {
    let found = world.gateway.directories().enrollment(&Pan::parse(card).unwrap());
    found.is_some_and(|enrollment| enrollment.method_url.is_some())
}

async fn load(world: &World) -> CardRangeSchedule {
    world.gateway.load_card_ranges().await.unwrap()
}

/// Looks once more, after the clock has gone on.
async fn later(world: &World, schedule: &mut CardRangeSchedule, seconds: i64) {
    world.clock.advance(time::Duration::seconds(seconds));
    for look in world.gateway.look_after_card_ranges(schedule).await.unwrap() {
        look.await.unwrap();
    }
}

fn last(schedule: &CardRangeSchedule) -> LastPreq {
    let known = schedule.0[&Brand::Visa].try_lock().unwrap();
    known.as_ref().unwrap().last
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn ranges_are_loaded_packed_kept_up_to_date_and_there_again_after_a_restart(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool, &directory).await;
    directory.then(Act::Packed(pres(Some("1"), Some(vec![entry(FIRST, "A")]))));
    let mut schedule = load(&world).await;
    assert!(enrolled(&world, IN_FIRST));
    let (head, preq) = directory.asked().remove(0);
    assert!(head.contains("accept-encoding: gzip"));
    assert_eq!(
        (&preq["messageVersion"], &preq["cardRangeDataDownloadInd"]),
        (&json!("2.3.1"), &json!("Y"))
    );

    // Nothing is due for twelve hours; then only what changed is asked for.
    later(&world, &mut schedule, 3_600 * 11).await;
    assert!(directory.asked().is_empty());
    let changes = vec![entry(SECOND, "A"), entry(FIRST, "D")];
    directory.then(Act::Pres(pres(Some("2"), Some(changes))));
    later(&world, &mut schedule, 3_601).await;
    assert_eq!(directory.serials(), [json!("1")]);
    assert!(!enrolled(&world, IN_FIRST));
    assert!(enrolled(&world, "4000000001000001"));

    // A process that starts at once has the ranges and asks nobody; a minute later it asks for what changed.
    world.gateway.directories().keep_only(&[]);
    load(&world).await;
    assert!(directory.asked().is_empty());
    assert!(enrolled(&world, "4000000001000001"));
    directory.then(Act::Pres(pres(Some("2"), None)));
    world.clock.advance(time::Duration::seconds(60));
    load(&world).await;
    assert_eq!(directory.serials(), [json!("2")]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_serial_number_and_an_impossible_change_ask_for_everything_at_once(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool, &directory).await;
    directory.then(Act::Pres(pres(Some("1"), Some(vec![entry(FIRST, "A")]))));
    let mut schedule = load(&world).await;
    directory.asked();

    directory
        .then(Act::Erro("307", "serialNum"))
        .then(Act::Pres(pres(Some("2"), Some(vec![entry(FIRST, "A")]))));
    later(&world, &mut schedule, 3_600 * 12).await;
    assert_eq!(directory.serials(), [json!("1"), Value::Null]);

    // Deleting what is not there: told 206, in a request of its own, and everything is asked for.
    directory
        .then(Act::Pres(pres(Some("3"), Some(vec![entry(SECOND, "D")]))))
        .then(Act::Pres(pres(Some("3"), Some(vec![entry(FIRST, "A")]))));
    later(&world, &mut schedule, 3_600 * 12).await;
    let mut asked = Vec::new();
    for _ in 0..100 {
        asked.extend(directory.asked().into_iter().map(|(_, message)| message));
        if asked.len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let erro = asked
        .iter()
        .find(|message| message["messageType"] == "Erro")
        .unwrap();
    assert_eq!(
        (&erro["errorCode"], &erro["errorComponent"]),
        (&json!("206"), &json!("S"))
    );
    assert!(enrolled(&world, IN_FIRST));
    assert!(matches!(last(&schedule), LastPreq::Applied { .. }));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_directory_server_that_wants_peace_has_it_for_an_hour(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool, &directory).await;
    directory.then(Act::Erro("103", "-"));
    let mut schedule = load(&world).await;
    assert_eq!(directory.asked().len(), 1);
    later(&world, &mut schedule, 3_599).await;
    assert!(directory.asked().is_empty());
    // A process that starts meanwhile leaves it in peace as well.
    load(&world).await;
    assert!(directory.asked().is_empty());
    directory.then(Act::Pres(pres(Some("1"), Some(vec![entry(FIRST, "A")]))));
    later(&world, &mut schedule, 1).await;
    assert!(enrolled(&world, IN_FIRST));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_unreachable_directory_server_is_asked_again_at_once_and_then_every_minute(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool, &directory).await;
    directory.then(Act::HangUp).then(Act::HangUp);
    let mut schedule = load(&world).await;
    assert_eq!(directory.asked().len(), 2);
    assert!(matches!(last(&schedule), LastPreq::Unreachable { times: 2, .. }));
    // Until it answers, its cards count as taking part.
    let pan = Pan::parse(IN_FIRST).unwrap();
    assert!(world.gateway.directories().enrollment(&pan).is_some());
    later(&world, &mut schedule, 59).await;
    assert!(directory.asked().is_empty());
    directory.then(Act::Pres(pres(Some("1"), Some(vec![entry(FIRST, "A")]))));
    later(&world, &mut schedule, 1).await;
    assert!(enrolled(&world, IN_FIRST));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_brand_s_fault_stops_no_other_s_refresh(pool: PgPool) {
    let (broken, sound) = (Directory::open().await, Directory::open().await);
    let world = world(pool.clone(), &broken).await;
    set(&world, Brand::Mastercard, &sound.url).await;
    // Nothing can be written about one of them.
    sqlx::query(
        "ALTER TABLE card_range_caches ADD CHECK (brand <> 'visa' OR directory_url LIKE '%/directory')",
    )
    .execute(&pool)
    .await
    .unwrap();
    sound.then(Act::Pres(pres(
        Some("1"),
        Some(vec![entry(5_200_000_000_000_000, "A")]),
    )));
    load(&world).await;
    assert!(enrolled(&world, "5200000000001005"));
    assert!(broken.asked().is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_version_is_followed_by_the_next_lower_one(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool, &directory).await;
    let older = json!({
        "messageType": "PRes", "messageVersion": "2.2.0", "serialNum": "1",
        "dsTransID": "22222222-2222-4222-8222-222222222222",
        "dsStartProtocolVersion": "2.1.0", "dsEndProtocolVersion": "2.2.0",
        "cardRangeData": [{
            "startRange": "4000000000000000", "endRange": "4000000000999999",
            "acsStartProtocolVersion": "2.1.0", "acsEndProtocolVersion": "2.3.1",
            "threeDSMethodURL": "https://acs.example/method",
        }],
    });
    directory
        .then(Act::Erro("102", "2.1.0,2.2.0"))
        .then(Act::Pres(older));
    let mut schedule = load(&world).await;
    let versions: Vec<_> = directory
        .asked()
        .into_iter()
        .map(|(_, preq)| preq["messageVersion"].clone())
        .collect();
    assert_eq!(versions, [json!("2.3.1"), json!("2.2.0")]);
    let pan = Pan::parse(IN_FIRST).unwrap();
    let enrollment = world.gateway.directories().enrollment(&pan).unwrap();
    assert_eq!(enrollment.version, Version::V2_2_0);
    // From then on it is asked in the version it speaks.
    directory.then(Act::HangUp);
    later(&world, &mut schedule, 3_600 * 12).await;
    let (_, preq) = directory.asked().remove(0);
    assert_eq!(
        (&preq["messageVersion"], &preq["serialNum"]),
        (&json!("2.2.0"), &json!("1"))
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_that_breaks_off_is_taken_up_where_it_did(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool, &directory).await;
    let entries: Vec<_> = (0..2_000).map(|n| entry(FIRST + n * 1_000_000, "D")).collect();
    let file = packed(json!({ "cardRangeData": entries }).to_string().as_bytes());
    let mut named = pres(Some("1"), None);
    named["cardRangeDataFileURL"] = json!(format!("{}/ranges.json", directory.url));
    directory
        .then(Act::Pres(named))
        .then(Act::File(file.clone(), Some(file.len() / 3)))
        .then(Act::Rest(file));
    load(&world).await;
    let asked = directory.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[1].0.starts_with("get /ranges.json"));
    assert!(asked[2].0.contains("range: bytes=") && asked[2].0.contains("if-range: \"one\""));
    let known = world.gateway.directories().of(Brand::Visa).unwrap();
    assert_eq!((known.ranges.len(), known.ranges.serial()), (2_000, Some("1")));
    assert!(enrolled(&world, IN_FIRST));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_its_file_a_directory_server_is_asked_for_the_ranges_themselves(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool, &directory).await;
    let mut named = pres(Some("1"), None);
    named["cardRangeDataFileURL"] = json!(format!("{}/ranges.json", directory.url));
    directory.then(Act::Pres(named)).then(Act::HangUp);
    let mut schedule = load(&world).await;
    assert!(matches!(last(&schedule), LastPreq::FileFailed { .. }));
    directory.asked();
    directory.then(Act::Pres(pres(Some("1"), Some(vec![entry(FIRST, "A")]))));
    later(&world, &mut schedule, 3_600).await;
    let (_, preq) = directory.asked().remove(0);
    assert_eq!(preq.get("cardRangeDataDownloadInd"), None);
    assert!(enrolled(&world, IN_FIRST));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn another_directory_server_under_the_same_brand_starts_from_nothing(pool: PgPool) {
    let (old, new) = (Directory::open().await, Directory::open().await);
    let world = world(pool, &old).await;
    old.then(Act::Pres(pres(Some("1"), Some(vec![entry(FIRST, "A")]))));
    let mut schedule = load(&world).await;
    assert!(enrolled(&world, IN_FIRST));
    set(&world, Brand::Visa, &new.url).await;
    new.then(Act::Pres(pres(Some("9"), Some(vec![entry(SECOND, "A")]))));
    later(&world, &mut schedule, 1).await;
    assert_eq!(new.serials(), [Value::Null]);
    assert!(!enrolled(&world, IN_FIRST) && enrolled(&world, "4000000001000001"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_processes_one_asks_and_the_other_loads_what_it_stored(pool: PgPool) {
    let directory = Directory::open().await;
    let world = world(pool.clone(), &directory).await;
    directory.then(Act::Pres(pres(Some("1"), Some(vec![entry(FIRST, "A")]))));
    let (mut one, mut other) = (load(&world).await, load(&world).await);
    assert_eq!(directory.asked().len(), 1);
    directory.then(Act::Pres(pres(Some("2"), Some(vec![entry(SECOND, "A")]))));
    later(&world, &mut one, 3_600 * 12).await;
    later(&world, &mut other, 1).await;
    assert_eq!(directory.serials(), [json!("1")]);
    let known = other.0[&Brand::Visa].try_lock().unwrap();
    assert_eq!(known.as_ref().unwrap().ranges.len(), 2);
}
