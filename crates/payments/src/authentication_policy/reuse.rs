//! Where an authentication may be carried, and what is done where it may not.

use crate::{
    connection::{OnDoubt, ReusePolicy},
    payment::{Authenticated, Payment},
    routing::Route,
    three_ds::{ThreeDsMode, approach},
};
use emv3ds::code::TransStatus;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How old an authentication may be when it is carried to another processor. Schemes take authentication values for
/// days; a checkout that takes longer than this is another checkout.
pub const REUSE_MAX: Duration = Duration::minutes(60);

/// How long after its purchase a payment may have its security code: with the minute between two sweeps, no longer than
/// half an hour.
pub const SECURITY_CODE_KEPT: Duration = Duration::minutes(29);

/// The reason of status `U` that says that data was shared as asked, and nobody authenticated (Mastercard).
const DATA_ONLY: &str = "80";

/// What becomes of a payment's authentication on another route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", content = "reason", rename_all = "snake_case")]
pub enum Reuse {
    /// There is none, and this route asks for none.
    NotNeeded,
    /// It goes along as it is.
    Carried,
    /// This route charges only after a new one for its own acquirer.
    Anew(Anew),
    /// This route is not used.
    NotUsed(NotUsed),
    /// It could not be had, and a routing rule says that this route charges without one.
    Waived,
}

/// Why the cardholder is authenticated anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anew {
    /// There is no authentication yet, and this route asks for one.
    NotAuthenticated,
    /// It was of another card scheme, amount or currency.
    OtherPurchase,
    /// It is older than [`REUSE_MAX`].
    TooOld,
    /// The connection takes only authentications that were made for it.
    ConnectionWantsItsOwn,
}

/// Why a route is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotUsed {
    /// The processor takes no 3DS values of this brand from outside.
    ValuesNotTaken,
    /// The connection's policy does not take what is doubtful about the result, and a new one would be no better.
    ResultNotTaken,
    /// The authentication was the merchant's own, made elsewhere; there is none of ours to take its place.
    AuthenticatedElsewhere,
    /// A new authentication would be needed, and there is no cardholder to be asked.
    NoCardholder,
    /// A new authentication would be needed, and nobody authenticates for this connection.
    NobodyAuthenticates,
    /// A new authentication would be needed, and there has been one already.
    AuthenticatedAnewBefore,
    /// A new authentication would be needed, and the card or the merchant is not known to a directory server there.
    NoMeans,
    /// It needs the security code, which is kept no longer than half an hour.
    SecurityCodeGone,
}

impl Reuse {
    /// The word in order documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::Carried => "carried",
            Self::Anew(_) => "anew",
            Self::NotUsed(_) => "not_used",
            Self::Waived => "waived",
        }
    }

    /// Why, for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotNeeded => "there is no authentication, and the connection asks for none",
            Self::Carried => "the authentication is of the same card, amount and currency, and fresh",
            Self::Anew(Anew::NotAuthenticated) => {
                "the connection asks for an authentication, and there is none"
            }
            Self::Anew(Anew::OtherPurchase) => "the authentication is of another card, amount or currency",
            Self::Anew(Anew::TooOld) => "the authentication is too old",
            Self::Anew(Anew::ConnectionWantsItsOwn) => {
                "the connection takes only authentications made for it"
            }
            Self::NotUsed(NotUsed::ValuesNotTaken) => "the processor takes no 3DS values of this brand",
            Self::NotUsed(NotUsed::ResultNotTaken) => "the connection's policy does not take this result",
            Self::NotUsed(NotUsed::AuthenticatedElsewhere) => "the authentication was made by the merchant",
            Self::NotUsed(NotUsed::NoCardholder) => "there is no cardholder to be authenticated anew",
            Self::NotUsed(NotUsed::NobodyAuthenticates) => "nobody authenticates for the connection",
            Self::NotUsed(NotUsed::AuthenticatedAnewBefore) => {
                "the cardholder has been authenticated anew once already"
            }
            Self::NotUsed(NotUsed::NoMeans) => "the connection cannot have this card authenticated",
            Self::NotUsed(NotUsed::SecurityCodeGone) => "the security code is no longer kept",
            Self::Waived => "a routing rule lets this connection charge after an authentication that failed",
        }
    }
}

