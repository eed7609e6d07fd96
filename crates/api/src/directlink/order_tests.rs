//! What new orders are answered with.

use super::testing::*;
use acquiring::{Exemption, Initiator};
use base64::{Engine, prelude::BASE64_STANDARD};
use orchestrator::flows::directlink::facts::{Operation, Window};
use payments::{Market, RefusalCode, three_ds::ThreeDsMode};

async fn order(changes: &[(&str, &str)]) -> Answer {
    ask(&face().0, "orderdirect.asp", &with(ORDER, changes)).await
}

#[tokio::test]
async fn an_authorised_order_is_answered_in_the_vendors_order_of_attributes() {
    let answer = order(&[]).await;
    assert_eq!(
        answer.text,
        "<?xml version=\"1.0\"?>\n<ncresponse\norderID=\"A1\"\nPAYID=\"3000000001\"\nNCSTATUS=\"0\"\nNCERROR=\"0\"\n\
         ACCEPTANCE=\"test123\"\nSTATUS=\"5\"\nECI=\"7\"\namount=\"15.5\"\ncurrency=\"EUR\"\nPM=\"CreditCard\"\n\
         BRAND=\"VISA\"\nNCERRORPLUS=\"!\"/>"
    );
    let answer = order(&[("WITHROOT", "Y")]).await;
    assert!(
        answer.text.contains("<response>\n<ncresponse\n"),
        "{}",
        answer.text
    );
    assert!(answer.text.ends_with("</response>"), "{}", answer.text);
}

#[tokio::test]
async fn what_the_shop_sent_reaches_the_gateway() {
    let (face, fake) = face();
    let form = with(
        ORDER,
        &[
            ("OPERATION", ""),
            ("COM", "Two chairs"),
            ("EMAIL", "ana@example.com"),
            ("REMOTE_ADDR", "192.0.2.10"),
            ("FLAG3D", "Y"),
            ("WIN3DS", "popup"),
            ("ACCEPTURL", "http://www.frontend.example.com/paid?x=1"),
            ("PARAMPLUS", "a=1&b=2"),
            ("COMPLUS", "left"),
            ("PARAMVAR", "shop7"),
            ("LANGUAGE", "es_ES"),
        ],
    );
    assert_eq!(ask(&face, "orderdirect.asp", &form).await.get("STATUS"), "5");
    let wanted = fake.wanted();
    assert_eq!(wanted.order_id, "A1");
    // The account's, since the order does not say.
    assert_eq!(wanted.operation, Operation::Sale);
    assert_eq!(wanted.amount.minor(), 1550);
    assert_eq!(wanted.three_ds.mode, Some(ThreeDsMode::Force));
    assert_eq!(wanted.description.as_deref(), Some("Two chairs"));
    assert_eq!(wanted.shopper.first_name.as_deref(), Some("Ana"));
    assert_eq!(wanted.facts.window, Window::PopUp);
    assert_eq!(wanted.facts.param_plus.as_deref(), Some("a=1&b=2"));
    assert_eq!(wanted.facts.com_plus.as_deref(), Some("left"));
    assert_eq!(wanted.facts.param_var.as_deref(), Some("shop7"));
    assert_eq!(wanted.language.as_deref(), Some("es_ES"));
    assert_eq!(wanted.facts.expiry.as_deref(), Some("1230"));
    assert_eq!(wanted.facts.holder.as_deref(), Some("Ana Pérez"));
    let accept = wanted.facts.urls.accept.unwrap();
    assert_eq!(accept.as_str(), "http://www.frontend.example.com/paid?x=1");
}

#[tokio::test]
async fn nobody_is_authenticated_who_is_not_there() {
    for (changes, initiator, market) in [
        (&[("ECI", "1"), ("CVC", "")], Initiator::Customer, Market::Moto),
        (
            &[("ECI", "9"), ("CVC", "")],
            Initiator::Merchant,
            Market::Ecommerce,
        ),
        (
            &[("COF_INITIATOR", "MIT"), ("CVC", "")],
            Initiator::Merchant,
            Market::Ecommerce,
        ),
    ] {
        let (face, fake) = face();
        let form = with(&with(ORDER, changes), &[("FLAG3D", "Y")]);
        assert_eq!(
            ask(&face, "orderdirect.asp", &form).await.get("STATUS"),
            "5",
            "{changes:?}"
        );
        let wanted = fake.wanted();
        assert_eq!((wanted.initiator, wanted.market), (initiator, market));
        assert_eq!(wanted.three_ds.mode, Some(ThreeDsMode::Off));
        assert_eq!(
            wanted.stored_credential.is_some(),
            initiator == Initiator::Merchant
        );
    }
}

