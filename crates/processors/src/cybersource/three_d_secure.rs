//! The result of our own 3-D Secure: `consumerAuthenticationInformation`, whose members differ per brand, and the
//! `commerceIndicator` that must fit it. Also the ground on which a charge goes without a full authentication.

use acquiring::{
    Agreement, AuthenticationFlow, Authorization, CannotBuild, CardholderAuthentication, Exemption,
};
use primitives::Brand;
use serde::Serialize;
use time::{UtcOffset, format_description::FormatItem, macros::format_description};

/// A CAVV or XID: 20 bytes in Base64, or in hexadecimal digits.
const VALUE_BASE64_CHARACTERS: usize = 28;
const VALUE_HEX_CHARACTERS: usize = 40;
/// The longest UCAF.
const UCAF_MAX_CHARACTERS: usize = 32;
const DS_TRANS_ID_CHARACTERS: usize = 36;

/// `authenticationDate`.
const AUTHENTICATION_DATE: &[FormatItem<'_>] =
    format_description!("[year][month][day][hour][minute][second]");

/// A card-not-present charge of no special kind, or one whose cardholder nobody authenticated.
const INTERNET: &str = "internet";

/// What a charge says of its cardholder's authentication.
#[derive(Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    /// `processingInformation.commerceIndicator`.
    pub commerce_indicator: &'static str,
    /// `consumerAuthenticationInformation`, where there is anything to say.
    pub information: Option<Information<'a>>,
}

/// `consumerAuthenticationInformation`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Information<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cavv: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ucaf_authentication_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ucaf_collection_indicator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eci_raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory_server_transaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pa_specification_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    veres_enrolled: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pares_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acs_transaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_authentication_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strong_authentication: Option<StrongAuthentication>,
}

/// `strongAuthentication`: which exemption is claimed, `"1"` for the one that is.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct StrongAuthentication {
    #[serde(skip_serializing_if = "Option::is_none")]
    low_value_exemption_indicator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_analysis_exemption_indicator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_merchant_exemption_indicator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure_corporate_payment_indicator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegated_authentication_exemption_indicator: Option<&'static str>,
}

/// The grounds that a charge can give here.
pub const EXEMPTIONS: &[Exemption] = &[
    Exemption::LowValue,
    Exemption::TraAcquirer,
    Exemption::TrustedList,
    Exemption::Corporate,
    Exemption::Delegated,
    Exemption::Moto,
    Exemption::MerchantInitiated,
];

/// What an ECI says, whichever the brand's digits for it are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grade {
    Full,
    Attempted,
    Failed,
}

/// What the order carries. Refused is what would claim more than there is: a failed authentication, one without its value
/// whose risk the merchant does not take, or one the brand does not have.
pub fn of(order: &Authorization) -> Result<Carried<'_>, CannotBuild> {
    let strong_authentication = strong_authentication(order.exemption)?;
    let carried = match &order.authentication {
        Some(result) => authenticated(order, result)?,
        None => None,
    };
    let (commerce_indicator, information) = match carried {
        Some((commerce_indicator, information)) => (commerce_indicator, Some(information)),
        None => (unauthenticated(order), None),
    };
    let information = match strong_authentication {
        Some(claimed) => Some(Information {
            strong_authentication: Some(claimed),
            ..information.unwrap_or_default()
        }),
        None => information,
    };
    Ok(Carried {
        commerce_indicator,
        information,
    })
}

