//! 3-D Secure: without a challenge the order is answered at once, with one the browser brings the result back.

use serde_json::json;
use tests::cardholder::{End, Temper};
use tests::cards::Card;
use tests::directlink::feedback::Feedback;
use tests::directlink::signature::Hash;
use tests::directlink::{Request, Shop};
use tests::system::System;

use super::{account, opened, until};

const FRICTIONLESS: &str = "4186455175836497";
const CHALLENGED: &str = "4874970686672022";

/// A shop that is told how it ended by the browser and by a request of ours.
async fn told_shop(system: &System, pspid: &str) -> Shop {
    let hooks = |tag: &str| format!("{}/merchant/hooks/{pspid}-{tag}", system.outside.url());
    let said = json!({
        "feedback_on_redirect": true,
        "post_sale_accept_url": hooks("accepted"),
        "post_sale_decline_url": hooks("declined"),
        "attempts_max": 2,
    });
    opened(system, account(system, pspid, Hash::Sha512), said).await
}

/// An order that says where the browser is to go.
fn order(shop: &Shop, cents: i64, number: &str) -> Request {
    shop.authenticated_order(cents, &Card::numbered(number, "737"))
        .with("ACCEPTURL", "https://shop.example/accepted?own=1")
        .with("DECLINEURL", "https://shop.example/declined")
        .with("EXCEPTIONURL", "https://shop.example/uncertain")
        .with("CANCELURL", "https://shop.example/cancelled")
        .with("PARAMPLUS", "session=a%26b&basket=7")
        .with("COMPLUS", "for us alone")
}

/// Where our page of the protocol sends the browser that came back from the hosted page.
async fn sent_on(system: &System, end: &End) -> String {
    let back = end.redirect.as_deref().expect("a way back");
    assert!(back.contains("/ncol/test/order_A3DS.asp?token="), "{back}");
    let answer = system.http.get(back).await;
    assert!(
        matches!(answer.status, 302 | 303),
        "{}: {}",
        answer.status,
        answer.text
    );
    answer.header("location").to_owned()
}

#[tokio::test]
async fn without_a_challenge_the_order_is_answered_at_once() {
    let system = System::start().await;
    let shop = system.directlink();
    let order = order(&shop, 11_000, FRICTIONLESS);

    let paid = shop.pays(&order).await;

    assert_eq!(paid.told(), ("5", "0"), "{paid:?}");
    assert_eq!(paid.get("ECI"), "5");
    let charge = system.outside.only_charge(order.value("ORDERID")).await;
    assert_eq!(charge["eci"], "05");
    assert!(charge["authentication_value"].is_string(), "{charge}");
    let told = shop.asks(&[("PAYID", paid.payid())]).await;
    assert_eq!((told.get("ECI"), told.get("PAYIDSUB")), ("5", "0"));
    assert_eq!(told.get("IP"), "203.0.113.7");
    // What went through no browser is paid without it where nobody can authenticate the holder.
    let nobody = shop
        .pays(&shop.authenticated_order(11_100, &Card::not_enrolled()))
        .await;
    assert_eq!(nobody.told(), ("5", "0"), "{nobody:?}");
    assert!(matches!(nobody.get("ECI"), "7" | "6"), "{nobody:?}");
    // Failed: nothing is charged.
    let failed = shop.pays(&shop.authenticated_order(11_200, &Card::visa(1))).await;
    assert_eq!(failed.told(), ("0", "40001134"), "{failed:?}");
    assert_eq!(failed.get("NCSTATUS"), "5");
    system.finish().await;
}

