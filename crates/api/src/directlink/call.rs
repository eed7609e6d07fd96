//! What is checked before any payment, in the vendor's order (ogone-directlink.md, section 2).

use super::{
    DirectLinkState,
    complaints::Complaint,
    entry::Page,
    form::Form,
    network,
    signature::{self, SHASIGN},
};
use axum::http::Method;
use orchestrator::{
    Fault,
    administration::Environment,
    flows::directlink::account::{DirectLinkAccount, Standing},
};
use payments::directlink::{NcError, signature::Hash};
use primitives::Secret;
use std::{net::IpAddr, sync::Arc};

const PSPID_MAX_CHARACTERS: usize = 30;
const USERID_MAX_CHARACTERS: usize = 20;
/// Longer than any password that an operator can set.
const PASSWORD_MAX_CHARACTERS: usize = 128;

/// What is known of a request besides its form.
pub(super) struct Arrival {
    pub page: Page,
    /// By the path; absent where it says none.
    pub environment: Option<Environment>,
    pub address: Option<IpAddr>,
    /// It is known to have come without TLS.
    pub in_clear: bool,
}

/// The account that calls, when everything about the call is right.
///
/// # Errors
/// The first check that fails.
pub(super) async fn let_in(
    state: &DirectLinkState,
    arrival: &Arrival,
    form: &Form,
) -> Result<Arc<DirectLinkAccount>, Complaint> {
    if arrival.in_clear {
        return Err(Complaint::new(NcError::NOT_SECURE, "requests must be HTTPS"));
    }
    names_an_order(arrival.page, form)?;
    let account = account(state, arrival, form).await?;
    user(state, &account, form).await?;
    from_allowed_address(&account, arrival.address)?;
    signed(&account, arrival.page, form)?;
    within_rate(state, &account, arrival.page)?;
    Ok(account)
}

/// The first field that is looked at, so that an empty body says so too.
fn names_an_order(page: Page, form: &Form) -> Result<(), Complaint> {
    let by_number = matches!(page, Page::Maintenance | Page::Query) && form.filled("PAYID").is_some();
    if by_number || form.filled("ORDERID").is_some() {
        return Ok(());
    }
    Err(invalid("no orderid"))
}

async fn account(
    state: &DirectLinkState,
    arrival: &Arrival,
    form: &Form,
) -> Result<Arc<DirectLinkAccount>, Complaint> {
    let unknown = || Complaint::new(NcError::ACCOUNT, "PSPID not found or not active");
    let pspid = given(form, "PSPID", PSPID_MAX_CHARACTERS)?;
    // Accounts are those of one environment; the other one's path leads to none.
    if arrival
        .environment
        .is_some_and(|named| named != state.environment)
    {
        return Err(unknown());
    }
    state
        .gateway
        .account(pspid)
        .await
        .map_err(|fault| faulty(&fault))?
        .ok_or_else(unknown)
}

async fn user(state: &DirectLinkState, account: &DirectLinkAccount, form: &Form) -> Result<(), Complaint> {
    let userid = given(form, "USERID", USERID_MAX_CHARACTERS)?;
    let password = Secret::new(given(form, "PSWD", PASSWORD_MAX_CHARACTERS)?.to_owned());
    let standing = state.gateway.user(account, userid, &password).await;
    match standing.map_err(|fault| faulty(&fault))? {
        Standing::Right => Ok(()),
        Standing::Unknown => Err(invalid("Connection to API feature not allowed for this user")),
        Standing::Wrong => Err(Complaint::new(
            NcError::PASSWORD,
            "wrong PSWD, or the user is locked after too many of them",
        )),
    }
}

fn from_allowed_address(account: &DirectLinkAccount, address: Option<IpAddr>) -> Result<(), Complaint> {
    let allowed = &account.account.allowed_addresses;
    match address {
        _ if allowed.is_empty() => Ok(()),
        Some(address) if allowed.iter().any(|it| network::holds(it, address)) => Ok(()),
        Some(address) => Err(Complaint::new(
            NcError::ADDRESS,
            format!("unknown order/1/i/{address}"),
        )),
        None => Err(Complaint::new(NcError::NO_ADDRESS, "unknown order/0/i/")),
    }
}

/// The vendor publishes a number of its own for a wrong signature of rate requests only.
fn signed(account: &DirectLinkAccount, page: Page, form: &Form) -> Result<(), Complaint> {
    let Some(passphrase) = &account.sha_in else {
        return Ok(());
    };
    let error = match page {
        Page::Order | Page::Maintenance | Page::Query => NcError::INVALID,
        Page::Rates => NcError::SIGNATURE,
    };
    let Some(given) = form.get(SHASIGN) else {
        return Err(Complaint::new(error, "unknown order/0/s/"));
    };
    let Some(hash) = Hash::parse(&account.account.hash) else {
        return Err(faulty(&Fault::Missing("the digest of a DirectLink account")));
    };
    if signature::holds(form, passphrase, hash, given) {
        Ok(())
    } else {
        Err(Complaint::new(error, "unknown order/1/s/"))
    }
}

/// The merchant's agreed rate is one for all faces. The protocol knows no refusal of this kind, and its clients no HTTP
/// status but 200.
fn within_rate(state: &DirectLinkState, account: &DirectLinkAccount, page: Page) -> Result<(), Complaint> {
    let counted_as = match page {
        Page::Query | Page::Rates => Method::GET,
        Page::Order | Page::Maintenance => Method::POST,
    };
    let merchant = &account.caller.merchant;
    state
        .rate_limits
        .admit_caller(
            merchant.id.uuid(),
            &counted_as,
            merchant.reads_per_second,
            merchant.writes_per_second,
        )
        .map_err(|seconds| invalid(&format!("too many requests, try again in {seconds} s")))
}

/// A parameter of at most so many characters that must be there.
fn given<'f>(form: &'f Form, name: &str, max_characters: usize) -> Result<&'f str, Complaint> {
    let value = form.get(name).ok_or_else(|| invalid(&format!("no {name}")))?;
    if value.chars().count() > max_characters {
        return Err(invalid(&format!("{name} too long")));
    }
    Ok(value)
}

fn invalid(text: &str) -> Complaint {
    Complaint::new(NcError::INVALID, text)
}

/// A fault of ours before anything was done; the log has the cause under the id.
pub(super) fn faulty(fault: &Fault) -> Complaint {
    Complaint::technical(&fault.logged())
}
