//! What every fault of the connection comes to, and that the next message is carried again.

use super::*;

struct Case {
    kind: Kind,
    handed: fn(&Handed) -> bool,
    arrived: usize,
}

fn is_unknown(handed: &Handed) -> bool {
    *handed == Handed::Unknown
}

fn is_accepted(handed: &Handed) -> bool {
    matches!(handed, Handed::Accepted { .. })
}

#[tokio::test]
async fn every_fault_over_http_leaves_a_message_accepted_or_unknown() {
    let playground = Playground::open().await;
    let cases = [
        (Kind::Delay, is_accepted as fn(&Handed) -> bool, 1),
        (Kind::DropReply, is_unknown, 1),
        (Kind::Refuse, is_unknown, 0),
        (Kind::Http500, is_unknown, 0),
        (Kind::Garbage, is_unknown, 1),
        (Kind::Duplicate, is_accepted, 1),
    ];
    for target in ["sms", "sms-norte"] {
        each(&playground, "norte", target, &cases.map(case)).await;
    }
}

#[tokio::test]
async fn every_fault_over_smpp_leaves_a_message_accepted_or_unknown() {
    let playground = Playground::open().await;
    let cases = [
        (Kind::Delay, is_accepted as fn(&Handed) -> bool, 1),
        (Kind::DropReply, is_unknown, 1),
        (Kind::Refuse, is_unknown, 0),
        (Kind::Http500, is_unknown, 0),
        (Kind::Garbage, is_unknown, 1),
        // Nothing in SMPP tells a centre that it has had a message before.
        (Kind::Duplicate, is_accepted, 2),
    ];
    each(&playground, "centro", "smpp", &cases.map(case)).await;
}

fn case((kind, handed, arrived): (Kind, fn(&Handed) -> bool, usize)) -> Case {
    Case {
        kind,
        handed,
        arrived,
    }
}

async fn each(playground: &Playground, provider: &str, target: &str, cases: &[Case]) {
    for Case {
        kind,
        handed,
        arrived,
    } in cases
    {
        let before = playground.inbox(PHONE).len();
        playground.fault(target, *kind);
        let outcome = playground
            .hand_over(provider, &message(PHONE, "under a fault"))
            .await;
        assert!(handed(&outcome), "{target} {kind:?}: {outcome:?}");
        assert_eq!(
            playground.inbox(PHONE).len() - before,
            *arrived,
            "{target} {kind:?}"
        );
        carries_again(playground, provider).await;
    }
}

/// A session that broke is opened again within a moment.
async fn carries_again(playground: &Playground, provider: &str) {
    let again = async {
        loop {
            match playground.hand_over(provider, &message(PHONE, "again")).await {
                Handed::Accepted { .. } => return,
                Handed::NotTaken { .. } => sleep(Duration::from_millis(20)).await,
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn a_message_that_may_have_been_sent_is_not_sent_again_under_its_key() {
    let playground = Playground::open().await;
    for kind in [Kind::DropReply, Kind::Garbage, Kind::Refuse] {
        let before = playground.inbox(PHONE).len();
        playground.fault("sms-norte", kind);
        let message = message(PHONE, "once");
        assert_eq!(playground.hand_over("norte", &message).await, Handed::Unknown);
        let reference = playground.accepted("norte", &message).await;
        assert_eq!(playground.accepted("norte", &message).await, reference);
        assert_eq!(playground.inbox(PHONE).len() - before, 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_delay_longer_than_the_limit_leaves_a_message_unknown() {
    let playground = Playground::open().await;
    for (provider, target) in [("norte", "sms"), ("centro", "smpp")] {
        playground.faults.set(
            target,
            Fault {
                kind: Kind::Delay,
                delay: LIMIT * 2,
            },
            Some(1),
        );
        let handed = playground.hand_over(provider, &message(PHONE, provider)).await;
        assert_eq!(handed, Handed::Unknown, "{provider}");
        assert_eq!(playground.inbox(PHONE)[0].text, provider);
    }
}

#[tokio::test]
async fn who_is_busy_or_has_no_route_says_so_and_sends_nothing() {
    let playground = Playground::open().await;
    for (provider, target, busy, no_route) in [
        ("norte", "sms", "unavailable", "no_route"),
        ("sur", "sms-sur", "unavailable", "no_route"),
        ("centro", "smpp", "ESME_RTHROTTLED", "ESME_RSUBMITFAIL"),
    ] {
        playground.text_fault(target, TextFault::Busy);
        let handed = playground.hand_over(provider, &message(PHONE, "x")).await;
        assert_eq!(handed, not_taken(busy));
        playground.text_fault(target, TextFault::NoRoute);
        let handed = playground.hand_over(provider, &message(PHONE, "x")).await;
        assert_eq!(handed, refused(no_route, true));
    }
    assert!(playground.inbox(PHONE).is_empty());
    playground.text_fault("sms-norte", TextFault::Busy);
    playground.accepted("sur", &message(PHONE, "x")).await;
}
