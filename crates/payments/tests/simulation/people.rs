//! Merchants and cardholders: what they order, and how they behave.

use crate::{
    clock,
    database::OrderRow,
    gateway::Errand,
    operations::{self, OperationState},
    processors::mxn,
    purchases::purchase,
    world::{Todo, World},
};
use payments::{
    Callbacks, NewOrder, Numbering, Order,
    payment::{AuthenticationStage, PaymentState},
};
use primitives::{Id, id::kind};
use serde_json::Map;
use std::rc::Rc;
use uuid::Uuid;

/// Orders, and the first thing that happens to each.
pub fn populate(world: &mut World) {
    let orders = world.chance.weighed(&[(4, 1), (1, 2)]);
    for index in 0..orders {
        let amount = world.chance.one_of(&[10_000, 10_000, 25_000, 1]);
        let new = NewOrder {
            reference: Some(format!("shop-{index}")),
            numbering: Numbering::Merchant,
            order_type: "DEUNA_NOW".into(),
            amount: mxn(amount),
            store_code: "all".into(),
            details: Map::new(),
            notify_url: None,
            callbacks: Callbacks::default(),
            payer_email: None,
        };
        let order = Order::open(
            Id::from_uuid(Uuid::from_u128(10 + index as u128)),
            Id::from_uuid(Uuid::from_u128(2)),
            new,
            clock::time(0),
        );
        world.database.orders.push(OrderRow {
            order,
            payments: Vec::new(),
            events: Vec::new(),
            claims: Vec::new(),
        });
        world.calls.push(None);
        let acts = world.chance.between(1, 6);
        let mut at = 0;
        for _ in 0..acts {
            world.at(at, Todo::Merchant(index));
            at += match world.chance.below(4) {
                0 => world.chance.between(0, 100),
                1 => world.chance.between(100, 30_000),
                2 => world.chance.between(30_000, 1_800_000),
                _ => world.chance.between(1_800_000, 7_200_000),
            };
        }
    }
    if world.deaths > 0 {
        for process in 0..world.processes.len() {
            let at = world.chance.between(0, 60_000);
            world.at(at, Todo::Death(process));
        }
    }
}

/// A merchant calls the gateway.
pub fn merchant_acts(world: &mut World, order: usize) {
    let first = world.calls[order].is_none();
    let paid = world
        .row(order)
        .payments
        .iter()
        .any(|row| row.payment.state.is_paid());
    if paid && world.chance.permille(850) {
        return merchant_goes_on(world, order);
    }
    let errand = match world.chance.below(100) {
        _ if first => purchase(world, order),
        0..55 => purchase(world, order),
        55..75 => match &world.calls[order] {
            Some(again) => Errand::Purchase(Rc::clone(again)),
            None => purchase(world, order),
        },
        75..95 => Errand::Cancel,
        _ => Errand::Expire,
    };
    if !world.begin_somewhere(order, None, errand) {
        // Nobody is there: the merchant comes again.
        world.after(20_000, Todo::Merchant(order));
    }
}

/// With a paid order: alone, or several things at the same time, and perhaps more later.
fn merchant_goes_on(world: &mut World, order: usize) {
    let amount = world.row(order).order.amount.minor();
    for _ in 0..world.chance.weighed(&[(6, 1), (3, 2), (1, 3)]) {
        let errand = if world.chance.permille(80) {
            Errand::Cancel
        } else {
            Errand::Tell(operations::wish(&mut world.chance, amount))
        };
        world.begin_somewhere(order, None, errand);
    }
    if world.chance.permille(500) {
        let after = match world.chance.below(3) {
            0 => world.chance.between(1, 1_000),
            1 => world.chance.between(1_000, 600_000),
            _ => world.chance.between(600_000, 36_000_000),
        };
        world.after(after, Todo::Merchant(order));
    }
}

/// A processor tells how something stood, and again until somebody has taken it.
pub fn notice_arrives(world: &mut World, number: usize, state: OperationState, again: bool) {
    let operation = &world.operations[number];
    if again && operation.taken.contains(&state) {
        return;
    }
    let (order, payment) = (operation.order, operation.payment);
    let news = operations::told(operation.settlement, world.now, Some(state));
    world.begin_somewhere(order, Some(payment), Errand::Notice { number, state, news });
    world.after(
        60_000,
        Todo::Notice {
            number,
            state,
            again: true,
        },
    );
}

/// The cardholder has been sent to the hosted page: comes, comes again, or never comes.
pub fn invite_cardholder(world: &mut World, order: usize, payment: Id<kind::Payment>) {
    let visits = world.chance.weighed(&[(1, 0), (4, 2), (4, 3), (1, 5)]);
    let mut at = 0;
    for _ in 0..visits {
        at += match world.chance.below(10) {
            0..7 => world.chance.between(100, 20_000),
            7..9 => world.chance.between(20_000, 300_000),
            _ => world.chance.between(300_000, 1_500_000),
        };
        world.after(at, Todo::Visit(order, payment));
    }
}

pub fn cardholder_visits(world: &mut World, order: usize, payment: Id<kind::Payment>) {
    let row = world.database.payment(order, payment);
    let waits = row.is_some_and(|row| match &row.payment.state {
        PaymentState::Authenticating(now) => now.stage == AuthenticationStage::WithCardholder,
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => false,
    });
    if !waits {
        return;
    }
    let errand = if world.chance.permille(80) {
        Errand::GiveUp
    } else {
        Errand::Page
    };
    world.begin_somewhere(order, Some(payment), errand);
}

/// The cardholder is at the issuer's challenge: the result goes to the directory server, and from there to us, now and
/// then late or twice.
pub fn challenge(world: &mut World, order: usize, run: Id<kind::Authentication>) {
    let Some(known) = world.directory.iter_mut().find(|known| known.run == run) else {
        return;
    };
    if known.status.is_some() {
        return;
    }
    let chance = &mut world.chance;
    let Some(status) = chance.weighed(&[(12, Some('Y')), (3, Some('N')), (1, Some('U')), (2, None)]) else {
        return;
    };
    known.status = Some(status);
    let late = chance.permille(100);
    let after = if late {
        chance.between(300_000, 1_200_000)
    } else {
        chance.between(10, 60_000)
    };
    let again = chance.permille(150).then(|| after + chance.between(0, 5_000));
    for after in std::iter::once(after).chain(again) {
        world.after(
            after,
            Todo::Results {
                order,
                run,
                status,
                tries: 0,
            },
        );
    }
}

/// An RReq comes. A directory server that finds nobody tries again a few times.
pub fn results_arrive(
    world: &mut World,
    order: usize,
    run: Id<kind::Authentication>,
    status: char,
    tries: u8,
) {
    let Some(row) = world.database.run(run) else {
        return;
    };
    let payment = row.payment;
    if !world.begin_somewhere(order, Some(payment), Errand::Results { run, status }) && tries < 3 {
        let todo = Todo::Results {
            order,
            run,
            status,
            tries: tries + 1,
        };
        world.after(10_000, todo);
    }
}
