//! Receipts that are late, missing, doubled, out of order, wrong or somebody else's.

use super::ReceiptStatus::{Delivered, Sent, Undelivered};
use super::*;

#[tokio::test]
async fn receipts_come_twice_in_reverse_or_wrong_if_so_ordered() {
    let playground = Playground::open().await;
    for (provider, target) in [("norte", "sms"), ("sur", "sms-sur"), ("centro", "smpp")] {
        for (fault, told) in [
            (
                TextFault::ReceiptsRepeated,
                &[Sent, Sent, Delivered, Delivered][..],
            ),
            (TextFault::ReceiptsReversed, &[Delivered, Sent]),
            (TextFault::ReceiptsUndelivered, &[Sent, Undelivered]),
        ] {
            playground.text_fault(target, fault);
            let reference = playground.accepted(provider, &message(PHONE, "x")).await;
            let heard = playground.heard.wait_for(&reference, told.len()).await;
            assert_eq!(heard, told, "{provider} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_receipt_of_somebody_else_is_not_believed() {
    let playground = Playground::open().await;
    playground.text_fault("sms", TextFault::ReceiptsForged);
    let reference = playground.accepted("norte", &message(PHONE, "x")).await;
    let forged = async {
        while playground.heard.all().len() < 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, forged).await.unwrap();
    assert_eq!(
        playground.heard.all(),
        [Err(ReceiptRefused::Signature), Err(ReceiptRefused::Signature)]
    );
    playground.text_fault("smpp", TextFault::ReceiptsForged);
    let other = playground.accepted("centro", &message(PHONE, "x")).await;
    playground.heard.wait_for("not-yours", 2).await;
    assert!(playground.heard.of(&reference).is_empty());
    assert!(playground.heard.of(&other).is_empty());
}

#[tokio::test]
async fn nothing_is_heard_of_a_message_whose_receipts_are_missing() {
    let playground = Playground::open().await;
    for (provider, target) in [("norte", "sms"), ("centro", "smpp")] {
        playground.text_fault(target, TextFault::ReceiptsMissing);
        let silent = playground.accepted(provider, &message(PHONE, "x")).await;
        let heard = playground.accepted(provider, &message(PHONE, "x")).await;
        playground.heard.wait_for(&heard, 2).await;
        assert!(playground.heard.of(&silent).is_empty());
    }
}

#[tokio::test]
async fn receipts_wait_for_a_session_that_broke() {
    let playground = Playground::open().await;
    let reference = playground.accepted("centro", &message(PHONE, "x")).await;
    // The session ends before the first receipt is due.
    playground.fault("smpp", Kind::Refuse);
    playground.hand_over("centro", &message(PHONE, "x")).await;
    assert_eq!(playground.heard.wait_for(&reference, 2).await, [Sent, Delivered]);
}
