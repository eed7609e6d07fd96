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
    /// resolved.
    pub fn check_url(&self, url: &Url) -> Result<(), AddressRefused> {
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
mod tests {
    use super::*;

    const PRODUCTION: AddressGuard = AddressGuard {
        policy: UrlPolicy::HttpsOnly,
    };
    const SANDBOX: AddressGuard = AddressGuard {
        policy: UrlPolicy::LoopbackHttpToo,
    };

    #[test]
    fn addresses_that_are_not_on_the_public_internet_are_refused() {
        let refused = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "169.254.0.1",
            "169.254.169.254",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::127.0.0.1",
            "::10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:8.8.8.8",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ];
        for text in refused {
            let address = text.parse().unwrap();
            assert!(!PRODUCTION.allows(address), "{text} in production");
            assert!(!SANDBOX.allows(address), "{text} in the sandbox");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(PRODUCTION.allows(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn loopback_is_for_the_sandbox() {
        for text in ["127.0.0.1", "127.255.255.254", "::1"] {
            assert!(!PRODUCTION.allows(text.parse().unwrap()), "{text}");
            assert!(SANDBOX.allows(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn an_address_is_recognised_in_every_form_that_a_url_allows() {
        for text in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://127.1/",
            "https://127.0.1/",
            "https://0/",
            "https://0x0/",
            "https://169.254.169.254/latest",
            "https://0xa9fea9fe/",
            "https://2852039166/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fe80::1]/",
            "https://１２７.０.０.１/",
            "https://127。0。0。1/",
            "https://10.1/",
            "https://192.168.257/",
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(PRODUCTION.check_url(&url), Err(AddressRefused), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_in_the_sandbox() {
        let check = |guard: AddressGuard, text| guard.check_url(&Url::parse(text).unwrap()).is_ok();
        assert!(check(PRODUCTION, "https://shop.example/hook"));
        assert!(check(PRODUCTION, "https://1.1.1.1/hook"));
        assert!(!check(PRODUCTION, "http://shop.example/hook"));
        assert!(!check(PRODUCTION, "http://1.1.1.1/hook"));
        assert!(check(SANDBOX, "http://127.0.0.1:8090/hook"));
        assert!(check(SANDBOX, "http://localhost:8090/hook"));
        assert!(!check(SANDBOX, "http://shop.example/hook"));
        assert!(!check(SANDBOX, "http://10.0.0.1/hook"));
        for text in [
            "ftp://1.1.1.1/",
            "file:///etc/passwd",
            "gopher://1.1.1.1/",
            "data:text/plain,x",
        ] {
            assert!(!check(SANDBOX, text), "{text}");
        }
    }

    struct Fixed(Vec<SocketAddr>);

    #[async_trait]
    impl NameLookup for Fixed {
        async fn addresses(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
            Ok(self.0.clone())
        }
    }

    async fn resolve(addresses: &[&str]) -> Option<Vec<IpAddr>> {
        let addresses = addresses
            .iter()
            .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
            .collect();
        let resolver = GuardedResolver::new(PRODUCTION, Arc::new(Fixed(addresses)));
        let resolved = resolver.resolve("shop.example".parse().unwrap()).await;
        resolved
            .ok()
            .map(|addresses| addresses.map(|address| address.ip()).collect())
    }

    #[tokio::test]
    async fn a_name_is_worth_its_allowed_addresses() {
        assert_eq!(resolve(&["10.0.0.1"]).await, None);
        assert_eq!(resolve(&["::1", "127.0.0.1"]).await, None);
        assert_eq!(resolve(&[]).await, None);
        assert_eq!(
            resolve(&["169.254.169.254", "1.1.1.1"]).await,
            Some(vec!["1.1.1.1".parse().unwrap()])
        );
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_in_production() {
        let resolver = |guard| GuardedResolver::new(guard, Arc::new(SystemLookup));
        assert!(resolver(PRODUCTION).allowed_addresses("localhost").await.is_err());
        assert!(resolver(SANDBOX).allowed_addresses("localhost").await.is_ok());
    }
}
