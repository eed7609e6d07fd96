//! Cybersource (Visa Acceptance REST): cards of every brand, external 3-D Secure included.
//!
//! Peculiarities worth knowing first. Every request is signed, body included. A charge's 201 covers declines too, so that
//! the body's `status` decides. Captures and refunds go out with the day's batch: they are accepted at once and done when
//! they are transmitted, which an inquiry or a notification tells. There is no idempotency key: a lost request is found by
//! our reference (`clientReferenceInformation.code`), some time later, or taken back by the transaction id it was sent with
//! ([`call::transaction_id`]). Every operation has an id of its own: a refund of an authorisation names its capture's.

mod authorize;
mod call;
mod capture;
mod codes;
mod initiator;
mod inquire;
mod money;
mod notification;
mod refund;
mod reply;
mod reverse;
mod shopper;
mod signature;
mod three_d_secure;
mod void;

#[cfg(test)]
mod published_structure;
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
pub struct Cybersource;

static CAPABILITIES: Capabilities = Capabilities {
    brands: &[
        Brand::Visa,
        Brand::Mastercard,
        Brand::Amex,
        Brand::Discover,
        Brand::Diners,
        Brand::Jcb,
        Brand::Elo,
        Brand::Carnet,
    ],
    currencies: &[
        Currency::MXN,
        Currency::USD,
        Currency::COP,
        Currency::CLP,
        Currency::PEN,
        Currency::BRL,
        Currency::EUR,
    ],
    external_authentication: &[
        Brand::Visa,
        Brand::Mastercard,
        Brand::Amex,
        Brand::Discover,
        Brand::Diners,
        Brand::Jcb,
        Brand::Elo,
    ],
    exemptions: three_d_secure::EXEMPTIONS,
    needs_security_code: false,
    authorizations: true,
    captures: Captures::Several,
    voids: Voids::Full,
    refunds: Refunds::Several,
    refunds_of: RefundsOf::Capture,
    reversals: true,
    lost_charge: Recovery::Inquire,
    // Nothing is idempotent: a repeat within a quarter of an hour is refused as a duplicate, later it is done again.
    lost_capture: Recovery::Inquire,
    lost_void: Recovery::Inquire,
    lost_refund: Recovery::Inquire,
    inquiry_visible_after: Duration::from_secs(60),
    inquiry_final_after: Duration::from_secs(30 * 60),
    installments_max: 24,
};

static CREDENTIAL_FIELDS: [CredentialField; 6] = [
    CredentialField {
        name: signature::MERCHANT_ID,
        required: true,
        max_characters: 64,
    },
    CredentialField {
        name: signature::KEY_ID,
        required: true,
        max_characters: 64,
    },
    CredentialField {
        name: signature::SHARED_SECRET,
        required: true,
        max_characters: 128,
    },
    CredentialField {
        name: signature::AUTHENTICATION,
        required: false,
        max_characters: 16,
    },
    CredentialField {
        name: notification::WEBHOOK_KEY_ID,
        required: false,
        max_characters: 64,
    },
    CredentialField {
        name: notification::WEBHOOK_KEY,
        required: false,
        max_characters: 128,
    },
];

impl Processor for Cybersource {
    fn name(&self) -> &'static str {
        "cybersource"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &CREDENTIAL_FIELDS
    }

    fn default_base_url(&self) -> &'static str {
        "https://api.cybersource.com"
    }

    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        moment: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let asked = authorize::Asked::of(order);
        let request = authorize::request(account, order, moment)?;
        Ok(Exchange::new(request, move |reply| {
            authorize::answer(&asked, reply)
        }))
    }

    fn capture(
        &self,
        account: &Account,
        order: &Capture,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = reply::Asked::new(&order.reference, order.amount);
        let request = capture::request(account, order, moment)?;
        Ok(Exchange::new(request, move |reply| {
            capture::answer(&asked, reply)
        }))
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = reply::Asked::new(&order.reference, order.of.authorized);
        let request = void::request(account, order, moment)?;
        Ok(Exchange::new(request, move |reply| void::answer(&asked, reply)))
    }

    fn refund(
        &self,
        account: &Account,
        order: &Refund,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = reply::Asked::new(&order.reference, order.amount);
        let request = refund::request(account, order, moment)?;
        Ok(Exchange::new(request, move |reply| refund::answer(&asked, reply)))
    }

    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        moment: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let request = inquire::request(account, &order.reference, moment)?;
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
        let request = inquire::request(account, &order.reference, moment)?;
        let order = order.clone();
        Ok(Exchange::new(request, move |reply| {
            inquire::settlement_answer(&order, reply)
        }))
    }

    fn reverse(
        &self,
        account: &Account,
        order: &Reversal,
        moment: Moment,
    ) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        let asked = reply::Asked::new(&order.charge_reference, order.amount);
        let request = reverse::request(account, order, moment)?;
        Ok(Exchange::new(request, move |reply| {
            reverse::answer(&asked, reply)
        }))
    }

    fn notification(
        &self,
        account: &Account,
        headers: &[(String, String)],
        body: &[u8],
        moment: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        let signed = notification::verify(account, headers, body, moment)?;
        notification::read(signed, body).map(|notice| vec![notice])
    }

    fn notification_receipt(&self) -> &'static str {
        ""
    }
}
