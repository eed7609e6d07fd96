//! The arithmetic of approved money: captured + capturing ≤ authorised, refunded + refunding ≤ captured. Amounts in
//! flight are reserved before the request for them is sent. The same inequalities stand as CHECK constraints.

use acquiring::SettlementKind;
use primitives::{Amount, AmountError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How much of an approved payment is held, taken and given back. All in the payment's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct Totals {
    authorized: Amount,
    capturing: Amount,
    captured: Amount,
    refunding: Amount,
    refunded: Amount,
}

#[derive(Serialize, Deserialize)]
struct Unchecked {
    authorized: Amount,
    capturing: Amount,
    captured: Amount,
    refunding: Amount,
    refunded: Amount,
}

/// Five amounts that cannot be true together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImpossibleTotals {
    #[error("more captured than authorised")]
    OverCaptured,
    #[error("more refunded than captured")]
    OverRefunded,
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Which part of the totals an amount stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Nothing,
    /// Capturing, or refunding.
    Reserved,
    /// Captured, or refunded.
    Done,
}

impl Totals {
    /// An approved authorisation: all held, nothing taken.
    pub fn held(authorized: Amount) -> Self {
        let zero = Amount::zero(authorized.currency());
        Self {
            authorized,
            capturing: zero,
            captured: zero,
            refunding: zero,
            refunded: zero,
        }
    }

    /// An approved sale: all taken.
    pub fn taken(amount: Amount) -> Self {
        Self {
            captured: amount,
            ..Self::held(amount)
        }
    }

    /// Five amounts as read from a record.
    pub fn from_parts(
        [authorized, capturing, captured, refunding, refunded]: [Amount; 5],
    ) -> Result<Self, ImpossibleTotals> {
        if captured.checked_add(capturing)?.minor() > authorized.minor() {
            return Err(ImpossibleTotals::OverCaptured);
        }
        if refunded.checked_add(refunding)?.minor() > captured.minor() {
            return Err(ImpossibleTotals::OverRefunded);
        }
        Ok(Self {
            authorized,
            capturing,
            captured,
            refunding,
            refunded,
        })
    }

    /// Authorised, capturing, captured, refunding, refunded: the order of the columns.
    pub fn parts(&self) -> [Amount; 5] {
        [
            self.authorized,
            self.capturing,
            self.captured,
            self.refunding,
            self.refunded,
        ]
    }

    /// The totals once an amount has gone from one share of a capture or a refund to another. A void has no share: it
    /// releases what nobody has taken.
    ///
    /// # Errors
    /// [`ImpossibleTotals`] when an inequality would break, or the share that it comes from does not hold as much.
    pub fn moved(
        self,
        kind: SettlementKind,
        amount: Amount,
        from: Share,
        to: Share,
    ) -> Result<Self, ImpossibleTotals> {
        let mut parts = self.parts();
        let [_, capturing, captured, refunding, refunded] = &mut parts;
        let (reserved, done) = match kind {
            SettlementKind::Capture => (capturing, captured),
            SettlementKind::Refund => (refunding, refunded),
            SettlementKind::Void => return Ok(self),
        };
        match from {
            Share::Nothing => {}
            Share::Reserved => *reserved = reserved.checked_sub(amount)?,
            Share::Done => *done = done.checked_sub(amount)?,
        }
        match to {
            Share::Nothing => {}
            Share::Reserved => *reserved = reserved.checked_add(amount)?,
            Share::Done => *done = done.checked_add(amount)?,
        }
        Self::from_parts(parts)
    }

    /// What is neither captured nor being captured.
    pub fn left_to_capture(&self) -> Amount {
        let taken = self.captured.checked_add(self.capturing);
        self.less(self.authorized, taken)
    }

    /// What is captured and neither given back nor on its way back.
    pub fn left_to_refund(&self) -> Amount {
        let given = self.refunded.checked_add(self.refunding);
        self.less(self.captured, given)
    }

    /// The inequalities make this a difference that there is; should they not, nothing is left.
    fn less(&self, from: Amount, what: Result<Amount, AmountError>) -> Amount {
        what.and_then(|what| from.checked_sub(what))
            .unwrap_or(Amount::zero(self.authorized.currency()))
    }

    pub fn authorized(&self) -> Amount {
        self.authorized
    }

    pub fn captured(&self) -> Amount {
        self.captured
    }

    pub fn refunded(&self) -> Amount {
        self.refunded
    }
}

impl TryFrom<Unchecked> for Totals {
    type Error = ImpossibleTotals;

    fn try_from(unchecked: Unchecked) -> Result<Self, ImpossibleTotals> {
        let Unchecked {
            authorized,
            capturing,
            captured,
            refunding,
            refunded,
        } = unchecked;
        Self::from_parts([authorized, capturing, captured, refunding, refunded])
    }
}

impl From<Totals> for Unchecked {
    fn from(totals: Totals) -> Self {
        let [authorized, capturing, captured, refunding, refunded] = totals.parts();
        Self {
            authorized,
            capturing,
            captured,
            refunding,
            refunded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;
    use proptest::prelude::*;

    fn mxn(minor: i64) -> Amount {
        Amount::new(minor, Currency::MXN).unwrap()
    }

    proptest! {
        #[test]
        fn totals_that_break_an_inequality_cannot_be_made(parts in proptest::array::uniform5(0..100i64)) {
            let made = Totals::from_parts(parts.map(mxn));
            let [authorized, capturing, captured, refunding, refunded] = parts;
            prop_assert_eq!(made.is_ok(), captured + capturing <= authorized && refunded + refunding <= captured);
        }
    }

    #[test]
    fn totals_in_two_currencies_cannot_be_made() {
        let dollar = Amount::new(0, Currency::USD).unwrap();
        assert!(Totals::from_parts([mxn(5), dollar, mxn(0), mxn(0), mxn(0)]).is_err());
        assert_eq!(Totals::taken(mxn(5)).captured(), mxn(5));
        assert_eq!(Totals::held(mxn(5)).captured(), mxn(0));
    }
}
