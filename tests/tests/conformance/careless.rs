//! A processor that breaks the rules on the wire: American Express's adapter with requests that are never the same twice,
//! and readers that believe what they like.

use acquiring::{
    Account, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture, CredentialField,
    Inquiry, InquiryAnswer, Notice, NotificationRefused, Processor, Refund, Reversal, ReversalAnswer,
    SettlementAnswer, SettlementInquiry, SettlementInquiryAnswer, Void,
};
use primitives::{Exchange, Moment};
use processors::amex::Amex;

pub struct Careless;

impl Processor for Careless {
    fn name(&self) -> &'static str {
        Amex.name()
    }

    fn capabilities(&self) -> &'static Capabilities {
        Amex.capabilities()
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        Amex.credential_fields()
    }

    fn default_base_url(&self) -> &'static str {
        Amex.default_base_url()
    }

    /// Gives no exemption, whatever is asked.
    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        moment: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let mut order = order.clone();
        order.exemption = None;
        Amex.authorize(account, &order, moment)
    }

    /// Believes that every capture was done.
    fn capture(
        &self,
        account: &Account,
        order: &Capture,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let (request, _) = Amex.capture(account, order, moment)?.split();
        Ok(Exchange::new(request, |_| {
            Ok(SettlementAnswer::Done {
                processor_reference: None,
            })
        }))
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Amex.void(account, order, moment)
    }

    /// Gives every refund a reference of its own, so that a repeat is another refund.
    fn refund(
        &self,
        account: &Account,
        order: &Refund,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let mut order = order.clone();
        order.reference = moment.nonce.simple().to_string();
        Amex.refund(account, &order, moment)
    }

    /// Takes what is there for what is not.
    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        moment: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let (request, _) = Amex.inquire(account, order, moment)?.split();
        Ok(Exchange::new(request, |_| Ok(InquiryAnswer::NotFound)))
    }

    fn inquire_settlement(
        &self,
        account: &Account,
        order: &SettlementInquiry,
        moment: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        let (request, _) = Amex.inquire_settlement(account, order, moment)?.split();
        Ok(Exchange::new(request, |_| {
            Ok(SettlementInquiryAnswer::Done {
                processor_reference: None,
            })
        }))
    }

    fn reverse(
        &self,
        account: &Account,
        order: &Reversal,
        moment: Moment,
    ) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        Amex.reverse(account, order, moment)
    }

    /// Believes what anybody says.
    fn notification(
        &self,
        account: &Account,
        headers: &[(String, String)],
        body: &[u8],
        moment: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        let mut headers = headers.to_vec();
        headers.retain(|(name, _)| name != "x-notification-secret");
        let secret = account.credentials.get("notification_secret").unwrap_or_default();
        headers.push(("x-notification-secret".into(), secret.into()));
        Amex.notification(account, &headers, body, moment)
    }

    fn notification_receipt(&self) -> &'static str {
        ""
    }
}
