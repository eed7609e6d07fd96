//! The AReq of a run, made of a payment's terms and the acquirer data of the connection it asks for.

use super::{in_hand::InHand, run::StoredRun};
use crate::{
    configuration::{MerchantProfile, connection_of},
    directories::identity,
    fault::Fault,
    gateway::Gateway,
};
use emv3ds::code::{MessageCategory, RequestorAuthenticationInd, ThreeRiInd};
use mpi::{
    AuthenticationRequest, Prepared, remote,
    request::{self, Channel, Merchant, PostalAddress, ServerIdentity},
};
use payments::{
    Order, Payment,
    authentication_policy::SECURITY_CODE_KEPT,
    payment::Terms,
    risk,
    routing::Route,
    three_ds::approach::{self, Preference},
};
use primitives::{Brand, Card, Moment};
use time::{Duration, OffsetDateTime};

/// How long before a security code must be gone an issuer's own way to the cardholder has to end, so that there is time
/// to charge.
const BEFORE_CODE_EXPIRES: Duration = Duration::minutes(1);

/// Who asks for what: by which route's acquirer data, under which terms.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub profile: &'a MerchantProfile,
    pub order: &'a Order,
    pub terms: &'a Terms,
    pub route: &'a Route,
    /// The issuer declined a charge for want of an authentication.
    pub step_up: bool,
    /// When the payment began.
    pub since: OffsetDateTime,
}

impl Asking<'_> {
    /// What this brand's directory server is asked for.
    pub fn preference(&self, brand: Brand) -> Preference {
        approach::preference(self.route, brand, self.step_up)
    }

    /// The category of the message: a payment's, or the one that only shares data.
    pub fn category(&self, brand: Brand) -> MessageCategory {
        let insights = MessageCategory::parse("80").filter(|_| self.preference(brand).insights_only);
        insights.unwrap_or(MessageCategory::Payment)
    }

    /// How long the issuer may take outside of the browser. Where the charge needs the security code no longer than that
    /// is kept: an authentication that comes too late to be charged with would help nobody.
    fn decoupled_minutes(&self, wanted: Option<u16>, now: OffsetDateTime) -> Option<u16> {
        if !self.route.needs_security_code {
            return wanted;
        }
        let left = self.since + SECURITY_CODE_KEPT - BEFORE_CODE_EXPIRES - now;
        let left = u16::try_from(left.whole_minutes()).unwrap_or(0);
        wanted
            .map(|wanted| wanted.min(left))
            .filter(|minutes| *minutes > 0)
    }
}

impl Gateway {
    pub(crate) async fn areq_again(
        &self,
        order: &Order,
        stored: &StoredRun,
        in_hand: &InHand,
        moment: Moment,
    ) -> Result<Option<Prepared>, Fault> {
        let payment = order.payment.as_ref().ok_or(Fault::Missing("the payment"))?;
        let card = match &in_hand.card {
            Some(card) => card.clone(),
            None => self.card_of(order.merchant, payment.id).await?,
        };
        self.areq_of(order, payment, stored, &card, moment).await
    }

    /// The AReq of a recorded payment's run.
    pub(crate) async fn areq_of(
        &self,
        order: &Order,
        payment: &Payment,
        stored: &StoredRun,
        card: &Card,
        moment: Moment,
    ) -> Result<Option<Prepared>, Fault> {
        let profile = self
            .configuration()
            .profile(order.merchant)
            .await?
            .ok_or(Fault::Missing("the merchant"))?;
        let asking = asking_of(&profile, order, payment).ok_or(Fault::Missing("a route"))?;
        Ok(self.areq(stored, asking, card, moment))
    }

