//! The hosted pages over HTTP, with an invented gateway behind them.

#![allow(clippy::unwrap_used, reason = "a test's panic is its verdict")]

mod browser;
mod gateway;
mod notifications;
mod questions;

use browser::{Reply, Site};
use gateway::*;

fn view(token: &str) -> String {
    format!("/transactions/view_challenge?token={token}")
}

async fn page(token: &str, language: &str) -> Reply {
    Site::open()
        .await
        .get(&view(token), &[&format!("Accept-Language: {language}")])
        .await
}

#[tokio::test]
async fn the_page_says_who_is_paid_how_much_and_what_comes_next() {
    let page = page(ASKS_BROWSER, "es-MX").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.body
            .contains("Pago a Café &#60;b&#62;&#38; &#34;Libros&#34;&#60;/b&#62;"),
        "{}",
        page.body
    );
    assert!(page.body.contains("MXN\u{a0}1\u{202f}234.50"));
    assert_eq!(
        page.between("data-step=\"", "\""),
        "{&#34;next&#34;:&#34;browser_data&#34;}"
    );
    assert_eq!(page.between("data-token=\"", "\""), ASKS_BROWSER);
}

#[tokio::test]
async fn the_page_speaks_the_browser_s_language() {
    for (accept, tag, heading) in [
        ("pt-BR,en;q=0.5", "pt", "Verificação do seu pagamento"),
        ("en-GB", "en", "Verifying your payment"),
        ("es-419", "es", "Verificación de tu pago"),
        ("ja", "es", "Verificación de tu pago"),
    ] {
        let page = page(WORKS, accept).await;
        assert_eq!(page.between("<html lang=\"", "\""), tag);
        assert_eq!(page.header("content-language"), tag);
        assert!(page.body.contains(heading), "{accept}");
    }
}

#[tokio::test]
async fn the_language_that_the_merchant_asked_for_goes_before_the_browser_s() {
    let heading = "Verificação do seu pagamento";
    assert!(page(WORKS_IN_PORTUGUESE, "en-GB").await.body.contains(heading));
    let expired = page(EXPIRED_IN_PORTUGUESE, "en-GB").await;
    assert_eq!(expired.status, 410);
    assert!(expired.body.contains("O tempo acabou"), "{}", expired.body);
    let site = Site::open().await;
    let handover = format!("/transactions/3ds/handover?token={CHALLENGES_IN_PORTUGUESE}");
    let handover = site.get(&handover, &["Accept-Language: en-GB"]).await;
    assert_eq!(handover.header("content-language"), "pt");
    let notification = "/transactions/3ds/challenge-notification";
    let answered = site
        .post(
            notification,
            &[browser::FORM, "Accept-Language: en-GB"],
            "cres=portuguese",
        )
        .await;
    assert_eq!(answered.header("content-language"), "pt");
}

