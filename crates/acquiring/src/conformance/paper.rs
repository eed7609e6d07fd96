//! The rules that can be checked on paper: requests as data, replies handed to their readers.

use super::{Breach, Findings, MARKER, Subject, request, wire::Received};
use crate::{
    Account, Authorization, AuthorizationAnswer, CannotBuild, Captures, ChargeKind, Credentials, Exemption,
    InquiryAnswer, Recovery, SettlementKind,
};
use primitives::{Amount, Exchange, Moment, Reply, Unreadable};

mod news;
mod settlements;

/// How a processor's replies look, which the suite cannot know.
pub struct Samples<'a> {
    /// The reply that approves this order.
    pub approval: &'a dyn Fn(&Authorization) -> Reply,
    /// The reply that declines it for a reason of the tables.
    pub decline: &'a dyn Fn(&Authorization) -> Reply,
    /// Whether an approval repeats our reference, so that another's can be told.
    pub approval_repeats_reference: bool,
    /// The notification that this order was approved, signed for the account at the given moment; `None` for a
    /// processor that sends none.
    pub notification: Option<&'a NotificationSample<'a>>,
}

/// Makes the notification that an order was approved.
pub type NotificationSample<'a> = dyn Fn(&Authorization, Moment) -> Received + 'a;

/// Checks everything that needs no network. `moment` is when the requests are made.
pub fn check(subject: &Subject<'_>, samples: &Samples<'_>, moment: Moment) -> Vec<Breach> {
    let mut findings = Findings::default();
    declarations(subject, &mut findings);
    for brand in subject.brands() {
        for kind in [ChargeKind::Sale, ChargeKind::Authorization] {
            if let Some(order) = subject.order(kind, brand, 10_000, moment) {
                charge(subject, samples, &order, moment, &mut findings);
            }
        }
    }
    settlements::check(subject, moment, &mut findings);
    settlements::inquiries(subject, moment, &mut findings);
    news::check(subject, samples, moment, &mut findings);
    findings.0
}

fn declarations(subject: &Subject<'_>, findings: &mut Findings) {
    let name = subject.processor.name();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    findings.expect(plain, "the name is lower-case letters and underscores", || {
        name.into()
    });
    let base = url::Url::parse(subject.processor.default_base_url());
    let secure = base.is_ok_and(|url| url.scheme() == "https");
    findings.expect(secure, "the default address is an https URL", || name.into());

    let offered = subject.processor.capabilities();
    let some = !offered.brands.is_empty() && !offered.currencies.is_empty();
    findings.expect(some, "some brand and some currency are taken", || name.into());
    let carried = offered
        .external_authentication
        .iter()
        .all(|brand| offered.brands.contains(brand));
    findings.expect(
        carried,
        "an authentication is only carried for a brand that is taken",
        || name.into(),
    );
    let ordered = offered.inquiry_final_after >= offered.inquiry_visible_after;
    findings.expect(ordered, "nothing is final before it is visible", || name.into());
    let both = offered.authorizations == (offered.captures != Captures::NotOffered);
    findings.expect(both, "what can be held can be captured", || name.into());
    let lost_settlements = SettlementKind::ALL.map(|kind| offered.lost_settlement(kind));
    findings.expect(
        offered.lost_charge != Recovery::Repeat,
        "a lost charge is not repeated",
        || name.into(),
    );
    findings.expect(
        !lost_settlements.contains(&Recovery::Reverse),
        "only a charge is taken back",
        || name.into(),
    );
    findings.expect(
        offered.reversals || offered.lost_charge != Recovery::Reverse,
        "what is declared to be taken back can be taken back",
        || name.into(),
    );
    for field in subject.processor.credential_fields() {
        let given = subject.account.credentials.get(field.name).is_some();
        findings.expect(
            given || !field.required,
            "the account has every required credential",
            || field.name.into(),
        );
    }
}

