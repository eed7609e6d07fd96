//! Whole charges against a simulator that answers as the sandbox does: the last two digits of the amount are the
//! response code asked for.

use super::{Breach, Findings, Subject, attempted_authentication};
use crate::{
    Advice, Authorization, AuthorizationAnswer, Capture, Captures, ChargeKind, Charged, InquiryAnswer,
    Reason, Refund, Refunds, SettlementAnswer, Void, Voids,
};
use primitives::{Amount, Brand, Exchange, HttpRequest, Moment, Reply, Unreadable};
use std::{future::Future, time::Duration};

/// The way to the simulator, and the time.
pub trait Wire {
    /// Sends a request as it is. `None` when no whole reply came: refused, cut, timed out.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Option<Reply>>;

    /// Lets time pass.
    fn wait(&self, time: Duration) -> impl Future<Output = ()>;

    /// Now, and an identifier never handed out before.
    fn moment(&self) -> Moment;
}

/// The pairs every simulator knows, with the reason and the advice they must become.
const DECLINES: [(i64, Reason, Advice); 8] = [
    (5, Reason::GenericDecline, Advice::Failover),
    (14, Reason::InvalidCard, Advice::FixInput),
    (41, Reason::LostOrStolen, Advice::Never),
    (43, Reason::LostOrStolen, Advice::Never),
    (51, Reason::InsufficientFunds, Advice::Later),
    (54, Reason::ExpiredCard, Advice::FixInput),
    (65, Reason::LimitExceeded, Advice::Later),
    (91, Reason::IssuerUnavailable, Advice::Transient),
];

/// What 65 must become for a charge without a full authentication.
const ASKS_FOR_AUTHENTICATION: (Reason, Advice) = (Reason::AuthenticationRequired, Advice::Reauthenticate);

/// Checks everything that needs a simulator.
pub async fn check(subject: &Subject<'_>, wire: &impl Wire) -> Vec<Breach> {
    let mut run = Run {
        subject,
        wire,
        findings: Findings::default(),
    };
    for brand in subject.brands() {
        run.approvals_and_declines(brand).await;
    }
    if let Some(brand) = subject.brands().next() {
        run.lost_answers(brand).await;
        run.captures(brand).await;
        run.voids(brand).await;
        run.refunds(brand).await;
    }
    run.findings.0
}

struct Run<'a, W> {
    subject: &'a Subject<'a>,
    wire: &'a W,
    findings: Findings,
}

