//! What each flow reads and decides, as `orchestrator/src/flows` does it.

use crate::{
    clock,
    database::{Recording, RunRow, RunStage},
    directory::{self, Heard},
    gateway::{Beat, Errand, Task},
    people::Call,
    world::World,
};
use mpi::Failure;
use payments::{
    News, Order, PaymentState, Purchased, Step,
    decide::{
        AuthenticationPlan, ChargeDue, SettlementDue, charge_due, expires_at, means_wanted, settlement_due,
    },
    payment::{Authenticating, AuthenticationStage, Decoupled},
    settlement::SettlementNews,
    three_ds::NewAuthentication,
};
use primitives::{Id, Moment, id::kind};
use std::rc::Rc;
use time::Duration;

const PAGE_TOKEN: &str = "01JDEADBEEFDEADBEEFDEADBEE";

impl World {
    /// A flow reads, or goes by what it read before it sent something, and decides.
    pub fn decides(&mut self, task: &mut Task, held: Option<Box<Order>>) -> Option<i64> {
        let order = match held {
            Some(order) => *order,
            None => self.database.load(task.order, task.payment),
        };
        match std::mem::replace(&mut task.errand, Errand::Look) {
            Errand::Purchase(call) => {
                self.purchases(task, order, &call);
                task.errand = Errand::Purchase(call);
            }
            Errand::Tell(news) => {
                let moment = self.moment();
                let told = news.clone();
                let (told, runs) = self.with_means(&order, told, moment);
                self.decides_on(task, order, told, runs, moment);
                task.errand = Errand::Tell(news);
            }
            Errand::Notice { number, state, news } => {
                let moment = self.moment();
                if !self.decides_on(task, order, news.clone(), Vec::new(), moment) {
                    self.operations[number].taken.push(state);
                }
                task.errand = Errand::Notice { number, state, news };
            }
            Errand::Ares { run, heard } => {
                self.concludes(task, order, run, heard);
                task.errand = Errand::Ares { run, heard };
            }
            Errand::Results { run, status } => {
                self.takes_results(task, order, run, status);
                task.errand = Errand::Results { run, status };
            }
            Errand::Look => self.looks(task, order),
            Errand::Page => {
                self.opens_page(task, order);
                task.errand = Errand::Page;
            }
            Errand::GiveUp => {
                let runs = self.given_up_run(&order);
                let moment = self.moment();
                self.decides_on(task, order, News::CardholderGaveUp, runs, moment);
                task.errand = Errand::GiveUp;
            }
            Errand::Cancel => {
                let moment = self.moment();
                self.decides_on(task, order, News::Cancel, Vec::new(), moment);
                task.errand = Errand::Cancel;
            }
            Errand::Expire => {
                let moment = self.moment();
                self.decides_on(task, order, News::Expire, Vec::new(), moment);
                task.errand = Errand::Expire;
            }
        }
        None
    }

    /// Decides; what comes of it is to be recorded together with these runs. Answers whether anything does.
    fn decides_on(
        &mut self,
        task: &mut Task,
        order: Order,
        news: News,
        runs: Vec<RunRow>,
        moment: Moment,
    ) -> bool {
        match self.rule(order, news, moment) {
            Ok(Some(step)) => {
                task.beat = recording(task.order, step, runs);
                true
            }
            // Too late, or refused: the caller hears of it, and nothing happened.
            Ok(None) | Err(_) => false,
        }
    }

    fn purchases(&mut self, task: &mut Task, order: Order, call: &Rc<Call>) {
        if self
            .row(task.order)
            .claims
            .iter()
            .any(|claim| claim.key == call.key)
        {
            return;
        }
        let (payment, moment) = (self.moment().fresh_id(), self.moment());
        let runs = match call.plan {
            AuthenticationPlan::Ask { needs_page } => vec![self.new_run(payment, needs_page, moment)],
            AuthenticationPlan::None
            | AuthenticationPlan::External(_)
            | AuthenticationPlan::NotAvailable
            | AuthenticationPlan::Rejected => Vec::new(),
        };
        let news = News::Purchased(Box::new(Purchased {
            payment,
            terms: call.terms.clone(),
            card: call.card.clone(),
            routes: call.routes.clone(),
            plan: call.plan.clone(),
            page_token: PAGE_TOKEN.to_owned(),
            attempts_allowed: None,
        }));
        if let Ok(Some(step)) = self.rule(order, news, moment) {
            task.beat = Beat::Record(Box::new(Recording {
                step,
                index: task.order,
                runs,
                claim: Some(call.key),
                has_code: call.has_code,
            }));
        }
    }

