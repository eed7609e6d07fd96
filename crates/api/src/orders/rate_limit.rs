//! How fast a merchant may call: so many reads and so many writes a second, counted per merchant in this process
//! (deuna-api.md section 1, "Rate limit").

use crate::orders::errors::Failure;
use axum::http::Method;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use orchestrator::MerchantProfile;
use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
};
use uuid::Uuid;

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Read,
    Write,
}

/// The limiters of everybody that has called. Bounded by their number, since only a valid key gets
/// here.
#[derive(Default)]
pub struct RateLimits {
    limiters: RwLock<HashMap<Counted, Arc<Limiter>>>,
}

/// Who does what.
type Counted = (Uuid, Class);

struct Limiter {
    per_second: NonZeroU32,
    bucket: DefaultDirectRateLimiter,
}

impl RateLimits {
    /// Lets a merchant's request through, or says when to come back.
    pub fn admit(&self, merchant: &MerchantProfile, method: &Method) -> Result<(), Failure> {
        let id = merchant.id.uuid();
        self.admit_caller(id, method, merchant.reads_per_second, merchant.writes_per_second)
            .map_err(Failure::rate_limited)
    }

    /// Lets a request through, or answers after how many seconds to come back. A caller without a limit is not counted; a
    /// limit of zero counts as one, since refusing every call is what disabling a key is for.
    pub fn admit_caller(
        &self,
        caller: Uuid,
        method: &Method,
        reads_per_second: Option<u32>,
        writes_per_second: Option<u32>,
    ) -> Result<(), u64> {
        let (class, limit) = match *method {
            Method::GET | Method::HEAD => (Class::Read, reads_per_second),
            _ => (Class::Write, writes_per_second),
        };
        let Some(limit) = limit else { return Ok(()) };
        let limiter = self.limiter((caller, class), NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN));
        limiter.bucket.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            // The header has whole seconds, and an early return would only be refused again.
            wait.as_secs() + 1
        })
    }

    fn limiter(&self, key: Counted, per_second: NonZeroU32) -> Arc<Limiter> {
        // A poisoned lock only means that another request panicked; the map itself is whole at every point.
        let known = self
            .limiters
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        match known {
            Some(limiter) if limiter.per_second == per_second => limiter,
            _ => {
                let bucket = RateLimiter::direct(Quota::per_second(per_second));
                let fresh = Arc::new(Limiter { per_second, bucket });
                let mut limiters = self.limiters.write().unwrap_or_else(PoisonError::into_inner);
                let entry = limiters.entry(key).or_insert_with(|| fresh.clone());
                if entry.per_second != per_second {
                    *entry = fresh;
                }
                entry.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::profile;

    #[test]
    fn reads_and_writes_are_counted_apart_and_per_merchant() {
        let limits = RateLimits::default();
        let limited = |id| MerchantProfile {
            reads_per_second: Some(1),
            writes_per_second: Some(2),
            ..profile(id)
        };
        let (one, other) = (limited(1), limited(2));
        assert!(limits.admit(&one, &Method::GET).is_ok());
        assert!(limits.admit(&one, &Method::GET).is_err());
        assert!(limits.admit(&one, &Method::POST).is_ok());
        assert!(limits.admit(&one, &Method::POST).is_ok());
        assert!(limits.admit(&one, &Method::POST).is_err());
        assert!(limits.admit(&other, &Method::GET).is_ok());
    }

    #[test]
    fn a_changed_limit_counts_at_once_and_no_limit_lets_all_through() {
        let limits = RateLimits::default();
        let of = |reads_per_second| MerchantProfile {
            reads_per_second,
            ..profile(1)
        };
        assert!(limits.admit(&of(Some(1)), &Method::GET).is_ok());
        assert!(limits.admit(&of(Some(1)), &Method::GET).is_err());
        assert!(limits.admit(&of(Some(2)), &Method::GET).is_ok());
        for _ in 0..1000 {
            assert!(limits.admit(&of(None), &Method::GET).is_ok());
        }
    }
}
