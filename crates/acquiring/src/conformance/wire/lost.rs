//! Answers that are lost, and how what became of the operation is found out: as the capabilities declare.

use super::{Run, STEP, STEPS, Wire, settlements::Asked, settlements::End};
use crate::{
    About, Authorization, CannotBuild, Captures, ChargeKind, InquiryAnswer, Recovery, Refunds, Reversal,
    ReversalAnswer, Says, SettlementInquiryAnswer, SettlementKind, Voids,
};
use primitives::Brand;

impl<W: Wire> Run<'_, W> {
    /// Charges whose answers are lost after the money was taken, and before.
    pub(super) async fn lost_charge(&mut self, brand: Brand) {
        let mark = self.mark();
        let recovery = self.subject.processor.capabilities().lost_charge;
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
            match recovery {
                Recovery::Inquire => self.found_by_inquiry(pair, &order, charged).await,
                Recovery::Reverse if matches!(pair, 0 | 5) => {}
                Recovery::Reverse => self.taken_back(pair, &order, charged).await,
                Recovery::Repeat => self
                    .findings
                    .breach("a lost charge is not repeated", "its security code is gone"),
            }
        }
        let result = match recovery {
            Recovery::Inquire => "found by inquiry",
            Recovery::Reverse => "taken back",
            Recovery::Repeat => "repeated",
        };
        self.row("lost charge", mark, result);
    }

    async fn found_by_inquiry(&mut self, pair: i64, order: &Authorization, charged: bool) {
        let found = self.inquire(order).await;
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

    /// Nothing can be asked: a notification tells, or the charge is taken back by our reference.
    async fn taken_back(&mut self, pair: i64, order: &Authorization, charged: bool) {
        let told = self.approval_told(order).await;
        self.findings.expect(
            !told || charged,
            "only what was charged is told as approved",
            || pair.to_string(),
        );
        let reversed = self.reverse(order).await;
        let right = match &reversed {
            Some(ReversalAnswer::Reversed) => charged,
            Some(ReversalAnswer::NotFound | ReversalAnswer::Refused(_)) => !charged,
            Some(ReversalAnswer::Accepted) | None => false,
        };
        self.findings
            .expect(right, "what was charged is taken back by our reference", || {
                format!("{pair}: {reversed:?}")
            });
    }

    /// Whether a notification says, within the time, that a charge was approved.
    async fn approval_told(&mut self, order: &Authorization) -> bool {
        for _ in 0..STEPS / 4 {
            self.read_notices();
            let told = self.notices.iter().any(|notice| {
                matches!(&notice.about, About::Charge { reference, says: Says::Outcome(InquiryAnswer::Approved(approval)) }
                    if *reference == order.reference && approval.amount == order.amount)
            });
            if told {
                return true;
            }
            self.wire.wait(STEP).await;
        }
        false
    }

    /// Takes a charge back by our reference, and waits for the end of what was only accepted.
    async fn reverse(&mut self, order: &Authorization) -> Option<ReversalAnswer> {
        let moment = self.wire.moment();
        let reversal = Reversal {
            charge_reference: order.reference.clone(),
            reference: moment.nonce.simple().to_string(),
            order_id: order.order_id.clone(),
            kind: order.kind,
            amount: order.amount,
            sent_at: moment.now,
        };
        let built = self
            .subject
            .processor
            .reverse(self.subject.account, &reversal, moment);
        match self.exchange(built).await {
            Some(Ok(ReversalAnswer::Accepted)) => {
                for _ in 0..STEPS {
                    self.read_notices();
                    let told = self.notices.iter().find_map(|notice| match &notice.about {
                        About::Reversal {
                            charge_reference,
                            done,
                        } if *charge_reference == order.reference => Some(*done),
                        _ => None,
                    });
                    match told {
                        Some(true) => return Some(ReversalAnswer::Reversed),
                        Some(false) => return Some(ReversalAnswer::NotFound),
                        None => self.wire.wait(STEP).await,
                    }
                }
                Some(ReversalAnswer::Accepted)
            }
            Some(Ok(answer)) => Some(answer),
            _ => None,
        }
    }

    /// The reversal of a charge that arrived and of one that never did.
    pub(super) async fn reversal(&mut self, brand: Brand) {
        let operation = "reversal";
        let Some(order) = self.order(ChargeKind::Sale, brand, 10_000) else {
            return;
        };
        if !self.subject.processor.capabilities().reversals {
            let moment = self.wire.moment();
            let reversal = Reversal {
                charge_reference: order.reference.clone(),
                reference: moment.nonce.simple().to_string(),
                order_id: order.order_id.clone(),
                kind: order.kind,
                amount: order.amount,
                sent_at: moment.now,
            };
            let mark = self.mark();
            let built = self
                .subject
                .processor
                .reverse(self.subject.account, &reversal, moment);
            let refused = matches!(built, Err(CannotBuild::NotOffered(_)));
            self.findings
                .expect(refused, "what is not offered is not built", || operation.into());
            return self.row(operation, mark, super::NOT_OFFERED);
        }
        let mark = self.mark();
        let never_sent = self.reverse(&order).await;
        self.findings.expect(
            matches!(
                never_sent,
                Some(ReversalAnswer::NotFound | ReversalAnswer::Refused(_))
            ),
            "what never arrived is not taken back",
            || format!("{never_sent:?}"),
        );
        let Some(order) = self.order(ChargeKind::Sale, brand, 10_000) else {
            return;
        };
        self.approval(&order).await;
        let reversed = self.reverse(&order).await;
        self.findings.expect(
            reversed == Some(ReversalAnswer::Reversed),
            "what was charged is taken back by our reference",
            || format!("{reversed:?}"),
        );
        self.row(operation, mark, "reversed");
    }

    /// Captures, voids and refunds whose answers are lost on the way back.
    pub(super) async fn lost_settlements(&mut self, brand: Brand) {
        let can = self.subject.processor.capabilities();
        for (operation, kind, offered) in [
            (
                "lost capture",
                SettlementKind::Capture,
                can.captures != Captures::NotOffered,
            ),
            ("lost void", SettlementKind::Void, can.voids != Voids::NotOffered),
            (
                "lost refund",
                SettlementKind::Refund,
                can.refunds != Refunds::NotOffered,
            ),
        ] {
            if !offered {
                self.not_offered(operation);
                continue;
            }
            let mark = self.mark();
            let result = self.lost_settlement(kind, brand).await.unwrap_or("");
            self.row(operation, mark, result);
        }
    }

    async fn lost_settlement(&mut self, kind: SettlementKind, brand: Brand) -> Option<&'static str> {
        let can = self.subject.processor.capabilities();
        let charge_kind = match kind {
            SettlementKind::Capture => ChargeKind::Authorization,
            SettlementKind::Void | SettlementKind::Refund => ChargeKind::Sale,
        };
        let partial = match kind {
            SettlementKind::Capture => matches!(can.captures, Captures::Once | Captures::Several),
            SettlementKind::Void => false,
            SettlementKind::Refund => can.refunds == Refunds::Several,
        };
        let charged = self.approved(charge_kind, brand, 10_000).await?;
        let minor = if partial { 4_000 } else { 10_000 };
        let asked = self.asked(kind, &charged, minor);
        let Ok(exchange) = self.build(&asked) else {
            self.findings.breach("what is offered is built", kind.as_str());
            return None;
        };
        // It arrives, and the answer is never looked at.
        self.wire.send(exchange.request).await;
        let (end, result) = self.recovered(&asked).await;
        self.findings.expect(
            end.is_done(),
            "what was done under a lost answer is found",
            || format!("{}: {end:?}", kind.as_str()),
        );
        self.done_once(&asked, minor).await;
        Some(result)
    }

    /// Finds out what became of it, by the means that is declared.
    async fn recovered(&mut self, asked: &Asked) -> (End, &'static str) {
        match self.subject.processor.capabilities().lost_settlement(asked.kind) {
            Recovery::Repeat => (self.settle(asked).await, "repeated"),
            Recovery::Inquire => {
                self.wire.wait(self.visible_after()).await;
                (self.end_of_accepted(asked, None).await, "found by inquiry")
            }
            Recovery::Reverse => {
                let detail = asked.kind.as_str();
                self.findings.breach("only a charge is taken back", detail);
                (End::NotBuilt, "")
            }
        }
    }

    /// After a recovery there is as much left as after one settlement, and no more.
    async fn done_once(&mut self, asked: &Asked, minor: i64) {
        let left = 10_000 - minor;
        let mut beyond = self.asked(asked.kind, &asked.of, left + 2_000);
        beyond.is_final = true;
        let end = self.settle(&beyond).await;
        self.findings.expect(
            matches!(end, End::Refused(_) | End::NotBuilt),
            "what was recovered was done",
            || format!("{} {}: {end:?}", asked.kind.as_str(), beyond.amount),
        );
        let can = self.subject.processor.capabilities();
        let several = match asked.kind {
            SettlementKind::Capture => can.captures == Captures::Several,
            SettlementKind::Void => false,
            SettlementKind::Refund => can.refunds == Refunds::Several,
        };
        if several && left > 0 {
            let rest = self.asked(asked.kind, &asked.of, left);
            let end = self.settle(&rest).await;
            self.findings
                .expect(end.is_done(), "what was recovered was done only once", || {
                    format!("{} {}: {end:?}", asked.kind.as_str(), rest.amount)
                });
        }
    }

    /// A refund is found by asking, and one that was never sent is not.
    pub(super) async fn settlement_inquiry(&mut self, brand: Brand) {
        let operation = "settlement inquiry";
        let can = self.subject.processor.capabilities();
        let mark = self.mark();
        let kind = if can.refunds == Refunds::NotOffered {
            SettlementKind::Void
        } else {
            SettlementKind::Refund
        };
        let Some(sale) = self.approved(ChargeKind::Sale, brand, 10_000).await else {
            return self.row(operation, mark, "");
        };
        let asked = self.asked(kind, &sale, 10_000);
        let end = self.settle(&asked).await;
        self.wire.wait(self.visible_after()).await;
        let (End::Done { processor_reference } | End::DoneLater { processor_reference }) = end else {
            self.findings.breach(
                "what is possible is done, and what is not is refused",
                kind.as_str(),
            );
            return self.row(operation, mark, "");
        };
        let Some(found) = self.inquire_settlement(&asked, processor_reference).await else {
            let needed = SettlementKind::ALL
                .iter()
                .any(|kind| can.lost_settlement(*kind) == Recovery::Inquire);
            self.findings
                .expect(!needed, "what is declared to be asked can be asked", String::new);
            return self.row(operation, mark, super::NOT_OFFERED);
        };
        self.findings.expect(
            matches!(
                found,
                SettlementInquiryAnswer::Done { .. } | SettlementInquiryAnswer::Pending
            ),
            "an inquiry finds what was settled, and only that",
            || format!("{found:?}"),
        );
        let never_sent = self.asked(kind, &sale, 10_000);
        let found = self.inquire_settlement(&never_sent, None).await;
        self.findings.expect(
            found == Some(SettlementInquiryAnswer::NotFound),
            "an inquiry finds what was settled, and only that",
            || format!("never sent: {found:?}"),
        );
        self.row(operation, mark, "found");
    }
}
