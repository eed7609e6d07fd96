//! Elements that are missing or do not fit.

use super::*;

/// Required elements per message as the specification lists them, written out so that a row lost from a table is missed.
const REQUIRED: &[(MessageType, &[&str])] = &[
    (
        MessageType::AReq,
        &[
            "messageCategory",
            "deviceChannel",
            "threeDSServerTransID",
            "threeDSServerRefNumber",
            "threeDSServerURL",
            "threeDSRequestorID",
            "threeDSRequestorName",
            "threeDSRequestorURL",
            "threeDSRequestorAuthenticationInd",
            "acquirerBIN",
            "acquirerMerchantID",
            "mcc",
            "merchantCountryCode",
            "merchantName",
            "purchaseAmount",
            "purchaseCurrency",
            "purchaseExponent",
            "purchaseDate",
            "acctNumber",
            "billAddrCountry",
            "threeDSCompInd",
            "notificationURL",
            "browserAcceptHeader",
            "browserJavascriptEnabled",
            "browserJavaEnabled",
            "browserLanguage",
            "browserColorDepth",
            "browserScreenHeight",
            "browserScreenWidth",
            "browserTZ",
            "browserUserAgent",
        ],
    ),
    (
        MessageType::ARes,
        &[
            "threeDSServerTransID",
            "dsTransID",
            "acsTransID",
            "acsReferenceNumber",
            "dsReferenceNumber",
            "transStatus",
            "authenticationValue",
        ],
    ),
    (
        MessageType::CReq,
        &["threeDSServerTransID", "acsTransID", "challengeWindowSize"],
    ),
    (
        MessageType::CRes,
        &["threeDSServerTransID", "acsTransID", "transStatus"],
    ),
    (
        MessageType::RReq,
        &[
            "messageCategory",
            "threeDSServerTransID",
            "acsTransID",
            "dsTransID",
            "transStatus",
            "authenticationValue",
            "authenticationType",
        ],
    ),
    (
        MessageType::RRes,
        &["threeDSServerTransID", "acsTransID", "dsTransID", "resultsStatus"],
    ),
    (
        MessageType::PReq,
        &["threeDSServerTransID", "threeDSServerRefNumber"],
    ),
    (
        MessageType::PRes,
        &[
            "threeDSServerTransID",
            "dsTransID",
            "dsStartProtocolVersion",
            "dsEndProtocolVersion",
        ],
    ),
    (
        MessageType::Erro,
        &["errorCode", "errorComponent", "errorDescription", "errorDetail"],
    ),
];

#[test]
fn each_required_element_that_is_missing_is_named_with_201() {
    for (message_type, names) in REQUIRED {
        let (receiver, sample) = sample(*message_type);
        for name in *names {
            assert_eq!(
                fault(receiver, &without(sample.clone(), name)),
                (201, (*name).to_owned()),
                "{message_type}.{name}"
            );
        }
        let mut bare = sample.clone();
        for name in *names {
            bare = without(bare, name);
        }
        let (code, _) = fault(receiver, &bare);
        assert_eq!(code, 201, "{message_type} without everything required");
    }
}

#[test]
fn each_element_that_is_there_is_held_to_its_format_with_203() {
    for message_type in ALL_TYPES {
        let (receiver, sample) = sample(message_type);
        for name in sample
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "messageType")
        {
            for nothing in [Value::Null, json!(""), json!([]), json!({}), json!(17)] {
                let (code, detail) = fault(receiver, &with(sample.clone(), name, nothing.clone()));
                assert_eq!(
                    (code, detail),
                    (203, name.clone()),
                    "{message_type}.{name} = {nothing}"
                );
            }
        }
    }
}

#[test]
fn bad_values_are_refused_each_by_its_element() {
    let too_long = "x".repeat(2049);
    for (name, value) in [
        ("acctNumber", json!("400000000000100x")),
        ("acctNumber", json!("400000000000")),
        ("purchaseAmount", json!(12300)),
        ("purchaseAmount", json!("123.00")),
        ("purchaseCurrency", json!("999")),
        ("purchaseDate", json!("20261131001500")),
        ("merchantCountryCode", json!("901")),
        ("browserColorDepth", json!("30")),
        ("browserJavaEnabled", json!("false")),
        ("browserUserAgent", json!(too_long)),
        ("browserIP", json!("localhost")),
        ("cardholderName", json!("Ñandú")),
        ("notificationURL", json!("http://mpi.example/challenge")),
        ("threeDSCompInd", json!("X")),
        ("threeDSRequestorChallengeInd", json!("79")),
        ("threeDSServerTransID", json!("8a880dc0d2d24067bcb1b08d1690b26e")),
        ("deviceChannel", json!("01")),
    ] {
        let (_, sample) = sample(MessageType::AReq);
        assert_eq!(
            fault(D, &with(sample, name, value.clone())),
            (203, name.to_owned()),
            "{name} = {value}"
        );
    }
}

#[test]
fn nested_elements_are_named_with_the_object_they_are_in() {
    let (_, areq) = sample(MessageType::AReq);
    let phone = with(areq.clone(), "mobilePhone", json!({ "cc": "52" }));
    assert_eq!(fault(D, &phone), (201, "mobilePhone.subscriber".to_owned()));
    let account = with(
        areq.clone(),
        "acctInfo",
        json!({ "chAccAgeInd": "06", "chAccDate": "x" }),
    );
    assert_eq!(
        fault(D, &account),
        (203, "acctInfo.chAccAgeInd,acctInfo.chAccDate".to_owned())
    );
    let (_, mut pres) = sample(MessageType::PRes);
    pres["cardRangeData"][1]["acsStartProtocolVersion"] = Value::Null;
    assert_eq!(
        fault(S, &pres),
        (203, "cardRangeData.acsStartProtocolVersion".to_owned())
    );
}
