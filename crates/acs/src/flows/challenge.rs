//! The challenge as browsers, the bank's app and carriers of codes move it on.
//!
//! Every move is one step ([`step`]): the challenge's row is locked, [`crate::challenge::decide`] says what comes of what
//! happened, and all of it is saved together. Screens are made afterwards from what was saved.

mod codes;
mod creq;
mod facts;
mod screens;
mod step;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use emv3ds::AcsTransId;
use emv3ds::code::ErrorCode;
use thiserror::Error;
use uuid::Uuid;

use crate::challenge::{AppAnswer, Event, Pressed, Refused, Screen};
use crate::service::Acs;
use crate::store::{StoreError, challenges};
pub(in crate::flows) use facts::seconds;
use step::{Came, Happened};

/// Why something could not happen to a challenge.
#[derive(Debug, Error)]
pub enum FlowError {
    /// There is no such challenge.
    #[error("there is no such challenge")]
    Unknown,
    /// It means nothing where the challenge stands.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database did not answer, or said something that means nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Acs {
    /// A browser brings a CReq, for the first time or again: `creq` and `threeDSSessionData` of its form.
    ///
    /// # Errors
    /// When the database does not answer. Everything else has a screen.
    pub async fn open_challenge(&self, creq: &str, session_data: Option<&str>) -> Result<Screen, StoreError> {
        let session_data = session_data.filter(|data| !data.is_empty());
        match self.creq(creq, session_data).await? {
            Ok((facts, stepped)) => Box::pin(self.screen(&facts, stepped)).await,
            Err(refused) => Ok(self.refuse(&refused, session_data)),
        }
    }

    /// The cardholder pressed something on a screen. With a token that is not the screen's, nothing happens but that the
    /// screen is shown as it is now: a form counts once.
    ///
    /// # Errors
    /// As [`Acs::open_challenge`].
    pub async fn press(
        &self,
        acs_trans_id: &str,
        token: &str,
        pressed: Pressed,
    ) -> Result<Screen, StoreError> {
        let Some(id) = AcsTransId::parse(acs_trans_id) else {
            return Ok(lost());
        };
        let Some(facts) = self.facts(id).await? else {
            return Ok(lost());
        };
        let token = Uuid::try_parse(token).unwrap_or_default();
        let happened = Happened::Pressed { token, pressed };
        match Box::pin(self.step(&facts, happened)).await? {
            Came::Stepped(stepped) => Box::pin(self.screen(&facts, stepped)).await,
            // What a screen does not offer, nobody presses who has it before them: it is shown as it is now.
            Came::Same(kept) | Came::Refused(_, kept) if kept.opened.is_some() => {
                Box::pin(self.screen(&facts, kept.into())).await
            }
            Came::Same(_) | Came::Refused(..) | Came::Conflicting | Came::Unknown => Ok(lost()),
        }
    }

    /// The screen as it is now, for a browser that waits.
    ///
    /// # Errors
    /// As [`Acs::open_challenge`].
    pub async fn challenge_page(&self, acs_trans_id: &str) -> Result<Screen, StoreError> {
        let Some(id) = AcsTransId::parse(acs_trans_id) else {
            return Ok(lost());
        };
        let Some(kept) = challenges::by_id(&self.inner().store, id).await? else {
            return Ok(lost());
        };
        match self.facts(id).await? {
            Some(facts) if kept.opened.is_some() => Box::pin(self.screen(&facts, kept.into())).await,
            _ => Ok(lost()),
        }
    }

    /// The cardholder answered in the bank's app: an out-of-band challenge or a decoupled authentication.
    ///
    /// # Errors
    /// [`FlowError::Refused`] when the app is not asked.
    pub async fn app_answered(&self, id: AcsTransId, answer: AppAnswer) -> Result<(), FlowError> {
        self.event(id, Event::AppAnswered(answer)).await
    }

    /// Something happened to a code. What is said of one that counts no more, or of a challenge that has ended, is not
    /// worth an error.
    ///
    /// # Errors
    /// When there is no such challenge, or the database does not answer.
    pub async fn challenge_event(&self, id: AcsTransId, event: Event) -> Result<(), FlowError> {
        match self.event(id, event).await {
            Err(FlowError::Refused(refused)) => {
                tracing::debug!(acs_transaction = %id, %refused, "news of a code came to nothing");
                Ok(())
            }
            done => done,
        }
    }

    async fn event(&self, id: AcsTransId, event: Event) -> Result<(), FlowError> {
        let facts = self.facts(id).await?.ok_or(FlowError::Unknown)?;
        match Box::pin(self.step(&facts, Happened::Event(event))).await? {
            Came::Stepped(_) | Came::Same(_) => Ok(()),
            Came::Refused(refused, _) => Err(refused.into()),
            Came::Conflicting | Came::Unknown => Err(FlowError::Unknown),
        }
    }
}

/// Nobody's challenge, or one that no browser takes part in: which, nobody is told.
fn lost() -> Screen {
    Screen::Problem {
        code: ErrorCode::TransactionNotRecognised.number(),
        detail: "acsTransID".to_owned(),
    }
}