    fn new_run(&self, payment: Id<kind::Payment>, needs_page: bool, moment: Moment) -> RunRow {
        RunRow {
            id: moment.fresh_id(),
            payment,
            version: 0,
            stage: if needs_page {
                RunStage::Begun
            } else {
                RunStage::Asked { at: self.now }
            },
            early: None,
        }
    }

    /// News that a new authentication could follow gets the means for one, where there are any.
    fn with_means(&mut self, order: &Order, mut news: News, moment: Moment) -> (News, Vec<RunRow>) {
        let Some(payment) = order.payment.as_ref().map(|payment| payment.id) else {
            return (news, Vec::new());
        };
        for wanted in means_wanted(order, &news, moment.now) {
            if !self.chance.permille(900) {
                continue;
            }
            let needs_page = self.chance.permille(300);
            if let News::Answered { means, .. } | News::NeverLeft { means, .. } = &mut news {
                *means = Some(NewAuthentication {
                    route: wanted.route,
                    needs_page,
                    page_token: PAGE_TOKEN.to_owned(),
                });
            }
            return (news, vec![self.new_run(payment, needs_page, moment)]);
        }
        (news, Vec::new())
    }

    /// What came of an AReq is recorded with what it means. An RReq may have been faster.
    fn concludes(&mut self, task: &mut Task, order: Order, id: Id<kind::Authentication>, heard: Heard) {
        let Some(run) = self.database.run(id).cloned() else {
            return;
        };
        if !matches!(run.stage, RunStage::Asked { .. }) {
            return;
        }
        let now = self.now;
        let ended = |outcome| News::AuthenticationEnded {
            authentication: id,
            outcome,
            cardholder_info: None,
        };
        let (news, stage) = match (heard, run.early) {
            (Heard::Final(status), _) => (
                ended(Ok(directory::result(id, status, false, now))),
                RunStage::Over,
            ),
            (Heard::Challenge | Heard::Decoupled, Some(status)) => (
                ended(Ok(directory::result(id, status, true, now))),
                RunStage::Over,
            ),
            (Heard::Challenge, None) => (
                News::CardholderNeeded { authentication: id },
                RunStage::AwaitingResults,
            ),
            (Heard::Decoupled, None) => {
                let until = clock::time(now) + Duration::minutes(5);
                let expires_at = until + Duration::minutes(1);
                let agreed = Decoupled {
                    until,
                    expires_at,
                    cardholder_info: None,
                };
                (
                    News::DecoupledAgreed {
                        authentication: id,
                        agreed,
                    },
                    RunStage::AwaitingResults,
                )
            }
            (Heard::Silence, _) => (ended(Err(Failure::DirectoryTimeout)), RunStage::Over),
            (Heard::Erro, _) => (ended(Err(Failure::DirectoryErro { code: 101 })), RunStage::Over),
        };
        self.concludes_with(task, order, RunRow { stage, ..run }, news);
    }

    fn takes_results(&mut self, task: &mut Task, order: Order, id: Id<kind::Authentication>, status: char) {
        let Some(run) = self.database.run(id).cloned() else {
            return;
        };
        match run.stage {
            RunStage::Asked { .. } if run.early.is_none() => {
                task.beat = Beat::RecordRun(RunRow {
                    early: Some(status),
                    ..run
                });
            }
            RunStage::AwaitingResults => {
                let outcome = Ok(directory::result(id, status, true, self.now));
                let news = News::AuthenticationEnded {
                    authentication: id,
                    outcome,
                    cardholder_info: None,
                };
                self.concludes_with(
                    task,
                    order,
                    RunRow {
                        stage: RunStage::Over,
                        ..run
                    },
                    news,
                );
            }
            // Too late, or told before.
            RunStage::Asked { .. } | RunStage::Begun | RunStage::Over => {}
        }
    }

    /// Where a run has come to is recorded together with what that means for its payment, or, when the payment has moved on
    /// without it, for itself.
    fn concludes_with(&mut self, task: &mut Task, order: Order, run: RunRow, news: News) {
        let moment = self.moment();
        if !self.decides_on(task, order, news, vec![run.clone()], moment) {
            task.beat = Beat::RecordRun(run);
        }
    }

