//! Networks that an account's requests may come from.

use std::net::IpAddr;

/// Whether the network, in CIDR form or as one address, has the address in it. What is no network has none.
pub fn holds(network: &str, address: IpAddr) -> bool {
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, Some(length)),
        None => (network, None),
    };
    let Ok(base) = base.trim().parse::<IpAddr>() else {
        return false;
    };
    let length = match length.map(|length| length.trim().parse::<u32>()) {
        Some(Ok(length)) => Some(length),
        Some(Err(_)) => return false,
        None => None,
    };
    match (base, address.to_canonical()) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            same_beginning(u32::from(base).into(), u32::from(address).into(), length, 32)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            same_beginning(u128::from(base), u128::from(address), length, 128)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// Whether the first `length` of `bits` bits are the same; all of them where no length is given.
fn same_beginning(one: u128, other: u128, length: Option<u32>, bits: u32) -> bool {
    bits.checked_sub(length.unwrap_or(bits))
        .is_some_and(|rest| one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_what_begins_like_it() {
        for (network, address, held) in [
            ("192.0.2.0/24", "192.0.2.7", true),
            ("192.0.2.0/24", "192.0.3.7", false),
            ("192.0.2.7/32", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:7::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("192.0.2.0/33", "192.0.2.0", false),
            ("192.0.2.0/x", "192.0.2.0", false),
            ("somewhere", "192.0.2.0", false),
        ] {
            assert_eq!(
                holds(network, address.parse().unwrap()),
                held,
                "{network} {address}"
            );
        }
    }
}