/// What becomes of the payment's authentication on a route other than the one it was made for.
///
/// It is carried where it is of the same card, amount and currency, is fresh, and both processor and connection take it.
/// Which acquirer it was made for does not matter by itself: the schemes' authentication values name none, and the
/// merchant is the same. What cannot be carried is made anew, at most once a payment; where that cannot be, the route
/// is not used.
pub fn reuse(payment: &Payment, route: &Route, now: OffsetDateTime) -> Reuse {
    if lacks_security_code(payment, route, now) {
        return Reuse::NotUsed(NotUsed::SecurityCodeGone);
    }
    let Some(authenticated) = &payment.authentication else {
        return if !approach::authenticates(&payment.terms, route) {
            Reuse::NotNeeded
        } else if route.charges_after_failed_authentication && payment.history.waived() {
            Reuse::Waived
        } else {
            anew(payment, route, Anew::NotAuthenticated)
        };
    };
    if !route.takes_external_authentication {
        return Reuse::NotUsed(NotUsed::ValuesNotTaken);
    }
    if !takes_doubt(payment, authenticated, route) {
        return Reuse::NotUsed(NotUsed::ResultNotTaken);
    }
    match why_not_carried(payment, authenticated, route, now) {
        Some(why) => anew(payment, route, why),
        None => Reuse::Carried,
    }
}

fn why_not_carried(
    payment: &Payment,
    authenticated: &Authenticated,
    route: &Route,
    now: OffsetDateTime,
) -> Option<Anew> {
    // Nobody was asked, since the card takes no part: that is as true elsewhere and later.
    if was_never_asked(authenticated) {
        return None;
    }
    let of_another_amount = authenticated
        .amount
        .is_some_and(|amount| amount != payment.amount);
    if of_another_amount || authenticated.values.brand != payment.card.brand {
        return Some(Anew::OtherPurchase);
    }
    if now - authenticated.at > REUSE_MAX {
        return Some(Anew::TooOld);
    }
    (route.reuse == ReusePolicy::Never).then_some(Anew::ConnectionWantsItsOwn)
}

fn anew(payment: &Payment, route: &Route, why: Anew) -> Reuse {
    let terms = &payment.terms;
    let made_elsewhere = payment
        .authentication
        .as_ref()
        .is_some_and(|authenticated| authenticated.flow.is_none() && !was_never_asked(authenticated));
    let somebody_authenticates = match route.three_ds.mode() {
        ThreeDsMode::Off => false,
        ThreeDsMode::Auto => route.authenticates,
        ThreeDsMode::Force | ThreeDsMode::DataOnly => true,
    };
    if made_elsewhere {
        Reuse::NotUsed(NotUsed::AuthenticatedElsewhere)
    } else if !approach::cardholder_present(terms.initiator, terms.market) {
        Reuse::NotUsed(NotUsed::NoCardholder)
    } else if !somebody_authenticates {
        Reuse::NotUsed(NotUsed::NobodyAuthenticates)
    } else if !route.takes_external_authentication {
        Reuse::NotUsed(NotUsed::ValuesNotTaken)
    } else if payment.history.authenticated_anew() {
        Reuse::NotUsed(NotUsed::AuthenticatedAnewBefore)
    } else {
        Reuse::Anew(why)
    }
}

/// Whether the route cannot charge any more, for want of the card's security code.
pub(crate) fn lacks_security_code(payment: &Payment, route: &Route, now: OffsetDateTime) -> bool {
    // Where no cardholder is present there never was one.
    let terms = &payment.terms;
    route.needs_security_code
        && approach::cardholder_present(terms.initiator, terms.market)
        && now - payment.created_at >= SECURITY_CODE_KEPT
}

fn was_never_asked(authenticated: &Authenticated) -> bool {
    authenticated.values.trans_status.is_none() && authenticated.values.authentication_value.is_none()
}

/// The policies stand for authentications of ours: one made elsewhere is the merchant's own decision.
fn takes_doubt(payment: &Payment, authenticated: &Authenticated, route: &Route) -> bool {
    let values = &authenticated.values;
    if !approach::authenticates(&payment.terms, route) {
        return true;
    }
    match values.trans_status.as_deref().and_then(TransStatus::parse) {
        Some(TransStatus::Attempted) if authenticated.flow.is_some() => {
            route.on_attempted == OnDoubt::Proceed
        }
        Some(TransStatus::Unavailable) if authenticated.flow.is_some() => {
            let only_shared = values.trans_status_reason.as_deref() == Some(DATA_ONLY);
            route.on_unavailable == OnDoubt::Proceed || (only_shared && shares_data_only(route))
        }
        Some(TransStatus::InformationOnly) if authenticated.flow.is_some() => {
            route.on_unavailable == OnDoubt::Proceed
                || route.three_ds.exemption.is_some()
                || shares_data_only(route)
        }
        // Nothing was asked, since the card takes no part.
        None if values.eci.is_some() && values.authentication_value.is_none() => {
            route.on_unavailable == OnDoubt::Proceed
        }
        Some(_) | None => true,
    }
}

/// Whoever wants data shared and nobody authenticated wants to go on with what comes of that.
fn shares_data_only(route: &Route) -> bool {
    route.three_ds.mode() == ThreeDsMode::DataOnly
}
