//! The external 3-D Secure result of a payment, which must fit the card's brand and the commerce indicator.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Brand;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::reply::Refused;

/// Bytes of an authentication value.
const VALUE_BYTES: usize = 20;

/// `consumerAuthenticationInformation`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
pub struct ConsumerAuthentication {
    pub cavv: Option<String>,
    xid: Option<String>,
    pub ucaf_authentication_data: Option<String>,
    ucaf_collection_indicator: Option<String>,
    pub eci_raw: Option<String>,
    pub directory_server_transaction_id: Option<String>,
    pa_specification_version: Option<String>,
    pares_status: Option<String>,
    veres_enrolled: Option<String>,
    acs_transaction_id: Option<String>,
    cavv_algorithm: Option<String>,
    authentication_date: Option<String>,
    effective_authentication_type: Option<String>,
    strong_authentication: Option<StrongAuthentication>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StrongAuthentication {
    low_value_exemption_indicator: Option<String>,
    risk_analysis_exemption_indicator: Option<String>,
    trusted_merchant_exemption_indicator: Option<String>,
    secure_corporate_payment_indicator: Option<String>,
    delegated_authentication_exemption_indicator: Option<String>,
    #[expect(dead_code, reason = "documented, and nothing here depends on it")]
    issuer_information: Option<IgnoredAny>,
}

/// Commerce indicators of payments without an authentication.
const WITHOUT: [&str; 4] = ["internet", "recurring", "install", "moto"];

impl ConsumerAuthentication {
    /// Refuses what the brand does not have, lacks what it needs, or does not fit `commerce_indicator`.
    pub fn check(&self, brand: Brand, commerce_indicator: &str) -> Result<(), Refused> {
        let invalid = |what: &str| {
            Err(Refused::invalid(&format!(
                "consumerAuthenticationInformation.{what}"
            )))
        };
        if let Some(claimed) = &self.strong_authentication {
            claimed.check()?;
        }
        if WITHOUT.contains(&commerce_indicator) {
            return if self.value().is_some() && self.is_full() {
                invalid("a full authentication under a commerceIndicator without one")
            } else {
                Ok(())
            };
        }
        let eci = self.eci_raw.as_deref().unwrap_or_default();
        if !indicators(brand, eci).contains(&commerce_indicator) {
            return invalid("eciRaw does not fit card and commerceIndicator");
        }
        if !self
            .pa_specification_version
            .as_deref()
            .is_some_and(|version| version.starts_with("2."))
        {
            return invalid("paSpecificationVersion");
        }
        let failed = matches!(eci, "07" | "00");
        if brand == Brand::Mastercard {
            let expected = match eci {
                "02" => "2",
                "01" => "1",
                _ => "0",
            };
            if self.ucaf_collection_indicator.as_deref() != Some(expected) {
                return invalid("ucafCollectionIndicator");
            }
            if !self
                .ucaf_authentication_data
                .as_deref()
                .is_some_and(|value| value.len() <= 32 && is_base64(value))
            {
                return invalid("ucafAuthenticationData");
            }
            if !self
                .directory_server_transaction_id
                .as_deref()
                .is_some_and(is_uuid)
            {
                return invalid("directoryServerTransactionId");
            }
            if self.cavv.is_some() || self.xid.is_some() {
                return invalid("cavv and xid are not Mastercard's");
            }
            return Ok(());
        }
        let whole = |value: &Option<String>| {
            value
                .as_deref()
                .is_some_and(|value| value.len() == 28 && is_base64(value))
        };
        let is_missing_as_it_may_be = failed && self.cavv.is_none();
        if !whole(&self.cavv) && !is_missing_as_it_may_be {
            return invalid("cavv");
        }
        if self.xid.is_some() && !whole(&self.xid) {
            return invalid("xid");
        }
        if self.ucaf_authentication_data.is_some() || self.ucaf_collection_indicator.is_some() {
            return invalid("ucafAuthenticationData and ucafCollectionIndicator are Mastercard's");
        }
        Ok(())
    }

    /// Whether the issuer authenticated the cardholder in full.
    pub fn is_full(&self) -> bool {
        matches!(self.eci_raw.as_deref(), Some("05" | "02")) && self.value().is_some()
    }