impl<W: Wire> Run<'_, W> {
    /// Sends an exchange; `None` when no reply came or it could not be built.
    async fn exchange<A>(
        &mut self,
        built: Result<Exchange<A>, crate::CannotBuild>,
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

    async fn approved(&mut self, kind: ChargeKind, brand: Brand, minor: i64) -> Option<Charged> {
        let order = self.order(kind, brand, minor)?;
        match self.charge(&order).await {
            Some(Ok(AuthorizationAnswer::Approved(approval))) if approval.amount == order.amount => Some(
                self.subject
                    .charged(&order, &approval, self.wire.moment().fresh_id()),
            ),
            other => {
                let detail = format!("{kind:?} {brand} {minor}: {other:?}");
                self.findings
                    .breach("an amount that approves is approved as asked", detail);
                None
            }
        }
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

    async fn approvals_and_declines(&mut self, brand: Brand) {
        self.approved(ChargeKind::Sale, brand, 10_000).await;
        if self.subject.processor.capabilities().authorizations {
            self.approved(ChargeKind::Authorization, brand, 10_000).await;
        }
        for (pair, reason, advice) in DECLINES {
            if let Some(order) = self.order(ChargeKind::Sale, brand, 10_000 + pair) {
                // Where no authentication can be carried, 65 asks for one.
                let asks = pair == 65 && order.authentication.is_none();
                let (reason, advice) = if asks {
                    ASKS_FOR_AUTHENTICATION
                } else {
                    (reason, advice)
                };
                self.declined(&order, reason, advice).await;
            }
        }
        if let Some(mut order) = self.order(ChargeKind::Sale, brand, 10_065)
            && order.authentication.is_some()
        {
            order.authentication = Some(attempted_authentication(brand));
            let (reason, advice) = ASKS_FOR_AUTHENTICATION;
            self.declined(&order, reason, advice).await;
        }
        self.foreign_replies(brand).await;
    }

    async fn declined(&mut self, order: &Authorization, reason: Reason, advice: Advice) {
        let answer = self.charge(order).await;
        let as_asked = matches!(&answer, Some(Ok(AuthorizationAnswer::Declined(decline)))
            if decline.reason == reason && decline.advice == advice && decline.raw_code.is_some());
        let amount = order.amount;
        self.findings.expect(
            as_asked,
            "an amount that declines is declined for its reason",
            || format!("{amount}: {answer:?}"),
        );
    }

    /// A real approval, handed to the reader of another charge.
    async fn foreign_replies(&mut self, brand: Brand) {
        let Some(order) = self.order(ChargeKind::Sale, brand, 10_000) else {
            return;
        };
        let moment = self.wire.moment();
        let build = |order: &Authorization| {
            self.subject
                .processor
                .authorize(self.subject.account, order, moment)
        };
        let Ok(exchange) = build(&order) else { return };
        let Some(reply) = self.wire.send(exchange.request).await else {
            return self.findings.breach("a charge is answered", format!("{brand}"));
        };
        let mut other = order.clone();
        other.amount = Amount::new(order.amount.minor() + 1, order.amount.currency()).unwrap_or(order.amount);
        let answer = build(&other).map(|exchange| exchange.read(&reply));
        let believed = matches!(answer, Ok(Ok(AuthorizationAnswer::Approved(_))));
        self.findings
            .expect(!believed, "an approval of another amount is none", || {
                format!("{brand}")
            });
    }

    /// Answers that are lost after the money was taken, and before.
    async fn lost_answers(&mut self, brand: Brand) {
        let mut asked = Vec::new();
        for (pair, charged) in [(0, true), (96, true), (68, true), (69, false), (5, false)] {
            let Some(order) = self.order(ChargeKind::Sale, brand, 10_000 + pair) else {
                continue;
            };
            let answer = self.charge(&order).await;
            let open = matches!(answer, None | Some(Err(_)));
            let answered = matches!(pair, 0 | 5);
            self.findings
                .expect(open != answered, "a lost answer leaves the outcome open", || {
                    format!("{pair}: {answer:?}")
                });
            asked.push((pair, order, charged));
        }
        self.wire.wait(self.visible_after()).await;
        for (pair, order, charged) in asked {
            let found = self.inquire(&order).await;
            let right = match &found {
                Some(InquiryAnswer::Approved(approval)) => charged && approval.amount == order.amount,
                Some(InquiryAnswer::Declined(_)) => pair == 5,
                Some(InquiryAnswer::NotFound) => !charged && pair != 5,
                Some(InquiryAnswer::Pending) | None => false,
            };
            self.findings
                .expect(right, "an inquiry finds what was charged, and only that", || {
                    format!("{pair}: {found:?}")
                });
        }
    }

    async fn captures(&mut self, brand: Brand) {
        let offered = self.subject.processor.capabilities().captures;
        if offered == Captures::NotOffered {
            return;
        }
        let part = if offered == Captures::FullOnly {
            10_000
        } else {
            4_000
        };
        for (minor, possible) in [(part, true), (50_000, false)] {
            let Some(held) = self.approved(ChargeKind::Authorization, brand, 10_000).await else {
                return;
            };
            let moment = self.wire.moment();
            let order = Capture {
                reference: moment.nonce.to_string(),
                of: held,
                amount: self.subject.amount(minor),
                is_final: true,
            };
            let built = self
                .subject
                .processor
                .capture(self.subject.account, &order, moment);
            let answer = self.exchange(built).await;
            self.settled(&answer, possible, "capture", minor);
        }
    }

    async fn voids(&mut self, brand: Brand) {
        if self.subject.processor.capabilities().voids == Voids::NotOffered {
            return;
        }
        let Some(sale) = self.approved(ChargeKind::Sale, brand, 10_000).await else {
            return;
        };
        let moment = self.wire.moment();
        let order = Void {
            reference: moment.nonce.to_string(),
            of: sale,
            reason: None,
        };
        let void = |order: &Void| self.subject.processor.void(self.subject.account, order, moment);
        let (first, again) = (void(&order), void(&order));
        let other = Void {
            reference: self.wire.moment().nonce.to_string(),
            ..order.clone()
        };
        let other = void(&other);
        let answer = self.exchange(first).await;
        self.settled(&answer, true, "void", 10_000);
        let repeated = self.exchange(again).await;
        self.findings.expect(
            repeated == answer || refused(&repeated),
            "a repeated void is the same void, or refused",
            || format!("{repeated:?}"),
        );
        let answer = self.exchange(other).await;
        self.settled(&answer, false, "second void", 10_000);
    }

    async fn refunds(&mut self, brand: Brand) {
        let offered = self.subject.processor.capabilities().refunds;
        if offered == Refunds::NotOffered {
            return;
        }
        let Some(sale) = self.approved(ChargeKind::Sale, brand, 10_000).await else {
            return;
        };
        let steps: &[(i64, bool)] = match offered {
            Refunds::Several => &[
                (50_000, false),
                (4_000, true),
                (6_001, false),
                (6_000, true),
                (1, false),
            ],
            Refunds::FullOnly | Refunds::NotOffered => &[(10_000, true), (10_000, false)],
        };
        for (minor, possible) in steps {
            let moment = self.wire.moment();
            let order = Refund {
                reference: moment.nonce.to_string(),
                of: sale.clone(),
                captured: sale.authorized,
                amount: self.subject.amount(*minor),
                capture: None,
                reason: None,
            };
            let built = self
                .subject
                .processor
                .refund(self.subject.account, &order, moment);
            let answer = self.exchange(built).await;
            self.settled(&answer, *possible, "refund", *minor);
        }
    }

    fn settled(
        &mut self,
        answer: &Option<Result<SettlementAnswer, Unreadable>>,
        possible: bool,
        name: &'static str,
        minor: i64,
    ) {
        let done = matches!(
            answer,
            Some(Ok(
                SettlementAnswer::Done { .. } | SettlementAnswer::Accepted { .. }
            ))
        );
        let right = if possible { done } else { refused(answer) };
        self.findings.expect(
            right,
            "what is possible is done, and what is not is refused",
            || format!("{name} {minor}: {answer:?}"),
        );
    }
}

fn refused(answer: &Option<Result<SettlementAnswer, Unreadable>>) -> bool {
    matches!(answer, Some(Ok(SettlementAnswer::Refused(_))))
}
