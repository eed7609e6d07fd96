//! Runs that cannot go on: replaced by a new one, or given up.

use super::{
    advance::{Advanced, Writes, is_race},
    areq::asking_of,
    authenticate::{Beginning, ask, authenticating, count, new_run},
    run::StoredRun,
};
use crate::{
    configuration::connection_of,
    directories::{Enrollment, Source},
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use emv3ds::Version;
use mpi::{
    Failure, Transaction,
    transaction::{DecoupledFollows, News as RunNews},
};
use payments::{News, Order, connection::ThreeDsSettings, payment::AuthenticationStage};
use primitives::{Card, Id, Moment, id::kind};
use store::orders::PaymentKey;

/// What takes a run's place.
#[derive(Debug, Clone)]
pub(super) enum Instead {
    /// The same again.
    Anew,
    /// The same in the version that the other side does speak.
    InVersion(Version),
    /// The decoupled authentication that the challenge goes on as, with nobody present.
    Decoupled(DecoupledFollows),
}

impl Gateway {
    /// Replaces a run that can no longer answer by a new one. With the cardholder's page open the page goes on with it;
    /// without, the AReq goes out again.
    pub(crate) async fn restart_authentication(&self, order: Order) -> Result<Advanced, Stopped> {
        let Some((_, current)) = authenticating(&order) else {
            return Ok(Advanced { order, send: None });
        };
        let record = self.store().authentication_load(current.authentication).await?;
        let mut old = StoredRun::read(record.ok_or(Fault::Missing("the authentication"))?)?;
        if let Transaction::AwaitingAres(_) = &old.run.transaction
            && let Some(heard) = Box::pin(self.heard_by_report(&old)).await
        {
            let told = heard.told_to(old.run.transaction, self.clock().now());
            old.run.transaction = told.transaction;
            return self.answer_heard(order, old, &heard).await;
        }
        let now = self.clock().now();
        let (merchant, id, payment) = (
            order.merchant,
            order.id,
            order.payment.as_ref().map(|payment| payment.id),
        );
        let restarted = match old.run.follows.clone() {
            Some(follows) if now >= follows.to_be_asked_by(&self.three_ds().timers) => {
                // The ACS waits for it no longer.
                old.apply(RunNews::DeadlinePassed, now);
                self.conclude(order, old).await
            }
            Some(follows) => self.replace_run(order, old, Instead::Decoupled(follows)).await,
            None => self.replace_run(order, old, Instead::Anew).await,
        };
        match restarted {
            // It has moved on by itself, or somebody else has started it anew.
            Err(stopped) if is_race(&stopped) => Ok(Advanced {
                order: self.reload(merchant, id, payment).await?,
                send: None,
            }),
            restarted => restarted,
        }
    }

    /// Records the old run as it is, given up unless it has ended, and the new one in its place.
    /// [`StoreError::Changed`](store::StoreError::Changed) within: somebody was faster, and nothing is recorded.
    pub(super) async fn replace_run(
        &self,
        order: Order,
        mut old: StoredRun,
        instead: Instead,
    ) -> Result<Advanced, Stopped> {
        let moment = self.clock().moment();
        let waiting = authenticating(&order).filter(|(_, current)| current.authentication == old.id);
        let Some((payment, current)) = waiting else {
            return self.only_record(order, &old).await;
        };
        let of = PaymentKey {
            merchant: order.merchant,
            order: order.id,
            payment: payment.id,
        };
        let card = self.card_of(order.merchant, payment.id).await?;
        let profile = self
            .configuration()
            .profile(order.merchant)
            .await?
            .ok_or(Fault::Missing("the merchant"))?;
        let asking = asking_of(&profile, &order, payment).ok_or(Fault::Missing("a route"))?;
        let settings =
            connection_of(&profile, asking.route.connection).map(|known| &known.connection.three_ds);
        let enrollment = self
            .enrollment_again(settings, &card, &old, &instead, moment)
            .await?;
        let moment = enrollment.moment(moment);
        let beginning = Beginning {
            of,
            asking,
            enrollment,
            card: &card,
            browser: old.run.browser.clone(),
            page_token: old.run.page_token.clone(),
        };
        let mut new = new_run(beginning, moment);
        let mut at_once = current.stage == AuthenticationStage::Requesting
            && new.run.method_url.is_none()
            && new.browser_is_complete();
        // What has failed already is concluded like an answer.
        at_once |= new.run.transaction.outcome().is_some();
        if let Instead::Decoupled(follows) = instead {
            let subject = follows.subject_of_next(new.run.transaction.subject().id);
            new.run.transaction = Transaction::start(subject, false);
            new.run.follows = Some(follows);
            at_once = true;
        } else {
            old.apply(RunNews::GivenUp, moment.now);
        }
        let stage = if at_once {
            let areq = self.areq(&new, asking, &card, moment);
            // So is a run for which nothing can be asked any more.
            _ = ask(&mut new, areq, false, moment);
            AuthenticationStage::Requesting
        } else {
            AuthenticationStage::WithCardholder
        };
        tracing::info!(payment = %payment.id, old = %old.id, new = %new.id, "authentication starts anew");
        let writes = Writes {
            authentications: vec![old.record()?, new.record()?],
            ..Writes::default()
        };
        let restarted = self
            .advance(
                order.clone(),
                News::AuthenticationRestarted { stage },
                writes,
                moment,
            )
            .await?;
        match restarted {
            Some(advanced) => Ok(advanced),
            None => self.only_record(order, &old).await,
        }
    }

    /// The payment has moved on without it: the run is recorded for itself.
    async fn only_record(&self, order: Order, run: &StoredRun) -> Result<Advanced, Stopped> {
        self.store()
            .authentication_write(&run.record()?, self.clock().now())
            .await?;
        let payment = order.payment.as_ref().map(|payment| payment.id);
        Ok(Advanced {
            order: self.reload(order.merchant, order.id, payment).await?,
            send: None,
        })
    }

    /// How the card takes part now. A card that was taken out of the ranges meanwhile is asked about as before: its
    /// directory server knows best.
    async fn enrollment_again(
        &self,
        settings: Option<&ThreeDsSettings>,
        card: &Card,
        old: &StoredRun,
        instead: &Instead,
        moment: Moment,
    ) -> Result<Enrollment, Fault> {
        let as_before = Enrollment {
            version: old.run.transaction.subject().version,
            method_url: None,
            source: Source::Own,
        };
        if let Instead::Decoupled(_) = instead {
            return Ok(as_before);
        }
        let found = match settings {
            Some(settings) => self.enrollment(settings, card, moment).await?,
            None => None,
        };
        let mut enrollment = found.unwrap_or_else(|| match &old.run.remote {
            None => as_before,
            Some(server) => Enrollment::failed(server, Failure::UnusableAnswer),
        });
        if let Instead::InVersion(version) = instead {
            enrollment.version = *version;
        }
        Ok(enrollment)
    }

    /// The cardholder's time is over.
    pub(crate) async fn expire_authentication(&self, order: Order) -> Result<Advanced, Stopped> {
        let Some((_, current)) = authenticating(&order) else {
            return Ok(Advanced { order, send: None });
        };
        let mut authentications = Vec::new();
        if let Some(mut stored) = self.readable_run(current.authentication).await?
            && stored.apply(RunNews::DeadlinePassed, self.clock().now())
        {
            count(&stored.run.transaction);
            authentications.push(stored.record()?);
        }
        let (merchant, id, payment) = (
            order.merchant,
            order.id,
            order.payment.as_ref().map(|payment| payment.id),
        );
        let writes = Writes {
            authentications,
            ..Writes::default()
        };
        match self
            .advance(order, News::TimeExpired, writes, self.clock().moment())
            .await
        {
            Ok(Some(advanced)) => Ok(advanced),
            Ok(None) => Ok(Advanced {
                order: self.reload(merchant, id, payment).await?,
                send: None,
            }),
            Err(stopped) if is_race(&stopped) => Ok(Advanced {
                order: self.reload(merchant, id, payment).await?,
                send: None,
            }),
            Err(stopped) => Err(stopped),
        }
    }

    /// The run, where it is there and can be read. A payment must not wait for ever for one that cannot.
    pub(crate) async fn readable_run(
        &self,
        id: Id<kind::Authentication>,
    ) -> Result<Option<StoredRun>, Fault> {
        let Some(record) = self.store().authentication_load(id).await? else {
            return Ok(None);
        };
        match StoredRun::read(record) {
            Ok(stored) => Ok(Some(stored)),
            Err(fault) => {
                tracing::error!(authentication = %id, cause = %fault, "run cannot be read; it ends without");
                Ok(None)
            }
        }
    }
}
