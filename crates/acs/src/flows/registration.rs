//! What issuers register: cardholders and cards. One transaction each, so that nobody sees half of it.

use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use crate::jose::decrypt::Jwe;
use crate::keys::KeysError;
use crate::registration::card::{CardBody, CardNumber};
use crate::registration::cardholder::CardholderBody;
use crate::registration::members::Refused;
use crate::service::Acs;
use crate::store::cards::{Card, CardsWritten};
use crate::store::{StoreError, cardholders, cards, products};
use primitives::Pan;
use sqlx::PgConnection;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why something was not registered.
#[derive(Debug, Error)]
pub(crate) enum NotRegistered {
    /// A member says what cannot be.
    #[error("{}: {}", .0.field, .0.must)]
    Refused(Refused),
    /// There is a card of that name already.
    #[error("there is a card of this name")]
    CardExists,
    /// The number is another card's.
    #[error("the number belongs to another card")]
    NumberTaken,
    /// There is no such card.
    #[error("there is no such card")]
    NoCard,
    /// There is no such cardholder.
    #[error("there is no such consumer")]
    NoConsumer,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Cryptography failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<sqlx::Error> for NotRegistered {
    fn from(fault: sqlx::Error) -> Self {
        Self::Store(fault.into())
    }
}

/// Whether a card of that name may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Putting {
    /// It may, and is replaced.
    Register,
    /// It may not.
    Create,
}

impl Acs {
    /// Writes a cardholder with these cards, all or nothing. Other cards of the cardholder stay.
    pub(crate) async fn put_consumer(
        &self,
        issuer: &IssuerId,
        consumer: &ConsumerId,
        body: &CardholderBody,
        cards: &[(CardId, CardBody)],
    ) -> Result<(), NotRegistered> {
        let inner = self.inner();
        let cardholder = body.sealed(&inner.keys, issuer, consumer, inner.clock.now())?;
        let mut rows = Vec::with_capacity(cards.len());
        for (index, (card, body)) in cards.iter().enumerate() {
            let row = self.card_row(issuer, (card, consumer), body).await;
            rows.push(row.map_err(|refusal| within(refusal, index))?);
        }
        let mut transaction = inner.store.pool().begin().await?;
        cardholders::put_in(&mut transaction, &[cardholder]).await?;
        put_cards_in(&mut transaction, &rows).await?;
        Ok(transaction.commit().await?)
    }

    /// Writes a card of a cardholder who is there.
    pub(crate) async fn put_card(
        &self,
        issuer: &IssuerId,
        (card, consumer): (&CardId, &ConsumerId),
        body: &CardBody,
        putting: Putting,
    ) -> Result<(), NotRegistered> {
        let row = self.card_row(issuer, (card, consumer), body).await?;
        let mut transaction = self.inner().store.pool().begin().await?;
        let created = put_cards_in(&mut transaction, &[row]).await?;
        if putting == Putting::Create && created == 0 {
            return Err(NotRegistered::CardExists);
        }
        Ok(transaction.commit().await?)
    }

    /// Gives a card another number, and another name where one is said; the number before is known no longer. A static
    /// password stays with the name it was set for.
    pub(crate) async fn replace_card(
        &self,
        issuer: &IssuerId,
        card: &CardId,
        number: &CardNumber,
        new_name: Option<CardId>,
    ) -> Result<(), NotRegistered> {
        let inner = self.inner();
        let product = self.product_of(issuer, &number.pan, None).await?;
        let mut transaction = inner.store.pool().begin().await?;
        let before = cards::load_for_update_in(&mut transaction, issuer, card).await?;
        let before = before.ok_or(NotRegistered::NoCard)?;
        let renamed = new_name.filter(|name| name != card);
        let after = Card {
            card: renamed.clone().unwrap_or_else(|| card.clone()),
            product,
            pan_hash: inner.keys.pan_hash(number.pan.reveal()),
            last_four: number.pan.last_four().to_owned(),
            expiry: number.expiry.clone(),
            static_password_mac: before.static_password_mac.filter(|_| renamed.is_none()),
            updated_at: inner.clock.now(),
            ..before
        };
        if renamed.is_some() {
            cards::delete_in(&mut transaction, issuer, card).await?;
        }
        let created = put_cards_in(&mut transaction, &[after]).await?;
        if renamed.is_some() && created == 0 {
            return Err(NotRegistered::CardExists);
        }
        Ok(transaction.commit().await?)
    }

