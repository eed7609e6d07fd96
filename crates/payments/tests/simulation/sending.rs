//! Send and apply: messages leave, arrive or are lost, and what comes back, or does not, is heard.

use crate::{
    chance::Chance,
    clock,
    directory::{self, Heard, Known},
    gateway::{Beat, Errand, Reply, Task, in_flight},
    operations::{self, OperationState},
    people,
    processors::{self, Charge, ChargeState, Way},
    reversals, rules,
    world::{Todo, World},
};
use acquiring::{AuthorizationAnswer, Recovery};
use payments::{
    News, Order, Outgoing, PaymentState,
    settlement::{SettlementNews, SettlementState},
};
use primitives::{Id, id::kind};
use time::Duration;

/// The transport gives up waiting for a processor; the lease of a charge is longer.
const CHARGE_TIMEOUT: i64 = 30_000;
/// The same for a directory server.
const AREQ_TIMEOUT: i64 = 10_000;

/// The shortest of the final windows that processors promise: everything is known of within.
const WINDOW_MIN: i64 = 60_000;

/// A capture, void or refund on its way to its processor.
pub struct Request {
    pub order: usize,
    /// The order as its sender knew it.
    pub about: Box<Order>,
    pub settlement: Id<kind::Settlement>,
    pub fate: OperationState,
    pub visible_after: i64,
}

impl World {
    /// The message leaves, or cannot. What becomes of it is drawn here and happens later.
    pub fn sends(
        &mut self,
        id: usize,
        task: &mut Task,
        order: Box<Order>,
        outgoing: Outgoing,
    ) -> Option<i64> {
        let chance = &mut self.chance;
        let (there, back) = (chance.between(1, 400), chance.between(1, 2_000));
        let (arrives, heard, answer_after) = match &outgoing {
            Outgoing::Charge { attempt } => {
                let attempt = *attempt;
                return self.sends_charge(task, order, attempt, outgoing);
            }
            Outgoing::Settle { settlement } => {
                let settlement = *settlement;
                return self.sends_settlement(task, order, settlement, outgoing);
            }
            Outgoing::Inquire { .. } | Outgoing::Reverse { .. } | Outgoing::InquireSettlement { .. } => {
                fares(chance, there, back, CHARGE_TIMEOUT)
            }
            Outgoing::Authenticate { .. } => (true, true, there + back),
        };
        task.sent_at = self.now;
        self.say(|_| format!("process {} sends {outgoing:?}", task.process));
        if let Outgoing::Reverse {
            attempt,
            approval: Some(_),
        } = &outgoing
            && let Some(charge) = self.charges.iter_mut().find(|it| it.attempt == *attempt)
        {
            charge.void_asked = true;
        }
        if arrives {
            self.after(there, Todo::Ask(id));
        }
        let unheard = (!heard).then(|| unanswered(&outgoing, task.sent_at));
        task.beat = Beat::Hear(order, outgoing, unheard.map(Reply::News));
        Some(answer_after)
    }

    fn sends_charge(
        &mut self,
        task: &mut Task,
        order: Box<Order>,
        about: Id<kind::Attempt>,
        outgoing: Outgoing,
    ) -> Option<i64> {
        let (attempt, route) = in_flight(&order).filter(|(attempt, _)| attempt.id == about)?;
        let sent_at = clock::millis(attempt.sent_at);
        let lease = i64::from(self.limits.charge_lease_seconds) * 1_000;
        let given_up = self.now >= sent_at + lease;
        // The processor's promise counts from when it is asked, whenever that was recorded.
        let window = i64::from(route.inquiry_final_after_seconds) * 1_000;
        let reception = processors::reception(&mut self.chance, window);
        if given_up || reception.way == Way::Refused {
            self.say(|_| format!("process {} cannot send the charge {about:?}", task.process));
            let never = News::NeverLeft {
                attempt: about,
                why: "it did not leave",
                means: None,
            };
            task.beat = Beat::Hear(order, outgoing, Some(Reply::News(never)));
            return None;
        }
        let (there, answer_after) = match reception.way {
            Way::Answered { there, back } if there + back < CHARGE_TIMEOUT => (there, there + back),
            Way::Answered { there, .. } | Way::Unheard { there } => (there, CHARGE_TIMEOUT),
            Way::Refused => (0, 0),
        };
        let amount = order.payment.as_ref()?.amount.minor();
        let approves = if self.chance.permille(980) {
            amount
        } else {
            (amount / 2).max(2)
        };
        let charge = Charge {
            order: task.order,
            payment: task.payment?,
            attempt: about,
            reference: attempt.reference.clone(),
            kind: route.charge,
            amount,
            approves,
            visible_at: self.now + there + reception.visible_after,
            final_at: self.now + window,
            state: ChargeState::Travelling(reception.fate),
            told: false,
            can_be_asked: route.lost_charge != Recovery::Reverse,
            reversible: route.reversals,
            tells: reversals::tells(&mut self.chance, route.lost_charge),
            heard: Vec::new(),
            taking_back: false,
            by_reference: false,
            void_asked: false,
        };
        rules::before_charge(self, task, &order, &charge);
        self.say(|_| format!("process {} sends {charge:?}", task.process));
        self.charges.push(charge);
        let number = self.charges.len() - 1;
        self.after(there, Todo::Arrive(number));
        let answered = matches!(reception.way, Way::Answered { .. }) && answer_after < CHARGE_TIMEOUT;
        let silence = (!answered).then_some(Reply::News(News::Silence { attempt: about }));
        task.beat = Beat::Hear(order, outgoing, silence);
        Some(answer_after)
    }

