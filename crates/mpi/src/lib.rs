//! mpi

pub mod result;

pub use result::{AuthenticationResult, Failure, Flow};
