//! The pages as a browser gets them, from a gateway whose payment stands as each test wants it.

use super::{
    BrowserPage,
    testing::{OnePayment, TOKEN, comes, posts, view},
};
use axum::http::{StatusCode, header};
use orchestrator::flows::directlink::{Ordered, Returned, View, facts::Window};
use payments::{Refusal, RefusalCode};

const CARD: &str = "number=4111+1111+1111+1111&expiry=12%2F30&code=737&holder=Ana+Gil";

fn over(status: u8) -> Returned {
    Returned::Over(Box::new(view(status)))
}

fn may_retry(status: u8) -> Returned {
    Returned::MayRetry {
        view: Box::new(view(status)),
        left: 3,
    }
}

fn brought(rest: &str) -> String {
    format!("token={TOKEN}&{rest}")
}

#[tokio::test]
async fn names_are_read_in_any_letter_case() {
    for (name, page) in [
        ("order_A3DS.asp", Some(BrowserPage::Returned)),
        ("ORDER_a3ds.ASP", Some(BrowserPage::Returned)),
        ("Order_Agree.asp", Some(BrowserPage::Retry)),
        ("orderdirect.asp", None),
    ] {
        assert_eq!(BrowserPage::named(name), page, "{name}");
    }
}

#[tokio::test]
async fn every_end_leads_to_its_page_of_the_shop() {
    for (status, page) in [
        (5, "https://shop.example/accept?from=bank&"),
        (9, "https://shop.example/accept?from=bank&"),
        (2, "https://shop.example/decline?from=bank&"),
        (0, "https://shop.example/decline?from=bank&"),
        (1, "https://shop.example/cancel?from=bank&"),
        (52, "https://shop.example/unknown?"),
    ] {
        let got = comes(&OnePayment::standing(move || over(status)), &brought("")).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER);
        let told = got
            .location()
            .strip_prefix(page)
            .unwrap_or_else(|| panic!("{status}: {got:?}"));
        assert!(
            told.starts_with("orderID=A1&currency=EUR&amount=15.5&PM=CreditCard&"),
            "{told}"
        );
        assert!(
            told.contains(&format!("&STATUS={status}&")) && told.contains("&SHASIGN="),
            "{told}"
        );
        assert!(told.ends_with("&session=7"), "{told}");
    }
}

#[tokio::test]
async fn a_browser_may_bring_the_token_in_a_form_too() {
    let gateway = OnePayment::standing(|| over(5));
    let got = posts(&gateway, BrowserPage::Returned, &brought("cres=x")).await;
    assert!(
        got.location().starts_with("https://shop.example/accept"),
        "{got:?}"
    );
}

#[tokio::test]
async fn nothing_is_told_unless_the_account_wants_it_and_can_sign() {
    let silent = OnePayment::standing(|| over(5)).with_account(|account| account.sha_out = None);
    assert_eq!(
        comes(&silent, &brought("")).await.location(),
        "https://shop.example/accept?from=bank"
    );
    let unwanted = OnePayment::standing(|| over(5)).with_account(|account| {
        let mut stored = (*account.account).clone();
        stored.feedback_on_redirect = false;
        account.account = std::sync::Arc::new(stored);
    });
    assert_eq!(
        comes(&unwanted, &brought("")).await.location(),
        "https://shop.example/accept?from=bank"
    );
}

fn without_urls(status: u8, window: Window) -> View {
    let mut view = view(status);
    view.facts.urls = Default::default();
    view.facts.window = window;
    view
}

#[tokio::test]
async fn a_shop_without_addresses_gets_a_page_of_ours() {
    for (status, says) in [
        (5, "Payment approved"),
        (2, "Payment declined"),
        (1, "Payment cancelled"),
        (92, "We are checking your payment"),
    ] {
        let gateway =
            OnePayment::standing(move || Returned::Over(Box::new(without_urls(status, Window::PopUp))))
                .with_account(|account| {
                    let mut stored = (*account.account).clone();
                    stored.urls.exception = None;
                    account.account = std::sync::Arc::new(stored);
                });
        let got = comes(&gateway, &brought("")).await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(got.text.contains(says), "{}", got.text);
        assert_eq!(got.header(header::CACHE_CONTROL), "no-store");
    }
}

