//! The user data header that joins the parts of a long message (3GPP TS 23.040, section 9.2.3.24.1).

/// Octets of the header.
pub const HEADER_OCTETS: usize = 6;

/// Where a part belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// What the parts of one message have in common.
    pub reference: u8,
    /// How many there are.
    pub total: u8,
    /// Which one this is, from 1 on.
    pub number: u8,
}

impl Place {
    /// The header: its length, the element "concatenated, 8-bit reference", the element's length, and the place.
    pub fn header(self) -> [u8; HEADER_OCTETS] {
        [5, 0, 3, self.reference, self.total, self.number]
    }

    /// Reads a header of exactly this element, and what follows it.
    pub fn read(octets: &[u8]) -> Option<(Self, &[u8])> {
        let ([5, 0, 3, reference, total, number], text) = octets.split_first_chunk()? else {
            return None;
        };
        let place = Self {
            reference: *reference,
            total: *total,
            number: *number,
        };
        (1..=place.total).contains(&place.number).then_some((place, text))
    }
}
