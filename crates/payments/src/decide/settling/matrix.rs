//! Every state of a settlement against every piece of news about it, as a table to be read.

use super::testing::*;
use crate::{
    decide::{AuthenticationPlan, Limits, News, Outgoing, decide, testing::*},
    order::Order,
    status,
};

/// The settlement that the news is about was asked for at this second.
const ASKED: i64 = 10;

fn states() -> Vec<(&'static str, Order)> {
    let charging = after(vec![(purchase(AuthenticationPlan::None, vec![route(1)]), 0)]);
    let lost = |news: News| vec![(news, ASKED), (silence(ASKED), 40), (not_found(ASKED), 1_855)];
    let captured = || then(held(), vec![(capture(None, None), 5), (done(5), 6)]);
    let mut states = vec![
        ("unpaid", new_order()),
        ("charging", charging),
        ("sold", sold()),
        ("held", held()),
    ];
    let kinds = [
        ("capture", held(), capture(6_000, None)),
        ("void", held(), void()),
        ("refund", captured(), refund(4_000)),
    ];
    for (kind, order, asked) in kinds {
        let so_far = |more: Vec<(News, i64)>| {
            let steps = [(asked.clone(), ASKED)].into_iter().chain(more).collect();
            then(order.clone(), steps)
        };
        let named = |state: &str| -> &'static str { Box::leak(format!("{kind} {state}").into_boxed_str()) };
        states.extend([
            (named("sending"), so_far(vec![])),
            (named("unknown"), so_far(vec![(silence(ASKED), 40)])),
            (named("accepted"), so_far(vec![(accepted(ASKED), 11)])),
            (named("done"), so_far(vec![(done(ASKED), 11)])),
            (named("refused"), so_far(vec![(refused(ASKED), 11)])),
            (named("not sent"), so_far(vec![(never_left(ASKED), 11)])),
            (named("lost"), then(order.clone(), lost(asked.clone()))),
        ]);
    }
    let all_back = vec![(refund(None), ASKED), (done(ASKED), 11)];
    states.push(("all refunded", then(captured(), all_back)));
    states
}

fn news() -> Vec<(&'static str, News)> {
    vec![
        ("capture", capture(None, None)),
        ("capture part", capture(1_000, false)),
        ("capture too much", capture(10_001, None)),
        ("void", void()),
        ("refund", refund(None)),
        ("refund part", refund(1_000)),
        ("refund too much", refund(10_001)),
        ("cancel", News::Cancel),
        ("expire", News::Expire),
        ("answered done", done(ASKED)),
        ("answered accepted", accepted(ASKED)),
        ("answered refused", refused(ASKED)),
        ("never left", never_left(ASKED)),
        ("silence", silence(ASKED)),
        ("found done", found_done(ASKED)),
        ("found refused", found_refused(ASKED)),
        ("found pending", pending(ASKED)),
        ("not found", not_found(ASKED)),
        ("inquiry failed", inquired(ASKED, None)),
        ("hold expired", expired()),
    ]
}

fn line(order: &Order, news: &News) -> String {
    let step = match decide(&Limits::default(), order.clone(), news.clone(), at(5_000)) {
        Err(refusal) => return format!("refused {}", refusal.code.as_str()),
        Ok(None) => return "-".into(),
        Ok(Some(step)) => step,
    };
    let words = status::of(&step.order);
    let rows: Vec<_> = step
        .settlements
        .iter()
        .map(|row| row.settlement.state.name())
        .collect();
    let send = match &step.send {
        None => "",
        Some(Outgoing::Settle { .. }) => " send",
        Some(other) => panic!("{other:?}"),
    };
    let amounts = match rows.as_slice() {
        [] => String::new(),
        _ => format!(" {:?}", totals(&step.order)),
    };
    let announce = step
        .announce
        .map(|told| format!(" tell:{}/{}", told.event_type, told.payment_status.unwrap_or("-")))
        .unwrap_or_default();
    let look = if step.look_again_at.is_some() {
        " look-again"
    } else {
        ""
    };
    let contradicted = step
        .settlements
        .iter()
        .any(|row| row.settlement.contradicted_at.is_some());
    let people = if contradicted { " for-people" } else { "" };
    format!(
        "{}/{} {rows:?}{amounts}{send}{announce}{look}{people}",
        words.order,
        words.payment.unwrap_or("-")
    )
}

#[test]
fn every_state_of_a_settlement_says_what_every_news_means() {
    let news = news();
    let mut table = String::from("amounts: capturing, captured, refunding, refunded\n");
    for (state, order) in states() {
        table.push_str(&format!("{state}\n"));
        for (name, news) in &news {
            table.push_str(&format!("    {name:<18} {}\n", line(&order, news)));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn whoever_sends_a_settlement_records_it_as_sending_and_looked_at_first() {
    for (state, order) in states() {
        for (name, news) in news() {
            if let Ok(Some(step)) = decide(&Limits::default(), order.clone(), news, at(5_000))
                && let Some(Outgoing::Settle { settlement }) = step.send
            {
                let sending = step
                    .settlements
                    .iter()
                    .any(|row| row.settlement.id == settlement && row.settlement.state.name() == "sending");
                assert!(sending && step.look_again_at.is_some(), "{state}, {name}");
            }
        }
    }
}