/// The result and its commerce indicator; `None` where it can only be charged as if there were none.
fn authenticated<'a>(
    order: &Authorization,
    result: &'a CardholderAuthentication,
) -> Result<Option<(&'static str, Information<'a>)>, CannotBuild> {
    if matches!(result.trans_status.as_deref(), Some("N" | "R")) {
        return Err(CannotBuild::NotExpressible("a failed or rejected authentication"));
    }
    let grade = result.eci.as_deref().and_then(|eci| grade(result.brand, eci));
    let at_risk = order.accept_no_liability_shift || order.exemption.is_some();
    match (&result.authentication_value, grade) {
        (Some(_), Some(_)) | (None, Some(Grade::Failed)) => {}
        (Some(_), None) => {
            return Err(CannotBuild::NotExpressible("an ECI this brand does not have"));
        }
        // An ECI that claims an authentication whose proof is missing, or none of the table: not told at all.
        (None, Some(Grade::Full | Grade::Attempted) | None) if at_risk => return Ok(None),
        (None, Some(Grade::Full | Grade::Attempted) | None) => {
            return Err(CannotBuild::NotExpressible(
                "an authentication without value whose risk the merchant does not take",
            ));
        }
    }
    if result.authentication_value.is_none() && !at_risk {
        return Err(CannotBuild::NotExpressible(
            "an authentication without value whose risk the merchant does not take",
        ));
    }
    let Some(grade) = grade else { return Ok(None) };
    let value = result.authentication_value.as_deref();
    let commerce_indicator = commerce_indicator(result.brand, grade, value.is_some())
        .ok_or(CannotBuild::NotExpressible("an authentication of this brand"))?;
    let information = if result.brand == Brand::Mastercard {
        ucaf(result, grade, value)?
    } else {
        cavv(result, value)?
    };
    Ok(Some((commerce_indicator, information)))
}

fn grade(brand: Brand, eci: &str) -> Option<Grade> {
    match (brand, eci) {
        (Brand::Mastercard, "02") => Some(Grade::Full),
        (Brand::Mastercard, "01") => Some(Grade::Attempted),
        (Brand::Mastercard, "00") => Some(Grade::Failed),
        (Brand::Mastercard | Brand::Carnet | Brand::Other, _) => None,
        (Brand::Visa | Brand::Amex | Brand::Elo | Brand::Jcb | Brand::Diners | Brand::Discover, "05") => {
            Some(Grade::Full)
        }
        (Brand::Visa | Brand::Amex | Brand::Elo | Brand::Jcb | Brand::Diners | Brand::Discover, "06") => {
            Some(Grade::Attempted)
        }
        (Brand::Visa | Brand::Amex | Brand::Elo | Brand::Jcb | Brand::Diners | Brand::Discover, "07") => {
            Some(Grade::Failed)
        }
        _ => None,
    }
}

fn commerce_indicator(brand: Brand, grade: Grade, has_value: bool) -> Option<&'static str> {
    use Grade::{Attempted, Failed, Full};
    Some(match (brand, grade) {
        (Brand::Visa, Full) => "vbv",
        (Brand::Visa, Attempted) => "vbv_attempted",
        (Brand::Visa, Failed) => "vbv_failure",
        (Brand::Mastercard, Failed) if !has_value => INTERNET,
        (Brand::Mastercard, Full | Attempted | Failed) => "spa",
        (Brand::Amex, Full) => "aesk",
        (Brand::Amex, Attempted) => "aesk_attempted",
        (Brand::Discover, Full) => "dipb",
        (Brand::Discover, Attempted) => "dipb_attempted",
        (Brand::Diners, Full) => "pb",
        (Brand::Diners, Attempted) => "pb_attempted",
        (Brand::Jcb, Full) => "js",
        (Brand::Jcb, Attempted) => "js_attempted",
        (Brand::Jcb, Failed) => "js_failure",
        (Brand::Elo, Full) => "cs",
        (Brand::Elo, Attempted) => "cs_attempted",
        (Brand::Amex | Brand::Discover | Brand::Diners | Brand::Elo, Failed) => INTERNET,
        (Brand::Carnet | Brand::Other, Full | Attempted | Failed) => return None,
    })
}

/// How a charge without an authentication is told: by telephone or post, one of a series that the merchant starts, or
/// plainly over the internet.
fn unauthenticated(order: &Authorization) -> &'static str {
    let agreement = order.stored_credential.as_ref().map(|stored| stored.agreement);
    match (order.exemption, agreement) {
        (Some(Exemption::Moto), _) => "moto",
        _ if !super::initiator::is_merchant(order) => INTERNET,
        (_, Some(Agreement::Recurring)) => "recurring",
        (_, Some(Agreement::Installments)) => "install",
        (_, Some(Agreement::Unscheduled) | None) => INTERNET,
    }
}

