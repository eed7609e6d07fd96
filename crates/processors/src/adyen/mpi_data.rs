//! The result of our own 3-D Secure as `mpiData`, the same members for every brand.

use acquiring::{Authorization, CannotBuild};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use primitives::Brand;
use serde::Serialize;
use std::ops::RangeInclusive;

/// Brands whose authentication can be carried.
pub const BRANDS: &[Brand] = &[
    Brand::Visa,
    Brand::Mastercard,
    Brand::Amex,
    Brand::Elo,
    Brand::Jcb,
    Brand::Diners,
    Brand::Discover,
];

/// An authentication value's length, decoded: 20 bytes, and one more in the newer form of Mastercard's.
const CAVV_BYTES: RangeInclusive<usize> = 20..=21;
/// A directory server's transaction id is a UUID as text.
const DS_TRANS_ID_CHARACTERS: usize = 36;

/// `mpiData`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MpiData<'a> {
    /// The transaction status after a challenge, and only then.
    #[serde(rename = "authenticationResponse", skip_serializing_if = "Option::is_none")]
    authentication_response: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cavv: Option<&'a str>,
    #[serde(rename = "challengeCancel", skip_serializing_if = "Option::is_none")]
    challenge_cancel: Option<&'a str>,
    /// The transaction status of the ARes.
    #[serde(rename = "directoryResponse", skip_serializing_if = "Option::is_none")]
    directory_response: Option<&'a str>,
    #[serde(rename = "dsTransID", skip_serializing_if = "Option::is_none")]
    ds_trans_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eci: Option<&'a str>,
    #[serde(rename = "threeDSVersion")]
    version: &'a str,
    #[serde(rename = "transStatusReason", skip_serializing_if = "Option::is_none")]
    trans_status_reason: Option<&'a str>,
    /// Only of the first generation of 3-D Secure.
    #[serde(skip_serializing_if = "Option::is_none")]
    xid: Option<&'a str>,
}

/// What the order's authentication becomes; `None` where there is none to carry, or no directory server ever dealt with it (a
/// card that is not enrolled): what it has no transaction of is refused as incomplete. A result without authentication value
/// (`U`, say) goes as what it is, where the merchant takes the risk.
pub fn of(order: &Authorization) -> Result<Option<MpiData<'_>>, CannotBuild> {
    let Some(result) = &order.authentication else {
        return Ok(None);
    };
    if matches!(result.trans_status.as_deref(), Some("N" | "R")) {
        return Err(CannotBuild::NotExpressible("a failed or rejected authentication"));
    }
    if !BRANDS.contains(&result.brand) {
        return Err(CannotBuild::NotExpressible("an authentication of this brand"));
    }
    match &result.authentication_value {
        None if !order.accept_no_liability_shift => {
            return Err(CannotBuild::NotExpressible(
                "an authentication without value whose risk the merchant does not take",
            ));
        }
        Some(value)
            if !STANDARD
                .decode(value)
                .is_ok_and(|bytes| CAVV_BYTES.contains(&bytes.len())) =>
        {
            return Err(CannotBuild::NotExpressible(
                "an authentication value of this form",
            ));
        }
        None if result.ds_trans_id.is_none() && result.xid.is_none() => return Ok(None),
        None | Some(_) => {}
    }
    Ok(Some(MpiData {
        authentication_response: listed(result.challenge_status(), &["Y", "U", "A"]),
        cavv: result.authentication_value.as_deref(),
        challenge_cancel: listed(
            result.challenge_cancel.as_deref(),
            &["01", "02", "03", "04", "05", "06", "07"],
        ),
        directory_response: listed(
            result.directory_status(),
            &["A", "C", "D", "I", "N", "R", "U", "Y"],
        ),
        ds_trans_id: result
            .ds_trans_id
            .as_deref()
            .filter(|id| id.len() == DS_TRANS_ID_CHARACTERS),
        eci: result.eci.as_deref(),
        version: &result.version,
        trans_status_reason: result.trans_status_reason.as_deref(),
        xid: result.xid.as_deref().filter(|_| result.version.starts_with('1')),
    }))
}

