//! Where a request comes from.

use axum::http::{HeaderMap, HeaderName};
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: that of the connection, or the one our own proxy saw and appended last. `trust_forwarded_for` only
/// behind a proxy that appends it, since anyone may send the header.
pub(crate) fn client_address(
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    trust_forwarded_for: bool,
) -> Option<IpAddr> {
    let forwarded = || {
        let last = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .next_back()?
            .to_str()
            .ok()?
            .rsplit(',')
            .next()?;
        last.trim().parse::<IpAddr>().ok()
    };
    let address = if trust_forwarded_for { forwarded() } else { None };
    // A dual-stack socket shows IPv4 as IPv6; whoever is told the address or holds it against a list means the former.
    address
        .or(peer.map(|peer| peer.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_a_trusted_proxy_s_word_is_taken_for_the_address() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_static("198.51.100.1"));
        headers.append(
            FORWARDED_FOR,
            HeaderValue::from_static("198.51.100.2, 203.0.113.9"),
        );
        let peer = Some("[::ffff:127.0.0.1]:4000".parse().unwrap());
        assert_eq!(
            client_address(&headers, peer, true),
            Some("203.0.113.9".parse().unwrap())
        );
        assert_eq!(
            client_address(&headers, peer, false),
            Some("127.0.0.1".parse().unwrap())
        );
        assert_eq!(
            client_address(&HeaderMap::new(), peer, true),
            Some("127.0.0.1".parse().unwrap())
        );
        assert_eq!(client_address(&headers, None, false), None);
    }
}
