//! What the sender of an AReq remembers of it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::AReq;
use crate::{
    ThreeDsServerTransId, Version,
    code::{DecoupledRequestInd, DeviceChannel, MessageCategory, RequestorChallengeInd, YesNo},
};

/// What an ARes is held against: the part of the AReq that its sender remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Remembered")]
pub struct Asked {
    /// The version asked in.
    pub version: Version,
    /// The transaction.
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// Through what the cardholder shops, if there is one.
    pub device_channel: DeviceChannel,
    /// What the authentication is for.
    pub message_category: MessageCategory,
    /// The requestor's wishes about a challenge.
    pub challenge_inds: ChallengeInds,
    /// Whether decoupled authentication was allowed, and when.
    pub dec_req_ind: Option<DecoupledRequestInd>,
    /// Whether secure payment confirmation was offered.
    pub spc_supported: bool,
}

impl Asked {
    /// A request in the browser channel for a payment, that says nothing about a challenge.
    pub const fn plainly(version: Version, id: ThreeDsServerTransId) -> Self {
        Self {
            version,
            three_ds_server_trans_id: id,
            device_channel: DeviceChannel::Browser,
            message_category: MessageCategory::Payment,
            challenge_inds: ChallengeInds::NONE,
            dec_req_ind: None,
            spc_supported: false,
        }
    }
}

impl From<&AReq> for Asked {
    fn from(areq: &AReq) -> Self {
        let challenge_inds = areq.three_ds_requestor_challenge_ind.as_deref();
        Self {
            device_channel: areq.device_channel,
            message_category: areq.message_category,
            challenge_inds: ChallengeInds::of(challenge_inds.unwrap_or_default()),
            dec_req_ind: areq.three_ds_requestor_dec_req_ind,
            spc_supported: areq.three_ds_requestor_spc_support == Some(YesNo::Yes),
            ..Self::plainly(areq.message_version, areq.three_ds_server_trans_id)
        }
    }
}

/// `threeDSRequestorChallengeInd`: none, one or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChallengeInds([Option<RequestorChallengeInd>; 2]);

impl ChallengeInds {
    /// No wish.
    pub const NONE: Self = Self([None; 2]);

    /// The first two; an AReq has no more.
    pub fn of(indicators: &[RequestorChallengeInd]) -> Self {
        Self([indicators.first().copied(), indicators.get(1).copied()])
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = RequestorChallengeInd> + use<> {
        self.0.into_iter().flatten()
    }

    /// Whether this one is among them.
    pub fn contains(&self, indicator: RequestorChallengeInd) -> bool {
        self.iter().any(|one| one == indicator)
    }
}

impl Serialize for ChallengeInds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for ChallengeInds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|indicators| Self::of(&indicators))
    }
}

/// How it was written down, by this version of the crate or by one that knew less of a request.
#[derive(Deserialize)]
struct Remembered {
    version: Version,
    three_ds_server_trans_id: ThreeDsServerTransId,
    #[serde(default)]
    device_channel: Option<DeviceChannel>,
    #[serde(default)]
    message_category: Option<MessageCategory>,
    #[serde(default)]
    challenge_inds: ChallengeInds,
    #[serde(default)]
    dec_req_ind: Option<DecoupledRequestInd>,
    #[serde(default)]
    spc_supported: bool,
    /// Formerly, when there was one at most.
    #[serde(default)]
    challenge_ind: Option<RequestorChallengeInd>,
    /// Formerly, when it was yes or no.
    #[serde(default)]
    decoupled: bool,
}

impl From<Remembered> for Asked {
    fn from(remembered: Remembered) -> Self {
        let plainly = Self::plainly(remembered.version, remembered.three_ds_server_trans_id);
        let formerly = ChallengeInds([remembered.challenge_ind, None]);
        let decoupled = remembered.decoupled.then_some(DecoupledRequestInd::Yes);
        Self {
            device_channel: remembered.device_channel.unwrap_or(plainly.device_channel),
            message_category: remembered.message_category.unwrap_or(plainly.message_category),
            challenge_inds: if formerly == ChallengeInds::NONE {
                remembered.challenge_inds
            } else {
                formerly
            },
            dec_req_ind: remembered.dec_req_ind.or(decoupled),
            spc_supported: remembered.spc_supported,
            ..plainly
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_read_as_it_was_written_down() {
        let asked = Asked {
            device_channel: DeviceChannel::RequestorInitiated,
            message_category: MessageCategory::NonPayment,
            challenge_inds: ChallengeInds::of(&[
                RequestorChallengeInd::ChallengePreferred,
                RequestorChallengeInd::ChallengeTrustListPrompt,
            ]),
            dec_req_ind: Some(DecoupledRequestInd::Both),
            spc_supported: true,
            ..Asked::plainly(Version::V2_3_1, ThreeDsServerTransId(uuid::Uuid::nil()))
        };
        let json = serde_json::to_string(&asked).unwrap();
        assert_eq!(serde_json::from_str::<Asked>(&json).unwrap(), asked);
    }

    #[test]
    fn what_was_written_down_when_less_was_known_is_still_read() {
        let id = "00000000-0000-0000-0000-000000000000";
        let plainly = Asked::plainly(Version::V2_2_0, ThreeDsServerTransId(uuid::Uuid::nil()));
        let before = format!(
            r#"{{"version":"2.2.0","three_ds_server_trans_id":"{id}","challenge_ind":null,"decoupled":false}}"#
        );
        assert_eq!(serde_json::from_str::<Asked>(&before).unwrap(), plainly);
        let before = format!(
            r#"{{"version":"2.2.0","three_ds_server_trans_id":"{id}","challenge_ind":"06","decoupled":true}}"#
        );
        let asked = serde_json::from_str::<Asked>(&before).unwrap();
        assert!(
            asked
                .challenge_inds
                .contains(RequestorChallengeInd::NoChallengeDataOnly)
        );
        assert_eq!(asked.dec_req_ind, Some(DecoupledRequestInd::Yes));
    }
}
