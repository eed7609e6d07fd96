use super::code_list;

code_list! {
    /// `authenticationType`: how the ACS challenges the cardholder.
    pub enum AuthenticationType or directory server value {
        /// Something fixed, as a password.
        Static = "01",
        /// Something that changes, as a one-time code.
        Dynamic = "02",
        /// Out of band, as a confirmation in the bank's app.
        OutOfBand = "03",
        /// Decoupled from the shop's session.
        Decoupled = "04" since V2_2_0,
    }
}

code_list! {
    /// `authenticationMethod`: by what the cardholder is or was authenticated.
    pub enum AuthenticationMethod or directory server value {
        /// A passcode that does not change.
        StaticPasscode = "01",
        /// A one-time code by SMS.
        SmsCode = "02",
        /// A one-time code of a key fob or card reader.
        ReaderCode = "03",
        /// A one-time code of an app.
        AppCode = "04",
        /// Another one-time code.
        OtherCode = "05",
        /// Knowledge, as questions about the account.
        Knowledge = "06",
        /// Out of band, by biometrics.
        OutOfBandBiometrics = "07",
        /// Out of band, by logging in.
        OutOfBandLogin = "08",
        /// Out of band, otherwise.
        OutOfBandOther = "09",
        /// Something else.
        Other = "10",
        /// Confirmation of a push message.
        PushConfirmation = "11" since V2_2_0,
        /// Decoupled.
        Decoupled = "12" since V2_3_1,
        /// WebAuthn.
        WebAuthn = "13" since V2_3_1,
        /// Secure payment confirmation.
        SecurePaymentConfirmation = "14" since V2_3_1,
        /// Behavioural biometrics.
        BehaviouralBiometrics = "15" since V2_3_1,
        /// Electronic identity.
        ElectronicIdentity = "16" since V2_3_1,
    }
}

code_list! {
    /// `transChallengeExemption`: why the ACS asked for no challenge.
    pub enum ChallengeExemption or directory server value {
        /// Transaction risk analysis.
        RiskAnalysis = "05" since V2_3_1,
        /// Trust list.
        TrustList = "08" since V2_3_1,
        /// Low value.
        LowValue = "10" since V2_3_1,
        /// Secure corporate payment.
        SecureCorporate = "11" since V2_3_1,
        /// No exemption applied.
        NoneApplied = "79" since V2_3_1,
    }
}

code_list! {
    /// `deviceBindingStatus`: whether the cardholder's device is bound to the card.
    pub enum DeviceBindingStatus or directory server value {
        /// Not bound.
        NotBound = "01" since V2_3_1,
        /// Not eligible as determined by the issuer.
        NotEligible = "02" since V2_3_1,
        /// Pending the cardholder's confirmation.
        Pending = "03" since V2_3_1,
        /// Rejected by the cardholder.
        Rejected = "04" since V2_3_1,
        /// Unknown, unavailable or not applicable.
        Unknown = "05" since V2_3_1,
        /// Bound by hardware or SIM inside the device.
        BoundInternalHardware = "11" since V2_3_1,
        /// Bound by hardware outside the device.
        BoundExternalHardware = "12" since V2_3_1,
        /// Bound by data that changes.
        BoundDynamicData = "13" since V2_3_1,
        /// Bound by data that stays.
        BoundStaticData = "14" since V2_3_1,
        /// Bound otherwise.
        BoundOtherwise = "15" since V2_3_1,
    }
}

code_list! {
    /// `deviceBindingStatusSource`: who set the device-binding status.
    pub enum DeviceBindingSource {
        /// The 3DS Server.
        Server = "01" since V2_3_1,
        /// The directory server.
        Directory = "02" since V2_3_1,
        /// The ACS.
        Acs = "03" since V2_3_1,
    }
}

code_list! {
    /// `cardSecurityCodeStatus`: what became of the security code in the AReq.
    pub enum SecurityCodeStatus {
        /// Validated.
        Validated = "Y" since V2_3_1,
        /// Failed.
        Failed = "N" since V2_3_1,
        /// Unknown, unavailable or not applicable.
        Unknown = "U" since V2_3_1,
    }
}

code_list! {
    /// `cardSecurityCodeStatusSource`: who says so.
    pub enum SecurityCodeStatusSource {
        /// The directory server.
        Directory = "01" since V2_3_1,
        /// The ACS.
        Acs = "02" since V2_3_1,
    }
}

code_list! {
    /// `trustListStatus` (`whiteListStatus` before 2.3.1): whether the merchant is on the cardholder's trust list.
    pub enum TrustListStatus {
        /// Listed.
        Listed = "Y",
        /// Not listed.
        NotListed = "N",
        /// Not eligible as determined by the issuer.
        NotEligible = "E",
        /// Pending the cardholder's confirmation.
        Pending = "P",
        /// Rejected by the cardholder.
        Rejected = "R",
        /// Unknown, unavailable or not applicable.
        Unknown = "U",
    }
}

code_list! {
    /// `trustListStatusSource` (`whiteListStatusSource` before 2.3.1): who set the trust-list status.
    pub enum TrustListSource or directory server value {
        /// The 3DS Server.
        Server = "01",
        /// The directory server.
        Directory = "02",
        /// The ACS.
        Acs = "03",
    }
}
