//! What processors tell, early, late, twice, forged, and while our own processes die.

use super::{
    notifications::{NotTaken, Notification},
    testing::World,
};
use primitives::{Id, id::kind};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

impl World {
    fn connection(&self, processor: &str) -> Id<kind::Connection> {
        let known = self.caller.merchant.connections.iter();
        let mut known = known.map(|known| &known.connection);
        let found = known.find(|connection| connection.processor_name == processor);
        found.unwrap().id
    }

    /// Posts what the processor says, signed as it should be.
    pub(super) async fn tell(&self, said: &str) -> Result<&'static str, NotTaken> {
        self.tell_as("plain", said).await
    }

    /// The same of a processor by that name.
    pub(super) async fn tell_as(&self, processor: &str, said: &str) -> Result<&'static str, NotTaken> {
        let notification = Notification {
            processor_name: processor.to_owned(),
            connection: self.connection(processor),
            headers: vec![("signature".into(), "right".into())],
            body: said.as_bytes().to_vec(),
        };
        self.gateway.notification_received(notification).await
    }

    async fn notices(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM processor_notices")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// The reference that the last charge was sent with.
    fn reference(&self) -> String {
        let script = self.script();
        script.charges.last().unwrap()["reference"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// An order whose charge got no usable answer.
    async fn of_unknown_outcome(&self, key: &str) -> Id<kind::Order> {
        self.script().charge = "?";
        let order = self.order().await;
        self.purchase(order, Some(key)).await.unwrap();
        assert_eq!(self.words(order).await.2, "DP-6003");
        order
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_notification_settles_a_charge_whose_answer_was_lost(pool: PgPool) {
    let world = World::new(pool).await;
    for (said, status) in [("approved", "processed"), ("declined", "denied")] {
        let order = world.of_unknown_outcome(said).await;
        let told = format!("id-{said} charge {} {said}", world.reference());
        assert_eq!(world.tell(&told).await.unwrap(), "[accepted]");
        assert_eq!(world.words(order).await.1, status);
    }
    assert_eq!(world.script().charges.len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_repeated_notification_is_answered_alike_and_means_nothing_more(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.of_unknown_outcome("key-1").await;
    let told = format!("id-1 charge {} approved", world.reference());
    for _ in 0..3 {
        assert_eq!(world.tell(&told).await.unwrap(), "[accepted]");
    }
    let contradiction = format!("id-2 charge {} declined", world.reference());
    assert_eq!(world.tell(&contradiction).await.unwrap(), "[accepted]");
    assert_eq!(world.words(order).await.1, "processed");
    assert_eq!(world.notices().await, 2);
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE event_type = 'order.succeeded'")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(told, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_notification_that_is_faster_than_the_answer_waits_for_it(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    world.script().charge = "held";
    let order = world.order().await;
    let paying = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.purchase(order, None).await.unwrap() }
    });
    let told = charge_of(&world).await;
    let telling = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.tell(&format!("id-1 charge {told} approved")).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.words(order).await.1, "processing");
    world.script().charge = "approved";
    assert_eq!(telling.await.unwrap(), "[accepted]");
    let answer = paying.await.unwrap();
    assert_eq!(answer.document.payment_status(), Some("processed"));
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_notification_about_a_charge_whose_answer_does_not_come_counts(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    world.script().charge = "held";
    let order = world.order().await;
    let paying = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.purchase(order, Some("key-1")).await.unwrap() }
    });
    let reference = charge_of(&world).await;
    let told = format!("id-1 charge {reference} approved");
    assert_eq!(world.tell(&told).await.unwrap(), "[accepted]");
    assert_eq!(world.words(order).await.1, "processed");
    // The answer comes after all, and contradicts: what the processor told first was signed.
    world.script().charge = "declined";
    assert_eq!(paying.await.unwrap().document.payment_status(), Some("processed"));
    assert!(world.purchase(order, Some("key-1")).await.unwrap().replayed);
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn news_that_prove_too_little_are_asked_for(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.of_unknown_outcome("key-1").await;
    world.script().inquiry = "approved";
    let told = format!("id-1 charge {} news", world.reference());
    world.tell(&told).await.unwrap();
    world.comes_to(order, "processed").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_ours_changes_nothing_and_is_not_told_again(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.of_unknown_outcome("key-1").await;
    let told = format!(
        "id-1 charge 0000 approved\nid-2 dispute {} opened",
        world.reference()
    );
    assert_eq!(world.tell(&told).await.unwrap(), "[accepted]");
    assert_eq!(world.words(order).await.2, "DP-6003");
    assert_eq!(world.notices().await, 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_verified_is_not_believed(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.of_unknown_outcome("key-1").await;
    let right = Notification {
        processor_name: "plain".into(),
        connection: world.connection("plain"),
        headers: vec![("signature".into(), "right".into())],
        body: format!("id-1 charge {} approved", world.reference()).into_bytes(),
    };
    let forged = Notification {
        headers: vec![("signature".into(), "wrong".into())],
        ..right.clone()
    };
    let elsewhere = Notification {
        connection: Id::from_uuid(order.uuid()),
        ..right.clone()
    };
    let otherwise = Notification {
        processor_name: "other".into(),
        ..right.clone()
    };
    let unreadable = Notification {
        body: b"id-1 charge".to_vec(),
        ..right
    };
    for (notification, expected) in [
        (forged, "signature missing or wrong"),
        (elsewhere, "no such connection"),
        (otherwise, "no such connection"),
        (unreadable, "unreadable: a word is missing"),
    ] {
        let refused = world
            .gateway
            .notification_received(notification)
            .await
            .unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
    assert_eq!(world.words(order).await.2, "DP-6003");
    assert_eq!(world.notices().await, 0);
}

/// Waits for the charge to be out, and answers its reference.
async fn charge_of(world: &World) -> String {
    for _ in 0..500 {
        if !world.script().charges.is_empty() {
            return world.reference();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing was charged");
}
