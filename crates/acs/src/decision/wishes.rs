//! What a requestor asks of an issuer besides the authentication itself.

use emv3ds::AcsTransId;
use emv3ds::code::{DecoupledRequestInd, DeviceChannel, MessageCategory, RequestorChallengeInd, ThreeRiInd};
use emv3ds::message::AReq;
use primitives::Brand;

/// Mastercard's category for data only (Identity Check Insights).
const INSIGHTS: &str = "80";
/// Minutes of the longest wait that a requestor can offer.
const DECOUPLED_MAX_MINUTES: u16 = 10_080;

/// A requestor's wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `threeDSRequestorChallengeInd`.
    pub challenge: Vec<RequestorChallengeInd>,
    /// Whether the message is of a category that only shares data.
    pub data_only_category: bool,
    /// Whether the issuer may answer later instead of at once.
    pub decoupled: bool,
    /// Whether a challenge may end with going on decoupled.
    pub decoupled_fallback: bool,
    /// How long the requestor waits for that, in minutes.
    pub decoupled_minutes: Option<u16>,
    /// Whether this goes on with a challenge that ended undecided.
    pub goes_on_decoupled: bool,
    /// Whether nobody is at the shop.
    pub requestor_initiated: bool,
    /// Whether the earlier authentications it names are of the same card.
    pub prior: Prior,
}

/// What an authentication says of earlier ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prior {
    /// None is named that is known here.
    #[default]
    Unknown,
    /// All that are known here are of this card.
    SameCard,
    /// One is another card's.
    OtherCard,
}

impl Wishes {
    /// Those of a request; [`Prior`] is for whoever can look earlier authentications up.
    pub fn of(areq: &AReq, brand: Brand) -> Self {
        let decoupled = areq.three_ds_requestor_dec_req_ind;
        let minutes = areq.three_ds_requestor_dec_max_time.as_deref();
        Self {
            challenge: areq.three_ds_requestor_challenge_ind.clone().unwrap_or_default(),
            data_only_category: brand == Brand::Mastercard && is_insights(areq.message_category),
            decoupled: decoupled.is_some_and(DecoupledRequestInd::allows_at_once),
            decoupled_fallback: decoupled.is_some_and(DecoupledRequestInd::allows_as_fallback),
            decoupled_minutes: minutes
                .and_then(|text| text.parse().ok())
                .filter(|minutes| (1..=DECOUPLED_MAX_MINUTES).contains(minutes)),
            goes_on_decoupled: areq.three_ri_ind == Some(ThreeRiInd::DecoupledFallback),
            requestor_initiated: areq.device_channel == DeviceChannel::RequestorInitiated,
            prior: Prior::default(),
        }
    }

    /// Whether the requestor insists on a challenge, by itself or because the issuer declined softly.
    pub fn mandates_challenge(&self) -> bool {
        self.has(RequestorChallengeInd::ChallengeMandated)
            || self.has(RequestorChallengeInd::ChallengeIssuerRequested)
    }

    /// Whether the requestor only shares data and wants no challenge.
    pub fn shares_data_only(&self) -> bool {
        self.has(RequestorChallengeInd::NoChallengeDataOnly)
    }

    fn has(&self, wish: RequestorChallengeInd) -> bool {
        self.challenge.contains(&wish)
    }
}

/// The ACS transactions that the requestor says came before.
pub(crate) fn prior_references(areq: &AReq) -> Vec<AcsTransId> {
    let prior = areq.three_ds_requestor_prior_authentication_info.iter().flatten();
    prior
        .filter_map(|prior| AcsTransId::parse(prior.three_ds_req_prior_ref.as_deref()?))
        .collect()
}

fn is_insights(category: MessageCategory) -> bool {
    match category {
        MessageCategory::DirectoryServer(value) => value.as_str() == INSIGHTS,
        MessageCategory::Payment | MessageCategory::NonPayment => false,
    }
}
