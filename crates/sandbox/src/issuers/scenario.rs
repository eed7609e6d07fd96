//! The card number picks the issuer's behaviour: which number means what.

use emv3ds::message::AReq;
use primitives::Brand;

use super::{certification, directlink, wishes};

/// How directory server and issuer behave towards one card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// 00, and every card without a story of its own: frictionless `Y`.
    Frictionless,
    /// 01: frictionless `N`.
    NotAuthenticated,
    /// 02: attempted, `A`.
    Attempted,
    /// 03: unavailable, `U`.
    Unavailable,
    /// 04: rejected, `R`.
    Rejected,
    /// 05: challenge by SMS OTP.
    Challenge,
    /// 06: 3DS Method, then frictionless `Y`.
    MethodThenFrictionless,
    /// 07: the directory server answers Erro.
    DirectoryError,
    /// 08: the directory server never answers.
    DirectorySilence,
    /// 09: 3DS Method, then challenge by SMS OTP.
    MethodThenChallenge,
    /// 10: challenge in the bank's app; by SMS OTP when the app does not answer.
    OutOfBand,
    /// 11: decoupled where the requestor allows it, else `N` with reason 23.
    Decoupled,
    /// 12: challenge whose result is `U` whatever is typed.
    ChallengeUnavailable,
    /// 13: 3DS Method that never calls back, then frictionless `Y`.
    MethodSilence,
    /// 14: as 05, protocol 2.1.0 only.
    OldProtocol,
    /// 15: as 05, protocol 2.3.1.
    NewProtocol,
    /// 16: data only when asked for, otherwise as 00.
    DataOnly,
    /// 17: the ACS sends a malformed ARes.
    MalformedAnswer,
    /// 18: the RReq comes before the CRes, twice.
    ResultsTwice,
    /// Challenge by a password that never changes, [`STATIC_PASSWORD`].
    StaticPassword,
    /// The directory server cannot reach the issuer, and says so in an Erro.
    IssuerUnreachable,
    /// In no card range; an AReq all the same is answered Erro 305.
    NotEnrolled,
}

/// What the cardholders of [`Scenario::StaticPassword`] type.
pub const STATIC_PASSWORD: &str = "11111";

/// The one card that no card range covers.
pub const NOT_ENROLLED_CARD: &str = "4000000000002008";

/// Brands whose cards carry the scenario in their number.
pub const BRANDS_WITH_SCENARIOS: [Brand; 3] = [Brand::Visa, Brand::Mastercard, Brand::Amex];

/// Cards whose meaning is older than the table of scenarios, and the static-password cards.
const CARDS_BY_NAME: [(&str, Scenario); 10] = [
    ("4186455175836497", Scenario::Frictionless),
    ("5137009801943438", Scenario::Frictionless),
    ("375418081197346", Scenario::Frictionless),
    ("4874970686672022", Scenario::Challenge),
    ("5130257474533310", Scenario::Challenge),
    ("379764422997381", Scenario::Challenge),
    ("4000000000000002", Scenario::StaticPassword),
    ("5300000000000006", Scenario::StaticPassword),
    ("371449635311004", Scenario::StaticPassword),
    (NOT_ENROLLED_CARD, Scenario::NotEnrolled),
];

impl Scenario {
    /// The numbered scenarios: the position is the `SS` of the card number.
    pub const NUMBERED: [Self; 19] = [
        Self::Frictionless,
        Self::NotAuthenticated,
        Self::Attempted,
        Self::Unavailable,
        Self::Rejected,
        Self::Challenge,
        Self::MethodThenFrictionless,
        Self::DirectoryError,
        Self::DirectorySilence,
        Self::MethodThenChallenge,
        Self::OutOfBand,
        Self::Decoupled,
        Self::ChallengeUnavailable,
        Self::MethodSilence,
        Self::OldProtocol,
        Self::NewProtocol,
        Self::DataOnly,
        Self::MalformedAnswer,
        Self::ResultsTwice,
    ];

    /// The scenario of an account number.
    pub fn of(account_number: &str) -> Self {
        Self::told_of(account_number).unwrap_or(Self::Frictionless)
    }

