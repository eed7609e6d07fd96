//! Every parameter of a new order that is missing, too long, wrong, sent twice or not in its character set: the answer names it.

use super::testing::*;
use axum::Router;

/// All that the protocol's pages know.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "PSPID", "USERID", "PSWD", "ORDERID", "AMOUNT", "CURRENCY", "CARDNO", "ED", "CVC", "OPERATION", "SHASIGN", "COM", "CN", "EMAIL",
    "ECOM_PAYMENT_CARD_VERIFICATION", "OWNERADDRESS", "OWNERADDRESS2", "OWNERZIP", "OWNERTOWN", "OWNERTELNO", "OWNERCTY",
    "GLOBORDERID", "WITHROOT", "REMOTE_ADDR", "RTIMEOUT", "ECI", "PM", "BRAND", "EXCLPMLIST", "CREDITDEBIT", "ALIAS",
    "ALIASOPERATION", "ALIASUSAGE", "ORIG", "COF_INITIATOR", "COF_TRANSACTION", "COF_SCHEDULE", "DCC_INDICATOR", "PARAMVAR",
    "FLAG3D", "FLAG3DS", "HTTP_ACCEPT", "HTTP_USER_AGENT", "WIN3DS", "ACCEPTURL", "DECLINEURL", "EXCEPTIONURL", "CANCELURL",
    "PARAMPLUS", "COMPLUS", "LANGUAGE", "TP", "browserAcceptHeader", "browserColorDepth", "browserJavaEnabled", "browserLanguage",
    "browserScreenHeight", "browserScreenWidth", "browserTimeZone", "browserUserAgent", "browserJavaScriptEnabled",
    "ECOM_BILLTO_POSTAL_CITY", "ECOM_SHIPTO_POSTAL_COUNTRYCODE", "ADDRMATCH", "Mpi.threeDSRequestorChallengeIndicator",
    "3DS_EXEMPTION_INDICATOR", "PAYID", "PAYIDSUB", "BIN",
];

async fn error(face: &Router, changes: &[(&str, &str)]) -> (String, String) {
    let answer = ask(face, "orderdirect.asp", &with(ORDER, changes)).await;
    let (code, text) = answer.error();
    (code.to_owned(), text.to_owned())
}

#[tokio::test]
async fn a_parameter_that_is_sent_twice_is_named() {
    let face = face().0;
    for name in NAMES {
        for page in ["orderdirect.asp", "maintenancedirect.asp", "querydirect.asp"] {
            let body = format!("{name}=1&X=1&{}=2", name.to_ascii_lowercase());
            let answer = send(&face, post(&format!("/{page}"), body)).await;
            let text = format!("{} sent twice", name.to_ascii_uppercase());
            assert_eq!(answer.error(), ("50001111", text.as_str()));
        }
    }
}

#[tokio::test]
async fn a_parameter_in_another_character_set_is_named() {
    let face = face().0;
    for name in NAMES {
        for page in [
            "orderdirect_utf8.asp",
            "maintenancedirect_utf8.asp",
            "querydirect_utf8.asp",
        ] {
            let answer = send(&face, post(&format!("/{page}"), format!("{name}=%E9%FF"))).await;
            let text = format!(
                "{} is not in the character set of the request",
                name.to_ascii_uppercase()
            );
            assert_eq!(answer.error(), ("50001111", text.as_str()));
        }
    }
}

#[tokio::test]
async fn both_character_sets_bring_the_same_name() {
    let text = serde_urlencoded::to_string(with(ORDER, &[("CN", "")])).unwrap();
    for (page, name, charset) in [
        ("orderdirect.asp", "Jos%E9", ""),
        ("orderdirect.asp", "Jos%C3%A9", ""),
        ("orderdirect_utf8.asp", "Jos%C3%A9", ""),
        ("orderdirect_utf8.asp", "Jos%E9", "; charset=ISO-8859-1"),
    ] {
        let (face, fake) = face();
        let mut request = post(&format!("/{page}"), format!("{text}&CN={name}"));
        let content_type = format!("application/x-www-form-urlencoded{charset}");
        request
            .headers_mut()
            .insert("content-type", content_type.parse().unwrap());
        assert_eq!(send(&face, request).await.get("STATUS"), "5", "{page} {name}");
        assert_eq!(
            fake.wanted().facts.holder.as_deref(),
            Some("José"),
            "{page} {name}"
        );
    }
}

