//! The choice itself.

use super::{
    Candidate, Choice, Demand, Route, charge_kind,
    explanation::{
        Breaker, ConnectionSeen, Draw, Explanation, Failed, LeftOut, RankedBy, RuleOutcome, RuleSeen,
        ShareSeen,
    },
    route,
    rule::{Action, Rule, Step},
    split,
};
use crate::{connection::ConnectionStatus, three_ds::ThreeDsMode};
use acquiring::ChargeKind;

/// The routes of a charge and why they are these. Pure: the same arguments give the same choice.
pub fn choose(demand: Demand<'_>, rules: &[Rule], candidates: &[Candidate<'_>]) -> Choice {
    let (looked_at, rule) = first_match(demand, rules);
    let step = rule.map(|rule| &rule.settings.then);
    let named = rule.filter(|_| demand.processor_name.is_none());
    let draw = named.and_then(|rule| draw(demand, rule, candidates));
    let order = Order {
        demand,
        step: named.map(|rule| &rule.settings.then),
        drawn: draw.as_ref().and_then(|draw| {
            let share = draw.shares.iter().find(|share| share.drawn)?;
            Some(share.processors.as_slice())
        }),
    };
    let action = step.map_or(Action::Process, |step| step.action);
    let attempts_max = step.and_then(|step| step.cascade.attempts_max());
    let mut seen: Vec<_> = candidates
        .iter()
        .map(|candidate| (candidate, order.ranks(candidate), order.leaves_out(candidate)))
        .collect();
    seen.sort_by_key(|(candidate, by, left_out)| {
        let connection = candidate.connection;
        let among_equals = (connection.preference, connection.id);
        (
            !left_out.is_empty(),
            candidate.breaker == Breaker::Open,
            by.key(),
            among_equals,
        )
    });
    let wish = match step {
        Some(step) => demand.three_ds.clone().or(&step.three_ds),
        None => demand.three_ds.clone(),
    };
    let waives = step.is_some_and(|step| waives(demand, step));
    let places = match action {
        Action::Process => attempts_max.map_or(usize::MAX, usize::from),
        Action::Reject => 0,
    };
    let mut routes = Vec::new();
    let mut connections = Vec::with_capacity(seen.len());
    for (candidate, by, mut left_out) in seen {
        let position = if left_out.is_empty() && routes.len() < places {
            routes.push(Route {
                charges_after_failed_authentication: waives,
                ..route(demand, &wish, candidate.connection, candidate.can)
            });
            Some(routes.len())
        } else {
            if left_out.is_empty() {
                left_out.push(match action {
                    Action::Process => LeftOut::AttemptsMax,
                    Action::Reject => LeftOut::Rule,
                });
            }
            None
        };
        connections.push(ConnectionSeen {
            id: candidate.connection.id,
            name: candidate.connection.name.clone(),
            processor_name: candidate.connection.processor_name.clone(),
            breaker: candidate.breaker,
            position,
            by,
            left_out,
        });
    }
    Choice {
        routes,
        explanation: Explanation {
            facts: demand.facts.told(),
            rules: looked_at,
            rule: rule.map(|rule| rule.id),
            action,
            processor_asked: demand.processor_name.map(str::to_owned),
            three_ds: step.map(|step| step.three_ds.clone()).unwrap_or_default(),
            charge_after_failed_authentication: waives,
            split: draw,
            attempts_max,
            retry_limits: None,
            connections,
        },
    }
}

/// Whether the rule lets a charge go without the authentication that failed. A purchase that forces one says that it does
/// not want that, and its own wish goes before the rule's.
fn waives(demand: Demand<'_>, step: &Step) -> bool {
    step.charge_after_failed_authentication && demand.three_ds.mode != Some(ThreeDsMode::Force)
}

/// The rule that decides, and all that were looked at until then.
fn first_match<'r>(demand: Demand<'_>, rules: &'r [Rule]) -> (Vec<RuleSeen>, Option<&'r Rule>) {
    let mut by_priority: Vec<_> = rules.iter().collect();
    by_priority.sort_by_key(|rule| (rule.settings.priority, rule.id));
    let mut looked_at = Vec::with_capacity(by_priority.len());
    for rule in by_priority {
        let outcome = if rule.settings.enabled {
            match rule.settings.first_failing(&demand.facts) {
                Some(condition) => RuleOutcome::NotMatched {
                    failed: Failed::new(condition, demand.facts.seen(&condition.field)),
                },
                None => RuleOutcome::Chosen,
            }
        } else {
            RuleOutcome::Disabled
        };
        let chosen = outcome == RuleOutcome::Chosen;
        looked_at.push(RuleSeen {
            id: rule.id,
            name: rule.settings.name.clone(),
            priority: rule.settings.priority,
            outcome,
        });
        if chosen {
            return (looked_at, Some(rule));
        }
    }
    (looked_at, None)
}

