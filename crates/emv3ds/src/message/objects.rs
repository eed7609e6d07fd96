//! Objects inside the answers and results of more than one message.

use serde::{Deserialize, Serialize};

/// `cardholderInfo`: the issuer's words to the cardholder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardholderInfo {
    /// `text`, 1 to 128 characters: all there is before 2.3.1.
    pub text: String,
    /// `issuerImage`: address of the issuer's logo, from 2.3.1.
    #[serde(rename = "issuerImage", skip_serializing_if = "Option::is_none")]
    pub issuer_image: Option<String>,
    /// `paymentSystemImage`: address of the brand's logo, from 2.3.1.
    #[serde(rename = "paymentSystemImage", skip_serializing_if = "Option::is_none")]
    pub payment_system_image: Option<String>,
}

impl From<&str> for CardholderInfo {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }
}

/// `acsRenderingType`: how an app shows the challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcsRenderingType {
    /// `acsInterface`: 01 native, 02 HTML.
    #[serde(rename = "acsInterface")]
    pub acs_interface: String,
    /// `acsUiTemplate`: 01 text, 02 single select, 03 multi select, 04 out of band, 05 HTML, 06 HTML out of band,
    /// 07 information (both 2.3.1).
    #[serde(rename = "acsUiTemplate")]
    pub acs_ui_template: String,
    /// `deviceUserInterfaceMode`, from 2.3.1: 01 portrait, 02 landscape, 03 voice, 04 other.
    #[serde(rename = "deviceUserInterfaceMode", skip_serializing_if = "Option::is_none")]
    pub device_user_interface_mode: Option<String>,
}

/// An entry of `webAuthnCredList`: credentials the browser may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebAuthnCredentials {
    /// `rpID`: the relying party, at most 2048 characters.
    #[serde(rename = "rpID")]
    pub rp_id: String,
    /// `credentialIds`, base64url.
    #[serde(rename = "credentialIds")]
    pub credential_ids: Vec<String>,
}
