//! As much DER as it takes to read what a certificate says of itself. Whether to believe it is decided by rustls.

use time::{Date, Month, OffsetDateTime, Time};

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const TELETEX_STRING: u8 = 0x14;
pub(super) const IA5_STRING: u8 = 0x16;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `[0] EXPLICIT`, a certificate's version.
pub(super) const VERSION: u8 = 0xa0;

/// Bytes of a length in its long form; more would be a certificate of gigabytes.
const LENGTH_BYTES_MAX: usize = 3;

/// Elements one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element, whatever it is: tag and contents.
    pub(super) fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match usize::from(*first) {
            short @ 0..=0x7f => (short, rest),
            long => {
                let count = long & 0x7f;
                if count == 0 || count > LENGTH_BYTES_MAX {
                    return None;
                }
                let (bytes, rest) = rest.split_at_checked(count)?;
                let length = bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte));
                (length, rest)
            }
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, contents))
    }

    /// The next element's contents, if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'d [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, contents)| contents)
    }

    /// The next element as a sequence of its own.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.expect(SEQUENCE).map(Self)
    }

    /// Passes over an element with this tag, if it is next.
    pub(super) fn skip(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }

    /// The next element as a time of RFC 5280 section 4.1.2.5: in UTC, to the second.
    pub(super) fn time(&mut self) -> Option<OffsetDateTime> {
        let (tag, contents) = self.next()?;
        let text = std::str::from_utf8(contents).ok()?.strip_suffix('Z')?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = text.split_at_checked(2)?;
                let year: i32 = digits(year)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = text.split_at_checked(4)?;
                (digits(year)?, rest)
            }
            _ => return None,
        };
        let part = |from: usize| digits::<u8>(rest.get(from..from + 2)?);
        if rest.len() != 10 {
            return None;
        }
        let date = Date::from_calendar_date(year, Month::try_from(part(0)?).ok()?, part(2)?).ok()?;
        let time = Time::from_hms(part(4)?, part(6)?, part(8)?).ok()?;
        Some(date.with_time(time).assume_utc())
    }
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn elements_that_are_cut_or_too_long_are_none() {
        for bytes in [
            b"".as_slice(),
            b"\x30",
            b"\x30\x02\x00",
            b"\x30\x80\x00\x00",
            b"\x30\x84\x00\x00\x00\x00",
            b"\x30\x82\x01",
        ] {
            assert_eq!(Reader::new(bytes).next(), None, "{bytes:?}");
        }
        assert_eq!(
            Reader::new(b"\x02\x81\x01\x07").next(),
            Some((INTEGER, b"\x07".as_slice()))
        );
    }

    #[test]
    fn times_are_read_in_both_their_forms() {
        let time = |bytes: &[u8]| Reader::new(bytes).time();
        assert_eq!(
            time(b"\x17\x0d261122101500Z"),
            Some(datetime!(2026-11-22 10:15 UTC))
        );
        assert_eq!(
            time(b"\x17\x0d500101000000Z"),
            Some(datetime!(1950-01-01 00:00 UTC))
        );
        assert_eq!(
            time(b"\x18\x0f20500101000000Z"),
            Some(datetime!(2050-01-01 00:00 UTC))
        );
        for wrong in [
            b"\x17\x0d261322101500Z",
            b"\x17\x0d2611221015+0Z",
            b"\x17\x0c26112210150Z0",
        ] {
            assert_eq!(time(wrong), None);
        }
    }
}
