//! The AReq, made of what is known of a payment (emv-3ds section 4).
//!
//! What the protocol requires comes checked from configuration and the payment. What it leaves optional is sent where it
//! fits: a text is shortened, a code mapped, an odd value left out. Optional data is never a reason to refuse.

use emv3ds::{
    AccountNumber, Fault, ThreeDsServerTransId, Version,
    code::{
        CompletionIndicator, DecoupledRequestInd, DeviceChannel, ErrorCode, MessageCategory,
        RequestorAuthenticationInd, RequestorChallengeInd, ThreeRiInd, TransactionType, YesNo,
    },
    message::{
        AReq, AccountInfo, MerchantRiskIndicator, MessageExtension, Phone, PriorAuthenticationInfo,
        RequestorAuthenticationInfo,
    },
};
use primitives::{Amount, Country, Email, ExpiryDate, Pan};
use time::OffsetDateTime;

mod address;
mod agreement;
mod blank;
mod browser;
mod dispensable;
mod phone;
mod prepared;
mod text;
mod wish;

pub use address::PostalAddress;
pub use agreement::Agreement;
pub use blank::{Essentials, Requestor, blank};
pub use browser::Browser;
pub use prepared::{CannotRequest, Prepared, prepare_areq};
pub use text::{cardholder_name, minute};

/// Seven days: the longest that `threeDSRequestorDecMaxTime` can say.
const DECOUPLED_MINUTES_MAX: u16 = 10_080;

/// `acquirerCountryCodeSource`: the 3DS Server.
const SET_BY_US: &str = "01";

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

/// Through what the cardholder shops.
#[derive(Debug, Clone, Copy)]
pub enum Channel<'a> {
    /// A browser.
    Browser {
        /// How the 3DS Method ended.
        completion: CompletionIndicator,
        /// Where the browser brings the CRes, at most 256 characters.
        notification_url: &'a str,
        /// Whatever is known of the browser; gaps are filled with ordinary values.
        browser: &'a Browser,
    },
    /// None: nobody is present (3RI).
    RequestorInitiated(ThreeRiInd),
}

impl Channel<'_> {
    fn device_channel(&self) -> DeviceChannel {
        match self {
            Self::Browser { .. } => DeviceChannel::Browser,
            Self::RequestorInitiated(_) => DeviceChannel::RequestorInitiated,
        }
    }
}

/// Everything an AReq of a payment is made of. [`blank`] is for those who bring the elements themselves.
pub struct AuthenticationRequest<'a> {
    /// The transaction's own identifier.
    pub id: ThreeDsServerTransId,
    /// As [`crate::version_choice::choose`] chose it.
    pub version: Version,
    pub channel: Channel<'a>,
    pub category: MessageCategory,
    /// What the cardholder is authenticated for. Without any in the 3RI channel, which says it in its own way.
    pub authentication_ind: RequestorAuthenticationInd,
    pub server: &'a ServerIdentity,
    pub merchant: &'a Merchant,
    /// What the cardholder is to approve of; the charge has to be the same.
    pub amount: Amount,
    /// When the purchase is made.
    pub at: OffsetDateTime,
    /// For a recurring or instalment payment.
    pub agreement: Option<Agreement>,
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
    /// What the requestor would like, said as the version can: one before 2.3.1, then two that do not conflict. Nothing is
    /// no preference.
    pub challenge: &'a [RequestorChallengeInd],
    /// The longest the issuer may take to authenticate apart from the shop's session, in minutes up to 10,080; `None`
    /// where it is not to.
    pub decoupled_minutes: Option<u16>,
    /// How the requestor knows its customer.
    pub authentication_info: Option<RequestorAuthenticationInfo>,
    /// An earlier authentication of this cardholder.
    pub prior: Option<PriorAuthenticationInfo>,
    /// The cardholder's account at the requestor.
    pub account_info: Option<AccountInfo>,
    /// What the merchant knows about the risk.
    pub risk: Option<MerchantRiskIndicator>,
    pub extensions: &'a [MessageExtension],
}

/// Makes the AReq, checked as the directory server will check it.
pub fn prepare(request: &AuthenticationRequest<'_>) -> Result<Prepared, CannotRequest> {
    prepare_areq(areq(request)?)
}

/// The AReq, not checked yet.
pub(crate) fn areq(request: &AuthenticationRequest<'_>) -> Result<AReq, CannotRequest> {
    let Some(account_number) = AccountNumber::parse(request.pan.reveal()) else {
        return Err(CannotRequest(Box::new(Fault::new(
            ErrorCode::FormatInvalid,
            "acctNumber",
        ))));
    };
    let merchant = request.merchant;
    let mut areq = blank(Essentials {
        id: request.id,
        version: request.version,
        channel: request.channel.device_channel(),
        category: request.category,
        server: request.server,
        requestor: Requestor {
            id: &merchant.requestor_id,
            name: &text::shortened(&merchant.requestor_name, 40),
            url: &merchant.url,
        },
        account_number,
    });
    acquiring(merchant, &mut areq);
    purchase(request, &mut areq);
    wishes(request, &mut areq);
    cardholder(request, &mut areq);
    match request.channel {
        Channel::Browser {
            completion,
            notification_url,
            browser,
        } => {
            areq.three_ds_requestor_authentication_ind =
                Some(wish::authentication(request.authentication_ind, request.version));
            areq.three_ds_comp_ind = Some(completion);
            areq.notification_url = Some(notification_url.to_owned());
            browser::describe(browser, &mut areq);
        }
        Channel::RequestorInitiated(purpose) => areq.three_ri_ind = Some(purpose),
    }
    if !request.extensions.is_empty() {
        areq.message_extension = Some(request.extensions.to_vec());
    }
    Ok(areq)
}

