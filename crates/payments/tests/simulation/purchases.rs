//! What merchants buy: by which routes, and under which policies.

use crate::{chance::Chance, gateway::Errand, world::World};
use acquiring::{
    Captures, CardholderAuthentication, ChargeKind, Exemption, Initiator, Recovery, Refunds, RefundsOf,
    Shopper, Voids,
};
use payments::{
    Callbacks, PurchaseApi, ThreeDs, ThreeDsMode,
    connection::{OnDoubt, ReusePolicy},
    decide::AuthenticationPlan,
    payment::{CardFacts, Terms},
    purchase::Market,
    routing::Route,
    settlement::Offers,
    three_ds::approach,
};
use primitives::{Brand, Id};
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
    /// How many attempts the card's scheme allows, where it sets a limit.
    pub attempts_allowed: Option<u16>,
}

/// A merchant makes up a purchase.
pub fn purchase(world: &mut World, order: usize) -> Errand {
    world.keys += 1;
    let chance = &mut world.chance;
    let market = if chance.permille(100) {
        Market::Moto
    } else {
        Market::Ecommerce
    };
    let initiator = if chance.permille(50) {
        Initiator::Merchant
    } else {
        Initiator::Customer
    };
    let terms = Terms {
        api: PurchaseApi::V2,
        method_type: "credit_card".into(),
        shopper: Shopper::default(),
        billing: None,
        shipping: None,
        installments: 1,
        initiator,
        market,
        three_ds: ThreeDs::default(),
        browser: None,
        callbacks: Callbacks::default(),
        device_id: None,
        session_id: None,
        metadata: None,
        language: None,
        stored_credential: None,
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
    let allowed = u16::try_from(chance.between(1, 3)).ok();
    let attempts_allowed = allowed.filter(|_| chance.permille(150));
    let call = Rc::new(Call {
        key: world.keys,
        card,
        has_code: world.chance.permille(900),
        terms,
        routes,
        plan,
        attempts_allowed,
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
        (1, Some(ThreeDsMode::DataOnly)),
    ]);
    let claims = chance.permille(150).then_some(Exemption::LowValue);
    // The issuer's own ground: it cannot stand in the charge, so the issuer is asked, and may take note.
    let exemption = claims.or(chance.permille(80).then_some(Exemption::TraIssuer));
    let lost_charge = chance.weighed(&[(2, Recovery::Inquire), (1, Recovery::Reverse)]);
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
            exemption,
            ..ThreeDs::default()
        },
        claims,
        needs_security_code: chance.permille(300),
        offers: offers(chance),
        inquiry_visible_after_seconds: visible,
        inquiry_final_after_seconds: last,
        lost_charge,
        reversals: lost_charge == Recovery::Reverse || chance.permille(300),
        reuse: chance.weighed(&[(3, ReusePolicy::Allow), (1, ReusePolicy::Never)]),
        charges_after_failed_authentication: chance.permille(200),
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
