//! EMV 3-D Secure on the wire.
//!
//! **Here:** the messages a 3DS Server, a directory server and an ACS exchange ([`message`]), the code lists of their
//! elements ([`code`]), which element exists, is required or conditional in which protocol version ([`validate`]: tables
//! to be held against the specification, and the one engine that applies them in both directions), what goes through
//! the cardholder's browser ([`encoding`]), and the `Erro` a faulty message deserves ([`Fault`]).
//!
//! **Not here:** merchants, orders, money as a value, the state of an authentication (crate `mpi`), and any network.
//!
//! **Covered:** protocol versions 2.1.0, 2.2.0 and 2.3.1, browser channel and 3RI, payments and what is none. The tables
//! have a column per version and channels per row, so that the app channel is further rows.
//!
//! Read [`validate::Rules`] first: it reads and writes every message. Then [`message::AReq`].
//!
//! ```
//! use emv3ds::{Rules, Version, code::Component, message::{CReq, Received}};
//!
//! let at_the_acs = Rules::received_by(Component::Acs, &Version::ALL);
//! let fault = at_the_acs.read_as::<CReq>(b"{}").unwrap_err();
//! assert_eq!(fault.code.number(), 101);
//! ```
#![warn(missing_docs)]

pub mod account_number;
pub mod authentication_value;
mod card_security_code;
pub mod code;
pub mod encoding;
mod fault;
mod json;
pub mod message;
mod spoken_versions;
pub mod transaction_id;
pub mod validate;
mod version;

pub use account_number::AccountNumber;
pub use authentication_value::{AuthenticationValue, Eci};
pub use card_security_code::CardSecurityCode;
pub use fault::Fault;
pub use spoken_versions::SpokenVersions;
pub use transaction_id::{AcsTransId, DsTransId, ThreeDsServerTransId, TransactionIds};
pub use validate::Rules;
pub use version::{ProtocolVersion, Version};
