//! What the processor tells of its own accord.

use super::{Run, STEP, STEPS, Wire};
use crate::{
    About, Account, Authorization, AuthorizationAnswer, ChargeKind, Credentials, InquiryAnswer,
    NotificationRefused, Says,
};
use primitives::{Brand, Secret};

impl<W: Wire> Run<'_, W> {
    /// A notification about a charge comes, is believed with our credentials, and not with others.
    pub(super) async fn notifications(&mut self, brand: Brand) {
        let operation = "notification";
        let mark = self.mark();
        let unsigned =
            self.subject
                .processor
                .notification(self.subject.account, &[], b"{}", self.wire.moment());
        if unsigned == Err(NotificationRefused::NotOffered) {
            return self.not_offered(operation);
        }
        let Some(order) = self.order(ChargeKind::Sale, brand, 10_000) else {
            return;
        };
        let answer = self.charge(&order).await;
        let approved = matches!(answer, Some(Ok(AuthorizationAnswer::Approved(_))));
        self.findings
            .expect(approved, "an amount that approves is approved as asked", || {
                format!("{answer:?}")
            });
        let says = self.charge_told(&order).await;
        let right = match &says {
            Some(Says::Outcome(InquiryAnswer::Approved(approval))) => approval.amount == order.amount,
            Some(Says::AskAgain) => true,
            Some(Says::Outcome(_)) | None => false,
        };
        self.findings
            .expect(right, "a notification tells of the charge", || {
                format!("{says:?}")
            });
        self.forged_notifications();
        let result = match says {
            Some(Says::AskAgain) => "told, to be asked",
            _ => "told",
        };
        self.row(operation, mark, result);
    }

    async fn charge_told(&mut self, order: &Authorization) -> Option<Says<InquiryAnswer>> {
        for _ in 0..STEPS {
            self.read_notices();
            let told = self.notices.iter().find_map(|notice| match &notice.about {
                About::Charge { reference, says } if *reference == order.reference => Some(says.clone()),
                _ => None,
            });
            if told.is_some() {
                return told;
            }
            self.wire.wait(STEP).await;
        }
        None
    }

    /// Reads the notifications that have come since the last time. One that comes twice is known by its identity.
    pub(super) fn read_notices(&mut self) {
        let received = self.wire.received();
        for notification in received.iter().skip(self.read) {
            let read = self.subject.processor.notification(
                self.subject.account,
                &notification.headers,
                &notification.body,
                self.wire.moment(),
            );
            match read {
                Ok(notices) => {
                    for notice in notices {
                        let known = self
                            .notices
                            .iter()
                            .find(|known| known.identity == notice.identity);
                        self.findings.expect(
                            !notice.identity.is_empty() && known.is_none_or(|known| *known == notice),
                            "an identity tells the same news only",
                            || format!("{notice:?}"),
                        );
                        if known.is_none() {
                            self.notices.push(notice);
                        }
                    }
                }
                Err(fault) => self
                    .findings
                    .breach("a notification is verified and read", fault.to_string()),
            }
        }
        self.read = received.len();
    }

    /// Nothing that came is believed by an account with other secrets.
    fn forged_notifications(&mut self) {
        let credentials = &self.subject.account.credentials;
        let others = credentials
            .names()
            .filter_map(|name| {
                let turned: String = credentials.get(name)?.chars().rev().collect();
                Some((name.to_owned(), Secret::new(turned)))
            })
            .collect();
        let other = Account {
            credentials: Credentials::new(others),
            ..self.subject.account.clone()
        };
        for notification in self.wire.received() {
            let read = self.subject.processor.notification(
                &other,
                &notification.headers,
                &notification.body,
                self.wire.moment(),
            );
            self.findings
                .expect(read.is_err(), "a forged notification is refused", || {
                    format!("{read:?}")
                });
        }
    }
}