    /// Gives a card another expiry date, YYMM.
    pub(crate) async fn renew_card(
        &self,
        issuer: &IssuerId,
        card: &CardId,
        expiry: String,
    ) -> Result<(), NotRegistered> {
        let mut transaction = self.inner().store.pool().begin().await?;
        let before = cards::load_for_update_in(&mut transaction, issuer, card).await?;
        let after = Card {
            expiry: Some(expiry),
            updated_at: self.inner().clock.now(),
            ..before.ok_or(NotRegistered::NoCard)?
        };
        put_cards_in(&mut transaction, &[after]).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets a card.
    pub(crate) async fn delete_card(&self, issuer: &IssuerId, card: &CardId) -> Result<(), NotRegistered> {
        let mut connection = self.inner().store.pool().acquire().await?;
        match cards::delete_in(&mut connection, issuer, card).await? {
            true => Ok(()),
            false => Err(NotRegistered::NoCard),
        }
    }

    /// Opens card data that was encrypted to one of our keys: the one it names, else the newest.
    pub(crate) fn open_card_data(&self, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        let keys = &self.inner().keys;
        let jwe = Jwe::read(text)?;
        let version = match &jwe.kid {
            Some(kid) => kid.parse().ok()?,
            None => keys.newest_code_key(),
        };
        jwe.open(&keys.encryption_key(version).ok()?)
    }

    async fn card_row(
        &self,
        issuer: &IssuerId,
        (card, consumer): (&CardId, &ConsumerId),
        body: &CardBody,
    ) -> Result<Card, NotRegistered> {
        let inner = self.inner();
        let product = self
            .product_of(issuer, &body.number.pan, body.product.as_ref())
            .await?;
        let names = (card.clone(), consumer.clone(), product);
        Ok(body.kept(&inner.keys, issuer, names, inner.clock.now()))
    }

    /// The product of an issuer that a number belongs to.
    async fn product_of(
        &self,
        issuer: &IssuerId,
        number: &Pan,
        said: Option<&ProductId>,
    ) -> Result<ProductId, NotRegistered> {
        let found = products::of_number(&self.inner().store, number).await?;
        // Whether the number is another issuer's is nobody's business.
        let Some(found) = found.filter(|found| found.issuer == *issuer) else {
            return Err(NotRegistered::Refused(Refused::format("pan", IN_NO_RANGE)));
        };
        if said.is_some_and(|said| *said != found.product) {
            return Err(NotRegistered::Refused(Refused::format(
                "productId",
                OF_ANOTHER_PRODUCT,
            )));
        }
        Ok(found.product)
    }
}

/// What holds for a number that no product has.
pub(crate) const IN_NO_RANGE: &str = "must be in a range of one of the issuer's products";
/// What holds for a product that is said although the number is another's.
pub(crate) const OF_ANOTHER_PRODUCT: &str = "must be the product whose range the number is in";

/// Writes cards, and answers how many are new.
async fn put_cards_in(connection: &mut PgConnection, cards: &[Card]) -> Result<usize, NotRegistered> {
    match cards::put_in(connection, cards).await? {
        CardsWritten::Done { created } => Ok(created),
        CardsWritten::NumberTaken => Err(NotRegistered::NumberTaken),
        // The product was found by the number just now.
        CardsWritten::Dangling => Err(NotRegistered::NoConsumer),
    }
}

/// A refusal of the card at this place of a list.
fn within(refusal: NotRegistered, index: usize) -> NotRegistered {
    match refusal {
        NotRegistered::Refused(refused) => NotRegistered::Refused(Refused {
            field: format!("cards[{index}].{}", refused.field),
            ..refused
        }),
        other => other,
    }
}
