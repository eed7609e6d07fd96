//! The gateway is killed and the database restarted while webhooks are on their way: every event arrives at everybody who
//! lives, and no message is ever delivered twice at the same time.
//!
//! The more events there are, the more are written between two blows, so that with many of them thousands are waiting when one
//! falls.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use sandbox::private_postgres::{Flavour, PrivatePostgres};
use tests::cards::Card;
use tests::consumers::Manner;
use tests::database::Database;
use tests::merchant::PURCHASE_V2;
use tests::process::LOOK_EVERY;
use tests::system::System;
use uuid::Uuid;

use crate::scene::{SETTINGS, Scene, events_or};

/// Events in the run that `make test` makes, without those of purchases.
const EVENTS: usize = 664;
/// How often some of them are written, and how often between two blows.
const BEAT: Duration = Duration::from_millis(200);
const BEATS: usize = 20;
/// Purchases among them, which write their events in the payments' own transactions.
const PURCHASES: usize = 4;
/// What falls while events are written.
const BLOWS: [Blow; 4] = [
    Blow::KillGateway,
    Blow::RestartPostgres,
    Blow::KillGateway,
    Blow::CrashPostgres,
];

#[derive(Clone, Copy, Debug)]
enum Blow {
    KillGateway,
    /// As an administrator does it: connections are cut, everything is written.
    RestartPostgres,
    /// As if its machine had failed: what was not yet durable is gone.
    CrashPostgres,
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_sent_twice_at_once() {
    let folder = Folder(std::env::temp_dir().join(format!("pasarela-losses-{}", Uuid::new_v4().simple())));
    std::fs::create_dir_all(&folder.0).unwrap();
    let mut postgres = PrivatePostgres::start(Flavour::Measured, &folder.0).unwrap();
    let database = Database::create_on(postgres.database_url());
    let mut scene = Scene::of(System::start_on(database, SETTINGS).await).await;
    let endpoints = [
        scene.endpoint("prompt", Manner::AtOnce).await,
        scene
            .endpoint("slow", Manner::After(Duration::from_millis(700)))
            .await,
        scene.endpoint("half", Manner::FailsHalf).await,
    ];

    // One batch a beat, one after each kill, while nobody is there to send it, and one at the end.
    let kills = BLOWS
        .iter()
        .filter(|blow| matches!(blow, Blow::KillGateway))
        .count();
    let batch = events_or(EVENTS).div_ceil(BLOWS.len() * BEATS + kills + 1);
    let mut outbox = scene.outbox().await;
    let mut written: Vec<Uuid> = Vec::new();
    for blow in BLOWS {
        let purchases = tokio::spawn(buy(scene.system.merchant.clone()));
        for _ in 0..BEATS {
            written.extend(outbox.write_surely(batch, &endpoints).await);
            tokio::time::sleep(BEAT).await;
        }
        purchases.await.unwrap();
        match blow {
            Blow::KillGateway => {
                scene.system.kill_gateway().await;
                written.extend(outbox.write_surely(batch, &endpoints).await);
                scene.system.start_gateway().await;
            }
            Blow::RestartPostgres => tokio::task::block_in_place(|| postgres.restart()).unwrap(),
            Blow::CrashPostgres => {
                let crash = std::process::Command::new("kill")
                    .args(["-QUIT", &postgres.process_id().to_string()])
                    .status();
                assert!(crash.unwrap().success());
                tokio::task::block_in_place(|| postgres.restart()).unwrap();
            }
        }
    }
    written.extend(outbox.write_surely(batch, &endpoints).await);

    // Those of the purchases are events like the others.
    let question = "SELECT 'evt_' || replace(id::text, '-', '') FROM events";
    let told: HashSet<String> = scene
        .system
        .database
        .ask(question)
        .lines()
        .map(str::to_owned)
        .collect();
    assert!(
        told.len() >= written.len() + PURCHASES * BLOWS.len(),
        "{} events",
        told.len()
    );
    // It was slow while things fell; what still waits for it need not take as long again.
    scene.consumers.set("slow", Manner::AtOnce);
    for name in ["prompt", "slow", "half"] {
        scene.until_accepted(name, told.len()).await;
        let arrived = scene.consumers.messages(name);
        let missing: Vec<_> = told.iter().filter(|id| !arrived.contains_key(*id)).collect();
        assert!(missing.is_empty(), "{name} never got {missing:?}");
        let repeated = arrived.values().filter(|message| message.accepted > 1).count();
        eprintln!(
            "{name}: {} messages, {repeated} of them more than once",
            arrived.len()
        );
    }
    assert_eq!(
        scene.consumers.overlapping(),
        0,
        "a message was delivered twice at the same time"
    );
    scene.system.finish().await;
    drop(postgres);
}

/// Buys at a gateway that works; one that does not is asked until it does.
async fn buy(merchant: tests::merchant::Merchant) {
    for _ in 0..PURCHASES {
        let body = merchant.one_step_body(45_000, &Card::visa(0));
        let key = body["order"]["order_id"].as_str().unwrap().to_owned();
        while merchant.post_with_key(PURCHASE_V2, &key, &body).await.status != 200 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
