//! What is written down of a request and its answer.

use emv3ds::code::{ErrorCode, TransStatus};
use emv3ds::message::{AReq, WireMessage as _};
use emv3ds::{AcsTransId, Fault, Version};
use primitives::Brand;
use time::OffsetDateTime;

use super::{DECOUPLED_MINUTES, Known, NoAnswer, answer, request};
use crate::authentication_value::Circumstances;
use crate::decision::{Decision, Wishes};
use crate::flows::outcome;
use crate::policy::DeliveryPolicy;
use crate::purchase::Purchase;
use crate::service::Acs;
use crate::store::challenges::{self, NewChallenge, NewMeans, Way};
use crate::store::notices;
use crate::store::transactions::{self, End, Inserted, MerchantFacts, Transaction};

impl Acs {
    /// What is written down of the request and its answer.
    pub(super) fn transaction(
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

    /// The transaction and the challenge that follows, together.
    pub(super) async fn record(
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
