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
    }
}
