//! The pages of the issuer's access control server by themselves: every screen in the windows of EMV 3-D Secure, in every
//! language, without the service behind them.
//!
//! `PASARELA_TEST_PICTURES=folder cargo nextest run -p tests acs_pages` leaves a picture of each screen in each window
//! there, the four languages side by side.

use acs::challenge::view::{ChallengeView, Notice, Resend, Return, Screen, ViewKind};
use acs::language::Language;
use acs::pages::{Frame, Look, assets, show};
use acs::phone::Phone;
use acs::purchase::Purchase;
use axum::Router;
use axum::extract::Path;
use axum::response::{Html, Response};
use axum::routing::{get, post};
use emv3ds::AcsTransId;
use emv3ds::code::ChallengeWindowSize;
use primitives::{Amount, Brand, Currency};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::driver::{Driver, Habits};
use crate::window::ENTER;

/// The windows of EMV 3-D Secure, a full screen last; the first one also as who doubles the size of everything sees it.
const WINDOWS: [(u32, u32); 6] = [
    (250, 400),
    (390, 400),
    (500, 600),
    (600, 400),
    (1120, 720),
    (125, 200),
];

/// Every screen that a cardholder may see, by name.
const SCREENS: [&str; 8] = [
    "code", "wrong", "last-try", "expired", "renewed", "app", "phones", "password",
];

/// The token of every page that is shown here.
const SHOWN: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn every_screen_fits_into_every_window_in_every_language() {
    let (pages, driver) = tokio::join!(Pages::open(), Driver::start());
    let window = driver.opens(Habits::default()).await;
    for screen in SCREENS {
        for (width, height) in WINDOWS {
            window.goes_to(&pages.gallery(screen, width, height)).await;
            for language in Language::ALL {
                window.enters(&format!("iframe#{}", language.code())).await;
                window.sees("h1").await;
                window.fits().await;
                window.leaves_the_frame().await;
            }
            window.picture(&format!("acs-{screen}-{width}x{height}")).await;
        }
    }
    window.has_no_complaints().await;
    window.closes().await;
}

#[tokio::test]
async fn a_screen_reader_and_a_keyboard_find_their_way() {
    let (pages, driver) = tokio::join!(Pages::open(), Driver::start());
    let window = driver.opens(Habits::default()).await;
    window.goes_to(&pages.screen("wrong", Language::English)).await;
    for (selector, role, name) in [
        ("#code", "textbox", "Enter the code"),
        ("button[value=submit]", "button", "Continue"),
        ("button[value=resend]", "button", "Send a new code"),
        ("button[value=cancel]", "button", "Cancel"),
        ("header img", "image", "Example Bank"),
        ("h1", "heading", "Confirm your payment"),
        ("#notice", "alert", ""),
    ] {
        assert_eq!(window.role(selector).await, role, "{selector}");
        assert_eq!(window.name(selector).await, name, "{selector}");
    }
    assert_eq!(
        window.attribute("#code", "aria-describedby").await,
        "notice instruction hint"
    );
    // The entry has the keyboard already, where the page stands by itself.
    window.sees("#code:focus").await;
    window.strikes("123 456".chars().chain([ENTER])).await;
    window.arrives_at("/acs/3ds/challenge/answer").await;
    window.reads("body", "action=submit").await;
    window.reads("body", "code=123+456").await;
    for (screen, selector, said) in [
        ("wrong", "button[value=resend]", "action=resend"),
        ("wrong", "button[value=cancel]", "action=cancel"),
        ("app", "button[value=code]", "action=code"),
        ("phones", "button[value=phone]", "phone=0"),
    ] {
        window.goes_to(&pages.screen(screen, Language::Japanese)).await;
        window.tabs_to(selector).await;
        window.strikes([ENTER]).await;
        window.reads("body", said).await;
    }
    window.goes_to(&pages.screen("code", Language::Spanish)).await;
    assert!(!window.is_displayed("details p").await);
    window.tabs_to("summary").await;
    window.strikes([ENTER]).await;
    window.sees("details p").await;
    window.has_no_complaints().await;
    window.closes().await;
}

#[tokio::test]
async fn without_scripts_a_page_waits_counts_and_leads_back_all_the_same() {
    let (pages, driver) = tokio::join!(Pages::open(), Driver::start());
    let window = driver
        .opens(Habits {
            scripts: false,
            ..Habits::default()
        })
        .await;
    // A new code can be had in two seconds; the button comes by itself.
    window.goes_to(&pages.screen("soon", Language::English)).await;
    window.reads(".until", "New code in 2 seconds.").await;
    assert!(!window.is_displayed("button[value=resend]").await);
    window.presses("button[value=resend]").await;
    window.reads("body", "action=resend").await;
    // A page that waits for the app asks for itself again.
    window.goes_to(&pages.screen("app", Language::English)).await;
    window.arrives_at("/acs/3ds/challenge/page?acsTransID=").await;
    window.reads("body", "asked again").await;
    // The way back has a button.
    window.goes_to(&pages.screen("return", Language::English)).await;
    window.sees("form button").await;
    window.picture("acs-return").await;
    window.presses("form button").await;
    window.reads("body", "cres=eyJ9").await;
    // What cannot be a code does not leave the page.
    window.goes_to(&pages.screen("code", Language::English)).await;
    window.types("#code", "12ab").await;
    window.presses("button[value=submit]").await;
    assert!(window.has("#code:invalid").await);
    window.types("#code", "１２３-４５６").await;
    window.presses("button[value=submit]").await;
    window.reads("body", "action=submit").await;
    window.closes().await;
}