#[tokio::test]
async fn a_challenge_that_is_passed_brings_the_browser_to_the_shop() {
    let system = System::start().await;
    let shop = told_shop(&system, "passed").await;
    let order = order(&shop, 12_050, CHALLENGED).with("OPERATION", "SAL");
    let waiting = shop.pays(&order).await;
    assert_eq!(waiting.told(), ("46", "0"), "{waiting:?}");
    assert_eq!(waiting.get("ACCEPTANCE"), "");
    let payid = waiting.payid();
    let told = shop.asks(&[("PAYID", payid)]).await;
    assert_eq!(told.status(), "46", "{told:?}");
    let early = shop.maintains(payid, "SAS", None).await;
    assert_eq!(early.told(), ("0", "50001127"), "{early:?}");
    system.outside.no_charge(order.value("ORDERID")).await;

    let end = system
        .cardholder
        .authenticates(&waiting.page_url(), Temper::TypesTheCode)
        .await;

    let location = sent_on(&system, &end).await;
    assert!(
        location.starts_with("https://shop.example/accepted?own=1&"),
        "{location}"
    );
    let feedback = Feedback::of_redirect(&location);
    feedback.assert_signed_by(&shop.account);
    let charge = system.outside.only_charge(order.value("ORDERID")).await;
    assert_eq!(
        (&charge["eci"], &charge["amount"]),
        (&json!("05"), &json!(12_050))
    );
    let expected = |told: &Feedback| {
        for (name, value) in [
            ("orderID", order.value("ORDERID")),
            ("currency", "EUR"),
            ("amount", "120.5"),
            ("PM", "CreditCard"),
            ("CARDNO", "XXXXXXXXXXXX2022"),
            ("ED", "1139"),
            ("CN", "Ana Torres"),
            ("PAYID", payid),
            ("NCERROR", "0"),
            ("BRAND", "VISA"),
            ("IP", "203.0.113.7"),
            ("ECI", "5"),
            ("COMPLUS", "for us alone"),
            ("session", "a&b"),
            ("basket", "7"),
        ] {
            assert_eq!(told.get(name), value, "{name} in {told:?}");
        }
        assert!(matches!(told.get("STATUS").as_str(), "9" | "91"), "{told:?}");
        assert!(!told.get("ACCEPTANCE").is_empty(), "{told:?}");
    };
    expected(&feedback);
    until(&shop, &[("PAYID", payid)], "9").await;

    // The same by a request of ours, which needs no browser.
    let hooks = system.outside.hooks("passed-accepted", 0).await;
    let told = Feedback::read(hooks[0]["raw_body"].as_str().unwrap());
    told.assert_signed_by(&shop.account);
    expected(&told);

    // Coming back again shows the same and charges nothing.
    assert_eq!(sent_on(&system, &end).await, location);
    system.outside.only_charge(order.value("ORDERID")).await;
    let again = shop.pays(&order).await;
    assert_eq!((again.error(), again.payid()), ("50001113", payid));
    system.finish().await;
}

