//! What a requestor asks of an issuer besides the authentication itself.

use emv3ds::code::{DecoupledRequestInd, DeviceChannel, MessageCategory, RequestorChallengeInd, ThreeRiInd};
use emv3ds::message::AReq;
use primitives::Brand;

/// Mastercard's category for data only (Identity Check Insights).
const INSIGHTS: &str = "80";

/// Whether nobody is at the shop: the requestor asks by itself.
pub fn is_requestor_initiated(areq: &AReq) -> bool {
    areq.device_channel == DeviceChannel::RequestorInitiated
}

/// Whether the requestor wishes this about a challenge.
pub fn has_challenge_ind(areq: &AReq, wish: RequestorChallengeInd) -> bool {
    let wishes = areq
        .three_ds_requestor_challenge_ind
        .as_deref()
        .unwrap_or_default();
    wishes.contains(&wish)
}

/// Whether the requestor insists on a challenge, by itself or because the issuer declined softly.
pub fn mandates_challenge(areq: &AReq) -> bool {
    has_challenge_ind(areq, RequestorChallengeInd::ChallengeMandated)
        || has_challenge_ind(areq, RequestorChallengeInd::ChallengeIssuerRequested)
}

/// Whether the requestor only shares data and wants no challenge.
pub fn shares_data_only(areq: &AReq) -> bool {
    has_challenge_ind(areq, RequestorChallengeInd::NoChallengeDataOnly)
}

/// Whether the message is of Mastercard's category for data only.
pub fn is_insights(areq: &AReq) -> bool {
    match areq.message_category {
        MessageCategory::DirectoryServer(value) => value.as_str() == INSIGHTS,
        MessageCategory::Payment | MessageCategory::NonPayment => false,
    }
}

/// Whether data only is asked for in the brand's own way.
pub fn asks_for_data_only(areq: &AReq, brand: Brand) -> bool {
    match brand {
        Brand::Mastercard => is_insights(areq),
        Brand::Visa => shares_data_only(areq),
        _ => false,
    }
}

/// Whether the issuer may answer later instead of at once.
pub fn allows_decoupled(areq: &AReq) -> bool {
    let wish = areq.three_ds_requestor_dec_req_ind;
    wish.is_some_and(DecoupledRequestInd::allows_at_once)
}

/// Whether a challenge may be gone on with decoupled.
pub fn allows_decoupled_fallback(areq: &AReq) -> bool {
    let wish = areq.three_ds_requestor_dec_req_ind;
    wish.is_some_and(DecoupledRequestInd::allows_as_fallback)
}

/// Whether the request goes on with a challenge that ended undecided.
pub fn is_decoupled_fallback(areq: &AReq) -> bool {
    areq.three_ri_ind == Some(ThreeRiInd::DecoupledFallback)
}

/// The ACS transactions that the requestor says came before.
pub fn prior_references(areq: &AReq) -> impl Iterator<Item = &str> {
    let prior = areq.three_ds_requestor_prior_authentication_info.iter().flatten();
    prior.filter_map(|prior| prior.three_ds_req_prior_ref.as_deref())
}
