//! Authentication: the AReq goes out, the ARes comes back, and the payment goes on or waits for its cardholder.

use super::{
    advance::{Advanced, TRIES, Writes, is_race},
    in_hand::InHand,
    run::{Run, StoredRun},
};
use crate::{
    configuration::{MerchantProfile, connection_of},
    directories::{Directory, Enrollment, identity},
    fault::{Fault, Stopped},
    gateway::Gateway,
    transport::{Sent, Silence},
};
use emv3ds::{ThreeDsServerTransId, code::RequestorChallengeInd};
use mpi::{
    AuthenticationRequest, Failure, Prepared, Transaction,
    request::{self, Merchant, PostalAddress},
    transaction::{News as RunNews, receive},
};
use payments::{
    News, Order, Payment, PaymentState, ThreeDsMode,
    payment::{AuthenticationStage, Terms},
};
use primitives::{Amount, Card, Exchange, HttpRequest, Id, Method, Moment, Unreadable, id::kind};
use std::time::Duration;
use store::{StoreError, orders::PaymentKey};
use tracing::Instrument;

/// Who asks, by which connection's acquirer data, under which terms.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub profile: &'a MerchantProfile,
    pub connection: Id<kind::Connection>,
    pub terms: &'a Terms,
}

impl Gateway {
    /// The run that a new purchase starts: recorded as asked already where the AReq can go `at_once`.
    #[allow(
        clippy::too_many_arguments,
        reason = "a purchase that is not recorded yet has no value of its own to pass"
    )]
    pub(crate) fn first_run(
        &self,
        of: PaymentKey,
        asking: Asking<'_>,
        enrollment: Enrollment,
        amount: Amount,
        card: &Card,
        page_token: &str,
        at_once: bool,
        moment: Moment,
    ) -> Result<(StoredRun, Option<Prepared>), Fault> {
        let mut stored = new_run(
            of,
            card,
            enrollment,
            asking.terms.browser.clone(),
            page_token,
            moment,
        );
        if !at_once {
            return Ok((stored, None));
        }
        let areq = self.areq(&stored, asking, amount, card, moment);
        let areq = ask(&mut stored, areq, false, moment);
        Ok((stored, areq))
    }

    /// Sends the AReq of a run that is recorded as asked, and records what came of it.
    pub(crate) async fn authenticate(
        &self,
        order: Order,
        id: Id<kind::Authentication>,
        in_hand: &mut InHand,
    ) -> Result<Advanced, Stopped> {
        let record = self
            .store()
            .authentication_load(id)
            .await?
            .ok_or(Fault::Missing("the authentication"))?;
        let mut stored = StoredRun::read(record)?;
        let moment = self.clock().moment();
        if let Transaction::AwaitingAres(_) = &stored.run.transaction {
            let prepared = match in_hand.areq.take() {
                Some(prepared) => Some(prepared),
                None => self.areq_again(&order, &stored, in_hand, moment).await?,
            };
            match prepared {
                Some(prepared) => self.ask_directory(&mut stored, prepared).await,
                None => _ = stored.apply(RunNews::DirectoryUnreachable, moment.now),
            }
        }
        self.conclude(order, stored).await
    }

    /// Records where a run has come to, together with what that means for its payment.
    pub(crate) async fn conclude(&self, order: Order, stored: StoredRun) -> Result<Advanced, Stopped> {
        let (merchant, id, payment) = (
            order.merchant,
            order.id,
            order.payment.as_ref().map(|payment| payment.id),
        );
        let news = match (&stored.run.transaction, stored.run.transaction.outcome()) {
            (_, Some(outcome)) => {
                count(&stored.run.transaction);
                News::AuthenticationEnded {
                    authentication: stored.id,
                    outcome: outcome.cloned(),
                }
            }
            (Transaction::AwaitingResults(_), None) => News::CardholderNeeded {
                authentication: stored.id,
            },
            (_, None) => {
                self.store()
                    .authentication_write(&stored.record()?, self.clock().now())
                    .await?;
                return Ok(Advanced { order, send: None });
            }
        };
        let mut order = order;
        for _ in 0..TRIES {
            let writes = Writes {
                authentications: vec![stored.record()?],
                ..Writes::default()
            };
            match self
                .advance(order, news.clone(), writes, self.clock().moment())
                .await
            {
                Ok(Some(advanced)) => return Ok(advanced),
                Ok(None) => {
                    // The payment has moved on without it: the run is recorded for itself.
                    self.store()
                        .authentication_write(&stored.record()?, self.clock().now())
                        .await?;
                    return Ok(Advanced {
                        order: self.reload(merchant, id, payment).await?,
                        send: None,
                    });
                }
                Err(stopped) if is_race(&stopped) => {
                    order = self.reload(merchant, id, payment).await?;
                    let current = self.store().authentication_load(stored.id).await?;
                    if current.is_none_or(|record| record.version != stored.version) {
                        return Ok(Advanced { order, send: None });
                    }
                }
                Err(stopped) => return Err(stopped),
            }
        }
        Err(Fault::Store(StoreError::Changed).into())
    }

    /// Replaces a run that can no longer answer by a new one. With the cardholder's page open the page goes on with it;
    /// without, the AReq goes out again.
    pub(crate) async fn restart_authentication(&self, order: Order) -> Result<Advanced, Stopped> {
        let moment = self.clock().moment();
        let Some((payment, current)) = authenticating(&order) else {
            return Ok(Advanced { order, send: None });
        };
        let of = PaymentKey {
            merchant: order.merchant,
            order: order.id,
            payment: payment.id,
        };
        let record = self.store().authentication_load(current.authentication).await?;
        let mut old = StoredRun::read(record.ok_or(Fault::Missing("the authentication"))?)?;
        let card = self.card_of(order.merchant, payment.id).await?;
        // A card that was taken out of the ranges meanwhile is asked about as before: its directory server knows best.
        let enrollment = self
            .directories()
            .enrollment(&card.pan)
            .unwrap_or_else(|| Enrollment {
                version: old.run.transaction.subject().version,
                method_url: None,
            });
        let (browser, page_token) = (old.run.browser.clone(), old.run.page_token.clone());
        let mut new = new_run(of, &card, enrollment, browser, &page_token, moment);
        let stage = match current.stage {
            AuthenticationStage::Requesting if new.run.method_url.is_none() && new.browser_is_complete() => {
                let areq = self.areq_of(&order, payment, &new, &card, moment).await?;
                match ask(&mut new, areq, false, moment) {
                    Some(_) => AuthenticationStage::Requesting,
                    None => AuthenticationStage::WithCardholder,
                }
            }
            AuthenticationStage::Requesting | AuthenticationStage::WithCardholder => {
                AuthenticationStage::WithCardholder
            }
        };
        old.apply(RunNews::GivenUp, moment.now);
        tracing::info!(payment = %payment.id, old = %old.id, new = %new.id, "authentication starts anew");
        let writes = Writes {
            authentications: vec![old.record()?, new.record()?],
            ..Writes::default()
        };
        let key = of;
        match self
            .advance(order, News::AuthenticationRestarted { stage }, writes, moment)
            .await?
        {
            Some(advanced) => Ok(advanced),
            None => Ok(Advanced {
                order: self.reload(key.merchant, key.order, Some(key.payment)).await?,
                send: None,
            }),
        }
    }

    /// The cardholder's time is over.
    pub(crate) async fn expire_authentication(&self, order: Order) -> Result<Advanced, Stopped> {
        let Some((_, current)) = authenticating(&order) else {
            return Ok(Advanced { order, send: None });
        };
        let mut authentications = Vec::new();
        if let Some(record) = self.store().authentication_load(current.authentication).await? {
            let mut stored = StoredRun::read(record)?;
            if stored.apply(RunNews::DeadlinePassed, self.clock().now()) {
                count(&stored.run.transaction);
                authentications.push(stored.record()?);
            }
        }
        let (merchant, id, payment) = (
            order.merchant,
            order.id,
            order.payment.as_ref().map(|payment| payment.id),
        );
        let writes = Writes {
            authentications,
            ..Writes::default()
        };
        match self
            .advance(order, News::TimeExpired, writes, self.clock().moment())
            .await
        {
            Ok(Some(advanced)) => Ok(advanced),
            Ok(None) => Ok(Advanced {
                order: self.reload(merchant, id, payment).await?,
                send: None,
            }),
            Err(stopped) if is_race(&stopped) => Ok(Advanced {
                order: self.reload(merchant, id, payment).await?,
                send: None,
            }),
            Err(stopped) => Err(stopped),
        }
    }

    /// Posts the AReq and takes what comes into the run.
    async fn ask_directory(&self, stored: &mut StoredRun, prepared: Prepared) {
        let brand = stored.run.transaction.subject().brand;
        let Some(directory) = self.directories().of(brand) else {
            stored.apply(RunNews::DirectoryUnreachable, self.clock().now());
            return;
        };
        let sent = self.post(&directory, &prepared.body).await;
        let now = self.clock().now();
        match sent {
            Sent::Answered(body) => match stored.run.transaction.clone().receive_answer(&body, now) {
                Ok(taken) => {
                    stored.run.transaction = taken.step.transaction;
                    if let Some(fault) = taken.fault {
                        tracing::warn!(authentication = %stored.id, %fault, "unusable answer to an AReq");
                    }
                    if let Some(erro) = taken.erro.and_then(|erro| receive::erro_body(&erro).ok()) {
                        // Nothing waits for it: the payment is decided, and the directory server merely informed.
                        let gateway = self.clone();
                        tokio::spawn(async move { gateway.post(&directory, &erro).await });
                    }
                }
                Err(refused) => tracing::warn!(authentication = %stored.id, %refused, "answer to no AReq"),
            },
            Sent::NotSent(why) => {
                tracing::warn!(authentication = %stored.id, %brand, why, "directory server cannot be reached");
                stored.apply(RunNews::DirectoryUnreachable, now);
            }
            Sent::Silent(Silence::TimedOut) => {
                tracing::warn!(authentication = %stored.id, %brand, "directory server did not answer in time");
                stored.apply(RunNews::DirectoryTimedOut, now);
            }
            Sent::Silent(silence) => {
                tracing::warn!(authentication = %stored.id, %brand, ?silence, "no usable answer from the directory server");
                stored.apply(RunNews::DirectoryUnreachable, now);
            }
        }
    }

    /// Posts a message to a directory server. A connection that cannot be made is tried once more, at the backup
    /// address where there is one (emv-3ds section 14): an authentication request moves no money.
    pub(crate) async fn post(&self, directory: &Directory, body: &[u8]) -> Sent<Vec<u8>> {
        let server = &directory.server;
        let time_limit =
            Duration::from_millis(u64::from(server.connect_timeout_ms) + u64::from(server.read_timeout_ms));
        let second = server.backup_url.as_ref().unwrap_or(&server.url);
        let mut last = Sent::NotSent("no address");
        for url in [&server.url, second] {
            let Ok(url) = url::Url::parse(url.as_str()) else {
                continue;
            };
            let request = HttpRequest::new(Method::Post, url)
                .header("content-type", "application/json; charset=utf-8")
                .header("accept-encoding", "identity")
                .body(body.to_vec());
            let exchange = Exchange::new(request, |reply| match reply.status {
                200 => Ok(reply.body.clone()),
                status => Err(Unreadable(format!("HTTP status {status}"))),
            });
            last = self.transport().send_within(exchange, time_limit).await;
            if !matches!(last, Sent::NotSent(_)) {
                break;
            }
        }
        last
    }

    async fn areq_again(
        &self,
        order: &Order,
        stored: &StoredRun,
        in_hand: &InHand,
        moment: Moment,
    ) -> Result<Option<Prepared>, Fault> {
        let payment = order.payment.as_ref().ok_or(Fault::Missing("the payment"))?;
        let card = match &in_hand.card {
            Some(card) => card.clone(),
            None => self.card_of(order.merchant, payment.id).await?,
        };
        self.areq_of(order, payment, stored, &card, moment).await
    }

    /// The AReq of a recorded payment's run.
    async fn areq_of(
        &self,
        order: &Order,
        payment: &Payment,
        stored: &StoredRun,
        card: &Card,
        moment: Moment,
    ) -> Result<Option<Prepared>, Fault> {
        let profile = self
            .configuration()
            .profile(order.merchant)
            .await?
            .ok_or(Fault::Missing("the merchant"))?;
        let connection = payment
            .routes
            .first()
            .map(|route| route.connection)
            .ok_or(Fault::Missing("a route"))?;
        let asking = Asking {
            profile: &profile,
            connection,
            terms: &payment.terms,
        };
        Ok(self.areq(stored, asking, payment.amount, card, moment))
    }

    /// Asks from the hosted page, where the browser's data and the 3DS Method have had their turn. Answers whether the
    /// AReq is on its way now.
    pub(crate) async fn ask_from_page(&self, order: Order, mut stored: StoredRun) -> Result<bool, Stopped> {
        let moment = self.clock().moment();
        let Some(payment) = &order.payment else {
            return Ok(false);
        };
        let card = self.card_of(order.merchant, payment.id).await?;
        let areq = self.areq_of(&order, payment, &stored, &card, moment).await?;
        let areq = ask(&mut stored, areq, true, moment);
        match self
            .store()
            .authentication_write(&stored.record()?, moment.now)
            .await
        {
            Ok(()) => {}
            // Another request of the same browser was faster.
            Err(StoreError::Changed) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        stored.version += 1;
        let gateway = self.clone();
        // The browser may leave; the authentication goes on.
        let asking = async move {
            let mut in_hand = InHand {
                card: Some(card),
                areq,
            };
            let asked = gateway.authenticate(order, stored.id, &mut in_hand).await;
            let driven = match asked {
                Ok(advanced) => gateway.drive(advanced, in_hand).await.map(|_| ()),
                Err(stopped) => Err(stopped),
            };
            if let Err(stopped) = driven {
                tracing::error!(authentication = %stored.id, cause = %stopped, "authentication stopped");
            }
        };
        tokio::spawn(asking.in_current_span());
        Ok(true)
    }

    /// The AReq of a run; `None` when what is configured cannot be said in one.
    fn areq(
        &self,
        stored: &StoredRun,
        asking: Asking<'_>,
        amount: Amount,
        card: &Card,
        moment: Moment,
    ) -> Option<Prepared> {
        let terms = asking.terms;
        let subject = stored.run.transaction.subject();
        let directory = self.directories().of(subject.brand)?;
        let mpi = connection_of(asking.profile, asking.connection)?
            .connection
            .three_ds
            .mpi_for(subject.brand)?;
        let server = identity(&directory.server, self.three_ds());
        let merchant = Merchant {
            requestor_id: mpi.requestor_id,
            requestor_name: mpi.requestor_name,
            url: mpi.merchant_url.as_str().to_owned(),
            acquirer_bin: mpi.acquirer_bin,
            acquirer_merchant_id: mpi.acquirer_merchant_id,
            name: mpi.merchant_name,
            mcc: mpi.mcc,
            country: mpi.merchant_country,
        };
        let challenge =
            (terms.three_ds == ThreeDsMode::Force).then_some(RequestorChallengeInd::ChallengePreferred);
        let prepared = request::prepare(&AuthenticationRequest {
            id: subject.id,
            version: subject.version,
            completion: stored.run.transaction.completion_indicator(),
            server: &server,
            merchant: &merchant,
            notification_url: &self.three_ds().challenge_notification_url,
            amount,
            at: moment.now,
            pan: &card.pan,
            expiry: Some(card.expiry),
            holder: Some(&card.holder),
            email: terms.shopper.email.as_ref(),
            phone: terms.shopper.phone.as_deref(),
            billing: terms.billing.as_ref().map(postal),
            shipping: terms.shipping.as_ref().map(postal),
            browser: &browser(stored.run.browser.clone().unwrap_or_default()),
            challenge,
        });
        match prepared {
            Ok(prepared) => Some(prepared),
            Err(cannot) => {
                tracing::error!(authentication = %stored.id, why = %cannot, "AReq cannot be made");
                None
            }
        }
    }
}

