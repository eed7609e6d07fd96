//! Asking what became of a charge, a capture, a void or a refund: `POST /tss/v2/searches` by our reference of it.
//!
//! Searches lag seconds to minutes behind, so that "nothing found" says nothing before that. The summaries they answer
//! tell enough; the transaction's details are not asked for.

use super::{
    call::{self, ClientReference},
    codes::{Context, RISK_DECLINED, Refusal},
    reply::{self, OrderInformation, Processing, check_amount, check_currency, unreadable},
};
use crate::reading::{lenient, shortened};
use acquiring::{
    Account, Approval, CannotBuild, ChargeKind, Decline, Initiator, Inquiry, InquiryAnswer, Reason,
    SettlementInquiry, SettlementInquiryAnswer, SettlementKind,
};
use primitives::{Amount, HttpRequest, Moment, Reply, Unreadable};
use serde::Deserialize;
use serde::Serialize;

/// Summaries asked for; one reference has one operation, and at most a few refused repeats of it.
const SUMMARIES_MAX: usize = 50;

/// The service that charges, alone or with the one that captures.
const CHARGING: &str = "ics_auth";
/// The services that take back an authorisation, and anything else.
const TAKING_BACK: [&str; 2] = ["ics_auth_reversal", "ics_void"];

#[derive(Serialize)]
struct Search<'a> {
    save: bool,
    name: &'static str,
    timezone: &'static str,
    query: &'a str,
    offset: u8,
    limit: usize,
    sort: &'static str,
}

pub fn request(account: &Account, reference: &str, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    // Checked for characters that would make another query of it.
    ClientReference::of(reference)?;
    let query = format!("clientReferenceInformation.code:{reference}");
    let body = Search {
        save: false,
        name: "by reference",
        timezone: "UTC",
        query: &query,
        offset: 0,
        limit: SUMMARIES_MAX,
        sort: "submitTimeUtc:asc",
    };
    call::post(account, &["tss", "v2", "searches"], &body, moment)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    total_count: usize,
    #[serde(rename = "_embedded")]
    embedded: Option<Embedded>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    transaction_summaries: Vec<Summary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    id: Option<String>,
    status: Option<String>,
    client_reference_information: Option<reply::ClientReference>,
    #[serde(default, deserialize_with = "lenient")]
    application_information: Option<ApplicationInformation>,
    #[serde(default, deserialize_with = "lenient")]
    error_information: Option<reply::ErrorInformation>,
    #[serde(default, deserialize_with = "lenient")]
    processor_information: Option<Processing>,
    order_information: Option<OrderInformation>,
}

#[derive(Deserialize)]
struct ApplicationInformation {
    #[serde(default)]
    applications: Vec<Application>,
}

/// A service that worked on the transaction: `ics_auth`, `ics_bill`, …
#[derive(Deserialize)]
struct Application {
    name: Option<String>,
}

impl Summary {
    fn status(&self) -> Result<&str, Unreadable> {
        self.status
            .as_deref()
            .ok_or_else(|| unreadable("lists no status"))
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| !id.is_empty())
    }

    /// Whether one of these services worked on it; where no service is told, the reference alone must do.
    fn is_by(&self, services: &[&str]) -> bool {
        let told = self
            .application_information
            .as_ref()
            .map_or(&[][..], |information| &information.applications);
        let mut names = told
            .iter()
            .filter_map(|application| application.name.as_deref())
            .peekable();
        names.peek().is_none() || names.any(|name| services.contains(&name))
    }

    /// Whether it is the refused repeat of another.
    fn is_repeat(&self) -> bool {
        self.error_information
            .as_ref()
            .and_then(|error| error.reason.as_deref())
            == Some("DUPLICATE_REQUEST")
    }

    fn check_amount(&self, asked: Amount) -> Result<(), Unreadable> {
        let details = self
            .order_information
            .as_ref()
            .and_then(|order| order.amount_details.as_ref())
            .ok_or_else(|| unreadable("lists no amount"))?;
        let total = details
            .total_amount
            .as_deref()
            .ok_or_else(|| unreadable("lists no totalAmount"))?;
        check_amount(total, asked)?;
        check_currency(Some(details.currency.as_deref().unwrap_or_default()), asked)
    }

    fn decline(&self, status: &str, otherwise: Reason) -> Result<Decline, Unreadable> {
        let error = self.error_information.as_ref();
        // A later inquiry knows neither card nor who started the charge.
        let context = Context {
            brand: None,
            initiator: Initiator::Customer,
        };
        let refusal = Refusal {
            status,
            reason: error.and_then(|error| error.reason.as_deref()),
            message: error.and_then(|error| error.message.as_deref()),
            processing: self.processor_information.as_ref(),
            id: self.id(),
            otherwise,
        };
        refusal.decline(&context)
    }
}

