//! Where a code's message is, as far as we know: a ladder that is climbed only upwards.

use super::provider::ReceiptStatus;

/// The rungs. What is above [`DeliveryStatus::Sent`] are ends: whatever is heard afterwards, they stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// To be handed over.
    Queued,
    /// A carrier has it.
    Accepted,
    /// The carrier handed it on.
    Sent,
    /// On the phone.
    Delivered,
    /// The network could not deliver it.
    Undelivered,
    /// Nobody took it, or it was refused on the way.
    Failed,
    /// Its time was over.
    Expired,
    /// Nobody can say whether it was sent.
    Unknown,
}

impl DeliveryStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Accepted,
        Self::Sent,
        Self::Delivered,
        Self::Undelivered,
        Self::Failed,
        Self::Expired,
        Self::Unknown,
    ];

    /// The word for it in rows and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// The status of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// How far up it is; ends are all on the same rung.
    pub fn rung(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Accepted => 1,
            Self::Sent => 2,
            Self::Delivered | Self::Undelivered | Self::Failed | Self::Expired | Self::Unknown => 3,
        }
    }

    /// Whether nothing more is to come.
    pub fn is_end(self) -> bool {
        self.rung() == Self::Delivered.rung()
    }

    /// Where news lead: up, or nowhere.
    #[must_use]
    pub fn climb(self, news: Self) -> Self {
        if news.rung() > self.rung() { news } else { self }
    }

    /// What is true of a message in parts, from what is true of each: it has arrived when all have, and come to
    /// grief when one has.
    pub fn of_parts(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut whole: Option<Self> = None;
        for part in parts {
            let grief = |status: Self| status.is_end() && status != Self::Delivered;
            whole = Some(match whole {
                None => part,
                Some(whole) if grief(whole) => whole,
                Some(_) if grief(part) => part,
                Some(whole) if part.rung() < whole.rung() => part,
                Some(whole) => whole,
            });
        }
        whole
    }
}

impl From<ReceiptStatus> for DeliveryStatus {
    fn from(status: ReceiptStatus) -> Self {
        match status {
            ReceiptStatus::Sent => Self::Sent,
            ReceiptStatus::Delivered => Self::Delivered,
            ReceiptStatus::Undelivered => Self::Undelivered,
            ReceiptStatus::Expired => Self::Expired,
            ReceiptStatus::Failed => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    fn heard(statuses: &[DeliveryStatus]) -> DeliveryStatus {
        statuses
            .iter()
            .fold(DeliveryStatus::Queued, |at, news| at.climb(*news))
    }

    proptest! {
        #[test]
        fn no_news_lead_down_and_an_end_stays(news in proptest::collection::vec(select(&DeliveryStatus::ALL[..]), 0..20)) {
            let mut at = DeliveryStatus::Queued;
            for heard in news {
                let next = at.climb(heard);
                prop_assert!(next.rung() >= at.rung());
                prop_assert!(!at.is_end() || next == at);
                at = next;
            }
        }

        #[test]
        fn order_and_repetition_of_one_messages_receipts_do_not_matter(
            end in select(&DeliveryStatus::ALL[3..]),
            known in subsequence(vec![DeliveryStatus::Accepted, DeliveryStatus::Sent], 0..=2),
            (order, repeated) in (Just(0).prop_flat_map(|_| proptest::collection::vec(0usize..3, 1..20)), 0usize..3),
        ) {
            let mut receipts = known;
            receipts.push(end);
            let first = heard(&receipts);
            let mut mixed: Vec<_> = order.iter().map(|at| receipts[at % receipts.len()]).collect();
            mixed.extend(receipts.iter().rev());
            mixed.push(receipts[repeated % receipts.len()]);
            prop_assert_eq!(heard(&mixed), first);
        }

        #[test]
        fn the_order_of_parts_does_not_matter_for_what_has_arrived(
            parts in proptest::collection::vec(select(&DeliveryStatus::ALL[..4]), 1..6)
        ) {
            let whole = DeliveryStatus::of_parts(parts.iter().copied()).unwrap();
            let turned = DeliveryStatus::of_parts(parts.iter().rev().copied()).unwrap();
            prop_assert_eq!(whole.rung(), turned.rung());
            let all = parts.iter().all(|part| *part == DeliveryStatus::Delivered);
            prop_assert_eq!(whole == DeliveryStatus::Delivered, all);
        }
    }

    #[test]
    fn a_message_of_which_one_part_is_lost_is_lost() {
        use DeliveryStatus::{Delivered, Sent, Undelivered};
        for parts in [[Delivered, Undelivered, Sent], [Undelivered, Sent, Delivered]] {
            assert_eq!(DeliveryStatus::of_parts(parts), Some(Undelivered));
        }
        assert_eq!(DeliveryStatus::of_parts([]), None);
    }

    #[test]
    fn every_status_is_read_as_it_is_written() {
        for status in DeliveryStatus::ALL {
            assert_eq!(DeliveryStatus::parse(status.as_str()), Some(status));
        }
    }
}
