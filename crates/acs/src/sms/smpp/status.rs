//! `command_status`: what came of a request (SMPP 3.4, table 5-2).

/// A status by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl Status {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// `ESME_…`; its number in hexadecimal where the table does not have it.
            pub fn name(self) -> String {
                match self {
                    $(Self::$name => concat!("ESME_", stringify!($name)).to_owned(),)*
                    Self(number) => format!("smpp_{number:x}"),
                }
            }
        }
    };
}

statuses! {
    /// No error.
    ROK = 0x00;
    /// The message's length is wrong.
    RINVMSGLEN = 0x01;
    /// The PDU's length is wrong.
    RINVCMDLEN = 0x02;
    /// No such command.
    RINVCMDID = 0x03;
    /// The command does not fit the session's state.
    RINVBNDSTS = 0x04;
    /// Bound already.
    RALYBND = 0x05;
    /// System error.
    RSYSERR = 0x08;
    /// The sender's address is wrong.
    RINVSRCADR = 0x0a;
    /// The receiver's address is wrong.
    RINVDSTADR = 0x0b;
    /// The bind failed.
    RBINDFAIL = 0x0d;
    /// The password is wrong.
    RINVPASWD = 0x0e;
    /// The system id is unknown.
    RINVSYSID = 0x0f;
    /// The message queue is full.
    RMSGQFUL = 0x14;
    /// The `esm_class` makes no sense.
    RINVESMCLASS = 0x43;
    /// The submission failed.
    RSUBMITFAIL = 0x45;
    /// The sender's type of number is wrong.
    RINVSRCTON = 0x48;
    /// The sender's numbering plan is wrong.
    RINVSRCNPI = 0x49;
    /// The receiver's type of number is wrong.
    RINVDSTTON = 0x50;
    /// The receiver's numbering plan is wrong.
    RINVDSTNPI = 0x51;
    /// Too many messages for now.
    RTHROTTLED = 0x58;
    /// The validity period makes no sense.
    RINVEXPIRY = 0x62;
    /// A temporary error of the receiving application.
    RX_T_APPN = 0x64;
    /// The message cannot be delivered.
    RDELIVERYFAILURE = 0xfe;
    /// An error that has no name.
    RUNKNOWNERR = 0xff;
}

/// What a status says of a message that was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Taken.
    Taken,
    /// Not taken for now.
    Busy,
    /// Refused, because of whom it goes to.
    BadNumber,
    /// Refused, because of what this provider does not do or allow.
    Refused,
    /// An error in the middle of something: it may be on its way.
    Unclear,
}

impl Status {
    /// What it says of a message. Statuses that the table does not have are a vendor's own, and may mean anything.
    pub(super) fn verdict(self) -> Verdict {
        match self {
            Self::ROK => Verdict::Taken,
            Self::RTHROTTLED | Self::RMSGQFUL | Self::RX_T_APPN | Self::RINVBNDSTS => Verdict::Busy,
            Self::RINVDSTADR | Self::RINVDSTTON | Self::RINVDSTNPI => Verdict::BadNumber,
            Self::RSYSERR | Self::RDELIVERYFAILURE | Self::RUNKNOWNERR => Verdict::Unclear,
            Self(0x01..=0x65 | 0xc0..=0xc4) => Verdict::Refused,
            Self(_) => Verdict::Unclear,
        }
    }
}
