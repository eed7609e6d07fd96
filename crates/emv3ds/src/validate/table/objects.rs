//! Objects that more than one message has (section 12 of the reference).

use super::{O, R, X};
use crate::validate::element::{
    Channels, Condition, Element, Format,
    Format::{Array, Base64Url, Number, OneOf, PerVersion, Text, Url, When},
    Inclusion, row,
};

/// An element of a nested object: the object's own row says in which channel it is.
pub(super) const fn part(name: &'static str, format: Format, inclusion: [Inclusion; 3]) -> Element {
    row(name, format, Channels::AB3, inclusion)
}

/// `broadInfo` (section 12.9), which had no structure before 2.3.1. The form of `expDate` is not in the sources.
pub(super) const BROAD_INFO: &[Element] = &[
    part(
        "category",
        OneOf(&["01", "02", "03", "04", "05", "06"]),
        [X, X, R],
    ),
    part("description", Text(1, 4000), [X, X, O]),
    part("expDate", Text(8, 14), [X, X, O]),
    part(
        "recipients",
        Array(1, 3, &OneOf(&["01", "02", "03", "04"])),
        [X, X, R],
    ),
    part("severity", OneOf(&["01", "02", "03", "04"]), [X, X, R]),
    part("source", OneOf(&["01", "02", "03"]), [X, X, R]),
];

/// `cardholderInfo` (section 12.11), a text before 2.3.1.
pub(super) const CARDHOLDER_INFO: &[Element] = &[
    part("text", Text(1, 128), [X, X, R]),
    part("issuerImage", Url(256), [X, X, O]),
    part("paymentSystemImage", Url(256), [X, X, O]),
];

/// `acsRenderingType` (section 12.6). A native interface shows no HTML template.
pub(super) const ACS_RENDERING_TYPE: &[Element] = &[
    part("acsInterface", OneOf(&["01", "02"]), [R; 3]),
    part(
        "acsUiTemplate",
        When(
            Condition::Is("acsInterface", &["01"]),
            &[
                PerVersion(&[
                    OneOf(&["01", "02", "03", "04"]),
                    OneOf(&["01", "02", "03", "04"]),
                    OneOf(&["01", "02", "03", "04", "06", "07"]),
                ]),
                PerVersion(&[
                    OneOf(&["01", "02", "03", "04", "05"]),
                    OneOf(&["01", "02", "03", "04", "05"]),
                    OneOf(&["01", "02", "03", "04", "05", "06", "07"]),
                ]),
            ],
        ),
        [R; 3],
    ),
    part(
        "deviceUserInterfaceMode",
        OneOf(&["01", "02", "03", "04"]),
        [X, X, O],
    ),
];

/// `spcTransData` (section 12.10). Elements whose form the sources do not give are not here and pass as they come.
pub(super) const SPC_TRANS_DATA: &[Element] = &[
    part(
        "timeout",
        Number {
            digits: (5, 6),
            least: 60_000,
            most: 500_000,
        },
        [X, X, O],
    ),
    part("challenge", Base64Url(43, 100), [X, X, O]),
    part("challengeInfoText", Text(1, 350), [X, X, O]),
    part("currency", Text(3, 3), [X, X, O]),
    part("value", Text(1, 40), [X, X, O]),
    part("displayName", Text(1, 40), [X, X, O]),
    part("payeeName", Text(1, 40), [X, X, O]),
    part("payeeOrigin", Url(2048), [X, X, O]),
    part("extInd", OneOf(&["Y"]), [X, X, O]),
    part("additionalData", Text(1, 90_000), [X, X, O]),
];

/// An entry of `webAuthnCredList` (section 12.10).
pub(super) const WEB_AUTHN_CREDENTIALS: &[Element] = &[
    part("rpID", Text(1, 2048), [X, X, R]),
    part("credentialIds", Array(1, 99, &Base64Url(16, 1000)), [X, X, R]),
];
