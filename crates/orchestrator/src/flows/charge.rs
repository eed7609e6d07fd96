//! Charges: what is sent to processors, and what their answers, or their silence, are taken for.

use super::{
    advance::{Advanced, TRIES, is_race},
    in_hand::InHand,
};
use crate::{
    configuration::connection_of,
    fault::{Fault, Stopped},
    gateway::Gateway,
    health::{Outcome, Sample},
    transport::{Sent, Silence},
};
use acquiring::{Authorization, AuthorizationAnswer, Inquiry, Processor};
use payments::{
    News, Order, Payment, PaymentState, attempt::AttemptInFlight, payment::Closed, routing::Route,
};
use primitives::{Card, Id, Moment, id::kind};
use std::{sync::Arc, time::Instant};
use time::OffsetDateTime;

impl Gateway {
    /// Sends the charge that is recorded as being sent, and records what came of it.
    pub(crate) async fn charge(
        &self,
        order: Order,
        about: Id<kind::Attempt>,
        in_hand: &mut InHand,
    ) -> Result<Advanced, Stopped> {
        let name = attempt_of(&order).and_then(|(payment, attempt)| payment.routes.get(attempt.route));
        let name = name.map(|route| route.processor.clone()).unwrap_or_default();
        let prepared = self.prepare(&order, about, in_hand.card.clone()).await;
        let moment = self.clock().moment();
        let sent = match prepared {
            Ok(_) if self.is_given_up(&order, moment) => {
                tracing::error!(attempt = %about, "this process stood still: charge not sent");
                Sent::NotSent("its time to be sent had passed")
            }
            Ok((processor, account, authorization)) => {
                match processor.authorize(&account, &authorization, moment) {
                    Ok(exchange) => {
                        let sent_at = Instant::now();
                        let sent = self.transport().send(exchange).await;
                        let took = sent_at.elapsed();
                        metrics::histogram!("pasarela_processor_seconds", "processor" => name.clone())
                            .record(took);
                        let sample = Sample {
                            outcome: Outcome::of(&sent),
                            sent_at: moment.now,
                            took,
                        };
                        self.health().saw(account.connection, &name, sample);
                        sent
                    }
                    Err(cannot) => {
                        tracing::warn!(attempt = %about, why = %cannot, "charge cannot be expressed for this processor");
                        Sent::NotSent("cannot be expressed for this processor")
                    }
                }
            }
            Err(Fault::Missing(what)) => {
                tracing::warn!(attempt = %about, what, "charge cannot be made");
                Sent::NotSent(what)
            }
            // Nothing has left the house: to say so is worth more than the fault, which the log keeps.
            Err(fault) => {
                fault.logged();
                Sent::NotSent("it could not be prepared")
            }
        };
        let (outcome, news) = match sent {
            Sent::Answered(answer) => {
                let outcome = match &answer {
                    AuthorizationAnswer::Approved(_) => "approved",
                    AuthorizationAnswer::Declined(_) => "declined",
                    AuthorizationAnswer::Pending { .. } => "pending",
                };
                (
                    outcome,
                    News::Answered {
                        attempt: about,
                        answer,
                        means: None,
                    },
                )
            }
            Sent::NotSent(why) => (
                "not_sent",
                News::NeverLeft {
                    attempt: about,
                    why,
                    means: None,
                },
            ),
            Sent::Silent(silence) => {
                log_silence(about, &name, &silence);
                ("unknown", News::Silence { attempt: about })
            }
        };
        metrics::counter!("pasarela_attempts_total", "processor" => name, "outcome" => outcome).increment(1);
        self.report_with(order, news, in_hand).await
    }

    /// Whether this charge could no longer leave before its sender counts as dead. It must then not be sent any more: the
    /// others may take it for lost, and the order may be paid otherwise.
    fn is_given_up(&self, order: &Order, moment: Moment) -> bool {
        let lease = time::Duration::seconds(i64::from(self.limits().charge_lease_seconds));
        attempt_of(order).is_none_or(|(_, attempt)| self.is_too_late(attempt.sent_at + lease, moment))
    }

