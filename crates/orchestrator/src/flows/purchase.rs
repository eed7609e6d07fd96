//! A purchase, from the call to wherever it comes to rest: paid, denied, unknown, or waiting for the cardholder.

use super::{
    advance::{Advanced, TRIES, Writes, is_race},
    areq::Asking,
    authenticate::Beginning,
    idempotency::{Answer, IdempotencyKey},
    in_hand::{Asked, InHand},
};
use crate::{
    configuration::{Caller, MerchantProfile, connection_of},
    directories::Enrollment,
    fault::{Fault, Stopped},
    gateway::Gateway,
    routing::{candidates, card_type_said},
};
use acquiring::Shopper;
use payments::{
    Browser, News, Order, OrderDocument, Outgoing, Purchase, PurchaseTarget, Purchased, Refusal, RefusalCode,
    authentication_policy::SECURITY_CODE_KEPT,
    bins::Bin,
    decide::AuthenticationPlan,
    payment::{CardFacts, Terms},
    risk::PriorAuthentication,
    routing::{self, Choice, Demand, Facts, Route, bin_of, rule::Action},
    three_ds::approach,
};
use primitives::{Brand, Card, Id, Moment, id::kind};
use store::{StoreError, cards::SealedCard, orders::PaymentKey};

impl Gateway {
    /// Pays an order. Goes on to the end even if the caller goes away meanwhile.
    pub async fn purchase(
        &self,
        caller: &Caller,
        purchase: Purchase,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        let (gateway, caller) = (self.clone(), caller.clone());
        let flow = async move { gateway.purchase_to_rest(&caller, purchase, key).await };
        let flow = self.spawn_flow(flow);
        Ok(flow.await.map_err(Stopped::from)??)
    }

