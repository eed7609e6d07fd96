//! A consumer that is slow, fails or is dead delays nobody but itself.

use std::time::{Duration, Instant};

use tests::consumers::{Manner, percentile};
use tests::system::System;
use uuid::Uuid;

use crate::scene::{Scene, events_or};

/// Events in the run that `make test` makes.
const EVENTS: usize = 900;
/// How many are written at a time, and how often.
const BATCH: usize = 15;
const BEAT: Duration = Duration::from_millis(150);

/// What the slow one takes for each.
const SLOW: Duration = Duration::from_secs(5);

/// What the prompt one's p99 may be longer beside the others. Where one waits for another's answer, it waits for 5 s (the slow
/// one) or 10 s (the dead one), so that half of the shorter tells one from the other. What is allowed beside the ratio is for
/// two cores that everybody shares: the gateway has several times as much to do.
const RATIO: u32 = 3;
const ALLOWED: Duration = Duration::from_millis(2_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_at_once_does_not_notice_the_others() {
    let events = events_or(EVENTS);
    let scene = Scene::of(System::start_with("").await).await;
    let prompt = scene.endpoint("prompt", Manner::AtOnce).await;
    let slow = scene.endpoint("slow", Manner::After(SLOW)).await;
    let half = scene.endpoint("half", Manner::FailsHalf).await;
    let dead = scene.endpoint("dead", Manner::Dead).await;

    // Connections, keys and plans are there before anything counts.
    p99_of_prompt(&scene, BATCH * 5, &[prompt]).await;
    scene.consumers.forget();
    let alone = p99_of_prompt(&scene, events, &[prompt]).await;
    scene.consumers.forget();
    let together = p99_of_prompt(&scene, events, &[prompt, slow, half, dead]).await;

    let ratio = together.as_secs_f64() / alone.as_secs_f64();
    eprintln!(
        "{events} events: p99 {alone:?} alone, {together:?} beside the others, {ratio:.2} times as long"
    );
    assert!(
        together <= alone * RATIO + ALLOWED,
        "the others delay it: {alone:?} alone, {together:?} beside them"
    );

    // The one that fails has all of them too, and from the others nothing is lost: it has arrived or waits.
    scene.until_accepted("half", events).await;
    for (name, endpoint) in [("slow", slow), ("dead", dead)] {
        let (waiting, arrived) = (scene.open(endpoint), scene.consumers.accepted(name));
        assert!(
            arrived + waiting >= events,
            "{name}: {arrived} arrived, {waiting} wait"
        );
    }
    assert!(scene.consumers.accepted("slow") > 0);
    // The slow one becomes quick, and has them all soon.
    scene.consumers.set("slow", Manner::AtOnce);
    scene.until_accepted("slow", events).await;
    assert_eq!(scene.consumers.overlapping(), 0);
    scene.system.finish().await;
}

async fn p99_of_prompt(scene: &Scene, events: usize, endpoints: &[Uuid]) -> Duration {
    write(scene, events, endpoints).await;
    scene.until_accepted("prompt", events).await;
    percentile(&scene.consumers.lags("prompt"), 0.99)
}

/// Writes events at an even pace.
async fn write(scene: &Scene, events: usize, endpoints: &[Uuid]) {
    let mut outbox = scene.outbox().await;
    let (began, mut written) = (Instant::now(), 0);
    let mut beats = 0;
    while written < events {
        let batch = BATCH.min(events - written);
        outbox.write(batch, endpoints).await.unwrap();
        written += batch;
        beats += 1;
        tokio::time::sleep_until((began + BEAT * beats).into()).await;
    }
}
