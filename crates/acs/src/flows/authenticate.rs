//! An AReq and its answer.
//!
//! The card is found by the keyed hash of its number, the issuer's rules decide, and what was decided is written down
//! together with the challenge that follows, before the ARes leaves.

mod answer;
mod request;

use emv3ds::code::{Component, ErrorCode, TransStatus};
use emv3ds::message::{AReq, Received, WireMessage as _};
use emv3ds::{AcsTransId, Fault, Rules, Version};
use primitives::Brand;
use std::net::IpAddr;
use time::OffsetDateTime;

use super::outcome;
use crate::authentication_value::Circumstances;
use crate::decision::{self, Decision, Explanation, Facts, Means, Prior, Refusal, Wishes};
use crate::keys::KeysError;
use crate::language::Language;
use crate::limits::{Lock, Verdict};
use crate::phone::Phone;
use crate::policy::DeliveryPolicy;
use crate::purchase::Purchase;
use crate::service::Acs;
use crate::store::cards::{self, CardState, IssuerCard};
use crate::store::challenges::{self, NewChallenge, NewMeans, Way};
use crate::store::transactions::{self, CardOf, End, Inserted, MerchantFacts, Transaction};
use crate::store::{StoreError, limits, notices};

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
        metrics::counter!("acs_authentications_total", "status" => transaction.status.as_str()).increment(1);
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

    /// The issuer's answer, limits and locks included.
    async fn decide(
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

    /// What is written down of the request and its answer.
    fn transaction(
        &self,
        brand: Brand,
        areq: &AReq,
        acs_trans_id: AcsTransId,
        decision: &Decision,
        merchant: MerchantFacts,
        now: OffsetDateTime,
    ) -> Result<Transaction, NoAnswer> {
        let keys = &self.inner().keys;
        let Some(ds_trans_id) = areq.ds_trans_id else {
            let fault = Fault::new(ErrorCode::RequiredElementMissing, "dsTransID");
            let fault = fault.of(AReq::TYPE, Some(areq.message_version), areq.ids());
            return Err(NoAnswer::Fault(Box::new(fault)));
        };
        let asked = !decision.status.is_final();
        let circumstances = Circumstances::new(brand, areq.message_category, areq.device_channel);
        let passed = TransStatus::Authenticated;
        let proof = keys.values().value(brand, areq, ds_trans_id, passed, now);
        let proof = match proof.filter(|_| asked) {
            Some(proof) => {
                let context = transactions::proof_context(acs_trans_id);
                Some(keys.seal(&context, proof.as_str().as_bytes())?)
            }
            None => None,
        };
        let wishes = Wishes::of(areq, brand);
        Ok(Transaction {
            acs_trans_id,
            three_ds_server_trans_id: areq.three_ds_server_trans_id,
            ds_trans_id,
            brand,
            version: areq.message_version,
            channel: areq.device_channel,
            category: areq.message_category,
            card: None,
            merchant,
            amount: Purchase::of(areq).amount,
            notification_url: areq.notification_url.clone(),
            browser_language: areq.browser_language.clone(),
            device_hash: request::device_hash(areq, keys),
            address_hash: request::address(areq).map(|address| keys.address_hash(address).to_vec()),
            status: decision.status,
            reason: decision.reason,
            eci: answer::eci_of(&circumstances, decision),
            proof,
            decoupled_fallback: wishes.decoupled_fallback,
            decoupled_minutes: wishes.decoupled_minutes,
            explanation: serde_json::to_value(&decision.explanation).unwrap_or_default(),
            decided_at: now,
            end: (!asked).then_some(End {
                status: decision.status,
                reason: decision.reason,
                at: now,
            }),
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

    /// The transaction and the challenge that follows, together.
    async fn record(
        &self,
        areq: &AReq,
        transaction: &Transaction,
        known: Option<&Known>,
    ) -> Result<(), NoAnswer> {
        let inner = self.inner();
        let mut database = inner.store.pool().begin().await?;
        if transactions::insert_in(&mut database, transaction).await? == Inserted::AskedBefore {
            database.rollback().await?;
            let code = match areq.message_version {
                Version::V2_1_0 | Version::V2_2_0 => ErrorCode::TransactionNotRecognised,
                Version::V2_3_1 => ErrorCode::DuplicateMessage,
            };
            let fault = Fault::new(code, "threeDSServerTransID was used before");
            let fault = fault.of(AReq::TYPE, Some(areq.message_version), areq.ids());
            return Err(NoAnswer::Fault(Box::new(fault)));
        }
        let way = match transaction.status {
            TransStatus::ChallengeRequired => {
                let patience = inner.settings.timers.first_creq;
                Some(Way::Browser {
                    patience: time::Duration::try_from(patience).unwrap_or(time::Duration::MAX),
                })
            }
            TransStatus::DecoupledChallenge => {
                let minutes = transaction.decoupled_minutes.unwrap_or(DECOUPLED_MINUTES);
                Some(Way::Decoupled {
                    patience: time::Duration::minutes(minutes.into()),
                })
            }
            _ => None,
        };
        let asked = way.zip(known);
        if let Some((way, known)) = asked {
            let challenge = NewChallenge {
                acs_trans_id: transaction.acs_trans_id,
                way,
                means: NewMeans {
                    app: known.means.app,
                    password: known.means.password,
                    phones: known.phones.clone(),
                    backend_sends: matches!(known.card.policy.delivery, DeliveryPolicy::IssuerSends { .. }),
                    put_off: transaction.decoupled_fallback && known.means.app,
                },
                language: known.language,
            };
            challenges::begin_in(&mut database, &inner.keys, &challenge, inner.clock.moment()).await?;
        }
        let backend = known.and_then(|known| known.card.policy.backend.as_ref());
        let notice = outcome::of_answer(transaction).filter(|_| backend.is_some());
        if let Some(notice) = &notice {
            notices::queue_in(&mut database, notice, transaction.decided_at).await?;
        }
        database.commit().await?;
        if asked.is_some() {
            inner.wakes.timers.notify_one();
        }
        if notice.is_some() {
            inner.wakes.notices.notify_one();
        }
        Ok(())
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