    /// A capture, void or refund leaves, for the first time or again.
    fn sends_settlement(
        &mut self,
        task: &mut Task,
        order: Box<Order>,
        about: Id<kind::Settlement>,
        outgoing: Outgoing,
    ) -> Option<i64> {
        let (_, _, settlement, _) = operations::settlement_of(&order, about)?;
        let first = settlement.state == SettlementState::Sending;
        let lease = Duration::seconds(i64::from(self.limits.charge_lease_seconds));
        let moment = self.moment();
        let given_up = first && operations::given_up(settlement, moment, lease);
        let handling = operations::handling(&mut self.chance, WINDOW_MIN);
        if given_up || handling.way == Way::Refused {
            self.say(|_| format!("process {} cannot send {outgoing:?}", task.process));
            let never = SettlementNews::NeverLeft {
                settlement: about,
                why: "it did not leave",
            };
            task.beat = Beat::Hear(order, outgoing, Some(Reply::News(News::Settlement(never))));
            return None;
        }
        let (there, answer_after) = match handling.way {
            Way::Answered { there, back } => (there, there + back),
            Way::Unheard { there } => (there, CHARGE_TIMEOUT),
            Way::Refused => (0, 0),
        };
        self.say(|_| format!("process {} sends {outgoing:?}", task.process));
        self.requests.push(Request {
            order: task.order,
            about: order.clone(),
            settlement: about,
            fate: handling.fate,
            visible_after: handling.visible_after,
        });
        self.after(there, Todo::Operate(self.requests.len() - 1));
        let silence = matches!(handling.way, Way::Unheard { .. }).then_some(Reply::News(News::Settlement(
            SettlementNews::Silence { settlement: about },
        )));
        task.beat = Beat::Hear(order, outgoing, silence);
        Some(answer_after)
    }

    /// A request for a capture, void or refund has arrived.
    pub fn operates(&mut self, number: usize) {
        let request = &self.requests[number];
        let (order, settlement, fate) = (request.order, request.settlement, request.fate);
        let (about, visible_after) = (request.about.clone(), request.visible_after);
        self.operation_arrives(order, &about, settlement, fate, visible_after);
    }

    /// A message other than a charge has arrived: its answer is made, whether or not somebody will hear it.
    pub fn ask(&mut self, id: usize) {
        let Some(task) = &self.tasks[id] else { return };
        let Beat::Hear(order, outgoing, _) = &task.beat else {
            return;
        };
        let (now, asked_at) = (self.now, task.sent_at);
        let reply = match outgoing {
            Outgoing::Charge { .. } | Outgoing::Settle { .. } => return,
            Outgoing::InquireSettlement { settlement } => {
                Reply::News(self.operation_inquired(*settlement, task.sent_at))
            }
            Outgoing::Inquire { attempt } => {
                let attempt = *attempt;
                let charge = self.charges.iter_mut().find(|charge| charge.attempt == attempt);
                if charge.as_ref().is_some_and(|charge| !charge.can_be_asked) {
                    return self.violated("a processor is asked about a charge, and cannot be");
                }
                let answer = charge.map_or(acquiring::InquiryAnswer::NotFound, |charge| charge.inquired(now));
                Reply::News(News::Inquired {
                    attempt,
                    asked_at: clock::time(asked_at),
                    answer: Some(answer),
                })
            }
            Outgoing::Reverse { attempt, approval } => {
                let (attempt, known) = (*attempt, approval.is_some());
                let answer = if known {
                    self.voided(attempt)
                } else {
                    Some(self.reversed_by_reference(attempt))
                };
                Reply::News(News::ReversalAnswered {
                    attempt,
                    asked_at: clock::time(asked_at),
                    answer,
                })
            }
            Outgoing::Authenticate { authentication } => {
                let run = *authentication;
                let Some((payment, route)) = asker(order) else {
                    return;
                };
                let (order, heard) = (task.order, directory::answer(&mut self.chance));
                self.directory.push(Known {
                    run,
                    payment,
                    route,
                    status: match heard {
                        Heard::Final(status) => Some(status),
                        Heard::Challenge | Heard::Decoupled | Heard::Silence | Heard::Erro => None,
                    },
                });
                if heard == Heard::Decoupled {
                    people::challenge(self, order, run);
                }
                Reply::Ares(heard)
            }
        };
        if let Some(Some(Task {
            beat: Beat::Hear(_, _, place),
            ..
        })) = self.tasks.get_mut(id)
        {
            place.get_or_insert(reply);
        }
    }