    /// The payment is due: whatever its state waits for is done, asked, or given up.
    fn looks(&mut self, task: &mut Task, order: Order) {
        let Some(payment) = &order.payment else { return };
        match &payment.state {
            PaymentState::Authenticating(current) => {
                let current = current.clone();
                self.looks_at_authentication(task, order, &current);
            }
            PaymentState::Authorizing(_) | PaymentState::Closed(_) => match charge_due(&order) {
                Some(ChargeDue::Silent { attempt }) => {
                    let news = self.sender_died(attempt);
                    let moment = self.moment();
                    self.decides_on(task, order, news, Vec::new(), moment);
                }
                Some(ChargeDue::Overdue { attempt }) => {
                    let moment = self.moment();
                    self.decides_on(task, order, News::Overdue { attempt }, Vec::new(), moment);
                }
                Some(ChargeDue::Send(outgoing)) => task.beat = Beat::Send(Box::new(order), outgoing),
                None => {}
            },
            PaymentState::Authorized(_) => self.looks_at_settlements(task, order),
        }
    }

    fn looks_at_settlements(&mut self, task: &mut Task, order: Order) {
        let moment = self.moment();
        match settlement_due(&order, moment.now) {
            Some(SettlementDue::Silent { settlement }) => {
                let news = News::Settlement(SettlementNews::Silence { settlement });
                self.decides_on(task, order, news, Vec::new(), moment);
            }
            Some(SettlementDue::Send(outgoing)) => task.beat = Beat::Send(Box::new(order), outgoing),
            None => {}
        }
    }

    fn looks_at_authentication(&mut self, task: &mut Task, order: Order, current: &Authenticating) {
        let moment = self.moment();
        if moment.now >= expires_at(&self.limits, current) {
            let runs = self.given_up_run(&order);
            self.decides_on(task, order, News::TimeExpired, runs, moment);
            return;
        }
        match current.stage {
            AuthenticationStage::Requesting => {
                self.starts_anew(task, order, AuthenticationStage::Requesting, moment);
            }
            AuthenticationStage::WithCardholder | AuthenticationStage::Decoupled(_) => {}
        }
    }

    /// A new run takes the place of one whose asker died.
    fn starts_anew(&mut self, task: &mut Task, order: Order, stage: AuthenticationStage, moment: Moment) {
        let mut runs = self.given_up_run(&order);
        let Some(payment) = order.payment.as_ref().map(|payment| payment.id) else {
            return;
        };
        let needs_page = stage == AuthenticationStage::WithCardholder;
        runs.push(self.new_run(payment, needs_page, moment));
        self.decides_on(task, order, News::AuthenticationRestarted { stage }, runs, moment);
    }

    /// The current run as it is when nobody waits for it any more, unless it is over by itself.
    fn given_up_run(&self, order: &Order) -> Vec<RunRow> {
        let current = authenticating(order).and_then(|current| self.database.run(current.authentication));
        let open = current.filter(|run| run.stage != RunStage::Over);
        open.map(|run| RunRow {
            stage: RunStage::Over,
            ..run.clone()
        })
        .into_iter()
        .collect()
    }

    fn opens_page(&mut self, task: &mut Task, order: Order) {
        let Some(current) = authenticating(&order) else {
            return;
        };
        if current.stage != AuthenticationStage::WithCardholder {
            return;
        }
        let moment = self.moment();
        if current.page_opened_at.is_none() {
            self.decides_on(task, order, News::PageOpened, Vec::new(), moment);
            return;
        }
        let Some(run) = self.database.run(current.authentication).cloned() else {
            return;
        };
        let lease = i64::from(self.limits.authentication_lease_seconds) * 1_000;
        match run.stage {
            RunStage::Asked { at } if self.now >= at + lease => {
                self.starts_anew(task, order, AuthenticationStage::WithCardholder, moment);
            }
            RunStage::Asked { .. } | RunStage::Begun | RunStage::AwaitingResults | RunStage::Over => {
                self.page_goes_on(task, &run);
            }
        }
    }
}

fn recording(index: usize, step: Step, runs: Vec<RunRow>) -> Beat {
    Beat::Record(Box::new(Recording {
        step,
        index,
        runs,
        claim: None,
        has_code: false,
    }))
}

fn authenticating(order: &Order) -> Option<&Authenticating> {
    match &order.payment.as_ref()?.state {
        PaymentState::Authenticating(current) => Some(current),
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}
