//! An AReq and its answer.
//!
//! The card is found by the keyed hash of its number, the issuer's rules decide, and what was decided is written down
//! together with the challenge that follows, before the ARes leaves.

mod answer;
mod deciding;
mod record;
mod request;
#[cfg(test)]
mod tests;

use emv3ds::code::{Component, ErrorCode};
use emv3ds::message::{AReq, Received, WireMessage as _};
use emv3ds::{AcsTransId, Fault, Rules, Version};
use primitives::Brand;
use time::OffsetDateTime;

use crate::decision::{self, Means, Refusal};
use crate::keys::KeysError;
use crate::language::Language;
use crate::phone::Phone;
use crate::policy::DeliveryPolicy;
use crate::service::Acs;
use crate::store::StoreError;
use crate::store::cards::{self, IssuerCard};
use crate::store::transactions::{CardOf, Transaction};

/// How long a decoupled authentication waits where the requestor named no time, in minutes.
const DECOUPLED_MINUTES: u16 = 60;

/// Why an AReq could not be answered.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    /// The requestor's mistake, told in an Erro.
    #[error(transparent)]
    Fault(#[from] Box<Fault>),
    /// The database's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys'.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<sqlx::Error> for NoAnswer {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A card and everything needed to ask its holder.
struct Known {
    card: IssuerCard,
    phones: Vec<Phone>,
    means: Means,
    language: Language,
}

impl Acs {
    /// Answers a message of a brand's directory server: an ARes, an Erro, or nothing to an Erro.
    pub(crate) async fn authenticate(&self, brand: Brand, body: &[u8]) -> Vec<u8> {
        let rules = Rules::received_by(Component::Acs, &Version::ALL);
        let areq = match rules.read_as::<AReq>(body) {
            Ok(Received::Message(areq)) => areq,
            Ok(Received::Erro(erro)) => {
                tracing::info!(code = erro.error_code.number(), "a directory server sent an Erro");
                return Vec::new();
            }
            Err(fault) => return answer::erro(&fault),
        };
        let about = |code, detail: &str| {
            let fault = Fault::new(code, detail);
            fault.of(AReq::TYPE, Some(areq.message_version), areq.ids())
        };
        match Box::pin(self.answer(brand, &areq)).await {
            Ok(ares) => ares,
            Err(NoAnswer::Fault(fault)) => answer::erro(&fault),
            Err(NoAnswer::Store(error)) => {
                tracing::error!(%error, "an AReq was not answered");
                answer::erro(&about(
                    ErrorCode::TransientFailure,
                    "the database does not answer",
                ))
            }
            Err(NoAnswer::Keys(error)) => {
                tracing::error!(%error, "an AReq was not answered");
                answer::erro(&about(ErrorCode::PermanentFailure, "a card cannot be opened"))
            }
        }
    }

    async fn answer(&self, brand: Brand, areq: &AReq) -> Result<Vec<u8>, NoAnswer> {
        let inner = self.inner();
        let now = inner.clock.now();
        let acs_trans_id = AcsTransId(inner.clock.unguessable());
        let hash = inner.keys.pan_hash(areq.acct_number.reveal());
        let known = match cards::by_pan_hash(&inner.store, &hash).await? {
            Some(card) if card.brand == brand => Some(self.known(card, areq).await?),
            _ => None,
        };
        let (decision, merchant) = match &known {
            Some(known) => self.decide(brand, areq, known, now).await?,
            None => (
                decision::refuse(Refusal::NoSuchCard, areq.message_version, None),
                request::merchant(areq),
            ),
        };
        let mut transaction = self.transaction(brand, areq, acs_trans_id, &decision, merchant, now)?;
        transaction.card = known.as_ref().map(Known::names);
        let ares = self.ares(brand, areq, &transaction, known.as_ref(), now)?;
        self.record(areq, &transaction, known.as_ref()).await?;
        metrics::counter!("pasarela_acs_authentications_total", "status" => transaction.status.as_str())
            .increment(1);
        tracing::info!(
            authentication = %areq.three_ds_server_trans_id,
            %acs_trans_id,
            issuer = transaction.card.as_ref().map(|card| card.issuer.as_str()),
            status = %transaction.status,
            reason = transaction.reason.map(|reason| reason.as_str()),
            "authentication decided"
        );
        Ok(ares)
    }

    async fn known(&self, card: IssuerCard, areq: &AReq) -> Result<Known, NoAnswer> {
        let keys = &self.inner().keys;
        let phones = card.phones.iter();
        let mut phones = phones
            .map(|phone| phone.open(keys, &card.issuer, &card.consumer))
            .collect::<Result<Vec<_>, _>>()?;
        let mut language = None;
        let backend_sends = matches!(card.policy.delivery, DeliveryPolicy::IssuerSends { .. });
        if phones.is_empty() && !backend_sends {
            // The issuer may keep phones itself.
            let asked = self.consumer_at_backend(&card.issuer, &card.policy, &card.consumer);
            if let Some(consumer) = asked.await {
                phones.extend(consumer.phone);
                language = consumer.language;
            }
        }
        let tags = card.language.as_deref().into_iter();
        let tags = tags
            .chain(language.map(Language::code))
            .chain(request::languages(areq));
        Ok(Known {
            means: Means {
                app: card.app_registered,
                phone: !phones.is_empty() || backend_sends,
                password: card.static_password_mac.is_some(),
            },
            language: Language::choose(tags, card.policy.language),
            phones,
            card,
        })
    }

    fn ares(
        &self,
        brand: Brand,
        areq: &AReq,
        transaction: &Transaction,
        known: Option<&Known>,
        now: OffsetDateTime,
    ) -> Result<Vec<u8>, NoAnswer> {
        let inner = self.inner();
        let mut ares = answer::plain(areq, transaction, &inner.settings);
        ares.authentication_value =
            inner
                .keys
                .values()
                .value(brand, areq, transaction.ds_trans_id, transaction.status, now);
        if let Some(known) = known {
            answer::announce(
                &mut ares,
                known.means,
                known.language,
                &known.card.policy,
                &inner.settings,
            );
        }
        answer::written(&ares, areq).map_err(|fault| {
            tracing::error!(%fault, "an ARes of ours breaks the rules");
            let fault = Fault::new(ErrorCode::PermanentFailure, "the answer cannot be written");
            NoAnswer::Fault(Box::new(fault.of(
                AReq::TYPE,
                Some(areq.message_version),
                areq.ids(),
            )))
        })
    }
}

impl Known {
    fn names(&self) -> CardOf {
        let card = &self.card;
        CardOf {
            issuer: card.issuer.clone(),
            product: card.product.clone(),
            card: card.card.clone(),
            consumer: Some(card.consumer.clone()),
            last_four: card.last_four.clone(),
        }
    }
}
