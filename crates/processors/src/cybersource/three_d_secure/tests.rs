use super::*;
use crate::cybersource::samples;
use acquiring::ChargeKind;
use serde_json::{Value, json};

fn with_result(pan: &str, change: impl FnOnce(&mut CardholderAuthentication)) -> Authorization {
    let mut order = samples::order(ChargeKind::Sale, pan);
    change(order.authentication.as_mut().unwrap());
    order
}

fn told(order: &Authorization) -> (&'static str, Value) {
    let carried = of(order).unwrap();
    (
        carried.commerce_indicator,
        serde_json::to_value(carried.information).unwrap(),
    )
}

#[test]
fn every_brand_and_eci_has_the_commerce_indicator_of_the_table() {
    use Brand::*;
    for (brand, expected) in [
        (Visa, ["vbv", "vbv_attempted", "vbv_failure"]),
        (Mastercard, ["spa", "spa", "spa"]),
        (Amex, ["aesk", "aesk_attempted", "internet"]),
        (Discover, ["dipb", "dipb_attempted", "internet"]),
        (Diners, ["pb", "pb_attempted", "internet"]),
        (Jcb, ["js", "js_attempted", "js_failure"]),
        (Elo, ["cs", "cs_attempted", "internet"]),
    ] {
        let ecis = if brand == Mastercard {
            ["02", "01", "00"]
        } else {
            ["05", "06", "07"]
        };
        for (eci, expected) in ecis.into_iter().zip(expected) {
            let order = with_result(samples::VISA, |result| {
                result.brand = brand;
                result.eci = Some(eci.into());
            });
            assert_eq!(told(&order).0, expected, "{brand} {eci}");
        }
    }
}

#[test]
fn visa_and_its_like_carry_the_cavv_and_repeat_it_as_xid() {
    for pan in [samples::VISA, samples::AMEX] {
        let (_, information) = told(&with_result(pan, |_| ()));
        assert_eq!(
            information,
            json!({
                "cavv": "AAABBoVBaZKAR3BkdkFpELpWIiE=", "xid": "AAABBoVBaZKAR3BkdkFpELpWIiE=",
                "eciRaw": "05", "directoryServerTransactionId": "f639774c-8e7c-4966-8eba-b8bae060a6ce",
                "paSpecificationVersion": "2.2.0", "veresEnrolled": "Y", "paresStatus": "Y",
                "acsTransactionId": "13c701a3-5a88-4c45-89e9-ef65e50a8bf9",
                "authenticationDate": "20261122102700", "effectiveAuthenticationType": "FR",
            })
        );
    }
    let (_, information) = told(&with_result(samples::VISA, |result| {
        result.xid = Some("NEpab1F1MEdtaWJ2bEY3ckYxQzE=".into());
        result.flow = Some(AuthenticationFlow::Challenge);
    }));
    assert_eq!(information["xid"], "NEpab1F1MEdtaWJ2bEY3ckYxQzE=");
    assert_eq!(information["effectiveAuthenticationType"], "CH");
}

#[test]
fn mastercard_carries_ucaf_and_collection_indicator() {
    for (eci, indicator) in [("02", "2"), ("01", "1"), ("00", "0")] {
        let order = with_result(samples::MASTERCARD, |result| result.eci = Some(eci.into()));
        let (_, information) = told(&order);
        assert_eq!(
            information["ucafAuthenticationData"],
            "kEP6n7HiTM/4h4ZhSEFIOB6iQTpv"
        );
        assert_eq!(information["ucafCollectionIndicator"], indicator);
        assert_eq!(information.get("cavv"), None);
        assert_eq!(information.get("xid"), None);
    }
}

#[test]
fn a_result_without_value_is_carried_as_failed_at_the_merchants_risk_or_not_at_all() {
    for (pan, eci, expected) in [
        (samples::VISA, "07", "vbv_failure"),
        (samples::MASTERCARD, "00", "internet"),
        (samples::AMEX, "07", "internet"),
    ] {
        let mut order = with_result(pan, |result| {
            result.authentication_value = None;
            result.eci = Some(eci.into());
            result.trans_status = Some("U".into());
        });
        assert!(of(&order).is_err());
        order.accept_no_liability_shift = true;
        let (commerce_indicator, information) = told(&order);
        assert_eq!(commerce_indicator, expected);
        assert_eq!(information["paresStatus"], "U");
        assert_eq!(information["veresEnrolled"], "U");
        assert_eq!(information.get("xid"), None);
    }
}

#[test]
fn an_eci_whose_proof_is_missing_is_never_claimed() {
    for (pan, eci) in [
        (samples::VISA, "05"),
        (samples::MASTERCARD, "01"),
        (samples::MASTERCARD, "04"),
    ] {
        let mut order = with_result(pan, |result| {
            result.authentication_value = None;
            result.eci = Some(eci.into());
        });
        assert!(of(&order).is_err());
        order.accept_no_liability_shift = true;
        assert_eq!(told(&order), ("internet", Value::Null), "{eci}");
    }
}

#[test]
fn a_failed_or_rejected_authentication_is_never_charged() {
    for status in ["N", "R"] {
        let mut order = with_result(samples::VISA, |result| {
            result.trans_status = Some(status.into());
        });
        order.accept_no_liability_shift = true;
        assert!(of(&order).is_err(), "{status}");
    }
}

#[test]
fn what_the_protocol_cannot_carry_is_refused_before_it_leaves() {
    let refused = [
        with_result(samples::VISA, |result| result.eci = Some("02".into())),
        with_result(samples::MASTERCARD, |result| result.eci = Some("05".into())),
        with_result(samples::VISA, |result| result.eci = None),
        with_result(samples::VISA, |result| {
            result.authentication_value = Some("short".into());
        }),
        with_result(samples::MASTERCARD, |result| result.ds_trans_id = None),
        with_result(samples::VISA, |result| result.brand = Brand::Carnet),
        with_result(samples::VISA, |result| result.version = "1.0.2".into()),
    ];
    for order in refused {
        assert!(of(&order).is_err(), "{:?}", order.authentication);
    }
}

#[test]
fn an_exemption_is_claimed_by_its_own_indicator() {
    for (exemption, member) in [
        (Exemption::LowValue, "lowValueExemptionIndicator"),
        (Exemption::TraAcquirer, "riskAnalysisExemptionIndicator"),
        (Exemption::TrustedList, "trustedMerchantExemptionIndicator"),
        (Exemption::Corporate, "secureCorporatePaymentIndicator"),
        (Exemption::Delegated, "delegatedAuthenticationExemptionIndicator"),
    ] {
        let mut order = samples::order(ChargeKind::Sale, samples::VISA);
        order.authentication = None;
        order.exemption = Some(exemption);
        assert_eq!(
            told(&order),
            ("internet", json!({ "strongAuthentication": { member: "1" } }))
        );
    }
    let mut order = samples::order(ChargeKind::Sale, samples::VISA);
    order.authentication = None;
    order.exemption = Some(Exemption::Moto);
    assert_eq!(told(&order), ("moto", Value::Null));
}