    /// The scenario of an account number that has one.
    pub fn told_of(account_number: &str) -> Option<Self> {
        let named = CARDS_BY_NAME.iter().find(|(card, _)| *card == account_number);
        match named {
            Some((_, scenario)) => Some(*scenario),
            None => Self::NUMBERED.get(number_in(account_number)?).copied(),
        }
    }

    /// The scenario of a request: that of its card, which at certification cards the amount picks, and which differs for the
    /// DirectLink account.
    pub fn of_areq(areq: &AReq) -> Self {
        let account_number = areq.acct_number.reveal();
        if certification::is_certification_card(account_number) {
            certification::scenario_of(areq)
        } else if areq.acquirer_merchant_id.as_deref() == Some(directlink::ACQUIRER_MERCHANT_ID) {
            directlink::scenario_of(account_number, wishes::mandates_challenge(areq))
        } else {
            Self::of(account_number)
        }
    }

    /// The path of the 3DS Method that runs before the authentication, where there is one.
    pub fn method_path(self) -> Option<&'static str> {
        match self {
            Self::MethodThenFrictionless | Self::MethodThenChallenge => Some("/acs/method"),
            Self::MethodSilence => Some("/acs/method/silent"),
            _ => None,
        }
    }

    /// One line for people who pick a card.
    pub fn description(self) -> &'static str {
        match self {
            Self::Frictionless => "Frictionless, authenticated (Y)",
            Self::NotAuthenticated => "Frictionless, not authenticated (N)",
            Self::Attempted => "Authentication attempted (A)",
            Self::Unavailable => "Authentication unavailable (U)",
            Self::Rejected => "Rejected by the issuer (R)",
            Self::Challenge => "Challenge by SMS code",
            Self::MethodThenFrictionless => "3DS Method, then frictionless",
            Self::DirectoryError => "Directory server answers with an error",
            Self::DirectorySilence => "Directory server never answers",
            Self::MethodThenChallenge => "3DS Method, then challenge by SMS code",
            Self::OutOfBand => "Out-of-band challenge (falls back to SMS code)",
            Self::Decoupled => "Decoupled authentication (N, reason 23, when not allowed)",
            Self::ChallengeUnavailable => "Challenge that ends unavailable (U)",
            Self::MethodSilence => "3DS Method that never calls back, then frictionless",
            Self::OldProtocol => "Challenge by SMS code, protocol 2.1.0 only",
            Self::NewProtocol => "Challenge by SMS code, issuer speaks 2.3.1 too",
            Self::DataOnly => "Data only when asked for, otherwise frictionless",
            Self::MalformedAnswer => "Issuer answers a malformed message",
            Self::ResultsTwice => "Challenge; the result is sent twice before the browser returns",
            Self::StaticPassword => "Challenge by static password 11111",
            Self::IssuerUnreachable => "The issuer cannot be reached",
            Self::NotEnrolled => "Not enrolled in 3-D Secure",
        }
    }
}

/// The `SS` of a card number from the table, whatever its check digit.
fn number_in(account_number: &str) -> Option<usize> {
    let digits = match account_number.len() {
        16 => account_number
            .strip_prefix("4000000000001")
            .or_else(|| account_number.strip_prefix("5200000000001"))?
            .get(..2)?,
        15 => account_number
            .strip_prefix("37000000001")?
            .strip_suffix(|_: char| true)?
            .strip_suffix('0')?,
        _ => return None,
    };
    digits.parse().ok()
}

/// The card of a numbered scenario, `None` for brands whose cards carry none.
pub fn card_of(brand: Brand, number: usize) -> Option<String> {
    let without_check_digit = match brand {
        Brand::Visa => format!("4000000000001{number:02}"),
        Brand::Mastercard => format!("5200000000001{number:02}"),
        Brand::Amex => format!("37000000001{number:02}0"),
        _ => return None,
    };
    Some(with_check_digit(&without_check_digit))
}

/// A card to pick from a list: its number is a test number and no secret.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ListedCard {
    /// The account number.
    pub number: String,
    /// The brand's word, `visa`.
    pub brand: &'static str,
    /// What happens with it.
    pub description: &'static str,
}

