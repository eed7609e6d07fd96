//! Codes leave the house: leased, handed to one carrier after the other as [`Route`] says, recorded, told to the challenge.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

use crate::issuer_backend::deliver_otp::CodeForIssuer;
use crate::issuer_backend::{Backend, CARRIER};
use crate::otp::OtpCode;
use crate::phone::Phone;
use crate::policy::{DeliveryPolicy, Policy};
use crate::service::{Acs, Rounds};
use crate::sms::breaker::Breakers;
use crate::sms::encoding::Size;
use crate::sms::provider::{Handed, TextMessage};
use crate::sms::route::{self, BUDGET, Carrier, Ending, Next, Route};
use crate::sms::sender::sender;
use crate::sms::telemetry;
use crate::sms::text::CodeMessage;
use crate::store::deliveries::{Costs, Ended, Lease, Leased, News, ToTell};
use crate::store::provider_health::{self, Counted, TryOutcome};
use crate::store::{StoreError, issuers};

/// Codes that a process hands over at the same time.
const CONCURRENCY: usize = 64;
/// How long a delivery stays ours beyond what its tries may take: for the database, and for asking the issuer who it is.
const LEASE_SLACK: Duration = Duration::from_secs(8);
/// How much longer than its limit a carrier is waited for, should it not keep the limit itself.
const GRACE: Duration = Duration::from_millis(250);

impl Acs {
    /// Rings the bell of the worker below. Call it after the commit that queued a code.
    pub fn wake_deliveries(&self) {
        self.inner().wakes.deliveries.notify_one();
    }