fn new_run(
    of: PaymentKey,
    card: &Card,
    enrollment: Enrollment,
    browser: Option<payments::Browser>,
    page_token: &str,
    moment: Moment,
) -> StoredRun {
    let id = ThreeDsServerTransId(moment.nonce);
    let has_method = enrollment.method_url.is_some();
    StoredRun {
        id: moment.fresh_id(),
        of,
        version: 0,
        run: Run {
            transaction: Transaction::start(id, card.pan.brand(), enrollment.version, has_method),
            browser,
            method_url: enrollment.method_url,
            page_token: page_token.to_owned(),
            returned: false,
        },
    }
}

/// Moves a run to "asked", or to its failure when there is no AReq to send.
fn ask(
    stored: &mut StoredRun,
    areq: Option<Prepared>,
    through_page: bool,
    moment: Moment,
) -> Option<Prepared> {
    match areq {
        Some(prepared) => {
            stored.apply(
                RunNews::Asked {
                    asked: prepared.asked,
                    through_page,
                },
                moment.now,
            );
            Some(prepared)
        }
        None => {
            stored.apply(RunNews::CannotRequest, moment.now);
            None
        }
    }
}

pub(crate) fn authenticating(order: &Order) -> Option<(&Payment, &payments::payment::Authenticating)> {
    let payment = order.payment.as_ref()?;
    match &payment.state {
        PaymentState::Authenticating(current) => Some((payment, current)),
        PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}

/// Counts how a run ended.
fn count(transaction: &Transaction) {
    let outcome = match transaction.outcome() {
        Some(Ok(result)) => result.trans_status().as_str(),
        Some(Err(Failure::DirectoryErro { .. })) => "directory_erro",
        Some(Err(Failure::AcsErro { .. })) => "acs_erro",
        Some(Err(Failure::DirectoryTimeout)) => "directory_timeout",
        Some(Err(Failure::DirectoryUnreachable)) => "directory_unreachable",
        Some(Err(Failure::UnusableAnswer)) => "unusable_answer",
        Some(Err(Failure::CannotRequest)) => "cannot_request",
        Some(Err(Failure::TimeExpired)) => "time_expired",
        None => return,
    };
    let brand = transaction.subject().brand.as_str();
    metrics::counter!("pasarela_authentications_total", "brand" => brand, "outcome" => outcome).increment(1);
}

fn postal(address: &acquiring::Address) -> PostalAddress<'_> {
    PostalAddress {
        line1: address.line1.as_deref(),
        line2: address.line2.as_deref(),
        line3: None,
        city: address.city.as_deref(),
        state: address.state.as_deref(),
        post_code: address.zip.as_deref(),
        country: address.country,
    }
}

fn browser(known: payments::Browser) -> request::Browser {
    request::Browser {
        accept_header: known.accept_header,
        user_agent: known.user_agent,
        ip_address: known.ip_address,
        language: known.language,
        color_depth: known.color_depth,
        screen_height: known.screen_height,
        screen_width: known.screen_width,
        time_zone: known.time_zone,
        java_enabled: known.java_enabled,
        javascript_enabled: known.javascript_enabled,
    }
}