/// Draws a share among those that have a connection to offer, so that a share whose connection is away for a while does not
/// take its part of the customers with it.
fn draw(demand: Demand<'_>, rule: &Rule, candidates: &[Candidate<'_>]) -> Option<Draw> {
    let shares = &rule.settings.then.split;
    let offers = |breakers: &[Breaker]| -> Vec<bool> {
        let fits = |candidate: &&Candidate<'_>| {
            breakers.contains(&candidate.breaker) && unfit(demand, candidate).is_empty()
        };
        shares
            .iter()
            .map(|share| {
                share.weight > 0
                    && candidates
                        .iter()
                        .filter(fits)
                        .any(|candidate| place(&share.processors, candidate).is_some())
            })
            .collect()
    };
    if shares.is_empty() {
        return None;
    }
    let answering = offers(&[Breaker::Closed, Breaker::HalfOpen]);
    let usable = if answering.contains(&true) {
        answering
    } else {
        offers(&[Breaker::Open])
    };
    let of = shares
        .iter()
        .zip(&usable)
        .filter(|(_, usable)| **usable)
        .map(|(share, _)| u64::from(share.weight))
        .sum();
    let point = split::point(demand.facts.order, rule.id, of);
    let drawn = split::drawn(shares, &usable, point);
    Some(Draw {
        point,
        of,
        shares: shares
            .iter()
            .zip(&usable)
            .enumerate()
            .map(|(index, (share, usable))| ShareSeen {
                processors: share.processors.clone(),
                weight: share.weight,
                usable: *usable,
                drawn: drawn == Some(index),
            })
            .collect(),
    })
}

/// What orders the connections, and leaves some out.
struct Order<'a> {
    demand: Demand<'a>,
    /// The rule's step, where it chooses connections.
    step: Option<&'a Step>,
    /// The processors of the share that was drawn.
    drawn: Option<&'a [String]>,
}

impl Order<'_> {
    fn ranks(&self, candidate: &Candidate<'_>) -> RankedBy {
        let by_share = self.drawn.and_then(|names| place(names, candidate));
        let by_rule = self.step.and_then(|step| place(&step.processors, candidate));
        match (by_share, by_rule) {
            (Some(place), _) => RankedBy::Share(place),
            (None, Some(place)) => RankedBy::Rule(place),
            (None, None) => RankedBy::Preference(candidate.connection.preference),
        }
    }

    fn leaves_out(&self, candidate: &Candidate<'_>) -> Vec<LeftOut> {
        let mut left_out = unfit(self.demand, candidate);
        if let Some(step) = self.step
            && !(step.processors.is_empty() && step.split.is_empty())
            && matches!(self.ranks(candidate), RankedBy::Preference(_))
        {
            let in_a_share = step
                .split
                .iter()
                .any(|share| place(&share.processors, candidate).is_some());
            left_out.insert(0, if in_a_share { LeftOut::Share } else { LeftOut::Rule });
        }
        left_out
    }
}

impl RankedBy {
    /// Those of the drawn share before the rule's others before all by preference.
    fn key(self) -> (u8, i64) {
        let place = |place: usize| i64::try_from(place).unwrap_or(i64::MAX);
        match self {
            Self::Share(at) => (0, place(at)),
            Self::Rule(at) => (1, place(at)),
            Self::Preference(preference) => (2, preference.into()),
        }
    }
}

/// The place from 1 at which a list names a connection: best of all by its id, then by its name, then by its processor's.
fn place(names: &[String], candidate: &Candidate<'_>) -> Option<usize> {
    let connection = candidate.connection;
    let at = |is: &dyn Fn(&str) -> bool| names.iter().position(|name| is(name));
    let by_id = at(&|name| name.parse() == Ok(connection.id));
    let by_name = || at(&|name| name == connection.name);
    let by_processor = || at(&|name| name == connection.processor_name);
    by_id
        .or_else(by_name)
        .or_else(by_processor)
        .map(|index| index + 1)
}

/// Why a connection cannot take the charge, whoever chooses it.
fn unfit(demand: Demand<'_>, candidate: &Candidate<'_>) -> Vec<LeftOut> {
    let Candidate { connection, can, .. } = candidate;
    let facts = demand.facts;
    let currency = facts.amount.currency();
    let installments_max = can.installments_max.max(1);
    let mut reasons = Vec::new();
    if connection.status != ConnectionStatus::Active {
        reasons.push(LeftOut::Status {
            status: connection.status,
        });
    }
    if demand
        .processor_name
        .is_some_and(|name| name != connection.processor_name)
    {
        reasons.push(LeftOut::ProcessorName);
    }
    if !can.brands.contains(&facts.brand) {
        reasons.push(LeftOut::Brand);
    }
    let sells_in = connection.currencies.is_empty() || connection.currencies.contains(&currency);
    if !(can.currencies.contains(&currency) && sells_in) {
        reasons.push(LeftOut::Currency);
    }
    let elsewhere = |country| !connection.countries.contains(&country);
    if !connection.countries.is_empty() && facts.country.is_some_and(elsewhere) {
        reasons.push(LeftOut::Country);
    }
    if demand.installments > installments_max {
        reasons.push(LeftOut::Installments {
            max: installments_max,
        });
    }
    if charge_kind(demand, connection) == ChargeKind::Authorization && !can.authorizations {
        reasons.push(LeftOut::Operation);
    }
    if let Some(why) = &candidate.retry_limit {
        reasons.push(LeftOut::RetryLimit { why: why.clone() });
    }
    reasons
}
