//! What goes through the cardholder's browser: base64url form fields.
//!
//! Written without padding. Read with or without padding and with white space inside, since pages and browsers of all
//! ages handle these fields on the way.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ThreeDsServerTransId;

/// Form field that carries a CReq to the ACS.
pub const CREQ_FIELD: &str = "creq";
/// Form field that carries the final CRes to the notification URL.
pub const CRES_FIELD: &str = "cres";
/// Form field that some ACSs use for an `Erro` to the notification URL; others put it into `cres`.
pub const ERRO_FIELD: &str = "erro";
/// Form field beside `creq` and `cres` that the ACS returns unchanged.
pub const SESSION_DATA_FIELD: &str = "threeDSSessionData";
/// Form field of the 3DS Method, in both directions.
pub const METHOD_DATA_FIELD: &str = "threeDSMethodData";

/// Longest `threeDSSessionData`, in characters.
pub const SESSION_DATA_MAX_CHARACTERS: usize = 1024;
/// Longest form field we decode, in characters; a CReq or CRes is a few hundred.
pub const FORM_FIELD_MAX_CHARACTERS: usize = 64 * 1024;

/// Unpadded; indifferent to stray bits in the last character when read.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// A form field that could not be read. Says what is wrong, never what it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadField {
    /// Longer than this kind of field may be.
    #[error("the form field is too long")]
    TooLong,
    /// Not base64url.
    #[error("the form field is not base64url")]
    NotBase64Url,
    /// Base64url, but not of the JSON expected.
    #[error("the form field does not hold the JSON expected")]
    NotTheJsonExpected,
}

/// base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL.encode(bytes)
}

/// Reads base64url, tolerating padding and white space.
pub fn from_base64url(text: &str) -> Result<Vec<u8>, BadField> {
    if text.len() > FORM_FIELD_MAX_CHARACTERS {
        return Err(BadField::TooLong);
    }
    let dense: String = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    BASE64URL
        .decode(dense.trim_end_matches('='))
        .map_err(|_| BadField::NotBase64Url)
}

/// `threeDSSessionData` for an opaque value of ours; refused when its encoded form is longer than 1024 characters.
pub fn session_data(opaque: &[u8]) -> Result<String, BadField> {
    let text = base64url(opaque);
    if text.len() > SESSION_DATA_MAX_CHARACTERS {
        Err(BadField::TooLong)
    } else {
        Ok(text)
    }
}

/// Reads back what [`session_data`] wrote.
pub fn from_session_data(text: &str) -> Result<Vec<u8>, BadField> {
    let bytes = from_base64url(text)?;
    if base64url(&bytes).len() > SESSION_DATA_MAX_CHARACTERS {
        Err(BadField::TooLong)
    } else {
        Ok(bytes)
    }
}

/// What the 3DS Method form posts to the ACS's 3DS Method URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodRequest {
    /// The transaction the method runs for.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// Where the ACS's page reports back, at most 256 characters in 2.1.0 and 2.2.0.
    #[serde(rename = "threeDSMethodNotificationURL")]
    pub three_ds_method_notification_url: String,
}

/// What the ACS's page posts to the notification URL when the method is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodNotification {
    /// The transaction the method ran for.
    #[serde(rename = "threeDSServerTransID")]
    pub three_ds_server_trans_id: ThreeDsServerTransId,
}

impl MethodRequest {
    /// The value of the form field `threeDSMethodData`.
    pub fn to_form(&self) -> String {
        form_of(self)
    }

    /// Reads the form field at the ACS.
    pub fn from_form(text: &str) -> Result<Self, BadField> {
        of_form(text)
    }
}

impl MethodNotification {
    /// The value of the form field `threeDSMethodData`.
    pub fn to_form(&self) -> String {
        form_of(self)
    }

    /// Reads the form field at the notification URL.
    pub fn from_form(text: &str) -> Result<Self, BadField> {
        of_form(text)
    }
}

fn form_of<T: Serialize>(value: &T) -> String {
    // A struct of an id and a string has no way to fail; an empty field would be refused by every reader.
    serde_json::to_vec(value)
        .map(|json| base64url(&json))
        .unwrap_or_default()
}

fn of_form<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, BadField> {
    serde_json::from_slice(&from_base64url(text)?).map_err(|_| BadField::NotTheJsonExpected)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn base64url_is_written_without_padding_and_with_the_url_alphabet() {
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn padding_and_white_space_are_tolerated_when_reading() {
        for text in ["-_8", "-_8=", "-_\r\n8", " -_8= "] {
            assert_eq!(from_base64url(text), Ok(vec![0xfb, 0xff]), "{text:?}");
        }
    }

    #[test]
    fn the_standard_alphabet_is_not_base64url() {
        assert_eq!(from_base64url("+/8="), Err(BadField::NotBase64Url));
    }

    #[test]
    fn session_data_has_room_for_768_bytes() {
        assert_eq!(
            session_data(&[0; 768]).unwrap().len(),
            SESSION_DATA_MAX_CHARACTERS
        );
        assert_eq!(session_data(&[0; 769]), Err(BadField::TooLong));
        assert_eq!(from_session_data(&base64url(&[0; 769])), Err(BadField::TooLong));
    }

    #[test]
    fn method_data_uses_the_specification_s_names() {
        let request = MethodRequest {
            three_ds_server_trans_id: ThreeDsServerTransId(Uuid::nil()),
            three_ds_method_notification_url: "https://mpi.example/method".into(),
        };
        let json = String::from_utf8(from_base64url(&request.to_form()).unwrap()).unwrap();
        assert_eq!(
            json,
            r#"{"threeDSServerTransID":"00000000-0000-0000-0000-000000000000","threeDSMethodNotificationURL":"https://mpi.example/method"}"#
        );
        assert_eq!(MethodRequest::from_form(&request.to_form()), Ok(request));
    }

    #[test]
    fn a_method_notification_may_hold_more_than_we_read() {
        let form = base64url(br#"{"threeDSServerTransID":"00000000-0000-0000-0000-000000000000","more":1}"#);
        assert!(MethodNotification::from_form(&form).is_ok());
        assert_eq!(
            MethodNotification::from_form("e30"),
            Err(BadField::NotTheJsonExpected)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(from_base64url(&base64url(&bytes)), Ok(bytes));
        }

        #[test]
        fn no_text_makes_the_readers_panic(text: String) {
            let _ = from_base64url(&text);
            let _ = from_session_data(&text);
            let _ = MethodNotification::from_form(&text);
        }
    }
}
