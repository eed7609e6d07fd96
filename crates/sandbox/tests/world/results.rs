//! How an RReq reaches a 3DS Server that is slow, down or confused.

use emv3ds::code::TransStatus;

use crate::browser::{code_for, open_challenge, press};
use crate::server::{Manner, Playground, status_of};

/// Goes through a challenge and answers how many RReqs left until the browser was sent back.
async fn rreqs_when_answered(playground: &Playground, manners: &[Manner]) -> usize {
    playground.results.take_next(manners);
    let ares = playground
        .authenticate(&playground.areq("4000000000001059"))
        .await;
    let page = open_challenge(playground, &ares).await;
    let code = code_for(playground, &page).await;
    let back = press(playground, &page, &code, "submit").await;
    assert!(back.hidden.contains_key("cres"));
    for rreq in playground.results.received() {
        assert_eq!(status_of(&rreq, &ares), TransStatus::Authenticated);
    }
    playground.results.received().len()
}

#[tokio::test]
async fn cut_connections_are_tried_again_until_the_result_is_delivered() {
    let playground = Playground::open().await;
    let cuts = [Manner::Cut; 5];
    assert_eq!(rreqs_when_answered(&playground, &cuts).await, 6);
}

#[tokio::test]
async fn after_a_time_out_nothing_is_sent_again() {
    let playground = Playground::open().await;
    assert_eq!(rreqs_when_answered(&playground, &[Manner::Silence]).await, 1);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(playground.results.received().len(), 1);
}

#[tokio::test]
async fn a_receipt_for_something_else_is_noticed() {
    let playground = Playground::open().await;
    assert_eq!(rreqs_when_answered(&playground, &[Manner::Strange]).await, 1);
    let id = playground.results.received()[0].three_ds_server_trans_id;
    let messages = playground.get(&format!("/messages?authentication={id}")).await;
    let faults: Vec<_> = messages
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|seen| seen["fault"].as_str())
        .collect();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("301"), "{faults:?}");
}