fn charge(
    subject: &Subject<'_>,
    samples: &Samples<'_>,
    order: &Authorization,
    moment: Moment,
    findings: &mut Findings,
) {
    let build =
        |account: &Account, order: &Authorization| subject.processor.authorize(account, order, moment);
    let offered = order.kind == ChargeKind::Sale || subject.processor.capabilities().authorizations;
    let exchange = match (build(subject.account, order), offered) {
        (Ok(exchange), true) => exchange,
        (Err(CannotBuild::NotOffered(_)), false) => return,
        (Ok(_), false) => {
            return findings.breach("what is not offered is not built", format!("{:?}", order.kind));
        }
        (Err(fault), _) => return findings.breach("what is offered is built", fault.to_string()),
    };
    request::rules(&exchange.request, "charge", &order.reference, findings);
    let carries_order = request::contains(&exchange.request, &order.order_id);
    findings.expect(carries_order, "a charge carries the merchant's order id", || {
        format!("{:?}", order.kind)
    });
    for (_, value) in request::credentials_of(subject, &exchange.request) {
        let shown = format!("{exchange:?} {:?}", exchange.request);
        findings.expect(!shown.contains(&value), "Debug shows no credential", || {
            "it does".into()
        });
    }
    request::same_bytes(&exchange.request, build(subject.account, order), findings);

    let without = Account {
        credentials: Credentials::default(),
        ..subject.account.clone()
    };
    let required = subject
        .processor
        .credential_fields()
        .iter()
        .any(|field| field.required);
    let refused = matches!(build(&without, order), Err(CannotBuild::MissingCredential(_)));
    findings.expect(
        refused || !required,
        "nothing is sent without a required credential",
        || "it was built".into(),
    );
    for status in ["N", "R"] {
        let mut failed = order.clone();
        if let Some(result) = &mut failed.authentication {
            result.trans_status = Some(status.into());
            findings.expect(
                build(subject.account, &failed).is_err(),
                "a failed authentication is not charged",
                || status.into(),
            );
        }
    }
    exemptions(subject, order, moment, findings);
    answers(subject, samples, order, moment, findings);

    let inquiry = subject.inquiry(order, moment.now);
    let ask = || subject.processor.inquire(subject.account, &inquiry, moment);
    match ask() {
        Ok(exchange) => {
            request::rules(&exchange.request, "inquiry", &order.reference, findings);
            junk(
                ask,
                |answer| !matches!(answer, InquiryAnswer::Pending),
                "inquiry",
                findings,
            );
        }
        Err(CannotBuild::NotOffered(_)) => {
            let needed = subject.processor.capabilities().lost_charge == Recovery::Inquire;
            findings.expect(!needed, "what is declared to be asked can be asked", || {
                "inquiry".into()
            });
        }
        Err(fault) => findings.breach("an inquiry is built", fault.to_string()),
    }
}

/// A charge gives a listed ground for going without authentication, and cannot be made with another.
fn exemptions(subject: &Subject<'_>, order: &Authorization, moment: Moment, findings: &mut Findings) {
    let offered = subject.processor.capabilities().exemptions;
    for exemption in Exemption::ALL {
        let mut exempted = order.clone();
        exempted.authentication = None;
        exempted.accept_no_liability_shift = true;
        exempted.exemption = Some(*exemption);
        let built = subject.processor.authorize(subject.account, &exempted, moment);
        findings.expect(
            built.is_ok() == offered.contains(exemption),
            "a charge gives exactly the exemptions that are listed",
            || exemption.to_string(),
        );
    }
}

