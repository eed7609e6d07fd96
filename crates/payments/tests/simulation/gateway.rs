//! The gateway's processes: flows that decide, record, send and apply as `orchestrator/src/flows` does, one beat at a
//! time, so that anything may come between two beats: another flow, an hour, or the end of the process.

use crate::{
    clock,
    database::{NotRecorded, Recording, RunRow, RunStage},
    directory::Heard,
    mutants::{self, Mutant},
    operations::OperationState,
    people,
    purchases::Call,
    reversals::Tidings,
    rules,
    world::{Todo, World},
};
use payments::{
    News, Order, Outgoing, PaymentState, Refusal, Step,
    attempt::AttemptInFlight,
    payment::{AuthenticationStage, Closed},
    routing::Route,
};
use primitives::{Id, Moment, id::kind};
use std::rc::Rc;

/// How often a flow decides again because somebody else was faster.
const TRIES: u8 = 8;
/// How long a process has a due payment in hand.
const LOOK_LEASE: i64 = 90_000;

/// A flow in some process.
pub struct Task {
    pub process: usize,
    pub order: usize,
    pub payment: Option<Id<kind::Payment>>,
    pub errand: Errand,
    pub beat: Beat,
    /// How often somebody else was faster.
    pub races: u8,
    /// When its last message left.
    pub sent_at: i64,
}

/// What a flow is about.
pub enum Errand {
    Purchase(Rc<Call>),
    /// Something is known of the payment and is to be recorded.
    Tell(News),
    /// A processor has told how a capture, void or refund stands.
    Notice {
        number: usize,
        state: OperationState,
        news: News,
    },
    /// A processor has told what became of a charge, or of taking one back.
    Tidings(Tidings),
    /// The AReq of a run was answered, or not.
    Ares {
        run: Id<kind::Authentication>,
        heard: Heard,
    },
    /// The payment is due.
    Look,
    Results {
        run: Id<kind::Authentication>,
        status: char,
    },
    Page,
    GiveUp,
    Cancel,
    Expire,
}

/// Where a flow stands.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one per flow of a simulated process"
)]
pub enum Beat {
    /// To read, unless it holds what it read before, and to decide.
    Decide(Option<Box<Order>>),
    /// Decided, to be recorded.
    Record(Box<Recording>),
    /// A run alone is to be recorded.
    RecordRun(RunRow),
    /// Recorded, to be sent.
    Send(Box<Order>, Outgoing),
    /// Sent. The answer, once it is made at the other end.
    Hear(Box<Order>, Outgoing, Option<Reply>),
    /// The errand is done.
    Over,
}

/// What comes back for a message.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one per flow of a simulated process"
)]
pub enum Reply {
    News(News),
    Ares(Heard),
}

impl World {
    /// Begins a flow in a process that is alive. `false`: there is none.
    pub fn begin_somewhere(
        &mut self,
        order: usize,
        payment: Option<Id<kind::Payment>>,
        errand: Errand,
    ) -> bool {
        let Some(process) = self.some_process() else {
            return false;
        };
        self.tasks.push(Some(Task {
            process,
            order,
            payment,
            errand,
            beat: Beat::Decide(None),
            races: 0,
            sent_at: self.now,
        }));
        let pause = self.chance.pause();
        self.after(pause, Todo::Beat(self.tasks.len() - 1));
        true
    }

    /// Whether somebody looks at a payment now, since it is due and nobody has it in hand.
    pub fn poll(&mut self, order: usize, payment: Id<kind::Payment>) {
        let now = self.now;
        let Some(row) = self.database.payment_mut(order, payment) else {
            return;
        };
        let due = row.look_again_at.is_some_and(|at| at <= now)
            && row.leased_until.is_none_or(|until| until <= now);
        if !due {
            return;
        }
        if self.begin_somewhere(order, Some(payment), Errand::Look) {
            if let Some(row) = self.database.payment_mut(order, payment) {
                row.leased_until = Some(now + LOOK_LEASE);
            }
            self.after(LOOK_LEASE, Todo::Poll(order, payment));
        } else {
            self.after(1_000, Todo::Poll(order, payment));
        }
    }

    /// One beat of a flow, before or after which its process may die.
    pub fn beat(&mut self, id: usize) {
        let Some(mut task) = self.tasks[id].take() else {
            return;
        };
        let dies = self.chance.permille(self.deaths);
        if dies && self.chance.permille(400) {
            return self.die(task.process);
        }
        let process = task.process;
        let wait = match std::mem::replace(&mut task.beat, Beat::Over) {
            Beat::Decide(held) => self.decides(&mut task, held),
            Beat::Record(recording) => self.records(&mut task, recording),
            Beat::RecordRun(run) => self.records_run(&mut task, run),
            Beat::Send(order, outgoing) => self.sends(id, &mut task, order, outgoing),
            Beat::Hear(order, outgoing, reply) => self.hears(&mut task, order, outgoing, reply),
            Beat::Over => return,
        };
        if !matches!(task.beat, Beat::Over) {
            self.tasks[id] = Some(task);
            let pause = wait.unwrap_or_else(|| self.chance.pause());
            self.after(pause, Todo::Beat(id));
        }
        if dies {
            self.die(process);
        }
    }

