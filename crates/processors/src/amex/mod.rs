//! American Express through its gateway, the JSON interface of the Mastercard gateway (MPGS) under the brand's name.
//!
//! Peculiarities worth knowing first. Everything is a `PUT` of a transaction below an order: the order is our charge, by
//! the charge's reference, and each operation is a transaction of it, by its own reference. That pair is the key to
//! idempotency: the same `PUT` again does nothing and answers what it answered, and a `GET` of the same address tells what
//! became of it. Replies may say `PENDING`, which is an answer, or `UNKNOWN`, which is none. Notifications carry a shared
//! secret and no signature, so they are only ever a reason to ask.
//!
//! What the reference does not document and is therefore not sent: the scheme's id of an earlier charge with the same
//! stored card (the gateway links charges by an agreement id of its own), the release of what a final partial capture
//! leaves, and reversals by reference, which `GET` makes unnecessary.

mod authorize;
mod call;
mod capture;
mod codes;
mod inquire;
mod inquire_settlement;
mod notification;
mod refund;
mod reply;
mod safekey;
mod shopper;
mod void;

#[cfg(test)]
mod samples;

use acquiring::{
    Account, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture, Captures,
    CredentialField, Exemption, Inquiry, InquiryAnswer, Notice, NotificationRefused, Processor, Recovery,
    Refund, Refunds, RefundsOf, Reversal, ReversalAnswer, SettlementAnswer, SettlementInquiry,
    SettlementInquiryAnswer, Void, Voids,
};
use primitives::{Brand, Currency, Exchange, Moment};
use std::time::Duration;

/// The adapter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amex;

static CAPABILITIES: Capabilities = Capabilities {
    brands: &[Brand::Amex],
    currencies: &[
        Currency::MXN,
        Currency::USD,
        Currency::COP,
        Currency::PEN,
        Currency::CLP,
    ],
    external_authentication: &[Brand::Amex],
    // Both are said by where the transaction comes from (`transaction.source`).
    exemptions: &[Exemption::Moto, Exemption::MerchantInitiated],
    needs_security_code: false,
    authorizations: true,
    captures: Captures::Several,
    voids: Voids::Full,
    refunds: Refunds::Several,
    refunds_of: RefundsOf::Charge,
    reversals: false,
    lost_charge: Recovery::Inquire,
    lost_capture: Recovery::Repeat,
    lost_void: Recovery::Repeat,
    lost_refund: Recovery::Repeat,
    // The gateway knows a transaction from its first byte on; the wait lets one that is still being answered end. How long
    // a request may be on its way before it can no longer begin is not documented.
    inquiry_visible_after: Duration::from_secs(5),
    inquiry_final_after: Duration::from_secs(10 * 60),
    installments_max: authorize::INSTALLMENTS_MAX,
};

static CREDENTIAL_FIELDS: [CredentialField; 5] = [
    CredentialField {
        name: call::MERCHANT_ID,
        required: true,
        max_characters: 40,
    },
    CredentialField {
        name: call::API_PASSWORD,
        required: true,
        max_characters: 128,
    },
    CredentialField {
        name: call::API_VERSION,
        required: false,
        max_characters: 3,
    },
    CredentialField {
        name: notification::NOTIFICATION_SECRET,
        required: false,
        max_characters: 128,
    },
    CredentialField {
        name: authorize::PAYMENT_PLAN,
        required: false,
        max_characters: 40,
    },
];

impl Processor for Amex {
    fn name(&self) -> &'static str {
        "amex"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &CREDENTIAL_FIELDS
    }

    fn default_base_url(&self) -> &'static str {
        "https://gateway-na.americanexpress.com"
    }

    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        _moment: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let asked = authorize::asked(order);
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
        account: &Account,
        order: &Inquiry,
        _moment: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let asked = inquire::asked(order);
        let request = inquire::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            inquire::answer(&asked, reply)
        }))
    }

    fn inquire_settlement(
        &self,
        account: &Account,
        order: &SettlementInquiry,
        _moment: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        let asked = inquire_settlement::asked(order);
        let request = inquire_settlement::request(account, order)?;
        Ok(Exchange::new(request, move |reply| {
            inquire_settlement::answer(&asked, reply)
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
        _moment: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        notification::verify(account, headers)?;
        notification::read(headers, body).map(|notice| vec![notice])
    }

    fn notification_receipt(&self) -> &'static str {
        ""
    }
}
