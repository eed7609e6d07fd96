//! The result of our own 3-D Secure (SafeKey) as `authentication`.
//!
//! `authentication.transactionId` is never sent: it would mean an authentication that the gateway made itself.

use acquiring::{Authorization, CannotBuild};
use primitives::Brand;
use serde::Serialize;

/// Twenty bytes in Base64.
const AEVV_CHARACTERS: usize = 28;
const DS_TRANS_ID_CHARACTERS: usize = 36;

/// `authentication`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Authentication<'a> {
    #[serde(rename = "3ds")]
    result: Result3ds<'a>,
    #[serde(rename = "3ds2")]
    version_two: VersionTwo<'a>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Result3ds<'a> {
    acs_eci: &'a str,
    authentication_token: &'a str,
    /// The directory server's.
    transaction_id: &'a str,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionTwo<'a> {
    protocol_version: &'a str,
    transaction_status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason_code: Option<&'a str>,
}

/// What the order's authentication becomes; `None` where there is none to carry.
///
/// A result without an authentication value (`U`, say) proves nothing to the issuer: it is charged as a plain charge, and
/// only where the merchant takes the risk.
pub fn of(order: &Authorization) -> Result<Option<Authentication<'_>>, CannotBuild> {
    let Some(result) = &order.authentication else {
        return Ok(None);
    };
    if matches!(result.trans_status.as_deref(), Some("N" | "R")) {
        return Err(CannotBuild::NotExpressible("a failed or rejected authentication"));
    }
    if result.brand != Brand::Amex {
        return Err(CannotBuild::NotExpressible("an authentication of this brand"));
    }
    let risk = |what| {
        if order.accept_no_liability_shift {
            Ok(())
        } else {
            Err(CannotBuild::NotExpressible(what))
        }
    };
    let (Some(value), Some(eci)) = (&result.authentication_value, &result.eci) else {
        risk("an authentication without value whose risk the merchant does not take")?;
        return Ok(None);
    };
    match eci.as_str() {
        "05" | "06" => {}
        "07" => risk("an authentication whose risk the merchant does not take")?,
        _ => {
            return Err(CannotBuild::NotExpressible(
                "an ECI American Express does not have",
            ));
        }
    }
    if value.len() != AEVV_CHARACTERS {
        return Err(CannotBuild::NotExpressible("an AEVV of this length"));
    }
    if !result.version.starts_with("2.") {
        return Err(CannotBuild::NotExpressible("this version of 3-D Secure"));
    }
    let transaction_id = result
        .ds_trans_id
        .as_deref()
        .filter(|id| id.len() == DS_TRANS_ID_CHARACTERS)
        .ok_or(CannotBuild::NotExpressible(
            "an authentication without directory server transaction id",
        ))?;
    let transaction_status = result.trans_status.as_deref().ok_or(CannotBuild::NotExpressible(
        "an authentication without transaction status",
    ))?;
    Ok(Some(Authentication {
        result: Result3ds {
            acs_eci: eci,
            authentication_token: value,
            transaction_id,
        },
        version_two: VersionTwo {
            protocol_version: &result.version,
            transaction_status,
            status_reason_code: result.trans_status_reason.as_deref(),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amex::samples;
    use acquiring::{CardholderAuthentication, ChargeKind};

    fn with_result(change: impl FnOnce(&mut CardholderAuthentication)) -> Authorization {
        let mut order = samples::order(ChargeKind::Sale);
        change(order.authentication.as_mut().unwrap());
        order
    }

    fn json(order: &Authorization) -> String {
        serde_json::to_string(&of(order).unwrap()).unwrap()
    }

    #[test]
    fn every_value_has_its_documented_field() {
        assert_eq!(
            json(&with_result(|_| ())),
            concat!(
                r#"{"3ds":{"acsEci":"05","authenticationToken":"AAABBoVBaZKAR3BkdkFpELpWIiE=","#,
                r#""transactionId":"f639774c-8e7c-4966-8eba-b8bae060a6ce"},"#,
                r#""3ds2":{"protocolVersion":"2.2.0","transactionStatus":"Y"}}"#
            )
        );
    }

    #[test]
    fn an_attempt_says_why() {
        let order = with_result(|result| {
            result.eci = Some("06".into());
            result.trans_status = Some("A".into());
            result.trans_status_reason = Some("13".into());
            result.version = "2.3.1".into();
        });
        assert!(json(&order).contains(
            r#""3ds2":{"protocolVersion":"2.3.1","transactionStatus":"A","statusReasonCode":"13"}"#
        ));
    }

    #[test]
    fn a_result_that_shifts_no_liability_goes_only_at_the_merchants_risk() {
        let unavailable = with_result(|result| {
            result.authentication_value = None;
            result.trans_status = Some("U".into());
        });
        let seven = with_result(|result| result.eci = Some("07".into()));
        for (mut order, carried) in [(unavailable, false), (seven, true)] {
            assert!(of(&order).is_err());
            order.accept_no_liability_shift = true;
            assert_eq!(of(&order).unwrap().is_some(), carried);
        }
    }

    #[test]
    fn what_the_protocol_cannot_carry_is_refused_before_it_leaves() {
        let refused = [
            with_result(|result| result.trans_status = Some("N".into())),
            with_result(|result| result.trans_status = Some("R".into())),
            with_result(|result| result.trans_status = None),
            with_result(|result| result.eci = Some("02".into())),
            with_result(|result| result.authentication_value = Some("short".into())),
            with_result(|result| result.ds_trans_id = None),
            with_result(|result| result.version = "1.0.2".into()),
            with_result(|result| result.brand = Brand::Visa),
        ];
        for mut order in refused {
            order.accept_no_liability_shift = true;
            assert!(of(&order).is_err(), "{:?}", order.authentication);
        }
    }

    #[test]
    fn a_charge_that_was_not_authenticated_carries_nothing() {
        let mut order = with_result(|_| ());
        order.authentication = None;
        assert_eq!(of(&order), Ok(None));
    }
}
