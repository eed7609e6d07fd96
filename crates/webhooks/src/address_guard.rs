//! Where webhooks may go: a merchant chooses the URL, so without this it could make us call our own network.
//!
//! Two doors are watched. The URL itself, for its scheme and for an address written as one (in any of the forms that
//! URLs allow: decimal, octal, hexadecimal, shortened). And each name at the moment of connecting: the addresses that
//! were checked are the ones connected to, so a name that resolves differently the second time gains nothing.

use async_trait::async_trait;
use primitives::UrlPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    error::Error as StdError,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};
use thiserror::Error;
use url::{Host, Url};

/// The address, or every address of the name, is one that webhooks may not be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("webhooks may not be sent to this address")]
pub struct AddressRefused;

/// Decides which addresses may be called.
#[derive(Debug, Clone, Copy)]
pub struct AddressGuard {
    policy: UrlPolicy,
}

impl AddressGuard {
    /// With [`UrlPolicy::HttpsOnly`] the public internet over https only; with [`UrlPolicy::LoopbackHttpToo`] this
    /// machine's loopback as well, and there plain http too.
    pub fn new(policy: UrlPolicy) -> Self {
        Self { policy }
    }

    /// Whether the URL's scheme is allowed, and its host when that is an address. A name is checked when it is
    /// resolved. A URL with a user name or password is refused.
    pub fn check_url(&self, url: &Url) -> Result<(), AddressRefused> {
        // They would go out as a header, to whomever the host is, and make the URL look like another one.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressRefused);
        }
        let (address, loopback) = match url.host() {
            Some(Host::Ipv4(address)) => (Some(IpAddr::V4(address)), address.is_loopback()),
            Some(Host::Ipv6(address)) => (Some(IpAddr::V6(address)), address.is_loopback()),
            Some(Host::Domain(name)) => (None, name == "localhost"),
            None => return Err(AddressRefused),
        };
        let scheme_allowed = match url.scheme() {
            "https" => true,
            "http" => loopback && self.policy == UrlPolicy::LoopbackHttpToo,
            _ => false,
        };
        if scheme_allowed && address.is_none_or(|address| self.allows(address)) {
            Ok(())
        } else {
            Err(AddressRefused)
        }
    }

    /// Whether a connection may be made to this address.
    pub fn allows(&self, address: IpAddr) -> bool {
        if address.is_loopback() {
            return self.policy == UrlPolicy::LoopbackHttpToo;
        }
        match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        }
    }
}

/// Everything that the IANA special-purpose registry does not set apart (RFC 6890 and its successors).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let reserved = [
        // "This network", which many systems take for the own host.
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        // Behind carrier-grade NAT; also one cloud's metadata service.
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        // Link-local, and with it most clouds' metadata services.
        ([169, 254, 0, 0], 16),
        // One cloud's metadata and management address, public by number only.
        ([168, 63, 129, 16], 32),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        // Documentation.
        ([192, 0, 2, 0], 24),
        // 6to4 relays, withdrawn.
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        // Benchmarking.
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        // Multicast, and all above it: reserved and broadcast.
        ([224, 0, 0, 0], 3),
    ];
    let bits = address.to_bits();
    !reserved.iter().any(|(network, prefix)| {
        let mask = u32::MAX << (32 - prefix);
        bits & mask == u32::from_be_bytes(*network) & mask
    })
}

/// Global unicast (2000::/3) without the parts set apart. Forms that carry an IPv4 address (mapped, compatible,
/// NAT64) and all local ones lie outside of it; 6to4 and Teredo, inside, are named.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let reserved: [(u128, u32); 4] = [
        // IETF protocol assignments: Teredo, ORCHID, benchmarking.
        (0x2001_0000 << 96, 23),
        // Documentation.
        (0x2001_0db8 << 96, 32),
        // 6to4.
        (0x2002_0000 << 96, 16),
        // Documentation, the newer range.
        (0x3fff_0000 << 96, 20),
    ];
    let bits = address.to_bits();
    let within = |network: u128, prefix: u32| {
        let mask = u128::MAX << (128 - prefix);
        bits & mask == network & mask
    };
    within(0x2000_0000 << 96, 3) && !reserved.iter().any(|(network, prefix)| within(*network, *prefix))
}

/// How names become addresses: the system's way, or a test's.
#[async_trait]
pub(crate) trait NameLookup: Send + Sync {
    async fn addresses(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

/// Asks the operating system.
pub(crate) struct SystemLookup;

#[async_trait]
impl NameLookup for SystemLookup {
    async fn addresses(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// The resolver of the delivery client. It hands out allowed addresses only.
#[derive(Clone)]
pub(crate) struct GuardedResolver {
    guard: AddressGuard,
    lookup: Arc<dyn NameLookup>,
}

impl GuardedResolver {
    pub(crate) fn new(guard: AddressGuard, lookup: Arc<dyn NameLookup>) -> Self {
        Self { guard, lookup }
    }

    async fn allowed_addresses(
        &self,
        name: &str,
    ) -> Result<Vec<SocketAddr>, Box<dyn StdError + Send + Sync>> {
        let mut addresses = self.lookup.addresses(name).await?;
        addresses.retain(|address| self.guard.allows(address.ip()));
        if addresses.is_empty() {
            return Err(AddressRefused.into());
        }
        Ok(addresses)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.allowed_addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
