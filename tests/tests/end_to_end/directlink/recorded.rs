//! Requests that a client of the protocol was recorded making, byte by byte but for their order (ogone-directlink.md,
//! section 4). Their signatures are the client's own: the account is as the client's was.
//!
//! What they ask for is long past or was never here, so each is let in and then told so: with a wrong signature, none of them
//! would learn as much.

use serde_json::json;
use tests::directlink::answer::NcResponse;
use tests::directlink::signature::Hash;
use tests::directlink::{Account, Charset, MAINTENANCE, ORDER, QUERY, Request, Shop};
use tests::system::System;

use super::opened;

const FORM: &str = "application/x-www-form-urlencoded";
const ORDER_ID: &str = "mq4ht90j2oir6am585afk58kml";
const BACK: &str =
    "http://www.frontend.example.com/card_details/mq4ht90j2oir6am585afk58kml/3ds_required_in/epdq";

const PLAIN_ORDER: [(&str, &str); 12] = [
    ("AMOUNT", "500"),
    ("CARDNO", "5555444433331111"),
    ("CN", "Mr. Payment"),
    ("CURRENCY", "GBP"),
    ("CVC", "737"),
    ("ED", "08/18"),
    ("OPERATION", "RES"),
    ("ORDERID", ORDER_ID),
    ("OWNERADDRESS", "41, Scala Street"),
    ("OWNERCTY", "GB"),
    ("OWNERTOWN", "London"),
    ("OWNERZIP", "EC2A 1AE"),
];

/// The client's spelling is kept: names in whatever case.
const AUTHENTICATION: [(&str, &str); 18] = [
    ("FLAG3D", "Y"),
    ("WIN3DS", "MAINW"),
    ("LANGUAGE", "en_GB"),
    ("HTTP_ACCEPT", "text/html"),
    ("HTTP_USER_AGENT", "Mozilla/5.0"),
    ("ECOM_BILLTO_POSTAL_CITY", "London"),
    ("ECOM_BILLTO_POSTAL_COUNTRYCODE", "GB"),
    ("ECOM_BILLTO_POSTAL_POSTALCODE", "EC2A 1AE"),
    ("ECOM_BILLTO_POSTAL_STREET_LINE1", "41"),
    ("ECOM_BILLTO_POSTAL_STREET_LINE2", "Scala Street"),
    ("browserAcceptHeader", "text/html"),
    ("browserColorDepth", "24"),
    ("browserJavaEnabled", "false"),
    ("browserLanguage", "en-GB"),
    ("browserScreenHeight", "480"),
    ("browserScreenWidth", "320"),
    ("browserTimezone", "0"),
    ("browserUserAgent", "Mozilla/5.0"),
];

async fn replayed(shop: &Shop, page: &str, pairs: &[(&str, &str)], digest: &str) -> NcResponse {
    let request = Request::of(pairs)
        .with("PSPID", "merchant-id")
        .with("PSWD", "password")
        .with("USERID", "username")
        .with("SHASign", digest);
    let answer = shop.sends(page, FORM, request.body(Charset::Utf8)).await;
    NcResponse::of(&answer.expect("an answer"))
}

#[tokio::test]
async fn recorded_requests_are_let_in() {
    let system = System::start().await;
    let account = Account {
        pspid: "merchant-id".to_owned(),
        userid: "username".to_owned(),
        pswd: "password".to_owned(),
        sha_in: "sha-passphrase".to_owned(),
        sha_out: String::new(),
        hash: Hash::Sha512,
    };
    let shop = opened(&system, account, json!({})).await;

    for (operation, amount, digest) in [
        (
            "SAS",
            None,
            "bd85df99ecdbfb5f16daf676a7d4471cc02a1447f948c781b982634c56d1bb93602881712d06fe292d353e4c9eaba717bf2799b6504ca3549be3f634c2563dd6",
        ),
        (
            "RFD",
            Some("400"),
            "e43114c5930ed6afa556725c35a1098bc7ae37b336e03492a0ae6894ee3bd31aaf3cbe81e21350d0b2bf89d1853734706a815da52b972f81f322ba8ca13f0be3",
        ),
        (
            "DES",
            None,
            "175e166b6f1609673674f54a4cb07c593d2c988fd2c9da90dbd4477be4ea885cb82770675ae5662b94ff851d4827f72bd78b2f9ede2ec1248270f6833d8f9d0e",
        ),
    ] {
        let mut pairs = vec![("OPERATION", operation), ("PAYID", "payId")];
        pairs.extend(amount.map(|amount| ("AMOUNT", amount)));
        let answer = replayed(&shop, MAINTENANCE, &pairs, digest).await;
        // The recording has a word where numbers of payments are.
        answer.assert_complains("50001111", "PAYID not numeric");
        // One letter of the signature makes the difference.
        let other = format!("0{}", &digest[1..]);
        let answer = replayed(&shop, MAINTENANCE, &pairs, &other).await;
        answer.assert_complains("50001111", "unknown order/1/s/");
    }

    let digest = "7efa9dc08b00a5248420a68630b94e84299e3934152ade38277b90b8961e2e1842fe6f830a0a45286eb93350e5b3015afe04e572bb59c66d61924b928bd13e39";
    let asked = replayed(&shop, QUERY, &[("ORDERID", ORDER_ID)], digest).await;
    assert_eq!(asked.error(), "50001130", "{asked:?}");
    assert_eq!(
        asked.get("NCERRORPLUS"),
        format!("unknown orderid {ORDER_ID} for merchant merchant-id")
    );
    assert_eq!(
        (asked.payid(), asked.status(), asked.get("ACCEPTANCE")),
        ("", "", "")
    );

    // The recorded card has expired since.
    let digest = "c3a3319c82384602ae2bed51a65b9683f5f9ac90dfde72563b478116080016cdb669b050164bca7d10d2fff7ba2064dd451174286d2fa7c1f309a3b6ac19e4b9";
    let ordered = replayed(&shop, ORDER, &PLAIN_ORDER, digest).await;
    ordered.assert_complains("50001183", "");
    let (declined, uncertain) = (format!("{BACK}?status=declined"), format!("{BACK}?status=error"));
    let urls = [
        ("ACCEPTURL", BACK),
        ("DECLINEURL", &declined),
        ("EXCEPTIONURL", &uncertain),
    ];
    let pairs: Vec<_> = [&PLAIN_ORDER[..], &AUTHENTICATION, &urls].concat();
    let digest = "30f59c6d516cf0e756eba2f5c088859249af1abe73d578ba5baf3f582f06514efeec491f77bf6d9727c5c3805b7fea453a442d0bb5b86a76da21b6d4a9cee58a";
    let ordered = replayed(&shop, ORDER, &pairs, digest).await;
    ordered.assert_complains("50001183", "");

    // With a card that is still good, and signed by us as that client signs, the same order is paid.
    for pairs in [&PLAIN_ORDER[..], &pairs] {
        let request = Request::of(pairs)
            .with("ED", "08/38")
            .with("ORDERID", uuid::Uuid::new_v4().simple());
        let paid = shop.pays(&request).await;
        assert_eq!(paid.told(), ("5", "0"), "{paid:?}");
        assert_eq!((paid.get("amount"), paid.get("currency")), ("5", "GBP"));
    }
    system.secrets.used_card("5555444433331111");
    system.finish().await;
}
