use super::code_list;

code_list! {
    /// `challengeWindowSize`: the size of the browser window or frame that shows the challenge, in CSS pixels.
    pub enum ChallengeWindowSize {
        /// 250 × 400.
        W250H400 = "01",
        /// 390 × 400.
        W390H400 = "02",
        /// 500 × 600.
        W500H600 = "03",
        /// 600 × 400.
        W600H400 = "04",
        /// The whole screen.
        FullScreen = "05",
    }
}

impl ChallengeWindowSize {
    /// Width and height in CSS pixels; `None` for the whole screen.
    pub fn pixels(self) -> Option<(u32, u32)> {
        match self {
            Self::W250H400 => Some((250, 400)),
            Self::W390H400 => Some((390, 400)),
            Self::W500H600 => Some((500, 600)),
            Self::W600H400 => Some((600, 400)),
            Self::FullScreen => None,
        }
    }
}

code_list! {
    /// `challengeCancel`: why a challenge ended without an answer.
    pub enum ChallengeCancel or directory server value {
        /// The cardholder cancelled.
        Cardholder = "01",
        /// The decoupled authentication timed out.
        DecoupledTimedOut = "03" since V2_2_0,
        /// Timed out at the ACS.
        TimedOutAtAcs = "04",
        /// Timed out at the ACS before the first CReq came.
        FirstCreqNotReceived = "05",
        /// Transaction error.
        TransactionError = "06",
        /// Unknown.
        Unknown = "07",
        /// Timed out at the SDK.
        TimedOutAtSdk = "08",
        /// The answer to a CRes was an Erro.
        ErroToCres = "09" since V2_3_1,
        /// The answer to a CReq was an Erro.
        ErroToCreq = "10" since V2_3_1,
    }
}

code_list! {
    /// `resultsStatus`: what the 3DS Server did with an RReq.
    pub enum ResultsStatus {
        /// Received for further processing.
        Received = "01",
        /// The challenge request was never sent to the ACS: the requestor opted out.
        ChallengeNotSent = "02",
        /// The ARes's challenge data never reached the requestor: technical error.
        ChallengeNotDelivered = "03",
        /// A decoupled authentication will follow, in an authentication of its own.
        DecoupledFollows = "04" since V2_3_1,
    }
}
