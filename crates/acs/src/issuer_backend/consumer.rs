//! Get consumer information: the phone of a cardholder, for issuers that keep phones themselves.

use reqwest::StatusCode;
use serde::Deserialize;
use std::time::Duration;
use time::OffsetDateTime;

use super::{Backend, CallFault, body};
use crate::identifiers::ConsumerId;
use crate::language::Language;
use crate::phone::Phone;

/// What a backend tells of a cardholder, as far as it is wanted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerInfo {
    /// The language, where it is one of the catalogue's.
    pub language: Option<Language>,
    /// The phone, where there is one that can be called.
    pub phone: Option<Phone>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    language: Option<String>,
    mobile_phone_number: Option<MobilePhoneNumber>,
}

/// Not E.164: country and number apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MobilePhoneNumber {
    country_code: String,
    phone_number: String,
}

impl Backend<'_> {
    /// Asks for a cardholder; `None` where the backend does not know them.
    pub(crate) async fn consumer(
        &self,
        consumer: &ConsumerId,
        correlation_id: &str,
        now: OffsetDateTime,
        limit: Duration,
    ) -> Result<Option<ConsumerInfo>, CallFault> {
        let url = self.url(&format!(
            "/banking/d1/v1/issuers/{}/consumers/{consumer}",
            self.issuer
        ));
        let answer = self
            .call(self.client.get(url), correlation_id, now, limit)
            .await?;
        match answer.status() {
            StatusCode::OK => read(&body(answer).await?).map(Some),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(CallFault::NoAnswer),
        }
    }
}

fn read(body: &[u8]) -> Result<ConsumerInfo, CallFault> {
    let body: Body = serde_json::from_slice(body).map_err(|_| CallFault::NoAnswer)?;
    let phone = body.mobile_phone_number.and_then(|phone| {
        let country = phone.country_code.trim_start_matches('+');
        Phone::parse(&format!("+{country}{}", phone.phone_number)).ok()
    });
    Ok(ConsumerInfo {
        language: body.language.as_deref().and_then(Language::of_tag),
        phone,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn country_and_number_make_a_phone() {
        let info = read(
            br#"{"language":"es-MX","firstName":"Ana","mobilePhoneNumber":{"countryCode":"+962","phoneNumber":"795383056"}}"#,
        )
        .unwrap();
        assert_eq!(info.phone.unwrap().reveal(), "+962795383056");
        assert_eq!(info.language, Some(Language::Spanish));
    }

    #[test]
    fn a_cardholder_may_have_no_phone_that_can_be_called() {
        for body in [
            &br#"{}"#[..],
            br#"{"mobilePhoneNumber":{"countryCode":"+52","phoneNumber":"55 1234"}}"#,
        ] {
            assert_eq!(read(body).unwrap().phone, None);
        }
        assert!(read(b"[]").is_err());
    }
}
