//! Whole charges and what follows them, against a simulator that answers as the sandbox does: the last two digits of the
//! amount are the response code asked for.
//!
//! The answer to every operation is a row of the [`Report`]. What an adapter declares is taken at its word and then held
//! against what happens.

use super::{BROKEN, Findings, NOT_OFFERED, Report, Row, Subject};
use crate::{
    Approval, Authorization, AuthorizationAnswer, CannotBuild, ChargeKind, Charged, InquiryAnswer, Notice,
};
use primitives::{Brand, Exchange, HttpRequest, Moment, Reply, Unreadable};
use std::{future::Future, time::Duration};

mod charges;
mod lost;
mod news;
mod settlements;

/// How long the end of what was only accepted, or a notification, may take here, in steps of [`STEP`].
const STEPS: u32 = 24;
const STEP: Duration = Duration::from_millis(250);

/// The way to the simulator, and the time.
pub trait Wire {
    /// Sends a request as it is. `None` when no whole reply came: refused, cut, timed out.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Option<Reply>>;

    /// Lets time pass.
    fn wait(&self, time: Duration) -> impl Future<Output = ()>;

    /// Now, and an identifier never handed out before.
    fn moment(&self) -> Moment;

    /// What the processor has posted of its own accord so far, oldest first.
    fn received(&self) -> Vec<Received>;
}

/// A notification as it came.
#[derive(Clone)]
pub struct Received {
    /// With names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Checks everything that needs a simulator.
pub async fn check(subject: &Subject<'_>, wire: &impl Wire) -> Report {
    let mut run = Run {
        subject,
        wire,
        findings: Findings::default(),
        rows: Vec::new(),
        read: 0,
        notices: Vec::new(),
    };
    let Some(brand) = subject.brands().next() else {
        run.findings
            .breach("some brand has a card here", subject.processor.name());
        return run.report();
    };
    // Boxed, since each is a long story of its own and debug builds keep them side by side on the stack.
    Box::pin(run.charges()).await;
    Box::pin(run.holds(brand)).await;
    Box::pin(run.lost_charge(brand)).await;
    Box::pin(run.grounds(brand)).await;
    Box::pin(run.captures(brand)).await;
    Box::pin(run.voids(brand)).await;
    Box::pin(run.refunds(brand)).await;
    Box::pin(run.lost_settlements(brand)).await;
    Box::pin(run.settlement_inquiry(brand)).await;
    Box::pin(run.reversal(brand)).await;
    Box::pin(run.notifications(brand)).await;
    run.report()
}

struct Run<'a, W> {
    subject: &'a Subject<'a>,
    wire: &'a W,
    findings: Findings,
    rows: Vec<Row>,
    /// How many of the received notifications have been read.
    read: usize,
    notices: Vec<Notice>,
}

impl<W: Wire> Run<'_, W> {
    fn report(self) -> Report {
        Report {
            rows: self.rows,
            breaches: self.findings.0,
        }
    }

    /// How many breaches there are, to be handed to [`Run::row`] later.
    fn mark(&self) -> usize {
        self.findings.0.len()
    }

    /// Writes an operation's row: `result`, unless a rule was broken since the mark.
    fn row(&mut self, operation: &'static str, mark: usize, result: &'static str) {
        let result = if self.mark() > mark { BROKEN } else { result };
        self.rows.push(Row { operation, result });
    }

    fn not_offered(&mut self, operation: &'static str) {
        let mark = self.mark();
        self.row(operation, mark, NOT_OFFERED);
    }

    /// Sends an exchange; `None` when no reply came or it could not be built.
    async fn exchange<A>(
        &mut self,
        built: Result<Exchange<A>, CannotBuild>,
    ) -> Option<Result<A, Unreadable>> {
        match built {
            Ok(exchange) => {
                let (request, read) = exchange.split();
                self.wire.send(request).await.map(|reply| read(&reply))
            }
            Err(fault) => {
                self.findings
                    .breach("what is offered is built", fault.to_string());
                None
            }
        }
    }

    fn order(&self, kind: ChargeKind, brand: Brand, minor: i64) -> Option<Authorization> {
        self.subject.order(kind, brand, minor, self.wire.moment())
    }

    async fn charge(&mut self, order: &Authorization) -> Option<Result<AuthorizationAnswer, Unreadable>> {
        let built = self
            .subject
            .processor
            .authorize(self.subject.account, order, self.wire.moment());
        self.exchange(built).await
    }

    /// A charge of an amount that approves; `None`, and a breach, where it is not.
    async fn approved(&mut self, kind: ChargeKind, brand: Brand, minor: i64) -> Option<Charged> {
        let order = self.order(kind, brand, minor)?;
        let approval = self.approval(&order).await?;
        Some(self.charged(&order, &approval))
    }

    async fn approval(&mut self, order: &Authorization) -> Option<Approval> {
        match self.charge(order).await {
            Some(Ok(AuthorizationAnswer::Approved(approval))) if approval.amount == order.amount => {
                Some(approval)
            }
            other => {
                let detail = format!("{:?} {}: {other:?}", order.kind, order.amount);
                self.findings
                    .breach("an amount that approves is approved as asked", detail);
                None
            }
        }
    }

    fn charged(&self, order: &Authorization, approval: &Approval) -> Charged {
        self.subject
            .charged(order, approval, self.wire.moment().fresh_id())
    }

    async fn inquire(&mut self, order: &Authorization) -> Option<InquiryAnswer> {
        let moment = self.wire.moment();
        let inquiry = self.subject.inquiry(order, moment.now);
        let built = self
            .subject
            .processor
            .inquire(self.subject.account, &inquiry, moment);
        match self.exchange(built).await {
            Some(Ok(answer)) => Some(answer),
            other => {
                self.findings
                    .breach("an inquiry is answered", format!("{other:?}"));
                None
            }
        }
    }

    fn visible_after(&self) -> Duration {
        let declared = self.subject.processor.capabilities().inquiry_visible_after;
        self.subject.account.inquiry_visible_after.unwrap_or(declared)
    }
}