/// The summaries under our reference. One of another transaction, or a list that goes on, makes all of it unreadable.
fn summaries(reference: &str, reply: &Reply) -> Result<Vec<Summary>, Unreadable> {
    if reply.status != 201 {
        return Err(unreadable(&format!("has the status {}", reply.status)));
    }
    let page: Page = serde_json::from_slice(&reply.body)
        .map_err(|fault| unreadable(&format!("is no list of transactions ({:?})", fault.classify())))?;
    let listed = page
        .embedded
        .map_or_else(Vec::new, |embedded| embedded.transaction_summaries);
    if listed.len() != page.total_count {
        return Err(unreadable("lists another number of transactions than it counts"));
    }
    let mut asked_for = Vec::new();
    for summary in listed {
        let code = summary
            .client_reference_information
            .as_ref()
            .and_then(|client| client.code.as_deref());
        if code != Some(reference) {
            return Err(unreadable("lists a transaction that was not asked for"));
        }
        if !summary.is_repeat() {
            asked_for.push(summary);
        }
    }
    Ok(asked_for)
}

/// What became of a charge. Two approvals under one reference are for people to look at; one that was taken back by its
/// transaction id, which is told under the same reference, is none any more.
pub fn answer(order: &Inquiry, reply: &Reply) -> Result<InquiryAnswer, Unreadable> {
    let mut answers = Vec::new();
    let mut reversal = None;
    for summary in summaries(&order.reference, reply)? {
        if summary.is_by(&[CHARGING]) {
            answers.push(charge(order, &summary)?);
        } else if summary.is_by(&TAKING_BACK)
            && matches!(summary.status()?, "REVERSED" | "VOIDED" | "CANCELLED")
        {
            reversal = Some(summary);
        }
    }
    let answer = one_of(answers, |answer| match answer {
        InquiryAnswer::Approved(_) => Weight::Decides,
        InquiryAnswer::Pending => Weight::Open,
        InquiryAnswer::Declined(_) | InquiryAnswer::NotFound => Weight::Refuses,
    })?;
    match (answer, reversal) {
        (Some(InquiryAnswer::Approved(_) | InquiryAnswer::Pending), Some(reversal)) => reversal
            .decline(reversal.status()?, Reason::Cancelled)
            .map(InquiryAnswer::Declined),
        (Some(InquiryAnswer::Declined(decline)), Some(_)) => Ok(InquiryAnswer::Declined(Decline {
            leaves_hold: false,
            ..decline
        })),
        (Some(answer), _) => Ok(answer),
        (None, _) => Ok(InquiryAnswer::NotFound),
    }
}

fn charge(order: &Inquiry, summary: &Summary) -> Result<InquiryAnswer, Unreadable> {
    let status = summary.status()?;
    let declined = |otherwise| summary.decline(status, otherwise).map(InquiryAnswer::Declined);
    match (status, order.kind) {
        ("AUTHORIZED", _) => approval(order, summary),
        // A sale that went out with the batch was approved before.
        ("TRANSMITTED", ChargeKind::Sale) => approval(order, summary),
        ("AUTHORIZED_PENDING_REVIEW" | "PENDING_REVIEW" | "PENDING", _) => Ok(InquiryAnswer::Pending),
        ("DECLINED" | "INVALID_REQUEST", _) => declined(Reason::Unknown),
        (RISK_DECLINED, _) => summary
            .decline(status, Reason::ProcessorRiskBlock)
            .map(|decline| {
                InquiryAnswer::Declined(Decline {
                    leaves_hold: true,
                    ..decline
                })
            }),
        ("PENDING_AUTHENTICATION", _) => declined(Reason::AuthenticationRequired),
        // Taken back: nothing of it is left.
        ("REVERSED" | "VOIDED" | "CANCELLED", _) => declined(Reason::Cancelled),
        _ => Err(unreadable("lists a status that leaves the outcome open")),
    }
}

