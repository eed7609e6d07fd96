//! A payment: one purchase call's try to get an order paid, from authentication to the money.
//!
//! A state carries what is true in it. The words a merchant sees are a function of the state ([`crate::status`]),
//! never stored beside it.

use crate::{
    attempt::AttemptInFlight,
    history::History,
    purchase::{Browser, Market, PurchaseApi},
    risk::PriorAuthentication,
    routing::Route,
    settlement::{Settlement, Standing},
    three_ds::ThreeDs,
    totals::Totals,
};
use acquiring::{
    Address, Approval, CardholderAuthentication, ChargeKind, Exemption, Initiator, SettlementKind, Shopper,
    StoredCredential,
};
use primitives::{Amount, Brand, Id, id::kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// One purchase of one order.
#[derive(Debug, Clone)]
pub struct Payment {
    pub id: Id<kind::Payment>,
    /// Counts the order's payments from 1.
    pub number: u16,
    pub amount: Amount,
    pub card: CardFacts,
    pub terms: Terms,
    /// The routes, best first; the attempt says how many of them have been used.
    pub routes: Vec<Route>,
    /// What 3-D Secure gave, once it has ended with a result, be it a refusal. A charge is only ever made with one that
    /// the policy takes.
    pub authentication: Option<Authenticated>,
    pub state: PaymentState,
    pub history: History,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// What may be known of a card outside the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardFacts {
    pub brand: Brand,
    pub first_six: String,
    pub last_four: String,
    pub holder: String,
    pub issuer_bank: Option<String>,
    pub issuer_country: Option<primitives::Country>,
}

/// What the purchase asked for, as far as later steps need it. Immutable; holds no card data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Terms {
    pub api: PurchaseApi,
    pub method_type: String,
    pub shopper: Shopper,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
    pub installments: u8,
    pub initiator: Initiator,
    pub market: Market,
    /// What its charges are, where the merchant keeps the card.
    #[serde(default)]
    pub stored_credential: Option<StoredCredential>,
    /// What the purchase itself wants; each route has its own answer.
    pub three_ds: ThreeDs,
    pub browser: Option<Browser>,
    pub callbacks: crate::order::Callbacks,
    pub device_id: Option<String>,
    pub session_id: Option<String>,
    pub metadata: Option<Value>,
    /// In which language our pages speak to the shopper, as `en_US`, where the merchant says.
    #[serde(default)]
    pub language: Option<String>,
    /// An authentication of the order's last payment that the issuer can be pointed to.
    #[serde(default)]
    pub prior_authentication: Option<PriorAuthentication>,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PaymentState {
    /// 3-D Secure is running.
    Authenticating(Authenticating),
    /// A charge is on its way, or its outcome is not known.
    Authorizing(AttemptInFlight),
    /// Money is approved: held, taken, or given back, as the totals say.
    Authorized(Authorized),
    /// Nothing was taken, and nothing more will be tried.
    Closed(Closed),
}

/// 3-D Secure is running, with or without the cardholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticating {
    /// The run that counts; an earlier one's late result does not.
    pub authentication: Id<kind::Authentication>,
    pub stage: AuthenticationStage,
    /// Index of the payment's route whose acquirer asks, and which charges if all is well.
    #[serde(default)]
    pub route: usize,
    /// The issuer declined a charge for want of this authentication: it asks for a challenge, and one more charge follows.
    #[serde(default)]
    pub step_up: bool,
    /// Another route was tried before, and what was known of the cardholder could not be carried to this one.
    #[serde(default)]
    pub anew: bool,
    /// Identifies the hosted page: 26 characters, unguessable.
    pub page_token: String,
    pub page_issued_at: OffsetDateTime,
    pub page_opened_at: Option<OffsetDateTime>,
}

impl Authenticating {
    /// Whether the issuer has taken it out of the browser.
    pub fn is_decoupled(&self) -> bool {
        matches!(self.stage, AuthenticationStage::Decoupled(_))
    }
}

/// Who is being waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationStage {
    /// The directory server; the cardholder has nothing to do yet and may never have.
    Requesting,
    /// The cardholder's browser: the merchant has been told `pending_3ds` and the page's address.
    WithCardholder,
    /// The issuer, who reaches the cardholder by a way of its own (decoupled): `pending_3ds` without any address.
    Decoupled(Decoupled),
}

impl AuthenticationStage {
    /// The stage an authentication begins with.
    pub fn first(needs_page: bool) -> Self {
        if needs_page {
            Self::WithCardholder
        } else {
            Self::Requesting
        }
    }
}

/// An authentication outside of the shop's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoupled {
    /// Until when the issuer may take.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// When its result counts as missing.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// What the issuer wants the cardholder to read.
    pub cardholder_info: Option<String>,
}

