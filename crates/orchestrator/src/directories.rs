//! Directory servers as the gateway knows them: where they are, and which card ranges take part.
//!
//! Everything a purchase asks here is answered from memory. [`crate::flows::card_ranges`] keeps it fresh.

use crate::gateway::ThreeDsSettings;
use emv3ds::{ThreeDsServerTransId, Version};
use mpi::{CardRange, CardRanges, Failure, request::ServerIdentity, version_choice};
use primitives::{Brand, Pan};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
use store::directory_servers::DirectoryServer;

/// One brand's directory server with the card ranges it told us.
#[derive(Debug, Clone)]
pub struct Directory {
    pub server: DirectoryServer,
    pub ranges: Arc<CardRanges>,
    /// The versions we speak with it.
    pub versions: Vec<Version>,
}

impl Directory {
    /// A directory server of which we know these ranges; its settings may leave out some of our versions.
    pub(crate) fn new(server: &DirectoryServer, ranges: &Arc<CardRanges>, ours: &[Version]) -> Self {
        let spoken = |version: &&Version| {
            let taken = server.versions.as_ref();
            taken.is_none_or(|taken| taken.iter().any(|one| one == version.as_str()))
        };
        Self {
            versions: ours.iter().filter(spoken).copied().collect(),
            server: server.clone(),
            ranges: Arc::clone(ranges),
        }
    }

    /// The version to authenticate a card in: of this range, or, where nothing is known of it, as the directory server
    /// speaks in general.
    pub(crate) fn version_for(&self, range: Option<&CardRange<'_>>) -> Option<Version> {
        let directory = match range {
            Some(range) => range.directory(),
            None => self.ranges.directory_versions().cloned(),
        };
        version_choice::choose(&self.versions, range.map(CardRange::acs), directory.as_ref())
    }
}

/// What is known of a card that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrollment {
    pub version: Version,
    pub method_url: Option<String>,
    pub source: Source,
}

/// Who said so, and authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Our own MPI, by its card-range cache.
    Own,
    /// The remote 3DS Server of that name.
    Remote {
        server: String,
        /// What it calls the transaction, or why it made none.
        transaction: Result<ThreeDsServerTransId, Failure>,
    },
}

/// All directory servers.
#[derive(Debug, Default)]
pub struct Directories {
    by_brand: RwLock<BTreeMap<Brand, Arc<Directory>>>,
}

impl Directories {
    /// The directory server of a brand.
    pub fn of(&self, brand: Brand) -> Option<Arc<Directory>> {
        self.by_brand
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&brand)
            .cloned()
    }

    pub(crate) fn put(&self, directory: Directory) {
        let mut map = self.by_brand.write().unwrap_or_else(PoisonError::into_inner);
        map.insert(directory.server.brand, Arc::new(directory));
    }

    /// Drops the brands that are no longer configured.
    pub(crate) fn keep_only(&self, brands: &[Brand]) {
        let mut map = self.by_brand.write().unwrap_or_else(PoisonError::into_inner);
        map.retain(|brand, _| brands.contains(brand));
    }

    /// Whether and how the card takes part in 3-D Secure. While a directory server has not told any ranges yet, its
    /// cards count as taking part, in the highest version it may speak (emv-3ds section 8.4).
    pub fn enrollment(&self, pan: &Pan) -> Option<Enrollment> {
        let directory = self.of(pan.brand())?;
        if !directory.ranges.is_loaded() {
            return Some(Enrollment {
                version: directory.version_for(None)?,
                method_url: None,
                source: Source::Own,
            });
        }
        let range = directory.ranges.lookup(pan)?;
        let version = directory.version_for(Some(&range))?;
        Some(Enrollment {
            version,
            method_url: range.three_ds_method_url(version).map(str::to_owned),
            source: Source::Own,
        })
    }
}

/// What we call ourselves towards a directory server.
pub(crate) fn identity(server: &DirectoryServer, settings: &ThreeDsSettings) -> ServerIdentity {
    ServerIdentity {
        reference_number: server
            .reference_number
            .clone()
            .unwrap_or_else(|| settings.reference_number.clone()),
        operator_id: server.operator_id.clone(),
        results_url: server
            .results_url
            .as_ref()
            .map_or_else(|| settings.results_url.clone(), |url| url.as_str().to_owned()),
    }
}
