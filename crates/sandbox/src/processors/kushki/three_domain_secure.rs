//! The external 3-D Secure result of a charge, which must fit the card's brand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Brand;
use serde::Deserialize;

use super::reply::Refused;

/// Bytes of an authentication value.
const VALUE_BYTES: usize = 20;

/// `threeDomainSecure`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreeDomainSecure {
    pub cavv: Option<String>,
    pub xid: Option<String>,
    pub eci: String,
    #[serde(rename = "specificationVersion")]
    specification_version: String,
    #[serde(rename = "acceptRisk", default)]
    accept_risk: bool,
    pub ucaf: Option<String>,
    #[serde(rename = "collectionIndicator")]
    collection_indicator: Option<String>,
    #[serde(rename = "directoryServerTransactionID")]
    pub directory_server_transaction_id: Option<String>,
}

impl ThreeDomainSecure {
    /// Refuses what the brand does not have, lacks what it needs, or carries a risk nobody accepted.
    pub fn check(&self, brand: Brand) -> Result<(), Refused> {
        let invalid = |what: &str| Err(Refused::invalid(&format!("threeDomainSecure.{what}")));
        if !matches!(self.specification_version.as_str(), "2.0.0" | "2.2.0") {
            return invalid("specificationVersion");
        }
        match brand {
            Brand::Visa => {
                if !matches!(self.eci.as_str(), "05" | "06" | "07") {
                    return invalid("eci");
                }
                if !self.cavv.as_deref().is_some_and(is_visa_value) {
                    return invalid("cavv");
                }
                if self.xid.as_deref().is_some_and(|xid| !is_visa_value(xid)) {
                    return invalid("xid");
                }
                if self.ucaf.is_some()
                    || self.collection_indicator.is_some()
                    || self.directory_server_transaction_id.is_some()
                {
                    return invalid(
                        "ucaf, collectionIndicator and directoryServerTransactionID are Mastercard's",
                    );
                }
            }
            Brand::Mastercard => {
                let indicator = match self.eci.as_str() {
                    "02" => "2",
                    "01" => "1",
                    "00" => "0",
                    _ => return invalid("eci"),
                };
                if self.collection_indicator.as_deref() != Some(indicator) {
                    return invalid("collectionIndicator");
                }
                if !self.ucaf.as_deref().is_some_and(is_mastercard_value) {
                    return invalid("ucaf");
                }
                if !self
                    .directory_server_transaction_id
                    .as_deref()
                    .is_some_and(|id| id.len() == 36 && uuid::Uuid::try_parse(id).is_ok())
                {
                    return invalid("directoryServerTransactionID");
                }
                if self.cavv.is_some() || self.xid.is_some() {
                    return invalid("cavv and xid are Visa's");
                }
            }
            _ => return invalid("is for Visa and Mastercard"),
        }
        if matches!(self.eci.as_str(), "07" | "00") && !self.accept_risk {
            return Err(Refused::by_rule(
                "K322",
                "Transacción rechazada por reglas de seguridad",
                "K325",
                "El ECI indica riesgo y no se aceptó (acceptRisk)",
            ));
        }
        Ok(())
    }

    /// Whether the issuer authenticated the cardholder in full.
    pub fn is_full(&self) -> bool {
        matches!(self.eci.as_str(), "05" | "02")
    }

    /// The authentication value, under whichever name.
    pub fn value(&self) -> Option<&str> {
        self.cavv.as_deref().or(self.ucaf.as_deref())
    }
}

fn is_visa_value(text: &str) -> bool {
    text.len() == 28
        && STANDARD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == VALUE_BYTES)
}

/// Mastercard's is the same 20 bytes, or 21 with the older control byte.
fn is_mastercard_value(text: &str) -> bool {
    text.len() <= 32
        && STANDARD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() >= VALUE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(brand: Brand, value: &Value) -> Result<(), Refused> {
        let object: ThreeDomainSecure = serde_json::from_value(value.clone()).unwrap();
        object.check(brand)
    }

    fn visa() -> Value {
        json!({ "cavv": "AAABBoVBaZKAR3BkdkFpELpWIiE=", "eci": "05", "specificationVersion": "2.2.0" })
    }

    fn mastercard() -> Value {
        json!({ "ucaf": "kEP6n7HiTM/4h4ZhSEFIOB6iQTpv", "collectionIndicator": "2", "eci": "02",
            "directoryServerTransactionID": "f639774c-8e7c-4966-8eba-b8bae060a6ce", "specificationVersion": "2.2.0" })
    }

    #[test]
    fn each_brand_has_its_own_members() {
        assert_eq!(check(Brand::Visa, &visa()), Ok(()));
        assert_eq!(check(Brand::Mastercard, &mastercard()), Ok(()));
        assert!(check(Brand::Visa, &mastercard()).is_err());
        assert!(check(Brand::Mastercard, &visa()).is_err());
        for (name, wrong) in [
            ("eci", "02"),
            ("cavv", "AAAB"),
            ("specificationVersion", "2.1.0"),
            ("ucaf", "kEP6n7HiTM/4h4ZhSEFIOB6iQTpv"),
        ] {
            let mut object = visa();
            object[name] = wrong.into();
            assert!(check(Brand::Visa, &object).is_err(), "{name}");
        }
        for (name, wrong) in [
            ("eci", "05"),
            ("collectionIndicator", "1"),
            ("directoryServerTransactionID", "x"),
        ] {
            let mut object = mastercard();
            object[name] = wrong.into();
            assert!(check(Brand::Mastercard, &object).is_err(), "{name}");
        }
    }

    #[test]
    fn a_risk_must_be_accepted() {
        let mut object = visa();
        object["eci"] = "07".into();
        let refused = check(Brand::Visa, &object).unwrap_err();
        assert_eq!(refused.response_code(), Some("K322"));
        object["acceptRisk"] = true.into();
        assert_eq!(check(Brand::Visa, &object), Ok(()));
    }
}
