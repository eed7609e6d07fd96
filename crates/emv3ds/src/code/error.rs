use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Version;

/// `errorCode` of an `Erro`, three digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 101: not a valid message for this receiver.
    MessageReceivedInvalid,
    /// 102: version not supported.
    VersionNotSupported,
    /// 103: too many messages.
    SentMessagesLimitExceeded,
    /// 201: a required element is missing.
    RequiredElementMissing,
    /// 202: a critical extension is not recognised.
    CriticalExtensionNotRecognised,
    /// 203: format or value of an element is wrong.
    FormatInvalid,
    /// 204: an element appears twice.
    DuplicateElement,
    /// 205, from 2.3.1: card ranges overlap.
    CardRangesOverlap,
    /// 206, from 2.3.1: the action cannot be applied to the card range.
    CardRangeActionInvalid,
    /// 207, from 2.3.1: a value reserved for EMVCo (203 before).
    ReservedValueUsed,
    /// 301: transaction not recognised, or seen before.
    TransactionNotRecognised,
    /// 302: decryption failed.
    DecryptionFailure,
    /// 303: access denied or invalid endpoint.
    AccessDenied,
    /// 304: ISO code not valid.
    IsoCodeInvalid,
    /// 305: transaction data not valid.
    TransactionDataInvalid,
    /// 306: merchant category code not valid for the scheme.
    MccInvalid,
    /// 307: serial number not valid.
    SerialNumberInvalid,
    /// 308, from 2.3.1: a signature does not verify.
    SignatureInvalid,
    /// 309, from 2.3.1: the content security policy failed.
    ContentSecurityPolicyFailure,
    /// 310, from 2.3.1: not the cryptographic algorithm expected.
    AlgorithmInvalid,
    /// 311, from 2.3.1: a key identifier is wrong or missing.
    KeyIdentifierInvalid,
    /// 312, from 2.3.1: the message has come before (301 before).
    DuplicateMessage,
    /// 313, from 2.3.1: results where no challenge was (301 before).
    ResultsWithoutChallenge,
    /// 314, from 2.3.1: the browser's CReq may not be repeated (305 before).
    RepeatedCreqNotSupported,
    /// 315, from 2.3.1: a CReq after the results (305 before).
    CreqAfterResults,
    /// 402: timed out.
    TimedOut,
    /// 403: system failure that may pass.
    TransientFailure,
    /// 404: system failure that will not pass by itself.
    PermanentFailure,
    /// 405: connection failure.
    ConnectionFailure,
    /// Any other number a peer sent.
    Other(u16),
}

impl ErrorCode {
    const KNOWN: [(Self, u16, &'static str); 29] = [
        (Self::MessageReceivedInvalid, 101, "Message Received Invalid"),
        (
            Self::VersionNotSupported,
            102,
            "Message Version Number Not Supported",
        ),
        (
            Self::SentMessagesLimitExceeded,
            103,
            "Sent Messages Limit Exceeded",
        ),
        (Self::RequiredElementMissing, 201, "Required Data Element Missing"),
        (
            Self::CriticalExtensionNotRecognised,
            202,
            "Critical Message Extension Not Recognised",
        ),
        (
            Self::FormatInvalid,
            203,
            "Format of One or More Data Elements Is Invalid",
        ),
        (Self::DuplicateElement, 204, "Duplicate Data Element"),
        (Self::CardRangesOverlap, 205, "Card Ranges Overlap"),
        (
            Self::CardRangeActionInvalid,
            206,
            "Card Range Action Not Possible",
        ),
        (Self::ReservedValueUsed, 207, "Reserved Value Used"),
        (
            Self::TransactionNotRecognised,
            301,
            "Transaction ID Not Recognised",
        ),
        (Self::DecryptionFailure, 302, "Data Decryption Failure"),
        (Self::AccessDenied, 303, "Access Denied, Invalid Endpoint"),
        (Self::IsoCodeInvalid, 304, "ISO Code Invalid"),
        (Self::TransactionDataInvalid, 305, "Transaction Data Not Valid"),
        (
            Self::MccInvalid,
            306,
            "Merchant Category Code Not Valid for Payment System",
        ),
        (Self::SerialNumberInvalid, 307, "Serial Number Not Valid"),
        (Self::SignatureInvalid, 308, "Signature Verification Failure"),
        (
            Self::ContentSecurityPolicyFailure,
            309,
            "Content Security Policy Failure",
        ),
        (Self::AlgorithmInvalid, 310, "Incorrect Cryptographic Algorithm"),
        (
            Self::KeyIdentifierInvalid,
            311,
            "Key Identifier Incorrect or Missing",
        ),
        (Self::DuplicateMessage, 312, "Duplicate Message"),
        (
            Self::ResultsWithoutChallenge,
            313,
            "Results Request Without Challenge",
        ),
        (
            Self::RepeatedCreqNotSupported,
            314,
            "Repeated Challenge Request Not Supported",
        ),
        (
            Self::CreqAfterResults,
            315,
            "Challenge Request After Results Request",
        ),
        (Self::TimedOut, 402, "Transaction Timed Out"),
        (Self::TransientFailure, 403, "Transient System Failure"),
        (Self::PermanentFailure, 404, "Permanent System Failure"),
        (Self::ConnectionFailure, 405, "System Connection Failure"),
    ];

    /// The number.
    pub fn number(self) -> u16 {
        match self {
            Self::Other(number) => number,
            known => Self::KNOWN
                .iter()
                .find(|row| row.0 == known)
                .map_or(0, |row| row.1),
        }
    }

    /// What the number says in general: the `errorDescription` we send.
    pub fn description(self) -> &'static str {
        Self::KNOWN
            .iter()
            .find(|row| row.0 == self)
            .map_or("Unknown Error", |row| row.2)
    }

    /// The code with this number.
    pub fn from_number(number: u16) -> Self {
        Self::KNOWN
            .iter()
            .find(|row| row.1 == number)
            .map_or(Self::Other(number), |row| row.0)
    }

    /// The code that says the same in a message of this version: those of 2.3.1 have elders.
    #[must_use]
    pub fn in_version(self, version: Version) -> Self {
        if version >= Version::V2_3_1 {
            return self;
        }
        match self {
            Self::CardRangesOverlap | Self::CardRangeActionInvalid | Self::ReservedValueUsed => {
                Self::FormatInvalid
            }
            Self::DuplicateMessage | Self::ResultsWithoutChallenge => Self::TransactionNotRecognised,
            Self::RepeatedCreqNotSupported | Self::CreqAfterResults => Self::TransactionDataInvalid,
            Self::AlgorithmInvalid | Self::KeyIdentifierInvalid => Self::DecryptionFailure,
            older => older,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits {
            text.parse().ok().map(Self::from_number)
        } else {
            None
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.number())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::deserialize_text(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_code_has_its_own_number_and_words() {
        for (code, number, description) in ErrorCode::KNOWN {
            assert_eq!(code.number(), number);
            assert_eq!(ErrorCode::from_number(number), code);
            assert_eq!(code.description(), description);
        }
        assert_eq!(ErrorCode::from_number(401), ErrorCode::Other(401));
        assert_eq!(ErrorCode::Other(99).to_string(), "099");
    }

    #[test]
    fn what_2_3_1_introduced_has_an_elder_before() {
        for (code, before) in [
            (207, 203),
            (312, 301),
            (313, 301),
            (314, 305),
            (315, 305),
            (203, 203),
        ] {
            let code = ErrorCode::from_number(code);
            assert_eq!(code.in_version(Version::V2_2_0).number(), before);
            assert_eq!(code.in_version(Version::V2_3_1), code);
        }
    }
}