    /// The AReq of a run; `None` when what is configured cannot be said in one.
    pub(crate) fn areq(
        &self,
        stored: &StoredRun,
        asking: Asking<'_>,
        card: &Card,
        moment: Moment,
    ) -> Option<Prepared> {
        let terms = asking.terms;
        let subject = stored.run.transaction.subject();
        let mpi = connection_of(asking.profile, asking.route.connection)?
            .connection
            .three_ds
            .mpi_for(subject.brand)?;
        let remote = stored.run.remote.is_some();
        let server = if remote {
            // The remote server says who it is.
            ServerIdentity {
                reference_number: self.three_ds().reference_number.clone(),
                operator_id: None,
                results_url: self.three_ds().results_url.clone(),
            }
        } else {
            identity(&self.directories().of(subject.brand)?.server, self.three_ds())
        };
        let merchant = Merchant {
            requestor_id: mpi.requestor_id,
            requestor_name: mpi.requestor_name,
            url: mpi.merchant_url.as_str().to_owned(),
            acquirer_bin: mpi.acquirer_bin,
            acquirer_merchant_id: mpi.acquirer_merchant_id,
            name: mpi.merchant_name,
            mcc: mpi.mcc,
            country: mpi.merchant_country,
        };
        let wanted = asking.preference(subject.brand);
        let browser = browser(stored.run.browser.clone().unwrap_or_default());
        let follows = stored.run.follows.as_ref();
        let channel = match follows {
            Some(_) => Channel::RequestorInitiated(ThreeRiInd::DecoupledFallback),
            None => Channel::Browser {
                completion: stored.run.transaction.completion_indicator(),
                notification_url: &self.three_ds().challenge_notification_url,
                browser: &browser,
            },
        };
        let decoupled_max_minutes = match follows {
            Some(follows) => Some(follows.decoupled_minutes),
            None => wanted.decoupled_max_minutes,
        };
        let prior = match follows {
            Some(follows) => Some(follows.prior()),
            None => terms.prior_authentication.as_ref().map(|prior| prior.info()),
        };
        let challenge = approach::said_in(subject.version, &wanted.challenge);
        let request = AuthenticationRequest {
            id: subject.id,
            version: subject.version,
            channel,
            category: subject.category,
            authentication_ind: RequestorAuthenticationInd::Payment,
            server: &server,
            merchant: &merchant,
            amount: asking.order.amount,
            at: moment.now,
            agreement: None,
            pan: &card.pan,
            expiry: Some(card.expiry),
            holder: Some(&card.holder),
            email: terms.shopper.email.as_ref(),
            phone: terms.shopper.phone.as_deref(),
            billing: terms.billing.as_ref().map(postal),
            shipping: terms.shipping.as_ref().map(postal),
            challenge: &challenge,
            decoupled_minutes: asking.decoupled_minutes(decoupled_max_minutes, moment.now),
            authentication_info: None,
            prior,
            account_info: risk::account(asking.order, moment.now),
            risk: risk::merchant_risk(asking.order, terms, moment.now),
            extensions: &[],
        };
        let prepared = if remote {
            remote::prepare(&request)
        } else {
            request::prepare(&request)
        };
        match prepared {
            Ok(prepared) => Some(prepared),
            Err(cannot) => {
                tracing::error!(authentication = %stored.id, why = %cannot, "AReq cannot be made");
                None
            }
        }
    }
}

/// What a recorded payment that is being authenticated asks for.
pub(crate) fn asking_of<'a>(
    profile: &'a MerchantProfile,
    order: &'a Order,
    payment: &'a Payment,
) -> Option<Asking<'a>> {
    let current = super::authenticate::authenticating_state(payment);
    let (route, step_up) = current.map_or((0, false), |current| (current.route, current.step_up));
    Some(Asking {
        profile,
        order,
        terms: &payment.terms,
        route: payment.routes.get(route)?,
        step_up,
        since: payment.created_at,
    })
}

fn postal(address: &acquiring::Address) -> PostalAddress<'_> {
    PostalAddress {
        line1: address.line1.as_deref(),
        line2: address.line2.as_deref(),
        line3: None,
        city: address.city.as_deref(),
        state: address.state.as_deref(),
        post_code: address.zip.as_deref(),
        country: address.country,
    }
}

fn browser(known: payments::Browser) -> request::Browser {
    request::Browser {
        accept_header: known.accept_header,
        user_agent: known.user_agent,
        ip_address: known.ip_address,
        language: known.language,
        color_depth: known.color_depth,
        screen_height: known.screen_height,
        screen_width: known.screen_width,
        time_zone: known.time_zone,
        java_enabled: known.java_enabled,
        javascript_enabled: known.javascript_enabled,
    }
}
