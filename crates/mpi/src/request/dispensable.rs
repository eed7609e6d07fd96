//! The elements that an AReq does without when they turn out not to fit after all.

use emv3ds::message::AReq;

/// Takes one element, or the group that is nothing without it, out of an AReq.
type LeaveOut = fn(&mut AReq);

/// Element by element: optional in every version, or required "where known" only. By the names of all versions.
const DISPENSABLE: &[(&str, LeaveOut)] = &[
    ("threeDSRequestorAuthenticationInfo", |areq| {
        areq.three_ds_requestor_authentication_info = None
    }),
    ("threeDSRequestorChallengeInd", |areq| {
        areq.three_ds_requestor_challenge_ind = None
    }),
    ("transType", |areq| areq.trans_type = None),
    ("merchantRiskIndicator", |areq| {
        areq.merchant_risk_indicator = None
    }),
    ("cardExpiryDate", |areq| areq.card_expiry_date = None),
    ("acctType", |areq| areq.acct_type = None),
    ("acctID", |areq| areq.acct_id = None),
    ("acctInfo", |areq| areq.acct_info = None),
    ("cardholderName", |areq| areq.cardholder_name = None),
    ("email", |areq| areq.email = None),
    ("homePhone", |areq| areq.home_phone = None),
    ("mobilePhone", |areq| areq.mobile_phone = None),
    ("workPhone", |areq| areq.work_phone = None),
    ("billAddrLine1", |areq| areq.bill_addr_line1 = None),
    ("billAddrLine2", |areq| areq.bill_addr_line2 = None),
    ("billAddrLine3", |areq| areq.bill_addr_line3 = None),
    ("billAddrCity", |areq| areq.bill_addr_city = None),
    ("billAddrPostCode", |areq| areq.bill_addr_post_code = None),
    ("billAddrState", |areq| areq.bill_addr_state = None),
    ("billAddrCountry", |areq| {
        areq.bill_addr_state = None;
        areq.bill_addr_country = None;
    }),
    ("shipAddrLine1", |areq| areq.ship_addr_line1 = None),
    ("shipAddrLine2", |areq| areq.ship_addr_line2 = None),
    ("shipAddrLine3", |areq| areq.ship_addr_line3 = None),
    ("shipAddrCity", |areq| areq.ship_addr_city = None),
    ("shipAddrPostCode", |areq| areq.ship_addr_post_code = None),
    ("shipAddrState", |areq| areq.ship_addr_state = None),
    ("shipAddrCountry", |areq| {
        areq.ship_addr_state = None;
        areq.ship_addr_country = None;
    }),
    ("addrMatch", |areq| areq.addr_match = None),
    ("whiteListStatus", leave_out_trust_list),
    ("whiteListStatusSource", leave_out_trust_list),
    ("trustListStatus", leave_out_trust_list),
    ("trustListStatusSource", leave_out_trust_list),
    ("taxId", |areq| areq.tax_id = None),
    ("sellerInfo", |areq| areq.seller_info = None),
    ("multiTransaction", |areq| areq.multi_transaction = None),
    ("broadInfo", |areq| areq.broad_info = None),
    ("payTokenInfo", |areq| areq.pay_token_info = None),
    ("cardSecurityCode", |areq| areq.card_security_code = None),
    ("cardSecurityCodeStatus", leave_out_security_code_status),
    ("cardSecurityCodeStatusSource", leave_out_security_code_status),
    ("deviceBindingStatus", leave_out_device_binding),
    ("deviceBindingStatusSource", leave_out_device_binding),
    ("deviceId", |areq| areq.device_id = None),
    ("userId", |areq| areq.user_id = None),
    ("threeDSMethodId", |areq| areq.three_ds_method_id = None),
    ("browserIP", |areq| areq.browser_ip = None),
    ("messageExtension", |areq| areq.message_extension = None),
];

fn leave_out_security_code_status(areq: &mut AReq) {
    areq.card_security_code_status = None;
    areq.card_security_code_status_source = None;
}

fn leave_out_device_binding(areq: &mut AReq) {
    areq.device_binding_status = None;
    areq.device_binding_status_source = None;
}

fn leave_out_trust_list(areq: &mut AReq) {
    areq.trust_list_status = None;
    areq.trust_list_status_source = None;
}

/// Takes out the element of this name, or the object that a dotted name lies in. `false`: it is not dispensable.
pub(super) fn leave_out(areq: &mut AReq, name: &str) -> bool {
    let element = name.split('.').next().unwrap_or(name);
    match DISPENSABLE
        .iter()
        .find(|(dispensable, _)| *dispensable == element)
    {
        Some((_, leave_out)) => {
            leave_out(areq);
            true
        }
        None => false,
    }
}

/// Takes out what is there and asks for the missing element of this name. `false`: it is missing in its own right.
pub(super) fn leave_out_what_wants(areq: &mut AReq, name: &str) -> bool {
    match name {
        "billAddrCountry"
        | "shipAddrCountry"
        | "whiteListStatusSource"
        | "trustListStatusSource"
        | "cardSecurityCodeStatusSource"
        | "deviceBindingStatusSource" => leave_out(areq, name),
        // Something inside an object that could be there or not.
        _ => name.contains('.') && leave_out(areq, name),
    }
}