#[tokio::test]
async fn a_parameter_that_is_missing_is_named() {
    let face = face().0;
    for (name, code, text) in [
        ("ORDERID", "50001111", "no orderid"),
        ("PSPID", "50001111", "no PSPID"),
        ("USERID", "50001111", "no USERID"),
        ("PSWD", "50001111", "no PSWD"),
        ("AMOUNT", "50001111", "no AMOUNT"),
        ("CURRENCY", "50001111", "no CURRENCY"),
        ("CARDNO", "50001111", "no card no"),
        ("ED", "50001111", "no exp date"),
        ("CVC", "50001090", "CVC is mandatory for this card"),
    ] {
        assert_eq!(
            error(&face, &[(name, "")]).await,
            (code.to_owned(), text.to_owned())
        );
    }
    let skipped = error(&face, &[("FLAG3D", "N")]).await;
    assert_eq!(skipped.1, "no 3DS_EXEMPTION_INDICATOR");
}

#[tokio::test]
async fn a_parameter_that_is_too_long_is_named() {
    let face = face().0;
    for (name, most, code) in [
        ("PSPID", 30, "50001111"),
        ("USERID", 20, "50001111"),
        ("PSWD", 128, "50001111"),
        ("ORDERID", 40, "50001111"),
        ("AMOUNT", 15, "50001111"),
        ("CARDNO", 21, "50001176"),
        ("CVC", 5, "50001179"),
        ("COM", 100, "50001111"),
        ("CN", 35, "50001174"),
        ("EMAIL", 50, "50001111"),
        ("OWNERADDRESS", 50, "50001111"),
        ("OWNERADDRESS2", 50, "50001111"),
        ("OWNERZIP", 10, "50001111"),
        ("OWNERTOWN", 40, "50001111"),
        ("OWNERTELNO", 30, "50001111"),
        ("GLOBORDERID", 15, "50001111"),
        ("RTIMEOUT", 2, "50001111"),
        ("PM", 25, "50001111"),
        ("BRAND", 25, "50001111"),
        ("ALIAS", 50, "50001111"),
        ("ALIASUSAGE", 255, "50001111"),
        ("PARAMVAR", 50, "50001111"),
        ("PARAMPLUS", 1000, "50001111"),
        ("COMPLUS", 1000, "50001111"),
        ("ACCEPTURL", 200, "50001111"),
        ("DECLINEURL", 200, "50001111"),
        ("EXCEPTIONURL", 200, "50001111"),
        ("CANCELURL", 200, "50001111"),
    ] {
        let told = error(&face, &[(name, &"1".repeat(most + 1))]).await;
        assert_eq!(told.0, code, "{name}: {}", told.1);
        assert!(told.1.starts_with(&format!("{name} too long")), "{}", told.1);
    }
    // An alternative to the security code is told by that one's name.
    let told = error(
        &face,
        &[("CVC", ""), ("ECOM_PAYMENT_CARD_VERIFICATION", "123456")],
    )
    .await;
    assert_eq!(told, ("50001179".to_owned(), "CVC too long".to_owned()));
}