#[tokio::test]
async fn a_challenge_that_is_failed_or_cancelled_charges_nothing() {
    let system = System::start().await;
    let shop = told_shop(&system, "failed").await;

    // Twice is as often as this shop allows: the first time a page of ours offers another try, the second is the end.
    let declined = order(&shop, 13_000, CHALLENGED);
    for try_number in [1, 2] {
        let waiting = shop.pays(&declined).await;
        assert_eq!(waiting.status(), "46", "{waiting:?}");
        let end = system
            .cardholder
            .authenticates(&waiting.page_url(), Temper::TypesRubbish)
            .await;
        let told = shop.asks(&[("PAYID", waiting.payid())]).await;
        assert_eq!(told.told(), ("0", "40001134"), "{told:?}");
        if try_number == 1 {
            let back = system.http.get(end.redirect.as_deref().unwrap()).await;
            assert_eq!(back.status, 200, "{}", back.text);
            assert!(back.text.contains("order_agree.asp"), "{}", back.text);
        } else {
            let location = sent_on(&system, &end).await;
            assert!(
                location.starts_with("https://shop.example/declined"),
                "{location}"
            );
            let feedback = Feedback::of_redirect(&location);
            feedback.assert_signed_by(&shop.account);
            assert_eq!(feedback.get("NCERROR"), "40001134", "{feedback:?}");
        }
    }
    system.outside.no_charge(declined.value("ORDERID")).await;

    // Whoever cancels does not want another try.
    for temper in [Temper::CancelsAtTheBank, Temper::CancelsAtThePage] {
        let cancelled = order(&shop, 13_100, CHALLENGED);
        let waiting = shop.pays(&cancelled).await;
        let end = system.cardholder.authenticates(&waiting.page_url(), temper).await;
        let told = shop.asks(&[("PAYID", waiting.payid())]).await;
        if temper == Temper::CancelsAtThePage {
            assert_eq!(told.status(), "1", "{told:?}");
            let location = sent_on(&system, &end).await;
            assert!(
                location.starts_with("https://shop.example/cancelled"),
                "{location}"
            );
            let feedback = Feedback::of_redirect(&location);
            feedback.assert_signed_by(&shop.account);
            assert_eq!(feedback.get("STATUS"), "1", "{feedback:?}");
        } else {
            assert!(matches!(told.status(), "0" | "1"), "{told:?}");
        }
        system.outside.no_charge(cancelled.value("ORDERID")).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn an_exemption_goes_straight_to_the_authorisation() {
    let system = System::start().await;
    let shop = system.directlink();
    for (flag, indicator) in [
        ("FLAG3D", "03"),
        ("FLAG3DS", "04"),
        ("FLAG3D", "05"),
        ("FLAG3DS", "06"),
        ("FLAG3D", "07"),
        ("FLAG3D", "08"),
        ("FLAG3DS", "09"),
    ] {
        let exempt = order(&shop, 14_000, CHALLENGED)
            .without("FLAG3D")
            .with(flag, "N")
            .with("3DS_EXEMPTION_INDICATOR", indicator);
        let paid = shop.pays(&exempt).await;
        assert_eq!(paid.told(), ("5", "0"), "{indicator}: {paid:?}");
        assert_eq!(paid.get("ECI"), "7", "{indicator}: {paid:?}");
        let charge = system.outside.only_charge(exempt.value("ORDERID")).await;
        assert!(charge["authentication_value"].is_null(), "{charge}");
    }
    assert_eq!(
        system
            .outside
            .messages(None)
            .await
            .iter()
            .filter(|it| it["message_type"] == "AReq")
            .count(),
        0,
        "nobody was asked to authenticate anybody"
    );

    // The issuer insists.
    let insisted = order(&shop, 14_065, CHALLENGED)
        .with("FLAG3D", "N")
        .with("3DS_EXEMPTION_INDICATOR", "04");
    let refused = shop.pays(&insisted).await;
    assert_eq!(
        (refused.status(), refused.get("NCSTATUS")),
        ("2", "3"),
        "{refused:?}"
    );

    let unsaid = order(&shop, 14_100, CHALLENGED).with("FLAG3D", "N");
    let answer = shop.pays(&unsaid).await;
    answer.assert_complains("50001111", "3DS_EXEMPTION_INDICATOR");
    for indicator in ["01", "02", "10", "x"] {
        let answer = shop
            .pays(&unsaid.clone().with("3DS_EXEMPTION_INDICATOR", indicator))
            .await;
        answer.assert_complains("50001111", "3DS_EXEMPTION_INDICATOR");
    }
    let both = unsaid
        .clone()
        .with("FLAG3DS", "Y")
        .with("3DS_EXEMPTION_INDICATOR", "04");
    shop.pays(&both).await.assert_complains("50001111", "FLAG3D");
    let neither = unsaid.without("FLAG3D").with("FLAG3D", "X");
    shop.pays(&neither).await.assert_complains("50001111", "FLAG3D");
    system.finish().await;
}

/// What the shop would like the issuer to do reaches it.
#[tokio::test]
async fn the_shop_may_ask_for_a_challenge() {
    let system = System::start().await;
    let shop = system.directlink();
    for (name, given, asked) in [
        ("Mpi.threeDSRequestorChallengeIndicator", "03", "03"),
        ("MPI.THREEDSREQUESTORCHALLENGEINDICATOR", "2", "02"),
    ] {
        let order = order(&shop, 15_000, CHALLENGED).with(name, given);
        let waiting = shop.pays(&order).await;
        assert_eq!(waiting.status(), "46", "{waiting:?}");
        let messages = system.outside.messages(None).await;
        let last = messages.iter().rfind(|it| it["message_type"] == "AReq");
        let message = &last.expect("an AReq")["message"];
        assert_eq!(message["threeDSRequestorChallengeInd"], asked, "{message}");
    }
    let unknown = order(&shop, 15_100, CHALLENGED).with("Mpi.threeDSRequestorChallengeIndicator", "5");
    let answer = shop.pays(&unknown).await;
    answer.assert_complains("50001111", "MPI.THREEDSREQUESTORCHALLENGEINDICATOR");
    system.finish().await;
}
