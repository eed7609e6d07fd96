//! The transactions list (`GET /analytics/v2/transactions-list`), the only place where the fate of anything can be looked
//! up, filtered by our reference.
//!
//! Rows appear no sooner than about 90 seconds after the transaction, so "not found" says nothing before that.

use super::{
    call,
    codes::{self, Codes, Context, Operation},
    money,
    reply::unreadable,
};
use acquiring::{Account, CannotBuild, Decline, Initiator};
use primitives::{Amount, HttpRequest, Method, Moment, Reply, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;
use time::{Duration, OffsetDateTime, format_description::FormatItem, macros::format_description};

/// How far the two clocks may be apart: the list is asked from this long before the transaction was sent.
const CLOCK_TOLERANCE: Duration = Duration::minutes(10);

/// `from` and `to`, UTC.
const LIST_TIME: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Asks for what was sent under a reference.
pub fn request(
    account: &Account,
    reference: &str,
    sent_at: OffsetDateTime,
    moment: Moment,
) -> Result<HttpRequest, CannotBuild> {
    let from = list_time(sent_at - CLOCK_TOLERANCE)?;
    let to = list_time(moment.now + CLOCK_TOLERANCE)?;
    let reference = call::external_reference(reference)?;
    call::bare(
        account,
        Method::Get,
        &["analytics", "v2", "transactions-list"],
        &[("from", &from), ("to", &to), ("external_reference_id", reference)],
    )
}

fn list_time(time: OffsetDateTime) -> Result<String, CannotBuild> {
    time.to_offset(time::UtcOffset::UTC)
        .format(LIST_TIME)
        .map_err(|_| CannotBuild::NotExpressible("this time"))
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    data: Vec<Row<'a>>,
}

/// One transaction.
#[derive(Deserialize)]
pub struct Row<'a> {
    external_reference_id: Option<String>,
    pub transaction_type: Option<String>,
    transaction_status: Option<String>,
    ticket_number: Option<String>,
    currency_code: Option<String>,
    #[serde(borrow)]
    request_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    approved_transaction_amount: Option<&'a RawValue>,
    pub approval_code: Option<String>,
    pub response_code: Option<String>,
    response_text: Option<String>,
    processor_code: Option<String>,
    payment_brand: Option<String>,
    acquirer_bank: Option<String>,
    pub issuing_bank: Option<String>,
}

/// How a transaction of the list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Approved,
    Declined,
    Begun,
}

/// The transactions of a reply, all of them under the reference that was asked for.
pub fn rows<'a>(reply: &'a Reply, reference: &str) -> Result<Vec<Row<'a>>, Unreadable> {
    if reply.status != 200 {
        return Err(unreadable(&format!("has status {}", reply.status)));
    }
    let list: List<'_> = serde_json::from_slice(&reply.body)
        .map_err(|fault| unreadable(&format!("is no transactions list ({:?})", fault.classify())))?;
    let other = |row: &Row<'_>| row.external_reference_id.as_deref() != Some(reference);
    if list.data.iter().any(other) {
        return Err(unreadable("lists a transaction that was not asked for"));
    }
    Ok(list.data)
}

impl Row<'_> {
    /// The reference says APPROVAL, the published structure APPROVED.
    pub fn status(&self) -> Result<Status, Unreadable> {
        match self.transaction_status.as_deref() {
            Some("APPROVAL" | "APPROVED") => Ok(Status::Approved),
            Some("DECLINED") => Ok(Status::Declined),
            Some("INITIALIZED") => Ok(Status::Begun),
            _ => Err(unreadable("lists an undocumented transaction_status")),
        }
    }

    /// Refuses a transaction of another amount or currency.
    pub fn check_amount(&self, asked: Amount) -> Result<(), Unreadable> {
        let currency = asked.currency();
        if self.currency_code.as_deref() != Some(currency.code()) {
            return Err(unreadable("lists another currency"));
        }
        let approved = self
            .approved_transaction_amount
            .or(self.request_amount)
            .ok_or_else(|| unreadable("lists no amount"))?;
        if money::read(approved, currency, "approved_transaction_amount")? != asked {
            return Err(unreadable("lists another amount"));
        }
        Ok(())
    }

    /// The ticket number, which later operations need.
    pub fn ticket(&self) -> Result<&str, Unreadable> {
        let ticket = self.ticket_number.as_deref().filter(|ticket| !ticket.is_empty());
        ticket.ok_or_else(|| unreadable("lists no ticket_number"))
    }

    pub fn decline(&self, operation: Operation) -> Result<Decline, Unreadable> {
        // Only what looks like an issuer's code is read as one: the column also carries acquirers' own codes.
        let issuer = self.processor_code.as_deref().filter(|code| code.len() == 2);
        let codes = Codes {
            switch: codes::switch_of(self.acquirer_bank.as_deref(), self.payment_brand.as_deref(), None),
            issuer,
            vendor: self.response_code.as_deref(),
            merchant_advice: None,
        };
        let context = Context {
            operation,
            brand: None,
            fully_authenticated: true,
            initiator: Initiator::Customer,
        };
        let (reason, advice) = codes::read(&codes, &context)?;
        Ok(Decline {
            reason,
            advice,
            raw_code: issuer.or(self.response_code.as_deref()).map(codes::shortened),
            raw_message: self.response_text.as_deref().map(codes::shortened),
            network_advice: None,
            processor_reference: self.ticket().ok().map(str::to_owned),
            leaves_hold: false,
        })
    }
}
