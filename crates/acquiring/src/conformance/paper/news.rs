//! Notifications: believed with the account's secret, and not without.

use super::{Findings, Samples, Subject};
use crate::{About, Account, ChargeKind, Credentials, InquiryAnswer, Notice, NotificationRefused, Says};
use primitives::{Moment, Secret};

pub(super) fn check(subject: &Subject<'_>, samples: &Samples<'_>, moment: Moment, findings: &mut Findings) {
    let read = |account: &Account, headers: &[(String, String)], body: &[u8]| {
        subject.processor.notification(account, headers, body, moment)
    };
    let unsigned = read(subject.account, &[], b"{}");
    findings.expect(unsigned.is_err(), "an unsigned notification is refused", || {
        "it was read".into()
    });
    let Some(sample) = samples.notification else {
        return findings.expect(
            unsigned == Err(NotificationRefused::NotOffered),
            "a processor that sends notifications has a sample of one",
            String::new,
        );
    };
    let Some(order) = subject
        .brands()
        .next()
        .and_then(|brand| subject.order(ChargeKind::Sale, brand, 10_000, moment))
    else {
        return;
    };
    let sample = sample(&order, moment);
    let told = read(subject.account, &sample.headers, &sample.body);
    let notice = told.as_ref().ok().and_then(|notices| match notices.as_slice() {
        [
            Notice {
                identity,
                about: About::Charge { reference, says },
            },
        ] if *reference == order.reference && !identity.is_empty() => Some(says),
        _ => None,
    });
    let right = match notice {
        Some(Says::Outcome(InquiryAnswer::Approved(approval))) => approval.amount == order.amount,
        Some(Says::AskAgain) => true,
        Some(Says::Outcome(_)) | None => false,
    };
    findings.expect(right, "a notification is verified and read", || {
        format!("{told:?}")
    });
    let again = read(subject.account, &sample.headers, &sample.body);
    findings.expect(again == told, "a repeated notification is the same news", || {
        format!("{again:?}")
    });

    let others = subject.account.credentials.names().map(|name| {
        let other = format!("{}0", subject.account.credentials.get(name).unwrap_or_default());
        (name.to_owned(), Secret::new(other))
    });
    let other = Account {
        credentials: Credentials::new(others.collect()),
        ..subject.account.clone()
    };
    let mut forged = vec![("other secrets", read(&other, &sample.headers, &sample.body))];
    // What only makes us ask need not be whole; what tells an outcome must be.
    if matches!(notice, Some(Says::Outcome(_))) {
        let text = String::from_utf8_lossy(&sample.body).replace(&order.reference, "another");
        forged.push((
            "another reference",
            read(subject.account, &sample.headers, text.as_bytes()),
        ));
    }
    for (how, read) in forged {
        findings.expect(read.is_err(), "a forged notification is refused", || {
            format!("{how}: {read:?}")
        });
    }
}
