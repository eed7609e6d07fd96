//! Codes: made and queued, and what cardholders type held against them.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::facts::Facts;
use super::step::Entry;
use crate::challenge::State;
use crate::challenge::state::SentCode;
use crate::limits::{Sending, Verdict};
use crate::otp::{CodeContext, OtpCode, reference_code, same_mac};
use crate::phone::Phone;
use crate::service::Acs;
use crate::sms::text::WebOtp;
use crate::store::challenges::Kept;
use crate::store::codes::NewCode;
use crate::store::deliveries::{CannotQueue, Content, DeliveryId, Queued};
use crate::store::{StoreError, cards, codes, deliveries, limits};

/// A code of which nothing has been written down yet.
#[derive(Debug)]
pub(super) struct Prepared {
    code: OtpCode,
    mac: [u8; 32],
    key_version: u32,
    reference: Option<String>,
    phone: Option<Phone>,
}

/// An entry with what it is compared with, as far as that is no code.
#[derive(Debug)]
pub(super) struct Compared<'e> {
    entry: &'e Entry,
    password_mac: Option<[u8; 32]>,
    /// The card is locked by failures.
    pub(super) locked: bool,
}

impl Compared<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.entry.reveal().trim().is_empty()
    }
}

impl Acs {
    /// Makes a code, and reads the phone it goes to.
    pub(super) fn prepare_code(
        &self,
        facts: &Facts,
        kept: &Kept,
        wanted: &SentCode,
    ) -> Result<Prepared, StoreError> {
        let keys = &self.inner().keys;
        let otp = &facts.policy.otp;
        let code = OtpCode::make(otp.digits)?;
        let reference = otp.reference_code.then(reference_code::make).transpose()?;
        let key_version = keys.newest_code_key();
        let purchase = facts.purchase();
        let context = CodeContext {
            acs_trans_id: facts.id(),
            generation: wanted.generation.into(),
            purchase: &purchase,
        };
        let mac = keys.code_mac(key_version, &context, &code)?;
        let phone = match wanted.phone {
            None => None,
            Some(place) => kept.phones(keys)?.into_iter().nth(place.into()),
        };
        Ok(Prepared {
            code,
            mac,
            key_version,
            reference,
            phone,
        })
    }

    /// Writes a code down and queues it. Over a limit it is not queued, and nobody is told: everything else is as always.
    pub(super) async fn make_code_in(
        &self,
        connection: &mut PgConnection,
        facts: &Facts,
        kept: &Kept,
        code: &SentCode,
        prepared: &Prepared,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (inner, card) = (self.inner(), &facts.card);
        let sending = Sending {
            issuer: &card.issuer,
            card: &card.card,
            phone: prepared.phone.as_ref(),
        };
        let limits = &facts.policy.limits;
        let verdict = limits::may_send_in(connection, &inner.keys, limits, &sending, now).await?;
        let withheld_by = match verdict {
            Verdict::Within => None,
            Verdict::Over(limited) => Some(limited.as_str()),
        };
        let new = NewCode {
            acs_trans_id: facts.id(),
            generation: code.generation,
            mac: prepared.mac,
            key_version: prepared.key_version,
            reference_code: prepared.reference.as_deref(),
            withheld_by,
            made_at: now,
            expires_at: code.expires_at,
        };
        codes::make_in(connection, &new).await?;
        if let Some(limit) = withheld_by {
            tracing::info!(acs_transaction = %facts.id(), limit, "a code is withheld");
            return deliveries::void_in(connection, facts.id(), now).await;
        }
        let Some(consumer) = card.consumer.clone() else {
            return Err(StoreError::Corrupt {
                table: "transactions",
                column: "consumer_id",
                key: facts.id().to_string(),
            });
        };
        let queued = Queued {
            id: DeliveryId {
                acs_trans_id: facts.id(),
                generation: code.generation,
            },
            issuer: card.issuer.clone(),
            consumer,
            card: card.card.clone(),
            phone: prepared.phone.as_ref(),
            code: &prepared.code,
            content: self.content(facts, kept, prepared),
            expires_at: code.expires_at,
            queued_at: now,
        };
        match deliveries::queue_in(connection, &inner.keys, &queued).await {
            Ok(()) => Ok(()),
            Err(CannotQueue::Store(error)) => Err(error),
            Err(CannotQueue::Keys(error)) => Err(error.into()),
        }
    }

    fn content(&self, facts: &Facts, kept: &Kept, prepared: &Prepared) -> Content {
        let transaction = &facts.transaction;
        let amount = transaction
            .amount
            .map(|amount| (amount.minor(), amount.currency().code().to_owned()));
        let own_url = &self.inner().settings.public_url;
        let hosts = || WebOtp::in_frame(transaction.notification_url.as_deref()?, own_url);
        Content {
            language: kept.language,
            merchant_name: transaction.merchant.name.clone(),
            amount,
            last_four: facts.card.last_four.clone(),
            reference_code: prepared.reference.clone(),
            web_otp: facts.policy.otp.web_otp.then(hosts).flatten(),
            threeds_server_trans_id: transaction.three_ds_server_trans_id.to_string(),
            purchase_date: None,
        }
    }

    /// What an entry will be compared with besides the code.
    pub(super) async fn compared_with<'e>(
        &self,
        facts: &Facts,
        entry: &'e Entry,
        now: OffsetDateTime,
    ) -> Result<Compared<'e>, StoreError> {
        let (store, card) = (&self.inner().store, &facts.card);
        let lock = limits::lock_of(store, &card.issuer, &card.card, now).await?;
        let card = cards::load(store, &card.issuer, &card.card).await?;
        Ok(Compared {
            entry,
            password_mac: card.and_then(|card| card.static_password_mac),
            locked: lock.is_some(),
        })
    }

    /// Whether an entry is what the screen asks for. For a code an attempt is spent first.
    pub(super) async fn is_right_in(
        &self,
        connection: &mut PgConnection,
        facts: &Facts,
        kept: &Kept,
        compared: &Compared<'_>,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        match kept.challenge.state {
            State::Code { code, .. } => {
                self.is_code_in(connection, facts, &code, compared.entry, now)
                    .await
            }
            State::Password { .. } => {
                let (keys, card) = (&self.inner().keys, &facts.card);
                let made = keys.password_mac(&card.issuer, &card.card, compared.entry.reveal().trim());
                Ok(compared.password_mac.is_some_and(|kept| same_mac(&kept, &made)))
            }
            State::Awaited {}
            | State::ChoosingPhone { .. }
            | State::AskingApp { .. }
            | State::Decoupled {}
            | State::Done { .. } => Ok(false),
        }
    }

    async fn is_code_in(
        &self,
        connection: &mut PgConnection,
        facts: &Facts,
        code: &SentCode,
        entry: &Entry,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let otp = &facts.policy.otp;
        let spent = codes::spend_in(connection, facts.id(), code.generation, otp.attempts, now).await?;
        let (Some(spent), Some(typed)) = (spent, OtpCode::typed(entry.reveal(), otp.digits)) else {
            return Ok(false);
        };
        let purchase = facts.purchase();
        let context = CodeContext {
            acs_trans_id: facts.id(),
            generation: code.generation.into(),
            purchase: &purchase,
        };
        let keys = &self.inner().keys;
        let made = keys.code_mac(spent.key_version, &context, &typed)?;
        Ok(same_mac(&spent.mac, &made))
    }
}