/// A server of sample pages, as long as the test runs.
struct Pages {
    url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Pages {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let own = url.clone();
        let sample = move |Path((screen, language)): Path<(String, String)>| {
            let own = own.clone();
            async move { sample(&own, &screen, &language) }
        };
        let router = Router::new()
            .route("/screen/{screen}/{language}", get(sample))
            .route("/gallery/{screen}/{width}/{height}", get(gallery))
            .route("/acs/3ds/challenge/answer", post(|body: String| async { body }))
            .route("/acs/3ds/challenge/page", get(still_waiting))
            .route("/notified", post(|body: String| async { body }))
            .route("/logo.svg", get(logo))
            .route("/favicon.ico", get(|| async {}))
            .merge(assets());
        let task = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, task }
    }

    fn screen(&self, screen: &str, language: Language) -> String {
        format!("{}/screen/{screen}/{}", self.url, language.code())
    }

    fn gallery(&self, screen: &str, width: u32, height: u32) -> String {
        format!("{}/gallery/{screen}/{width}/{height}", self.url)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a page that waits for the app gets when it asks for itself: it still waits, however long somebody looks at it.
async fn still_waiting() -> Html<String> {
    Html(format!(r#"<main data-token="{SHOWN}">asked again</main>"#))
}

async fn logo() -> ([(&'static str, &'static str); 1], &'static str) {
    const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 148 32" width="148" height="32"><rect width="32" height="32" rx="8" fill="#0a4f9e"/><path d="M8 13 16 8l8 5v2H8zm2 4h3v5h-3zm5 0h3v5h-3zm5 0h3v5h-3zM8 23h17v2H8z" fill="#fff"/><text x="40" y="21" font-family="sans-serif" font-weight="700" font-size="14" fill="#16213a">Example Bank</text></svg>"##;
    ([("content-type", "image/svg+xml")], LOGO)
}

/// All languages side by side, in frames of that size, made small enough for one picture.
async fn gallery(Path((screen, width, height)): Path<(String, u32, u32)>) -> Html<String> {
    let zoom = match width {
        ..300 => "1",
        500 => "0.5",
        1000.. => "0.45",
        _ => "0.78",
    };
    let frames: String = Language::ALL
        .into_iter()
        .map(|language| {
            let code = language.code();
            format!(r#"<iframe id="{code}" src="/screen/{screen}/{code}" width="{width}" height="{height}"></iframe> "#)
        })
        .collect();
    Html(format!(
        r#"<!doctype html><title>{screen}</title><body style="zoom:{zoom};margin:8px;background:#cbd2dc">{frames}"#
    ))
}

fn sample(own: &str, screen: &str, language: &str) -> Response {
    let language = Language::of_tag(language).unwrap();
    let code = |resend, good_for_seconds| ViewKind::Code {
        digits: 6,
        reference: Some("KTX".to_owned()),
        good_for_seconds,
        resend,
        app_instead: false,
    };
    let (kind, notice) = match screen {
        "wrong" => (code(Resend::Now, 200), Some(Notice::Wrong { attempts_left: 2 })),
        "last-try" => (code(Resend::Never, 100), Some(Notice::Wrong { attempts_left: 1 })),
        "expired" => (code(Resend::Now, 0), Some(Notice::Expired)),
        "renewed" => (code(Resend::In(60), 300), Some(Notice::NewCode)),
        "soon" => (code(Resend::In(2), 300), None),
        "app" => (ViewKind::App { code_instead: true }, None),
        "phones" => {
            let phones = ["•••• 5678", "•••• 4321"].map(str::to_owned).to_vec();
            let app_instead = true;
            (ViewKind::ChoosePhone { phones, app_instead }, None)
        }
        "password" => (ViewKind::Password, Some(Notice::Wrong { attempts_left: 2 })),
        _ => (code(Resend::In(30), 300), None),
    };
    let own_logo = ["wrong", "app", "password"].contains(&screen);
    let (merchant, minor, currency) = match language {
        Language::English => ("Electronic Store Ltd", 123_456, Currency::EUR),
        Language::Spanish => ("Muebles de la Señora Ñáñez", 34_900, Currency::MXN),
        Language::Portuguese => ("São João Confecções", 1_234_567, Currency::BRL),
        Language::Japanese => ("電子商店", 12_345, Currency::JPY),
    };
    let view = ChallengeView {
        acs_trans_id: AcsTransId(Uuid::from_u128(1)),
        token: SHOWN,
        language,
        kind,
        purchase: Purchase {
            merchant_name: merchant.to_owned(),
            amount: Some(Amount::new(minor, currency).unwrap()),
        },
        last_four: "1059".to_owned(),
        masked_phone: Some("•••• 5678".to_owned()),
        phone: Some(Phone::parse("+525512345678").unwrap()),
        notice,
        may_put_off: false,
        bank_name: match language {
            Language::Japanese => "例示銀行".to_owned(),
            Language::English => "Example Bank".to_owned(),
            Language::Spanish | Language::Portuguese => "Banco Atlántico".to_owned(),
        },
        logo_url: own_logo.then(|| format!("{own}/logo.svg")),
        brand: match language {
            Language::English | Language::Spanish => Brand::Visa,
            Language::Portuguese => Brand::Mastercard,
            Language::Japanese => Brand::Jcb,
        },
        window_size: ChallengeWindowSize::FullScreen,
    };
    let screen = match screen {
        "return" => Screen::Return(Return {
            url: format!("{own}/notified"),
            field: "cres",
            value: "eyJ9".to_owned(),
            session_data: None,
        }),
        _ => Screen::Challenge(Box::new(view)),
    };
    show(&screen, &Look::default(), Frame::Whole, language)
}
