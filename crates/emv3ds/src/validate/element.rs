//! The vocabulary of the element tables.

use crate::code::{CodeList, Component, MessageCategory};

/// A row of a table: an element, its format, and where and when it is there.
#[derive(Debug)]
pub struct Element {
    /// Its name, as the specification spells it.
    pub name: &'static str,
    /// What its value looks like.
    pub format: Format,
    /// The device channels it exists in.
    pub channels: Channels,
    /// Its inclusion in 2.1.0, 2.2.0 and 2.3.1.
    pub inclusion: [Inclusion; 3],
}

/// A row: name, format, channels, inclusion in 2.1.0, 2.2.0 and 2.3.1.
pub(crate) const fn row(
    name: &'static str,
    format: Format,
    channels: Channels,
    inclusion: [Inclusion; 3],
) -> Element {
    Element {
        name,
        format,
        channels,
        inclusion,
    }
}

/// The device channels an element exists in, or the one channel of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels(u8);

impl Channels {
    /// APP.
    pub const A: Self = Self(1);
    /// BRW.
    pub const B: Self = Self(2);
    /// 3RI.
    pub const I: Self = Self(4);
    /// APP and BRW.
    pub const AB: Self = Self(3);
    /// All three.
    pub const AB3: Self = Self(7);

    /// Whether they share one.
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Whether an element has to be there.
#[derive(Clone, Copy, Debug)]
pub enum Inclusion {
    /// Not an element of this version: ignored when received, left out when sent.
    Absent,
    /// Always there.
    Required,
    /// There when the condition holds, and allowed otherwise.
    Conditional(Condition),
    /// There or not.
    Optional,
    /// In this version only in these of its channels.
    Within(Channels, &'static Inclusion),
    /// In messages to this receiver only.
    To(Component, &'static Inclusion),
}

/// When a conditional element has to be there.
#[derive(Clone, Copy, Debug)]
pub enum Condition {
    /// Depends on something outside the message (a market, a directory server's rules): never missed.
    OutsideTheMessage,
    /// The message's category is this one.
    Category(MessageCategory),
    /// The element beside it has one of these values.
    Is(&'static str, &'static [&'static str]),
    /// The object beside it has an element with one of these values.
    IsInside(&'static str, &'static str, &'static [&'static str]),
    /// The element beside it is JSON `true`.
    True(&'static str),
    /// The element beside it is there.
    Given(&'static str),
    /// All of them hold.
    All(&'static [Condition]),
    /// One of them holds.
    Any(&'static [Condition]),
}

/// What a value looks like. Lengths are in characters, inclusive.
#[derive(Debug)]
pub enum Format {
    /// A format each for 2.1.0, 2.2.0 and 2.3.1.
    PerVersion(&'static [Format; 3]),
    /// One format while the condition holds, another otherwise.
    When(Condition, &'static [Format; 2]),
    /// Any text of this length.
    Text(usize, usize),
    /// Printable ASCII of this length.
    Ascii(usize, usize),
    /// ASCII digits of this length.
    Digits(usize, usize),
    /// ASCII digits of this length that make a number between these two.
    Number {
        /// Fewest and most digits.
        digits: (usize, usize),
        /// Smallest number.
        least: u32,
        /// Largest number.
        most: u32,
    },
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A value of a code list.
    Code(&'static CodeList),
    /// 36 characters with hyphens.
    Uuid,
    /// An https address with a host, at most this long; plain http for a loopback host, which nothing leaves.
    Url(usize),
    /// An http or https address with a host, at most this long.
    Website(usize),
    /// `YYMM`.
    YearMonth,
    /// `YYYYMMDD`.
    Day,
    /// `YYYYMMDDHHMM`.
    Minute,
    /// `YYYYMMDDHHMMSS`.
    Second,
    /// ISO 3166-1 numeric, of which 901 to 999 are not countries.
    Country,
    /// ISO 4217 numeric, of which 955 to 964 and 999 are not currencies.
    Currency,
    /// An address `local@domain` of at most 254 characters.
    Email,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A BCP 47 tag of at most this length.
    Language(usize),
    /// Minutes with an optional sign, 1 to 5 characters.
    TimeZone,
    /// 28 characters of base64.
    AuthenticationValue,
    /// What a scheme defines: visible ASCII characters, at most so many.
    SchemeDefined(usize),
    /// base64url without padding, of this length.
    Base64Url(usize, usize),
    /// Two characters of `[0-9A-Z]`.
    Eci,
    /// A protocol version, known to us or not.
    Version,
    /// JSON true or false.
    Boolean,
    /// JSON true.
    True,
    /// An object with these elements.
    Object(&'static [Element]),
    /// An object of any content, at most this long when serialised.
    AnyObject(usize),
    /// A text, or an object of any content, at most this long.
    TextOrObject(usize),
    /// A value of this format that is at most so long when serialised.
    UpTo(usize, &'static Format),
    /// An array of this many values of one format.
    Array(usize, usize, &'static Format),
}
