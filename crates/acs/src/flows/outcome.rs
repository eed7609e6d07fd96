//! What an issuer's backend is told of an authentication that has ended.

use emv3ds::code::TransStatus;

use crate::challenge::{Challenge, Ending, Method, State};
use crate::issuer_backend::{Notice, Operation};
use crate::store::transactions::{CardOf, Transaction};

/// Of one that ended with its ARes; `None` while a challenge or a decoupled authentication follows.
pub(in crate::flows) fn of_answer(transaction: &Transaction) -> Option<Notice> {
    if !transaction.status.is_final() {
        return None;
    }
    let successful = matches!(
        transaction.status,
        TransStatus::Authenticated | TransStatus::Attempted
    );
    let error = (!successful).then(|| format!("transStatus {}", transaction.status.as_str()));
    let card = transaction.card.as_ref()?;
    Some(notice(transaction, card, Operation::Frictionless, error))
}

/// Of one that ended with its challenge; `None` while it goes on, were it decoupled.
pub(in crate::flows) fn of_challenge(
    transaction: &Transaction,
    card: &CardOf,
    challenge: &Challenge,
) -> Option<Notice> {
    let State::Done { ending, method, .. } = challenge.state else {
        return None;
    };
    let error = match ending {
        Ending::PutOff => return None,
        Ending::Passed => None,
        failed => Some(failed.name().replace('_', " ")),
    };
    let operation = match method {
        Method::App | Method::Decoupled => Operation::ChallengeApp,
        Method::Code | Method::Password | Method::PasswordThenCode => Operation::ChallengeCode,
    };
    Some(notice(transaction, card, operation, error))
}

/// An authentication ends once, so that its name is that of the operation, too.
fn notice(transaction: &Transaction, card: &CardOf, operation: Operation, error: Option<String>) -> Notice {
    Notice {
        operation_id: transaction.acs_trans_id.0,
        issuer: card.issuer.clone(),
        card: card.card.clone(),
        consumer: card.consumer.clone(),
        operation,
        successful: error.is_none(),
        started_at: transaction.decided_at,
        acs_trans_id: transaction.acs_trans_id,
        threeds_server_trans_id: transaction.three_ds_server_trans_id.to_string(),
        error,
    }
}
