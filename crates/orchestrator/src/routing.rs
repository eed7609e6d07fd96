//! What routing needs to know of a merchant's connections, put together for [`payments::routing`].

use crate::configuration::{MerchantProfile, Processors};
use payments::{
    bins::CardType,
    retry_limits::Standing,
    routing::{Breaker, Candidate},
};
use primitives::{Id, id::kind};

/// All connections of a merchant that have an adapter, each with how it has been answering, and whether the card's standing
/// lets it be tried.
pub(crate) fn candidates<'a>(
    profile: &'a MerchantProfile,
    processors: &'a Processors,
    retry_limits: Option<&Standing>,
    breaker: impl Fn(Id<kind::Connection>) -> Breaker,
) -> Vec<Candidate<'a>> {
    let refused = retry_limits.and_then(|standing| standing.refused);
    let known = profile.connections.iter();
    known
        .filter_map(|known| {
            let connection = &known.connection;
            let adapter = processors.get(connection.processor_name.as_str())?;
            Some(Candidate {
                connection,
                can: adapter.capabilities(),
                breaker: breaker(connection.id),
                retry_limit: refused.map(|why| why.to_string()),
            })
        })
        .collect()
}

/// What a purchase says its card is. It is the shopper's word, so a table of prefixes goes before it.
pub(crate) fn card_type_said(method_type: &str) -> Option<CardType> {
    match method_type {
        "credit_card" => Some(CardType::Credit),
        "debit_card" => Some(CardType::Debit),
        _ => None,
    }
}