    /// Whether a request that is begun now may have its first byte only when its sender's time is over. Processors' final
    /// windows are counted from then, so that nothing may leave later.
    pub(super) fn is_too_late(&self, over_at: OffsetDateTime, moment: Moment) -> bool {
        moment.now + self.transport().begins_within() >= over_at
    }

    /// Asks the processor what became of an attempt, and records the answer.
    pub(crate) async fn inquire(&self, order: Order, about: Id<kind::Attempt>) -> Result<Advanced, Stopped> {
        let asked_at = self.clock().now();
        let answer = match self.inquiry(&order, about).await {
            Ok(answer) => answer,
            Err(Fault::Missing(what)) => {
                tracing::warn!(attempt = %about, what, "inquiry cannot be made");
                None
            }
            Err(fault) => return Err(fault.into()),
        };
        self.report(
            order,
            News::Inquired {
                attempt: about,
                asked_at,
                answer,
            },
        )
        .await
    }

    async fn inquiry(
        &self,
        order: &Order,
        about: Id<kind::Attempt>,
    ) -> Result<Option<acquiring::InquiryAnswer>, Fault> {
        let (payment, attempt) = attempt_of(order)
            .filter(|(_, attempt)| attempt.id == about)
            .ok_or(GONE)?;
        let route = payment.routes.get(attempt.route).ok_or(GONE)?;
        let (processor, account) = self.processor(order, route).await?;
        let inquiry = Inquiry {
            reference: attempt.reference.clone(),
            processor_reference: attempt.processor_reference().map(str::to_owned),
            order_id: order.reference.clone(),
            amount: payment.amount,
            kind: route.charge,
            sent_at: attempt.sent_at,
        };
        match processor.inquire(&account, &inquiry, self.clock().moment()) {
            Ok(exchange) => Ok(match self.transport().send(exchange).await {
                Sent::Answered(answer) => Some(answer),
                Sent::NotSent(_) => None,
                Sent::Silent(silence) => {
                    log_silence(about, &route.processor, &silence);
                    None
                }
            }),
            Err(cannot) => {
                tracing::warn!(attempt = %about, why = %cannot, "inquiry cannot be expressed for this processor");
                Ok(None)
            }
        }
    }

    /// Records news from outside about an order that was read before. If somebody else was faster, reads again.
    pub(crate) async fn report(&self, order: Order, news: News) -> Result<Advanced, Stopped> {
        self.report_with(order, news, &mut InHand::default()).await
    }

    /// The same, with what the flow holds: an answer that asks for an authentication may get one.
    async fn report_with(&self, order: Order, news: News, in_hand: &mut InHand) -> Result<Advanced, Stopped> {
        let (merchant, id) = (order.merchant, order.id);
        let payment = order.payment.as_ref().map(|payment| payment.id);
        let mut order = order;
        for _ in 0..TRIES {
            let moment: Moment = self.clock().moment();
            let (news, writes) = self.with_means(&order, news.clone(), in_hand, moment).await;
            match self.advance(order, news, writes, moment).await {
                Ok(Some(advanced)) => return Ok(advanced),
                Ok(None) => {
                    return Ok(Advanced {
                        order: self.reload(merchant, id, payment).await?,
                        send: None,
                    });
                }
                Err(stopped) if is_race(&stopped) => order = self.reload(merchant, id, payment).await?,
                Err(stopped) => return Err(stopped),
            }
        }
        Err(Fault::Store(store::StoreError::Changed).into())
    }

    pub(crate) async fn reload(
        &self,
        merchant: Id<kind::Merchant>,
        order: Id<kind::Order>,
        payment: Option<Id<kind::Payment>>,
    ) -> Result<Order, Stopped> {
        let found = match payment {
            Some(payment) => {
                self.store()
                    .order_load_with_payment(merchant, order, payment)
                    .await?
            }
            None => self.store().order_load(merchant, order).await?,
        };
        found.ok_or(Stopped::Fault(Fault::Missing("the order")))
    }