#[tokio::test]
async fn a_window_of_its_own_moves_the_one_that_opened_it() {
    let popped_up = || {
        let mut view = view(5);
        view.facts.window = Window::PopUp;
        Returned::Over(Box::new(view))
    };
    let got = comes(&OnePayment::standing(popped_up), &brought("")).await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.text.contains("data-opener=\"yes\""), "{}", got.text);
    assert!(
        got.text
            .contains("href=\"https://shop.example/accept?from=bank&#38;orderID=A1"),
        "{}",
        got.text
    );
    // Its own kind of window that stays goes on in itself.
    let stays = || {
        let mut view = view(5);
        view.facts.window = Window::PopUpStays;
        Returned::Over(Box::new(view))
    };
    assert_eq!(
        comes(&OnePayment::standing(stays), &brought("")).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn what_is_not_over_goes_back_to_the_hosted_page_or_waits() {
    let gateway = OnePayment::standing(|| Returned::NotYet(Box::new(view(46))));
    let got = comes(&gateway, &brought("")).await;
    assert_eq!(
        got.location(),
        "https://pay.example/transactions/view_challenge?token=01ARZ3NDEKTSV4RRFFQ69G5FAV"
    );
    let waits = OnePayment::standing(|| Returned::NotYet(Box::new(view(52))));
    let got = comes(&waits, &brought("")).await;
    assert!(
        got.text.contains(&format!("order_A3DS.asp?token={TOKEN}")),
        "{}",
        got.text
    );
    assert!(got.text.contains("data-seconds=\"3\""), "{}", got.text);
}

#[tokio::test]
async fn tokens_that_nobody_gave_out_lead_nowhere() {
    let gateway = OnePayment::standing(|| over(5));
    for query in ["", "token=", "token=other", "token=%FF"] {
        assert_eq!(
            comes(&gateway, query).await.status,
            StatusCode::NOT_FOUND,
            "{query}"
        );
    }
    let broken = comes(&gateway, "token=broken").await;
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_refused_shopper_is_told_why_and_may_type_another_card() {
    for (status, why) in [
        (2, "The bank did not authorise the payment with this card."),
        (0, "The bank could not confirm that the card is yours."),
    ] {
        let got = comes(&OnePayment::standing(move || may_retry(status)), &brought("")).await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(
            got.text.contains(why) && got.text.contains("You have 3 tries left."),
            "{}",
            got.text
        );
        for name in ["cc-number", "cc-exp", "cc-csc", "cc-name"] {
            assert!(
                got.text.contains(&format!("autocomplete=\"{name}\"")),
                "{name}: {}",
                got.text
            );
        }
        let policy = got.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self';"),
            "{policy}"
        );
        assert_eq!(got.header(header::CACHE_CONTROL), "no-store");
    }
}

#[tokio::test]
async fn the_language_of_the_request_is_spoken() {
    let gateway = OnePayment::standing(|| {
        let mut view = view(2);
        view.language = Some("pt_BR".to_owned());
        Returned::MayRetry {
            view: Box::new(view),
            left: 1,
        }
    });
    let got = comes(&gateway, &brought("")).await;
    assert!(
        got.text.contains("<html lang=\"pt\">") && got.text.contains("Resta uma tentativa."),
        "{}",
        got.text
    );
}

#[tokio::test]
async fn a_shopper_who_leaves_goes_where_cancelling_leads() {
    let gateway = OnePayment::standing(|| may_retry(2));
    let got = comes(&gateway, &brought("cancel=1")).await;
    assert!(
        got.location()
            .starts_with("https://shop.example/cancel?from=bank&orderID=A1"),
        "{got:?}"
    );
    assert!(
        got.location().contains("&STATUS=2&") && got.location().contains("&NCERROR=30511001&"),
        "{got:?}"
    );
    // A shop without an address for that hears of it where it hears of refusals.
    let nowhere = || {
        let mut view = view(2);
        view.facts.urls.cancel = None;
        Returned::MayRetry {
            view: Box::new(view),
            left: 3,
        }
    };
    let got = comes(&OnePayment::standing(nowhere), &brought("cancel=1")).await;
    assert!(
        got.location()
            .starts_with("https://shop.example/decline?from=bank&orderID=A1"),
        "{got:?}"
    );
    // What is paid cannot be cancelled any more.
    let paid = comes(&OnePayment::standing(|| over(5)), &brought("cancel=1")).await;
    assert!(
        paid.location().starts_with("https://shop.example/accept"),
        "{paid:?}"
    );
}

#[tokio::test]
async fn a_card_that_is_wrong_is_asked_for_again_and_never_shown() {
    let gateway = OnePayment::standing(|| may_retry(2));
    let typed = "number=4111111111111112&expiry=10%2F26&code=73&holder=Ana+Gil";
    let got = posts(&gateway, BrowserPage::Retry, &brought(typed)).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in [
        "The card number is not right.",
        "The expiry date is over",
        "The security code has 3 digits",
        "aria-describedby=\"number-wrong\"",
    ] {
        assert!(got.text.contains(text), "{text}: {}", got.text);
    }
    for typed in ["4111111111111112", "10/26", "Ana", "\"73\""] {
        assert!(!got.text.contains(typed), "{typed}: {}", got.text);
    }
    assert!(gateway.tried().is_empty());
}

#[tokio::test]
async fn another_card_goes_on_to_its_own_hosted_page_or_to_its_end() {
    // Given one whose bank asks for more.
    let gateway =
        OnePayment::standing(|| may_retry(2)).answering(|| Ok(Some(Ordered::Tried(Box::new(view(46))))));
    let got = posts(&gateway, BrowserPage::Retry, &brought(CARD)).await;
    assert!(
        got.text
            .contains("href=\"https://pay.example/transactions/view_challenge?token=01ARZ3"),
        "{}",
        got.text
    );
    assert_eq!(gateway.tried(), ["1111"]);
    // And one whose bank does not; the payment that was made has a token of its own.
    let gateway = OnePayment::standing(|| may_retry(2)).answering(|| {
        let mut view = view(5);
        view.payment.return_token = "01LATER".to_owned();
        Ok(Some(Ordered::Tried(Box::new(view))))
    });
    let got = posts(&gateway, BrowserPage::Retry, &brought(CARD)).await;
    assert!(
        got.text.contains("href=\"order_A3DS.asp?token=01LATER\""),
        "{}",
        got.text
    );
}

#[tokio::test]
async fn a_second_submission_charges_nothing() {
    // Given a payment that was paid since the form was shown.
    let paid = OnePayment::standing(|| over(5));
    let got = posts(&paid, BrowserPage::Retry, &brought(CARD)).await;
    assert!(got.text.contains("href=\"order_A3DS.asp?token="), "{}", got.text);
    assert!(paid.tried().is_empty());
    // Or one whose first submission is on its way.
    let in_flight = OnePayment::standing(|| may_retry(2)).answering(|| Ok(Some(Ordered::InFlight)));
    let got = posts(&in_flight, BrowserPage::Retry, &brought(CARD)).await;
    assert!(got.text.contains("data-seconds=\"3\""), "{}", got.text);
}

#[tokio::test]
async fn a_card_that_nobody_takes_is_told_at_its_field() {
    let refused =
        |code| OnePayment::standing(|| may_retry(2)).answering(move || Err(Refusal::new(code, "error-id")));
    let got = posts(
        &refused(RefusalCode::ProcessorNotFound),
        BrowserPage::Retry,
        &brought(CARD),
    )
    .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text.contains("This card number cannot be used here."),
        "{}",
        got.text
    );
    let got = posts(
        &refused(RefusalCode::Internal),
        BrowserPage::Retry,
        &brought(CARD),
    )
    .await;
    assert_eq!(got.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(got.text.contains("error-id"), "{}", got.text);
}

#[tokio::test]
async fn bodies_that_are_no_form_are_turned_away() {
    let gateway = OnePayment::standing(|| may_retry(2));
    let large = brought(&format!("number={}", "4".repeat(20_000)));
    for body in [large.as_str(), "", "number=4111111111111111"] {
        let got = posts(&gateway, BrowserPage::Retry, body).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
    }
}

#[test]
fn what_is_no_part_of_an_address_is_escaped_on_the_way_out() {
    let response = super::redirect("https://shop.example/ñ a\"><i>?q=%20#x");
    assert_eq!(
        response.headers()[axum::http::header::LOCATION],
        "https://shop.example/%C3%B1%20a%22%3E%3Ci%3E?q=%20#x"
    );
}
