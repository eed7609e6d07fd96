//! The log of events from outside: nothing is skipped or repeated, and whoever waits is woken.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tests::cards::Card;
use tests::http::Answer;
use tests::merchant::Merchant;
use tests::system::System;
use uuid::Uuid;

use crate::scene::Scene;

/// Much less than what was waited for, much more than an answer takes.
const AT_ONCE: Duration = Duration::from_secs(20);
/// Writers at a time, the transactions of each, and the events of each of those.
const WRITERS: usize = 4;
const TRANSACTIONS: usize = 40;
const EVENTS: usize = 3;

async fn ask(merchant: &Merchant, path: &str) -> Answer {
    merchant.try_call(Method::GET, path, &[], None).await.unwrap()
}

async fn read(merchant: &Merchant, path: &str) -> Value {
    let answer = ask(merchant, path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn types(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_merchant_reads_what_webhooks_tell_and_no_other_s() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let paid = merchant.buy(43_000, &Card::visa(0)).await;
    let denied = merchant.buy(43_051, &Card::visa(0)).await;
    let told = merchant.webhooks(paid.reference(), 1).await;

    // An event shows once nothing older can still be committed, which may be a moment after its purchase was answered.
    let mut page = read(merchant, "/events").await;
    let impatient = Instant::now();
    while types(&page).len() < 2 && impatient.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = read(merchant, "/events").await;
    }
    assert_eq!(types(&page), ["order.succeeded", "order.pending"]);
    assert_eq!(page["has_more"], false);
    let first = &page["events"][0];
    for member in ["event_id", "event_type", "created_at", "order"] {
        assert_eq!(first[member], told[0].body[member], "{member}");
    }
    assert_eq!(page["events"][1]["order"]["token"], denied.token());

    // One by one, by type, and one alone.
    let one = read(merchant, "/events?limit=1").await;
    assert_eq!(
        (types(&one), &one["has_more"]),
        (vec!["order.succeeded"], &true.into())
    );
    let next = one["next"].as_str().unwrap();
    let rest = read(merchant, &format!("/events?after={next}")).await;
    assert_eq!(types(&rest), ["order.pending"]);
    assert_eq!(
        types(&read(merchant, "/events?event_type=order.pending").await),
        ["order.pending"]
    );
    let id = first["event_id"].as_str().unwrap();
    assert_eq!(read(merchant, &format!("/events/{id}")).await["event"], *first);
    assert_eq!(
        read(merchant, &format!("/events/{}", told[0].id())).await["event"],
        *first
    );

    // Another merchant has neither the events nor a use for the cursor.
    let other = &system.proceeding;
    assert_eq!(types(&read(other, "/events").await), [""; 0]);
    assert_eq!(ask(other, &format!("/events/{id}")).await.status, 404);
    let refused = ask(other, &format!("/events?after={next}")).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (400, "EMA-1002"));
    assert!(
        refused.error_description().starts_with("after: "),
        "{}",
        refused.text
    );
    system.finish().await;
}

#[tokio::test]
async fn whoever_waits_is_woken_by_what_another_process_does() {
    let system = System::start().await;
    let another = system.start_another_gateway().await;
    let there = system.merchant.at(&another.url);
    let before = read(&there, "/events").await;
    let next = before["next"].as_str().unwrap().to_owned();

    let started = Instant::now();
    let waiting = format!("/events?after={next}&wait=60");
    let choosy = format!("/events?after={next}&wait=60&event_type=order.succeeded");
    let buying = async {
        // Nothing tells from outside that a reader waits; one that came late would find the event at once.
        tokio::time::sleep(Duration::from_millis(500)).await;
        system.merchant.buy(43_151, &Card::visa(0)).await;
        system.merchant.buy(43_100, &Card::visa(0)).await
    };
    let (page, chosen, paid) = tokio::join!(read(&there, &waiting), read(&there, &choosy), buying);
    assert!(
        started.elapsed() < AT_ONCE,
        "woken by chance: {:?}",
        started.elapsed()
    );
    assert_eq!(types(&page)[0], "order.pending");
    assert_eq!(types(&chosen), ["order.succeeded"]);
    assert_eq!(chosen["events"][0]["order"]["token"], paid.token());

    // Where nothing happens, the time is waited for, and the place stays good.
    let end = chosen["next"].as_str().unwrap();
    let started = Instant::now();
    let empty = read(&there, &format!("/events?after={end}&wait=1")).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!((types(&empty).len(), &empty["next"]), (0, &end.into()));
    system.finish().await;
}

/// Writers whose transactions overlap, so that events appear in another order than their ids and times have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_follows_skips_nothing_and_sees_nothing_twice() {
    let scene = Scene::of(System::start().await).await;
    let merchant = scene.system.merchant.clone();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let mut outbox = scene.outbox().await;
        writers.spawn(async move {
            let mut written = Vec::new();
            for number in 0..TRANSACTIONS {
                let held = Duration::from_millis(((writer * 7 + number * 13) % 40) as u64);
                written.extend(outbox.write_slowly(EVENTS, held).await.unwrap());
            }
            written
        });
    }
    let following = async {
        let (mut seen, mut after) = (Vec::new(), String::new());
        while seen.len() < WRITERS * TRANSACTIONS * EVENTS {
            let page = read(&merchant, &format!("/events?limit=7&wait=20&after={after}")).await;
            let events = page["events"].as_array().unwrap();
            assert!(!events.is_empty(), "nothing more after {} events", seen.len());
            seen.extend(
                events
                    .iter()
                    .map(|event| event["event_id"].as_str().unwrap().parse::<Uuid>().unwrap()),
            );
            after = page["next"].as_str().unwrap().to_owned();
        }
        seen
    };
    let (seen, written) = tokio::join!(following, writers.join_all());
    let written: HashSet<Uuid> = written.into_iter().flatten().collect();
    let distinct: HashSet<Uuid> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "something was seen twice");
    assert_eq!(distinct, written);
    assert!(
        !seen.is_sorted(),
        "the transactions did not overlap, so this showed nothing"
    );
    scene.system.finish().await;
}
