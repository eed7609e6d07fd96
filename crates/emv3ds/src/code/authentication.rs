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
    /// `whiteListStatus`: whether the merchant is on the cardholder's trust list.
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
    /// `whiteListStatusSource`: who set the trust-list status.
    pub enum TrustListSource or directory server value {
        /// The 3DS Server.
        Server = "01",
        /// The directory server.
        Directory = "02",
        /// The ACS.
        Acs = "03",
    }
}
