//! The AReq of a run, made of a payment's terms and the acquirer data of the connection it asks for.

use super::{in_hand::InHand, run::StoredRun};
use crate::{
    configuration::{MerchantProfile, connection_of},
    directories::identity,
    fault::Fault,
    gateway::Gateway,
};
use emv3ds::code::{RequestorAuthenticationInd, RequestorChallengeInd};
use mpi::{
    AuthenticationRequest, Prepared,
    request::{self, Channel, Merchant, PostalAddress},
};
use payments::{Order, Payment, ThreeDsMode, payment::Terms};
use primitives::{Amount, Card, Id, Moment, id::kind};

/// Who asks, by which connection's acquirer data, under which terms.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub profile: &'a MerchantProfile,
    pub connection: Id<kind::Connection>,
    pub terms: &'a Terms,
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
        let connection = payment
            .routes
            .first()
            .map(|route| route.connection)
            .ok_or(Fault::Missing("a route"))?;
        let asking = Asking {
            profile: &profile,
            connection,
            terms: &payment.terms,
        };
        Ok(self.areq(stored, asking, payment.amount, card, moment))
    }

    /// The AReq of a run; `None` when what is configured cannot be said in one.
    pub(crate) fn areq(
        &self,
        stored: &StoredRun,
        asking: Asking<'_>,
        amount: Amount,
        card: &Card,
        moment: Moment,
    ) -> Option<Prepared> {
        let terms = asking.terms;
        let subject = stored.run.transaction.subject();
        let directory = self.directories().of(subject.brand)?;
        let mpi = connection_of(asking.profile, asking.connection)?
            .connection
            .three_ds
            .mpi_for(subject.brand)?;
        let server = identity(&directory.server, self.three_ds());
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
        let challenge: &[_] = match terms.three_ds {
            ThreeDsMode::Force => &[RequestorChallengeInd::ChallengePreferred],
            ThreeDsMode::Auto | ThreeDsMode::Skip => &[],
        };
        let prepared = request::prepare(&AuthenticationRequest {
            id: subject.id,
            version: subject.version,
            channel: Channel::Browser {
                completion: stored.run.transaction.completion_indicator(),
                notification_url: &self.three_ds().challenge_notification_url,
                browser: &browser(stored.run.browser.clone().unwrap_or_default()),
            },
            category: subject.category,
            authentication_ind: RequestorAuthenticationInd::Payment,
            server: &server,
            merchant: &merchant,
            amount,
            at: moment.now,
            agreement: None,
            pan: &card.pan,
            expiry: Some(card.expiry),
            holder: Some(&card.holder),
            email: terms.shopper.email.as_ref(),
            phone: terms.shopper.phone.as_deref(),
            billing: terms.billing.as_ref().map(postal),
            shipping: terms.shipping.as_ref().map(postal),
            challenge,
            decoupled_minutes: None,
            authentication_info: None,
            prior: None,
            account_info: None,
            risk: None,
            extensions: &[],
        });
        match prepared {
            Ok(prepared) => Some(prepared),
            Err(cannot) => {
                tracing::error!(authentication = %stored.id, why = %cannot, "AReq cannot be made");
                None
            }
        }
    }
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