    /// The worker that hands codes over, until the service ends; it lets those on their way come to an end.
    pub(crate) async fn deliver_codes(self, mut rounds: Rounds) {
        telemetry::describe();
        let mut running = JoinSet::new();
        loop {
            let room = CONCURRENCY.saturating_sub(running.len());
            let leased = match self.lease_codes(room).await {
                Ok(leased) => leased,
                Err(error) => {
                    tracing::warn!(%error, "codes to be delivered cannot be read");
                    Vec::new()
                }
            };
            for leased in leased {
                let acs = self.clone();
                running.spawn(async move {
                    let id = leased.id;
                    match acs.deliver(leased).await {
                        Ok(Some(news)) => acs.tell(&news).await,
                        Ok(None) => {}
                        Err(error) => tracing::warn!(
                            acs_transaction = %id.acs_trans_id, generation = id.generation, %error,
                            "a code's delivery is left to its lease"
                        ),
                    }
                });
            }
            let inner = self.inner();
            tokio::select! {
                goes_on = rounds.next(&inner.wakes.deliveries, inner.settings.timers.poll) => if !goes_on { break },
                Some(_) = running.join_next(), if running.len() == CONCURRENCY => {}
            }
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }

    async fn lease_codes(&self, room: usize) -> Result<Vec<Leased>, StoreError> {
        let Some(room) = u32::try_from(room).ok().filter(|room| *room > 0) else {
            return Ok(Vec::new());
        };
        let inner = self.inner();
        let moment = inner.clock.moment();
        let lease = Lease {
            owner: moment.nonce,
            now: moment.now,
            until: moment.now + BUDGET + LEASE_SLACK,
        };
        inner.store.deliveries_lease(lease, room).await
    }

    /// Hands one code over and records how that ended; answers what the challenge is to be told. `None` when the delivery was
    /// no longer ours.
    async fn deliver(&self, leased: Leased) -> Result<Option<ToTell>, StoreError> {
        let inner = self.inner();
        let policy = issuers::load(&inner.store, &leased.issuer)
            .await?
            .map(|issuer| issuer.policy)
            .unwrap_or_default();
        let carriers = self.carriers(&policy);
        let way = Way {
            acs: self,
            leased: &leased,
            policy: &policy,
        };
        let (ending, costs) = way.go(carriers.clone()).await?;
        let news = news(&ending, leased.in_doubt, carriers.len());
        let at = inner.clock.now();
        let ended = Ended {
            ending: &ending,
            costs,
            news,
            at,
        };
        if !inner.store.delivery_end(&leased, &ended).await? {
            return Ok(None);
        }
        telemetry::ended(&ending, at - leased.queued_at);
        tracing::info!(
            acs_transaction = %leased.id.acs_trans_id, generation = leased.id.generation,
            prefix = leased.prefix.as_deref(), ?ending, "a code was handed over, or not"
        );
        Ok(Some(ToTell {
            id: leased.id,
            issuer: leased.issuer,
            asked: Vec::new(),
            news,
        }))
    }

    /// Who may carry codes of an issuer, best first: its own backend where that sends, and our providers, in the issuer's
    /// order or ours.
    pub(crate) fn carriers(&self, policy: &Policy) -> Vec<Carrier> {
        let known = &self.inner().providers;
        let of_name = |name: &String| known.iter().find(|provider| provider.name() == name);
        let ours: Vec<_> = if policy.providers.is_empty() {
            known.iter().collect()
        } else {
            policy.providers.iter().filter_map(of_name).collect()
        };
        let ours = ours.into_iter().map(|provider| Carrier {
            name: provider.name().to_owned(),
            knows_repeats: provider.knows_repeats(),
        });
        let backend = Carrier {
            name: CARRIER.to_owned(),
            knows_repeats: true,
        };
        match policy.delivery {
            DeliveryPolicy::AcsSends => ours.collect(),
            DeliveryPolicy::IssuerSends { fall_back: false } => vec![backend],
            DeliveryPolicy::IssuerSends { fall_back: true } => std::iter::once(backend).chain(ours).collect(),
        }
    }

    pub(crate) fn breakers(&self) -> MutexGuard<'_, Breakers> {
        self.inner()
            .breakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a challenge is told. A code in doubt is replaced as long as there is somebody by whom no code got lost yet.
fn news(ending: &Ending, in_doubt_before: u16, carriers: usize) -> News {
    match ending {
        Ending::Accepted { .. } => News::HandedOver,
        Ending::NotSent { .. } => News::NotSent,
        Ending::Unknown { .. } if usize::from(in_doubt_before) + 1 < carriers => News::MaybeLost,
        Ending::Unknown { .. } => News::NotSent,
    }
}

/// One code on its way, and what it needs there.
struct Way<'w> {
    acs: &'w Acs,
    leased: &'w Leased,
    policy: &'w Policy,
}

/// What is made of a code once, whoever carries it.
struct Parcel {
    code: OtpCode,
    phone: Option<Phone>,
    costs: Option<Costs>,
}

impl Way<'_> {
    /// Asks carriers until the route is at its end.
    async fn go(&self, carriers: Vec<Carrier>) -> Result<(Ending, Option<Costs>), StoreError> {
        let (inner, leased) = (self.acs.inner(), self.leased);
        let moment = inner.clock.moment();
        let chance = moment.nonce.as_u128() as u64;
        let carriers = route::order(carriers, &leased.disappointed);
        let mut route = Route::new(carriers.clone(), moment.now, leased.expires_at, chance);
        if let Some(asked) = &leased.asked {
            let carrier = carriers.into_iter().find(|carrier| carrier.name == asked.carrier);
            let carrier = carrier.unwrap_or_else(|| Carrier {
                name: asked.carrier.clone(),
                knows_repeats: false,
            });
            route = route.interrupted(carrier, asked.tries);
        }
        let mut parcel = match leased.open(&inner.keys) {
            Ok(Some((code, phone))) => Parcel {
                code,
                phone,
                costs: None,
            },
            Ok(None) => return Ok((route.abandon("void"), None)),
            Err(error) => {
                tracing::error!(acs_transaction = %leased.id.acs_trans_id, %error, "a code cannot be opened");
                return Ok((route.abandon("unreadable"), None));
            }
        };
        loop {
            let now = inner.clock.now();
            let next = route.next(now, |name| {
                self.acs.breakers().of(&self.breaker_of(name)).admit(now)
            });
            let (carrier, pause, limit) = match next {
                Next::End(ending) => return Ok((ending, parcel.costs)),
                Next::Try {
                    carrier,
                    pause,
                    limit,
                    ..
                } => (carrier, pause, limit),
            };
            tokio::time::sleep(pause).await;
            if !inner
                .store
                .delivery_ask(leased, &carrier, inner.clock.now())
                .await?
            {
                return Ok((route.abandon("void"), parcel.costs));
            }
            let begun = Instant::now();
            let handed = tokio::time::timeout(limit + GRACE, self.ask(&carrier, &mut parcel, limit))
                .await
                .unwrap_or(Handed::Unknown);
            self.tried(&carrier, &handed, begun.elapsed()).await;
            route.answered(handed);
        }
    }

