use super::code_list;

code_list! {
    /// `actionInd`: what a PRes does with a card range.
    pub enum ActionInd {
        /// Add it.
        Add = "A",
        /// Delete it.
        Delete = "D",
        /// Change its attributes, never its bounds.
        Modify = "M",
    }
}

code_list! {
    /// `acsInfoInd`: what the ACS of a card range can do.
    pub enum AcsInfoInd or directory server value {
        /// Authentication available at the ACS.
        AuthenticationAvailable = "01",
        /// Attempts supported by the ACS or the directory server.
        AttemptsSupported = "02",
        /// Decoupled authentication supported.
        DecoupledSupported = "03",
        /// Trust list supported.
        TrustListSupported = "04",
        /// Device binding supported.
        DeviceBindingSupported = "05" since V2_3_1,
        /// WebAuthn supported.
        WebAuthnSupported = "06" since V2_3_1,
        /// Secure payment confirmation supported.
        SecurePaymentConfirmationSupported = "07" since V2_3_1,
        /// Exemption by transaction risk analysis supported.
        RiskAnalysisExemption = "08" since V2_3_1,
        /// Exemption by trust list supported.
        TrustListExemption = "09" since V2_3_1,
        /// Exemption of low values supported.
        LowValueExemption = "10" since V2_3_1,
        /// Exemption of secure corporate payments supported.
        SecureCorporateExemption = "11" since V2_3_1,
    }
}
