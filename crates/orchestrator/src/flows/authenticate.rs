//! Authentication: the AReq goes out, the ARes comes back, and the payment goes on or waits for its cardholder.

use super::{
    advance::{Advanced, TRIES, Writes, is_race},
    areq::Asking,
    directory::Heard,
    in_hand::{Asked, InHand},
    restart::Instead,
    run::{Run, StoredRun},
};
use crate::{
    authenticator::LOOK_AGAIN,
    directories::Enrollment,
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use emv3ds::ThreeDsServerTransId;
use mpi::{
    Failure, Prepared, Subject, Transaction,
    transaction::{Challenge, Failed, News as RunNews, Trace},
};
use payments::{
    News, Order, Payment, PaymentState,
    payment::{Authenticating, Decoupled},
};
use primitives::{Card, Id, Moment, id::kind};
use store::{StoreError, orders::PaymentKey};

impl Gateway {
    /// The run that a purchase or a step-up starts: recorded as asked already where no page is needed before.
    pub(crate) fn first_run(&self, beginning: Beginning<'_>, needs_page: bool, moment: Moment) -> Asked {
        let (asking, card) = (beginning.asking, beginning.card);
        let mut run = new_run(beginning, moment);
        if needs_page || run.run.transaction.outcome().is_some() {
            return Asked { run, areq: None };
        }
        let areq = self.areq(&run, asking, card, moment);
        let areq = ask(&mut run, areq, false, moment);
        Asked { run, areq }
    }

    /// Sends the AReq of a run that is recorded as asked, and records what came of it.
    pub(crate) async fn authenticate(
        &self,
        order: Order,
        id: Id<kind::Authentication>,
        in_hand: &mut InHand,
    ) -> Result<Advanced, Stopped> {
        let Asked {
            run: mut stored,
            areq,
        } = match in_hand.asked.take().filter(|asked| asked.run.id == id) {
            // Should somebody else write it meanwhile, recording what comes of it notices by its version.
            Some(asked) => asked,
            None => {
                let record = self.store().authentication_load(id).await?;
                let run = StoredRun::read(record.ok_or(Fault::Missing("the authentication"))?)?;
                Asked { run, areq: None }
            }
        };
        let Transaction::AwaitingAres(_) = &stored.run.transaction else {
            return self.conclude_unless_replaced(order, stored).await;
        };
        let prepared = match areq {
            Some(prepared) => Some(prepared),
            None => {
                let moment = self.clock().moment();
                self.areq_again(&order, &stored, in_hand, moment).await?
            }
        };
        let transaction = &stored.run.transaction;
        let heard = match (prepared, &stored.run.remote) {
            (Some(prepared), None) => self.ask(transaction.subject(), prepared).await,
            (Some(prepared), Some(server)) => Box::pin(self.ask_remote(server, transaction, &prepared)).await,
            (None, _) => Heard::Unreachable,
        };
        let told = self.hear(stored.run.transaction, &heard);
        if let Some(ares) = &told.ares {
            tracing::debug!(authentication = %id, acs = ares.acs_reference_number, "ARes");
        }
        stored.run.transaction = told.transaction;
        self.answer_heard(order, stored, &heard).await
    }

    /// Records a run that has heard what came of its AReq. An RReq may have been faster, and written the run meanwhile: then
    /// it is told again, so that neither is lost.
    pub(super) async fn answer_heard(
        &self,
        mut order: Order,
        mut stored: StoredRun,
        heard: &Heard,
    ) -> Result<Advanced, Stopped> {
        let (merchant, of, payment) = (
            order.merchant,
            order.id,
            order.payment.as_ref().map(|payment| payment.id),
        );
        for _ in 0..TRIES {
            let id = stored.id;
            let concluded = match stored.run.transaction.outcome() {
                // A decoupled authentication that follows a challenge is in the challenge's version or not at all.
                Some(Err(Failure::VersionRefused {
                    instead: Some(version),
                })) if stored.run.follows.is_none() => {
                    count(&stored.run.transaction);
                    tracing::info!(authentication = %id, instead = %version, "version refused");
                    Box::pin(self.replace_run(order, stored, Instead::InVersion(version))).await
                }
                _ => self.conclude(order, stored).await,
            };
            match concluded {
                Err(stopped) if is_race(&stopped) => {}
                concluded => return concluded,
            }
            order = self.reload(merchant, of, payment).await?;
            let record = self.store().authentication_load(id).await?;
            stored = StoredRun::read(record.ok_or(Fault::Missing("the authentication"))?)?;
            if !matches!(stored.run.transaction, Transaction::AwaitingAres(_)) {
                // Another run has taken this one's place, so nobody waits for its answer.
                return Ok(Advanced { order, send: None });
            }
            stored.run.transaction = heard
                .told_to(stored.run.transaction, self.clock().now())
                .transaction;
        }
        Err(Fault::Store(StoreError::Changed).into())
    }

    async fn conclude_unless_replaced(&self, order: Order, stored: StoredRun) -> Result<Advanced, Stopped> {
        let (merchant, of, payment) = (
            order.merchant,
            order.id,
            order.payment.as_ref().map(|payment| payment.id),
        );
        match self.conclude(order, stored).await {
            Err(stopped) if is_race(&stopped) => Ok(Advanced {
                order: self.reload(merchant, of, payment).await?,
                send: None,
            }),
            concluded => concluded,
        }
    }

    /// Records where a run has come to, together with what that means for its payment. [`StoreError::Changed`]: somebody
    /// else wrote the run meanwhile, and nothing is recorded.
    pub(crate) async fn conclude(&self, order: Order, stored: StoredRun) -> Result<Advanced, Stopped> {
        let (merchant, id, payment) = (
            order.merchant,
            order.id,
            order.payment.as_ref().map(|payment| payment.id),
        );
        let news = match (&stored.run.transaction, stored.run.transaction.outcome()) {
            (_, Some(outcome)) => {
                count(&stored.run.transaction);
                News::AuthenticationEnded {
                    authentication: stored.id,
                    outcome: outcome.cloned(),
                    cardholder_info: stored.run.transaction.cardholder_info().map(str::to_owned),
                }
            }
            (Transaction::AwaitingResults(waiting), None) => match waiting.challenge {
                Challenge::InBrowser { .. } => News::CardholderNeeded {
                    authentication: stored.id,
                },
                Challenge::Decoupled { until } => News::DecoupledAgreed {
                    authentication: stored.id,
                    agreed: Decoupled {
                        until,
                        expires_at: stored
                            .run
                            .transaction
                            .deadline(&self.three_ds().timers)
                            .unwrap_or(until),
                        cardholder_info: stored.run.transaction.cardholder_info().map(str::to_owned),
                    },
                },
            },
            (Transaction::DecoupledFollows(follows), None) => {
                let follows = Instead::Decoupled(follows.clone());
                return Box::pin(self.replace_run(order, stored, follows)).await;
            }
            (_, None) => {
                self.store()
                    .authentication_write(&stored.record()?, self.clock().now())
                    .await?;
                return Ok(Advanced { order, send: None });
            }
        };
        let mut order = order;
        for _ in 0..TRIES {
            let writes = Writes {
                authentications: vec![stored.record()?],
                look_again_within: stored.run.awaits_remote_results().then_some(LOOK_AGAIN),
                ..Writes::default()
            };
            match self
                .advance(order, news.clone(), writes, self.clock().moment())
                .await
            {
                Ok(Some(advanced)) => {
                    if let (News::DecoupledAgreed { .. }, Some(_)) = (&news, &stored.run.remote) {
                        self.follow_results(stored.id);
                    }
                    return Ok(advanced);
                }
                Ok(None) => {
                    // The payment has moved on without it: the run is recorded for itself.
                    self.store()
                        .authentication_write(&stored.record()?, self.clock().now())
                        .await?;
                    return Ok(Advanced {
                        order: self.reload(merchant, id, payment).await?,
                        send: None,
                    });
                }
                Err(stopped) if is_race(&stopped) => {
                    order = self.reload(merchant, id, payment).await?;
                    let current = self.store().authentication_load(stored.id).await?;
                    if current.is_none_or(|record| record.version != stored.version) {
                        return Err(stopped);
                    }
                }
                Err(stopped) => return Err(stopped),
            }
        }
        Err(Fault::Store(StoreError::Changed).into())
    }

    /// Asks from the hosted page, where the browser's data and the 3DS Method have had their turn. Answers whether the
    /// AReq is on its way now.
    pub(crate) async fn ask_from_page(&self, order: Order, mut stored: StoredRun) -> Result<bool, Stopped> {
        let moment = self.clock().moment();
        let Some(payment) = &order.payment else {
            return Ok(false);
        };
        let card = self.card_of(order.merchant, payment.id).await?;
        let areq = self.areq_of(&order, payment, &stored, &card, moment).await?;
        let areq = ask(&mut stored, areq, true, moment);
        match self
            .store()
            .authentication_write(&stored.record()?, moment.now)
            .await
        {
            Ok(()) => {}
            // Another request of the same browser was faster.
            Err(StoreError::Changed) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        stored.version += 1;
        let (gateway, id) = (self.clone(), stored.id);
        // The browser may leave; the authentication goes on.
        let asking = async move {
            let mut in_hand = InHand {
                card: Some(card),
                asked: Some(Asked { run: stored, areq }),
            };
            let asked = gateway.authenticate(order, id, &mut in_hand).await;
            let driven = match asked {
                Ok(advanced) => gateway.drive(advanced, in_hand).await.map(|_| ()),
                Err(stopped) => Err(stopped),
            };
            if let Err(stopped) = driven {
                tracing::error!(authentication = %id, cause = %stopped, "authentication stopped");
            }
        };
        self.spawn_flow(asking);
        Ok(true)
    }
}

/// What a run is made of that is not recorded yet.
pub(crate) struct Beginning<'a> {
    pub of: PaymentKey,
    pub asking: Asking<'a>,
    pub enrollment: Enrollment,
    pub card: &'a Card,
    /// Whatever is known of it.
    pub browser: Option<payments::Browser>,
    pub page_token: String,
}

pub(super) fn new_run(beginning: Beginning<'_>, moment: Moment) -> StoredRun {
    let id = ThreeDsServerTransId(moment.nonce);
    let brand = beginning.card.pan.brand();
    let subject = Subject {
        category: beginning.asking.category(brand),
        ..Subject::browser_payment(id, brand, beginning.enrollment.version)
    };
    let has_method = beginning.enrollment.method_url.is_some();
    let transaction = match beginning.enrollment.failure() {
        None => Transaction::start(subject, has_method),
        Some(failure) => Transaction::Failed(Failed {
            subject,
            failure,
            trace: Trace::default(),
        }),
    };
    StoredRun {
        id: moment.fresh_id(),
        of: beginning.of,
        version: 0,
        run: Run {
            transaction,
            remote: beginning.enrollment.remote().map(str::to_owned),
            browser: beginning.browser,
            method_url: beginning.enrollment.method_url,
            page_token: beginning.page_token,
            returned: false,
            follows: None,
        },
    }
}

/// Moves a run to "asked", or to its failure when there is no AReq to send.
pub(super) fn ask(
    stored: &mut StoredRun,
    areq: Option<Prepared>,
    through_page: bool,
    moment: Moment,
) -> Option<Prepared> {
    match areq {
        Some(prepared) => {
            stored.apply(RunNews::asked(&prepared, through_page), moment.now);
            Some(prepared)
        }
        None => {
            stored.apply(RunNews::CannotRequest, moment.now);
            None
        }
    }
}

pub(crate) fn authenticating(order: &Order) -> Option<(&Payment, &Authenticating)> {
    let payment = order.payment.as_ref()?;
    authenticating_state(payment).map(|current| (payment, current))
}

pub(crate) fn authenticating_state(payment: &Payment) -> Option<&Authenticating> {
    match &payment.state {
        PaymentState::Authenticating(current) => Some(current),
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}

/// Counts how a run ended.
pub(super) fn count(transaction: &Transaction) {
    let outcome = match transaction.outcome() {
        Some(Ok(result)) => result.trans_status().as_str(),
        Some(Err(Failure::DirectoryErro { .. })) => "directory_erro",
        Some(Err(Failure::VersionRefused { .. })) => "version_refused",
        Some(Err(Failure::AcsErro { .. })) => "acs_erro",
        Some(Err(Failure::DirectoryTimeout)) => "directory_timeout",
        Some(Err(Failure::DirectoryUnreachable)) => "directory_unreachable",
        Some(Err(Failure::UnusableAnswer)) => "unusable_answer",
        Some(Err(Failure::CannotRequest)) => "cannot_request",
        Some(Err(Failure::TimeExpired)) => "time_expired",
        None => return,
    };
    let brand = transaction.subject().brand.as_str();
    metrics::counter!("pasarela_authentications_total", "brand" => brand, "outcome" => outcome).increment(1);
}
