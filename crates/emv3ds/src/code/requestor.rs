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