fn approval(order: &Inquiry, summary: &Summary) -> Result<InquiryAnswer, Unreadable> {
    summary.check_amount(order.amount)?;
    let processing = summary.processor_information.as_ref();
    Ok(InquiryAnswer::Approved(Approval {
        processor_reference: summary.id().ok_or_else(|| unreadable("lists no id"))?.to_owned(),
        approval_code: processing
            .and_then(|processing| processing.approval_code.as_deref())
            .map(shortened),
        response_code: None,
        amount: order.amount,
        network_transaction_id: processing
            .and_then(|processing| processing.network_transaction_id.as_deref())
            .map(shortened),
        issuer_bank: None,
        issuer_country: None,
    }))
}

/// What became of a capture, a void or a refund.
pub fn settlement_answer(
    order: &SettlementInquiry,
    reply: &Reply,
) -> Result<SettlementInquiryAnswer, Unreadable> {
    let services: &[&str] = match order.kind {
        SettlementKind::Capture => &["ics_bill"],
        SettlementKind::Void => &TAKING_BACK,
        SettlementKind::Refund => &["ics_credit"],
    };
    let mut answers = Vec::new();
    for summary in summaries(&order.reference, reply)? {
        if summary.is_by(services) {
            answers.push(settlement(order, &summary)?);
        }
    }
    one_of(answers, |answer| match answer {
        SettlementInquiryAnswer::Done { .. } => Weight::Decides,
        SettlementInquiryAnswer::Pending => Weight::Open,
        SettlementInquiryAnswer::Refused(_) | SettlementInquiryAnswer::NotFound => Weight::Refuses,
    })
    .map(|answer| answer.unwrap_or(SettlementInquiryAnswer::NotFound))
}

fn settlement(order: &SettlementInquiry, summary: &Summary) -> Result<SettlementInquiryAnswer, Unreadable> {
    let status = summary.status()?;
    let done = || {
        let id = summary.id().ok_or_else(|| unreadable("lists no id"))?;
        Ok(SettlementInquiryAnswer::Done {
            processor_reference: Some(id.to_owned()),
        })
    };
    let refused = |otherwise| {
        summary
            .decline(status, otherwise)
            .map(SettlementInquiryAnswer::Refused)
    };
    match (status, order.kind) {
        ("DECLINED" | "INVALID_REQUEST", _) => refused(Reason::Unknown),
        // Handed to the acquirer with the batch, which is all the vendor ever tells.
        ("TRANSMITTED", SettlementKind::Capture | SettlementKind::Refund) => {
            summary.check_amount(order.amount)?;
            done()
        }
        ("PENDING", SettlementKind::Capture | SettlementKind::Refund) => Ok(SettlementInquiryAnswer::Pending),
        ("REVERSED" | "VOIDED" | "CANCELLED", SettlementKind::Void) => done(),
        // Taken back before the batch went out.
        ("VOIDED" | "CANCELLED", SettlementKind::Capture | SettlementKind::Refund) => {
            refused(Reason::Cancelled)
        }
        _ => Err(unreadable("lists a status that leaves the outcome open")),
    }
}

/// Which of several summaries under one reference speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Decides,
    Open,
    Refuses,
}

fn one_of<A>(answers: Vec<A>, weight: impl Fn(&A) -> Weight) -> Result<Option<A>, Unreadable> {
    let decisive = answers
        .iter()
        .filter(|answer| weight(answer) == Weight::Decides)
        .count();
    if decisive > 1 {
        return Err(unreadable("lists two under one reference that were done"));
    }
    Ok(answers.into_iter().min_by_key(|answer| weight(answer)))
}

#[cfg(test)]
mod tests;