/// What the charge's reader makes of good, foreign and broken replies.
fn answers(
    subject: &Subject<'_>,
    samples: &Samples<'_>,
    order: &Authorization,
    moment: Moment,
    findings: &mut Findings,
) {
    let read = |order: &Authorization, reply: &Reply| {
        let exchange = subject.processor.authorize(subject.account, order, moment);
        exchange.ok().map(|exchange| exchange.read(reply))
    };
    let approves = |order: &Authorization, reply: &Reply| {
        matches!(read(order, reply), Some(Ok(AuthorizationAnswer::Approved(_))))
    };
    let approval = (samples.approval)(order);
    match read(order, &approval) {
        Some(Ok(AuthorizationAnswer::Approved(approved))) => {
            let whole = approved.amount == order.amount && !approved.processor_reference.is_empty();
            findings.expect(
                whole,
                "an approval has the amount asked and the processor's reference",
                || format!("{approved:?}"),
            );
        }
        other => findings.breach("an approval is read as one", format!("{other:?}")),
    }
    let mut other_amount = order.clone();
    other_amount.amount =
        Amount::new(order.amount.minor() + 1, order.amount.currency()).unwrap_or(order.amount);
    findings.expect(
        !approves(&other_amount, &approval),
        "an approval of another amount is none",
        String::new,
    );
    let mut other_reference = order.clone();
    other_reference.reference = order.reference.chars().rev().collect();
    findings.expect(
        !samples.approval_repeats_reference || !approves(&other_reference, &approval),
        "an approval of another reference is none",
        String::new,
    );
    let with = |status: u16, body: &[u8]| Reply {
        status,
        headers: approval.headers.clone(),
        body: body.to_vec(),
    };
    for status in [400, 404, 500, 503] {
        let reply = with(status, &approval.body);
        findings.expect(
            !approves(order, &reply),
            "an approval under a failing status is none",
            || status.to_string(),
        );
    }
    let cut_short = (0..approval.body.len()).find(|length| {
        let body = approval.body.get(..*length).unwrap_or_default();
        // Blanks after the last brace may be missing.
        body.trim_ascii_end().len() < approval.body.trim_ascii_end().len()
            && !matches!(read(order, &with(approval.status, body)), Some(Err(_)))
    });
    findings.expect(cut_short.is_none(), "an approval cut short is unreadable", || {
        format!("{cut_short:?} bytes")
    });
    match read(order, &(samples.decline)(order)) {
        Some(Ok(AuthorizationAnswer::Declined(decline))) => {
            let told = decline.reason != crate::Reason::Unknown && decline.raw_code.is_some();
            findings.expect(told, "a decline has a reason and the code it came with", || {
                format!("{decline:?}")
            });
        }
        other => findings.breach("a decline is read as one", format!("{other:?}")),
    }
    junk(
        || subject.processor.authorize(subject.account, order, moment),
        |answer| matches!(answer, AuthorizationAnswer::Approved(_)),
        "charge",
        findings,
    );
}

/// Hands junk to the reader. Under a status of success or of a server fault it must be unreadable; under any other it must
/// at least not be taken for success (`is_success`). A fault never quotes what came.
fn junk<A: std::fmt::Debug>(
    build: impl Fn() -> Result<Exchange<A>, CannotBuild>,
    is_success: impl Fn(&A) -> bool,
    name: &str,
    findings: &mut Findings,
) {
    let bodies = [
        String::new(),
        "{}".into(),
        "[]".into(),
        "null".into(),
        format!("\"{MARKER}\""),
        format!("<html><body>{MARKER}</body></html>"),
        format!("{{\"number\":\"{MARKER}\"}}"),
        format!("{{\"number\":\"{MARKER}"),
    ];
    for status in [
        200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504,
    ] {
        for body in &bodies {
            let Ok(exchange) = build() else {
                return findings.breach("what was built is built again", name);
            };
            let reply = Reply {
                status,
                headers: Vec::new(),
                body: body.clone().into_bytes(),
            };
            let detail = || format!("{name}, {status}, {} bytes", body.len());
            match exchange.read(&reply) {
                Err(Unreadable(text)) => {
                    findings.expect(
                        !text.contains(MARKER),
                        "a fault quotes nothing of the reply",
                        detail,
                    );
                }
                Ok(answer) => {
                    let open = matches!(status, 200..=299 | 500..=599);
                    findings.expect(!open && !is_success(&answer), "junk is unreadable", detail);
                }
            }
        }
    }
}
