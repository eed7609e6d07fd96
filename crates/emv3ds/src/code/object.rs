//! Lists of elements inside objects, which the structs keep as text.

use super::CodeList;
use crate::Version::{V2_1_0, V2_2_0, V2_3_1};

/// `threeDSReqAuthMethod`: 01 guest, 02 the requestor's credentials, 03 federated identity, 04 the issuer's credentials,
/// 05 third party, 06 FIDO, 07 FIDO with signed assurance data, 08 SRC assurance data, 09 secure payment confirmation,
/// 10 electronic identity.
pub const REQUESTOR_AUTHENTICATION_METHOD: CodeList = CodeList {
    values: &[
        ("01", V2_1_0),
        ("02", V2_1_0),
        ("03", V2_1_0),
        ("04", V2_1_0),
        ("05", V2_1_0),
        ("06", V2_1_0),
        ("07", V2_2_0),
        ("08", V2_2_0),
        ("09", V2_3_1),
        ("10", V2_3_1),
    ],
    ds_values: true,
};

/// `threeDSReqPriorAuthMethod`: 01 frictionless, 02 challenge, 03 address verification, 04 another method of the issuer,
/// 05 secure payment confirmation.
pub const PRIOR_AUTHENTICATION_METHOD: CodeList = CodeList {
    values: &[
        ("01", V2_1_0),
        ("02", V2_1_0),
        ("03", V2_1_0),
        ("04", V2_1_0),
        ("05", V2_3_1),
    ],
    ds_values: true,
};
