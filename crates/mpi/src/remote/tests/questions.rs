//! The requests, byte by byte.

use super::*;
use aws_lc_rs::{
    encoding::AsDer,
    rsa::KeySize,
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Set to write the files anew instead of comparing with them; then look at the difference before committing it.
const REWRITE: &str = "REWRITE_TESTDATA";

/// Compares a request, headers and body included, with a file of the test data.
fn assert_request(name: &str, request: &HttpRequest) {
    let mut text = format!("{} {}\n", request.method.as_str(), request.url);
    for (header, value) in &request.headers {
        text += &format!("{header}: {}\n", value.reveal());
    }
    let body: &[u8] = request.body.reveal();
    if !body.is_empty() {
        let read: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(read.to_string().as_bytes(), body, "nothing but the JSON");
        text += &format!("\n{}\n", serde_json::to_string_pretty(&read).unwrap());
    }
    let path = path(name);
    if std::env::var_os(REWRITE).is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{name}");
}

fn fields(prepared: &Prepared) -> Value {
    serde_json::from_slice(&prepared.body).unwrap()
}

#[test]
fn the_three_requests_are_as_documented() {
    let creation = create(&server(), &pan(), moment()).unwrap();
    assert_request("create.request", &creation.request);
    let authentication = authenticate(&server(), transaction_id(), &prepared());
    assert_request("authenticate.request", &authentication.request);
    assert_request("report.request", &report(&server(), transaction_id()).request);
}

#[test]
fn a_base_address_may_have_a_path_or_none() {
    for (base, address) in [
        ("https://tds.example", "https://tds.example/v2/authentication"),
        (
            "https://tds.example/3ds-server",
            "https://tds.example/3ds-server/v2/authentication",
        ),
        (
            "https://tds.example/3ds-server/",
            "https://tds.example/3ds-server/v2/authentication",
        ),
    ] {
        let server = RemoteServer {
            base_url: base.parse().unwrap(),
            ..server()
        };
        let creation = create(&server, &pan(), moment()).unwrap();
        assert_eq!(creation.request.url.as_str(), address);
    }
}

#[test]
fn a_creation_is_signed_where_our_key_is_registered() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = pair.as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let key = SigningKey::from_pem(&pem).unwrap();
    let public = key.public_key().to_vec();
    let server = RemoteServer {
        signing_key: Some(key),
        ..server()
    };
    let creation = create(&server, &pan(), moment()).unwrap();
    let header = creation
        .request
        .headers
        .iter()
        .find(|(name, _)| *name == "authorization");
    let token = header
        .unwrap()
        .1
        .reveal()
        .strip_prefix("Bearer ")
        .unwrap()
        .to_owned();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let decoded = |part: &str| emv3ds::encoding::from_base64url(part).unwrap();
    assert_eq!(decoded(head), br#"{"alg":"RS256","typ":"JWT"}"#);
    assert_eq!(
        String::from_utf8(decoded(claims)).unwrap(),
        r#"{"cartao":"4000000000001000","merchant_id":"shop-1","merchant_key":"0123456789abcdef","timestamp":"1795306500000"}"#
    );
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &decoded(signature))
        .unwrap();
}

#[test]
fn only_an_rsa_key_signs() {
    for text in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "not a key",
    ] {
        assert_eq!(SigningKey::from_pem(text).err(), Some(NotASigningKey), "{text}");
    }
}

#[test]
fn a_brand_that_the_api_has_no_name_for_is_not_asked_about() {
    let jcb = Pan::parse("3530111333300000").unwrap();
    assert_eq!(
        create(&server(), &jcb, moment()).err(),
        Some(CannotAsk::UnknownBrand)
    );
}

#[test]
fn what_the_api_wants_and_the_protocol_does_not_is_filled_in() {
    let quiet = Browser {
        javascript_enabled: Some(false),
        color_depth: None,
        screen_height: None,
        screen_width: None,
        time_zone: None,
        java_enabled: None,
        ..browser()
    };
    let fields = fields(&prepared_with(Version::V2_2_0, "王小明", &quiet, Some(10)));
    assert_eq!(fields["browser"]["java_enabled"], "false");
    assert_eq!(fields["browser"]["javascript_enabled"], "false");
    assert_eq!(fields["browser"]["color_depth"], "24");
    assert_eq!(fields["browser"]["tz"], "0");
    assert_eq!(fields["cardholder"]["acct"]["type"], "01");
    assert_eq!(fields["cardholder"]["name"], "王小明");
    assert_eq!(fields["three_ds_requestor"]["decoupled_max_time"], "10");
}

#[test]
fn what_an_answer_is_held_against_is_in_the_transaction_s_own_version() {
    let prepared = prepared_with(Version::V2_1_0, "Ana Prueba", &browser(), None);
    assert_eq!(prepared.asked.version, Version::V2_1_0);
    assert_eq!(fields(&prepared)["browser"]["javascript_enabled"], "true");
}

#[test]
fn neither_card_nor_keys_show_in_debug() {
    let creation = create(&server(), &pan(), moment()).unwrap();
    let authentication = authenticate(&server(), transaction_id(), &prepared());
    let shown = format!("{:?} {creation:?} {authentication:?}", server());
    assert!(
        !shown.contains("4000000000001000") && !shown.contains("0123456789abcdef"),
        "{shown}"
    );
}
