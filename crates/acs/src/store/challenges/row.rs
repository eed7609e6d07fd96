//! A row of `acs.challenges` and what it means.

use emv3ds::AcsTransId;
use emv3ds::code::ChallengeWindowSize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Kept, OpenedBy};
use crate::challenge::{Challenge, State};
use crate::language::Language;
use crate::store::StoreError;

#[derive(Debug)]
pub(super) struct Row {
    pub(super) acs_trans_id: Uuid,
    pub(super) means: Value,
    pub(super) phones: Option<Vec<u8>>,
    pub(super) language: String,
    pub(super) state: String,
    pub(super) state_data: Value,
    pub(super) version: i64,
    pub(super) until: OffsetDateTime,
    pub(super) interactions: i32,
    pub(super) wrong: i32,
    pub(super) resends: i32,
    pub(super) replaced: i32,
    pub(super) app_asked: i32,
    pub(super) generation: i32,
    pub(super) notice: Option<Value>,
    pub(super) screen: Uuid,
    pub(super) creq_hash: Option<Vec<u8>>,
    pub(super) window_size: Option<String>,
    pub(super) session_data: Option<String>,
    pub(super) began_at: OffsetDateTime,
}

/// Which row, for its faults.
struct Key(Uuid);

impl Key {
    fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt {
            table: "challenges",
            column,
            key: self.0.to_string(),
        }
    }

    fn value<T: DeserializeOwned>(&self, column: &'static str, value: Value) -> Result<T, StoreError> {
        serde_json::from_value(value).map_err(|_| self.corrupt(column))
    }

    fn count<T: TryFrom<i32>>(&self, column: &'static str, count: i32) -> Result<T, StoreError> {
        count.try_into().map_err(|_| self.corrupt(column))
    }
}

impl TryFrom<Row> for Kept {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = Key(row.acs_trans_id);
        let state: State = key.value("state_data", row.state_data)?;
        if state.name() != row.state {
            return Err(key.corrupt("state"));
        }
        let opened = match (row.creq_hash, row.window_size) {
            (Some(creq_hash), Some(size)) => Some(OpenedBy {
                creq_hash,
                window_size: ChallengeWindowSize::parse(&size).ok_or_else(|| key.corrupt("window_size"))?,
                session_data: row.session_data,
            }),
            _ => None,
        };
        Ok(Self {
            acs_trans_id: AcsTransId(row.acs_trans_id),
            challenge: Challenge {
                means: key.value("means", row.means)?,
                state,
                until: row.until,
                interactions: key.count("interactions", row.interactions)?,
                wrong: key.count("wrong", row.wrong)?,
                resends: key.count("resends", row.resends)?,
                replaced: key.count("replaced", row.replaced)?,
                app_asked: key.count("app_asked", row.app_asked)?,
                generation: key.count("generation", row.generation)?,
                notice: row.notice.map(|notice| key.value("notice", notice)).transpose()?,
                screen: row.screen,
            },
            version: row.version,
            language: Language::of_tag(&row.language).ok_or_else(|| key.corrupt("language"))?,
            opened,
            began_at: row.began_at,
            phones: row.phones,
        })
    }
}
