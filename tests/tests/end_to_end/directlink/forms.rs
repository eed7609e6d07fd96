//! Forms as shops really write them, and as they should not.

use tests::cards::Card;
use tests::directlink::answer::NcResponse;
use tests::directlink::{Charset, MAINTENANCE, ORDER, QUERY, Request};
use tests::system::System;

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn names_come_in_any_letter_case_and_values_in_either_character_set() {
    let system = System::start().await;
    let shop = system.directlink();
    let accented = |cents| {
        shop.order(cents, &Card::visa(0))
            .with("CN", "José Núñez Müller")
            .with("COM", "Café à la façon d’Été".replace('’', "'"))
            .with("OWNERADDRESS", "Straße 5")
    };
    for (charset, page, content_type) in [
        (Charset::Latin1, ORDER, FORM.to_owned()),
        (Charset::Latin1, ORDER, format!("{FORM}; charset=iso-8859-1")),
        (Charset::Latin1, "/orderdirect.asp", FORM.to_owned()),
        (Charset::Utf8, ORDER, FORM.to_owned()),
        (Charset::Utf8, "/ncol/test/orderdirect_utf8.asp", FORM.to_owned()),
        (Charset::Utf8, ORDER, format!("{FORM}; charset=UTF-8")),
        (Charset::Utf8, "/ncol/test/OrderDirect_UTF8.ASP", FORM.to_owned()),
    ] {
        let shop = shop.writing(charset);
        let order = accented(17_000);
        let body = shop.signed(&order).body(charset);
        let answer = shop.sends(page, &content_type, body).await.unwrap();
        let answer = NcResponse::of(&answer);
        assert_eq!(
            answer.told(),
            ("5", "0"),
            "{charset:?} {page} {content_type}: {answer:?}"
        );
        let kept = system.database.ask(&format!(
            "SELECT facts->>'holder' FROM directlink_payments WHERE payid = {}",
            answer.payid()
        ));
        assert_eq!(kept, "José Núñez Müller", "{charset:?} {page}");
    }
    // In the wrong one.
    let mut body = shop.signed(&accented(17_100)).body(Charset::Latin1);
    let page = "/ncol/test/orderdirect_utf8.asp";
    let answer = NcResponse::of(&shop.sends(page, FORM, body).await.unwrap());
    assert_eq!((answer.status(), answer.error()), ("0", "50001111"), "{answer:?}");

    type Rename = fn(&str) -> String;
    let renames: [Rename; 3] = [
        |name| name.to_ascii_lowercase(),
        |name| name.to_ascii_uppercase(),
        |name| name[..1].to_ascii_uppercase() + &name[1..].to_ascii_lowercase(),
    ];
    for rename in renames {
        let order = shop.authenticated_order(17_200, &Card::visa(0));
        body = shop.signed(&order).renamed(rename).body(Charset::Latin1);
        let answer = NcResponse::of(&shop.sends(ORDER, FORM, body).await.unwrap());
        assert_eq!(answer.told(), ("5", "0"), "{answer:?}");
        assert_eq!(answer.get("ECI"), "5");
    }

    // What nobody knows is ignored, and signed all the same.
    let order = shop
        .order(17_300, &Card::visa(0))
        .with("SUB_AMOUNT", "1")
        .with("MyOwn", "thing")
        .with("ITEMNAME10", "ten")
        .with("ITEMNAME2", "two")
        .with("TP", "")
        .with("WITHROOT", "Y");
    let answer = shop.pays(&order).await;
    assert_eq!(answer.told(), ("5", "0"), "{answer:?}");
    assert!(answer.root.is_some());
    let quoted = order.with("ORDERID", "<\"&'é>]]>");
    let answer = shop.pays(&quoted).await;
    assert_eq!(answer.get("orderID"), "<\"&'é>]]>", "{answer:?}");
    system.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_by_name() {
    let system = System::start().await;
    let shop = system.directlink();
    let order = shop.order(18_000, &Card::visa(0));

    for (name, error, words) in [
        ("ORDERID", "50001111", "no orderid"),
        ("AMOUNT", "50001111", "no AMOUNT"),
        ("CURRENCY", "50001111", "no CURRENCY"),
        ("CARDNO", "50001111", "no card no"),
        ("ED", "50001111", "no exp date"),
        ("CVC", "50001090", "CVC"),
    ] {
        let answer = shop.pays(&order.clone().without(name)).await;
        answer.assert_complains(error, words);
        let answer = shop.pays(&order.clone().with(name, "")).await;
        answer.assert_complains(error, words);
    }
    // Several at once.
    let few = order.clone().without("CARDNO").without("ED");
    shop.pays(&few).await.assert_complains("50001111", "no card no|");

    let long = |characters: usize| "x".repeat(characters);
    for (name, value, error, words) in [
        ("ORDERID", long(41), "50001111", "ORDERID too long"),
        ("AMOUNT", "1".repeat(16), "50001111", "AMOUNT"),
        ("AMOUNT", "10.00".to_owned(), "50001111", "AMOUNT"),
        ("AMOUNT", "-1".to_owned(), "50001111", "AMOUNT"),
        ("CURRENCY", "EURO".to_owned(), "50001120", ""),
        ("CURRENCY", "XXQ".to_owned(), "50001120", ""),
        ("CURRENCY", "JPY".to_owned(), "50001122", ""),
        ("CARDNO", "4".repeat(22), "50001176", ""),
        ("CARDNO", "4111x11111111111".to_owned(), "50001177", ""),
        ("ED", "13/39".to_owned(), "50001182", ""),
        ("ED", "01/19".to_owned(), "50001183", ""),
        ("ED", "ab/cd".to_owned(), "50001181", ""),
        ("CVC", "123456".to_owned(), "50001179", ""),
        ("CVC", "12x".to_owned(), "50001180", ""),
        ("CN", long(36), "50001174", ""),
        ("COM", long(101), "50001111", "COM too long"),
        ("OPERATION", "XYZ".to_owned(), "50001007", "OPERATION"),
        ("OPERATION", "RFD".to_owned(), "50001046", "OPERATION"),
        ("ECI", "8".to_owned(), "50001070", "ECI"),
        ("OWNERCTY", "ZZ".to_owned(), "50001209", ""),
        (
            "ACCEPTURL",
            "javascript:alert(1)".to_owned(),
            "50001111",
            "ACCEPTURL",
        ),
        (
            "ACCEPTURL",
            format!("https://a.example/{}", long(200)),
            "50001111",
            "ACCEPTURL too long",
        ),
        ("PARAMPLUS", long(1001), "50001111", "PARAMPLUS too long"),
        ("COMPLUS", long(1001), "50001111", "COMPLUS too long"),
    ] {
        let answer = shop.pays(&order.clone().with(name, &value)).await;
        assert_eq!(
            (answer.status(), answer.error()),
            ("0", error),
            "{name}={value}: {answer:?}"
        );
        answer.assert_complains(error, words);
        assert_eq!((answer.payid(), answer.get("amount")), ("0", ""), "{answer:?}");
    }

    // Sent twice, in whatever letter case: nobody can know which one was meant.
    for page in [ORDER, MAINTENANCE, QUERY] {
        let body = shop.signed(&order).body(Charset::Latin1) + "&Amount=1";
        let answer = NcResponse::of(&shop.sends(page, FORM, body).await.unwrap());
        answer.assert_complains("50001111", "AMOUNT");
    }
    // Not a form at all.
    for (content_type, body) in [
        (FORM, String::new()),
        (FORM, "%".to_owned()),
        (FORM, "&&&=&=".to_owned()),
        ("application/json", "{}".to_owned()),
    ] {
        for page in [ORDER, MAINTENANCE, QUERY] {
            let answer = shop.sends(page, content_type, body.clone()).await.unwrap();
            let answer = NcResponse::of(&answer);
            assert_eq!((answer.status(), answer.error()), ("0", "50001111"), "{answer:?}");
        }
    }
    system.outside.no_charge(order.value("ORDERID")).await;
    // And nothing of all that stands in the way of the right one.
    assert_eq!(shop.pays(&order).await.told(), ("5", "0"));

    // What is not known is said of maintenance too.
    let request = Request::of(&[("PAYID", "3000000001"), ("OPERATION", "XYZ")]);
    let answer = shop.posts(MAINTENANCE, &request).await;
    assert!(matches!(answer.error(), "50001007" | "50001046"), "{answer:?}");
    let answer = shop.posts(MAINTENANCE, &request.without("PAYID")).await;
    answer.assert_complains("50001111", "no orderid");
    system.finish().await;
}
