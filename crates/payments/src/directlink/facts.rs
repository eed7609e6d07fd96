//! What is kept of a request, for the answers and feedback that come later.

use primitives::HttpUrl;
use serde::{Deserialize, Serialize};

/// What is to be done with the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// It is held.
    #[serde(rename = "RES")]
    Authorise,
    /// It is taken.
    #[serde(rename = "SAL")]
    Sale,
}

impl Operation {
    /// `RES` or `SAL`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorise => "RES",
            Self::Sale => "SAL",
        }
    }

    /// Of `RES` or `SAL`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Authorise, Self::Sale]
            .into_iter()
            .find(|operation| operation.as_str() == text)
    }
}

/// How the bank's page is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// In the shop's own window.
    #[default]
    #[serde(rename = "MAINW")]
    Main,
    /// In a window that closes, and the shop's own goes on.
    #[serde(rename = "POPUP")]
    PopUp,
    /// In a window that stays.
    #[serde(rename = "POPIX")]
    PopUpStays,
}

/// Where the browser goes at the end. What is absent is the account's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReturnUrls {
    /// `ACCEPTURL`.
    pub accept: Option<HttpUrl>,
    /// `DECLINEURL`.
    pub decline: Option<HttpUrl>,
    /// `EXCEPTIONURL`.
    pub exception: Option<HttpUrl>,
    /// `CANCELURL`.
    pub cancel: Option<HttpUrl>,
}

/// What later answers, the way back to the shop, and feedback need of the request. No card data but the expiry date, which the
/// protocol hands back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// `WIN3DS`.
    pub window: Window,
    pub urls: ReturnUrls,
    /// `PARAMPLUS` as it came: pairs that go back with the browser and with feedback.
    pub param_plus: Option<String>,
    /// `COMPLUS`.
    pub com_plus: Option<String>,
    /// `PARAMVAR`.
    pub param_var: Option<String>,
    /// `CN` as it came.
    pub holder: Option<String>,
    /// `ED` as `MMYY`.
    pub expiry: Option<String>,
    /// `ALIAS`: the name that the card is kept under, or will be once it is authorised.
    pub alias: Option<String>,
    /// `REMOTE_ADDR`.
    pub ip_address: Option<String>,
}
