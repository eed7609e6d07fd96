//! The hosted page: who may open it, what a browser may say, and what it can never bring about.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::order::Order;
use tests::page::Page;
use tests::system::System;

use crate::results_message::{Ids, areq_of_amount, ids_of_amount, passed, post_accepted};

/// Pages that are over soon after they were opened.
const SHORT_LIVED: &str = "[payments]\npage_unopened_seconds = 4\npage_opened_seconds = 2\n";

#[tokio::test]
async fn browser_data_are_collected_where_the_merchant_sent_none() {
    let system = System::start().await;
    for (scenario, steps, amount) in [
        (0, vec!["browser_data"], 42_000),
        (1, vec!["browser_data"], 42_100),
        (5, vec!["browser_data", "challenge"], 42_200),
        (9, vec!["browser_data", "method", "challenge"], 42_300),
    ] {
        let mut body = system.merchant.one_step_body(amount, &Card::visa(scenario));
        body.as_object_mut().unwrap().remove("browser_details");
        let answer = system.merchant.post(PURCHASE_V2, &body).await;
        let order = Order::of(&answer.json());
        assert_eq!(order.payment_status(), "pending_3ds");
        let end = system
            .cardholder
            .authenticates(order.page_url().unwrap(), Temper::TypesTheCode)
            .await;
        let asked: Vec<&str> = end
            .steps
            .iter()
            .map(String::as_str)
            .filter(|step| !matches!(*step, "working" | "done"))
            .collect();
        assert_eq!(asked, steps, "{scenario}");
        let settled = system.merchant.settled(order.token()).await;
        let expected = if scenario == 1 { "denied" } else { "processed" };
        assert_eq!(settled.payment_status(), expected, "{scenario}");
        // What the issuer was told is what the browser said.
        let asked = areq_of_amount(&system, amount).await;
        assert_eq!(asked["browserLanguage"], "es-MX");
        assert_eq!(asked["browserScreenWidth"], "1920");
        assert_eq!(asked["browserIP"], "127.0.0.1");
    }
    system.finish().await;
}

#[tokio::test]
async fn a_page_nobody_has_or_whose_time_is_over_is_not_shown() {
    let system = System::start_with(SHORT_LIVED).await;
    let page = |token: &str| format!("{}/transactions/view_challenge?token={token}", system.gateway_url);
    for token in [
        "",
        "nonsense",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01ARZ3NDEKTSV4RRFFQ69G5FA%00",
        "'%22%3E",
    ] {
        let answer = system.http.get(&page(token)).await;
        assert_eq!(answer.status, 404, "{token}");
        assert!(answer.header("content-type").starts_with("text/html"), "{token}");
    }

    // Opened, and left.
    let opened = system.merchant.buy(43_000, &Card::visa(5)).await;
    let unopened = system.merchant.buy(43_100, &Card::mastercard(5)).await;
    let url = opened.page_url().unwrap().to_owned();
    system.cardholder.open(&url).await;
    for order in [&opened, &unopened] {
        let expired = system.merchant.settled(order.token()).await;
        assert_eq!(expired.payment_status(), "denied");
        assert_eq!(expired.code(), "DEUNA_3DS.TIME_EXPIRED");
        let shown = system.http.get(order.page_url().unwrap()).await;
        assert_eq!(shown.status, 410, "{}", shown.text);
        assert!(
            shown.text.contains("https://tienda-demo.example/error?"),
            "{}",
            shown.text
        );
    }
    // The issuer's word comes too late.
    post_accepted(&system, &passed(&ids_of_amount(&system, 43_000).await)).await;
    assert_eq!(
        system.merchant.read(opened.token()).await.payment_status(),
        "denied"
    );
    system.outside.no_charge(opened.reference()).await;
    // The order itself is still good.
    let again = tests::merchant::Placed {
        token: opened.token().to_owned(),
        reference: opened.reference().to_owned(),
    };
    assert_eq!(
        system.merchant.pay(&again, &Card::visa(0)).await.payment_status(),
        "processed"
    );
    system.finish().await;
}

