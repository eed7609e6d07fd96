//! Arbitrary input to every page: always HTTP 200 with well-formed XML, never a panic. This runs with every test run, and longer
//! with `PROPTEST_CASES`; what is guided by the code that it runs through is in `fuzz/` (`make fuzz`).

use super::testing::*;
use axum::{Router, body::Body, http::Request};
use payments::directlink::signature::{Hash, Order, digest_of};
use primitives::Secret;
use proptest::prelude::*;
use std::{collections::HashSet, sync::Arc, sync::LazyLock};

#[rustfmt::skip]
const PATHS: &[&str] = &[
    "/ncol/test/orderdirect.asp", "/ncol/test/orderdirect_utf8.asp", "/maintenancedirect.asp", "/ncol/test/querydirect.asp",
    "/ncol/prod/querydirect_utf8.asp", "/ncol/test/getDCCRates.asp",
];
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "PSPID", "USERID", "PSWD", "ORDERID", "AMOUNT", "CURRENCY", "CARDNO", "ED", "CVC", "OPERATION", "SHASIGN", "CN", "EMAIL",
    "OWNERCTY", "REMOTE_ADDR", "ECI", "EXCLPMLIST", "ALIAS", "FLAG3D", "FLAG3DS", "3DS_EXEMPTION_INDICATOR", "WIN3DS", "ACCEPTURL",
    "PARAMPLUS", "COMPLUS", "LANGUAGE", "WITHROOT", "browserColorDepth", "browserTimeZone", "browserLanguage", "browserUserAgent",
    "Mpi.threeDSRequestorChallengeIndicator", "PAYID", "PAYIDSUB", "BIN", "COF_INITIATOR", "ITEMNAME10", "ITEMNAME99999999999999999999",
];

fn answered(path: &str, content_type: &str, body: Vec<u8>) -> Answer {
    // Made once, since many bodies go through it.
    static FACE: LazyLock<(Router, Arc<FakeDirectLink>)> = LazyLock::new(face);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let request = Request::post(path)
        .header("content-type", content_type)
        .body(Body::from(body))
        .unwrap();
    let answer = runtime.block_on(send(&FACE.0, request));
    drop(FACE.1.asked());
    assert_well_formed(&answer.text);
    answer
}

/// What XML 1.0 asks of a document, as far as ours uses it: one root, tags that close, attributes once and quoted, references
/// to what there is, and nothing but ASCII.
fn assert_well_formed(document: &str) {
    assert!(document.is_ascii(), "{document}");
    let mut rest = document.strip_prefix("<?xml version=\"1.0\"?>\n").unwrap();
    let mut open: Vec<&str> = Vec::new();
    loop {
        let (text, from_tag) = rest
            .split_once('<')
            .unwrap_or_else(|| panic!("no tag in {document}"));
        assert_text(text, document);
        assert!(!open.is_empty() || text.trim().is_empty(), "{document}");
        let mut quoted = false;
        let end = from_tag
            .find(|character| {
                quoted ^= character == '"';
                character == '>' && !quoted
            })
            .unwrap_or_else(|| panic!("a tag without an end in {document}"));
        let (tag, after) = (&from_tag[..end], &from_tag[end + 1..]);
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{document}");
        } else {
            let (inside, empty) = tag
                .strip_suffix('/')
                .map_or((tag, false), |inside| (inside, true));
            let (name, attributes) = inside.split_once('\n').unwrap_or((inside, ""));
            assert!(is_name(name), "{name} in {document}");
            assert_attributes(attributes, document);
            if !empty {
                open.push(name);
            }
        }
        if open.is_empty() {
            assert_eq!(after, "", "{document}");
            return;
        }
        rest = after;
    }
}

fn assert_attributes(attributes: &str, document: &str) {
    let mut names = HashSet::new();
    for attribute in attributes.split('\n').filter(|attribute| !attribute.is_empty()) {
        let (name, value) = attribute.split_once('=').unwrap();
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .unwrap();
        assert!(is_name(name) && names.insert(name), "{name} in {document}");
        assert!(!value.contains('"'), "{document}");
        assert_text(value, document);
    }
}