#[tokio::test]
async fn every_step_has_a_way_on_without_scripts() {
    let way_on = async |token| {
        page(token, "en")
            .await
            .between("<noscript>\n    <p>", "</noscript>")
            .to_owned()
    };
    let asks = way_on(ASKS_BROWSER).await;
    assert!(asks.contains("action=\"/transactions/3ds/browser-data\"") && asks.contains(ASKS_BROWSER));
    assert!(
        way_on(CHALLENGES)
            .await
            .contains(&format!("/transactions/3ds/handover?token={CHALLENGES}"))
    );
    assert!(way_on(WORKS).await.contains(&view(WORKS)));
    assert!(page(WORKS, "en").await.body.contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn a_wrong_token_is_a_page_that_does_not_exist() {
    let site = Site::open().await;
    for path in [
        view(UNKNOWN),
        view("short"),
        view("'%20OR%201=1--%20%20%20%20%20%20%20"),
        view(""),
        "/transactions/view_challenge".to_owned(),
        format!("/transactions/3ds/handover?token={UNKNOWN}"),
    ] {
        let page = site.get(&path, &["Accept-Language: en"]).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.body.contains("This page does not exist"), "{path}");
    }
    let looked_up = site.gateway.told().len();
    assert_eq!(looked_up, 2, "only ULIDs are looked up");
}

#[tokio::test]
async fn an_expired_page_leads_back_to_the_merchant() {
    let page = page(EXPIRED, "en").await;
    assert_eq!(page.status, 410);
    assert!(page.body.contains("Time is up") && page.body.contains("Back to Café"));
    assert!(
        page.body
            .contains("href=\"https://shop.example/back?order_id=7&#38;status=processed\"")
    );
}

#[tokio::test]
async fn a_fault_shows_its_id_and_nothing_else() {
    let page = page(BROKEN, "en").await;
    assert_eq!(page.status, 500);
    assert!(page.body.contains("err-4711"));
}

#[tokio::test]
async fn the_end_leads_to_the_merchant_or_says_so_itself() {
    let back = page(DONE_WITH_CALLBACK, "en").await;
    assert_eq!(
        back.between("data-redirect=\"", "\""),
        "https://shop.example/back?order_id=7&#38;status=processed"
    );
    assert!(back.body.contains("Payment approved") && back.body.contains("http-equiv=\"refresh\""));
    for token in [DONE, DONE_WITH_SCRIPT] {
        let stays = page(token, "en").await;
        assert!(stays.body.contains("You may close this page now."));
        assert!(!stays.body.contains("data-redirect") && !stays.body.contains("javascript:"));
    }
}

#[tokio::test]
async fn the_handover_posts_what_the_step_asks_for() {
    let site = Site::open().await;
    let handover = async |token| {
        site.get(&format!("/transactions/3ds/handover?token={token}"), &[])
            .await
    };

    let method = handover(RUNS_METHOD).await;
    assert_eq!(
        method.between("action=\"", "\""),
        "https://acs.example/method?a=1&#38;b=2"
    );
    assert!(
        method
            .body
            .contains("name=\"threeDSMethodData\" value=\"the-method-data\"")
    );

    let challenge = handover(CHALLENGES).await;
    assert_eq!(
        challenge.between("action=\"", "\""),
        "https://acs.example/challenge"
    );
    assert!(challenge.body.contains("name=\"creq\" value=\"the-creq\""));
    assert!(
        challenge
            .body
            .contains("name=\"threeDSSessionData\" value=\"the-session\"")
    );

    for token in [ASKS_BROWSER, WORKS, DONE] {
        let moved_on = handover(token).await;
        assert_eq!(moved_on.status, 200);
        assert!(
            moved_on
                .body
                .contains(&format!("href=\"{}\" target=\"_top\"", view(token))),
            "{token}"
        );
    }
    assert_eq!(handover(HOSTILE_ACS).await.status, 502);
    assert_eq!(handover(EXPIRED).await.status, 410);
}

#[tokio::test]
async fn every_document_is_fenced_in() {
    let site = Site::open().await;
    let mut documents = Vec::new();
    for token in [
        ASKS_BROWSER,
        RUNS_METHOD,
        CHALLENGES,
        WORKS,
        DONE_WITH_CALLBACK,
        EXPIRED,
        UNKNOWN,
        BROKEN,
    ] {
        documents.push(site.get(&view(token), &[]).await);
    }
    documents.push(
        site.get(&format!("/transactions/3ds/handover?token={CHALLENGES}"), &[])
            .await,
    );
    for document in documents {
        let policy = document.header("content-security-policy");
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "base-uri 'none'",
            "form-action ",
        ] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(
            policy.ends_with("frame-ancestors 'self' https:") && !policy.contains("http:"),
            "{policy}"
        );
        assert_eq!(document.header("referrer-policy"), "no-referrer");
        assert_eq!(document.header("x-content-type-options"), "nosniff");
        assert_eq!(document.header("cache-control"), "no-store");
        assert!(!document.body.contains("<script>") && !document.body.contains("style="));
        assert!(!document.body.contains("//cdn") && !document.body.contains(" onload="));
    }
}

#[tokio::test]
async fn style_script_and_icon_are_our_own_and_may_be_kept() {
    let site = Site::open().await;
    let page = site.get(&view(WORKS), &[]).await;
    for (before, media_type) in [
        ("rel=\"stylesheet\" href=\"", "text/css; charset=utf-8"),
        ("<script src=\"", "text/javascript; charset=utf-8"),
        ("type=\"image/svg+xml\" href=\"", "image/svg+xml"),
    ] {
        let path = page.between(before, "\"");
        let asset = site.get(path, &[]).await;
        assert_eq!(
            (asset.status, asset.header("content-type")),
            (200, media_type),
            "{path}"
        );
        assert_eq!(
            asset.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let known = format!("If-None-Match: {}", asset.header("etag"));
        assert_eq!(site.get(path, &[&known]).await.status, 304);
    }
    let of_another_release = site
        .get("/transactions/assets/hosted-page.0000000000000000.css", &[])
        .await;
    assert_eq!(
        (
            of_another_release.status,
            of_another_release.header("cache-control")
        ),
        (200, "no-cache")
    );
    for path in [
        "/transactions/assets/other.css",
        "/transactions/assets/..%2f..%2fCargo.toml",
    ] {
        assert_eq!(site.get(path, &[]).await.status, 404, "{path}");
    }
}
