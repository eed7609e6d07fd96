//! What a request wants of 3-D Secure: `FLAG3D`, an exemption, a preference.

use crate::directlink::complaints::Reading;
use acquiring::Exemption;
use emv3ds::code::RequestorChallengeInd;
use payments::directlink::NcError;
use payments::three_ds::{ThreeDs, ThreeDsMode};

/// The preference's name, in upper case.
const PREFERENCE: &str = "MPI.THREEDSREQUESTORCHALLENGEINDICATOR";

/// How the shopper is to be authenticated. Without `FLAG3D` not at all, as ever with this protocol; skipped on a ground where it
/// is `N`.
pub fn read(reading: &Reading<'_>) -> ThreeDs {
    let preference = reading.one_of(PREFERENCE, preference);
    match flag(reading) {
        Some(true) => ThreeDs {
            mode: Some(ThreeDsMode::Force),
            // Told that there is no preference, nobody has to be challenged.
            challenge_indicator: vec![preference.unwrap_or(RequestorChallengeInd::NoPreference)],
            ..ThreeDs::default()
        },
        Some(false) => ThreeDs {
            // Straight to the acquirer: an issuer that insists on an authentication refuses.
            mode: Some(ThreeDsMode::Off),
            exemption: exemption(reading),
            ..ThreeDs::default()
        },
        None => ThreeDs::from(ThreeDsMode::Off),
    }
}

/// `FLAG3D`, which one page of the vendor's calls `FLAG3DS`.
fn flag(reading: &Reading<'_>) -> Option<bool> {
    let read = |name| reading.one_of(name, y_or_n);
    match (read("FLAG3D"), read("FLAG3DS")) {
        (Some(one), Some(other)) if one != other => {
            reading.complain(NcError::INVALID, "FLAG3D and FLAG3DS differ");
            None
        }
        (one, other) => one.or(other),
    }
}

fn y_or_n(text: &str) -> Option<bool> {
    match text {
        "Y" | "y" => Some(true),
        "N" | "n" => Some(false),
        _ => None,
    }
}

fn exemption(reading: &Reading<'_>) -> Option<Exemption> {
    const NAME: &str = "3DS_EXEMPTION_INDICATOR";
    if reading.get(NAME).is_none() {
        reading.complain(NcError::INVALID, format!("no {NAME}"));
    }
    reading.one_of(NAME, |text| {
        Some(match text {
            "03" => Exemption::TraIssuer,
            "04" => Exemption::LowValue,
            "05" => Exemption::TraAcquirer,
            "06" => Exemption::TrustedList,
            "07" => Exemption::Corporate,
            "08" => Exemption::DelayedShipment,
            "09" => Exemption::Delegated,
            _ => return None,
        })
    })
}

fn preference(text: &str) -> Option<RequestorChallengeInd> {
    Some(match text.trim_start_matches('0') {
        "1" => RequestorChallengeInd::NoPreference,
        "2" => RequestorChallengeInd::NoChallenge,
        "3" => RequestorChallengeInd::ChallengePreferred,
        "4" => RequestorChallengeInd::ChallengeMandated,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directlink::charset::Charset;
    use crate::directlink::complaints::Complaint;
    use crate::directlink::form::Form;

    fn wish(body: &str) -> Result<ThreeDs, Complaint> {
        let form = Form::read(body.as_bytes(), Charset::Utf8).unwrap();
        let reading = Reading::of(&form);
        let wish = read(&reading);
        reading.finish(Some(wish))
    }

    #[test]
    fn nobody_is_authenticated_unasked() {
        assert_eq!(wish("").unwrap(), ThreeDs::from(ThreeDsMode::Off));
        assert_eq!(wish("FLAG3D=Y").unwrap().mode, Some(ThreeDsMode::Force));
    }

    #[test]
    fn a_preference_is_the_issuers_to_weigh() {
        for (value, indicator) in [
            ("01", RequestorChallengeInd::NoPreference),
            ("2", RequestorChallengeInd::NoChallenge),
            ("03", RequestorChallengeInd::ChallengePreferred),
            ("04", RequestorChallengeInd::ChallengeMandated),
        ] {
            let wish = wish(&format!(
                "FLAG3D=Y&Mpi.threeDSRequestorChallengeIndicator={value}"
            ))
            .unwrap();
            assert_eq!(wish.challenge_indicator, [indicator], "{value}");
        }
        let complaint = wish("FLAG3D=Y&Mpi.threeDSRequestorChallengeIndicator=05").unwrap_err();
        assert_eq!(complaint.text, format!("{PREFERENCE} not valid"));
    }

    #[test]
    fn skipping_wants_a_ground() {
        for (value, exemption) in [
            ("03", Exemption::TraIssuer),
            ("05", Exemption::TraAcquirer),
            ("09", Exemption::Delegated),
        ] {
            for flag in ["FLAG3D", "FLAG3DS"] {
                let wish = wish(&format!("{flag}=N&3DS_EXEMPTION_INDICATOR={value}")).unwrap();
                assert_eq!(
                    (wish.mode, wish.exemption),
                    (Some(ThreeDsMode::Off), Some(exemption)),
                    "{flag} {value}"
                );
            }
        }
        assert_eq!(wish("FLAG3D=N").unwrap_err().text, "no 3DS_EXEMPTION_INDICATOR");
        let wrong = wish("FLAG3D=N&3DS_EXEMPTION_INDICATOR=10").unwrap_err();
        assert_eq!(wrong.text, "3DS_EXEMPTION_INDICATOR not valid");
        assert_eq!(
            wish("FLAG3D=Y&FLAG3DS=N").unwrap_err().text,
            "FLAG3D and FLAG3DS differ"
        );
        assert_eq!(wish("FLAG3D=X").unwrap_err().text, "FLAG3D not valid");
    }
}
