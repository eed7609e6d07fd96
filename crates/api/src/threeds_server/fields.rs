//! The members of a request: one table of fields and one engine that reads a document by it.
//!
//! [`table`] stands beside the reference (carat-3ds-server.md sections 2 and 3) row by row: path, format, when it is
//! needed, and which element of the AReq it becomes. [`engine`] holds a document against it and answers the first field
//! at fault; [`format`] is what the formats mean.

pub mod engine;
pub mod format;
pub mod table;

use format::Format;

/// A field of a request.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The members that lead to it, dotted; `[]` stands for every entry of a list.
    pub path: &'static str,
    pub format: Format,
    pub need: Need,
    /// The element of the AReq it becomes, dotted; `[]` for the first entry of a list. `None`: it is no element.
    pub element: Option<&'static str>,
}

/// When a field has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Always,
    Never,
    /// Needed where the condition holds; where not, it may be there.
    If(Condition),
    /// Needed where the condition holds; where not, it is not looked at.
    OnlyIf(Condition),
    /// Not needed, and looked at only where the condition holds.
    MayIf(Condition),
    /// Needed where its group, the object it is a member of, is there.
    InGroup,
}

/// What makes a field needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The device channel is this one.
    Channel(&'static str),
    /// The payment is one of a series: `authentication_ind` or `three_ri_ind` says so.
    Series,
    /// The other of the two is not there.
    Without(&'static str),
}

/// How much is taken for meant that is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leniency {
    /// Production: what the reference documents.
    Strict,
    /// Sandbox: the vendor's own samples pass as printed.
    Lenient,
}
