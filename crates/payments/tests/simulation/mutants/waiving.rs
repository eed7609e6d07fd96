//! Planted bugs about authentications that are carried where they may not be, or gone without.

use super::{Decided, changed};
use mpi::Failure;
use payments::{Limits, News, Order, connection::ReusePolicy, routing::Route};
use primitives::Moment;

/// Decides on a payment whose routes are other than they are, and puts them back.
fn with_routes(
    limits: &Limits,
    mut order: Order,
    news: News,
    moment: Moment,
    change: impl Fn(&mut Route),
) -> Decided {
    let routes = order.payment.as_ref().map(|payment| payment.routes.clone());
    for route in order.payment.iter_mut().flat_map(|payment| &mut payment.routes) {
        change(route);
    }
    let step = payments::decide(limits, order, news, moment)?;
    Ok(changed(step, |step| {
        if let (Some(payment), Some(routes)) = (&mut step.order.payment, routes) {
            payment.routes = routes;
        }
    }))
}

/// Every connection takes what was made for another.
pub fn reuse_allowed(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    match news {
        News::Answered { .. } | News::NeverLeft { .. } => with_routes(limits, order, news, moment, |route| {
            route.reuse = ReusePolicy::Allow;
        }),
        news => payments::decide(limits, order, news, moment),
    }
}

/// Every connection charges after an authentication that failed.
pub fn waived_everywhere(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    match news {
        News::AuthenticationEnded { .. } => with_routes(limits, order, news, moment, |route| {
            route.charges_after_failed_authentication = true;
        }),
        news => payments::decide(limits, order, news, moment),
    }
}

/// Whatever the issuer said, nobody heard it: that leaves open who the cardholder is.
pub fn refusal_waived(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let unheard = match &news {
        News::AuthenticationEnded {
            authentication,
            outcome: Ok(said),
            cardholder_info,
        } if matches!(said.trans_status().as_str(), "N" | "R") => Some(News::AuthenticationEnded {
            authentication: *authentication,
            outcome: Err(Failure::DirectoryTimeout),
            cardholder_info: cardholder_info.clone(),
        }),
        _ => None,
    };
    payments::decide(limits, order, unheard.unwrap_or(news), moment)
}
