//! Who posts to the results receiver, and which brands' transactions it may speak about.

use emv3ds::Fault;
use mpi::transaction::{Results, receive::access_denied};
use primitives::Brand;

/// Who posted something, as far as the connection shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// The connection says nothing: a proxy has checked the certificate, or this is a sandbox without TLS.
    Unchecked,
    /// A client certificate was verified.
    Certified {
        /// Its subject, for the log.
        subject: String,
        /// The brands whose directory servers it stands for.
        brands: Vec<Brand>,
    },
}

impl Sender {
    /// Whether a message about a transaction of this brand may come from here.
    pub fn may_speak_for(&self, brand: Brand) -> bool {
        match self {
            Self::Unchecked => true,
            Self::Certified { brands, .. } => brands.contains(&brand),
        }
    }
}

/// The fault of an RReq whose sender may not speak about its transaction, logged with who tried it.
pub fn refused(sender: &Sender, brand: Brand, results: &Results) -> Box<Fault> {
    if let Sender::Certified { subject, brands } = sender {
        let authentication = results.ids().three_ds_server_trans_id.map(|id| id.to_string());
        let brands: Vec<_> = brands.iter().map(|brand| brand.as_str()).collect();
        tracing::warn!(
            authentication, %brand, subject, may_speak_for = brands.join(" "),
            "results from a certificate of another brand"
        );
    }
    access_denied(results, "client certificate")
}
