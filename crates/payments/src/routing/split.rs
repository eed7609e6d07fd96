//! Drawing a share of the volume.

use super::rule::Share;
use aws_lc_rs::digest::{SHA256, digest};
use primitives::{Id, id::kind};

/// Where an order falls in `of` equal parts: the same however often it is asked, and under another rule another one.
pub(super) fn point(order: Id<kind::Order>, rule: Id<kind::RoutingRule>, of: u64) -> u64 {
    let both = [*order.uuid().as_bytes(), *rule.uuid().as_bytes()].concat();
    let hash = digest(&SHA256, &both);
    let head = hash
        .as_ref()
        .iter()
        .take(8)
        .fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    head.checked_rem(of).unwrap_or(0)
}

/// The share at that point of those that are usable.
pub(super) fn drawn(shares: &[Share], usable: &[bool], point: u64) -> Option<usize> {
    let mut left = point;
    for (index, (share, _)) in shares
        .iter()
        .zip(usable)
        .enumerate()
        .filter(|(_, (_, usable))| **usable)
    {
        let weight = u64::from(share.weight);
        if left < weight {
            return Some(index);
        }
        left -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn share(weight: u32) -> Share {
        Share {
            processors: vec!["a".to_owned()],
            weight,
        }
    }

    #[test]
    fn shares_are_drawn_by_weight_and_the_same_order_draws_the_same() {
        let (shares, usable) = ([share(70), share(0), share(30)], [true; 3]);
        let rule = Id::from_uuid(Uuid::from_u128(7));
        let mut counts = [0u32; 3];
        for number in 0..10_000u128 {
            let order = Id::from_uuid(Uuid::from_u128(number));
            let index = drawn(&shares, &usable, point(order, rule, 100)).unwrap();
            assert_eq!(drawn(&shares, &usable, point(order, rule, 100)), Some(index));
            counts[index] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((6_800..=7_200).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn a_share_that_cannot_be_used_is_not_drawn() {
        let shares = [share(1), share(1)];
        assert_eq!(drawn(&shares, &[false, true], 0), Some(1));
        assert_eq!(drawn(&shares, &[false, false], 0), None);
        let (order, rule) = (Id::from_uuid(Uuid::nil()), Id::from_uuid(Uuid::nil()));
        assert_eq!(point(order, rule, 0), 0);
    }
}