    async fn prepare(
        &self,
        order: &Order,
        about: Id<kind::Attempt>,
        card: Option<Card>,
    ) -> Result<(Arc<dyn Processor>, acquiring::Account, Authorization), Fault> {
        let (payment, attempt) = attempt_of(order)
            .filter(|(_, attempt)| attempt.id == about)
            .ok_or(GONE)?;
        let route = payment.routes.get(attempt.route).ok_or(GONE)?;
        let (processor, account) = self.processor(order, route).await?;
        let card = match card {
            Some(card) => card,
            None => self.card_of(order.merchant, payment.id).await?,
        };
        let values = payment
            .authentication
            .as_ref()
            .map(|authenticated| authenticated.values.clone());
        let authorization = Authorization {
            kind: route.charge,
            reference: attempt.reference.clone(),
            order_id: order.reference.clone(),
            amount: payment.amount,
            card,
            exemption: attempt.exemption,
            // The payment got this far without liability shift only because the connection's policy says so.
            accept_no_liability_shift: values.as_ref().is_some_and(|values| !values.liability_shift),
            authentication: values,
            installments: payment.terms.installments,
            initiator: payment.terms.initiator,
            stored_credential: payment.terms.stored_credential.clone(),
            shopper: payment.terms.shopper.clone(),
            billing: payment.terms.billing.clone(),
            shipping: payment.terms.shipping.clone(),
            return_url: self.addresses().public_url.clone(),
        };
        Ok((processor, account, authorization))
    }

    /// The adapter and the account of a route.
    pub(crate) async fn processor(
        &self,
        order: &Order,
        route: &Route,
    ) -> Result<(Arc<dyn Processor>, acquiring::Account), Fault> {
        self.adapter(order.merchant, route.connection, &route.processor)
            .await
    }

    /// The adapter and the account of a merchant's connection.
    pub(super) async fn adapter(
        &self,
        merchant: Id<kind::Merchant>,
        connection: Id<kind::Connection>,
        processor: &str,
    ) -> Result<(Arc<dyn Processor>, acquiring::Account), Fault> {
        let profile = self
            .configuration()
            .profile(merchant)
            .await?
            .ok_or(Fault::Missing("the merchant"))?;
        let known = connection_of(&profile, connection).ok_or(Fault::Missing("the connection"))?;
        let processor = self
            .processors()
            .get(processor)
            .ok_or(Fault::Missing("the processor's adapter"))?;
        Ok((Arc::clone(processor), known.account.clone()))
    }

    /// A payment's card, from the vault.
    pub(crate) async fn card_of(
        &self,
        merchant: Id<kind::Merchant>,
        payment: Id<kind::Payment>,
    ) -> Result<Card, Fault> {
        let sealed = self
            .store()
            .card_load(merchant, payment)
            .await?
            .ok_or(Fault::Missing("the card"))?;
        let mut card = self.vault().open_card(payment, &sealed.card)?;
        if let Some((code, _)) = &sealed.security_code {
            card.security_code = Some(self.vault().open_security_code(payment, code)?);
        }
        Ok(card)
    }
}

pub(super) const GONE: Fault = Fault::Missing("the attempt");

/// The attempt that is on its way, or that is watched after it was given up.
pub(super) fn attempt_of(order: &Order) -> Option<(&Payment, &AttemptInFlight)> {
    let payment = order.payment.as_ref()?;
    match &payment.state {
        PaymentState::Authorizing(attempt) => Some((payment, attempt)),
        PaymentState::Closed(Closed::Denied(denial)) => Some((payment, &denial.late.as_ref()?.attempt)),
        PaymentState::Closed(Closed::Cancelled)
        | PaymentState::Authenticating(_)
        | PaymentState::Authorized(_) => None,
    }
}

pub(super) fn log_silence(attempt: Id<kind::Attempt>, processor: &str, silence: &Silence) {
    let why = match silence {
        Silence::TimedOut => "timed out",
        Silence::Cut => "connection cut",
        Silence::TooLarge => "reply too large",
        Silence::Unreadable(why) => why,
    };
    tracing::warn!(%attempt, processor, why, "no usable answer from the processor");
}
