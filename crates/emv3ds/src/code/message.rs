use super::code_list;

code_list! {
    /// A component of the ecosystem, as `errorComponent` names it.
    pub enum Component {
        /// The SDK in the merchant's app.
        Sdk = "C",
        /// The 3DS Server.
        Server = "S",
        /// A directory server.
        DirectoryServer = "D",
        /// An issuer's access control server.
        Acs = "A",
    }
}

code_list! {
    /// `messageType`.
    pub enum MessageType {
        /// Authentication request.
        AReq = "AReq",
        /// Authentication response.
        ARes = "ARes",
        /// Challenge request.
        CReq = "CReq",
        /// Challenge response.
        CRes = "CRes",
        /// Results request.
        RReq = "RReq",
        /// Results response.
        RRes = "RRes",
        /// Preparation request (card ranges).
        PReq = "PReq",
        /// Preparation response.
        PRes = "PRes",
        /// Error.
        Erro = "Erro",
    }
}

impl MessageType {
    /// Whether a component takes this type at all; any other is answered 101 [Req 201 to 203].
    pub fn accepted_by(self, receiver: Component) -> bool {
        use MessageType::{AReq, ARes, CReq, CRes, Erro, PReq, PRes, RReq, RRes};
        match receiver {
            Component::Server => matches!(self, ARes | RReq | PRes | Erro),
            Component::DirectoryServer => matches!(self, AReq | ARes | RReq | RRes | PReq | Erro),
            Component::Acs => matches!(self, AReq | CReq | RRes | Erro),
            Component::Sdk => matches!(self, CRes | Erro),
        }
    }
}

code_list! {
    /// `deviceChannel`: through what the cardholder shops.
    pub enum DeviceChannel or directory server value {
        /// An app with an SDK.
        App = "01",
        /// A browser.
        Browser = "02",
        /// 3DS Requestor initiated: nobody present.
        RequestorInitiated = "03",
    }
}

code_list! {
    /// `messageCategory`: what the authentication is for.
    pub enum MessageCategory or directory server value {
        /// PA.
        Payment = "01",
        /// NPA.
        NonPayment = "02",
    }
}