    /// The rules, or what a mutant makes of them.
    pub fn rule(&mut self, order: Order, news: News, moment: Moment) -> Result<Option<Step>, Refusal> {
        let limits = self.limits;
        match self.mutant {
            None => payments::decide(&limits, order, news, moment),
            Some(mutant) => mutants::decide(mutant, &limits, order, news, moment),
        }
    }

    fn records(&mut self, task: &mut Task, recording: Box<Recording>) -> Option<i64> {
        let checks_version = self.mutant != Some(Mutant::VersionNotChecked);
        let before = rules::Before::of(self, task.order);
        let lost = self.chance.permille(self.deaths / 4);
        if lost && self.chance.permille(500) {
            // The connection broke before the commit arrived.
            return None;
        }
        match self.database.record(&recording, self.now, checks_version) {
            Ok(()) => {
                self.say(|_| written(task, &recording));
                self.recorded(task.order, &recording);
                rules::after_record(self, &before, &recording);
                match &task.errand {
                    Errand::Notice { number, state, .. } if !lost => {
                        self.operations[*number].taken.push(*state);
                    }
                    Errand::Tidings(tidings) if !lost && !tidings.silence_first => {
                        let tidings = *tidings;
                        self.tidings_taken(&tidings);
                    }
                    _ => {}
                }
                if !lost {
                    self.goes_on(task, recording);
                }
            }
            Err(NotRecorded::Changed) => self.raced(task),
            Err(NotRecorded::Taken) => {}
            Err(NotRecorded::Refused(constraint)) => {
                self.violated(format!("the database refuses what was decided: {constraint}"));
            }
        }
        None
    }

    /// Somebody is to look again, and cardholders hear of their page.
    fn recorded(&mut self, order: usize, recording: &Recording) {
        let Some(payment) = &recording.step.order.payment else {
            return;
        };
        if let Some(at) = recording.step.look_again_at {
            let pause = self.chance.between(0, 2_000);
            self.at(clock::millis(at) + pause, Todo::Poll(order, payment.id));
        }
        if let PaymentState::Authenticating(now) = &payment.state
            && now.stage == AuthenticationStage::WithCardholder
            && recording.step.announce.is_some()
        {
            people::invite_cardholder(self, order, payment.id);
        }
    }

    fn goes_on(&mut self, task: &mut Task, recording: Box<Recording>) {
        let Recording { mut step, index, .. } = *recording;
        step.order.version = self.row(index).order.version;
        task.payment = step.order.payment.as_ref().map(|payment| payment.id);
        task.races = 0;
        task.beat = match step.send {
            Some(outgoing) => Beat::Send(Box::new(step.order), outgoing),
            // Once the page is open, or its run has started over, the page goes on.
            None if matches!(task.errand, Errand::Page) => Beat::Decide(None),
            None if matches!(&task.errand, Errand::Tidings(it) if it.silence_first) => Beat::Decide(None),
            None => Beat::Over,
        };
    }

    fn raced(&mut self, task: &mut Task) {
        task.races += 1;
        if task.races < TRIES {
            task.beat = Beat::Decide(None);
        }
    }

    fn records_run(&mut self, task: &mut Task, run: RunRow) -> Option<i64> {
        if self.database.write_run(&run).is_err() {
            self.raced(task);
            return None;
        }
        if matches!(task.errand, Errand::Page) {
            let order = self.database.load(task.order, task.payment);
            task.beat = Beat::Send(
                Box::new(order),
                Outgoing::Authenticate {
                    authentication: run.id,
                },
            );
        }
        None
    }

    /// The cardholder is at the run's challenge, or the run is to be asked first.
    pub fn page_goes_on(&mut self, task: &mut Task, run: &RunRow) {
        match run.stage {
            RunStage::Begun => {
                task.beat = Beat::RecordRun(RunRow {
                    stage: RunStage::Asked { at: self.now },
                    ..run.clone()
                });
            }
            RunStage::AwaitingResults => people::challenge(self, task.order, run.id),
            RunStage::Asked { .. } | RunStage::Over => {}
        }
    }
}

/// The attempt that is on its way, or that is watched after it was given up, with its route.
pub fn in_flight(order: &Order) -> Option<(&AttemptInFlight, &Route)> {
    let payment = order.payment.as_ref()?;
    let attempt = match &payment.state {
        PaymentState::Authorizing(attempt) => attempt,
        PaymentState::Closed(Closed::Denied(denial)) => &denial.late.as_ref()?.attempt,
        PaymentState::Closed(Closed::Cancelled)
        | PaymentState::Authenticating(_)
        | PaymentState::Authorized(_) => return None,
    };
    Some((attempt, payment.routes.get(attempt.route)?))
}

fn written(task: &Task, recording: &Recording) -> String {
    let step = &recording.step;
    let state = step
        .order
        .payment
        .as_ref()
        .map(|payment| (payment.number, &payment.state));
    format!(
        "process {} records order {} {:?} {state:?}, sends {:?}, tells {:?}, looks again at {:?}",
        task.process,
        task.order,
        step.order.lifecycle,
        step.send,
        step.announce.map(|told| told.payment_status),
        step.look_again_at.map(clock::millis),
    )
}