#[tokio::test]
async fn a_parameter_that_is_kept_in_the_open_must_not_have_the_card_number_in_it() {
    let face = face().0;
    for (name, value) in [
        ("ORDERID", "4111-1111-1111-1111"),
        ("COM", "paid with 4111 1111 1111 1111"),
        ("PARAMPLUS", "card=4111-1111-1111-1111&x=1"),
        ("COMPLUS", "x4111111111111111"),
        ("PARAMVAR", "4111111111111111"),
        ("ACCEPTURL", "https://shop.example/?card=4111111111111111"),
        ("OWNERADDRESS", "4111111111111111"),
    ] {
        let text = format!("{name} must not have the card number in it");
        assert_eq!(
            error(&face, &[(name, value)]).await,
            ("50001111".to_owned(), text)
        );
    }
    let text = "CN has characters that no name has".to_owned();
    let holder = error(&face, &[("CN", "4111 1111 1111 1111")]).await;
    assert_eq!(holder, ("50001175".to_owned(), text));
}

#[tokio::test]
async fn a_parameter_that_is_wrong_is_named() {
    let face = face().0;
    for (name, value, code, text) in [
        ("AMOUNT", "15.50", "50001111", "AMOUNT too long or not numeric"),
        ("AMOUNT", "0", "50001111", "AMOUNT must be more than 0"),
        ("CURRENCY", "EURO", "50001120", "not a valid currency : EURO"),
        (
            "CURRENCY",
            "USD",
            "50001122",
            "The currency is not accepted by the merchant",
        ),
        (
            "CURRENCY",
            "JPY",
            "50001121",
            "AMOUNT has decimals that JPY lacks",
        ),
        (
            "CARDNO",
            "1111111111111111",
            "50001111",
            "no brand or invalid card number",
        ),
        ("CARDNO", "4111x11111111111", "50001177", "CARDNO not numeric"),
        ("ED", "1x/30", "50001181", "ED must be MMYY or MM/YY"),
        ("ED", "1//230", "50001181", "ED must be MMYY or MM/YY"),
        ("ED", "1/230", "50001181", "ED must be MMYY or MM/YY"),
        ("ED", "12/30/", "50001181", "ED must be MMYY or MM/YY"),
        ("ED", "13/30", "50001182", "ED has no such month"),
        ("ED", "10/26", "50001183", "ED must be in the future"),
        ("PARAMVAR", "..", "50001111", "PARAMVAR not valid"),
        ("CVC", "12x", "50001180", "CVC not numeric"),
        (
            "CVC",
            "1234",
            "50001066",
            "CVC has not the length of this card&apos;s",
        ),
        ("CN", "Ana\u{7}", "50001175", "CN has characters that no name has"),
        ("OPERATION", "XYZ", "50001007", "OPERATION must be RES or SAL"),
        (
            "OPERATION",
            "RFD",
            "50001046",
            "OPERATION not allowed for this account",
        ),
        (
            "OPERATION",
            "PAU",
            "50001046",
            "OPERATION not allowed for this account",
        ),
        ("EMAIL", "nobody", "50001225", "EMAIL not valid"),
        ("OWNERCTY", "9Q", "50001209", "OWNERCTY not valid"),
        ("OWNERCTY", "ESP", "50001209", "OWNERCTY not valid"),
        ("OWNERCTY", "Mexico", "50001209", "OWNERCTY not valid"),
        ("REMOTE_ADDR", "here", "50001150", "REMOTE_ADDR is no address"),
        ("RTIMEOUT", "3x", "50001111", "RTIMEOUT not valid"),
        ("ECI", "8", "50001070", "ECI not supported"),
        ("PM", "iDEAL", "50001069", "PM must be CreditCard"),
        ("BRAND", "MasterCard", "50001069", "BRAND is not the card&apos;s"),
        (
            "EXCLPMLIST",
            "iDEAL;visa",
            "50001054",
            "EXCLPMLIST excludes this card",
        ),
        ("CREDITDEBIT", "X", "50001111", "CREDITDEBIT not valid"),
        ("ALIAS", "a name", "50001111", "ALIAS not valid"),
        (
            "ALIAS",
            "4111111111111111",
            "50001216",
            "ALIAS must not be the card number",
        ),
        ("ALIASOPERATION", "BYME", "50001111", "ALIASOPERATION not valid"),
        ("COF_INITIATOR", "X", "50001111", "COF_INITIATOR not valid"),
        ("COF_TRANSACTION", "X", "50001111", "COF_TRANSACTION not valid"),
        ("COF_SCHEDULE", "X", "50001111", "COF_SCHEDULE not valid"),
        (
            "DCC_INDICATOR",
            "1",
            "50001111",
            "DCC_INDICATOR not valid: no DCC configuration",
        ),
        ("FLAG3D", "X", "50001111", "FLAG3D not valid"),
        ("FLAG3DS", "X", "50001111", "FLAG3DS not valid"),
        ("WIN3DS", "FRAME", "50001111", "WIN3DS not valid"),
        (
            "ACCEPTURL",
            "javascript:alert(1)",
            "50001111",
            "ACCEPTURL not valid",
        ),
        ("DECLINEURL", "/declined", "50001111", "DECLINEURL not valid"),
        (
            "EXCEPTIONURL",
            "ftp://shop.example",
            "50001111",
            "EXCEPTIONURL not valid",
        ),
        ("CANCELURL", "shop", "50001111", "CANCELURL not valid"),
        (
            "BROWSERCOLORDEPTH",
            "many",
            "50001111",
            "BROWSERCOLORDEPTH not valid",
        ),
        (
            "BROWSERJAVAENABLED",
            "perhaps",
            "50001111",
            "BROWSERJAVAENABLED not valid",
        ),
        (
            "BROWSERJAVASCRIPTENABLED",
            "perhaps",
            "50001111",
            "BROWSERJAVASCRIPTENABLED not valid",
        ),
        (
            "BROWSERSCREENHEIGHT",
            "-1",
            "50001111",
            "BROWSERSCREENHEIGHT not valid",
        ),
        (
            "BROWSERSCREENWIDTH",
            "1000000",
            "50001111",
            "BROWSERSCREENWIDTH not valid",
        ),
        ("BROWSERTIMEZONE", "841", "50001111", "BROWSERTIMEZONE not valid"),
    ] {
        let told = error(&face, &[(name, value)]).await;
        assert_eq!(told, (code.to_owned(), text.to_owned()), "{name}={value}");
    }
    let told = error(
        &face,
        &[("ALIAS", "ana_1"), ("CARDNO", ""), ("ED", ""), ("CVC", "")],
    )
    .await;
    assert_eq!(told.1, "Alias &quot;ana_1&quot; not Found");
}

