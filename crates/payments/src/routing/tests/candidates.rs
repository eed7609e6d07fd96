//! Which connections come into question, and which of them first.

use super::*;

#[test]
fn what_does_not_fit_is_left_out_with_every_reason() {
    let mut connections = three();
    connections[0].status = ConnectionStatus::Inactive;
    connections[0].currencies = vec![Currency::USD];
    connections[0].countries = vec![Country::parse("CO").unwrap()];
    connections[1].operation = ChargeKind::Authorization;
    let choice = chosen(&[], &connections);
    assert_eq!(names(&choice), ["Three"]);
    let status = ConnectionStatus::Inactive;
    assert_eq!(
        left_out(&choice, "One"),
        [LeftOut::Status { status }, LeftOut::Currency, LeftOut::Country]
    );
    assert_eq!(left_out(&choice, "Two"), [LeftOut::Operation]);

    let mut limited = candidates(&connections);
    limited[2].retry_limit = Some("15 tries in 30 days".into());
    let purchase = Purchase::default();
    let demand = Demand {
        installments: 3,
        ..purchase.demand()
    };
    let choice = choose(demand, &[], &limited);
    assert!(choice.routes.is_empty());
    let why = "15 tries in 30 days".to_owned();
    assert_eq!(
        left_out(&choice, "Three"),
        [LeftOut::Installments { max: 1 }, LeftOut::RetryLimit { why }]
    );
}

#[test]
fn an_open_breaker_puts_a_connection_behind_all_others_and_never_away() {
    let connections = three();
    let mut with_breakers = candidates(&connections);
    with_breakers[0].breaker = Breaker::Open;
    with_breakers[1].breaker = Breaker::HalfOpen;
    let purchase = Purchase::default();
    let choice = choose(purchase.demand(), &[], &with_breakers);
    assert_eq!(names(&choice), ["Two", "Three", "One"]);
    for candidate in &mut with_breakers {
        candidate.breaker = Breaker::Open;
    }
    let choice = choose(purchase.demand(), &[], &with_breakers);
    assert_eq!(names(&choice), ["One", "Two", "Three"]);
}

#[test]
fn a_split_draws_one_share_and_the_rule_s_others_follow() {
    let connections = three();
    let step = json!({"action": "process", "processors": ["Three"],
        "split": [{"processors": ["One"], "weight": 1}, {"processors": ["Two"], "weight": 1}]});
    let rules = [then(step)];
    let purchase = Purchase::default();
    let mut first = BTreeMap::new();
    for number in 0..200 {
        let mut demand = purchase.demand();
        demand.facts.order = id(number);
        let choice = choose(demand, &rules, &candidates(&connections));
        let taken = names(&choice);
        assert_eq!((taken.len(), taken[1]), (2, "Three"));
        let drawn = choice.explanation.split.as_ref().unwrap();
        assert_eq!(drawn.shares.iter().filter(|share| share.drawn).count(), 1);
        let other = if taken[0] == "One" { "Two" } else { "One" };
        assert_eq!(left_out(&choice, other), [LeftOut::Share]);
        *first.entry(taken[0].to_owned()).or_insert(0) += 1;
    }
    assert!(first.values().all(|count| *count > 60), "{first:?}");
}

#[test]
fn a_share_whose_connection_is_away_or_failing_is_not_drawn() {
    let step = json!({"action": "process",
        "split": [{"processors": ["One"], "weight": 99}, {"processors": ["Two"], "weight": 1}]});
    let rules = [then(step)];
    let mut connections = three();
    connections[0].status = ConnectionStatus::Inactive;
    assert_eq!(names(&chosen(&rules, &connections)), ["Two"]);
    let connections = three();
    let mut with_breakers = candidates(&connections);
    with_breakers[0].breaker = Breaker::Open;
    let purchase = Purchase::default();
    assert_eq!(names(&choose(purchase.demand(), &rules, &with_breakers)), ["Two"]);
    with_breakers[1].breaker = Breaker::Open;
    let choice = choose(purchase.demand(), &rules, &with_breakers);
    assert_eq!(choice.routes.len(), 1, "never all of them");
}
