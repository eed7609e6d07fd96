//! What the requestor would like, said in the words of the version (emv-3ds section 11.5).

use emv3ds::{
    Version,
    code::{RequestorAuthenticationInd, RequestorChallengeInd},
};

/// The most indicators of 2.3.1.
const WISHES_MAX: usize = 2;

/// Which way an indicator pulls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pull {
    Neither,
    NoChallenge,
    Challenge,
    /// What a directory server defines is between it and the requestor.
    Unknown,
}

/// The indicators to send: those that the version knows, or the nearest it has; one before 2.3.1, then two that do not
/// conflict.
pub(super) fn challenge(
    wishes: &[RequestorChallengeInd],
    version: Version,
) -> Option<Vec<RequestorChallengeInd>> {
    let most = if version >= Version::V2_3_1 { WISHES_MAX } else { 1 };
    let mut sent: Vec<RequestorChallengeInd> = Vec::new();
    for wish in wishes.iter().map(|wish| nearest(*wish, version)) {
        let fits = !sent.contains(&wish) && sent.iter().all(|other| !conflict(*other, wish));
        if sent.len() < most && fits {
            sent.push(wish);
        }
    }
    (!sent.is_empty()).then_some(sent)
}

/// The indicator itself where the version knows it, else the general one that says the same.
fn nearest(wish: RequestorChallengeInd, version: Version) -> RequestorChallengeInd {
    use RequestorChallengeInd as Ind;
    if Ind::LIST.allows(wish.as_str(), version) {
        return wish;
    }
    match wish {
        Ind::ChallengeIssuerRequested | Ind::ChallengeMerchantInitiatedSetUp | Ind::ChallengeMandated => {
            Ind::ChallengeMandated
        }
        Ind::ChallengePreferred | Ind::ChallengeTrustListPrompt | Ind::ChallengeDeviceBindingPrompt => {
            Ind::ChallengePreferred
        }
        Ind::NoChallenge
        | Ind::NoChallengeRiskAnalysed
        | Ind::NoChallengeDataOnly
        | Ind::NoChallengeAuthenticated
        | Ind::NoChallengeTrustList
        | Ind::NoChallengeLowValue
        | Ind::NoChallengeSecureCorporate => Ind::NoChallenge,
        Ind::NoPreference | Ind::DirectoryServer(_) => Ind::NoPreference,
    }
}

fn conflict(one: RequestorChallengeInd, other: RequestorChallengeInd) -> bool {
    match (pull(one), pull(other)) {
        (Pull::Unknown, _) | (_, Pull::Unknown) => false,
        (Pull::Neither, _) | (_, Pull::Neither) => true,
        (one, other) => one != other,
    }
}

fn pull(wish: RequestorChallengeInd) -> Pull {
    use RequestorChallengeInd as Ind;
    match wish {
        Ind::NoPreference => Pull::Neither,
        Ind::NoChallenge
        | Ind::NoChallengeRiskAnalysed
        | Ind::NoChallengeDataOnly
        | Ind::NoChallengeAuthenticated
        | Ind::NoChallengeTrustList
        | Ind::NoChallengeLowValue
        | Ind::NoChallengeSecureCorporate => Pull::NoChallenge,
        Ind::ChallengePreferred
        | Ind::ChallengeMandated
        | Ind::ChallengeTrustListPrompt
        | Ind::ChallengeDeviceBindingPrompt
        | Ind::ChallengeIssuerRequested
        | Ind::ChallengeMerchantInitiatedSetUp => Pull::Challenge,
        Ind::DirectoryServer(_) => Pull::Unknown,
    }
}

/// What it is authenticated for, where the version knows it, else a payment.
pub(super) fn authentication(
    purpose: RequestorAuthenticationInd,
    version: Version,
) -> RequestorAuthenticationInd {
    if RequestorAuthenticationInd::LIST.allows(purpose.as_str(), version) {
        purpose
    } else {
        RequestorAuthenticationInd::Payment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(wishes: &[&str], version: Version) -> Vec<&'static str> {
        let wishes: Vec<_> = wishes
            .iter()
            .filter_map(|wish| RequestorChallengeInd::parse(wish))
            .collect();
        let sent = challenge(&wishes, version).unwrap_or_default();
        sent.into_iter().map(|wish| wish.as_str()).collect()
    }

    #[test]
    fn a_wish_that_the_version_does_not_know_becomes_the_nearest_it_does() {
        for (wish, in_2_1_0, in_2_2_0) in [
            ("01", "01", "01"),
            ("04", "04", "04"),
            ("05", "02", "05"),
            ("06", "02", "06"),
            ("08", "02", "08"),
            ("09", "03", "09"),
            ("10", "02", "02"),
            ("11", "02", "02"),
            ("12", "03", "03"),
            ("13", "04", "04"),
            ("14", "04", "04"),
            ("82", "82", "82"),
        ] {
            assert_eq!(sent(&[wish], Version::V2_1_0), [in_2_1_0], "{wish}");
            assert_eq!(sent(&[wish], Version::V2_2_0), [in_2_2_0], "{wish}");
            assert_eq!(sent(&[wish], Version::V2_3_1), [wish], "{wish}");
        }
    }

    #[test]
    fn two_wishes_are_sent_from_2_3_1_on_where_they_do_not_conflict() {
        for (wishes, pair) in [
            (&["04", "09"][..], &["04", "09"][..]),
            (&["05", "10"], &["05", "10"]),
            (&["03", "05"], &["03"]),
            (&["01", "03"], &["01"]),
            (&["02", "02"], &["02"]),
            (&["82", "03"], &["82", "03"]),
            (&["04", "05", "12"], &["04", "12"]),
            (&["04", "09", "12"], &["04", "09"]),
            (&[], &[]),
        ] {
            assert_eq!(sent(wishes, Version::V2_3_1), pair, "{wishes:?}");
            let first: Vec<_> = pair.iter().take(1).copied().collect();
            assert_eq!(sent(wishes, Version::V2_2_0).len(), first.len(), "{wishes:?}");
        }
    }
}
