//! How many requests may be on their way: in all, and to one host, so that one slow party does not take the places of
//! all others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Hosts remembered before those with nothing on its way are forgotten. Far more than connections and directory servers
/// name in practice.
const HOSTS_MAX: usize = 1_024;

/// A request's place; leaving it frees the place.
#[derive(Debug)]
pub(super) struct Slot {
    _of_host: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Slots {
    all: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Slots {
    pub(super) fn new(all: usize, per_host: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            per_host,
            hosts: Mutex::default(),
        }
    }

    /// Waits for a place. Who waits for a busy host holds no place that others could use.
    pub(super) async fn take(&self, url: &url::Url) -> Result<Slot, AcquireError> {
        let of_host = self.host(url).acquire_owned().await?;
        let of_all = Arc::clone(&self.all).acquire_owned().await?;
        Ok(Slot {
            _of_host: of_host,
            _of_all: of_all,
        })
    }

    fn host(&self, url: &url::Url) -> Arc<Semaphore> {
        let host = format!(
            "{}:{}",
            url.host_str().unwrap_or_default(),
            url.port_or_known_default().unwrap_or_default()
        );
        // The map is whole after every statement, so a panic elsewhere cannot have left it half-written.
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS_MAX && !hosts.contains_key(&host) {
            hosts.retain(|_, slots| Arc::strong_count(slots) > 1);
        }
        let slots = hosts
            .entry(host)
            .or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        Arc::clone(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn url(text: &str) -> url::Url {
        url::Url::parse(text).unwrap()
    }

    #[tokio::test]
    async fn a_host_whose_places_are_taken_leaves_the_others_alone() {
        let slots = Slots::new(4, 2);
        let slow = url("https://slow.example/charges");
        let first = slots.take(&slow).await.unwrap();
        let _second = slots.take(&url("https://slow.example:443/other")).await.unwrap();
        let third = tokio::time::timeout(Duration::from_millis(20), slots.take(&slow));
        assert!(third.await.is_err());
        let elsewhere = slots.take(&url("https://slow.example:8443/")).await;
        assert!(elsewhere.is_ok(), "another port is another party");
        drop(first);
        assert!(slots.take(&slow).await.is_ok());
    }

    #[tokio::test]
    async fn hosts_with_nothing_on_its_way_are_forgotten() {
        let slots = Slots::new(4, 2);
        let _kept = slots.take(&url("https://kept.example/")).await.unwrap();
        for number in 0..HOSTS_MAX {
            drop(
                slots
                    .take(&url(&format!("https://h{number}.example/")))
                    .await
                    .unwrap(),
            );
        }
        let hosts = slots.hosts.lock().unwrap();
        assert!(hosts.len() < HOSTS_MAX && hosts.contains_key("kept.example:443"));
    }
}
