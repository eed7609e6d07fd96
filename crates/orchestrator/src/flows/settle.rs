//! Captures, voids and refunds: from a merchant's call to the processor's answer, or to what its silence is taken for.

use super::{
    advance::{Advanced, Writes, is_race},
    idempotency::{Answer, IdempotencyKey},
    in_hand::InHand,
    settled::Settled,
};
use crate::{
    configuration::Caller,
    fault::{Fault, Stopped},
    gateway::Gateway,
    transport::{Sent, Silence},
};
use acquiring::{
    CannotBuild, Capture, Charged, Processor, Refund, SettlementAnswer, SettlementInquiry,
    SettlementInquiryAnswer, SettlementKind, Void,
};
use payments::{
    News, Order, OrderDocument, Outgoing, Payment, PaymentState, Refusal, RefusalCode,
    attempt::AttemptInFlight,
    decide::{SettlementDue, settlement_due},
    payment::Authorized,
    settlement::{Settlement, SettlementNews, SettlementState},
};
use primitives::{Amount, Currency, Exchange, Id, Moment, id::kind};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::StoreError;

/// How often a step is decided again because another process was faster. Within one process there are turns.
const RACES_MAX: usize = 32;

/// What a merchant asks for once an order is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementAsked {
    /// Take held money.
    Capture {
        /// All that is left, when absent.
        amount: Option<AmountAsked>,
        /// Whether what it leaves is released; the processor's way when absent.
        is_final: Option<bool>,
    },
    /// Release held money.
    Void { reason: Option<String> },
    /// Give money back.
    Refund {
        /// All that is left, when absent.
        amount: Option<AmountAsked>,
        reason: Option<String>,
    },
}

/// An amount that a call names before its order is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountAsked {
    /// Minor units, more than none.
    pub minor: i64,
    /// Must be the order's, when given.
    pub currency: Option<Currency>,
}

impl SettlementAsked {
    /// The news that this is for an order.
    fn news(&self, order: &Order) -> Result<SettlementNews, Refusal> {
        let of_order = |amount: &Option<AmountAsked>| {
            amount
                .map(|amount| amount.in_currency(order.amount.currency()))
                .transpose()
        };
        Ok(match self {
            Self::Capture { amount, is_final } => SettlementNews::CaptureAsked {
                amount: of_order(amount)?,
                is_final: *is_final,
            },
            Self::Void { reason } => SettlementNews::VoidAsked {
                reason: reason.clone(),
            },
            Self::Refund { amount, reason } => SettlementNews::RefundAsked {
                amount: of_order(amount)?,
                reason: reason.clone(),
            },
        })
    }
}

impl AmountAsked {
    fn in_currency(self, currency: Currency) -> Result<Amount, Refusal> {
        let wrong = |field, text: String| Refusal::of_field(RefusalCode::PayloadError, field, text);
        if self.currency.is_some_and(|asked| asked != currency) {
            let text = format!("must be the order's currency, {}", currency.code());
            return Err(wrong("currency", text));
        }
        match Amount::new(self.minor, currency) {
            Ok(amount) if amount.is_zero() => Err(wrong("amount", "must be more than zero".into())),
            Ok(amount) => Ok(amount),
            Err(error) => Err(wrong("amount", error.to_string())),
        }
    }
}

impl Gateway {
    /// Captures, voids or refunds, and answers once the processor has. Goes on to the end even if the caller goes away
    /// meanwhile.
    pub async fn settle(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        asked: SettlementAsked,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        let (gateway, caller) = (self.clone(), caller.clone());
        let flow = async move { gateway.settle_to_answer(&caller, order, &asked, key).await };
        Ok(self.spawn_flow(flow).await.map_err(Stopped::from)??)
    }

