//! The means for a new authentication after a charge that came to nothing: the issuer declined it for want of one, or the
//! next route cannot be charged by with what is known of the cardholder.

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
use payments::{
    News, Order, Payment,
    decide::{Wanted, means_wanted},
    payment::Authenticated,
    routing::Route,
    three_ds::NewAuthentication,
};
use primitives::{Id, Moment};
use store::orders::PaymentKey;

impl Gateway {
    /// Adds the means for a new authentication to news that one could follow, and what is to be written with it. Everything
    /// else stays as it is, and so does news for which there are none.
    pub(crate) async fn with_means(
        &self,
        order: &Order,
        mut news: News,
        in_hand: &mut InHand,
        moment: Moment,
    ) -> (News, Writes) {
        let mut writes = Writes::default();
        for wanted in means_wanted(order, &news, moment.now) {
            match Box::pin(self.means(order, wanted, in_hand, moment)).await {
                Ok(Some((found, found_writes))) => {
                    if let News::Answered { means, .. } | News::NeverLeft { means, .. } = &mut news {
                        *means = Some(found);
                        writes = found_writes;
                    }
                    break;
                }
                Ok(None) => {}
                // What became of the charge is known and must not be lost over what could have followed it.
                Err(fault) => {
                    fault.logged();
                    break;
                }
            }
        }
        (news, writes)
    }

    async fn means(
        &self,
        order: &Order,
        wanted: Wanted,
        in_hand: &mut InHand,
        moment: Moment,
    ) -> Result<Option<(NewAuthentication, Writes)>, Fault> {
        let payment = order.payment.as_ref().ok_or(Fault::Missing("the payment"))?;
        let route = payment
            .routes
            .get(wanted.route)
            .ok_or(Fault::Missing("a route"))?;
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
        let means = NewAuthentication {
            route: wanted.route,
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
                step_up: wanted.step_up,
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
            .and_then(transaction_id)
            .and_then(|id| id.parse().ok());
        let Some(id) = id else { return Ok(None) };
        let record = self.store().authentication_load(Id::from_uuid(id)).await?;
        record.map(StoredRun::read).transpose()
    }
}

fn transaction_id(authenticated: &Authenticated) -> Option<&str> {
    authenticated.three_ds_server_trans_id.as_deref()
}

/// Whether our own MPI authenticates here. A remote server would have to be asked before the decline is recorded, so that
/// there is no new one from it: the decline stands.
fn is_ours(profile: &MerchantProfile, route: &Route) -> bool {
    connection_of(profile, route.connection).is_some_and(|known| known.connection.three_ds.remote.is_none())
}
