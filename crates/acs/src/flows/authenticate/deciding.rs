//! The issuer's rules over a request, and what forbids to ask the cardholder.

use emv3ds::code::TransStatus;
use emv3ds::message::AReq;
use primitives::Brand;
use std::net::IpAddr;
use time::OffsetDateTime;

use super::{Known, NoAnswer, request};
use crate::decision::{self, Decision, Explanation, Facts, Prior, Refusal, Wishes};
use crate::limits::{Lock, Verdict};
use crate::purchase::Purchase;
use crate::service::Acs;
use crate::store::cards::{CardState, IssuerCard};
use crate::store::transactions::{self, MerchantFacts};
use crate::store::{StoreError, limits};

impl Acs {
    /// The issuer's answer, limits and locks included.
    pub(super) async fn decide(
        &self,
        brand: Brand,
        areq: &AReq,
        known: &Known,
        now: OffsetDateTime,
    ) -> Result<(Decision, MerchantFacts), NoAnswer> {
        let card = &known.card;
        let merchant = request::merchant(areq);
        let refused = |refusal, explanation: Option<Explanation>| {
            decision::refuse(refusal, areq.message_version, explanation)
        };
        if card.state == CardState::Blocked {
            return Ok((refused(Refusal::Blocked, None), merchant));
        }
        let rules = match decision::Rules::read(&card.policy.rules) {
            Ok(rules) => rules,
            Err(error) => {
                tracing::error!(issuer = %card.issuer, %error, "an issuer's rules cannot be read");
                return Ok((refused(Refusal::RulesUnreadable, None), merchant));
            }
        };
        let mut connection = self.inner().store.pool().acquire().await?;
        let earlier = match rules.looks_back() {
            Some(window) => {
                transactions::earlier_in(&mut connection, &card.issuer, &card.card, now - window).await?
            }
            None => Vec::new(),
        };
        let mut wishes = Wishes::of(areq, brand);
        wishes.prior = prior(&mut connection, areq, card).await?;
        drop(connection);
        let device_hash = request::device_hash(areq, &self.inner().keys);
        let decision = decision::decide(
            &rules,
            &Facts {
                version: areq.message_version,
                channel: areq.device_channel,
                category: areq.message_category,
                amount: Purchase::of(areq).amount,
                merchant: &merchant,
                product: &card.product,
                wishes: &wishes,
                device_hash: device_hash.as_deref(),
                earlier: &earlier,
                now,
                means: known.means,
            },
        );
        let asks = matches!(
            decision.status,
            TransStatus::ChallengeRequired | TransStatus::DecoupledChallenge
        );
        let refusal = match asks {
            true => self.why_not_asked(known, request::address(areq), now).await?,
            false => None,
        };
        let decision = match refusal {
            Some(refusal) => refused(refusal, Some(decision.explanation)),
            None => decision,
        };
        Ok((decision, merchant))
    }

    /// Whether locks or limits forbid to ask the cardholder.
    async fn why_not_asked(
        &self,
        known: &Known,
        address: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<Option<Refusal>, NoAnswer> {
        let (inner, card) = (self.inner(), &known.card);
        match limits::lock_of(&inner.store, &card.issuer, &card.card, now).await? {
            Some(Lock::Until(_)) => return Ok(Some(Refusal::LockedForAWhile)),
            Some(Lock::ForGood) => return Ok(Some(Refusal::LockedForGood)),
            None => {}
        }
        let Some(address) = address else {
            return Ok(None);
        };
        let limits = &card.policy.limits;
        let verdict =
            limits::may_challenge(&inner.store, &inner.keys, limits, &card.issuer, address, now).await?;
        Ok(match verdict {
            Verdict::Within => None,
            Verdict::Over(_) => Some(Refusal::AddressTooBusy),
        })
    }
}

/// Whether the earlier authentications that a request names are of its card.
async fn prior(
    connection: &mut sqlx::PgConnection,
    areq: &AReq,
    card: &IssuerCard,
) -> Result<Prior, StoreError> {
    let named = decision::prior_references(areq);
    if named.is_empty() {
        return Ok(Prior::Unknown);
    }
    let known = transactions::cards_of_in(connection, &named).await?;
    let same = (Some(card.issuer.to_string()), Some(card.card.to_string()));
    Ok(if known.is_empty() {
        Prior::Unknown
    } else if known.iter().all(|of| *of == same) {
        Prior::SameCard
    } else {
        Prior::OtherCard
    })
}
