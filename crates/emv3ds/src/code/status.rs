use super::code_list;

code_list! {
    /// `transStatus`: how the authentication stands.
    pub enum TransStatus {
        /// Authenticated.
        Authenticated = "Y",
        /// Not authenticated, denied.
        NotAuthenticated = "N",
        /// Could not be performed.
        Unavailable = "U",
        /// Attempted, with proof of the attempt.
        Attempted = "A",
        /// Rejected by the issuer: do not authorise.
        Rejected = "R",
        /// A challenge is required.
        ChallengeRequired = "C",
        /// A challenge, confirmed to happen outside the shop's session (decoupled).
        DecoupledChallenge = "D" since V2_2_0,
        /// Informational only; the requestor asked for no more.
        InformationOnly = "I" since V2_2_0,
        /// A challenge by secure payment confirmation in the browser.
        SecurePaymentConfirmation = "S" since V2_3_1,
    }
}

impl TransStatus {
    /// Whether the authentication ends with this status, so that no RReq will follow an ARes that carries it.
    pub fn is_final(self) -> bool {
        match self {
            Self::Authenticated
            | Self::NotAuthenticated
            | Self::Unavailable
            | Self::Attempted
            | Self::Rejected
            | Self::InformationOnly => true,
            Self::ChallengeRequired | Self::DecoupledChallenge | Self::SecurePaymentConfirmation => false,
        }
    }
}

code_list! {
    /// `transStatusReason`: why the status is what it is.
    pub enum TransStatusReason or directory server value {
        /// Card authentication failed.
        CardAuthenticationFailed = "01",
        /// Unknown device.
        UnknownDevice = "02",
        /// Unsupported device.
        UnsupportedDevice = "03",
        /// Authentication frequency exceeded.
        FrequencyExceeded = "04",
        /// Expired card.
        ExpiredCard = "05",
        /// Invalid card number.
        InvalidCardNumber = "06",
        /// Invalid transaction.
        InvalidTransaction = "07",
        /// No card record.
        NoCardRecord = "08",
        /// Security failure.
        SecurityFailure = "09",
        /// Stolen card.
        StolenCard = "10",
        /// Suspected fraud.
        SuspectedFraud = "11",
        /// Transaction not permitted to the cardholder.
        NotPermittedToCardholder = "12",
        /// Cardholder not enrolled.
        NotEnrolled = "13",
        /// Timed out at the ACS.
        TimedOutAtAcs = "14",
        /// Low confidence.
        LowConfidence = "15",
        /// Medium confidence.
        MediumConfidence = "16",
        /// High confidence.
        HighConfidence = "17",
        /// Very high confidence.
        VeryHighConfidence = "18",
        /// Exceeds the ACS's maximum of challenges.
        ExceedsMaximumChallenges = "19",
        /// Non-payment transactions not supported.
        NonPaymentNotSupported = "20",
        /// 3RI not supported.
        RequestorInitiatedNotSupported = "21",
        /// Technical issue at the ACS.
        AcsTechnicalIssue = "22" since V2_2_0,
        /// Decoupled authentication needed but not requested.
        DecoupledNeededNotRequested = "23" since V2_2_0,
        /// The longest time for the decoupled authentication went by.
        DecoupledTimeExceeded = "24" since V2_2_0,
        /// The time offered for the decoupled authentication is too short.
        DecoupledTimeTooShort = "25" since V2_2_0,
        /// Attempted, but the cardholder did not perform it.
        CardholderDidNotPerform = "26" since V2_2_0,
        /// The authentication method asked for is not supported.
        MethodNotSupported = "27" since V2_3_1,
        /// Validation of the content security policy failed.
        ContentSecurityPolicy = "28" since V2_3_1,
        /// Goes on as a decoupled authentication.
        DecoupledFallback = "29" since V2_3_1,
        /// An additional authentication, decoupled.
        AdditionalDecoupled = "30" since V2_3_1,
    }
}