#[tokio::test]
async fn an_exemption_goes_straight_to_the_acquirer() {
    let (face, fake) = face();
    let form = with(ORDER, &[("FLAG3DS", "N"), ("3DS_EXEMPTION_INDICATOR", "05")]);
    assert_eq!(ask(&face, "orderdirect.asp", &form).await.get("STATUS"), "5");
    let wanted = fake.wanted().three_ds;
    assert_eq!(
        (wanted.mode, wanted.exemption),
        (Some(ThreeDsMode::Off), Some(Exemption::TraAcquirer))
    );
}

#[tokio::test]
async fn a_shopper_who_has_to_be_asked_is_shown_the_way() {
    let answer = order(&[("ORDERID", CHALLENGED), ("FLAG3D", "Y")]).await;
    assert_eq!(answer.get("STATUS"), "46");
    assert_eq!(answer.error(), ("0", "!"));
    let inside = answer.text.split_once("<HTML_ANSWER>").unwrap().1;
    let html = BASE64_STANDARD
        .decode(inside.split_once("</HTML_ANSWER>").unwrap().0)
        .unwrap();
    let html = String::from_utf8(html).unwrap();
    assert!(
        html.contains("https://pay.example/transactions/view_challenge"),
        "{html}"
    );
    assert!(html.contains("page-token"), "{html}");
}

#[tokio::test]
async fn a_refused_card_is_told_with_the_acquirers_code() {
    let answer = order(&[("ORDERID", DECLINED)]).await;
    assert_eq!(answer.error(), ("30511001", "CARD REFUSED"));
    for (name, value) in [
        ("STATUS", "2"),
        ("NCSTATUS", "3"),
        ("PAYID", "3000000001"),
        ("ACCEPTANCE", ""),
    ] {
        assert_eq!(answer.get(name), value, "{name}");
    }
}

#[tokio::test]
async fn an_order_that_is_paid_is_told_by_its_payment() {
    let answer = order(&[("ORDERID", PAID)]).await;
    assert_eq!(answer.get("NCERROR"), "50001113");
    for (name, value) in [
        ("orderID", PAID),
        ("PAYID", "3000000001"),
        ("ACCEPTANCE", "test123"),
        ("STATUS", "0"),
        ("NCSTATUS", "5"),
        ("amount", ""),
        ("currency", "EUR"),
    ] {
        assert_eq!(answer.get(name), value, "{name}");
    }
    let answer = order(&[("ORDERID", IN_FLIGHT)]).await;
    assert_eq!((answer.get("STATUS"), answer.get("NCERROR")), ("0", "50001133"));
}

#[tokio::test]
async fn every_refusal_has_a_number() {
    for code in RefusalCode::ALL {
        let answer = order(&[("ORDERID", &format!("{REFUSED}{code:?}"))]).await;
        let error = answer.get("NCERROR");
        assert_eq!(error.len(), 8, "{code:?} {error}");
        assert_ne!(answer.get("NCERRORPLUS"), "", "{code:?}");
        let status = match code {
            RefusalCode::Internal | RefusalCode::ServiceTimeout => "52",
            RefusalCode::CardForbidden => "2",
            _ => "0",
        };
        assert_eq!(answer.get("STATUS"), status, "{code:?}");
        assert_eq!(answer.get("PAYID"), "0");
    }
    let answer = order(&[("ORDERID", "refused:Internal"), ("OPERATION", "SAL")]).await;
    assert_eq!((answer.get("STATUS"), answer.get("NCERROR")), ("92", "20001001"));
    assert!(answer.get("NCERRORPLUS").ends_with("error-id-1"), "{answer:?}");
}

#[tokio::test]
async fn an_invalid_order_has_no_payment_and_echoes_its_currency() {
    let answer = order(&[("AMOUNT", "")]).await;
    for (name, value) in [
        ("orderID", "A1"),
        ("PAYID", "0"),
        ("STATUS", "0"),
        ("NCSTATUS", "5"),
        ("amount", ""),
        ("currency", "EUR"),
        ("PM", ""),
        ("BRAND", ""),
        ("ACCEPTANCE", ""),
    ] {
        assert_eq!(answer.get(name), value, "{name}");
    }
    let answer = order(&[("CARDNO", ""), ("ED", ""), ("CVC", "")]).await;
    assert_eq!(
        answer.error(),
        (
            "50001111",
            "no card no|no exp date|CVC is mandatory for this card"
        )
    );
}

#[tokio::test]
async fn the_kind_of_card_may_be_wanted() {
    let answer = order(&[("CREDITDEBIT", "C")]).await;
    assert_eq!(answer.get("CREDITDEBIT"), "CREDIT");
    assert_eq!(order(&[("CREDITDEBIT", "D")]).await.get("NCERROR"), "50001300");
    let unknown = order(&[("CREDITDEBIT", "D"), ("CARDNO", "4242424242424242")]).await;
    assert_eq!((unknown.get("STATUS"), unknown.get("CREDITDEBIT")), ("5", ""));
    assert!(!order(&[]).await.has("CREDITDEBIT"));
}