/// Whatever a browser claims of the challenge's outcome, nothing is authorised before the directory server says so.
#[tokio::test]
async fn a_cres_from_the_browser_never_authorises() {
    let system = System::start().await;
    let order = system.merchant.buy(43_200, &Card::visa(5)).await;
    let ids = ids_of_amount(&system, 43_200).await;
    let page = system.cardholder.open(order.page_url().unwrap()).await;
    assert_eq!(page.next(), "challenge");
    let challenge = system.cardholder.goes_to_the_bank(&page).await;

    let forged = returning(&system, &cres(&ids));
    system.cardholder.returns(&forged).await;
    let next = system.cardholder.next_after(&page).await;
    assert_eq!(next["next"], "working", "{next}");
    let read = system.merchant.read(order.token()).await;
    assert_eq!(read.statuses(), ("pending", "pending_3ds"));
    system.outside.no_charge(order.reference()).await;

    // The other window, at the bank, is still open; the bank's own word moves money.
    let returning_by_bank = system.cardholder.answers(challenge, Temper::TypesTheCode).await;
    system.cardholder.returns(&returning_by_bank).await;
    assert_eq!(
        system.merchant.settled(order.token()).await.payment_status(),
        "processed"
    );
    system.outside.only_charge(order.reference()).await;

    // A forged CRes for what failed changes nothing either.
    let failed = system.merchant.buy(43_300, &Card::visa(5)).await;
    system
        .cardholder
        .authenticates(failed.page_url().unwrap(), Temper::TypesRubbish)
        .await;
    let forged = returning(&system, &cres(&ids_of_amount(&system, 43_300).await));
    system.cardholder.returns(&forged).await;
    assert_eq!(
        system.merchant.read(failed.token()).await.payment_status(),
        "denied"
    );
    system.outside.no_charge(failed.reference()).await;
    system.finish().await;
}

fn cres(ids: &Ids) -> Value {
    json!({
        "messageType": "CRes",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": ids.server,
        "acsTransID": ids.acs,
        "challengeCompletionInd": "Y",
        "transStatus": "Y",
    })
}

/// A page that brings this CRes back to us.
fn returning(system: &System, cres: &Value) -> Page {
    let cres = URL_SAFE_NO_PAD.encode(cres.to_string());
    Page {
        status: 200,
        html: String::new(),
        action: format!("{}/transactions/3ds/challenge-notification", system.gateway_url),
        hidden: [("cres".to_owned(), cres)].into(),
    }
}

/// Browsers reload, go back and send forms twice.
#[tokio::test]
async fn asking_twice_is_asking_once() {
    let system = System::start().await;
    let mut body = system.merchant.one_step_body(43_400, &Card::visa(9));
    body.as_object_mut().unwrap().remove("browser_details");
    let order = Order::of(&system.merchant.post(PURCHASE_V2, &body).await.json());
    let url = order.page_url().unwrap();
    let cardholder = &system.cardholder;

    let mut page = cardholder.open(url).await;
    assert_eq!(cardholder.open(url).await.step, page.step);
    let told = cardholder.tell_browser_data(&page).await;
    let told_again = cardholder.tell_browser_data(&page).await;
    assert_eq!(
        (&told["next"], &told_again["next"]),
        (&json!("method"), &json!("method"))
    );
    page.step = told;
    cardholder.runs_method(&page).await;
    let next = cardholder.next_after(&page).await;
    page.step = if next["next"] == "working" {
        page.step = next;
        cardholder.next_after(&page).await
    } else {
        next
    };
    assert_eq!(page.next(), "challenge");
    let challenge = cardholder.goes_to_the_bank(&page).await;
    let reloaded = cardholder.goes_to_the_bank(&cardholder.open(url).await).await;
    assert_eq!(challenge.hidden, reloaded.hidden, "the bank knows its page again");
    let returning = cardholder.answers(reloaded, Temper::TypesTheCode).await;
    cardholder.returns(&returning).await;
    cardholder.returns(&returning).await;
    assert_eq!(
        system.merchant.settled(order.token()).await.payment_status(),
        "processed"
    );
    // The page says the same again and again.
    for _ in 0..2 {
        let shown = system.http.get(url).await;
        assert_eq!(shown.status, 200);
        assert!(
            shown.text.contains("https://tienda-demo.example/gracias?"),
            "{}",
            shown.text
        );
    }
    system.outside.only_charge(order.reference()).await;
    system.finish().await;
}

/// The page frames and loads nothing but what it needs, and says so to the browser.
#[tokio::test]
async fn the_page_has_a_strict_policy_and_three_languages() {
    let system = System::start().await;
    let order = system.merchant.buy(43_500, &Card::visa(5)).await;
    let url = order.page_url().unwrap();
    let shown = system.http.get(url).await;
    let policy = shown.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"),
        "{policy}"
    );
    assert_eq!(shown.header("cache-control"), "no-store");
    assert_eq!(shown.header("referrer-policy"), "no-referrer");
    for (asked, language) in [("es-MX", "es"), ("pt-BR", "pt"), ("en-US", "en"), ("de", "es")] {
        let headers = [("accept-language", asked)];
        let answer = system
            .http
            .send(reqwest::Method::GET, url, &headers, None)
            .await
            .unwrap();
        assert!(
            answer.text.contains(&format!("<html lang=\"{language}")),
            "{asked}"
        );
    }
    for source in shown
        .text
        .split("src=\"")
        .skip(1)
        .chain(shown.text.split("href=\"").skip(1))
    {
        assert!(
            source.starts_with('/'),
            "a third party: {}",
            source.split('"').next().unwrap()
        );
    }
    system.finish().await;
}
