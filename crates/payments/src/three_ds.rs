//! What is wanted of 3-D Secure: by a purchase, or, where the purchase says nothing, by the connection it goes to.
//!
//! [`ThreeDs`] is the wish, the same value wherever it can be uttered. [`approach`] says what becomes of it on a route:
//! whether the cardholder is authenticated at all, with which preference the issuer is asked, and which ground the
//! charge gives for going without. Which exemption means what is argued in `docs/decisions`.

pub mod approach;
mod read;

pub use approach::NewAuthentication;
pub use read::{challenge_indicators, configured_wish, decoupled_max_minutes, exemption, mode};

use acquiring::Exemption;
use emv3ds::code::RequestorChallengeInd;
use serde::{Deserialize, Serialize};

/// The longest a decoupled authentication may be given: seven days, in minutes (emv-3ds section 4.1).
pub const DECOUPLED_MAX_MINUTES: u16 = 10_080;

/// Whether 3-D Secure is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreeDsMode {
    /// Not at all.
    #[serde(alias = "skip")]
    Off,
    /// As the connection is set, unless an exemption goes with the charge.
    Auto,
    /// Always, whatever the connection says, and with a challenge unless another preference is given.
    Force,
    /// The issuer is told of the purchase for its own risk analysis, and nobody is authenticated.
    DataOnly,
}

/// What is wanted of 3-D Secure. Everything may be left to whoever is asked next; see [`ThreeDs::or`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct ThreeDs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ThreeDsMode>,
    /// What the issuer is to know of our wish for a challenge: one value, or two that do not conflict; none for no
    /// preference of its own. The message says it as far as its version can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub challenge_indicator: Vec<RequestorChallengeInd>,
    /// On what ground the cardholder need not be authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Exemption>,
    /// How long the issuer may take to reach the cardholder outside of the browser; `None`: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoupled_max_minutes: Option<u16>,
}

/// How a wish is stored: whole, or, by older versions of this program, as the mode's word alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Word(ThreeDsMode),
    Whole {
        mode: Option<ThreeDsMode>,
        #[serde(default)]
        challenge_indicator: Vec<RequestorChallengeInd>,
        exemption: Option<Exemption>,
        decoupled_max_minutes: Option<u16>,
    },
}

impl From<Stored> for ThreeDs {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Word(mode) => mode.into(),
            Stored::Whole {
                mode,
                challenge_indicator,
                exemption,
                decoupled_max_minutes,
            } => Self {
                mode,
                challenge_indicator,
                exemption,
                decoupled_max_minutes,
            },
        }
    }
}

impl From<ThreeDsMode> for ThreeDs {
    fn from(mode: ThreeDsMode) -> Self {
        Self {
            mode: Some(mode),
            ..Self::default()
        }
    }
}

/// Two members of one wish that cannot both be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction {
    /// The member to take out.
    pub member: &'static str,
    /// Why, to follow the member's name.
    pub text: &'static str,
}

impl ThreeDs {
    /// The mode; [`ThreeDsMode::Auto`] where nobody named one.
    pub fn mode(&self) -> ThreeDsMode {
        self.mode.unwrap_or(ThreeDsMode::Auto)
    }

    /// Whether nothing is wanted in particular.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This wish, with what it leaves open filled from a more general one: a purchase's from its routing rule's, that one's
    /// from its connection's. A general wish that would contradict the particular one is passed over. Indicator and
    /// exemption both say why a challenge is or is not wanted, so that one here stands for both.
    #[must_use]
    pub fn or(self, general: &ThreeDs) -> ThreeDs {
        let says_why = self.exemption.is_some() || !self.challenge_indicator.is_empty();
        let mut merged = self.unless_contradictory(|wish| wish.mode = wish.mode.or(general.mode));
        if !says_why {
            merged = merged
                .unless_contradictory(|wish| wish.exemption = general.exemption)
                .unless_contradictory(|wish| {
                    wish.challenge_indicator.clone_from(&general.challenge_indicator);
                });
        }
        merged.unless_contradictory(|wish| {
            wish.decoupled_max_minutes = wish.decoupled_max_minutes.or(general.decoupled_max_minutes);
        })
    }

    fn unless_contradictory(self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        match changed.contradiction() {
            None => changed,
            Some(_) => self,
        }
    }

    /// What in this wish cannot be meant together, if anything.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let contradiction = |member, text| Some(Contradiction { member, text });
        let indicators = &self.challenge_indicator;
        let data_only = self.mode == Some(ThreeDsMode::DataOnly)
            || indicators.contains(&RequestorChallengeInd::NoChallengeDataOnly);
        if self.mode == Some(ThreeDsMode::Off) && !indicators.is_empty() {
            return contradiction("challenge_indicator", "must not be given with mode off");
        }
        if self.mode == Some(ThreeDsMode::Off) && self.decoupled_max_minutes.is_some() {
            return contradiction("decoupled_max_minutes", "must not be given with mode off");
        }
        if self.mode == Some(ThreeDsMode::DataOnly)
            && indicators
                .iter()
                .any(|indicator| *indicator != RequestorChallengeInd::NoChallengeDataOnly)
        {
            return contradiction("challenge_indicator", "must be 06 or absent with mode data_only");
        }
        if data_only && self.decoupled_max_minutes.is_some() {
            return contradiction(
                "decoupled_max_minutes",
                "must not be given where only data is shared: nobody is authenticated",
            );
        }
        if self.exemption.is_some() && indicators.iter().any(|it| asks_for_challenge(*it) == Some(true)) {
            return contradiction(
                "challenge_indicator",
                "asks for the challenge that the exemption is to avoid",
            );
        }
        None
    }
}

/// Whether an indicator wants a challenge or wants none; `None` where it leaves that to the issuer.
pub(crate) fn asks_for_challenge(indicator: RequestorChallengeInd) -> Option<bool> {
    match indicator.as_str() {
        "03" | "04" | "09" | "12" | "13" | "14" => Some(true),
        "02" | "05" | "06" | "07" | "08" | "10" | "11" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
