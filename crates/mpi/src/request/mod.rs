//! The AReq, made of what is known of a payment (emv-3ds section 4).
//!
//! What the protocol requires comes checked from configuration and the payment. What it leaves optional is sent where it
//! fits: a text is shortened, a code mapped, an odd value left out. Optional data is never a reason to refuse.

use emv3ds::{
    AccountNumber, Fault, Rules, ThreeDsServerTransId, Version,
    code::{
        CompletionIndicator, Component, DeviceChannel, ErrorCode, MessageCategory,
        RequestorAuthenticationInd, RequestorChallengeInd, TransactionType, YesNo,
    },
    message::{AReq, Asked, Phone},
};
use primitives::{Amount, Country, Email, ExpiryDate, Pan};
use thiserror::Error;
use time::OffsetDateTime;

mod address;
mod browser;
mod phone;
mod text;

pub use address::PostalAddress;
pub use browser::Browser;

/// Who we are, towards one directory server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    /// EMVCo's approval number of this 3DS Server.
    pub reference_number: String,
    /// What the directory server calls us, if it gives such names.
    pub operator_id: Option<String>,
    /// Where the directory server sends RReqs.
    pub results_url: String,
}

/// Who the merchant is, towards the directory server and its acquirer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// The 3DS Requestor's id at the directory server, at most 35 characters.
    pub requestor_id: String,
    /// Its name there, at most 40 characters.
    pub requestor_name: String,
    /// The shop's address, http or https.
    pub url: String,
    /// 6 to 11 digits.
    pub acquirer_bin: String,
    /// At most 35 characters.
    pub acquirer_merchant_id: String,
    /// The name the cardholder knows, at most 40 characters.
    pub name: String,
    /// Merchant category code, four digits.
    pub mcc: String,
    /// Where the merchant is registered with its acquirer.
    pub country: Country,
}

/// Everything an AReq is made of.
pub struct AuthenticationRequest<'a> {
    /// The transaction's own identifier.
    pub id: ThreeDsServerTransId,
    /// As [`crate::version_choice::choose`] chose it.
    pub version: Version,
    /// How the 3DS Method ended.
    pub completion: CompletionIndicator,
    pub server: &'a ServerIdentity,
    pub merchant: &'a Merchant,
    /// Where the browser brings the CRes, at most 256 characters.
    pub notification_url: &'a str,
    /// What the cardholder is to approve of; the charge has to be the same.
    pub amount: Amount,
    /// When the purchase is made.
    pub at: OffsetDateTime,
    pub pan: &'a Pan,
    /// As printed on the card.
    pub expiry: Option<ExpiryDate>,
    /// The name on the card, as typed.
    pub holder: Option<&'a str>,
    pub email: Option<&'a Email>,
    /// As typed; sent when it starts with `+` or `00` and a country's code.
    pub phone: Option<&'a str>,
    pub billing: Option<PostalAddress<'a>>,
    pub shipping: Option<PostalAddress<'a>>,
    /// Whatever is known of the browser; gaps are filled with ordinary values.
    pub browser: &'a Browser,
    /// `None` for no preference.
    pub challenge: Option<RequestorChallengeInd>,
}