fn assert_text(text: &str, document: &str) {
    assert!(!text.contains(['<', '>']), "{document}");
    for reference in text.split('&').skip(1) {
        let (reference, _) = reference.split_once(';').unwrap();
        let known = ["amp", "lt", "gt", "quot", "apos"].contains(&reference);
        let number = reference
            .strip_prefix('#')
            .and_then(|digits| digits.parse::<u32>().ok());
        let legal = number.is_some_and(
            |number| matches!(number, 9 | 10 | 13 | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF),
        );
        assert!(known || legal, "{reference} in {document}");
    }
    assert!(
        text.bytes()
            .all(|byte| byte == b'\n' || (0x20..0x7F).contains(&byte)),
        "{document}"
    );
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        ".{0,20}",
        "[0-9]{0,25}",
        any::<i64>().prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            OPEN,
            SIGNED,
            USER,
            PASSWORD,
            "A1",
            "3000000001",
            "RES",
            "SAS",
            "Y",
            "N",
            "EUR",
            "12/30",
            "0",
            "07",
            "\"/><x>",
            "&amp;",
        ])
        .prop_map(str::to_owned),
    ]
}

fn encoded(pairs: &[(String, String)]) -> Vec<u8> {
    serde_urlencoded::to_string(pairs).unwrap().into_bytes()
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered_in_xml(
        body in prop::collection::vec(any::<u8>(), 0..300),
        path in prop::sample::select(PATHS),
        content_type in prop::sample::select(vec![
            "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "text/plain", ";", "",
        ]),
    ) {
        answered(path, content_type, body);
    }

    #[test]
    fn arbitrary_forms_are_answered_in_xml(
        pairs in prop::collection::vec((prop::sample::select(NAMES).prop_map(str::to_owned), any_value()), 0..20),
        path in prop::sample::select(PATHS),
    ) {
        answered(path, "application/x-www-form-urlencoded", encoded(&pairs));
    }

    #[test]
    fn any_parameter_of_a_right_request_may_be_anything(
        which in 0..4_usize,
        changed in prop::collection::vec((prop::sample::select(NAMES), any_value()), 1..4),
        raw in prop::collection::vec(any::<u8>(), 0..10),
    ) {
        let (path, form) = [
            ("/orderdirect.asp", ORDER),
            ("/maintenancedirect.asp", CAPTURE),
            ("/querydirect.asp", QUERY),
            ("/getdccrates.asp", RATES),
        ][which];
        let changes: Vec<_> = changed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut body = serde_urlencoded::to_string(with(form, &changes)).unwrap().into_bytes();
        body.extend(raw);
        answered(path, "application/x-www-form-urlencoded", body);
    }

    #[test]
    fn whatever_is_signed_is_let_in_and_nothing_else(
        more in prop::collection::btree_map("X_[A-Z0-9_.]{1,12}|ITEMNAME[0-9]{1,22}", "\\PC{1,30}", 0..10),
        hash in prop::sample::select(vec![Hash::Sha256, Hash::Sha1]),
        order in prop::sample::select(vec![Order::Numbers, Order::Names, Order::Whole]),
        tampered in any::<bool>(),
    ) {
        let mut pairs: Vec<(String, String)> = with(QUERY, &[("PSPID", SIGNED)])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain(more)
            .collect();
        let signed = pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
            .collect();
        let digest = digest_of(signed, order, &Secret::new(PASSPHRASE.to_owned()), hash);
        pairs.push(("SHASIGN".to_owned(), digest));
        if tampered {
            let number = pairs.iter_mut().find(|(name, _)| name == "PAYID");
            number.unwrap().1.push('1');
        }
        let answer = answered("/querydirect.asp", "application/x-www-form-urlencoded", encoded(&pairs));
        let let_in = answer.get("NCERRORPLUS") != "unknown order/1/s/";
        prop_assert_eq!(let_in, hash == Hash::Sha256 && !tampered, "{}", answer.text);
    }

    #[test]
    fn arbitrary_signatures_are_refused(given in "\\PC{1,140}|[0-9A-F]{64}|[0-9a-f]{40}|[0-9A-F]{128}") {
        let form = with(ORDER, &[("PSPID", SIGNED), ("SHASIGN", given.as_str())]);
        let body = serde_urlencoded::to_string(form).unwrap().into_bytes();
        let answer = answered("/orderdirect.asp", "application/x-www-form-urlencoded", body);
        prop_assert_eq!(answer.error(), ("50001111", "unknown order/1/s/"));
    }
}
