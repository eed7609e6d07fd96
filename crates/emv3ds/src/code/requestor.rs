use super::code_list;

code_list! {
    /// An indicator that is `Y` or `N`.
    pub enum YesNo {
        /// Yes.
        Yes = "Y",
        /// No.
        No = "N",
    }
}

code_list! {
    /// `threeDSCompInd`: how the 3DS Method ended.
    pub enum CompletionIndicator {
        /// Completed.
        Completed = "Y",
        /// Did not complete in time.
        NotCompleted = "N",
        /// The card range has no 3DS Method URL, or is unknown.
        Unavailable = "U",
    }
}

code_list! {
    /// `threeDSRequestorAuthenticationInd`: what the requestor authenticates for.
    pub enum RequestorAuthenticationInd or directory server value {
        /// A payment.
        Payment = "01",
        /// A recurring payment.
        Recurring = "02",
        /// An instalment payment.
        Instalment = "03",
        /// Adding a card.
        AddCard = "04",
        /// Maintaining a card.
        MaintainCard = "05",
        /// Verifying the cardholder for a token.
        VerifyForToken = "06",
        /// A billing agreement.
        BillingAgreement = "07" since V2_2_0,
        /// A split shipment.
        SplitShipment = "08" since V2_3_1,
        /// A delayed shipment.
        DelayedShipment = "09" since V2_3_1,
        /// A split payment.
        SplitPayment = "10" since V2_3_1,
    }
}

code_list! {
    /// `threeRIInd`: what a requestor asks for with nobody present.
    pub enum ThreeRiInd or directory server value {
        /// A recurring payment.
        Recurring = "01",
        /// An instalment payment.
        Instalment = "02",
        /// Adding a card.
        AddCard = "03",
        /// Maintaining a card.
        MaintainCard = "04",
        /// Verifying an account.
        AccountVerification = "05",
        /// A split or delayed shipment.
        SplitShipment = "06" since V2_2_0,
        /// A top-up.
        TopUp = "07" since V2_2_0,
        /// A mail order.
        MailOrder = "08" since V2_2_0,
        /// A telephone order.
        TelephoneOrder = "09" since V2_2_0,
        /// Whether the requestor is on the trust list.
        TrustListCheck = "10" since V2_2_0,
        /// Another payment.
        OtherPayment = "11" since V2_2_0,
        /// A billing agreement.
        BillingAgreement = "12" since V2_2_0,
        /// Whether the device is bound.
        DeviceBindingCheck = "13" since V2_3_1,
        /// Whether the card security code is right.
        SecurityCodeCheck = "14" since V2_3_1,
        /// A delayed shipment.
        DelayedShipment = "15" since V2_3_1,
        /// A split payment.
        SplitPayment = "16" since V2_3_1,
        /// Deletion of a FIDO credential.
        FidoDeletion = "17" since V2_3_1,
        /// Registration of a FIDO credential.
        FidoRegistration = "18" since V2_3_1,
        /// A challenge goes on as a decoupled authentication.
        DecoupledFallback = "19" since V2_3_1,
    }
}

code_list! {
    /// `threeDSRequestorDecReqInd`: whether the ACS may authenticate outside the shop's session; absent is no.
    pub enum DecoupledRequestInd {
        /// It may, instead of a challenge.
        Yes = "Y",
        /// It may not.
        No = "N",
        /// It may where a challenge fails to.
        Fallback = "F" since V2_3_1,
        /// Both.
        Both = "B" since V2_3_1,
    }
}

impl DecoupledRequestInd {
    /// Whether an ARes may say D.
    pub fn allows_at_once(self) -> bool {
        match self {
            Self::Yes | Self::Both => true,
            Self::No | Self::Fallback => false,
        }
    }

    /// Whether a challenge may end with an RReq that says D.
    pub fn allows_as_fallback(self) -> bool {
        match self {
            Self::Fallback | Self::Both => true,
            Self::Yes | Self::No => false,
        }
    }
}

code_list! {
    /// `threeDSRequestorChallengeInd`: whether the requestor wants a challenge.
    pub enum RequestorChallengeInd or directory server value {
        /// No preference; the same as leaving the element out.
        NoPreference = "01",
        /// Prefers none.
        NoChallenge = "02",
        /// Prefers one.
        ChallengePreferred = "03",
        /// Must have one.
        ChallengeMandated = "04",
        /// None: transaction risk analysis is done already.
        NoChallengeRiskAnalysed = "05" since V2_2_0,
        /// None: data share only.
        NoChallengeDataOnly = "06" since V2_2_0,
        /// None: strong authentication is done already.
        NoChallengeAuthenticated = "07" since V2_2_0,
        /// None: use the trust-list exemption.
        NoChallengeTrustList = "08" since V2_2_0,
        /// One, with a prompt for the trust list.
        ChallengeTrustListPrompt = "09" since V2_2_0,
        /// None: low value.
        NoChallengeLowValue = "10" since V2_3_1,
        /// None: secure corporate payment.
        NoChallengeSecureCorporate = "11" since V2_3_1,
        /// One, with a prompt for device binding.
        ChallengeDeviceBindingPrompt = "12" since V2_3_1,
        /// One: the issuer asked for it (soft decline).
        ChallengeIssuerRequested = "13" since V2_3_1,
        /// One: merchant-initiated payments are being set up.
        ChallengeMerchantInitiatedSetUp = "14" since V2_3_1,
    }
}

code_list! {
    /// `transType`: what is bought.
    pub enum TransactionType {
        /// Goods or services.
        GoodsOrService = "01",
        /// Acceptance of a cheque.
        CheckAcceptance = "03",
        /// Funding of an account.
        AccountFunding = "10",
        /// Quasi-cash.
        QuasiCash = "11",
        /// Activation and load of a prepaid card.
        PrepaidLoad = "28",
    }
}

code_list! {
    /// `acctType`: which account of the card, where the requestor asked the cardholder.
    pub enum AccountType or directory server value {
        /// Not applicable.
        NotApplicable = "01",
        /// Credit.
        Credit = "02",
        /// Debit.
        Debit = "03",
    }
}
