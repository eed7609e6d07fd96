//! The result of our own 3-D Secure as `threeDomainSecure`, whose members differ per brand.

use acquiring::{Authorization, CannotBuild, CardholderAuthentication};
use primitives::Brand;
use serde::Serialize;

/// The published lengths.
const CAVV_CHARACTERS: usize = 28;
const UCAF_MAX_CHARACTERS: usize = 32;
const DS_TRANS_ID_CHARACTERS: usize = 36;

/// `threeDomainSecure`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ThreeDomainSecure<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cavv: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ucaf: Option<&'a str>,
    #[serde(rename = "collectionIndicator", skip_serializing_if = "Option::is_none")]
    collection_indicator: Option<&'static str>,
    #[serde(
        rename = "directoryServerTransactionID",
        skip_serializing_if = "Option::is_none"
    )]
    directory_server_transaction_id: Option<&'a str>,
    eci: &'a str,
    #[serde(rename = "specificationVersion")]
    specification_version: &'static str,
    #[serde(rename = "acceptRisk", skip_serializing_if = "is_false")]
    accept_risk: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands references to its predicates"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What the order's authentication becomes; `None` where there is none to carry.
///
/// The object cannot be formed without an authentication value. Such a result (`U`, say) is charged as a plain charge,
/// and only where the merchant takes the risk.
pub fn of(order: &Authorization) -> Result<Option<ThreeDomainSecure<'_>>, CannotBuild> {
    let Some(result) = &order.authentication else {
        return Ok(None);
    };
    if matches!(result.trans_status.as_deref(), Some("N" | "R")) {
        return Err(CannotBuild::NotExpressible("a failed or rejected authentication"));
    }
    let (Some(value), Some(eci)) = (&result.authentication_value, &result.eci) else {
        return if order.accept_no_liability_shift {
            Ok(None)
        } else {
            Err(CannotBuild::NotExpressible(
                "an authentication without value whose risk the merchant does not take",
            ))
        };
    };
    let object = match result.brand {
        Brand::Visa => visa(result, eci, value)?,
        Brand::Mastercard => mastercard(result, eci, value)?,
        Brand::Amex
        | Brand::Elo
        | Brand::Jcb
        | Brand::Diners
        | Brand::Discover
        | Brand::Carnet
        | Brand::Other => {
            return Err(CannotBuild::NotExpressible("an authentication of this brand"));
        }
    };
    let risky = matches!(object.eci, "07" | "00");
    Ok(Some(ThreeDomainSecure {
        accept_risk: risky && order.accept_no_liability_shift,
        ..object
    }))
}

fn visa<'a>(
    result: &'a CardholderAuthentication,
    eci: &'a str,
    value: &'a str,
) -> Result<ThreeDomainSecure<'a>, CannotBuild> {
    if !matches!(eci, "05" | "06" | "07") {
        return Err(CannotBuild::NotExpressible("an ECI Visa does not have"));
    }
    if value.len() != CAVV_CHARACTERS {
        return Err(CannotBuild::NotExpressible("a CAVV of this length"));
    }
    Ok(ThreeDomainSecure {
        cavv: Some(value),
        // Our own MPI has none in EMV 3DS; a merchant that authenticated elsewhere may have given one.
        xid: result.xid.as_deref().filter(|xid| xid.len() == CAVV_CHARACTERS),
        ucaf: None,
        collection_indicator: None,
        directory_server_transaction_id: None,
        eci,
        specification_version: specification_version(&result.version)?,
        accept_risk: false,
    })
}

fn mastercard<'a>(
    result: &'a CardholderAuthentication,
    eci: &'a str,
    value: &'a str,
) -> Result<ThreeDomainSecure<'a>, CannotBuild> {
    let collection_indicator = match eci {
        "02" => "2",
        "01" => "1",
        "00" => "0",
        _ => return Err(CannotBuild::NotExpressible("an ECI Mastercard does not have")),
    };
    if value.len() > UCAF_MAX_CHARACTERS {
        return Err(CannotBuild::NotExpressible("a UCAF of this length"));
    }
    let ds_trans_id = result
        .ds_trans_id
        .as_deref()
        .filter(|id| id.len() == DS_TRANS_ID_CHARACTERS)
        .ok_or(CannotBuild::NotExpressible(
            "a Mastercard authentication without directory server transaction id",
        ))?;
    Ok(ThreeDomainSecure {
        cavv: None,
        xid: None,
        ucaf: Some(value),
        collection_indicator: Some(collection_indicator),
        directory_server_transaction_id: Some(ds_trans_id),
        eci,
        specification_version: specification_version(&result.version)?,
        accept_risk: false,
    })
}

