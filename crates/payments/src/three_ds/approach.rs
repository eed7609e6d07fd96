//! What becomes of a wish on a route.

use super::ThreeDsMode;
use crate::{
    payment::{Payment, Terms},
    purchase::Market,
    routing::Route,
};
use acquiring::{Advice, Decline, Exemption, Initiator};
use emv3ds::{Version, code::RequestorChallengeInd};
use primitives::Brand;

/// What a new authentication would take, after a decline that asks for one or for a route that the earlier one cannot be
/// carried to: looked up before it is decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuthentication {
    /// Index of the payment's route whose acquirer asks.
    pub route: usize,
    /// Whether the cardholder's browser is needed before the issuer can be asked.
    pub needs_page: bool,
    /// The hosted page's token: the payment's own where it has one, so that a browser that is still there goes on.
    pub page_token: String,
}

/// Whether there is a cardholder to be asked. A merchant that starts the payment, by itself or from a letter or a call,
/// never has one at a browser.
pub fn cardholder_present(initiator: Initiator, market: Market) -> bool {
    initiator == Initiator::Customer && market == Market::Ecommerce
}

/// The exclusion that lies in how the payment comes about.
pub fn implied_exclusion(initiator: Initiator, market: Market) -> Option<Exemption> {
    match (initiator, market) {
        (Initiator::Merchant, Market::Ecommerce | Market::Moto) => Some(Exemption::MerchantInitiated),
        (Initiator::Customer, Market::Moto) => Some(Exemption::Moto),
        (Initiator::Customer, Market::Ecommerce) => None,
    }
}

/// Whether this ground can stand in the charge alone. The issuer's own risk analysis and its list of trusted merchants
/// cannot: only the issuer knows of them, so it has to be asked.
pub fn stands_in_charge(exemption: Exemption) -> bool {
    match exemption {
        Exemption::TraIssuer | Exemption::TrustedList => false,
        Exemption::LowValue
        | Exemption::TraAcquirer
        | Exemption::Corporate
        | Exemption::DelayedShipment
        | Exemption::Delegated
        | Exemption::Moto
        | Exemption::OneLegOut
        | Exemption::AnonymousPrepaid
        | Exemption::MerchantInitiated => true,
    }
}

/// How the issuer is told of a ground when it is asked after all; it is told as far as the message's version knows.
fn indicator_of(exemption: Exemption) -> RequestorChallengeInd {
    use RequestorChallengeInd as Ind;
    match exemption {
        Exemption::TraAcquirer => Ind::NoChallengeRiskAnalysed,
        Exemption::Delegated | Exemption::DelayedShipment => Ind::NoChallengeAuthenticated,
        Exemption::TrustedList => Ind::NoChallengeTrustList,
        Exemption::LowValue => Ind::NoChallengeLowValue,
        Exemption::Corporate => Ind::NoChallengeSecureCorporate,
        Exemption::TraIssuer
        | Exemption::Moto
        | Exemption::OneLegOut
        | Exemption::AnonymousPrepaid
        | Exemption::MerchantInitiated => Ind::NoChallenge,
    }
}

/// Whether a payment under these terms is authenticated before it is charged by this route.
pub fn authenticates(terms: &Terms, route: &Route) -> bool {
    if !cardholder_present(terms.initiator, terms.market) {
        return false;
    }
    match route.three_ds.mode() {
        ThreeDsMode::Off => false,
        ThreeDsMode::Force | ThreeDsMode::DataOnly => true,
        ThreeDsMode::Auto => route.authenticates && !goes_without(route),
    }
}

/// Whether the ground given lets the charge go without asking the issuer: an exclusion does by itself, an exemption only
/// where the charge says so, since one that nobody hears of is none.
fn goes_without(route: &Route) -> bool {
    match route.three_ds.exemption {
        Some(exemption) => exemption.is_exclusion() || route.claims == Some(exemption),
        None => false,
    }
}

/// The ground that a charge of this payment by this route gives. None once the cardholder is fully authenticated, and
/// none after the issuer has refused to go without.
pub fn claimed(payment: &Payment, route: &Route, after_step_up: bool) -> Option<Exemption> {
    let authenticated = payment
        .authentication
        .as_ref()
        .is_some_and(|authenticated| authenticated.values.is_full());
    route.claims.filter(|_| !authenticated && !after_step_up)
}

