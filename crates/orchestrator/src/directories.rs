//! Directory servers as the gateway knows them: where they are, and which card ranges take part.
//!
//! Everything a purchase asks here is answered from memory. [`crate::flows::card_ranges`] keeps it fresh.

use crate::gateway::ThreeDsSettings;
use emv3ds::Version;
use mpi::{CardRanges, request::ServerIdentity, version_choice};
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
}

/// What the card-range cache says of a card that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrollment {
    pub version: Version,
    pub method_url: Option<String>,
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
        let ranges = &directory.ranges;
        if !ranges.is_loaded() {
            let version = version_choice::choose(version_choice::OURS, None, ranges.directory_versions())?;
            return Some(Enrollment {
                version,
                method_url: None,
            });
        }
        let range = ranges.lookup(pan)?;
        let version = version_choice::choose(
            version_choice::OURS,
            Some(range.acs()),
            range.directory().as_ref(),
        )?;
        Some(Enrollment {
            version,
            method_url: range.three_ds_method_url(version).map(str::to_owned),
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