    async fn purchase_to_rest(
        &self,
        caller: &Caller,
        purchase: Purchase,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Stopped> {
        if let Some(earlier) = self.earlier_answer(caller, key.as_ref()).await? {
            return Ok(earlier);
        }
        self.check_card(&purchase)?;
        let (advanced, asked) = match self.start(caller, &purchase, key.as_ref()).await {
            Ok(started) => started,
            Err(stopped) => return self.unless_twin(caller, key.as_ref(), stopped).await,
        };
        let order = self
            .drive(
                advanced,
                InHand {
                    card: Some(purchase.card),
                    asked,
                },
            )
            .await?;
        let document = OrderDocument::of(&order, self.addresses(), Vec::new());
        Ok(Answer {
            document,
            settled: None,
            replayed: false,
        })
    }

    /// Decides on the purchase and records it, before anything is sent. Answers the run of 3-D Secure too, where there
    /// is one.
    async fn start(
        &self,
        caller: &Caller,
        purchase: &Purchase,
        key: Option<&IdempotencyKey>,
    ) -> Result<(Advanced, Option<Asked>), Stopped> {
        for _ in 0..TRIES {
            let moment = self.clock().moment();
            let (mut order, order_is_new) = match &purchase.target {
                PurchaseTarget::Existing(id) => (self.order(caller.merchant.id, *id).await?, false),
                PurchaseTarget::New(new) => {
                    let id = self.clock().fresh_id();
                    (
                        Order::open(id, caller.merchant.id, (**new).clone(), moment.now),
                        true,
                    )
                }
            };
            self.refuse_twin(caller, purchase, &order).await?;
            if purchase.notify_url.is_some() {
                order.notify_url.clone_from(&purchase.notify_url);
            }
            let payment = self.clock().fresh_id();
            let bins = self.configuration().bins().table().await?;
            let known = bins.find(purchase.card.pan.reveal());
            let card_facts = facts(&purchase.card, known);
            let standing = self.card_standing(caller, &purchase.card, moment).await?;
            let Choice {
                routes,
                mut explanation,
            } = self.choose(caller, purchase, &order, known, moment)?;
            explanation.retry_limits = standing;
            let terms = terms(purchase, &order, &card_facts);
            // Looked up once: the cache may be refreshed at any moment.
            let enrollment = self
                .enrollment_for(caller, purchase, &terms, &routes, moment)
                .await?;
            let moment = enrollment.as_ref().map_or(moment, |it| it.moment(moment));
            let plan = match explanation.action {
                Action::Process => plan(caller, purchase, &terms, &routes, enrollment.as_ref()),
                Action::Reject => AuthenticationPlan::Rejected,
            };
            let card = self.seal(caller.merchant.id, payment, &purchase.card, moment)?;
            let page_token = crate::clock::page_token();
            let of = PaymentKey {
                merchant: caller.merchant.id,
                order: order.id,
                payment,
            };
            let first_run = match (&plan, enrollment, routes.first()) {
                (AuthenticationPlan::Ask { needs_page }, Some(enrollment), Some(route)) => {
                    let beginning = Beginning {
                        of,
                        asking: Asking {
                            profile: &caller.merchant,
                            order: &order,
                            terms: &terms,
                            route,
                            step_up: false,
                            since: moment.now,
                        },
                        enrollment,
                        card: &purchase.card,
                        browser: terms.browser.clone(),
                        page_token: page_token.clone(),
                    };
                    Some(self.first_run(beginning, *needs_page, moment))
                }
                (_, _, _) => None,
            };
            let (authentications, asked) = match first_run {
                Some(mut asked) => {
                    let record = asked.run.record()?;
                    asked.run.version += 1;
                    (vec![record], Some(asked))
                }
                None => (Vec::new(), None),
            };
            let news = News::Purchased(Box::new(Purchased {
                payment,
                terms,
                card: card_facts,
                routes,
                plan,
                page_token,
                attempts_allowed: standing.map(|standing| standing.allowed_more),
            }));
            let claim = key.map(|key| key.claim(self.vault(), Some(payment), None));
            let writes = Writes {
                order_is_new,
                card: Some(card),
                tries_max: purchase.tries_max,
                routing: Some(Box::new(explanation)),
                authentications,
                look_again_within: None,
                claim,
                answers_claim: false,
            };
            match self.advance(order, news, writes, moment).await {
                Ok(Some(advanced)) => return Ok((advanced, asked)),
                Ok(None) => return Err(Fault::Missing("a decision").into()),
                Err(stopped) if is_race(&stopped) => {}
                Err(Stopped::Fault(Fault::Store(StoreError::LimitReached(what)))) => {
                    let text = format!("no more {what} are allowed");
                    return Err(Refusal::new(RefusalCode::AttemptsExceeded, text).into());
                }
                Err(stopped) => return Err(stopped),
            }
        }
        Err(Refusal::new(
            RefusalCode::TransactionInProcess,
            "another payment of this order is on its way",
        )
        .into())
    }

    /// Sends what a step asks to be sent, records what comes back, and goes on until the payment rests.
    pub(crate) async fn drive(&self, advanced: Advanced, mut in_hand: InHand) -> Result<Order, Stopped> {
        let Advanced { mut order, mut send } = advanced;
        while let Some(outgoing) = send.take() {
            let advanced = match outgoing {
                Outgoing::Authenticate { authentication } => {
                    self.authenticate(order, authentication, &mut in_hand).await?
                }
                Outgoing::Charge { attempt } => self.charge(order, attempt, &mut in_hand).await?,
                Outgoing::Inquire { attempt } => self.inquire(order, attempt).await?,
                Outgoing::Reverse { attempt, approval } => {
                    Box::pin(self.reverse(order, attempt, approval)).await?
                }
                Outgoing::Settle { settlement } => Box::pin(self.send_settlement(order, settlement)).await?,
                Outgoing::InquireSettlement { settlement } => {
                    Box::pin(self.inquire_settlement(order, settlement)).await?
                }
            };
            order = advanced.order;
            send = advanced.send;
        }
        Ok(order)
    }

    /// What can be said of a card only with the day's date and its brand at hand.
    fn check_card(&self, purchase: &Purchase) -> Result<(), Stopped> {
        let card = &purchase.card;
        if card.expiry.is_over(self.clock().now().date()) {
            let text = "the card has expired";
            return Err(Refusal::of_field(RefusalCode::BadExpiry, "credit_info.expiry_year", text).into());
        }
        match &card.security_code {
            Some(code) if !code.fits(card.pan.brand()) => {
                let text = "must have the brand's number of digits";
                Err(Refusal::of_field(RefusalCode::BadSecurityCode, "credit_info.card_cvv", text).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Where the charge may go, best first, and why.
    fn choose(
        &self,
        caller: &Caller,
        purchase: &Purchase,
        order: &Order,
        known: Option<&Bin>,
        moment: Moment,
    ) -> Result<Choice, Stopped> {
        let profile = &caller.merchant;
        let country = [
            purchase.billing.as_ref().and_then(|address| address.country),
            order
                .address("billing_address")
                .and_then(|address| address.country),
        ];
        let demand = Demand {
            facts: Facts {
                order: order.id,
                amount: order.amount,
                brand: purchase.card.pan.brand(),
                bin: Some(bin_of(&purchase.card.pan)),
                known,
                card_type: card_type_said(&purchase.method_type),
                country: country.into_iter().flatten().next().or(Some(profile.country)),
                store_code: purchase.store_code.as_deref().unwrap_or(&order.store_code),
                metadata: purchase.metadata.as_ref(),
                order_metadata: order.details.get("metadata"),
            },
            installments: purchase.installments,
            processor_name: purchase.processor_name.as_deref(),
            capture: purchase.capture,
            three_ds: &purchase.three_ds,
            initiator: purchase.initiator,
            market: purchase.market,
        };
        let candidates = candidates(profile, self.processors(), None, |connection| {
            self.health().breaker_for_purchase(connection, moment.now)
        });
        let choice = routing::choose(demand, &profile.rules, &candidates);
        if choice.routes.is_empty() && choice.explanation.action == Action::Process {
            let text = "no active connection takes this card, currency and operation";
            return Err(Refusal::new(RefusalCode::ProcessorNotFound, text).into());
        }
        Ok(choice)
    }

    /// Whether and how the card takes part, where that matters.
    async fn enrollment_for(
        &self,
        caller: &Caller,
        purchase: &Purchase,
        terms: &Terms,
        routes: &[Route],
        moment: Moment,
    ) -> Result<Option<Enrollment>, Fault> {
        let asks = |route: &&Route| {
            purchase.external_authentication.is_none()
                && approach::authenticates(terms, route)
                && is_registered(&caller.merchant, route, purchase.card.pan.brand())
        };
        let first = routes.first().filter(asks);
        match first.and_then(|route| connection_of(&caller.merchant, route.connection)) {
            Some(known) => {
                let settings = &known.connection.three_ds;
                self.enrollment(settings, &purchase.card, moment).await
            }
            None => Ok(None),
        }
    }

    fn seal(
        &self,
        merchant: Id<kind::Merchant>,
        payment: Id<kind::Payment>,
        card: &Card,
        moment: Moment,
    ) -> Result<SealedCard, Fault> {
        let code = match &card.security_code {
            Some(code) => Some((
                self.vault().seal_security_code(payment, code)?,
                moment.now + SECURITY_CODE_KEPT,
            )),
            None => None,
        };
        Ok(SealedCard {
            fingerprint: self.vault().card_fingerprint(merchant, &card.pan).to_vec(),
            card: self.vault().seal_card(payment, card)?,
            security_code: code,
        })
    }
}

/// Whether the cardholder is to be authenticated, and what that takes.
fn plan(
    caller: &Caller,
    purchase: &Purchase,
    terms: &Terms,
    routes: &[Route],
    enrollment: Option<&Enrollment>,
) -> AuthenticationPlan {
    if let Some(values) = &purchase.external_authentication {
        return AuthenticationPlan::External(values.clone());
    }
    let Some(first) = routes
        .first()
        .filter(|route| approach::authenticates(terms, route))
    else {
        return AuthenticationPlan::None;
    };
    match enrollment {
        Some(enrollment) if is_registered(&caller.merchant, first, purchase.card.pan.brand()) => {
            AuthenticationPlan::Ask {
                needs_page: needs_page(enrollment, purchase.browser.as_ref()),
            }
        }
        Some(_) | None => AuthenticationPlan::NotAvailable,
    }
}

/// Whether the brand's directory server knows the merchant by that route's acquirer.
pub(crate) fn is_registered(profile: &MerchantProfile, route: &Route, brand: Brand) -> bool {
    connection_of(profile, route.connection)
        .is_some_and(|known| known.connection.three_ds.mpi_for(brand).is_some())
}

/// Whether the cardholder's browser has a part before the directory server can be asked.
pub(crate) fn needs_page(enrollment: &Enrollment, browser: Option<&Browser>) -> bool {
    enrollment.failure().is_none()
        && (enrollment.method_url.is_some() || !browser.is_some_and(Browser::is_complete))
}

fn facts(card: &Card, known: Option<&Bin>) -> CardFacts {
    CardFacts {
        brand: card.pan.brand(),
        first_six: card.pan.first_six().to_owned(),
        last_four: card.pan.last_four().to_owned(),
        holder: card.holder.clone(),
        issuer_bank: known.and_then(|known| known.issuer_bank.clone()),
        issuer_country: known.and_then(|known| known.issuer_country),
    }
}

fn terms(purchase: &Purchase, order: &Order, card: &CardFacts) -> Terms {
    let (given, known) = (purchase.shopper.clone(), order.shopper());
    let shopper = Shopper {
        email: given.email.or(known.email),
        first_name: given.first_name.or(known.first_name),
        last_name: given.last_name.or(known.last_name),
        phone: given.phone.or(known.phone),
        identity_document: given.identity_document.or(known.identity_document),
        ip_address: given.ip_address,
    };
    Terms {
        api: purchase.api,
        method_type: purchase.method_type.clone(),
        shopper,
        billing: purchase
            .billing
            .clone()
            .or_else(|| order.address("billing_address")),
        shipping: purchase
            .shipping
            .clone()
            .or_else(|| order.address("shipping_address")),
        installments: purchase.installments,
        initiator: purchase.initiator,
        market: purchase.market,
        stored_credential: purchase.stored_credential.clone(),
        three_ds: purchase.three_ds.clone(),
        browser: purchase.browser.clone(),
        callbacks: purchase.callbacks.clone().or(order.callbacks.clone()),
        device_id: purchase.device_id.clone(),
        session_id: purchase.session_id.clone(),
        metadata: purchase.metadata.clone(),
        language: purchase.language.clone(),
        prior_authentication: PriorAuthentication::of(order, card),
    }
}