/// Money is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorized {
    pub attempt: Id<kind::Attempt>,
    pub connection: Id<kind::Connection>,
    pub processor: String,
    pub kind: ChargeKind,
    pub approval: Approval,
    pub totals: Totals,
    /// The ground that the charge gave for going without authentication.
    #[serde(default)]
    pub exemption: Option<Exemption>,
    /// Whether more can be captured.
    #[serde(default)]
    pub standing: Standing,
    /// When the processor told that what had been held so long is not held any more.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expired_at: Option<OffsetDateTime>,
    /// What was asked after the approval, in that order: all that is in flight or done, and the latest that failed. The
    /// whole history is in the settlements' own rows.
    #[serde(default)]
    pub settlements: Vec<Settlement>,
}

/// Why nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "closed", rename_all = "snake_case")]
pub enum Closed {
    Denied(Denial),
    /// The merchant cancelled the order before any money moved.
    Cancelled,
}

/// A payment that was refused, by whom and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// The code merchants see in `metadata.code`: `DP-4500`, `DEUNA_3DS.…`.
    pub code: String,
    /// For people: why.
    pub reason: String,
    pub by: DeniedBy,
    /// The processor that was asked last, when one was.
    pub processor: Option<String>,
    /// The one look taken long after an unknown outcome was given up, in case an approval shows up after all.
    pub late: Option<Box<LateLook>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeniedBy {
    /// The issuer, in authentication or authorisation.
    Issuer,
    /// The cardholder gave up.
    Cardholder,
    /// A system failed or a time limit passed.
    System,
}

/// A look at an attempt whose outcome never became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateLook {
    pub attempt: AttemptInFlight,
    pub stage: LateStage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum LateStage {
    /// To be inquired once more.
    Waiting,
    /// It was approved after all and is being voided; the same reference is used however often it is sent.
    Reversing { approval: Approval, tries: u16 },
}

/// The outcome of 3-D Secure with what the order document shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticated {
    pub values: CardholderAuthentication,
    pub three_ds_server_trans_id: Option<String>,
    pub trans_status_reason: Option<String>,
    /// `frictionless`, `semi_frictionless`, `challenge` or `decoupled`; absent when it was made elsewhere.
    pub flow: Option<String>,
    /// What the issuer wants the cardholder to read.
    #[serde(default)]
    pub cardholder_info: Option<String>,
    /// What was authenticated; unknown where it was made elsewhere.
    #[serde(default)]
    pub amount: Option<Amount>,
    pub at: OffsetDateTime,
}

impl Authorized {
    /// Whether anything of the cardholder's is held or taken, or may be while a capture or refund is on its way.
    pub fn holds_money(&self) -> bool {
        let [authorized, capturing, captured, refunding, refunded] = self.totals.parts();
        let may_capture = self.standing == Standing::Open && captured != authorized;
        may_capture || refunded != captured || !capturing.is_zero() || !refunding.is_zero()
    }

    /// Whether money that nobody had captured or released was lost to expiry.
    pub fn has_expired(&self) -> bool {
        let mut captures = self
            .settlements
            .iter()
            .filter(|it| it.kind == SettlementKind::Capture);
        self.expired_at.is_some() && !captures.any(|it| it.is_final && it.is_done())
    }
}

impl Payment {
    /// The route by which the money was approved.
    pub fn route_charged(&self, paid: &Authorized) -> Option<&Route> {
        self.routes
            .iter()
            .find(|route| route.connection == paid.connection)
    }
}

impl PaymentState {
    /// Whether the payment still has an outcome to come; an order has at most one open payment.
    pub fn is_open(&self) -> bool {
        match self {
            PaymentState::Authenticating(_) | PaymentState::Authorizing(_) => true,
            PaymentState::Authorized(_) | PaymentState::Closed(_) => false,
        }
    }

    pub fn is_paid(&self) -> bool {
        matches!(self, PaymentState::Authorized(_))
    }

    /// Whether no other order with the same reference of the same numbering may be paid meanwhile: money may still come, or
    /// has come and was not wholly given back.
    pub fn claims_reference(&self) -> bool {
        match self {
            PaymentState::Authenticating(_) | PaymentState::Authorizing(_) => true,
            PaymentState::Authorized(paid) => paid.holds_money(),
            PaymentState::Closed(_) => false,
        }
    }

    /// Whether the state's next step is a message that this very call sends; a state at rest waits for somebody else.
    pub fn is_at_rest(&self) -> bool {
        match self {
            PaymentState::Authenticating(now) => match now.stage {
                AuthenticationStage::Requesting => false,
                AuthenticationStage::WithCardholder | AuthenticationStage::Decoupled(_) => true,
            },
            PaymentState::Authorizing(attempt) => attempt.is_open(),
            PaymentState::Authorized(_) | PaymentState::Closed(_) => true,
        }
    }

    /// The word in the `state` column, which the constraints on payments refer to.
    pub fn name(&self) -> &'static str {
        match self {
            PaymentState::Authenticating(_) => "authenticating",
            PaymentState::Authorizing(_) => "authorizing",
            PaymentState::Authorized(_) => "authorized",
            PaymentState::Closed(_) => "closed",
        }
    }
}