    /// One try of one carrier.
    async fn ask(&self, carrier: &str, parcel: &mut Parcel, limit: Duration) -> Handed {
        if carrier == CARRIER {
            return self.ask_backend(parcel, limit).await;
        }
        let providers = &self.acs.inner().providers;
        let Some(provider) = providers.iter().find(|provider| provider.name() == carrier) else {
            return refused("no_such_provider", true);
        };
        let begun = Instant::now();
        if parcel.phone.is_none() {
            // The issuer keeps phones itself, and its backend did not take the code.
            let known = self
                .acs
                .consumer_at_backend(&self.leased.issuer, self.policy, &self.leased.consumer);
            parcel.phone = tokio::time::timeout(limit, known)
                .await
                .ok()
                .flatten()
                .and_then(|known| known.phone);
        }
        let Some(phone) = parcel.phone.clone() else {
            return refused("no_phone", false);
        };
        let message = self.message(parcel, phone);
        provider
            .hand_over(&message, limit.saturating_sub(begun.elapsed()))
            .await
    }

    async fn ask_backend(&self, parcel: &Parcel, limit: Duration) -> Handed {
        let inner = self.acs.inner();
        let Some(settings) = &self.policy.backend else {
            return refused("no_backend", true);
        };
        let secret = match self.acs.backend_secret(&self.leased.issuer).await {
            Ok(secret) => secret,
            Err(error) => {
                tracing::warn!(issuer = %self.leased.issuer, %error, "a backend's secret cannot be read");
                return Handed::NotTaken {
                    code: "no_secret".to_owned(),
                };
            }
        };
        let backend = Backend {
            client: &inner.client,
            tokens: &inner.tokens,
            issuer: &self.leased.issuer,
            settings,
            secret,
        };
        let code = CodeForIssuer {
            id: self.leased.id,
            consumer: &self.leased.consumer,
            code: &parcel.code,
            content: &self.leased.content,
            expires_at: self.leased.expires_at,
        };
        backend.deliver_otp(&code, inner.clock.now(), limit).await
    }

    fn message(&self, parcel: &mut Parcel, phone: Phone) -> TextMessage {
        let (leased, content) = (self.leased, &self.leased.content);
        let good_for = (leased.expires_at - leased.queued_at).whole_minutes();
        let text = CodeMessage {
            language: content.language,
            bank_name: &self.policy.bank_name,
            code: &parcel.code,
            purchase: &content.purchase(),
            last_four: &content.last_four,
            minutes: u32::try_from(good_for).unwrap_or_default().max(1),
            reference: content.reference_code.as_deref(),
            web_otp: content.web_otp.as_ref(),
        }
        .text();
        let size = Size::of(text.reveal());
        parcel.costs = Some(Costs {
            encoding: size.encoding,
            segments: u16::try_from(size.parts).unwrap_or(u16::MAX),
        });
        TextMessage {
            delivery_id: leased.id.as_text(),
            sender: sender(&self.policy.senders, &phone).map(str::to_owned),
            to: phone,
            text,
            validity: leased.expires_at - self.acs.inner().clock.now(),
        }
    }

    /// Counts a try, here and for the breaker.
    async fn tried(&self, carrier: &str, handed: &Handed, took: Duration) {
        let inner = self.acs.inner();
        let now = inner.clock.now();
        let name = self.breaker_of(carrier);
        let outcome = match handed {
            Handed::Accepted { .. } => TryOutcome::Accepted,
            Handed::Refused { .. } => TryOutcome::Refused,
            Handed::NotTaken { .. } => TryOutcome::NotTaken,
            Handed::Unknown => TryOutcome::Unknown,
        };
        let breaker = {
            let mut breakers = self.acs.breakers();
            match outcome {
                TryOutcome::Accepted | TryOutcome::Refused => breakers.of(&name).worked(),
                TryOutcome::NotTaken | TryOutcome::Unknown => breakers.of(&name).failed(now),
            }
            breakers.state(&name, now)
        };
        telemetry::tried(carrier, outcome, took, breaker);
        let prefix = self.leased.prefix.as_deref();
        let counted = Counted::Try(outcome, took);
        if let Err(error) = provider_health::count(&inner.store, &name, prefix, counted, now).await {
            tracing::warn!(%error, "a try could not be counted");
        }
    }

    /// Whose breaker it is: every issuer's backend has its own.
    fn breaker_of(&self, carrier: &str) -> String {
        if carrier == CARRIER {
            format!("{CARRIER}/{}", self.leased.issuer)
        } else {
            carrier.to_owned()
        }
    }
}

fn refused(code: &str, elsewhere: bool) -> Handed {
    Handed::Refused {
        code: code.to_owned(),
        elsewhere,
    }
}

#[cfg(test)]
mod tests;