/// An AReq ready to be sent.
#[derive(Clone, PartialEq)]
pub struct Prepared {
    /// The body to post to the directory server. Holds the card number: not to be stored or logged.
    pub body: Vec<u8>,
    /// What the answer is held against.
    pub asked: Asked,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

/// What is configured cannot be said in an AReq; names the elements.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the authentication request cannot be made: {0}")]
pub struct CannotRequest(#[from] pub Box<Fault>);

/// Elements that an AReq does without when they turn out not to fit after all.
const DISPENSABLE: &[&str] = &[
    "cardholderName",
    "email",
    "homePhone",
    "mobilePhone",
    "workPhone",
    "cardExpiryDate",
    "browserIP",
    "addrMatch",
    "billAddrLine1",
    "billAddrLine2",
    "billAddrLine3",
    "billAddrCity",
    "billAddrPostCode",
    "billAddrState",
    "billAddrCountry",
    "shipAddrLine1",
    "shipAddrLine2",
    "shipAddrLine3",
    "shipAddrCity",
    "shipAddrPostCode",
    "shipAddrState",
    "shipAddrCountry",
];

/// Makes the AReq, checked as the directory server will check it.
pub fn prepare(request: &AuthenticationRequest<'_>) -> Result<Prepared, CannotRequest> {
    let rules_versions = [request.version];
    let rules = Rules::received_by(Component::DirectoryServer, &rules_versions);
    let areq = areq(request)?;
    let asked = Asked::from(&areq);
    let fault = match rules.write(&areq) {
        Ok(body) => return Ok(Prepared { body, asked }),
        Err(fault) => fault,
    };
    // Something optional slipped through the fitting below: better to authenticate without it than not at all.
    let dispensable = fault.code == ErrorCode::FormatInvalid
        && fault
            .names()
            .all(|name| DISPENSABLE.contains(&name.split('.').next().unwrap_or(name)));
    if !dispensable {
        return Err(CannotRequest(fault));
    }
    let body = rules.write(&without_dispensable(areq))?;
    Ok(Prepared { body, asked })
}

fn areq(request: &AuthenticationRequest<'_>) -> Result<AReq, CannotRequest> {
    let Some(account_number) = AccountNumber::parse(request.pan.reveal()) else {
        return Err(CannotRequest(Box::new(Fault::new(
            ErrorCode::FormatInvalid,
            "acctNumber",
        ))));
    };
    let amount = request.amount;
    let mut areq = AReq {
        message_version: request.version,
        message_category: MessageCategory::Payment,
        device_channel: DeviceChannel::Browser,
        three_ds_server_trans_id: request.id,
        three_ds_server_ref_number: request.server.reference_number.clone(),
        three_ds_server_operator_id: request.server.operator_id.clone(),
        three_ds_server_url: request.server.results_url.clone(),
        three_ds_requestor_id: request.merchant.requestor_id.clone(),
        three_ds_requestor_name: text::shortened(&request.merchant.requestor_name, 40),
        three_ds_requestor_url: request.merchant.url.clone(),
        three_ds_requestor_authentication_ind: Some(RequestorAuthenticationInd::Payment),
        three_ds_requestor_authentication_info: None,
        three_ds_requestor_challenge_ind: request.challenge,
        three_ds_requestor_prior_authentication_info: None,
        three_ds_req_auth_method_ind: None,
        three_ds_requestor_dec_req_ind: None,
        three_ds_requestor_dec_max_time: None,
        trans_type: Some(TransactionType::GoodsOrService),
        acquirer_bin: Some(request.merchant.acquirer_bin.clone()),
        acquirer_merchant_id: Some(request.merchant.acquirer_merchant_id.clone()),
        mcc: Some(request.merchant.mcc.clone()),
        merchant_country_code: Some(request.merchant.country.numeric3()),
        merchant_name: Some(text::shortened(&request.merchant.name, 40)),
        merchant_risk_indicator: None,
        purchase_amount: Some(amount.minor().to_string()),
        purchase_currency: Some(amount.currency().numeric3()),
        purchase_exponent: Some(amount.currency().exponent().to_string()),
        purchase_date: Some(text::timestamp(request.at)),
        purchase_instal_data: None,
        recurring_expiry: None,
        recurring_frequency: None,
        acct_number: account_number,
        card_expiry_date: request.expiry.map(ExpiryDate::yymm),
        acct_type: None,
        acct_id: None,
        acct_info: None,
        cardholder_name: request.holder.and_then(text::cardholder_name),
        email: request.email.map(|email| email.as_str().to_owned()),
        home_phone: None,
        mobile_phone: request
            .phone
            .and_then(phone::split)
            .map(|(cc, subscriber)| Phone { cc, subscriber }),
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
        addr_match: address::matching(request.billing.as_ref(), request.shipping.as_ref()).map(yes_no),
        white_list_status: None,
        white_list_status_source: None,
        pay_token_ind: None,
        pay_token_source: None,
        three_ds_comp_ind: Some(request.completion),
        notification_url: Some(request.notification_url.to_owned()),
        browser_accept_header: None,
        browser_ip: None,
        browser_javascript_enabled: None,
        browser_java_enabled: None,
        browser_language: None,
        browser_color_depth: None,
        browser_screen_height: None,
        browser_screen_width: None,
        browser_tz: None,
        browser_user_agent: None,
        ds_reference_number: None,
        ds_trans_id: None,
        ds_url: None,
        broad_info: None,
        message_extension: None,
    };
    browser::describe(request.browser, &mut areq);
    if let Some(billing) = &request.billing {
        address::bill(billing, &mut areq);
    }
    if let Some(shipping) = &request.shipping {
        address::ship(shipping, &mut areq);
    }
    Ok(areq)
}

fn without_dispensable(areq: AReq) -> AReq {
    AReq {
        cardholder_name: None,
        email: None,
        home_phone: None,
        mobile_phone: None,
        work_phone: None,
        card_expiry_date: None,
        browser_ip: None,
        addr_match: None,
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
        ..areq
    }
}

fn yes_no(yes: bool) -> YesNo {
    if yes { YesNo::Yes } else { YesNo::No }
}

#[cfg(test)]
mod tests;
