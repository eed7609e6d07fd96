//! Sessions: how they are kept, how they end, and what that leaves of the messages in them.

use super::*;

#[tokio::test]
async fn more_messages_than_the_window_holds_wait_for_their_turn() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider_with(SmppSettings {
        window: 2,
        ..centre.settings()
    });
    let provider = Arc::new(provider);
    let mut client = centre.bound().await;
    let all: Vec<_> = (0..3)
        .map(|_| {
            let provider = Arc::clone(&provider);
            tokio::spawn(async move { provider.hand_over(&text("x"), LIMIT).await })
        })
        .collect();
    let (first, _) = client.submitted().await;
    let (second, _) = client.submitted().await;
    assert!(
        timeout(Duration::from_millis(100), client.from.next())
            .await
            .is_err(),
        "the third waits"
    );
    client.take(&second, Status::ROK, "second").await;
    let (third, _) = client.submitted().await;
    client.take(&first, Status::ROK, "first").await;
    client.take(&third, Status::ROK, "third").await;
    for handed in all {
        assert!(matches!(handed.await.unwrap(), Handed::Accepted { .. }));
    }
}

#[tokio::test]
async fn receipts_are_acknowledged_and_handed_on() {
    let centre = Centre::open().await;
    let (_provider, mut receipts) = centre.provider();
    let mut client = centre.bound().await;
    let receipt = ShortMessage {
        source: Address::default(),
        destination: Address::default(),
        esm_class: 0x04,
        validity_period: String::new(),
        registered_delivery: 0,
        data_coding: 0,
        short_message: b"id:m-1 sub:001 dlvrd:000 stat:UNDELIV err:034".to_vec().into(),
        tlvs: Vec::new(),
    };
    client.send(&Pdu::request(77, Body::DeliverSm(receipt))).await;
    let acknowledged = client.next().await;
    assert_eq!((acknowledged.sequence, acknowledged.status), (77, Status::ROK));
    assert_eq!(acknowledged.body, Body::DeliverSmResp);
    let receipt = timeout(PATIENCE, receipts.recv()).await.unwrap().unwrap();
    assert_eq!(
        (receipt.provider.as_str(), receipt.provider_reference.as_str()),
        ("centro", "m-1")
    );
    assert_eq!(receipt.status, ReceiptStatus::Undelivered);
    assert_eq!(receipt.code.as_deref(), Some("034"));
}

#[tokio::test]
async fn a_silent_link_is_tried_and_given_up() {
    let centre = Centre::open().await;
    let (_provider, _receipts) = centre.provider_with(SmppSettings {
        enquire_link_seconds: 1,
        ..centre.settings()
    });
    let mut client = centre.bound().await;
    let enquiry = client.next().await;
    assert_eq!(enquiry.body, Body::EnquireLink);
    client.answer(&enquiry, Status::ROK, Body::EnquireLinkResp).await;
    assert_eq!(
        client.next().await.body,
        Body::EnquireLink,
        "which is not answered"
    );
    assert!(client.is_closed().await);
    centre.bound().await;
}

#[tokio::test]
async fn the_centre_may_ask_and_end_and_talk_nonsense() {
    let centre = Centre::open().await;
    let (_provider, _receipts) = centre.provider();
    let mut client = centre.bound().await;
    client.send(&Pdu::request(5, Body::EnquireLink)).await;
    assert_eq!(client.next().await.body, Body::EnquireLinkResp);
    let nonsense = Body::Unknown { command_id: 0x103 };
    client.send(&Pdu::request(6, nonsense)).await;
    let refusal = client.next().await;
    assert_eq!(
        (refusal.status, refusal.body),
        (Status::RINVCMDID, Body::GenericNack)
    );
    // A deliver_sm that ends in the middle.
    client
        .to
        .write_all(&[0, 0, 0, 17, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0])
        .await
        .unwrap();
    let refusal = client.next().await;
    assert_eq!((refusal.status, refusal.sequence), (Status::RINVCMDLEN, 7));
    client.send(&Pdu::request(8, Body::Unbind)).await;
    assert_eq!(client.next().await.body, Body::UnbindResp);
    assert!(client.is_closed().await);
    // The next session ends at once: nobody announces four gigabytes.
    let mut client = centre.bound().await;
    client.to.write_all(&[0xff; 64]).await.unwrap();
    assert!(client.is_closed().await);
    centre.bound().await;
}

#[tokio::test]
async fn a_provider_that_is_dropped_says_goodbye() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let mut client = centre.bound().await;
    drop(provider);
    assert_eq!(client.next().await.body, Body::Unbind);
}

#[tokio::test]
async fn a_session_that_dies_leaves_its_messages_unknown_and_the_next_one_serves() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let provider = Arc::new(provider);
    let messenger = Arc::clone(&provider);
    let handed = tokio::spawn(async move { messenger.hand_over(&text("x"), Duration::from_secs(60)).await });
    let mut client = centre.bound().await;
    client.submitted().await;
    drop(client);
    assert_eq!(handed.await.unwrap(), Handed::Unknown, "long before its limit");
    let mut client = centre.bound().await;
    let handed = tokio::spawn(async move { provider.hand_over(&text("x"), LIMIT).await });
    let (pdu, _) = client.submitted().await;
    client.take(&pdu, Status::ROK, "m-2").await;
    assert_eq!(handed.await.unwrap(), accepted("m-2"));
}

#[tokio::test]
async fn a_message_right_after_a_session_died_waits_for_the_next_one() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let provider = Arc::new(provider);
    let messenger = Arc::clone(&provider);
    let lost = tokio::spawn(async move { messenger.hand_over(&text("x"), Duration::from_secs(60)).await });
    let mut client = centre.bound().await;
    client.submitted().await;
    drop(client);
    assert_eq!(lost.await.unwrap(), Handed::Unknown);
    // The end of the session is known by now, and nobody is bound yet.
    let handed = tokio::spawn(async move { provider.hand_over(&text("y"), Duration::from_secs(60)).await });
    let mut client = centre.bound().await;
    let (pdu, _) = client.submitted().await;
    client.take(&pdu, Status::ROK, "m-2").await;
    assert_eq!(handed.await.unwrap(), accepted("m-2"));
}

#[tokio::test]
async fn nobody_at_the_other_end_takes_no_message() {
    let centre = Centre::open().await;
    let (mut settings, limit) = (centre.settings(), Duration::from_secs(3));
    drop(centre);
    let (sender, _receipts) = mpsc::channel(1);
    settings.name = "nobody".to_owned();
    let provider = SmppProvider::connect(settings, Arc::new(SystemClock), sender).unwrap();
    assert_eq!(
        provider.hand_over(&text("x"), limit).await,
        not_taken("not_connected")
    );
}

#[tokio::test]
async fn a_bind_that_is_refused_takes_no_message_and_is_tried_again() {
    let centre = Centre::open().await;
    let (provider, _receipts) = centre.provider();
    let handed = tokio::spawn(async move {
        let first = provider.hand_over(&text("x"), LIMIT).await;
        (first, provider)
    });
    let mut client = centre.accept().await;
    let bind = client.next().await;
    let system_id = String::new();
    client
        .answer(&bind, Status::RINVPASWD, Body::BindTransceiverResp { system_id })
        .await;
    let (first, _provider) = handed.await.unwrap();
    assert_eq!(first, not_taken("not_connected"));
    centre.bound().await;
}
