//! Captures, voids and refunds: what is possible is done, at once or in the end, and what is not is refused.

use super::{Run, STEP, STEPS, Wire};
use crate::{
    About, CannotBuild, Capture, CaptureRef, Captures, ChargeKind, Charged, Decline, Refund, Refunds, Says,
    SettlementAnswer, SettlementInquiry, SettlementInquiryAnswer, SettlementKind, Void, Voids,
};
use primitives::{Amount, Brand, Exchange, Unreadable};
use time::OffsetDateTime;

/// One capture, void or refund to be asked for.
#[derive(Clone)]
pub(super) struct Asked {
    pub kind: SettlementKind,
    pub of: Charged,
    pub reference: String,
    pub amount: Amount,
    /// The capture that a refund gives back.
    pub capture: Option<CaptureRef>,
    pub is_final: bool,
    pub sent_at: OffsetDateTime,
}

/// Amounts in minor units, one after the other, and whether each is possible.
type Steps = &'static [(i64, bool)];

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Done by the answer itself.
    Done {
        processor_reference: Option<String>,
    },
    /// Accepted, and done later.
    DoneLater {
        processor_reference: Option<String>,
    },
    Refused(Decline),
    /// It cannot even be asked for.
    NotBuilt,
    /// Nobody said how.
    Open(String),
}

impl End {
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::DoneLater { .. })
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::DoneLater { .. } => "accepted, then done",
            Self::Refused(_) | Self::NotBuilt | Self::Open(_) => "refused",
        }
    }
}