    async fn settle_to_answer(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        asked: &SettlementAsked,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Stopped> {
        if let Some(earlier) = self.earlier_answer(caller, key.as_ref()).await? {
            return Ok(earlier);
        }
        let news = |order: &Order| asked.news(order).map(News::Settlement);
        match self.begin_asked(caller, order, key.as_ref(), news).await {
            Ok(advanced) => self.answered(advanced).await,
            Err(stopped) => self.unless_twin(caller, key.as_ref(), stopped).await,
        }
    }

    /// Decides on what a merchant asks of an order and records it, in a turn of its own.
    pub(crate) async fn begin_asked(
        &self,
        caller: &Caller,
        id: Id<kind::Order>,
        key: Option<&IdempotencyKey>,
        news: impl Fn(&Order) -> Result<News, Refusal>,
    ) -> Result<Advanced, Stopped> {
        let _turn = self.turns().take(id).await;
        for race in 0..RACES_MAX {
            let order = self.order(caller.merchant.id, id).await?;
            let news = news(&order)?;
            let payment = order.payment.as_ref().map(|payment| payment.id);
            let writes = Writes {
                claim: key.map(|key| key.claim(self.vault(), payment, None)),
                answers_claim: true,
                ..Writes::default()
            };
            match self.advance(order, news, writes, self.clock().moment()).await {
                Ok(Some(advanced)) => return Ok(advanced),
                Ok(None) => return Err(Fault::Missing("a decision").into()),
                Err(stopped) if is_race(&stopped) => let_others_go(race).await,
                Err(stopped) => return Err(stopped),
            }
        }
        Err(Refusal::new(
            RefusalCode::TransactionInProcess,
            "the order is changing: try again",
        )
        .into())
    }

    /// Sends what a recorded call asks to be sent, and answers the call.
    pub(crate) async fn answered(&self, advanced: Advanced) -> Result<Answer, Stopped> {
        let asked = match advanced.send {
            Some(Outgoing::Settle { settlement }) => Some(settlement),
            Some(_) | None => None,
        };
        let order = self.drive(advanced, InHand::default()).await?;
        Ok(Answer {
            document: OrderDocument::of(&order, self.addresses(), Vec::new()),
            settled: asked.map(|id| Settled::of(&order, id)),
            replayed: false,
        })
    }

    /// Sends the capture, void or refund that is recorded as being sent, for the first time or again, and records what came
    /// of it.
    pub(crate) async fn send_settlement(
        &self,
        order: Order,
        about: Id<kind::Settlement>,
    ) -> Result<Advanced, Stopped> {
        let Some((_, paid, settlement)) = settlement_of(&order, about) else {
            return Ok(Advanced { order, send: None });
        };
        let (kind, name) = (settlement.kind, paid.processor.clone());
        let is_first = settlement.state == SettlementState::Sending;
        let moment = self.clock().moment();
        let sent = match self.settlement_request(&order, about, moment).await {
            Ok(_) if is_first && settlement.look_at.is_some_and(|at| self.is_too_late(at, moment)) => {
                tracing::error!(settlement = %about, "this process stood still: settlement not sent");
                Sent::NotSent("its time to be sent had passed")
            }
            Ok(exchange) => {
                let sent_at = Instant::now();
                let sent = self.transport().send(exchange).await;
                metrics::histogram!("pasarela_processor_seconds", "processor" => name.clone())
                    .record(sent_at.elapsed());
                sent
            }
            Err(CannotSend(why)) => Sent::NotSent(why),
        };
        let (outcome, news) = match sent {
            Sent::Answered(answer) => (
                word(&answer),
                SettlementNews::Answered {
                    settlement: about,
                    answer,
                },
            ),
            Sent::NotSent(why) if is_first => (
                "not_sent",
                SettlementNews::NeverLeft {
                    settlement: about,
                    why,
                },
            ),
            // That a repeat did not leave says nothing of what left before.
            Sent::NotSent(why) => {
                tracing::warn!(settlement = %about, why, "settlement could not be sent again");
                let answer = None;
                (
                    "not_sent",
                    SettlementNews::Inquired {
                        settlement: about,
                        asked_at: moment.now,
                        answer,
                    },
                )
            }
            Sent::Silent(silence) => {
                log_silence(about, &name, &silence);
                ("unknown", SettlementNews::Silence { settlement: about })
            }
        };
        metrics::counter!(
            "pasarela_settlements_total", "processor" => name, "kind" => kind.as_str(), "outcome" => outcome
        )
        .increment(1);
        self.report_settlement(order, news).await
    }

    /// Asks the processor what became of a capture, void or refund, and records the answer.
    pub(crate) async fn inquire_settlement(
        &self,
        order: Order,
        about: Id<kind::Settlement>,
    ) -> Result<Advanced, Stopped> {
        let asked_at = self.clock().now();
        let answer = self.settlement_inquiry(&order, about).await;
        let news = SettlementNews::Inquired {
            settlement: about,
            asked_at,
            answer,
        };
        self.report_settlement(order, news).await
    }

    async fn settlement_inquiry(
        &self,
        order: &Order,
        about: Id<kind::Settlement>,
    ) -> Option<SettlementInquiryAnswer> {
        let (payment, paid, settlement) = settlement_of(order, about)?;
        let (processor, account) = match self.settling_processor(order, payment, paid).await {
            Ok(found) => found,
            Err(CannotSend(why)) => {
                tracing::warn!(settlement = %about, why, "inquiry cannot be made");
                return None;
            }
        };
        let inquiry = SettlementInquiry {
            kind: settlement.kind,
            of: charged(order, payment, paid),
            reference: settlement.reference.clone(),
            processor_reference: settlement.state.processor_reference().map(str::to_owned),
            amount: settlement.amount,
            sent_at: settlement.requested_at,
        };
        match processor.inquire_settlement(&account, &inquiry, self.clock().moment()) {
            Ok(exchange) => match self.transport().send(exchange).await {
                Sent::Answered(answer) => Some(answer),
                Sent::NotSent(_) => None,
                Sent::Silent(silence) => {
                    log_silence(about, &paid.processor, &silence);
                    None
                }
            },
            Err(cannot) => {
                tracing::warn!(settlement = %about, why = %cannot, "inquiry cannot be expressed for this processor");
                None
            }
        }
    }

    /// Looks at the captures, voids and refunds whose time has come.
    pub(crate) async fn look_at_settlements(&self, mut order: Order) -> Result<(), Stopped> {
        let looks = settlements(&order).map_or(0, |(_, paid)| paid.settlements.len());
        for _ in 0..looks {
            let advanced = match settlement_due(&order, self.clock().now()) {
                None => return Ok(()),
                // Whoever was sending it is dead or hangs: nobody can say what became of it.
                Some(SettlementDue::Silent { settlement }) => {
                    let news = SettlementNews::Silence { settlement };
                    self.report_settlement(order, news).await?
                }
                Some(SettlementDue::Send(outgoing)) => Advanced {
                    order,
                    send: Some(outgoing),
                },
            };
            order = self.drive(advanced, InHand::default()).await?;
        }
        Ok(())
    }

    /// Records news of a capture, void or refund, in a turn of its own.
    pub(crate) async fn report_settlement(
        &self,
        order: Order,
        news: SettlementNews,
    ) -> Result<Advanced, Stopped> {
        let (merchant, id) = (order.merchant, order.id);
        let payment = order.payment.as_ref().map(|payment| payment.id);
        let _turn = self.turns().take(id).await;
        let mut order = order;
        for race in 0..RACES_MAX {
            let news = News::Settlement(news.clone());
            match self
                .advance(order, news, Writes::default(), self.clock().moment())
                .await
            {
                Ok(Some(advanced)) => return Ok(advanced),
                Ok(None) => {
                    let order = self.reload(merchant, id, payment).await?;
                    return Ok(Advanced { order, send: None });
                }
                Err(stopped) if is_race(&stopped) => let_others_go(race).await,
                Err(stopped) => return Err(stopped),
            }
            order = self.reload(merchant, id, payment).await?;
        }
        Err(Fault::Store(StoreError::Changed).into())
    }

    /// The request for a settlement: made of what is recorded only, so that it is the same however often it is sent.
    async fn settlement_request(
        &self,
        order: &Order,
        about: Id<kind::Settlement>,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotSend> {
        let (payment, paid, settlement) =
            settlement_of(order, about).ok_or(CannotSend("the settlement is missing"))?;
        let (processor, account) = self.settling_processor(order, payment, paid).await?;
        let of = charged(order, payment, paid);
        let reference = settlement.reference.clone();
        let built = match settlement.kind {
            SettlementKind::Capture => {
                let capture = Capture {
                    of,
                    reference,
                    amount: settlement.amount,
                    is_final: settlement.is_final,
                };
                processor.capture(&account, &capture, moment)
            }
            SettlementKind::Void => {
                let void = Void {
                    of,
                    reference,
                    reason: settlement.reason.clone(),
                };
                processor.void(&account, &void, moment)
            }
            SettlementKind::Refund => {
                let refund = Refund {
                    of,
                    reference,
                    amount: settlement.amount,
                    captured: settlement.captured,
                    capture: settlement.capture.clone(),
                    reason: settlement.reason.clone(),
                };
                processor.refund(&account, &refund, moment)
            }
        };
        built.map_err(|cannot| {
            tracing::warn!(settlement = %about, why = %cannot, "settlement cannot be expressed for this processor");
            CannotSend(match cannot {
                CannotBuild::NotOffered(_) => "the processor does not offer it",
                CannotBuild::NotExpressible(_) => "cannot be expressed for this processor",
                CannotBuild::MissingCredential(_) => "the connection lacks a credential",
            })
        })
    }

    /// The adapter and the account that the money was approved with.
    async fn settling_processor(
        &self,
        order: &Order,
        payment: &Payment,
        paid: &Authorized,
    ) -> Result<(Arc<dyn Processor>, acquiring::Account), CannotSend> {
        let route = payment
            .route_charged(paid)
            .ok_or(CannotSend("the route is missing"))?;
        self.processor(order, route).await.map_err(|fault| match fault {
            Fault::Missing(what) => CannotSend(what),
            // Nothing has left the house: to say so is worth more than the fault, which the log keeps.
            fault => {
                fault.logged();
                CannotSend("it could not be prepared")
            }
        })
    }
}

/// Waits a little longer each time, so that processes who race at one order come apart.
async fn let_others_go(race: usize) {
    const PAUSES_MS: [u64; 6] = [0, 3, 7, 13, 29, 53];
    let pause = PAUSES_MS.get(race).or(PAUSES_MS.last());
    tokio::time::sleep(Duration::from_millis(pause.copied().unwrap_or_default())).await;
}

/// Why nothing can leave the house.
struct CannotSend(&'static str);

fn settlements(order: &Order) -> Option<(&Payment, &Authorized)> {
    let payment = order.payment.as_ref()?;
    match &payment.state {
        PaymentState::Authorized(paid) => Some((payment, paid)),
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => None,
    }
}

pub(crate) fn settlement_of(
    order: &Order,
    about: Id<kind::Settlement>,
) -> Option<(&Payment, &Authorized, &Settlement)> {
    let (payment, paid) = settlements(order)?;
    let found = paid.settlements.iter().find(|it| it.id == about)?;
    Some((payment, paid, found))
}

/// The charge that the money was approved with.
fn charged(order: &Order, payment: &Payment, paid: &Authorized) -> Charged {
    Charged {
        payment: payment.id,
        order_id: order.reference.clone(),
        kind: paid.kind,
        reference: AttemptInFlight::reference_of(paid.attempt),
        processor_reference: paid.approval.processor_reference.clone(),
        authorized: paid.totals.authorized(),
    }
}

fn word(answer: &SettlementAnswer) -> &'static str {
    match answer {
        SettlementAnswer::Done { .. } => "done",
        SettlementAnswer::Accepted { .. } => "accepted",
        SettlementAnswer::Refused(_) => "refused",
    }
}

fn log_silence(settlement: Id<kind::Settlement>, processor: &str, silence: &Silence) {
    let why = match silence {
        Silence::TimedOut => "timed out",
        Silence::Cut => "connection cut",
        Silence::TooLarge => "reply too large",
        Silence::Unreadable(why) => why,
    };
    tracing::warn!(%settlement, processor, why, "no usable answer about a settlement");
}
