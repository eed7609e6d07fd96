//! While 3-D Secure runs: answers, results, the hosted page, and time.

use crate::{
    clock,
    database::{RunRow, RunStage},
    directory::{self, Heard},
    gateway::{Beat, Task},
    world::World,
};
use mpi::Failure;
use payments::{
    News, Order, PaymentState,
    decide::expires_at,
    payment::{Authenticating, AuthenticationStage, Decoupled},
};
use primitives::{Id, Moment, id::kind};
use time::Duration;

impl World {
    /// What came of an AReq is recorded with what it means. An RReq may have been faster.
    pub(super) fn concludes(
        &mut self,
        task: &mut Task,
        order: Order,
        id: Id<kind::Authentication>,
        heard: Heard,
    ) {
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
        let (last_word, challenged) = match (heard, run.early) {
            (Heard::Final(status), _) => (Some(status), false),
            (Heard::Challenge | Heard::Decoupled, early) => (early, true),
            (Heard::Silence | Heard::Erro, _) => (None, false),
        };
        let (news, stage) = match (last_word, heard) {
            (Some(status), _) => (
                ended(Ok(directory::result(id, status, challenged, now))),
                RunStage::Over,
            ),
            (None, Heard::Challenge | Heard::Final(_)) => (
                News::CardholderNeeded { authentication: id },
                RunStage::AwaitingResults,
            ),
            (None, Heard::Decoupled) => {
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
            (None, Heard::Silence) => (ended(Err(Failure::DirectoryTimeout)), RunStage::Over),
            (None, Heard::Erro) => (ended(Err(Failure::DirectoryErro { code: 101 })), RunStage::Over),
        };
        let run = RunRow {
            stage,
            status: last_word,
            ..run
        };
        self.concludes_with(task, order, run, news);
    }

    pub(super) fn takes_results(
        &mut self,
        task: &mut Task,
        order: Order,
        id: Id<kind::Authentication>,
        status: char,
    ) {
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
                        status: Some(status),
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

    pub(super) fn looks_at_authentication(
        &mut self,
        task: &mut Task,
        order: Order,
        current: &Authenticating,
    ) {
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
    pub(super) fn given_up_run(&self, order: &Order) -> Vec<RunRow> {
        let current = authenticating(order).and_then(|current| self.database.run(current.authentication));
        let open = current.filter(|run| run.stage != RunStage::Over);
        open.map(|run| RunRow {
            stage: RunStage::Over,
            ..run.clone()
        })
        .into_iter()
        .collect()
    }

    pub(super) fn opens_page(&mut self, task: &mut Task, order: Order) {
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

fn authenticating(order: &Order) -> Option<&Authenticating> {
    match &order.payment.as_ref()?.state {
        PaymentState::Authenticating(current) => Some(current),
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}