    /// The answer is there, or the time for it is over.
    pub fn hears(
        &mut self,
        task: &mut Task,
        order: Box<Order>,
        outgoing: Outgoing,
        reply: Option<Reply>,
    ) -> Option<i64> {
        task.errand = match (outgoing, reply) {
            (_, Some(Reply::News(news))) => Errand::Tell(news),
            (Outgoing::Charge { attempt }, _) => Errand::Tell(self.answer_of(attempt)),
            (
                outgoing @ (Outgoing::Inquire { .. }
                | Outgoing::Reverse { .. }
                | Outgoing::InquireSettlement { .. }),
                _,
            ) => Errand::Tell(unanswered(&outgoing, task.sent_at)),
            (Outgoing::Settle { settlement }, _) => Errand::Tell(self.operation_answer(settlement)),
            (Outgoing::Authenticate { authentication }, reply) => Errand::Ares {
                run: authentication,
                heard: match reply {
                    Some(Reply::Ares(heard)) => heard,
                    Some(Reply::News(_)) | None => Heard::Silence,
                },
            },
        };
        if let Errand::Ares {
            heard: Heard::Silence,
            ..
        } = task.errand
        {
            task.beat = Beat::Decide(Some(order));
            return Some(AREQ_TIMEOUT);
        }
        task.beat = Beat::Decide(Some(order));
        None
    }

    /// What the processor answers to a charge.
    fn answer_of(&mut self, attempt: Id<kind::Attempt>) -> News {
        let now = self.now;
        let Some(charge) = self.charges.iter_mut().find(|charge| charge.attempt == attempt) else {
            return News::Silence { attempt };
        };
        charge.mature(now);
        let answer = match charge.state {
            ChargeState::Approved => AuthorizationAnswer::Approved(charge.approval()),
            ChargeState::Declined(advice) => AuthorizationAnswer::Declined(processors::decline(advice)),
            ChargeState::Pending { .. } => AuthorizationAnswer::Pending {
                processor_reference: None,
            },
            ChargeState::Travelling(_) | ChargeState::Gone | ChargeState::Voided => {
                return News::Silence { attempt };
            }
        };
        charge.told = !matches!(answer, AuthorizationAnswer::Pending { .. });
        News::Answered {
            attempt,
            answer,
            means: None,
        }
    }
}

/// The payment that an authentication is for, and the route whose acquirer asks.
fn asker(order: &Order) -> Option<(Id<kind::Payment>, usize)> {
    let payment = order.payment.as_ref()?;
    match &payment.state {
        PaymentState::Authenticating(current) => Some((payment.id, current.route)),
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}

/// Whether a question arrives, whether its asker hears of it, and after how long the asker hears or gives up.
fn fares(chance: &mut Chance, there: i64, back: i64, timeout: i64) -> (bool, bool, i64) {
    match chance.below(20) {
        0..17 => (true, true, there + back),
        17 => (false, false, there),
        18 => (false, false, timeout),
        _ => (true, false, timeout),
    }
}

/// What is known when no usable answer came.
fn unanswered(outgoing: &Outgoing, asked_at: i64) -> News {
    match outgoing {
        Outgoing::Inquire { attempt } => News::Inquired {
            attempt: *attempt,
            asked_at: clock::time(asked_at),
            answer: None,
        },
        Outgoing::Reverse { attempt, .. } => News::ReversalAnswered {
            attempt: *attempt,
            asked_at: clock::time(asked_at),
            answer: None,
        },
        Outgoing::Charge { attempt } => News::Silence { attempt: *attempt },
        Outgoing::Settle { settlement } => News::Settlement(SettlementNews::Silence {
            settlement: *settlement,
        }),
        Outgoing::InquireSettlement { settlement } => News::Settlement(SettlementNews::Inquired {
            settlement: *settlement,
            asked_at: clock::time(asked_at),
            answer: None,
        }),
        Outgoing::Authenticate { .. } => News::TimeExpired,
    }
}
