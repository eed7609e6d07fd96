//! A merchant's connection to a processor: what it takes, and what our MPI says of the merchant to directory servers.
//!
//! The credentials are not here: they stay sealed in the store until an [`acquiring::Account`] is made of them.
//! [`document`] reads a connection as people write it.

pub mod document;

use crate::three_ds::ThreeDs;
use acquiring::ChargeKind;
use primitives::{Brand, Country, Currency, HttpUrl, Id, id::kind};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// A merchant's account at a processor, without its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: Id<kind::Connection>,
    pub merchant: Id<kind::Merchant>,
    /// For people; unique within the merchant.
    pub name: String,
    /// Which adapter speaks for it: `kushki`.
    pub processor_name: String,
    pub status: ConnectionStatus,
    /// Whether a payment that does not say otherwise is taken at once or held.
    pub operation: ChargeKind,
    pub currencies: Vec<Currency>,
    /// The countries orders may come from; empty for any.
    pub countries: Vec<Country>,
    /// Where the processor is reached, when not at the adapter's own default.
    pub base_url: Option<HttpUrl>,
    /// Overrides of the windows the adapter declares (see `acquiring::Capabilities`).
    pub inquiry_visible_after_seconds: Option<u32>,
    pub inquiry_final_after_seconds: Option<u32>,
    /// Connections are tried in ascending order of this.
    pub preference: i32,
    pub three_ds: ThreeDsSettings,
}

impl Connection {
    /// Whether payments may be routed here.
    pub fn is_active(&self) -> bool {
        self.status == ConnectionStatus::Active
    }

    pub fn inquiry_visible_after(&self) -> Option<Duration> {
        self.inquiry_visible_after_seconds
            .map(|seconds| Duration::from_secs(seconds.into()))
    }

    pub fn inquiry_final_after(&self) -> Option<Duration> {
        self.inquiry_final_after_seconds
            .map(|seconds| Duration::from_secs(seconds.into()))
    }
}

/// Whether a connection is used (deuna-api.md 12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    /// Payments are routed to it.
    Active,
    /// Not activated yet, or switched off for a while.
    Inactive,
    /// Withdrawn for good: it stays for the payments that went through it.
    Disabled,
}

impl ConnectionStatus {
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("active", Self::Active),
        ("inactive", Self::Inactive),
        ("disabled", Self::Disabled),
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Disabled => "disabled",
        }
    }
}

/// The two operations as connections call them: a sale is `purchase` there.
pub const OPERATION_WORDS: &[(&str, ChargeKind)] = &[
    ("purchase", ChargeKind::Sale),
    ("authorization", ChargeKind::Authorization),
];

/// The word of [`OPERATION_WORDS`] for an operation.
pub fn operation_as_str(operation: ChargeKind) -> &'static str {
    match operation {
        ChargeKind::Sale => "purchase",
        ChargeKind::Authorization => "authorization",
    }
}

/// How cardholders are authenticated on a connection, and what is done when that stays in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreeDsSettings {
    pub provider: ThreeDsProvider,
    /// The issuer only acknowledged the attempt (transaction status `A`).
    pub on_attempted: OnDoubt,
    /// The card takes no part, or the issuer could not authenticate (status `U`). Not for silence or errors of a
    /// directory server, which always deny (docs/decisions/0004).
    pub on_unavailable: OnDoubt,
    /// Whether charges here take an authentication that was made for another connection.
    #[serde(default)]
    pub reuse: ReusePolicy,
    /// What is wanted of 3-D Secure where a purchase leaves it open.
    #[serde(default, skip_serializing_if = "ThreeDs::is_empty")]
    pub defaults: ThreeDs,
    /// The remote 3DS Server; there when `provider` is `Remote`, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// What directory servers know of the merchant; there when `provider` is `Deuna` or `Remote`.
    pub mpi: Option<MpiData>,
    /// Where a brand knows the merchant otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub brands: BTreeMap<Brand, MpiOverrides>,
}

impl ThreeDsSettings {
    /// The MPI data for a brand: the brand's own where given, else the connection's.
    pub fn mpi_for(&self, brand: Brand) -> Option<MpiData> {
        let general = self.mpi.clone()?;
        let Some(own) = self.brands.get(&brand).cloned() else {
            return Some(general);
        };
        Some(MpiData {
            acquirer_merchant_id: own.acquirer_merchant_id.unwrap_or(general.acquirer_merchant_id),
            acquirer_bin: own.acquirer_bin.unwrap_or(general.acquirer_bin),
            merchant_name: own.merchant_name.unwrap_or(general.merchant_name),
            mcc: own.mcc.unwrap_or(general.mcc),
            merchant_url: own.merchant_url.unwrap_or(general.merchant_url),
            merchant_country: own.merchant_country.unwrap_or(general.merchant_country),
            requestor_id: own.requestor_id.unwrap_or(general.requestor_id),
            requestor_name: own.requestor_name.unwrap_or(general.requestor_name),
        })
    }
}

/// Who authenticates the cardholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreeDsProvider {
    /// Nobody.
    None,
    /// Our own MPI; the word is the one merchants know it by.
    Deuna,
    /// A remote 3DS Server, which `remote` names.
    Remote,
    /// The processor's own 3DS.
    Processor,
}

/// What a doubtful authentication means for the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDoubt {
    /// The payment is denied.
    Reject,
    /// It is charged, without liability shift where the scheme gives none.
    Proceed,
}

/// Whether an authentication may be carried to a connection from another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReusePolicy {
    /// Whichever acquirer it was made for.
    #[default]
    Allow,
    /// The cardholder is authenticated anew for this connection's acquirer.
    Never,
}

/// What the acquirer and the directory server know the merchant by (EMV 3DS merchant and requestor data).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MpiData {
    /// 1 to 35 characters.
    pub acquirer_merchant_id: String,
    /// 6 to 11 digits.
    pub acquirer_bin: String,
    /// 1 to 40 characters.
    pub merchant_name: String,
    /// Four digits (ISO 18245).
    pub mcc: String,
    pub merchant_url: HttpUrl,
    pub merchant_country: Country,
    /// `threeDSRequestorID`, assigned by the directory server: 1 to 35 characters.
    pub requestor_id: String,
    /// `threeDSRequestorName`, assigned by the directory server: 1 to 40 characters.
    pub requestor_name: String,
}

/// [`MpiData`] of one brand: what is absent is as for every brand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MpiOverrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquirer_merchant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquirer_bin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_url: Option<HttpUrl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_country: Option<Country>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requestor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requestor_name: Option<String>,
}
