//! Webhooks that were on their way when the gateway died.

use tests::cards::Card;
use tests::system::System;

use super::{NO_ANSWER, SETTINGS, killed_and_started_again};

/// What was sent and not noted is sent again, with the same id, so that the receiver can tell.
#[tokio::test]
async fn while_a_webhook_is_out() {
    let mut system = System::start_with(SETTINGS).await;
    system
        .outside
        .fault("merchant", "delay", Some(1), NO_ANSWER)
        .await;
    let order = system.merchant.buy(47_300, &Card::visa(0)).await;
    system.merchant.webhooks(order.reference(), 1).await;

    killed_and_started_again(&mut system).await;

    let webhooks = system.merchant.webhooks(order.reference(), 2).await;
    assert_eq!(webhooks[0].id(), webhooks[1].id());
    assert_eq!(webhooks[0].body["order"], webhooks[1].body["order"]);
    system.finish().await;
}

/// What was not sent at all is sent by the next process.
#[tokio::test]
async fn before_a_webhook_is_out() {
    let mut system = System::start_with(SETTINGS).await;
    // The receiver is down, so whatever is tried before the end leaves nothing behind there.
    system.outside.fault("merchant", "refuse", None, None).await;
    let order = system.merchant.buy(47_400, &Card::visa(0)).await;
    system.kill_gateway().await;
    system.outside.clear_faults().await;
    system.start_gateway().await;
    let webhooks = system.merchant.webhooks(order.reference(), 1).await;
    assert_eq!(webhooks[0].news(), ("order.succeeded", "processed"));
    system.finish().await;
}
