//! Kushki: cards charged directly by number ("direct" charges, `/card/v2`), which leaves out the vendor's own 3DS, OTP
//! and antifraud and takes the result of ours instead.
//!
//! Peculiarities worth knowing first. Amounts are decimals in an object of tax parts. Charges have no idempotency key:
//! after a lost answer, only the analytics list tells what became of one, from about 90 seconds on. A refund's 201 means
//! accepted, not settled.

mod authorize;
mod call;
mod capture;
mod codes;
mod inquire;
mod inquire_settlement;
mod list;
mod money;
mod notification;
mod refund;
mod reply;
mod shopper;
mod three_domain_secure;
mod void;

#[cfg(test)]
mod published_schema;
#[cfg(test)]
mod samples;

use acquiring::{
    Account, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture, Captures,
    CredentialField, Inquiry, InquiryAnswer, Notice, NotificationRefused, Processor, Recovery, Refund,
    Refunds, RefundsOf, Reversal, ReversalAnswer, SettlementAnswer, SettlementInquiry,
    SettlementInquiryAnswer, Void, Voids,
};
use primitives::{Brand, Currency, Exchange, Moment};
use std::time::Duration;

/// The adapter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kushki;

static CAPABILITIES: Capabilities = Capabilities {
    brands: &[Brand::Visa, Brand::Mastercard],
    currencies: &[
        Currency::MXN,
        Currency::COP,
        Currency::PEN,
        Currency::CLP,
        Currency::USD,
    ],
    external_authentication: &[Brand::Visa, Brand::Mastercard],
    exemptions: &[],
    needs_security_code: true,
    authorizations: true,
    captures: Captures::Once,
    voids: Voids::Partial,
    refunds: Refunds::Several,
    refunds_of: RefundsOf::Charge,
    reversals: false,
    lost_charge: Recovery::Inquire,
    lost_capture: Recovery::Inquire,
    lost_void: Recovery::Repeat,
    lost_refund: Recovery::Repeat,
    inquiry_visible_after: Duration::from_secs(90),
    inquiry_final_after: Duration::from_secs(30 * 60),
    installments_max: 18,
};

static CREDENTIAL_FIELDS: [CredentialField; 4] = [
    CredentialField {
        name: call::PRIVATE_MERCHANT_ID,
        required: true,
        max_characters: 64,
    },
    CredentialField {
        name: call::KEY_HEADER,
        required: false,
        max_characters: 32,
    },
    CredentialField {
        name: notification::WEBHOOK_SECRET,
        required: false,
        max_characters: 128,
    },
    CredentialField {
        name: shopper::SITE_DOMAIN,
        required: false,
        max_characters: 255,
    },
];

impl Processor for Kushki {
    fn name(&self) -> &'static str {
        "kushki"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &CREDENTIAL_FIELDS
    }

    fn default_base_url(&self) -> &'static str {
        "https://api.kushkipagos.com"
    }

    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        _moment: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let asked = authorize::Asked::of(order);
        let request = authorize::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            authorize::answer(&asked, reply)
        }))
    }

    fn capture(
        &self,
        account: &Account,
        order: &Capture,
        _moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = reply::Asked::new(&order.reference, order.amount);
        let request = capture::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            capture::answer(&asked, reply)
        }))
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        _moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = reply::Asked::new(&order.reference, order.of.authorized);
        let request = void::request(account, order)?;
        Ok(Exchange::new(request, move |reply| void::answer(&asked, reply)))
    }

    fn refund(
        &self,
        account: &Account,
        order: &Refund,
        _moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = reply::Asked::new(&order.reference, order.amount);
        let request = refund::request(account, order)?;
        Ok(Exchange::new(request, move |reply| refund::answer(&asked, reply)))
    }

    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        moment: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let request = inquire::request(account, order, moment)?;
        let order = order.clone();
        Ok(Exchange::new(request, move |reply| {
            inquire::answer(&order, reply)
        }))
    }

    fn inquire_settlement(
        &self,
        account: &Account,
        order: &SettlementInquiry,
        moment: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        let request = inquire_settlement::request(account, order, moment)?;
        let order = order.clone();
        Ok(Exchange::new(request, move |reply| {
            inquire_settlement::answer(&order, reply)
        }))
    }

    fn reverse(
        &self,
        _account: &Account,
        _order: &Reversal,
        _moment: Moment,
    ) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        Err(CannotBuild::NotOffered("reversals"))
    }

    fn notification(
        &self,
        account: &Account,
        headers: &[(String, String)],
        body: &[u8],
        moment: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        notification::verify(account, headers, body, moment)?;
        notification::read(body).map(|notice| vec![notice])
    }

    fn notification_receipt(&self) -> &'static str {
        ""
    }
}
