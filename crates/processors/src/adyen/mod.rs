//! Adyen: Checkout API v72, cards charged by number, with the result of our own 3-D Secure.
//!
//! Peculiarities worth knowing first. Amounts are integers whose decimals are Adyen's own for a few currencies. There is no
//! inquiry: a lost answer is found by notification, and taken back by our reference where none comes. Captures, voids and
//! refunds are only taken in by their answer; how they end is told by notification, and a capture or refund that was done
//! may still be told to have failed later.

mod authorize;
mod call;
mod capture;
mod codes;
mod money;
mod mpi_data;
mod notification;
mod refund;
mod reply;
mod reverse;
mod shopper;
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
pub struct Adyen;

static CAPABILITIES: Capabilities = Capabilities {
    brands: &[
        Brand::Visa,
        Brand::Mastercard,
        Brand::Amex,
        Brand::Elo,
        Brand::Jcb,
        Brand::Diners,
        Brand::Discover,
        Brand::Carnet,
    ],
    currencies: &[
        Currency::MXN,
        Currency::USD,
        Currency::COP,
        Currency::BRL,
        Currency::CLP,
        Currency::PEN,
        Currency::EUR,
        Currency::GBP,
        Currency::CHF,
        Currency::JPY,
        Currency::ISK,
    ],
    external_authentication: mpi_data::BRANDS,
    exemptions: authorize::EXEMPTIONS,
    needs_security_code: false,
    authorizations: true,
    captures: Captures::Several,
    voids: Voids::Full,
    refunds: Refunds::Several,
    refunds_of: RefundsOf::Charge,
    reversals: true,
    lost_charge: Recovery::Reverse,
    lost_capture: Recovery::Repeat,
    lost_void: Recovery::Repeat,
    lost_refund: Recovery::Repeat,
    inquiry_visible_after: Duration::from_secs(2 * 60),
    inquiry_final_after: Duration::from_secs(30 * 60),
    installments_max: 24,
};

static CREDENTIAL_FIELDS: [CredentialField; 3] = [
    CredentialField {
        name: call::API_KEY,
        required: true,
        max_characters: 1_024,
    },
    CredentialField {
        name: call::MERCHANT_ACCOUNT,
        required: true,
        max_characters: 80,
    },
    // Nothing but notifications tells what became of captures, voids and refunds.
    CredentialField {
        name: notification::HMAC_KEY,
        required: true,
        max_characters: 128,
    },
];

impl Processor for Adyen {
    fn name(&self) -> &'static str {
        "adyen"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &CREDENTIAL_FIELDS
    }

    fn default_base_url(&self) -> &'static str {
        "https://checkout-test.adyen.com/v72"
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
        let asked = capture::asked(order);
        let request = capture::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            reply::settlement(&asked, reply)
        }))
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        _moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = void::asked(order);
        let request = void::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            reply::settlement(&asked, reply)
        }))
    }

    fn refund(
        &self,
        account: &Account,
        order: &Refund,
        _moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let asked = refund::asked(order);
        let request = refund::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            reply::settlement(&asked, reply)
        }))
    }

    fn inquire(
        &self,
        _account: &Account,
        _order: &Inquiry,
        _moment: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        Err(CannotBuild::NotOffered("inquiries"))
    }

    fn inquire_settlement(
        &self,
        _account: &Account,
        _order: &SettlementInquiry,
        _moment: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        Err(CannotBuild::NotOffered("inquiries about settlements"))
    }

    fn reverse(
        &self,
        account: &Account,
        order: &Reversal,
        _moment: Moment,
    ) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        let asked = reverse::asked(order);
        let request = reverse::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            reverse::answer(&asked, reply)
        }))
    }

    fn notification(
        &self,
        account: &Account,
        _headers: &[(String, String)],
        body: &[u8],
        _moment: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        notification::read(account, body)
    }

    fn notification_receipt(&self) -> &'static str {
        "[accepted]"
    }
}
