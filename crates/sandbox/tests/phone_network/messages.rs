//! What arrives, and numbers that mean something.

use super::*;

#[tokio::test]
async fn a_long_message_arrives_in_one_piece_with_a_receipt_for_each_part() {
    let playground = Playground::open().await;
    for text in ["[€] ".repeat(100), "認証コード 😀 ".repeat(30)] {
        let reference = playground.accepted("centro", &message(PHONE, &text)).await;
        assert_eq!(playground.inbox(PHONE)[0].text, text);
        let parts: Vec<&str> = reference.split(',').collect();
        assert!(parts.len() > 2, "{reference}");
        for part in parts {
            let told = playground.heard.wait_for(part, 2).await;
            assert_eq!(told.last(), Some(&ReceiptStatus::Delivered));
        }
    }
}

#[tokio::test]
async fn messages_without_a_sender_of_their_own_come_from_the_provider() {
    let playground = Playground::open().await;
    for (provider, sender) in [("norte", "norte"), ("centro", "sandbox")] {
        let anonymous = TextMessage {
            sender: None,
            ..message(PHONE, "x")
        };
        playground.accepted(provider, &anonymous).await;
        assert_eq!(playground.inbox(PHONE)[0].sender, sender);
    }
    for sender in ["+15005550006", "70707", "Mi Banco"] {
        for provider in ALL {
            let from = TextMessage {
                sender: Some(sender.to_owned()),
                ..message(PHONE, "x")
            };
            playground.accepted(provider, &from).await;
        }
    }
}

#[tokio::test]
async fn many_messages_at_once_all_arrive() {
    let playground = Arc::new(Playground::open().await);
    let all: Vec<_> = (0..60)
        .map(|number| {
            let playground = Arc::clone(&playground);
            tokio::spawn(async move {
                let provider = ALL[number % ALL.len()];
                let message = message(PHONE, &format!("message {number}"));
                playground.provider(provider).hand_over(&message, PATIENCE).await
            })
        })
        .collect();
    for handed in all {
        assert!(matches!(handed.await.unwrap(), Handed::Accepted { .. }));
    }
    assert_eq!(playground.inbox(PHONE).len(), 60);
}

#[tokio::test]
async fn the_last_digits_of_a_number_decide() {
    let playground = Playground::open().await;
    for (provider, busy, nobody) in [
        ("norte", "unavailable", "invalid_number"),
        ("centro", "ESME_RTHROTTLED", "ESME_RINVDSTADR"),
    ] {
        let handed = playground
            .hand_over(provider, &message("+525512340001", "x"))
            .await;
        assert_eq!(handed, refused(nobody, false));
        let message_of_two_tries = message("+525512340002", provider);
        let handed = playground.hand_over(provider, &message_of_two_tries).await;
        assert_eq!(handed, not_taken(busy));
        playground.accepted(provider, &message_of_two_tries).await;
        let handed = playground
            .hand_over(provider, &message("+525512340003", provider))
            .await;
        assert_eq!(handed, Handed::Unknown);
        assert_eq!(
            playground.inbox("+525512340003")[0].text,
            provider,
            "it arrived nevertheless"
        );
        let reference = playground
            .accepted(provider, &message("+525512340004", "x"))
            .await;
        let told = playground.heard.wait_for(&reference, 2).await;
        assert_eq!(told, [ReceiptStatus::Sent, ReceiptStatus::Undelivered]);
    }
    assert!(playground.inbox("+525512340001").is_empty());
    assert_eq!(playground.inbox("+525512340002").len(), 2);
    assert!(playground.inbox("+525512340004").is_empty());
}

#[tokio::test]
async fn a_message_may_arrive_when_its_time_is_over() {
    let playground = Playground::open().await;
    for provider in ["norte", "centro"] {
        let short = TextMessage {
            validity: time::Duration::seconds(1),
            ..message("+525512340005", provider)
        };
        let reference = playground.accepted(provider, &short).await;
        assert!(
            playground
                .inbox("+525512340005")
                .iter()
                .all(|sms| sms.text != provider)
        );
        playground.heard.wait_for(&reference, 2).await;
        assert_eq!(playground.inbox("+525512340005")[0].text, provider);
    }
}
