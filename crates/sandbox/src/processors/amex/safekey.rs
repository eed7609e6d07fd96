//! The external 3-D Secure result of a charge.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use uuid::Uuid;

use super::reply::Refused;

/// Bytes of an authentication value.
const VALUE_BYTES: usize = 20;

/// `authentication`. A `transactionId` of its own would name an authentication by the gateway, and is unknown here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authentication {
    #[serde(rename = "3ds")]
    result: Result3ds,
    #[serde(rename = "3ds2")]
    version_two: VersionTwo,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Result3ds {
    acs_eci: String,
    authentication_token: String,
    transaction_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VersionTwo {
    transaction_status: String,
    protocol_version: Option<String>,
    status_reason_code: Option<String>,
    ds_transaction_id: Option<String>,
}

impl Authentication {
    /// Refuses what an issuer could not check, and statuses that are not charged.
    pub fn check(&self) -> Result<(), Refused> {
        let invalid = |field: &str| {
            Err(Refused::invalid(
                &format!("authentication.{field}"),
                "Invalid value",
            ))
        };
        if !matches!(self.eci(), "05" | "06" | "07") {
            return invalid("3ds.acsEci");
        }
        if !STANDARD
            .decode(self.value())
            .is_ok_and(|bytes| bytes.len() == VALUE_BYTES)
        {
            return invalid("3ds.authenticationToken");
        }
        if self.ds_trans_id().len() != 36 || Uuid::try_parse(self.ds_trans_id()).is_err() {
            return invalid("3ds.transactionId");
        }
        let status = self.version_two.transaction_status.as_str();
        if !matches!(status, "Y" | "A" | "U" | "I") {
            return invalid("3ds2.transactionStatus");
        }
        let version = self.version_two.protocol_version.as_deref();
        if version.is_some_and(|version| !version.starts_with("2.")) {
            return invalid("3ds2.protocolVersion");
        }
        let reason = self.version_two.status_reason_code.as_deref();
        if reason.is_some_and(|reason| reason.len() != 2) {
            return invalid("3ds2.statusReasonCode");
        }
        let repeated = self.version_two.ds_transaction_id.as_deref();
        if repeated.is_some_and(|repeated| repeated != self.ds_trans_id()) {
            return invalid("3ds2.dsTransactionId");
        }
        Ok(())
    }

    /// Whether the issuer authenticated the cardholder in full.
    pub fn is_full(&self) -> bool {
        self.eci() == "05" && self.version_two.transaction_status == "Y"
    }

    pub fn eci(&self) -> &str {
        &self.result.acs_eci
    }

    pub fn value(&self) -> &str {
        &self.result.authentication_token
    }

    pub fn ds_trans_id(&self) -> &str {
        &self.result.transaction_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({
            "3ds": { "acsEci": "05", "authenticationToken": "AAABBoVBaZKAR3BkdkFpELpWIiE=",
                "transactionId": "f639774c-8e7c-4966-8eba-b8bae060a6ce" },
            "3ds2": { "transactionStatus": "Y", "protocolVersion": "2.2.0" },
        })
    }

    #[test]
    fn every_member_is_looked_at() {
        let check = |value: Value| serde_json::from_value::<Authentication>(value).unwrap().check();
        assert_eq!(check(good()), Ok(()));
        for (path, wrong) in [
            ("/3ds/acsEci", "02"),
            ("/3ds/authenticationToken", "AAAB"),
            ("/3ds/transactionId", "x"),
            ("/3ds2/transactionStatus", "N"),
            ("/3ds2/protocolVersion", "1.0.2"),
        ] {
            let mut value = good();
            *value.pointer_mut(path).unwrap() = wrong.into();
            assert!(check(value).is_err(), "{path}");
        }
    }

    #[test]
    fn an_authentication_by_the_gateway_is_not_taken() {
        let mut value = good();
        value["transactionId"] = "t".into();
        assert!(serde_json::from_value::<Authentication>(value).is_err());
    }
}