/// What a directory server is asked for besides the authentication itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    /// In the newest version's words, best first; empty for none.
    pub challenge: Vec<RequestorChallengeInd>,
    /// Mastercard's message category for data alone; other brands say it as a challenge indicator.
    pub insights_only: bool,
    /// Minutes for an authentication outside of the browser, if that may be.
    pub decoupled_max_minutes: Option<u16>,
}

/// How the issuer is asked on a route; `step_up`: after it declined a charge for want of an authentication.
pub fn preference(route: &Route, brand: Brand, step_up: bool) -> Preference {
    use RequestorChallengeInd as Ind;
    let wish = &route.three_ds;
    let insights_only = !step_up && wish.mode() == ThreeDsMode::DataOnly && brand == Brand::Mastercard;
    let challenge = match (wish.mode(), wish.exemption) {
        _ if step_up => vec![Ind::ChallengeIssuerRequested],
        _ if insights_only => Vec::new(),
        _ if !wish.challenge_indicator.is_empty() => wish.challenge_indicator.clone(),
        (ThreeDsMode::DataOnly, _) => vec![Ind::NoChallengeDataOnly],
        (_, Some(exemption)) => vec![indicator_of(exemption)],
        (ThreeDsMode::Force, None) => vec![Ind::ChallengePreferred],
        (ThreeDsMode::Auto | ThreeDsMode::Off, None) => Vec::new(),
    };
    Preference {
        challenge,
        insights_only,
        decoupled_max_minutes: wish.decoupled_max_minutes,
    }
}

/// The indicators as a message of this version says them: an older one has fewer words, and room for one.
pub fn said_in(version: Version, indicators: &[RequestorChallengeInd]) -> Vec<RequestorChallengeInd> {
    let known =
        |indicator: RequestorChallengeInd| RequestorChallengeInd::LIST.allows(indicator.as_str(), version);
    // Of two, the one that the version knows by itself says more than what the other is rounded to.
    let (exact, others): (Vec<_>, Vec<_>) = indicators.iter().copied().partition(|it| known(*it));
    let mut said: Vec<_> = exact.into_iter().chain(others.into_iter().map(rounded)).collect();
    said.dedup();
    said.truncate(if version > Version::V2_2_0 { 2 } else { 1 });
    said
}

/// The nearest of the four words that every version has.
fn rounded(indicator: RequestorChallengeInd) -> RequestorChallengeInd {
    use RequestorChallengeInd as Ind;
    match indicator {
        Ind::NoChallenge
        | Ind::NoChallengeRiskAnalysed
        | Ind::NoChallengeDataOnly
        | Ind::NoChallengeAuthenticated
        | Ind::NoChallengeTrustList
        | Ind::NoChallengeLowValue
        | Ind::NoChallengeSecureCorporate => Ind::NoChallenge,
        Ind::ChallengePreferred | Ind::ChallengeTrustListPrompt | Ind::ChallengeDeviceBindingPrompt => {
            Ind::ChallengePreferred
        }
        Ind::ChallengeMandated | Ind::ChallengeIssuerRequested | Ind::ChallengeMerchantInitiatedSetUp => {
            Ind::ChallengeMandated
        }
        Ind::NoPreference | Ind::DirectoryServer(_) => Ind::NoPreference,
    }
}

/// Whether a decline by this route leads to a new authentication with a challenge, if one can be had: the issuer asks for
/// it, the charge carried no full one, a cardholder is there, and nobody has said that 3-D Secure is off or made
/// elsewhere.
pub fn steps_up(payment: &Payment, route: &Route, decline: &Decline) -> bool {
    let terms = &payment.terms;
    let ours = payment
        .authentication
        .as_ref()
        .is_none_or(|authenticated| authenticated.flow.is_some() && !authenticated.values.is_full());
    let wanted = match route.three_ds.mode() {
        ThreeDsMode::Off => false,
        ThreeDsMode::Auto => route.authenticates,
        ThreeDsMode::Force | ThreeDsMode::DataOnly => true,
    };
    decline.advice == Advice::Reauthenticate
        && cardholder_present(terms.initiator, terms.market)
        && wanted
        && ours
}
