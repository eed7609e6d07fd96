//! What may happen to a challenge, and what is to be done about it.

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A CReq came: the first one, or the same again because the browser was refreshed.
    Opened,
    /// The cardholder chose a phone, by its place in the list.
    PhoneChosen(u8),
    /// The cardholder typed something, and it has been compared.
    Entered(Judged),
    /// The cardholder pressed the button with nothing typed.
    NothingEntered,
    /// The cardholder asks for a new code.
    ResendAsked,
    /// The cardholder wants a code although the app is asked.
    CodeInsteadAsked,
    /// The cardholder wants the app to be asked, again or after all.
    AppInsteadAsked,
    /// The cardholder says that the app has been answered, which is a hint and no proof.
    Continued,
    /// The cardholder gives up.
    Cancelled,
    /// The cardholder wants to go on later, decoupled.
    PutOffAsked,
    /// The 3DS SDK's time was over.
    SdkTimedOut,
    /// The app answered.
    AppAnswered(AppAnswer),
    /// The app could not be asked.
    AppUnreachable,
    /// Somebody carries the code now.
    CodeHandedOver {
        /// Which code.
        generation: u16,
    },
    /// Nobody carries the code, and nobody will.
    CodeNotSent {
        /// Which code.
        generation: u16,
    },
    /// A carrier may have the code or not: only another code may go elsewhere.
    CodeMaybeLost {
        /// Which code.
        generation: u16,
    },
    /// A carrier had the code and could not deliver it; another one is left.
    CodeUndelivered {
        /// Which code.
        generation: u16,
    },
    /// One of the challenge's times may be over.
    TimePassed,
    /// A message of the other side's was so broken that the challenge cannot go on.
    Broken,
}

/// What came of comparing an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// It was what was asked for.
    pub right: bool,
    /// The card is locked by failures, here and in other challenges.
    pub locked: bool,
}

/// What a cardholder says in the bank's app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppAnswer {
    /// Yes.
    Approved,
    /// No.
    Denied,
    /// "That is not me."
    NotMe,
}

/// What is to be done in the same transaction as the step that wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Make a code and queue it for delivery; older codes of the challenge are void.
    MakeCode {
        /// The code's number.
        generation: u16,
        /// To which phone; `None` leaves it to the issuer's backend.
        phone: Option<u8>,
    },
    /// Ask the bank's app.
    AskApp,
    /// Queue the RReq.
    Report,
    /// Queue what the issuer is told.
    NotifyIssuer,
}
