//! Charges that are approved and declined, and what they may say of themselves.

use super::{Run, Wire};
use crate::{
    Advice, Agreement, Authorization, AuthorizationAnswer, CannotBuild, ChargeKind, Charged, Exemption,
    Initiator, Reason, SettlementAnswer, StoredCredential, Void, conformance::attempted_authentication,
};
use primitives::{Amount, Brand, Unreadable};

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

/// The pair that a processor with risk rules of its own refuses after the issuer's approval.
const REFUSED_BY_RISK: i64 = 59;

/// What 65 must become for a charge without a full authentication.
const ASKS_FOR_AUTHENTICATION: (Reason, Advice) = (Reason::AuthenticationRequired, Advice::Reauthenticate);

impl<W: Wire> Run<'_, W> {
    /// Sales, authorisations and declines of every brand.
    pub(super) async fn charges(&mut self) {
        let brands: Vec<Brand> = self.subject.brands().collect();
        let mark = self.mark();
        for brand in &brands {
            self.approved(ChargeKind::Sale, *brand, 10_000).await;
            self.foreign_replies(*brand).await;
        }
        self.row("sale", mark, "approved");

        if self.subject.processor.capabilities().authorizations {
            let mark = self.mark();
            for brand in &brands {
                self.approved(ChargeKind::Authorization, *brand, 10_000).await;
            }
            self.row("authorization", mark, "approved");
        } else {
            self.not_offered("authorization");
        }

        let mark = self.mark();
        for brand in &brands {
            self.declines(*brand).await;
        }
        self.row("decline", mark, "with reason");
    }

    async fn declines(&mut self, brand: Brand) {
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
    }

    /// Risk rules refuse what the issuer has approved, at processors that have any: what is held can be released.
    pub(super) async fn holds(&mut self, brand: Brand) {
        const OPERATION: &str = "hold left by a decline";
        let mark = self.mark();
        let mut left = false;
        for kind in [ChargeKind::Sale, ChargeKind::Authorization] {
            let Some(order) = self.order(kind, brand, 10_000 + REFUSED_BY_RISK) else {
                continue;
            };
            let Some(Ok(AuthorizationAnswer::Declined(decline))) = self.charge(&order).await else {
                continue;
            };
            if !decline.leaves_hold {
                continue;
            }
            left = true;
            let answer = self.released(&order, decline.processor_reference).await;
            self.findings.expect(
                matches!(
                    answer,
                    Some(Ok(
                        SettlementAnswer::Done { .. } | SettlementAnswer::Accepted { .. }
                    ))
                ),
                "what a decline leaves held is released",
                || format!("{kind:?}: {answer:?}"),
            );
        }
        if left {
            self.row(OPERATION, mark, "released");
        } else {
            self.not_offered(OPERATION);
        }
    }

    async fn released(
        &mut self,
        order: &Authorization,
        processor_reference: Option<String>,
    ) -> Option<Result<SettlementAnswer, Unreadable>> {
        let moment = self.wire.moment();
        let void = Void {
            of: Charged {
                payment: moment.fresh_id(),
                order_id: order.order_id.clone(),
                // Nothing was captured, whatever was asked for.
                kind: ChargeKind::Authorization,
                reference: order.reference.clone(),
                processor_reference: processor_reference?,
                authorized: order.amount,
            },
            reference: moment.nonce.simple().to_string(),
            reason: None,
        };
        let built = self.subject.processor.void(self.subject.account, &void, moment);
        self.exchange(built).await
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

    /// Charges without an authentication that say why, and charges with a stored card.
    pub(super) async fn grounds(&mut self, brand: Brand) {
        let listed = self.subject.processor.capabilities().exemptions;
        let mark = self.mark();
        for exemption in Exemption::ALL {
            let Some(mut order) = self.order(ChargeKind::Sale, brand, 10_000) else {
                continue;
            };
            order.authentication = None;
            order.accept_no_liability_shift = true;
            order.exemption = Some(*exemption);
            if listed.contains(exemption) {
                self.approval(&order).await;
            } else {
                let moment = self.wire.moment();
                let built = self
                    .subject
                    .processor
                    .authorize(self.subject.account, &order, moment);
                self.findings
                    .expect(built.is_err(), "a ground that is not listed is not given", || {
                        exemption.to_string()
                    });
            }
        }
        if listed.is_empty() {
            self.not_offered("exemption");
        } else {
            self.row("exemption", mark, "given, approved");
        }
        self.stored_cards(brand).await;
    }

    /// A first charge that stores the card, then a later one by the cardholder and one by the merchant. Either of these can
    /// be impossible to express, and is then built by nobody.
    async fn stored_cards(&mut self, brand: Brand) {
        let mark = self.mark();
        let Some(mut first) = self.order(ChargeKind::Sale, brand, 10_000) else {
            return;
        };
        first.stored_credential = Some(StoredCredential {
            agreement: Agreement::Unscheduled,
            is_first: true,
            network_transaction_id: None,
        });
        let Some(approval) = self.approval(&first).await else {
            return self.row("stored card, first", mark, "approved");
        };
        self.row("stored card, first", mark, "approved");
        for (operation, initiator) in [
            ("stored card, later", Initiator::Customer),
            ("merchant-initiated", Initiator::Merchant),
        ] {
            let mark = self.mark();
            let Some(mut later) = self.order(ChargeKind::Sale, brand, 10_000) else {
                return;
            };
            later.initiator = initiator;
            later.authentication = None;
            later.accept_no_liability_shift = true;
            if initiator == Initiator::Merchant && !self.subject.processor.capabilities().needs_security_code
            {
                later.card.security_code = None;
            }
            later.stored_credential = Some(StoredCredential {
                agreement: Agreement::Unscheduled,
                is_first: false,
                network_transaction_id: approval.network_transaction_id.clone(),
            });
            let moment = self.wire.moment();
            let built = self
                .subject
                .processor
                .authorize(self.subject.account, &later, moment);
            if matches!(
                built,
                Err(CannotBuild::NotExpressible(_) | CannotBuild::NotOffered(_))
            ) {
                self.not_offered(operation);
            } else {
                self.approval(&later).await;
                self.row(operation, mark, "approved");
            }
        }
    }
}
