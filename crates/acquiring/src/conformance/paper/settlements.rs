//! What follows a charge: built where it is offered, and believed only when it is said.

use super::{Findings, Subject, junk, request};
use crate::{
    CannotBuild, Capture, Captures, ChargeKind, Charged, Recovery, Refund, Refunds, Reversal, ReversalAnswer,
    SettlementAnswer, SettlementInquiry, SettlementInquiryAnswer, SettlementKind, Void, Voids,
};
use primitives::{Exchange, Moment};

/// Our reference of the charge that everything here follows.
const CHARGE: &str = "0190c0de000070008000000000000001";

/// Captures, voids and refunds are built exactly where they are offered.
pub(super) fn check(subject: &Subject<'_>, moment: Moment, findings: &mut Findings) {
    let (processor, account) = (subject.processor, subject.account);
    let offered = processor.capabilities();
    let reference = moment.nonce.to_string();
    let (whole, part) = (subject.amount(10_000), subject.amount(4_000));

    let of = |kind| charged(subject, kind, moment);
    let capture = |amount| {
        let order = Capture {
            of: of(ChargeKind::Authorization),
            reference: reference.clone(),
            amount,
            is_final: true,
        };
        processor.capture(account, &order, moment)
    };
    let void = || {
        let order = Void {
            of: of(ChargeKind::Authorization),
            reference: reference.clone(),
            reason: None,
        };
        processor.void(account, &order, moment)
    };
    let refund = |amount| {
        let order = Refund {
            of: of(ChargeKind::Sale),
            reference: reference.clone(),
            captured: whole,
            amount,
            capture: None,
            reason: None,
        };
        processor.refund(account, &order, moment)
    };
    settlement(
        "capture",
        offered.captures != Captures::NotOffered,
        &reference,
        || capture(whole),
        findings,
    );
    settlement(
        "void",
        offered.voids != Voids::NotOffered,
        &reference,
        void,
        findings,
    );
    settlement(
        "refund",
        offered.refunds != Refunds::NotOffered,
        &reference,
        || refund(whole),
        findings,
    );
    let partial = [
        (
            "capture",
            matches!(offered.captures, Captures::Once | Captures::Several),
            capture(part),
        ),
        ("refund", offered.refunds == Refunds::Several, refund(part)),
    ];
    for (name, offered, built) in partial {
        findings.expect(built.is_ok() || !offered, "an offered part is built", || {
            name.into()
        });
    }
}

fn settlement(
    name: &'static str,
    offered: bool,
    reference: &str,
    build: impl Fn() -> Result<Exchange<SettlementAnswer>, CannotBuild>,
    findings: &mut Findings,
) {
    match (build(), offered) {
        (Ok(exchange), true) => {
            request::rules(&exchange.request, name, reference, findings);
            request::same_bytes(&exchange.request, build(), findings);
            let done = |answer: &SettlementAnswer| !matches!(answer, SettlementAnswer::Refused(_));
            junk(build, done, name, findings);
        }
        (Err(CannotBuild::NotOffered(_)), false) => {}
        (Ok(_), false) => findings.breach("what is not offered is not built", name),
        (Err(fault), _) => findings.breach("what is offered is built", format!("{name}: {fault}")),
    }
}

/// Asking about settlements and taking charges back: built where the capabilities say so.
pub(super) fn inquiries(subject: &Subject<'_>, moment: Moment, findings: &mut Findings) {
    let (processor, account) = (subject.processor, subject.account);
    let offered = processor.capabilities();
    for kind in SettlementKind::ALL {
        let order = SettlementInquiry {
            kind,
            of: charged(subject, ChargeKind::Sale, moment),
            reference: moment.nonce.to_string(),
            processor_reference: Some("182343532700123458".into()),
            amount: subject.amount(10_000),
            sent_at: moment.now,
        };
        let ask = || processor.inquire_settlement(account, &order, moment);
        match ask() {
            Ok(exchange) => {
                let known_by_theirs = request::contains(&exchange.request, "182343532700123458");
                if !known_by_theirs {
                    request::rules(
                        &exchange.request,
                        "settlement inquiry",
                        &order.reference,
                        findings,
                    );
                }
                let said =
                    |answer: &SettlementInquiryAnswer| !matches!(answer, SettlementInquiryAnswer::Pending);
                junk(ask, said, "settlement inquiry", findings);
            }
            Err(CannotBuild::NotOffered(_)) => findings.expect(
                offered.lost_settlement(kind) != Recovery::Inquire,
                "what is declared to be asked can be asked",
                || kind.as_str().into(),
            ),
            Err(fault) => findings.breach("an inquiry is built", fault.to_string()),
        }
    }
    let reversal = Reversal {
        charge_reference: CHARGE.into(),
        reference: moment.nonce.to_string(),
        order_id: "order-4711".into(),
        kind: ChargeKind::Sale,
        amount: subject.amount(10_000),
        sent_at: moment.now,
    };
    let reverse = || processor.reverse(account, &reversal, moment);
    match (reverse(), offered.reversals) {
        (Ok(exchange), true) => {
            request::rules(&exchange.request, "reversal", CHARGE, findings);
            let reversed = |answer: &ReversalAnswer| {
                matches!(answer, ReversalAnswer::Reversed | ReversalAnswer::Accepted)
            };
            junk(reverse, reversed, "reversal", findings);
        }
        (Err(CannotBuild::NotOffered(_)), false) => {}
        (Ok(_), false) => findings.breach("what is not offered is not built", "reversal"),
        (Err(fault), _) => findings.breach("what is offered is built", format!("reversal: {fault}")),
    }
}

fn charged(subject: &Subject<'_>, kind: ChargeKind, moment: Moment) -> Charged {
    Charged {
        payment: moment.fresh_id(),
        order_id: "order-4711".into(),
        kind,
        reference: CHARGE.into(),
        processor_reference: "182343532700123456".into(),
        authorized: subject.amount(10_000),
    }
}
