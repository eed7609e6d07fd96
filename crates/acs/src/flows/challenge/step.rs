//! One step of a challenge: locked, decided, saved with all that follows from it.

use primitives::{Moment, Secret};
use sqlx::PgConnection;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::codes::{Compared, Prepared};
use super::facts::Facts;
use crate::challenge::event::Judged;
use crate::challenge::state::{Progress, SentCode};
use crate::challenge::{Challenge, Effect, Ending, Event, Pressed, Refused, State, Step, decide};
use crate::flows::outcome;
use crate::flows::results::LEASE;
use crate::flows::telemetry;
use crate::service::Acs;
use crate::store::challenges::{Kept, OpenedBy};
use crate::store::transactions::{self, End};
use crate::store::{StoreError, challenges, codes, deliveries, limits, notices, results};

/// What happened to a challenge.
#[derive(Debug)]
pub(super) enum Happened<'h> {
    /// A CReq came.
    Opened(&'h OpenedBy),
    /// The cardholder pressed something on the screen with this token.
    Pressed { token: Uuid, pressed: Pressed },
    /// Anything else.
    Event(Event),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Came {
    /// A step, saved.
    Stepped(Stepped),
    /// Nothing: it was said on a screen that is not shown any more.
    Same(Kept),
    /// Nothing: it means nothing where the challenge stands.
    Refused(Refused, Kept),
    /// Nothing: the CReq is not the one that opened the challenge.
    Conflicting,
    /// There is no such challenge.
    Unknown,
}

/// A challenge after a step.
#[derive(Debug)]
pub(super) struct Stepped {
    pub(super) kept: Kept,
    /// The result, on its way, where this step ended the challenge.
    pub(super) report: Option<JoinHandle<()>>,
}

impl From<Kept> for Stepped {
    fn from(kept: Kept) -> Self {
        Self { kept, report: None }
    }
}

impl Acs {
    /// Lets something happen to a challenge.
    pub(super) async fn step(&self, facts: &Facts, happened: Happened<'_>) -> Result<Came, StoreError> {
        let inner = self.inner();
        let moment = inner.clock.moment();
        // Asked before the row is locked: who holds a lock must not wait for another connection.
        let compared = match &happened {
            Happened::Pressed {
                pressed: Pressed::Submit(entry),
                ..
            } => Some(self.compared_with(facts, entry, moment.now).await?),
            _ => None,
        };
        let mut transaction = inner.store.pool().begin().await?;
        let Some(mut kept) = challenges::lock_in(&mut transaction, facts.id()).await? else {
            return Ok(Came::Unknown);
        };
        let event = match &happened {
            Happened::Opened(by) => match (&kept.opened, &kept.challenge.state) {
                (Some(before), _) if before != *by => return Ok(Came::Conflicting),
                (Some(_), _) => Event::Opened,
                (None, State::Awaited {}) => {
                    challenges::opened_in(&mut transaction, facts.id(), by, moment.now).await?;
                    kept.opened = Some((*by).clone());
                    Event::Opened
                }
                (None, State::Done { .. }) => Event::Opened,
                (None, _) => return Ok(Came::Conflicting),
            },
            Happened::Pressed { token, .. } if *token != kept.challenge.screen => {
                return Ok(Came::Same(kept));
            }
            Happened::Pressed { pressed, .. } => event_of(pressed),
            Happened::Event(event) => *event,
        };
        let decided = match (event, compared) {
            (Event::Entered(_), Some(compared)) => {
                self.entered_in(&mut transaction, facts, &kept, &compared, moment)
                    .await?
            }
            _ => decide(&facts.rules(), &kept.challenge, event, moment),
        };
        let step = match decided {
            Ok(step) => step,
            Err(refused) => return Ok(Came::Refused(refused, kept)),
        };
        if step.challenge == kept.challenge && step.effects.is_empty() {
            return Ok(Came::Stepped(kept.into()));
        }
        let (challenge, result) = self
            .record_in(&mut transaction, facts, &kept, step, moment)
            .await?;
        transaction.commit().await?;
        self.ring(&challenge);
        if let State::Done { ending, method, at } = challenge.state {
            telemetry::ended(ending, method, at - kept.began_at);
        }
        kept.challenge = challenge;
        kept.version += 1;
        let report = result.map(|taken| tokio::spawn(self.clone().report(taken)));
        Ok(Came::Stepped(Stepped { kept, report }))
    }

    /// What comes of an entry. Whether it is right is found out here, under the lock, once its attempt is spent.
    async fn entered_in(
        &self,
        connection: &mut PgConnection,
        facts: &Facts,
        kept: &Kept,
        compared: &Compared<'_>,
        moment: Moment,
    ) -> Result<Result<Step, Refused>, StoreError> {
        if compared.is_empty() {
            return Ok(decide(
                &facts.rules(),
                &kept.challenge,
                Event::NothingEntered,
                moment,
            ));
        }
        let right = self
            .is_right_in(connection, facts, kept, compared, moment.now)
            .await?;
        let judged = |locked| Event::Entered(Judged { right, locked });
        let decided = decide(&facts.rules(), &kept.challenge, judged(compared.locked), moment);
        let Ok(step) = &decided else { return Ok(decided) };
        let (policy, card) = (&facts.policy.limits, &facts.card);
        if step.challenge.wrong > kept.challenge.wrong {
            let standing =
                limits::failed_in(connection, policy, &card.issuer, &card.card, moment.now).await?;
            if standing.lock.is_some() && !compared.locked {
                return Ok(decide(&facts.rules(), &kept.challenge, judged(true), moment));
            }
        } else if step.challenge.ending() == Some(Ending::Passed) {
            limits::passed_in(connection, &card.issuer, &card.card, moment.now).await?;
        }
        Ok(decided)
    }

    /// Saves a step with what follows from it.
    async fn record_in(
        &self,
        connection: &mut PgConnection,
        facts: &Facts,
        kept: &Kept,
        step: Step,
        moment: Moment,
    ) -> Result<(Challenge, Option<results::Taken>), StoreError> {
        let (id, now) = (facts.id(), moment.now);
        let (step, made) = self.with_code(facts, kept, step, moment)?;
        let Step { challenge, effects } = step;
        match made {
            Some((code, prepared)) => {
                self.make_code_in(connection, facts, kept, &code, &prepared, now)
                    .await?;
            }
            None => settle_codes_in(connection, kept, &challenge, now).await?,
        }
        challenges::save_in(connection, id, kept.version, &challenge).await?;
        let mut result = None;
        for effect in effects {
            match effect {
                // Made above, before anything was saved. The bank's app asks for what it has to ask.
                Effect::MakeCode { .. } | Effect::AskApp => {}
                Effect::Report => result = self.queue_result_in(connection, facts, &challenge, now).await?,
                Effect::NotifyIssuer => queue_notice_in(connection, facts, &challenge, now).await?,
            }
        }
        Ok((challenge, result))
    }

    /// Makes the code that a step wants. One that cannot be made for a fault of ours ends the challenge instead.
    fn with_code(
        &self,
        facts: &Facts,
        kept: &Kept,
        step: Step,
        moment: Moment,
    ) -> Result<(Step, Option<(SentCode, Prepared)>), StoreError> {
        let wanted = step
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::MakeCode { .. }));
        let Some(code) = step.challenge.state.code().copied().filter(|_| wanted) else {
            return Ok((step, None));
        };
        match self.prepare_code(facts, kept, &code) {
            Ok(prepared) => Ok((step, Some((code, prepared)))),
            Err(fault) => {
                tracing::error!(acs_transaction = %facts.id(), %fault, "a code could not be made");
                match decide(&facts.rules(), &kept.challenge, Event::Broken, moment) {
                    Ok(ended) => Ok((ended, None)),
                    Err(_) => Err(fault),
                }
            }
        }
    }

    async fn queue_result_in(
        &self,
        connection: &mut PgConnection,
        facts: &Facts,
        challenge: &Challenge,
        at: time::OffsetDateTime,
    ) -> Result<Option<results::Taken>, StoreError> {
        if let Some(ending) = challenge.ending() {
            let end = End {
                status: ending.status(),
                reason: ending.reason(facts.transaction.version),
                at,
            };
            transactions::end_in(connection, facts.id(), &end).await?;
        }
        results::queue_in(connection, facts.id(), at, LEASE).await
    }

    /// Wakes who has something to do now.
    fn ring(&self, challenge: &Challenge) {
        let wakes = &self.inner().wakes;
        if challenge.ending().is_some() {
            wakes.notices.notify_one();
        } else if challenge.state.code().is_some() {
            wakes.deliveries.notify_one();
        }
    }
}

