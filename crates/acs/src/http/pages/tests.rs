use super::*;
use crate::challenge::view::{ChallengeView, Notice, Resend, ViewKind};
use crate::phone::Phone;
use crate::purchase::Purchase;
use emv3ds::AcsTransId;
use emv3ds::code::ChallengeWindowSize;
use primitives::{Amount, Brand, Currency};
use uuid::Uuid;

fn view(kind: ViewKind) -> ChallengeView {
    ChallengeView {
        acs_trans_id: AcsTransId(Uuid::from_u128(1)),
        token: Uuid::from_u128(2),
        language: Language::English,
        kind,
        purchase: Purchase {
            merchant_name: "Shop <b>\u{202e}".to_owned(),
            amount: Some(Amount::new(34_900, Currency::MXN).unwrap()),
        },
        last_four: "1059".to_owned(),
        masked_phone: Some("•••• 5678".to_owned()),
        phone: Some(Phone::parse("+525512345678").unwrap()),
        notice: None,
        may_put_off: false,
        bank_name: "Example Bank".to_owned(),
        logo_url: None,
        brand: Brand::Visa,
        window_size: ChallengeWindowSize::FullScreen,
    }
}

fn code(resend: Resend) -> ViewKind {
    ViewKind::Code {
        digits: 6,
        reference: Some("KTX".to_owned()),
        good_for_seconds: 290,
        resend,
        app_instead: false,
    }
}

fn kinds() -> Vec<ViewKind> {
    vec![
        code(Resend::Now),
        code(Resend::In(27)),
        code(Resend::Never),
        ViewKind::App { code_instead: true },
        ViewKind::Password,
        ViewKind::ChoosePhone {
            phones: vec!["•••• 5678".to_owned(), "•••• 4321".to_owned()],
            app_instead: true,
        },
    ]
}

