//! What may go wrong with one text message besides its connection: a word of `POST /faults` for each.

/// The target of faults at every provider of text messages over HTTP, and of messages sent inside the sandbox.
pub const SMS: &str = "sms";
/// The target of faults at the first of them.
pub const SMS_NORTE: &str = "sms-norte";
/// The target of faults at the second.
pub const SMS_SUR: &str = "sms-sur";
/// The target of faults at the short message centre.
pub const SMPP: &str = "smpp";
/// Every target that carries text messages.
pub const CARRIERS: [&str; 4] = [SMS, SMS_NORTE, SMS_SUR, SMPP];

/// What goes wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFault {
    /// `busy`: not taken, and said so as it is documented.
    Busy,
    /// `no_route`: refused; another provider may know better.
    NoRoute,
    /// `receipts_missing`: nothing is told of it.
    ReceiptsMissing,
    /// `receipts_repeated`: everything is told twice.
    ReceiptsRepeated,
    /// `receipts_reversed`: the end is told before what goes ahead of it.
    ReceiptsReversed,
    /// `receipts_undelivered`: it arrives, and the receipt says that it did not.
    ReceiptsUndelivered,
    /// `receipts_forged`: signed by somebody else, or about a message that is not ours.
    ReceiptsForged,
}

impl TextFault {
    /// The words of `POST /faults`.
    pub const WORDS: [(&str, Self); 7] = [
        ("busy", Self::Busy),
        ("no_route", Self::NoRoute),
        ("receipts_missing", Self::ReceiptsMissing),
        ("receipts_repeated", Self::ReceiptsRepeated),
        ("receipts_reversed", Self::ReceiptsReversed),
        ("receipts_undelivered", Self::ReceiptsUndelivered),
        ("receipts_forged", Self::ReceiptsForged),
    ];

    /// Whether it is played when a message is handed over, not when receipts are due.
    pub fn is_at_hand_over(self) -> bool {
        matches!(self, Self::Busy | Self::NoRoute)
    }
}
