//! What is checked before any payment, and that every answer is XML with HTTP 200.

use super::{testing::*, xml::CONTENT_TYPE};
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use orchestrator::administration::Environment;
use payments::directlink::signature::{Hash, Order, digest_of};
use primitives::Secret;
use std::net::SocketAddr;
use tower::ServiceExt;

const PAGES: [(&str, &[(&str, &str)]); 3] = [
    ("orderdirect.asp", ORDER),
    ("maintenancedirect.asp", CAPTURE),
    ("querydirect.asp", QUERY),
];

/// The form with its signature.
fn signed(form: &[(&str, &str)], hash: Hash) -> Vec<(String, String)> {
    let pairs = form
        .iter()
        .map(|(name, value)| (name.to_ascii_uppercase(), value.as_bytes().to_vec()))
        .collect();
    let passphrase = Secret::new(PASSPHRASE.to_owned());
    let digest = digest_of(pairs, Order::Numbers, &passphrase, hash);
    let mut signed: Vec<_> = form
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    signed.push(("SHASign".to_owned(), digest));
    signed
}

async fn ask_signed(page: &str, form: &[(String, String)]) -> Answer {
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    ask(&face().0, page, &form).await
}

#[tokio::test]
async fn the_checks_are_made_in_the_vendors_order() {
    let (face, fake) = face();
    for (page, form) in PAGES {
        let missing = &[
            ("ORDERID", ""),
            ("PAYID", ""),
            ("PSPID", ""),
            ("USERID", ""),
            ("PSWD", ""),
        ];
        let blank = ask(&face, page, &with(form, &[("ORDERID", " "), ("PAYID", " ")])).await;
        assert_eq!(blank.error(), ("50001111", "no orderid"), "{page}");
        for (left_out, error, text) in [
            (0..5, "50001111", "no orderid"),
            (2..5, "50001111", "no PSPID"),
            (3..5, "50001111", "no USERID"),
            (4..5, "50001111", "no PSWD"),
        ] {
            let answer = ask(&face, page, &with(form, &missing[left_out])).await;
            assert_eq!(answer.error(), (error, text), "{page}");
            assert_eq!(answer.get("STATUS"), "0");
            assert_eq!(answer.get("NCSTATUS"), "5");
        }
        for (name, value, error, text) in [
            ("PSPID", "Nobody", "50001118", "PSPID not found or not active"),
            (
                "USERID",
                "admin",
                "50001111",
                "Connection to API feature not allowed for this user",
            ),
            (
                "PSWD",
                "guessed",
                "50001119",
                "wrong PSWD, or the user is locked after too many of them",
            ),
            (
                "PSPID",
                "a name of more than thirty letters",
                "50001111",
                "PSPID too long",
            ),
            (
                "USERID",
                "more than twenty letters",
                "50001111",
                "USERID too long",
            ),
        ] {
            let answer = ask(&face, page, &with(form, &[(name, value)])).await;
            assert_eq!(answer.error(), (error, text), "{page}");
        }
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn an_empty_body_lacks_the_order_first() {
    let answer = ask(&face().0, "orderdirect.asp", &[]).await;
    assert_eq!(answer.error(), ("50001111", "no orderid"));
    assert_eq!((answer.get("orderID"), answer.get("PAYID")), ("", "0"));
}

#[tokio::test]
async fn pages_are_found_in_any_letter_case_and_without_an_environment() {
    let (face, _) = face();
    let body = serde_urlencoded::to_string(ORDER).unwrap();
    for path in [
        "/ncol/test/orderdirect.asp",
        "/ncol/test/OrderDirect.asp",
        "/ncol/TEST/ORDERDIRECT_UTF8.ASP",
        "/orderdirect.asp",
        "/orderdirect_utf8.asp",
    ] {
        assert_eq!(
            send(&face, post(path, body.clone())).await.get("STATUS"),
            "5",
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_no_page_of_this_face_is_answered_by_the_others() {
    let (face, _) = face();
    for path in [
        "/orderdirect",
        "/ncol/test/orderstandard.asp",
        "/ncol/stage/orderdirect.asp",
        "/favicon.ico",
    ] {
        let response = face.clone().oneshot(post(path, "")).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn accounts_are_known_in_their_own_environment_only() {
    let body = serde_urlencoded::to_string(ORDER).unwrap();
    for (environment, path, status) in [
        (Environment::Sandbox, "/ncol/prod/orderdirect.asp", "50001118"),
        (Environment::Production, "/ncol/test/orderdirect.asp", "50001118"),
        (Environment::Production, "/ncol/prod/orderdirect.asp", "0"),
        (Environment::Production, "/orderdirect.asp", "0"),
    ] {
        let answer = send(&face_in(environment).0, post(path, body.clone())).await;
        assert_eq!(answer.get("NCERROR"), status, "{environment:?} {path}");
    }
}

#[tokio::test]
async fn a_signature_must_be_there_and_hold() {
    let form = with(ORDER, &[("PSPID", SIGNED)]);
    let answer = ask_signed("orderdirect.asp", &signed(&form, Hash::Sha256)).await;
    assert_eq!(answer.get("STATUS"), "5", "{answer:?}");
    // The digest is the account's to choose.
    let answer = ask_signed("orderdirect.asp", &signed(&form, Hash::Sha1)).await;
    assert_eq!(answer.error(), ("50001111", "unknown order/1/s/"));
    let mut changed = signed(&form, Hash::Sha256);
    changed.iter_mut().find(|(name, _)| name == "AMOUNT").unwrap().1 = "1".to_owned();
    let answer = ask_signed("orderdirect.asp", &changed).await;
    assert_eq!(answer.error(), ("50001111", "unknown order/1/s/"));
    for (page, form) in PAGES {
        let answer = ask(&face().0, page, &with(form, &[("PSPID", SIGNED)])).await;
        assert_eq!(answer.error(), ("50001111", "unknown order/0/s/"), "{page}");
    }
}

#[tokio::test]
async fn a_signature_that_nobody_asked_for_is_passed_over() {
    let answer = ask(&face().0, "orderdirect.asp", &with(ORDER, &[("SHASIGN", "ABCD")])).await;
    assert_eq!(answer.get("STATUS"), "5");
}

#[tokio::test]
async fn an_account_may_be_bound_to_networks() {
    let body = serde_urlencoded::to_string(with(ORDER, &[("PSPID", FENCED)])).unwrap();
    let from = |address: Option<[u8; 4]>, forwarded: Option<&str>| {
        let mut request = Request::post("/orderdirect.asp");
        if let Some(address) = address {
            request = request.extension(ConnectInfo(SocketAddr::from((address, 4000))));
        }
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        request.body(Body::from(body.clone())).unwrap()
    };
    let face = face().0;
    for (request, error, text) in [
        (from(Some([192, 0, 2, 99]), None), "0", "!"),
        (
            from(Some([10, 0, 0, 1]), Some("203.0.113.1, 192.0.2.7")),
            "0",
            "!",
        ),
        (
            from(Some([192, 0, 2, 99]), Some("192.0.2.7, 203.0.113.1")),
            "50001116",
            "unknown order/1/i/203.0.113.1",
        ),
        (
            from(Some([198, 51, 100, 4]), None),
            "50001116",
            "unknown order/1/i/198.51.100.4",
        ),
        (from(None, None), "50001117", "unknown order/0/i/"),
    ] {
        assert_eq!(send(&face, request).await.error(), (error, text));
    }
}

#[tokio::test]
async fn a_proxy_tells_of_requests_without_tls() {
    let mut request = post("/orderdirect.asp", serde_urlencoded::to_string(ORDER).unwrap());
    request
        .headers_mut()
        .insert("x-forwarded-proto", "http".parse().unwrap());
    assert_eq!(send(&face().0, request).await.get("NCERROR"), "50001115");
}

#[tokio::test]
async fn whatever_is_no_form_is_answered_in_xml() {
    let face = face().0;
    let text = |request| {
        let face = face.clone();
        async move { send(&face, request).await.get("NCERRORPLUS").to_owned() }
    };
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let request = Request::builder()
            .method(method)
            .uri("/ncol/test/orderdirect.asp");
        let told = text(request.body(Body::empty()).unwrap()).await;
        assert_eq!(told, "requests must be POST", "{method}");
    }
    let json = Request::post("/orderdirect.asp").header(header::CONTENT_TYPE, "application/json");
    let told = text(json.body("{}".into()).unwrap()).await;
    assert!(told.starts_with("Content-Type"), "{told}");
    let long = format!("COM={}", "a".repeat(3 * 1024 * 1024));
    let told = text(post("/orderdirect.asp", long)).await;
    assert!(told.starts_with("the request is too long"), "{told}");
    let told = text(post("/orderdirect.asp", "ORDERID=1&orderid=2")).await;
    assert_eq!(told, "ORDERID sent twice");
    let told = text(post("/orderdirect_utf8.asp", "ORDERID=A1&CN=Jos%E9")).await;
    assert_eq!(told, "CN is not in the character set of the request");
    let told = text(post("/orderdirect.asp", "ORDERID=A%001")).await;
    assert_eq!(told, "ORDERID is not in the character set of the request");
}

#[tokio::test]
async fn a_merchant_s_rate_holds() {
    let face = face().0;
    let form = with(ORDER, &[("PSPID", SLOW)]);
    assert_eq!(ask(&face, "orderdirect.asp", &form).await.get("NCERROR"), "0");
    let answer = ask(&face, "orderdirect.asp", &form).await;
    assert_eq!(answer.get("NCERROR"), "50001111");
    assert!(
        answer.get("NCERRORPLUS").starts_with("too many requests"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_fault_of_ours_shows_an_id_only() {
    for (page, form) in PAGES {
        let answer = ask(&face().0, page, &with(form, &[("PSPID", BROKEN)])).await;
        assert_eq!(answer.get("NCERROR"), "40001998");
        let text = answer.get("NCERRORPLUS");
        assert!(text.starts_with("temporary problem, error id "), "{text}");
        assert!(!text.contains("database"), "{text}");
        let status = if page == "querydirect.asp" { "88" } else { "0" };
        assert_eq!(answer.get("STATUS"), status);
    }
}

#[tokio::test]
async fn nobody_converts_currencies() {
    let face = face().0;
    let text = ask(&face, "getDCCRates.asp", RATES).await.text;
    assert_eq!(
        text,
        "<?xml version=\"1.0\"?>\n<dccResponse><orderid>A1</orderid>\
         <error><code>50001146</code><desc>no DCC configuration</desc></error></dccResponse>"
    );
    for (change, code, description) in [
        (("BIN", ""), "50001111", "no BIN"),
        (("BIN", "41111x"), "50001111", "BIN must be 6 digits"),
        (("CURRENCY", "EURO"), "50001120", "not a valid currency : EURO"),
        (("ORDERID", ""), "50001111", "no orderid"),
        (("PSPID", SIGNED), "50001184", "unknown order/0/s/"),
    ] {
        let text = ask(&face, "getdccrates_UTF8.asp", &with(RATES, &[change]))
            .await
            .text;
        let error = format!("<error><code>{code}</code><desc>{description}</desc></error>");
        assert!(text.contains(&error), "{text}");
    }
    assert_eq!(CONTENT_TYPE, "text/XML; Charset=iso-8859-1");
}

#[tokio::test]
async fn a_path_in_capitals_leads_to_the_same_page() {
    let body = serde_urlencoded::to_string(QUERY).unwrap();
    for path in ["/NCOL/TEST/QUERYDIRECT.ASP", "/ncol/Test/querydirect.asp"] {
        let answer = send(&face().0, post(path, body.clone())).await;
        assert_eq!(answer.get("NCERROR"), "0", "{path}");
    }
}