fn cavv<'a>(
    result: &'a CardholderAuthentication,
    value: Option<&'a str>,
) -> Result<Information<'a>, CannotBuild> {
    if value.is_some_and(|value| !is_twenty_bytes(value)) {
        return Err(CannotBuild::NotExpressible("a CAVV of this length"));
    }
    let xid = result.xid.as_deref().filter(|xid| is_twenty_bytes(xid));
    Ok(Information {
        cavv: value,
        // EMV 3DS has no XID, some acquirers behind the vendor insist on one: the CAVV stands in for it.
        xid: value.and(xid.or(value)),
        ..shared(result)?
    })
}

fn ucaf<'a>(
    result: &'a CardholderAuthentication,
    grade: Grade,
    value: Option<&'a str>,
) -> Result<Information<'a>, CannotBuild> {
    if value.is_some_and(|value| value.len() > UCAF_MAX_CHARACTERS) {
        return Err(CannotBuild::NotExpressible("a UCAF of this length"));
    }
    let shared = shared(result)?;
    if value.is_some() && shared.directory_server_transaction_id.is_none() {
        return Err(CannotBuild::NotExpressible(
            "a Mastercard authentication without directory server transaction id",
        ));
    }
    let collection_indicator = match grade {
        Grade::Full => "2",
        Grade::Attempted => "1",
        Grade::Failed => "0",
    };
    Ok(Information {
        ucaf_authentication_data: value,
        ucaf_collection_indicator: Some(collection_indicator),
        ..shared
    })
}

/// The members that all brands have. `cavvAlgorithm` is left out: no message of EMV 3DS tells it.
fn shared(result: &CardholderAuthentication) -> Result<Information<'_>, CannotBuild> {
    if !result.version.starts_with("2.") {
        return Err(CannotBuild::NotExpressible("this version of 3-D Secure"));
    }
    let authentication_date = result
        .authenticated_at
        .and_then(|at| at.to_offset(UtcOffset::UTC).format(AUTHENTICATION_DATE).ok());
    Ok(Information {
        eci_raw: result.eci.as_deref(),
        directory_server_transaction_id: result
            .ds_trans_id
            .as_deref()
            .filter(|id| id.len() == DS_TRANS_ID_CHARACTERS),
        pa_specification_version: Some(&result.version),
        veres_enrolled: result.directory_status().map(|status| match status {
            "Y" | "A" | "C" | "D" | "I" => "Y",
            _ => "U",
        }),
        pares_status: result.trans_status.as_deref().filter(|status| status.len() == 1),
        acs_transaction_id: result.acs_trans_id.as_deref(),
        authentication_date,
        effective_authentication_type: result.flow.map(|flow| match flow {
            AuthenticationFlow::Frictionless => "FR",
            AuthenticationFlow::Challenge | AuthenticationFlow::Decoupled => "CH",
        }),
        ..Information::default()
    })
}

fn is_twenty_bytes(text: &str) -> bool {
    text.len() == VALUE_BASE64_CHARACTERS
        || (text.len() == VALUE_HEX_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn strong_authentication(exemption: Option<Exemption>) -> Result<Option<StrongAuthentication>, CannotBuild> {
    const CLAIMED: Option<&str> = Some("1");
    let Some(exemption) = exemption else {
        return Ok(None);
    };
    let nothing = StrongAuthentication::default();
    Ok(Some(match exemption {
        Exemption::LowValue => StrongAuthentication {
            low_value_exemption_indicator: CLAIMED,
            ..nothing
        },
        Exemption::TraAcquirer => StrongAuthentication {
            risk_analysis_exemption_indicator: CLAIMED,
            ..nothing
        },
        Exemption::TrustedList => StrongAuthentication {
            trusted_merchant_exemption_indicator: CLAIMED,
            ..nothing
        },
        Exemption::Corporate => StrongAuthentication {
            secure_corporate_payment_indicator: CLAIMED,
            ..nothing
        },
        Exemption::Delegated => StrongAuthentication {
            delegated_authentication_exemption_indicator: CLAIMED,
            ..nothing
        },
        // Told by the commerce indicator, and by who started the charge.
        Exemption::Moto | Exemption::MerchantInitiated => return Ok(None),
        Exemption::TraIssuer
        | Exemption::DelayedShipment
        | Exemption::OneLegOut
        | Exemption::AnonymousPrepaid => {
            return Err(CannotBuild::NotExpressible("this ground for an exemption"));
        }
    }))
}

#[cfg(test)]
mod tests;