    /// The authentication value, under whichever name.
    pub fn value(&self) -> Option<&str> {
        self.cavv.as_deref().or(self.ucaf_authentication_data.as_deref())
    }
}

impl StrongAuthentication {
    /// Exactly one exemption is claimed, with `1`.
    fn check(&self) -> Result<(), Refused> {
        let claimed: Vec<&str> = [
            &self.low_value_exemption_indicator,
            &self.risk_analysis_exemption_indicator,
            &self.trusted_merchant_exemption_indicator,
            &self.secure_corporate_payment_indicator,
            &self.delegated_authentication_exemption_indicator,
        ]
        .into_iter()
        .filter_map(|indicator| indicator.as_deref())
        .collect();
        if claimed == ["1"] {
            Ok(())
        } else {
            Err(Refused::invalid(
                "consumerAuthenticationInformation.strongAuthentication",
            ))
        }
    }
}

/// The commerce indicators that fit a brand's ECI.
fn indicators(brand: Brand, eci: &str) -> &'static [&'static str] {
    match (brand, eci) {
        (Brand::Visa, "05") => &["vbv"],
        (Brand::Visa, "06") => &["vbv_attempted"],
        (Brand::Visa, "07") => &["vbv_failure"],
        (Brand::Mastercard, "02" | "01" | "00") => &["spa"],
        (Brand::Amex, "05") => &["aesk"],
        (Brand::Amex, "06") => &["aesk_attempted"],
        (Brand::Discover, "05") => &["dipb"],
        (Brand::Discover, "06") => &["dipb_attempted"],
        (Brand::Diners, "05") => &["pb"],
        (Brand::Diners, "06") => &["pb_attempted"],
        (Brand::Jcb, "05") => &["js"],
        (Brand::Jcb, "06") => &["js_attempted"],
        (Brand::Jcb, "07") => &["js_failure"],
        (Brand::Elo, "05") => &["cs"],
        (Brand::Elo, "06") => &["cs_attempted"],
        _ => &[],
    }
}

fn is_base64(text: &str) -> bool {
    STANDARD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() >= VALUE_BYTES)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(brand: Brand, commerce_indicator: &str, value: &Value) -> Result<(), Refused> {
        let object: ConsumerAuthentication = serde_json::from_value(value.clone()).unwrap();
        object.check(brand, commerce_indicator)
    }

    fn visa() -> Value {
        json!({ "cavv": "AAABBoVBaZKAR3BkdkFpELpWIiE=", "eciRaw": "05", "paSpecificationVersion": "2.2.0" })
    }

    fn mastercard() -> Value {
        json!({ "ucafAuthenticationData": "kEP6n7HiTM/4h4ZhSEFIOB6iQTpv", "ucafCollectionIndicator": "2",
            "eciRaw": "02", "directoryServerTransactionId": "f639774c-8e7c-4966-8eba-b8bae060a6ce",
            "paSpecificationVersion": "2.2.0" })
    }

    #[test]
    fn each_brand_has_its_own_members_and_commerce_indicator() {
        assert_eq!(check(Brand::Visa, "vbv", &visa()), Ok(()));
        assert_eq!(check(Brand::Amex, "aesk", &visa()), Ok(()));
        assert_eq!(check(Brand::Mastercard, "spa", &mastercard()), Ok(()));
        assert!(check(Brand::Visa, "vbv_attempted", &visa()).is_err());
        assert!(check(Brand::Visa, "internet", &visa()).is_err());
        assert!(check(Brand::Visa, "vbv", &mastercard()).is_err());
        assert!(check(Brand::Mastercard, "spa", &visa()).is_err());
        for name in ["cavv", "eciRaw", "paSpecificationVersion"] {
            let mut object = visa();
            object.as_object_mut().unwrap().remove(name);
            assert!(check(Brand::Visa, "vbv", &object).is_err(), "{name}");
        }
        for name in [
            "ucafAuthenticationData",
            "ucafCollectionIndicator",
            "eciRaw",
            "directoryServerTransactionId",
            "paSpecificationVersion",
        ] {
            let mut object = mastercard();
            object.as_object_mut().unwrap().remove(name);
            assert!(check(Brand::Mastercard, "spa", &object).is_err(), "{name}");
        }
    }

    #[test]
    fn one_exemption_is_claimed_with_a_one() {
        let with = |claimed: Value| {
            check(
                Brand::Visa,
                "internet",
                &json!({ "strongAuthentication": claimed }),
            )
        };
        assert_eq!(with(json!({ "lowValueExemptionIndicator": "1" })), Ok(()));
        assert!(with(json!({ "lowValueExemptionIndicator": "0" })).is_err());
        assert!(with(json!({})).is_err());
    }
}