/// The published list has 2.0.0 and 2.2.0 only; what else we speak goes as 2.2.0.
fn specification_version(version: &str) -> Result<&'static str, CannotBuild> {
    match version {
        "2.0.0" => Ok("2.0.0"),
        "2.1.0" | "2.2.0" => Ok("2.2.0"),
        newer if newer.starts_with("2.3.") => Ok("2.2.0"),
        _ => Err(CannotBuild::NotExpressible("this version of 3-D Secure")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kushki::samples;
    use acquiring::ChargeKind;

    fn order(change: impl FnOnce(&mut Authorization)) -> Authorization {
        let mut order = samples::order(ChargeKind::Sale, samples::VISA);
        change(&mut order);
        order
    }

    fn with_result(pan: &str, change: impl FnOnce(&mut CardholderAuthentication)) -> Authorization {
        let mut order = samples::order(ChargeKind::Sale, pan);
        change(order.authentication.as_mut().unwrap());
        order
    }

    fn json(order: &Authorization) -> String {
        serde_json::to_string(&of(order).unwrap()).unwrap()
    }

    #[test]
    fn visa_carries_the_cavv_and_no_ds_transaction_id() {
        assert_eq!(
            json(&with_result(samples::VISA, |_| ())),
            r#"{"cavv":"AAABBoVBaZKAR3BkdkFpELpWIiE=","eci":"05","specificationVersion":"2.2.0"}"#
        );
    }

    #[test]
    fn mastercard_carries_ucaf_collection_indicator_and_ds_transaction_id() {
        for (eci, indicator) in [("02", "2"), ("01", "1")] {
            let order = with_result(samples::MASTERCARD, |result| result.eci = Some(eci.into()));
            assert_eq!(
                json(&order),
                format!(
                    r#"{{"ucaf":"kEP6n7HiTM/4h4ZhSEFIOB6iQTpv","collectionIndicator":"{indicator}","directoryServerTransactionID":"f639774c-8e7c-4966-8eba-b8bae060a6ce","eci":"{eci}","specificationVersion":"2.2.0"}}"#
                )
            );
        }
    }

    #[test]
    fn the_risk_is_accepted_only_for_an_eci_that_has_one_and_only_if_the_merchant_does() {
        for (pan, eci, accepts, expected) in [
            (samples::VISA, "07", true, true),
            (samples::VISA, "07", false, false),
            (samples::VISA, "06", true, false),
            (samples::VISA, "05", true, false),
            (samples::MASTERCARD, "00", true, true),
            (samples::MASTERCARD, "00", false, false),
            (samples::MASTERCARD, "01", true, false),
        ] {
            let mut order = with_result(pan, |result| result.eci = Some(eci.into()));
            order.accept_no_liability_shift = accepts;
            assert_eq!(
                json(&order).contains(r#""acceptRisk":true"#),
                expected,
                "{eci} {accepts}"
            );
            assert!(!json(&order).contains(r#""acceptRisk":false"#));
        }
    }

    #[test]
    fn versions_outside_the_published_list_go_as_2_2_0() {
        for (version, sent) in [
            ("2.0.0", "2.0.0"),
            ("2.1.0", "2.2.0"),
            ("2.2.0", "2.2.0"),
            ("2.3.1", "2.2.0"),
        ] {
            let order = with_result(samples::VISA, |result| result.version = version.into());
            assert!(json(&order).contains(sent), "{version}");
        }
        let old = with_result(samples::VISA, |result| result.version = "1.0.2".into());
        assert!(of(&old).is_err());
    }

    #[test]
    fn a_result_without_value_is_a_plain_charge_at_the_merchants_risk_or_none() {
        let mut order = with_result(samples::VISA, |result| {
            result.authentication_value = None;
            result.eci = Some("07".into());
            result.trans_status = Some("U".into());
        });
        assert!(of(&order).is_err());
        order.accept_no_liability_shift = true;
        assert_eq!(of(&order), Ok(None));
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
            with_result(samples::VISA, |result| {
                result.authentication_value = Some("short".into());
            }),
            with_result(samples::MASTERCARD, |result| result.ds_trans_id = None),
            with_result(samples::VISA, |result| result.brand = Brand::Amex),
        ];
        for order in refused {
            assert!(of(&order).is_err(), "{:?}", order.authentication);
        }
    }

    #[test]
    fn a_given_xid_goes_along() {
        let order = with_result(samples::VISA, |result| {
            result.xid = Some("NEpab1F1MEdtaWJ2bEY3ckYxQzE=".into());
        });
        assert!(json(&order).contains(r#""xid":"NEpab1F1MEdtaWJ2bEY3ckYxQzE=""#));
    }

    #[test]
    fn a_charge_that_was_not_authenticated_carries_nothing() {
        assert_eq!(of(&order(|order| order.authentication = None)), Ok(None));
    }
}
