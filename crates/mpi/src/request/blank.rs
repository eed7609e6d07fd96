//! An AReq with nothing in it but what every AReq says.

use emv3ds::{
    AccountNumber, ThreeDsServerTransId, Version,
    code::{DeviceChannel, MessageCategory},
    message::AReq,
};

use super::ServerIdentity;

/// What every AReq says, whatever its version, channel and category.
#[derive(Clone)]
pub struct Essentials<'a> {
    /// The transaction's own identifier.
    pub id: ThreeDsServerTransId,
    /// As [`crate::version_choice::choose`] chose it.
    pub version: Version,
    pub channel: DeviceChannel,
    pub category: MessageCategory,
    pub server: &'a ServerIdentity,
    pub requestor: Requestor<'a>,
    /// The card.
    pub account_number: AccountNumber,
}

/// Who asks: the merchant as the directory server knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requestor<'a> {
    /// At most 35 characters.
    pub id: &'a str,
    /// At most 40 characters.
    pub name: &'a str,
    /// The shop's address, http or https.
    pub url: &'a str,
}

/// The AReq that says no more than that. Whoever calls it fills in the rest and hands it to
/// [`prepare_areq`](super::prepare_areq).
pub fn blank(essentials: Essentials<'_>) -> AReq {
    let Essentials {
        id,
        version,
        channel,
        category,
        server,
        requestor,
        account_number,
    } = essentials;
    AReq {
        message_version: version,
        message_category: category,
        device_channel: channel,
        three_ds_server_trans_id: id,
        three_ds_server_ref_number: server.reference_number.clone(),
        three_ds_server_operator_id: server.operator_id.clone(),
        three_ds_server_url: server.results_url.clone(),
        three_ds_requestor_id: requestor.id.to_owned(),
        three_ds_requestor_name: requestor.name.to_owned(),
        three_ds_requestor_url: requestor.url.to_owned(),
        three_ds_requestor_authentication_ind: None,
        three_ds_requestor_authentication_info: None,
        three_ds_requestor_challenge_ind: None,
        three_ds_requestor_prior_authentication_info: None,
        three_ds_req_auth_method_ind: None,
        three_ds_requestor_dec_req_ind: None,
        three_ds_requestor_dec_max_time: None,
        three_ri_ind: None,
        three_ds_requestor_spc_support: None,
        spc_incomp_ind: None,
        payee_origin: None,
        trans_type: None,
        multi_transaction: None,
        seller_info: None,
        tax_id: None,
        acquirer_bin: None,
        acquirer_merchant_id: None,
        acquirer_country_code: None,
        acquirer_country_code_source: None,
        mcc: None,
        merchant_country_code: None,
        merchant_name: None,
        merchant_risk_indicator: None,
        purchase_amount: None,
        purchase_currency: None,
        purchase_exponent: None,
        purchase_date: None,
        purchase_instal_data: None,
        recurring_expiry: None,
        recurring_frequency: None,
        recurring_amount: None,
        recurring_currency: None,
        recurring_exponent: None,
        recurring_date: None,
        recurring_ind: None,
        acct_number: account_number,
        card_expiry_date: None,
        acct_type: None,
        acct_id: None,
        acct_info: None,
        cardholder_name: None,
        email: None,
        home_phone: None,
        mobile_phone: None,
        work_phone: None,
        bill_addr_line1: None,
        bill_addr_line2: None,
        bill_addr_line3: None,
        bill_addr_city: None,
        bill_addr_post_code: None,
        bill_addr_state: None,
        bill_addr_country: None,
        ship_addr_line1: None,
        ship_addr_line2: None,
        ship_addr_line3: None,
        ship_addr_city: None,
        ship_addr_post_code: None,
        ship_addr_state: None,
        ship_addr_country: None,
        addr_match: None,
        card_security_code: None,
        card_security_code_status: None,
        card_security_code_status_source: None,
        trust_list_status: None,
        trust_list_status_source: None,
        device_binding_status: None,
        device_binding_status_source: None,
        pay_token_ind: None,
        pay_token_source: None,
        pay_token_info: None,
        three_ds_comp_ind: None,
        three_ds_method_id: None,
        notification_url: None,
        browser_accept_header: None,
        accept_language: None,
        browser_ip: None,
        browser_javascript_enabled: None,
        browser_java_enabled: None,
        browser_language: None,
        browser_color_depth: None,
        browser_screen_height: None,
        browser_screen_width: None,
        browser_tz: None,
        browser_user_agent: None,
        device_id: None,
        user_id: None,
        ds_reference_number: None,
        ds_trans_id: None,
        ds_url: None,
        broad_info: None,
        message_extension: None,
    }
}