/// The code, where the vendor lists it; others are left out.
fn listed<'a>(code: Option<&'a str>, codes: &[&str]) -> Option<&'a str> {
    code.filter(|code| codes.contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adyen::samples::{self, MASTERCARD, VISA};
    use acquiring::{AuthenticationFlow, CardholderAuthentication, ChargeKind};
    use serde_json::{Value, json};

    fn sent(pan: &str, change: impl Fn(&mut CardholderAuthentication)) -> Value {
        let mut order = samples::order(ChargeKind::Sale, pan);
        change(order.authentication.as_mut().unwrap());
        serde_json::to_value(of(&order).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn a_frictionless_result_has_no_authentication_response() {
        assert_eq!(
            sent(MASTERCARD, |_| {}),
            json!({
                "cavv": "kEP6n7HiTM/4h4ZhSEFIOB6iQTpv",
                "directoryResponse": "Y",
                "dsTransID": "f639774c-8e7c-4966-8eba-b8bae060a6ce",
                "eci": "02",
                "threeDSVersion": "2.2.0",
            })
        );
    }

    #[test]
    fn after_a_challenge_both_statuses_go() {
        let challenged = sent(VISA, |result| {
            result.flow = Some(AuthenticationFlow::Challenge);
            result.trans_status_reason = Some("19".into());
            result.challenge_cancel = Some("04".into());
        });
        assert_eq!(challenged["authenticationResponse"], "Y");
        assert_eq!(challenged["directoryResponse"], "C");
        assert_eq!(challenged["transStatusReason"], "19");
        assert_eq!(challenged["challengeCancel"], "04");
        let decoupled = sent(VISA, |result| {
            result.flow = Some(AuthenticationFlow::Decoupled);
            result.challenge_cancel = Some("99".into());
        });
        assert_eq!(decoupled["authenticationResponse"], "Y");
        assert_eq!(decoupled["directoryResponse"], "D");
        assert_eq!(decoupled.get("challengeCancel"), None);
    }

    #[test]
    fn the_first_generations_xid_goes_only_with_it() {
        let with = |version: &str| {
            sent(VISA, |result| {
                result.xid = Some("MDAwMDAwMDAwMDAwMDAwMDAwMDA=".into());
                result.version = version.into();
            })
        };
        assert!(with("1.0.2").get("xid").is_some());
        assert!(with("2.1.0").get("xid").is_none());
    }

    #[test]
    fn a_result_without_value_goes_only_where_the_merchant_takes_the_risk() {
        let mut order = samples::order(ChargeKind::Sale, VISA);
        let result = order.authentication.as_mut().unwrap();
        result.authentication_value = None;
        result.eci = Some("07".into());
        result.trans_status = Some("U".into());
        assert!(of(&order).is_err());
        order.accept_no_liability_shift = true;
        let sent = serde_json::to_value(of(&order).unwrap().unwrap()).unwrap();
        assert_eq!(sent["directoryResponse"], "U");
        assert_eq!(sent["eci"], "07");
        assert_eq!(sent.get("cavv"), None);
        // A card that is not enrolled: no directory server has a transaction of it.
        order.authentication.as_mut().unwrap().ds_trans_id = None;
        assert_eq!(of(&order).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_carried_is_refused() {
        let changes: [fn(&mut CardholderAuthentication); 5] = [
            |result| result.trans_status = Some("N".into()),
            |result| result.trans_status = Some("R".into()),
            |result| result.brand = Brand::Carnet,
            |result| result.authentication_value = Some("AAAA".into()),
            |result| result.authentication_value = Some("not Base64 at all".into()),
        ];
        for change in changes {
            let mut order = samples::order(ChargeKind::Sale, VISA);
            change(order.authentication.as_mut().unwrap());
            assert!(matches!(of(&order), Err(CannotBuild::NotExpressible(_))));
        }
    }
}
