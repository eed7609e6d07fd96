//! The fields that PDUs are made of: integers, high octet first, and strings that end with a NUL.

use zeroize::Zeroizing;

/// A PDU does not keep to its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not as its table says")]
pub struct Malformed(pub &'static str);

/// What is left to read.
#[derive(Debug)]
pub(super) struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed(field))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed(field))?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, Malformed> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Malformed(field))?;
        self.0 = rest;
        Ok(u16::from_be_bytes(*first))
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, Malformed> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Malformed(field))?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*first))
    }

    /// A string of printable ASCII of which `max` octets are allowed, the NUL included.
    pub(super) fn c_string(&mut self, max: usize, field: &'static str) -> Result<String, Malformed> {
        let window = self.0.get(..max).unwrap_or(self.0);
        let end = window
            .iter()
            .position(|octet| *octet == 0)
            .ok_or(Malformed(field))?;
        let text = self.take(end, field)?;
        self.u8(field)?;
        is_printable(text)
            .then(|| String::from_utf8_lossy(text).into_owned())
            .ok_or(Malformed(field))
    }
}

/// A PDU being written. It may hold a code or a password, so that it is wiped when dropped; it is made as long as any PDU
/// gets, lest growing leaves copies behind.
#[derive(Debug)]
pub(super) struct Writer(pub(super) Zeroizing<Vec<u8>>);

impl Writer {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }

    pub(super) fn c_string(&mut self, text: &str, max: usize, field: &'static str) -> Result<(), Malformed> {
        if text.len() >= max || !is_printable(text.as_bytes()) {
            return Err(Malformed(field));
        }
        self.octets(text.as_bytes());
        self.u8(0);
        Ok(())
    }
}

fn is_printable(text: &[u8]) -> bool {
    text.iter().all(|octet| matches!(octet, b' '..=b'~'))
}