async fn shown_by(screen: &Screen, look: &Look) -> (axum::http::HeaderMap, String) {
    let (parts, body) = show(screen, look, Frame::Framed, Language::English).into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn shown(view: ChallengeView) -> String {
    shown_by(&Screen::Challenge(Box::new(view)), &Look::default())
        .await
        .1
}

#[tokio::test]
async fn every_form_says_which_screen_it_answers() {
    for kind in kinds() {
        let html = shown(view(kind.clone())).await;
        let forms = html.matches("<form").count();
        for field in [
            r#"name="acsTransID" value="00000000-0000-0000-0000-000000000001""#,
            r#"name="token" value="00000000-0000-0000-0000-000000000002""#,
            r#"method="post" action="/acs/3ds/challenge/answer""#,
        ] {
            assert_eq!(html.matches(field).count(), forms, "{kind:?} {field}");
        }
        assert_eq!(
            html.matches("<button").count(),
            forms,
            "a form has one button, so that Enter is never another's: {kind:?}"
        );
        assert!(html.contains(r#"value="cancel""#), "{kind:?}");
    }
}

#[tokio::test]
async fn amount_and_payee_stand_on_every_page_as_text() {
    for kind in kinds() {
        for language in Language::ALL {
            let html = shown(ChallengeView {
                language,
                ..view(kind.clone())
            })
            .await;
            assert!(html.contains("MXN 349"), "{html}");
            assert!(html.contains("<bdi>Shop b</bdi>"), "{html}");
            assert!(html.contains("•••• 1059"), "{html}");
            assert!(html.contains(&format!(r#"<html lang="{}">"#, language.code())));
        }
    }
}

#[tokio::test]
async fn a_page_shows_no_whole_phone_outside_of_a_sandbox() {
    for kind in kinds() {
        let html = shown(view(kind.clone())).await;
        assert!(!html.contains("12345678"), "{kind:?}");
    }
    let look = Look {
        inbox_url: Some("/sms/inbox?phone=".to_owned()),
        ..Look::default()
    };
    let screen = Screen::Challenge(Box::new(view(code(Resend::Now))));
    let (_, html) = shown_by(&screen, &look).await;
    assert!(html.contains(r#"href="/sms/inbox?phone=525512345678""#), "{html}");
}

#[tokio::test]
async fn the_button_for_a_new_code_is_there_when_one_can_be_had() {
    let now = shown(view(code(Resend::Now))).await;
    assert!(now.contains(r#"value="resend""#) && !now.contains("<style>"));
    let never = shown(view(code(Resend::Never))).await;
    assert!(!never.contains(r#"value="resend""#));
    let screen = Screen::Challenge(Box::new(view(code(Resend::In(27)))));
    let (headers, later) = shown_by(&screen, &Look::default()).await;
    assert!(later.contains("animation:appear 0s 27s backwards"));
    assert!(later.contains("New code in 27 seconds."));
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("style-src 'self' 'sha256-"), "{policy}");
}

#[tokio::test]
async fn an_error_is_announced_and_tied_to_the_entry() {
    let notices = [
        (Notice::Wrong { attempts_left: 2 }, "You have 2 tries left.", true),
        (
            Notice::Wrong { attempts_left: 1 },
            "after it your card may be locked",
            true,
        ),
        (Notice::NothingTyped, "Enter the code that we sent you.", true),
        (Notice::Expired, "The code has expired.", true),
        (Notice::NoMoreCodes, "We cannot send more codes.", true),
        (Notice::NewCode, "We sent a new code.", false),
        (Notice::Replaced, "Your code did not arrive", false),
        (Notice::AppSilent, "The app did not answer", false),
    ];
    for (notice, text, is_error) in notices {
        let html = shown(ChallengeView {
            notice: Some(notice),
            ..view(code(Resend::Now))
        })
        .await;
        assert!(html.contains(text), "{notice:?}");
        assert_eq!(html.contains(r#"role="alert""#), is_error, "{notice:?}");
        assert_eq!(html.contains(r#"aria-invalid="true""#), is_error, "{notice:?}");
        assert!(
            html.contains(r#"aria-describedby="notice instruction hint""#),
            "{notice:?}"
        );
    }
    let quiet = shown(view(code(Resend::Now))).await;
    assert!(quiet.contains(r#"aria-describedby="instruction hint""#) && !quiet.contains(r#"id="notice""#));
}

#[tokio::test]
async fn a_code_that_ran_out_is_told_without_being_asked() {
    let html = shown(view(ViewKind::Code {
        digits: 6,
        reference: None,
        good_for_seconds: 0,
        resend: Resend::Now,
        app_instead: false,
    }))
    .await;
    assert!(html.contains("The code has expired. Ask for a new one."));
}

#[tokio::test]
async fn a_page_that_waits_asks_for_itself_again_without_a_script() {
    let html = shown(view(ViewKind::App { code_instead: true })).await;
    assert!(html.contains(
        r#"<noscript><meta http-equiv="refresh" content="3;url=/acs/3ds/challenge/page?acsTransID=00000000-0000-0000-0000-000000000001"></noscript>"#
    ));
    assert!(html.contains(r#"value="code""#) && html.contains(r#"value="continue""#));
    let stubborn = shown(view(ViewKind::App { code_instead: false })).await;
    assert!(!stubborn.contains(r#"value="code""#));
}

#[tokio::test]
async fn documents_are_kept_nowhere_and_run_nothing_of_their_own() {
    for kind in kinds() {
        let screen = Screen::Challenge(Box::new(view(kind)));
        let (headers, html) = shown_by(&screen, &Look::default()).await;
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(
            html.matches("<script").count(),
            html.matches("<script src=\"/acs/3ds/assets/").count()
        );
        let attributes = html.split_whitespace().filter(|word| word.contains('='));
        for attribute in attributes {
            assert!(
                !attribute.starts_with("on") && !attribute.starts_with("style="),
                "{attribute}"
            );
        }
    }
}

#[tokio::test]
async fn the_way_back_is_a_form_with_a_button() {
    let back = |url: &str| {
        Screen::Return(Return {
            url: url.to_owned(),
            field: "cres",
            value: "eyJ9".to_owned(),
            session_data: Some("abc\"".to_owned()),
        })
    };
    let production = Look {
        production: true,
        ..Look::default()
    };
    let (headers, html) = shown_by(&back("https://shop.example/3ds?a=1&b=2"), &production).await;
    assert!(
        html.contains(r#"action="https://shop.example/3ds?a=1&#38;b=2""#),
        "{html}"
    );
    assert!(html.contains(r#"name="cres" value="eyJ9""#));
    assert!(html.contains(r#"name="threeDSSessionData" value="abc&#34;""#));
    assert!(html.contains("<button"));
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action https:;"), "{policy}");
    let (_, refused) = shown_by(&back("javascript:alert(1)"), &production).await;
    assert!(!refused.contains("<form"), "{refused}");
}

#[tokio::test]
async fn a_problem_names_its_code() {
    let screen = Screen::Problem {
        code: 301,
        detail: "acsTransID".to_owned(),
    };
    let (_, html) = shown_by(&screen, &Look::default()).await;
    assert!(html.contains("Code 301 · acsTransID"), "{html}");
}