/// Who acquires for whom.
fn acquiring(merchant: &Merchant, areq: &mut AReq) {
    areq.acquirer_bin = Some(merchant.acquirer_bin.clone());
    areq.acquirer_merchant_id = Some(merchant.acquirer_merchant_id.clone());
    areq.acquirer_country_code = Some(merchant.country.numeric3());
    areq.acquirer_country_code_source = Some(SET_BY_US.to_owned());
    areq.mcc = Some(merchant.mcc.clone());
    areq.merchant_country_code = Some(merchant.country.numeric3());
    areq.merchant_name = Some(text::shortened(&merchant.name, 40));
}

/// What is bought.
fn purchase(request: &AuthenticationRequest<'_>, areq: &mut AReq) {
    if is_about_money(request) {
        let amount = request.amount;
        areq.trans_type = Some(TransactionType::GoodsOrService);
        areq.purchase_amount = Some(amount.minor().to_string());
        areq.purchase_currency = Some(amount.currency().numeric3());
        areq.purchase_exponent = Some(amount.currency().exponent().to_string());
        areq.purchase_date = Some(text::timestamp(request.at));
    }
    if let Some(agreement) = &request.agreement {
        agreement::describe(agreement, areq);
    }
    areq.merchant_risk_indicator.clone_from(&request.risk);
}

/// Whether the amount belongs into it: always but for what is no payment and leads to none (emv-3ds section 4.3).
fn is_about_money(request: &AuthenticationRequest<'_>) -> bool {
    if request.category != MessageCategory::NonPayment {
        return true;
    }
    match request.channel {
        Channel::Browser { .. } => match request.authentication_ind {
            RequestorAuthenticationInd::Recurring
            | RequestorAuthenticationInd::Instalment
            | RequestorAuthenticationInd::BillingAgreement
            | RequestorAuthenticationInd::SplitShipment
            | RequestorAuthenticationInd::DelayedShipment
            | RequestorAuthenticationInd::SplitPayment => true,
            RequestorAuthenticationInd::Payment
            | RequestorAuthenticationInd::AddCard
            | RequestorAuthenticationInd::MaintainCard
            | RequestorAuthenticationInd::VerifyForToken
            | RequestorAuthenticationInd::DirectoryServer(_) => false,
        },
        Channel::RequestorInitiated(purpose) => match purpose {
            ThreeRiInd::Recurring
            | ThreeRiInd::Instalment
            | ThreeRiInd::SplitShipment
            | ThreeRiInd::TopUp
            | ThreeRiInd::MailOrder
            | ThreeRiInd::TelephoneOrder
            | ThreeRiInd::OtherPayment
            | ThreeRiInd::DelayedShipment
            | ThreeRiInd::SplitPayment => true,
            ThreeRiInd::AddCard
            | ThreeRiInd::MaintainCard
            | ThreeRiInd::AccountVerification
            | ThreeRiInd::TrustListCheck
            | ThreeRiInd::BillingAgreement
            | ThreeRiInd::DeviceBindingCheck
            | ThreeRiInd::SecurityCodeCheck
            | ThreeRiInd::FidoDeletion
            | ThreeRiInd::FidoRegistration
            | ThreeRiInd::DecoupledFallback
            | ThreeRiInd::DirectoryServer(_) => false,
        },
    }
}

/// What the requestor would like, and what it can point to.
fn wishes(request: &AuthenticationRequest<'_>, areq: &mut AReq) {
    areq.three_ds_requestor_challenge_ind = wish::challenge(request.challenge, request.version);
    areq.three_ds_requestor_authentication_info = request.authentication_info.clone().map(|info| vec![info]);
    areq.three_ds_requestor_prior_authentication_info = request.prior.clone().map(|prior| vec![prior]);
    let decoupled_minutes = request
        .decoupled_minutes
        .filter(|minutes| *minutes > 0 && request.version >= Version::V2_2_0);
    if let Some(minutes) = decoupled_minutes {
        areq.three_ds_requestor_dec_req_ind = Some(decoupled(request));
        areq.three_ds_requestor_dec_max_time = Some(format!("{:05}", minutes.min(DECOUPLED_MINUTES_MAX)));
    }
}

/// From 2.3.1 on a challenge may also end that way; without a cardholder there is none that could.
fn decoupled(request: &AuthenticationRequest<'_>) -> DecoupledRequestInd {
    match request.channel {
        Channel::Browser { .. } if request.version >= Version::V2_3_1 => DecoupledRequestInd::Both,
        Channel::Browser { .. } | Channel::RequestorInitiated(_) => DecoupledRequestInd::Yes,
    }
}

/// Who pays.
fn cardholder(request: &AuthenticationRequest<'_>, areq: &mut AReq) {
    areq.card_expiry_date = request.expiry.map(ExpiryDate::yymm);
    areq.acct_info.clone_from(&request.account_info);
    areq.cardholder_name = request.holder.and_then(text::cardholder_name);
    areq.email = request.email.map(|email| email.as_str().to_owned());
    areq.mobile_phone = request
        .phone
        .and_then(phone::split)
        .map(|(cc, subscriber)| Phone { cc, subscriber });
    areq.addr_match = address::matching(request.billing.as_ref(), request.shipping.as_ref()).map(yes_no);
    if let Some(billing) = &request.billing {
        address::bill(billing, areq);
    }
    if let Some(shipping) = &request.shipping {
        address::ship(shipping, areq);
    }
}

fn yes_no(yes: bool) -> YesNo {
    if yes { YesNo::Yes } else { YesNo::No }
}

#[cfg(test)]
mod tests;