/// Every card with a story of its own, scenarios first.
pub fn listed_cards() -> Vec<ListedCard> {
    let numbered = Scenario::NUMBERED
        .iter()
        .enumerate()
        .flat_map(|(number, scenario)| {
            BRANDS_WITH_SCENARIOS.into_iter().filter_map(move |brand| {
                let card = card_of(brand, number)?;
                Some(ListedCard {
                    number: card,
                    brand: brand.as_str(),
                    description: scenario.description(),
                })
            })
        });
    let named = CARDS_BY_NAME.into_iter().filter_map(|(card, scenario)| {
        let brand = primitives::Pan::parse(card).ok()?.brand();
        Some(ListedCard {
            number: card.to_owned(),
            brand: brand.as_str(),
            description: scenario.description(),
        })
    });
    numbered.chain(named).collect()
}

/// Appends the Luhn check digit.
fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            if index % 2 == 0 {
                digit * 2 / 10 + digit * 2 % 10
            } else {
                digit
            }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Straight from the sandbox's design: scenario, Visa, Mastercard, Amex.
    const TABLE: [(usize, &str, &str, &str); 19] = [
        (0, "4000000000001000", "5200000000001005", "370000000010001"),
        (1, "4000000000001018", "5200000000001013", "370000000010100"),
        (2, "4000000000001026", "5200000000001021", "370000000010209"),
        (3, "4000000000001034", "5200000000001039", "370000000010308"),
        (4, "4000000000001042", "5200000000001047", "370000000010407"),
        (5, "4000000000001059", "5200000000001054", "370000000010506"),
        (6, "4000000000001067", "5200000000001062", "370000000010605"),
        (7, "4000000000001075", "5200000000001070", "370000000010704"),
        (8, "4000000000001083", "5200000000001088", "370000000010803"),
        (9, "4000000000001091", "5200000000001096", "370000000010902"),
        (10, "4000000000001109", "5200000000001104", "370000000011009"),
        (11, "4000000000001117", "5200000000001112", "370000000011108"),
        (12, "4000000000001125", "5200000000001120", "370000000011207"),
        (13, "4000000000001133", "5200000000001138", "370000000011306"),
        (14, "4000000000001141", "5200000000001146", "370000000011405"),
        (15, "4000000000001158", "5200000000001153", "370000000011504"),
        (16, "4000000000001166", "5200000000001161", "370000000011603"),
        (17, "4000000000001174", "5200000000001179", "370000000011702"),
        (18, "4000000000001182", "5200000000001187", "370000000011801"),
    ];

    #[test]
    fn every_card_of_the_table_is_made_and_recognised() {
        for (number, visa, mastercard, amex) in TABLE {
            for (brand, card) in [
                (Brand::Visa, visa),
                (Brand::Mastercard, mastercard),
                (Brand::Amex, amex),
            ] {
                assert_eq!(card_of(brand, number).as_deref(), Some(card));
                assert_eq!(Scenario::of(card), Scenario::NUMBERED[number], "{card}");
            }
        }
    }

    #[test]
    fn cards_with_a_name_keep_their_meaning() {
        assert_eq!(Scenario::of("4874970686672022"), Scenario::Challenge);
        assert_eq!(Scenario::of("371449635311004"), Scenario::StaticPassword);
        assert_eq!(Scenario::of("4000000000002008"), Scenario::NotEnrolled);
    }

    #[test]
    fn every_other_card_is_frictionless() {
        for card in [
            "4111111111111111",
            "5555555555554444",
            "3528000000000007",
            "4000000000001190",
            "370000000010019",
        ] {
            assert_eq!(Scenario::of(card), Scenario::Frictionless, "{card}");
        }
    }

    #[test]
    fn listed_cards_are_cards() {
        let cards = listed_cards();
        assert_eq!(cards.len(), 19 * 3 + 10);
        for card in cards {
            let pan = primitives::Pan::parse(&card.number).unwrap();
            assert_eq!(pan.brand().as_str(), card.brand);
        }
    }
}
