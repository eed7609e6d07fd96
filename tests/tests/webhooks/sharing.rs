//! Several processes of one gateway share the work of one database.

use std::time::Duration;

use tests::consumers::Manner;
use tests::process::eventually;
use tests::system::System;

use crate::scene::{SETTINGS, Scene};

const EVENTS: usize = 600;
const BATCH: usize = 60;
/// How much later than the lease's end its delivery may be taken over: a look of the other process, on a busy machine.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_takes_a_part_and_none_what_another_has() {
    let system = System::start_with(SETTINGS).await;
    let others = [
        system.start_another_gateway().await,
        system.start_another_gateway().await,
    ];
    let scene = Scene::of(system).await;
    let endpoints = [
        scene.endpoint("prompt", Manner::AtOnce).await,
        // Long enough on their way that a second sender would be noticed.
        scene
            .endpoint("slow", Manner::After(Duration::from_millis(250)))
            .await,
    ];
    let mut outbox = scene.outbox().await;
    for _ in 0..EVENTS / BATCH {
        outbox.write(BATCH, &endpoints).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for name in ["prompt", "slow"] {
        eventually(&format!("everything at {name}"), async || {
            scene.consumers.accepted(name) == EVENTS
        })
        .await;
        let messages = scene.consumers.messages(name);
        assert!(
            messages.values().all(|message| message.began.len() == 1),
            "{name}: something came twice"
        );
    }
    let admin = scene.system.sandbox_json["admin"]["url"].as_str().unwrap();
    let mut shares = Vec::new();
    // A process counts what it has the answer to, which the consumer knows a little before.
    eventually("everything counted by the processes", async || {
        shares.clear();
        for admin in [admin, &others[0].admin_url, &others[1].admin_url] {
            shares.push(delivered(&scene.system, admin).await);
        }
        shares.iter().sum::<usize>() >= 2 * EVENTS
    })
    .await;
    eprintln!("delivered by each process: {shares:?}");
    assert_eq!(shares.iter().sum::<usize>(), 2 * EVENTS);
    assert!(
        shares.iter().all(|share| *share > 0),
        "one did nothing: {shares:?}"
    );
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_had_on_its_way_is_taken_over_when_its_lease_ends() {
    let mut scene = Scene::of(System::start_with(SETTINGS).await).await;
    let endpoint = scene.endpoint("holding", Manner::Dead).await;
    let other = scene.endpoint("prompt", Manner::AtOnce).await;
    let mut outbox = scene.outbox().await;
    outbox.write(3, &[endpoint]).await.unwrap();
    eventually("deliveries that are held", async || {
        scene.consumers.messages("holding").len() == 3
    })
    .await;

    // At once: an attempt that is given up because it takes too long would be repeated without regard to its lease.
    let lease_ends = scene.lease_ends(endpoint);
    scene.system.kill_gateway().await;
    scene.consumers.set("holding", Manner::AtOnce);
    let _another = scene.system.start_another_gateway().await;

    // The one that lives works meanwhile.
    outbox.write(3, &[other]).await.unwrap();
    eventually("what is written now", async || {
        scene.consumers.accepted("prompt") == 3
    })
    .await;

    eventually("what the dead one had", async || {
        scene.consumers.accepted("holding") == 3
    })
    .await;
    for message in scene.consumers.messages("holding").values() {
        assert_eq!(message.began.len(), 2, "{message:?}");
        let again = message.began[1];
        assert!(
            again >= lease_ends,
            "taken over {:?} too soon",
            lease_ends - again
        );
        let late = again - lease_ends;
        assert!(late < TAKEN_OVER_WITHIN, "taken over late: {late:?}");
    }
    assert_eq!(scene.consumers.overlapping(), 0);
    scene.system.finish().await;
}

/// How many deliveries a process has made, by its metrics.
async fn delivered(system: &System, admin: &str) -> usize {
    let metrics = system.http.get(&format!("{admin}/metrics")).await.text;
    let counts = metrics.lines().filter(|line| {
        line.starts_with("pasarela_webhook_attempts_total") && line.contains(r#"outcome="delivered""#)
    });
    counts
        .map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
        .sum()
}