#[tokio::test]
async fn what_only_helps_never_fails_an_order() {
    let face = face().0;
    for (name, value) in [
        ("ECOM_BILLTO_POSTAL_CITY", "a".repeat(200)),
        ("ECOM_SHIPTO_POSTAL_COUNTRYCODE", "Spain".to_owned()),
        ("ADDRMATCH", "perhaps".to_owned()),
        ("MPI.CARDHOLDERACCOUNTAGE", "05".to_owned()),
        ("BROWSERUSERAGENT", "a".repeat(5000)),
        ("BROWSERACCEPTHEADER", "a".repeat(5000)),
        ("BROWSERLANGUAGE", "en-GB-oxendict".to_owned()),
        ("LANGUAGE", "Klingon".to_owned()),
        ("REMOTE_ADDR", "NONE".to_owned()),
        ("RTIMEOUT", "5".to_owned()),
        ("SUB_AMOUNT", "100".to_owned()),
        ("ORIG", "a plug-in of some version".to_owned()),
        ("TP", "template.html".to_owned()),
        ("DCC_INDICATOR", "0".to_owned()),
        ("ALIAS", "ana_1".to_owned()),
        ("BRAND", "visa".to_owned()),
        ("WITHROOT", "perhaps".to_owned()),
    ] {
        let told = error(&face, &[(name, &value)]).await;
        assert_eq!(told.0, "0", "{name}: {}", told.1);
    }
}
