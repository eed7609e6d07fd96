//! Merchants and cardholders: what they order, and how they behave.

use crate::{
    chance::Chance,
    clock,
    database::OrderRow,
    gateway::Errand,
    operations::{self, OperationState},
    processors::mxn,
    world::{Todo, World},
};
use acquiring::{
    Captures, CardholderAuthentication, ChargeKind, Exemption, Initiator, Recovery, Refunds, RefundsOf,
    Shopper, Voids,
};
use payments::{
    Callbacks, NewOrder, Order, PurchaseApi, ThreeDs, ThreeDsMode,
    connection::{OnDoubt, ReusePolicy},
    decide::AuthenticationPlan,
    payment::{AuthenticationStage, CardFacts, PaymentState, Terms},
    purchase::Market,
    routing::Route,
    settlement::Offers,
    three_ds::approach,
};
use primitives::{Brand, Id, id::kind};
use serde_json::Map;
use std::rc::Rc;
use uuid::Uuid;

/// A purchase call, the same however often it is repeated.
pub struct Call {
    pub key: u32,
    pub card: CardFacts,
    /// Whether it came with the card's security code.
    pub has_code: bool,
    pub terms: Terms,
    pub routes: Vec<Route>,
    pub plan: AuthenticationPlan,
}

/// Orders, and the first thing that happens to each.
pub fn populate(world: &mut World) {
    let orders = world.chance.weighed(&[(4, 1), (1, 2)]);
    for index in 0..orders {
        let amount = world.chance.one_of(&[10_000, 10_000, 25_000, 1]);
        let new = NewOrder {
            reference: Some(format!("shop-{index}")),
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

fn purchase(world: &mut World, order: usize) -> Errand {
    world.keys += 1;
    let chance = &mut world.chance;
    let market = if chance.permille(100) {
        Market::Moto
    } else {
        Market::Ecommerce
    };
    let terms = Terms {
        api: PurchaseApi::V2,
        method_type: "credit_card".into(),
        shopper: Shopper::default(),
        billing: None,
        shipping: None,
        installments: 1,
        initiator: Initiator::Customer,
        market,
        three_ds: ThreeDs::default(),
        browser: None,
        callbacks: Callbacks::default(),
        device_id: None,
        session_id: None,
        metadata: None,
        prior_authentication: None,
    };
    let count = chance.weighed(&[(3, 1), (4, 2), (3, 3)]);
    let kind = chance.one_of(&[ChargeKind::Sale, ChargeKind::Authorization]);
    let routes: Vec<Route> = (0..count).map(|number| route(world, number, kind)).collect();
    let chance = &mut world.chance;
    let card = CardFacts {
        brand: Brand::Visa,
        first_six: "400000".into(),
        last_four: format!("{:04}", chance.below(3)),
        holder: "Ana".into(),
        issuer_bank: None,
        issuer_country: None,
    };
    let plan = match routes.first().map(|first| approach::authenticates(&terms, first)) {
        Some(true) if chance.permille(60) => AuthenticationPlan::External(external()),
        Some(true) if chance.permille(100) => AuthenticationPlan::NotAvailable,
        Some(true) => AuthenticationPlan::Ask {
            needs_page: chance.permille(300),
        },
        Some(false) | None => AuthenticationPlan::None,
    };
    let call = Rc::new(Call {
        key: world.keys,
        card,
        has_code: world.chance.permille(900),
        terms,
        routes,
        plan,
    });
    world.calls[order] = Some(Rc::clone(&call));
    Errand::Purchase(call)
}

fn route(world: &mut World, number: u128, charge: ChargeKind) -> Route {
    let chance = &mut world.chance;
    let doubt = [OnDoubt::Reject, OnDoubt::Proceed];
    let mode = chance.weighed(&[
        (6, None),
        (1, Some(ThreeDsMode::Off)),
        (1, Some(ThreeDsMode::Force)),
    ]);
    let claims = chance.permille(150).then_some(Exemption::LowValue);
    let (visible, last) = chance.one_of(&[(90, 1_800), (90, 1_800), (2, 60), (30, 600)]);
    Route {
        connection: Id::from_uuid(Uuid::from_u128(100 + number)),
        processor: ["kushki", "adyen", "amex"][number as usize].to_owned(),
        charge,
        authenticates: chance.permille(850),
        on_attempted: chance.one_of(&doubt),
        on_unavailable: chance.one_of(&doubt),
        takes_external_authentication: chance.permille(850),
        three_ds: ThreeDs {
            mode,
            exemption: claims,
            ..ThreeDs::default()
        },
        claims,
        needs_security_code: chance.permille(300),
        offers: offers(&mut world.chance),
        inquiry_visible_after_seconds: visible,
        inquiry_final_after_seconds: last,
        lost_charge: Recovery::Inquire,
        reversals: false,
        reuse: ReusePolicy::Allow,
        charges_after_failed_authentication: false,
    }
}

fn offers(chance: &mut Chance) -> Offers {
    let recoveries = [Recovery::Inquire, Recovery::Inquire, Recovery::Repeat];
    Offers {
        captures: chance.one_of(&[
            Captures::FullOnly,
            Captures::Once,
            Captures::Several,
            Captures::Several,
        ]),
        voids: chance.one_of(&[Voids::NotOffered, Voids::Full, Voids::Full]),
        refunds: chance.one_of(&[Refunds::FullOnly, Refunds::Several, Refunds::Several]),
        refunds_of: chance.one_of(&[RefundsOf::Charge, RefundsOf::Capture]),
        lost_capture: chance.one_of(&recoveries),
        lost_void: chance.one_of(&recoveries),
        lost_refund: chance.one_of(&recoveries),
    }
}

/// What a merchant brings that authenticates elsewhere.
fn external() -> CardholderAuthentication {
    CardholderAuthentication {
        brand: Brand::Visa,
        eci: Some("05".into()),
        authentication_value: Some("AJkBBkhgQQAAAE4gSEJydQAAAAA=".into()),
        ds_trans_id: Some("merchant's own".into()),
        acs_trans_id: None,
        xid: None,
        version: "2.2.0".into(),
        trans_status: Some("Y".into()),
        trans_status_reason: None,
        challenge_cancel: None,
        flow: None,
        authenticated_at: None,
        liability_shift: true,
    }
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