impl<W: Wire> Run<'_, W> {
    pub(super) fn asked(&self, kind: SettlementKind, of: &Charged, minor: i64) -> Asked {
        let moment = self.wire.moment();
        Asked {
            kind,
            of: of.clone(),
            reference: moment.nonce.simple().to_string(),
            amount: self.subject.amount(minor),
            capture: None,
            is_final: false,
            sent_at: moment.now,
        }
    }

    /// Builds what is asked; the same, whenever it is built.
    pub(super) fn build(&self, asked: &Asked) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        let (processor, account) = (self.subject.processor, self.subject.account);
        let (of, reference) = (asked.of.clone(), asked.reference.clone());
        let moment = self.wire.moment();
        match asked.kind {
            SettlementKind::Capture => {
                let order = Capture {
                    of,
                    reference,
                    amount: asked.amount,
                    is_final: asked.is_final,
                };
                processor.capture(account, &order, moment)
            }
            SettlementKind::Void => {
                let order = Void {
                    of,
                    reference,
                    reason: None,
                };
                processor.void(account, &order, moment)
            }
            SettlementKind::Refund => {
                let order = Refund {
                    captured: asked
                        .capture
                        .as_ref()
                        .map_or(of.authorized, |capture| capture.amount),
                    of,
                    reference,
                    amount: asked.amount,
                    capture: asked.capture.clone(),
                    reason: None,
                };
                processor.refund(account, &order, moment)
            }
        }
    }

    /// Asks, and waits for the end.
    pub(super) async fn settle(&mut self, asked: &Asked) -> End {
        match self.build(asked) {
            Err(CannotBuild::NotExpressible(_)) => End::NotBuilt,
            built => {
                let answer = self.exchange(built).await;
                self.end(asked, answer).await
            }
        }
    }

    /// The end of what was answered so.
    pub(super) async fn end(
        &mut self,
        asked: &Asked,
        answer: Option<Result<SettlementAnswer, Unreadable>>,
    ) -> End {
        match answer {
            Some(Ok(SettlementAnswer::Done { processor_reference })) => End::Done { processor_reference },
            Some(Ok(SettlementAnswer::Refused(decline))) => End::Refused(decline),
            Some(Ok(SettlementAnswer::Accepted { processor_reference })) => {
                self.end_of_accepted(asked, processor_reference).await
            }
            other => End::Open(format!("{other:?}")),
        }
    }

    /// Waits until a notification or an inquiry tells the end.
    pub(super) async fn end_of_accepted(
        &mut self,
        asked: &Asked,
        processor_reference: Option<String>,
    ) -> End {
        for _ in 0..STEPS {
            let heard = match self.told(asked, processor_reference.as_deref()) {
                Some(told) => Some(told),
                None => self.inquire_settlement(asked, processor_reference.clone()).await,
            };
            match heard {
                Some(SettlementInquiryAnswer::Done { processor_reference }) => {
                    return End::DoneLater { processor_reference };
                }
                Some(SettlementInquiryAnswer::Refused(decline)) => return End::Refused(decline),
                Some(SettlementInquiryAnswer::Pending | SettlementInquiryAnswer::NotFound) | None => {}
            }
            self.wire.wait(STEP).await;
        }
        End::Open("accepted, and never heard of again".into())
    }

    /// The end of a settlement as the latest notification of one tells it. That it has none yet is no news, whenever it
    /// comes.
    fn told(&mut self, asked: &Asked, processor_reference: Option<&str>) -> Option<SettlementInquiryAnswer> {
        self.read_notices();
        self.notices.iter().rev().find_map(|notice| match &notice.about {
            About::Settlement {
                reference,
                processor_reference: known,
                says:
                    Says::Outcome(
                        outcome
                        @ (SettlementInquiryAnswer::Done { .. } | SettlementInquiryAnswer::Refused(_)),
                    ),
                ..
            } => {
                let by_ours = reference.as_deref() == Some(asked.reference.as_str());
                let by_theirs = known.is_some() && known.as_deref() == processor_reference;
                (by_ours || by_theirs).then(|| outcome.clone())
            }
            About::Settlement { .. }
            | About::Charge { .. }
            | About::Reversal { .. }
            | About::Expiry { .. }
            | About::Other(_) => None,
        })
    }

    /// Asks about a settlement; `None` where that is not offered, or was not answered readably.
    pub(super) async fn inquire_settlement(
        &mut self,
        asked: &Asked,
        processor_reference: Option<String>,
    ) -> Option<SettlementInquiryAnswer> {
        let order = SettlementInquiry {
            kind: asked.kind,
            of: asked.of.clone(),
            reference: asked.reference.clone(),
            processor_reference,
            amount: asked.amount,
            sent_at: asked.sent_at,
        };
        let moment = self.wire.moment();
        let built = self
            .subject
            .processor
            .inquire_settlement(self.subject.account, &order, moment);
        if matches!(built, Err(CannotBuild::NotOffered(_))) {
            return None;
        }
        match self.exchange(built).await {
            Some(Ok(answer)) => Some(answer),
            other => {
                let detail = format!("{:?}: {other:?}", asked.kind);
                self.findings.breach("an inquiry is answered", detail);
                None
            }
        }
    }

    /// Asks for something that must be possible, or must not be.
    async fn step(&mut self, asked: &Asked, possible: bool) -> End {
        let end = self.settle(asked).await;
        let right = if possible {
            end.is_done()
        } else {
            matches!(end, End::Refused(_) | End::NotBuilt)
        };
        self.findings.expect(
            right,
            "what is possible is done, and what is not is refused",
            || format!("{} {}: {end:?}", asked.kind.as_str(), asked.amount),
        );
        end
    }

    pub(super) async fn captures(&mut self, brand: Brand) {
        let offered = self.subject.processor.capabilities().captures;
        let parts = matches!(offered, Captures::Once | Captures::Several);
        let rows: [(&'static str, bool, Steps); 4] = [
            ("capture", offered != Captures::NotOffered, &[(10_000, true)]),
            ("partial capture", parts, &[(4_000, true)]),
            (
                "several captures",
                offered == Captures::Several,
                &[(4_000, true), (6_000, true), (1_000, false)],
            ),
            (
                "over-capture",
                offered != Captures::NotOffered,
                &[(50_000, false)],
            ),
        ];
        for (operation, is_offered, steps) in rows {
            if !is_offered {
                self.not_offered(operation);
                continue;
            }
            let mark = self.mark();
            let Some(held) = self.approved(ChargeKind::Authorization, brand, 10_000).await else {
                self.row(operation, mark, "");
                continue;
            };
            let mut word = "";
            for (number, (minor, possible)) in steps.iter().enumerate() {
                let mut asked = self.asked(SettlementKind::Capture, &held, *minor);
                asked.is_final = steps.len() == 1;
                let end = self.step(&asked, *possible).await;
                if number == 0 {
                    word = end.word();
                }
            }
            self.row(operation, mark, word);
        }
    }

    pub(super) async fn voids(&mut self, brand: Brand) {
        let can = self.subject.processor.capabilities();
        for (operation, kind) in [
            ("void of a sale", ChargeKind::Sale),
            ("void of an authorization", ChargeKind::Authorization),
        ] {
            if can.voids == Voids::NotOffered || (kind == ChargeKind::Authorization && !can.authorizations) {
                self.not_offered(operation);
                continue;
            }
            let mark = self.mark();
            let Some(charged) = self.approved(kind, brand, 10_000).await else {
                self.row(operation, mark, "");
                continue;
            };
            let asked = self.asked(SettlementKind::Void, &charged, 10_000);
            let end = self.step(&asked, true).await;
            let repeated = self.settle(&asked).await;
            let same = repeated.is_done() || matches!(repeated, End::Refused(_));
            self.findings
                .expect(same, "a repeated void is the same void, or refused", || {
                    format!("{repeated:?}")
                });
            let second = self.asked(SettlementKind::Void, &charged, 10_000);
            self.step(&second, false).await;
            self.row(operation, mark, end.word());
        }
    }

    pub(super) async fn refunds(&mut self, brand: Brand) {
        let offered = self.subject.processor.capabilities().refunds;
        let rows: [(&'static str, bool, Steps); 3] = [
            ("refund", offered != Refunds::NotOffered, &[(10_000, true)]),
            (
                "partial refunds",
                offered == Refunds::Several,
                &[(4_000, true), (6_000, true)],
            ),
            (
                "over-refund",
                offered != Refunds::NotOffered,
                &[(50_000, false), (10_000, true), (100, false)],
            ),
        ];
        for (operation, is_offered, steps) in rows {
            if !is_offered {
                self.not_offered(operation);
                continue;
            }
            let mark = self.mark();
            let Some(sale) = self.approved(ChargeKind::Sale, brand, 10_000).await else {
                self.row(operation, mark, "");
                continue;
            };
            let mut word = "";
            for (number, (minor, possible)) in steps.iter().enumerate() {
                let asked = self.asked(SettlementKind::Refund, &sale, *minor);
                let end = self.step(&asked, *possible).await;
                if number == 0 {
                    word = end.word();
                }
            }
            self.row(operation, mark, word);
        }
        self.refund_of_a_capture(brand).await;
    }

    /// What was held and then captured is given back too, by the capture where the processor's refunds are of one.
    async fn refund_of_a_capture(&mut self, brand: Brand) {
        let can = self.subject.processor.capabilities();
        let operation = "refund of a capture";
        if can.refunds == Refunds::NotOffered || can.captures == Captures::NotOffered {
            return self.not_offered(operation);
        }
        let mark = self.mark();
        let Some(held) = self.approved(ChargeKind::Authorization, brand, 10_000).await else {
            return self.row(operation, mark, "");
        };
        let mut capture = self.asked(SettlementKind::Capture, &held, 10_000);
        capture.is_final = true;
        let captured = self.step(&capture, true).await;
        let mut word = "";
        if let End::Done { processor_reference } | End::DoneLater { processor_reference } = captured {
            let mut refund = self.asked(SettlementKind::Refund, &held, 10_000);
            refund.capture = Some(CaptureRef {
                reference: capture.reference,
                processor_reference,
                amount: capture.amount,
            });
            word = self.step(&refund, true).await.word();
        }
        self.row(operation, mark, word);
    }
}