/// The issuer's backend hears of it, where it wants to.
async fn queue_notice_in(
    connection: &mut PgConnection,
    facts: &Facts,
    challenge: &Challenge,
    now: time::OffsetDateTime,
) -> Result<(), StoreError> {
    let notice = outcome::of_challenge(&facts.transaction, &facts.card, challenge);
    match notice.filter(|_| facts.policy.backend.is_some()) {
        Some(notice) => notices::queue_in(connection, &notice, now).await,
        None => Ok(()),
    }
}

/// A code that belongs to the challenge no more is void, and erased; so is one whose time is over.
async fn settle_codes_in(
    connection: &mut PgConnection,
    kept: &Kept,
    next: &Challenge,
    now: time::OffsetDateTime,
) -> Result<(), StoreError> {
    let id = kept.acs_trans_id;
    let Some(before) = kept.challenge.state.code() else {
        return Ok(());
    };
    match next.state.code() {
        Some(code) if code.generation == before.generation && code.progress != Progress::Expired => {
            return Ok(());
        }
        Some(code) if code.generation == before.generation => {
            codes::expire_in(connection, id, now).await?;
        }
        Some(_) | None => {
            let passes = next.ending() == Some(Ending::Passed);
            // The last word on a code being good once: who finds it used already has not passed.
            if passes
                && matches!(kept.challenge.state, State::Code { .. })
                && !codes::use_in(connection, id, before.generation).await?
            {
                return Err(sqlx::Error::RowNotFound.into());
            }
            codes::void_in(connection, id).await?;
        }
    }
    deliveries::void_in(connection, id, now).await
}

/// What a press of a button means; an entry is judged before it does.
fn event_of(pressed: &Pressed) -> Event {
    match pressed {
        Pressed::Submit(_) => Event::Entered(Judged {
            right: false,
            locked: false,
        }),
        Pressed::Resend => Event::ResendAsked,
        Pressed::ChoosePhone(phone) => Event::PhoneChosen(*phone),
        Pressed::CodeInstead => Event::CodeInsteadAsked,
        Pressed::AppInstead => Event::AppInsteadAsked,
        Pressed::Continue => Event::Continued,
        Pressed::PutOff => Event::PutOffAsked,
        Pressed::Cancel => Event::Cancelled,
    }
}

/// What was typed.
pub(super) type Entry = Secret<String>;
