//! Stepping up: the issuer declines a charge for want of an authentication, and gets one.

use super::{
    advance::Writes,
    areq::Asking,
    authenticate::Beginning,
    in_hand::{Asked, InHand},
    purchase::{is_registered, needs_page},
    run::StoredRun,
};
use crate::{
    configuration::{MerchantProfile, connection_of},
    fault::Fault,
    gateway::Gateway,
};
use acquiring::AuthorizationAnswer;
use payments::{News, Order, Payment, decide::step_up_wanted, routing::Route, three_ds::StepUp};
use primitives::{Id, Moment};
use store::orders::PaymentKey;

impl Gateway {
    /// Adds the means for a new authentication to a processor's answer that asks for one, and what is to be written with
    /// it. Everything else stays as it is, and so does an answer for which there are none.
    pub(crate) async fn with_means(
        &self,
        order: &Order,
        news: News,
        in_hand: &mut InHand,
        moment: Moment,
    ) -> (News, Writes) {
        let News::Answered {
            attempt,
            answer: AuthorizationAnswer::Declined(decline),
            ..
        } = news
        else {
            return (news, Writes::default());
        };
        let found = match step_up_wanted(order, attempt, &decline) {
            Some(route) => self.means(order, route, in_hand, moment).await,
            None => Ok(None),
        };
        let (step_up, writes) = match found {
            Ok(Some((means, writes))) => (Some(means), writes),
            Ok(None) => (None, Writes::default()),
            // The decline is known and must not be lost over what could have followed it.
            Err(fault) => {
                fault.logged();
                (None, Writes::default())
            }
        };
        let news = News::Answered {
            attempt,
            answer: AuthorizationAnswer::Declined(decline),
            step_up,
        };
        (news, writes)
    }

    async fn means(
        &self,
        order: &Order,
        route: usize,
        in_hand: &mut InHand,
        moment: Moment,
    ) -> Result<Option<(StepUp, Writes)>, Fault> {
        let payment = order.payment.as_ref().ok_or(Fault::Missing("the payment"))?;
        let route = payment.routes.get(route).ok_or(Fault::Missing("a route"))?;
        let of = PaymentKey {
            merchant: order.merchant,
            order: order.id,
            payment: payment.id,
        };
        let card = match &in_hand.card {
            Some(card) => card.clone(),
            None => self.card_of(order.merchant, payment.id).await?,
        };
        let profile = self
            .configuration()
            .profile(order.merchant)
            .await?
            .ok_or(Fault::Missing("the merchant"))?;
        let Some(enrollment) = self
            .directories()
            .enrollment(&card.pan)
            .filter(|_| is_registered(&profile, route, card.pan.brand()) && is_ours(&profile, route))
        else {
            return Ok(None);
        };
        let earlier = self.earlier_run(payment).await?;
        let browser = earlier
            .and_then(|run| run.run.browser)
            .or_else(|| payment.terms.browser.clone());
        let means = StepUp {
            needs_page: needs_page(&enrollment, browser.as_ref()),
            page_token: match self.store().page_token_of(of).await? {
                Some(token) => token,
                None => crate::clock::page_token(),
            },
        };
        let beginning = Beginning {
            of,
            asking: Asking {
                profile: &profile,
                order,
                terms: &payment.terms,
                route,
                step_up: true,
                since: payment.created_at,
            },
            enrollment,
            card: &card,
            browser,
            page_token: means.page_token.clone(),
        };
        let Asked { mut run, areq } = self.first_run(beginning, means.needs_page, moment);
        if areq.is_none() && !means.needs_page {
            // There is no AReq to be made of what is configured.
            return Ok(None);
        }
        let writes = Writes {
            authentications: vec![run.record()?],
            ..Writes::default()
        };
        run.version += 1;
        in_hand.asked = Some(Asked { run, areq });
        in_hand.card = Some(card);
        Ok(Some((means, writes)))
    }

    /// The run whose result was not enough, which knows the cardholder's browser.
    async fn earlier_run(&self, payment: &Payment) -> Result<Option<StoredRun>, Fault> {
        let id = payment
            .authentication
            .as_ref()
            .and_then(|authenticated| authenticated.three_ds_server_trans_id.as_deref())
            .and_then(|id| id.parse().ok());
        let Some(id) = id else { return Ok(None) };
        let record = self.store().authentication_load(Id::from_uuid(id)).await?;
        record.map(StoredRun::read).transpose()
    }
}

/// Whether our own MPI authenticates here. A remote server would have to be asked before the decline is recorded, so that
/// there is no stepping up with one: the decline stands.
fn is_ours(profile: &MerchantProfile, route: &Route) -> bool {
    connection_of(profile, route.connection).is_some_and(|known| known.connection.three_ds.remote.is_none())
}
