//! What an AReq tells of the merchant, the device and its place.

use emv3ds::message::AReq;
use std::net::IpAddr;

use crate::keys::Keys;
use crate::store::transactions::MerchantFacts;

/// Who asks to be paid.
pub(super) fn merchant(areq: &AReq) -> MerchantFacts {
    MerchantFacts {
        name: areq.merchant_name.clone().unwrap_or_default(),
        id: areq.acquirer_merchant_id.clone(),
        country: areq.merchant_country_code.clone(),
        mcc: areq.mcc.clone(),
    }
}

/// The browser's address.
pub(super) fn address(areq: &AReq) -> Option<IpAddr> {
    areq.browser_ip.as_deref()?.parse().ok()
}

/// The browser's languages, best first.
pub(super) fn languages(areq: &AReq) -> impl Iterator<Item = &str> {
    let listed = areq.accept_language.iter().flatten().map(String::as_str);
    areq.browser_language.as_deref().into_iter().chain(listed)
}

/// What a browser is recognised by; its address is not part of it, since phones change theirs all day.
pub(super) fn device_hash(areq: &AReq, keys: &Keys) -> Option<Vec<u8>> {
    let agent = areq.browser_user_agent.as_deref()?;
    let told = [
        Some(agent),
        areq.browser_accept_header.as_deref(),
        areq.browser_language.as_deref(),
        areq.browser_color_depth.as_deref(),
        areq.browser_screen_height.as_deref(),
        areq.browser_screen_width.as_deref(),
        areq.browser_tz.as_deref(),
    ]
    .map(Option::unwrap_or_default);
    Some(keys.device_hash(&told).to_vec())
}
